"""What was done: received faxes, what became of them, jobs, each account's health; in SQLite."""

from __future__ import annotations

from pathlib import Path

from faxd.ledger.accounts import Accounts, Health, Queue
from faxd.ledger.actions import Action, ActionKind, Actions, ActionState, Wanted
from faxd.ledger.database import SCHEMA_VERSION, LedgerError
from faxd.ledger.examine import Examined, examine
from faxd.ledger.faxes import TRANSITIONS, Faxes, FaxState, Received
from faxd.ledger.incidents import Incidents
from faxd.ledger.jobs import Changed, Jobs
from faxd.ledger.journal import Entry, Journal, Verdict

#: the fact that tells when a damaged ledger was set aside, and what it is called now
RESCUED = "rescued"

__all__ = [
    "RESCUED",
    "SCHEMA_VERSION",
    "TRANSITIONS",
    "Action",
    "ActionKind",
    "ActionState",
    "Changed",
    "Entry",
    "Examined",
    "FaxState",
    "Health",
    "Ledger",
    "LedgerError",
    "Queue",
    "Received",
    "Verdict",
    "Wanted",
    "examine",
]


class Ledger(Faxes, Accounts):
    """The record; its methods may be called from any thread.

    Raises:
        sqlite3.Error: from any method, when the disk fails or is full.
    """

    def __init__(self, path: Path) -> None:
        """Open it; make it if it is not there.

        Raises:
            LedgerError: it was made by a newer faxd.
        """
        super().__init__(path)
        self.jobs = Jobs(self)
        self.actions = Actions(self)
        self.journal = Journal(self)
        self.incidents = Incidents(self)
