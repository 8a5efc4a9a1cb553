"""Received faxes: every transition of a fax is one method and one transaction."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from faxd.ledger.database import Database, LedgerError, moment, stored, to_row
from faxd.ledger.journal import enter_received


class FaxState(Enum):
    """Where a received fax is between the server and the office."""

    STORING = "storing"  # about to be published; the server has it
    SAVED = "saved"  # durable in the inbox; the server may have it still
    DELETED = "deleted"  # durable in the inbox; the server has deleted it


#: from which states each state may be reached; a row begins as STORING
TRANSITIONS = {
    FaxState.SAVED: (FaxState.STORING,),
    FaxState.DELETED: (FaxState.SAVED, FaxState.DELETED),
}


@dataclass(frozen=True, kw_only=True)
class Received:
    """One received fax."""

    #: row number; 0 before it is recorded
    id: int = 0
    #: customer number at FAX.de
    account: str
    fax_id: int
    #: of the file's bytes, hexadecimal
    sha256: str
    #: bytes
    size: int
    #: pages counted in the file; None if it is damaged
    pages: int | None
    #: pages that the provider states
    stated: int | None
    originator: str
    station_id: str
    #: aware, UTC
    received_at: datetime
    #: the provider gave no legible time, so this is the time of fetching
    is_arrival: bool = False
    #: why it lies among the damaged ones
    damage: str | None = None
    warning: str | None = None
    #: a damaged copy that came different each time: the server's must stay
    tentative: bool = False
    #: the inbox
    folder: str
    #: the file below the inbox
    path: str
    #: temporary name before it was published
    part: str
    #: identity of the folder that the temporary name was in
    part_folder: str
    state: FaxState = FaxState.STORING
    saved_at: datetime | None = None
    deleted_at: datetime | None = None
    #: it was decided what becomes of it (`faxd.ledger.actions`)
    planned: bool = False

    def as_dict(self) -> dict[str, Any]:
        """What is known of it, in JSON's types; times are UTC in ISO 8601."""
        inner = {"id", "part", "part_folder", "planned"}
        return {name: value for name, value in to_row(self).items() if name not in inner}


class Faxes(Database):
    """The record of received faxes."""

    def begin(self, fax: Received) -> Received:
        """Record, before it is published, that a fax is about to be: ``part`` becomes ``path``."""
        row = to_row(dataclasses.replace(fax, state=FaxState.STORING))
        del row["id"]
        columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        with self.transaction() as db:
            cursor = db.execute(f"INSERT INTO received ({columns}) VALUES ({marks})", row)  # noqa: S608
        return dataclasses.replace(fax, id=cursor.lastrowid or 0, state=FaxState.STORING)

    def saved(self, fax: Received, at: datetime) -> Received:
        """Record that it is durable under its final name, and enter it in the journal."""
        with self.transaction() as db:
            fax = self._move(fax, FaxState.SAVED, saved_at=at)
            enter_received(db, fax)
        return fax

    def deleted(self, fax: Received, at: datetime) -> Received:
        """Record that the server has deleted it.

        The one record that is durable only with the next one: a power cut in between makes the
        fax look as if the server still had it, and costs nothing. It saves a sync for each fax.
        """
        with self.lazily():
            return self._move(fax, FaxState.DELETED, deleted_at=at)

    def confirm(self, fax: Received) -> Received:
        """Record that a tentative copy came the same each time after all."""
        with self.transaction() as db:
            db.execute("UPDATE received SET tentative = 0 WHERE id = ?", (fax.id,))
        return dataclasses.replace(fax, tentative=False)

    def abandon(self, fax: Received) -> None:
        """Forget a fax that was never published; it will be fetched again."""
        with self.transaction() as db:
            db.execute(
                "DELETE FROM received WHERE id = ? AND state = ?", (fax.id, FaxState.STORING.value)
            )

    def find(self, account: str, fax_id: int, sha256: str) -> Received | None:
        """The record of exactly this fax: the same id with other content is another fax."""
        return next(
            self._select("account = ? AND fax_id = ? AND sha256 = ?", account, fax_id, sha256), None
        )

    def find_id(self, account: str, fax_id: int) -> list[Received]:
        """All records of a FaxId, oldest first."""
        return list(self._select("account = ? AND fax_id = ? ORDER BY id", account, fax_id))

    def storing(self, account: str) -> list[Received]:
        """Faxes that were about to be published when a run ended."""
        return list(
            self._select("account = ? AND state = ? ORDER BY id", account, FaxState.STORING.value)
        )

    def received(self, account: str | None = None, limit: int = 1000) -> list[Received]:
        """The newest saved faxes, oldest of them first."""
        found = self._select(
            "state != ? AND (?2 IS NULL OR account = ?2) ORDER BY id DESC LIMIT ?3",
            FaxState.STORING.value,
            account,
            limit,
        )
        return list(found)[::-1]

    def fax(self, number: int) -> Received | None:
        """The saved fax of that row number, by which people call it."""
        return next(self._select("id = ? AND state != ?", number, FaxState.STORING.value), None)

    def unplanned(self, account: str, limit: int) -> list[Received]:
        """Saved faxes of which it was not decided what becomes of them, oldest first."""
        return list(
            self._select(
                "account = ? AND planned = 0 AND state != ? ORDER BY id LIMIT ?",
                account,
                FaxState.STORING.value,
                limit,
            )
        )

    def count(self, account: str) -> int:
        """Number of faxes of an account that were saved, ever."""
        found = self.select(
            "SELECT count(*) FROM received WHERE account = ? AND state != ?",
            account,
            FaxState.STORING.value,
        )
        return int(found[0][0])

    def damaged(self, account: str, since: datetime) -> int:
        """Number of faxes that were saved since then and came damaged."""
        found = self.select(
            "SELECT count(*) FROM received"
            " WHERE account = ? AND state != ? AND damage IS NOT NULL AND saved_at > ?",
            account,
            FaxState.STORING.value,
            stored(since),
        )
        return int(found[0][0])

    def _move(self, fax: Received, state: FaxState, **times: datetime) -> Received:
        (column, at), *_ = times.items()
        sources = [source.value for source in TRANSITIONS[state]]
        marks = ", ".join("?" * len(sources))
        with self.transaction() as db:
            cursor = db.execute(
                f"UPDATE received SET state = ?, {column} = ?"  # noqa: S608
                f" WHERE id = ? AND state IN ({marks})",
                (state.value, stored(at), fax.id, *sources),
            )
            if cursor.rowcount != 1:
                raise LedgerError(f"fax {fax.fax_id} cannot become {state.value}")
        changes: dict[str, Any] = {"state": state, **times}
        return dataclasses.replace(fax, **changes)

    def _select(self, where: str, *values: object) -> Iterator[Received]:
        rows = self.select(f"SELECT * FROM received WHERE {where}", *values)  # noqa: S608
        return map(_from_row, rows)


def _from_row(row: sqlite3.Row) -> Received:
    values = dict(row)
    for name in ("received_at", "saved_at", "deleted_at"):
        values[name] = moment(values[name])
    for name in ("is_arrival", "tentative", "planned"):
        values[name] = bool(values[name])
    values["state"] = FaxState(values["state"])
    return Received(**values)
