"""From the server to the inbox."""

from __future__ import annotations

from faxd.inbound.inbox import InboxUnusable, open_inbox
from faxd.inbound.poller import Poller, Report, stopped_for
from faxd.inbound.receive import Progress, Receiver

__all__ = [
    "InboxUnusable",
    "Poller",
    "Progress",
    "Receiver",
    "Report",
    "open_inbox",
    "stopped_for",
]
