"""How FAX.de is spoken to: calls, return codes, options, transport. Knows nothing of folders."""

from __future__ import annotations

from faxd.faxde.client import Client
from faxd.faxde.codes import Asks, Code
from faxd.faxde.connection import Timeouts
from faxd.faxde.errors import Cancelled, FaxdeError, Rejected
from faxd.faxde.options import Options
from faxd.faxde.results import (
    CancelResult,
    Document,
    JobResult,
    JobState,
    JobType,
    ReceivedFax,
    SentJob,
)
from faxd.faxde.service import Service

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
