"""How FAX.de is spoken to: calls, return codes, options, transport. Knows nothing of folders."""

from __future__ import annotations

from faxd.faxde.client import (
    CancelResult,
    Client,
    Document,
    JobResult,
    JobState,
    JobType,
    ReceivedFax,
    SentJob,
)
from faxd.faxde.codes import Asks, Code
from faxd.faxde.errors import Cancelled, FaxdeError, Rejected
from faxd.faxde.options import Options
from faxd.faxde.service import Service
from faxd.faxde.wire import Timeouts

__all__ = [
    "Asks",
    "CancelResult",
    "Cancelled",
    "Client",
    "Code",
    "Document",
    "FaxdeError",
    "JobResult",
    "JobState",
    "JobType",
    "Options",
    "ReceivedFax",
    "Rejected",
    "SentJob",
    "Service",
    "Timeouts",
]
