"""What people are told: incidents, and a notice of each for each way to them."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from faxd.ledger.database import Database, moment, stored

#: longest text and problem that are kept
_LONGEST = 2000
#: no pause is longer: a time further off was set by a clock that was wrong
_LONGEST_PAUSE = timedelta(hours=2)


class NoticeState(Enum):
    """Where a notice is."""

    WAITING = "waiting"
    DONE = "done"  # somebody was told
    NEEDLESS = "needless"  # it was over before anybody could be told
    FAILED = "failed"  # given up


class Begun(Protocol):
    """What begins."""

    @property
    def key(self) -> str: ...
    @property
    def occasion(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An incident."""

    #: row number, never used again
    id: int
    key: str
    occasion: str
    #: name of an account; empty for faxd itself
    account: str
    text: str
    #: aware, UTC, as all times
    began_at: datetime
    over_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One incident's beginning or end, for one way to the people."""

    #: row number, never used again
    id: int
    incident: int
    #: an address, or empty: the program
    way: str
    #: that it is over; else that it has begun
    is_end: bool
    state: NoticeState = NoticeState.WAITING
    tries: int = 0
    #: what was wrong at the last try, for administrators
    problem: str | None = None
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None = None


class Incidents:
    """The record of incidents; every transition is one method and one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def change(
        self,
        begun: Iterable[Begun],
        over: Iterable[str],
        ways: Iterable[str],
        at: datetime,
        *,
        momentary: Container[str] = (),
    ) -> None:
        """Record what has begun and what is over (by key), with a notice for each of the ways.

        Who was not told yet that something began need not hear that it is over; nobody hears the
        end of what is ``momentary``, by its occasion.
        """
        told = tuple(ways)
        with self._database.transaction() as db:
            for each in begun:
                cursor = db.execute(
                    "INSERT INTO incidents (key, occasion, account, text, began_at)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (each.key, each.occasion, each.account, stored(each.text[:_LONGEST]),
                     stored(at)),
                )  # fmt: skip
                for way in told:
                    self._add(db, cursor.lastrowid or 0, way, 0, at)
            for key in over:
                row = db.execute(
                    "SELECT id, occasion FROM incidents WHERE key = ? AND over_at IS NULL", (key,)
                ).fetchone()
                if row is None:
                    continue
                number = int(row["id"])
                db.execute("UPDATE incidents SET over_at = ? WHERE id = ?", (stored(at), number))
                if row["occasion"] in momentary:
                    continue
                db.execute(
                    "UPDATE notices SET state = 'needless', ended_at = ?"
                    " WHERE incident = ? AND is_end = 0 AND state = 'waiting' AND tries = 0",
                    (stored(at), number),
                )
                heard = db.execute(
                    "SELECT way FROM notices WHERE incident = ? AND is_end = 0"
                    " AND state IN ('done', 'waiting')",
                    (number,),
                ).fetchall()
                for way in {str(each["way"]) for each in heard} & set(told):
                    self._add(db, number, way, 1, at)

    def forget(self, before: datetime) -> None:
        """Remove what was over, and told, before that time."""
        old = (
            "SELECT id FROM incidents WHERE over_at < ? AND id NOT IN"
            " (SELECT incident FROM notices WHERE state = 'waiting')"
        )
        with self._database.lazily(), self._database.transaction() as db:
            values = (stored(before),)
            db.execute(f"DELETE FROM notices WHERE incident IN ({old})", values)  # noqa: S608
            db.execute(f"DELETE FROM incidents WHERE id IN ({old})", values)  # noqa: S608

    def open(self) -> list[Recorded]:
        """What is wrong now, oldest first."""
        return self._find("over_at IS NULL ORDER BY id")

    def get(self, number: int) -> Recorded | None:
        """The incident of that number."""
        return next(iter(self._find("id = ?", number)), None)

    def newest(self, limit: int) -> list[Recorded]:
        """The newest incidents, oldest of them first."""
        return self._find("1 ORDER BY id DESC LIMIT ?", limit)[::-1]

    def next(self, now: datetime) -> Notice | None:
        """The notice whose turn it is; those with the fewest tries come first."""
        found = self._notices(
            "state = 'waiting' AND (due_at <= ? OR due_at > ?) ORDER BY tries, id LIMIT 1",
            stored(now),
            stored(now + _LONGEST_PAUSE),
        )
        return found[0] if found else None

    def of(self, incident: int) -> list[Notice]:
        """The notices of an incident."""
        return self._notices("incident = ? ORDER BY id", incident)

    def tried(self, notice: Notice, problem: str | None, again_at: datetime) -> None:
        """Record that a try begins, or what was wrong with the one that did."""
        if problem is None:
            self._set(notice, tries=notice.tries + 1, due_at=again_at)
        else:
            self._set(notice, problem=problem, due_at=again_at)

    def ended(
        self, notice: Notice, state: NoticeState, at: datetime, problem: str | None = None
    ) -> None:
        """Record that a notice is through."""
        self._set(notice, state=state, problem=problem, ended_at=at)

    def _add(self, db: Any, incident: int, way: str, is_end: int, at: datetime) -> None:
        db.execute(
            "INSERT INTO notices (incident, way, is_end, state, tries, created_at, due_at)"
            " VALUES (?, ?, ?, 'waiting', 0, ?, ?)",
            (incident, way, is_end, stored(at), stored(at)),
        )

    def _set(self, notice: Notice, **values: Any) -> None:
        row = {
            name: stored(value[:_LONGEST] if isinstance(value, str) else value)
            for name, value in values.items()
        }
        sets = ", ".join(f"{name} = :{name}" for name in row)
        with self._database.transaction() as db:
            db.execute(f"UPDATE notices SET {sets} WHERE id = :_id", row | {"_id": notice.id})  # noqa: S608

    def _find(self, where: str, *values: object) -> list[Recorded]:
        rows = self._database.select(f"SELECT * FROM incidents WHERE {where}", *values)  # noqa: S608
        return [
            Recorded(
                **dict(row)
                | {name: moment(row[name]) for name in ("began_at", "over_at")}
            )
            for row in rows
        ]  # fmt: skip

    def _notices(self, where: str, *values: object) -> list[Notice]:
        rows = self._database.select(f"SELECT * FROM notices WHERE {where}", *values)  # noqa: S608
        return [
            Notice(
                **dict(row)
                | {name: moment(row[name]) for name in ("created_at", "due_at", "ended_at")}
                | {"state": NoticeState(row["state"]), "is_end": bool(row["is_end"])}
            )
            for row in rows
        ]
