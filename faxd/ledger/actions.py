"""What becomes of received faxes: copies, mails, prints and commands, each with its own tries."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from faxd.ledger.database import Database, LedgerError, moment, stored
from faxd.ledger.faxes import Received

#: An action that is due later than any pause is long was put off by a clock that was wrong.
_LONGEST_PAUSE = timedelta(hours=2)
_LONGEST_PROBLEM = 500


class ActionKind(Enum):
    """What can become of a fax."""

    PDF = "pdf"  # a copy beside it
    MAIL = "mail"  # a mail to one address
    PRINT = "print"
    COMMAND = "command"


class ActionState(Enum):
    """Where an action is; it begins as WAITING."""

    WAITING = "waiting"  # for its first try, or for another one
    DONE = "done"
    FAILED = "failed"  # given up

    @property
    def is_end(self) -> bool:
        """Whether it is tried no more."""
        return self is not ActionState.WAITING


class Lane(Enum):
    """What waits for the same thing; actions of one lane hold up none of another."""

    COPIES = "copies"  # PDFs and prints: soon done
    MAILS = "mails"  # for a server that may not answer
    COMMANDS = "commands"  # for programs of the office's own, which take as long as they take
    SEARCHABLE = "searchable"  # PDFs whose text is read first: minutes of a processor

    @property
    def asks(self) -> str:
        """The condition by which its actions are found."""
        return _ASKS[self]


_READ_FIRST = "kind = 'pdf' AND ifnull(json_extract(settings, '$.searchable'), 0)"
_ASKS = {
    Lane.COPIES: f"(kind = 'print' OR (kind = 'pdf' AND NOT ({_READ_FIRST})))",
    Lane.MAILS: "kind = 'mail'",
    Lane.COMMANDS: "kind = 'command'",
    Lane.SEARCHABLE: f"({_READ_FIRST})",
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An action before it is recorded."""

    kind: ActionKind
    #: what it needs to know, in JSON's types
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action."""

    #: row number, never used again
    id: int
    #: row number of the fax
    fax: int
    #: customer number at FAX.de
    account: str
    kind: ActionKind
    settings: Mapping[str, Any]
    state: ActionState = ActionState.WAITING
    #: tries so far, one that is under way included
    tries: int = 0
    #: what was wrong at the last try, for administrators
    problem: str | None = None
    #: aware, UTC, as all times
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None = None


class Actions:
    """The record of actions; every transition is one method and one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        #: actions that this process is trying, with their accounts
        self._taken: dict[int, str] = {}

    def plan(self, fax: Received, wanted: Iterable[Wanted], at: datetime) -> list[Action]:
        """Record what is to become of a fax, once and for all.

        Nothing is recorded, and nothing returned, if that was done before.
        """
        rows = list(wanted)
        with contextlib.ExitStack() as stack:
            if not rows:
                # That nothing is to be done costs nothing to lose, and is worth no sync.
                stack.enter_context(self._database.lazily())
            db = stack.enter_context(self._database.transaction())
            found = db.execute(
                "UPDATE received SET planned = 1 WHERE id = ? AND planned = 0", (fax.id,)
            )
            if found.rowcount != 1:
                return []
            return [self._insert(db, fax, each, at) for each in rows]

    def start(self, action: Action, again_at: datetime) -> Action:
        """Record that a try begins.

        ``again_at`` is when the next one is due: should faxd die in this one, that is so already.
        """
        tries = action.tries + 1
        return self._change(action, tries=tries, due_at=again_at)

    def release(self, action: Action, at: datetime) -> Action:
        """Record that faxd itself has ended the try, which does not count."""
        return self._change(action, tries=max(0, action.tries - 1), due_at=at)

    def failed_once(self, action: Action, problem: str) -> Action:
        """Record what was wrong with the try that was started; another one comes."""
        return self._change(action, problem=problem[:_LONGEST_PROBLEM])

    def done(self, action: Action, at: datetime) -> Action:
        """Record that it is done."""
        return self._change(action, state=ActionState.DONE, problem=None, ended_at=at)

    def give_up(self, action: Action, problem: str, at: datetime) -> Action:
        """Record that it is tried no more, and why."""
        return self._change(
            action, state=ActionState.FAILED, problem=problem[:_LONGEST_PROBLEM], ended_at=at
        )

    def take(self, account: str, now: datetime, lane: Lane) -> Action | None:
        """The action whose turn it is, which is nobody else's until `leave`; None if none is due.

        Those with the fewest tries come first: what cannot be done holds up nothing new.
        """
        with self._lock:
            where, values = self._free(account, lane)
            found = self._find(
                f"{where} AND (due_at <= ? OR due_at > ?) ORDER BY tries, id LIMIT 1",
                *values,
                stored(now),
                stored(now + _LONGEST_PAUSE),
            )
            if not found:
                return None
            self._taken[found[0].id] = account
            return found[0]

    def leave(self, action: Action) -> None:
        """A try has ended, however."""
        with self._lock:
            self._taken.pop(action.id, None)

    def is_busy(self, account: str) -> bool:
        """Whether this process is trying an action of that account."""
        with self._lock:
            return account in self._taken.values()

    def next_due(self, account: str, now: datetime, lane: Lane) -> datetime | None:
        """When the next action is due that nobody has taken; None if none waits."""
        with self._lock:
            where, values = self._free(account, lane)
        found = self._database.select(
            f"SELECT min(iif(due_at > ?, ?, due_at)) FROM actions WHERE {where}",  # noqa: S608
            stored(now + _LONGEST_PAUSE),
            stored(now),
            *values,
        )
        return moment(found[0][0])

    def _free(self, account: str, lane: Lane) -> tuple[str, list[object]]:
        """The condition of what waits and is not taken."""
        marks = ", ".join("?" * len(self._taken))
        where = f"account = ? AND state = 'waiting' AND {lane.asks} AND id NOT IN ({marks})"
        return where, [account, *self._taken]

    def of_fax(self, fax: int) -> list[Action]:
        """What has become of a fax, and is still to become."""
        return self._find("fax = ? ORDER BY id", fax)

    def faxes_waiting(self, account: str) -> set[int]:
        """Row numbers of the faxes that actions still wait for."""
        rows = self._database.select(
            "SELECT DISTINCT fax FROM actions WHERE account = ? AND state = 'waiting'", account
        )
        return {int(row["fax"]) for row in rows}

    def failing(self, account: str) -> int:
        """Number of actions that could not be done yet, and are tried again."""
        found = self._database.select(
            "SELECT count(*) FROM actions"
            " WHERE account = ? AND state = 'waiting' AND tries > 0 AND problem IS NOT NULL",
            account,
        )
        return int(found[0][0])

    def given_up(self, account: str, since: datetime) -> int:
        """Number of actions that were given up since then."""
        found = self._database.select(
            "SELECT count(*) FROM actions WHERE account = ? AND state = 'failed' AND ended_at > ?",
            account,
            stored(since),
        )
        return int(found[0][0])

    def _insert(
        self, db: sqlite3.Connection, fax: Received, wanted: Wanted, at: datetime
    ) -> Action:
        cursor = db.execute(
            "INSERT INTO actions (fax, account, kind, settings, state, tries, created_at, due_at)"
            " VALUES (?, ?, ?, ?, 'waiting', 0, ?, ?)",
            (
                fax.id,
                fax.account,
                wanted.kind.value,
                stored(wanted.settings),
                stored(at),
                stored(at),
            ),
        )
        return Action(
            id=cursor.lastrowid or 0,
            fax=fax.id,
            account=fax.account,
            kind=wanted.kind,
            settings=wanted.settings,
            created_at=at,
            due_at=at,
        )

    def _change(self, action: Action, **changes: Any) -> Action:
        columns = ", ".join(f"{name} = ?" for name in changes)
        with self._database.transaction() as db:
            cursor = db.execute(
                f"UPDATE actions SET {columns} WHERE id = ? AND state = 'waiting'",  # noqa: S608
                (*map(stored, changes.values()), action.id),
            )
            if cursor.rowcount != 1:
                raise LedgerError(f"action {action.id} has ended and cannot change")
        return replace(action, **changes)

    def _find(self, where: str, *values: object) -> list[Action]:
        rows = self._database.select(f"SELECT * FROM actions WHERE {where}", *values)  # noqa: S608
        return [_from_row(row) for row in rows]


def _from_row(row: sqlite3.Row) -> Action:
    values = dict(row)
    for name in ("created_at", "due_at", "ended_at"):
        values[name] = moment(values[name])
    values["kind"] = ActionKind(values["kind"])
    values["state"] = ActionState(values["state"])
    values["settings"] = json.loads(values["settings"])
    return Action(**values)
