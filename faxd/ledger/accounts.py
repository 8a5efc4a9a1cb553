"""How each account is doing: its polls, and the queue of what it sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from faxd.ledger.database import Database, moment, to_row, words
from faxd.words import Words


@dataclass(frozen=True, kw_only=True)
class Health:
    """How an account is doing."""

    account: str
    #: when the last run ended, aware UTC
    last_poll: datetime | None = None
    last_success: datetime | None = None
    #: failed runs in a row
    failures: int = 0
    #: what is wrong, and what to do
    problem: str | None = None
    problem_since: datetime | None = None
    #: no calls before this time
    stopped_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Queue:
    """How an account's sending is doing."""

    account: str
    #: why nothing is sent, and what to do; None if nothing is wrong
    problem: Words | None = None
    problem_since: datetime | None = None
    #: failed calls in a row
    failures: int = 0
    #: no call before this time
    paused_until: datetime | None = None
    #: it is the account's problem, not the network's
    is_stopped: bool = False
    last_success: datetime | None = None


class Accounts(Database):
    """The record of each account's health."""

    def health(self, account: str) -> Health:
        """How an account is doing; a fresh one if it was never polled."""
        found = self.select("SELECT * FROM accounts WHERE account = ?", account)
        if not found:
            return Health(account=account)
        values = dict(found[0])
        for name in ("last_poll", "last_success", "problem_since", "stopped_until"):
            values[name] = moment(values[name])
        return Health(**values)

    def set_health(self, health: Health) -> None:
        """Record how an account is doing."""
        self._put("accounts", to_row(health))

    def queue(self, account: str) -> Queue:
        """How an account's sending is doing.

        Raises:
            TimeoutError: another thread has used the ledger for more than ``patience`` seconds.
        """
        found = self.select("SELECT * FROM queues WHERE account = ?", account)
        if not found:
            return Queue(account=account)
        values = dict(found[0])
        for name in ("problem_since", "paused_until", "last_success"):
            values[name] = moment(values[name])
        values["problem"] = words(values["problem"])
        values["is_stopped"] = bool(values["is_stopped"])
        return Queue(**values)

    def set_queue(self, queue: Queue) -> None:
        """Record how an account's sending is doing."""
        self._put("queues", to_row(queue))

    def _put(self, table: str, row: dict[str, Any]) -> None:
        columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        with self.transaction() as db:
            db.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608
