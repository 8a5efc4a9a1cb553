"""What was done: the record of received faxes and of each account's health, in SQLite.

``synchronous=FULL``: when a method returns, its transaction is on the disk (all but `deleted`).
A received fax goes through the states of `FaxState`; every transition is one method and one
transaction.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

SCHEMA_VERSION = 1

_T = TypeVar("_T")

_RECEIVED = """
CREATE TABLE received (
    id          INTEGER PRIMARY KEY,
    account     TEXT NOT NULL,     -- customer number
    fax_id      INTEGER NOT NULL,
    sha256      TEXT NOT NULL,
    size        INTEGER NOT NULL,  -- bytes
    pages       INTEGER,           -- counted; NULL if the image is damaged
    stated      INTEGER,           -- pages that the provider states
    originator  TEXT NOT NULL,
    station_id  TEXT NOT NULL,
    received_at TEXT NOT NULL,     -- UTC, as all times
    is_arrival  INTEGER NOT NULL,  -- received_at is when faxd fetched it
    damage      TEXT,              -- why it lies in damaged/
    warning     TEXT,
    tentative   INTEGER NOT NULL,  -- the server's copy must stay: it came different each time
    folder      TEXT NOT NULL,     -- the inbox
    path        TEXT NOT NULL,     -- below it
    part        TEXT NOT NULL,     -- its temporary name before it was published,
    part_folder TEXT NOT NULL,     -- in the folder of this identity
    state       TEXT NOT NULL,
    saved_at    TEXT,
    deleted_at  TEXT,
    UNIQUE (account, fax_id, sha256)
) STRICT
"""
_RECEIVED_STATE = "CREATE INDEX received_state ON received (account, state)"
_ACCOUNTS = """
CREATE TABLE accounts (
    account       TEXT PRIMARY KEY,
    last_poll     TEXT,              -- when the last run ended
    last_success  TEXT,
    failures      INTEGER NOT NULL DEFAULT 0,  -- failed runs in a row
    problem       TEXT,              -- what is wrong; NULL if nothing is
    problem_since TEXT,
    stopped_until TEXT               -- no calls before; NULL if not stopped
) STRICT
"""


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

    def as_dict(self) -> dict[str, Any]:
        """What is known of it, in JSON's types; times are UTC in ISO 8601."""
        inner = {"id", "part", "part_folder"}
        return {name: value for name, value in _to_row(self).items() if name not in inner}


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


class LedgerError(Exception):
    """The ledger cannot be used."""


class Ledger:
    """The record; its methods may be called from any thread.

    Raises:
        sqlite3.Error: from any method, when the disk fails or is full.
    """

    def __init__(self, path: Path) -> None:
        """Open it; make it if it is not there.

        Raises:
            LedgerError: it was made by a newer faxd.
        """
        self._lock = threading.RLock()
        #: tells what belongs to this ledger from what belongs to another faxd's
        self.mark = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]
        if not path.exists():
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(path)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, path: Path) -> None:
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        with self._transaction() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise LedgerError(
                    f"{path} was made by a newer faxd (schema {version}, this one knows"
                    f" {SCHEMA_VERSION}); install that version again"
                )
            if version == 0:
                for statement in (_RECEIVED, _RECEIVED_STATE, _ACCOUNTS):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # received faxes

    def begin(self, fax: Received) -> Received:
        """Record, before it is published, that a fax is about to be: ``part`` becomes ``path``."""
        row = _to_row(dataclasses.replace(fax, state=FaxState.STORING))
        del row["id"]
        columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        with self._transaction() as db:
            cursor = db.execute(f"INSERT INTO received ({columns}) VALUES ({marks})", row)  # noqa: S608
        return dataclasses.replace(fax, id=cursor.lastrowid or 0, state=FaxState.STORING)

    def saved(self, fax: Received, at: datetime) -> Received:
        """Record that it is durable under its final name."""
        return self._move(fax, FaxState.SAVED, saved_at=at)

    def deleted(self, fax: Received, at: datetime) -> Received:
        """Record that the server has deleted it.

        The one record that is durable only with the next one: a power cut in between makes the
        fax look as if the server still had it, and costs nothing. It saves a sync for each fax.
        """
        # Held over all of it, so that no other thread's record is made without a sync.
        with self._lock:
            self._db.execute("PRAGMA synchronous=NORMAL")
            try:
                return self._move(fax, FaxState.DELETED, deleted_at=at)
            finally:
                self._db.execute("PRAGMA synchronous=FULL")

    def confirm(self, fax: Received) -> Received:
        """Record that a tentative copy came the same each time after all."""
        with self._transaction() as db:
            db.execute("UPDATE received SET tentative = 0 WHERE id = ?", (fax.id,))
        return dataclasses.replace(fax, tentative=False)

    def abandon(self, fax: Received) -> None:
        """Forget a fax that was never published; it will be fetched again."""
        with self._transaction() as db:
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

    def count(self, account: str) -> int:
        """Number of faxes of an account that were saved, ever."""
        with self._lock:
            (number,) = self._db.execute(
                "SELECT count(*) FROM received WHERE account = ? AND state != ?",
                (account, FaxState.STORING.value),
            ).fetchone()
        return int(number)

    def _move(self, fax: Received, state: FaxState, **times: datetime) -> Received:
        (column, at), *_ = times.items()
        sources = [source.value for source in TRANSITIONS[state]]
        marks = ", ".join("?" * len(sources))
        with self._transaction() as db:
            cursor = db.execute(
                f"UPDATE received SET state = ?, {column} = ?"  # noqa: S608
                f" WHERE id = ? AND state IN ({marks})",
                (state.value, _stored(at), fax.id, *sources),
            )
            if cursor.rowcount != 1:
                raise LedgerError(f"fax {fax.fax_id} cannot become {state.value}")
        changes: dict[str, Any] = {"state": state, **times}
        return dataclasses.replace(fax, **changes)

    def _select(self, where: str, *values: object) -> Iterator[Received]:
        with self._lock:
            rows = self._db.execute(f"SELECT * FROM received WHERE {where}", values).fetchall()  # noqa: S608
        return (_from_row(Received, row) for row in rows)

    # accounts

    def health(self, account: str, *, patience: float = -1) -> Health:
        """How an account is doing; a fresh one if it was never polled.

        Raises:
            TimeoutError: another thread has used the ledger for more than ``patience`` seconds.
        """
        if not self._lock.acquire(timeout=patience):
            raise TimeoutError
        try:
            row = self._db.execute(
                "SELECT * FROM accounts WHERE account = ?", (account,)
            ).fetchone()
        finally:
            self._lock.release()
        return _from_row(Health, row) if row else Health(account=account)

    def set_health(self, health: Health) -> None:
        """Record how an account is doing."""
        row = _to_row(health)
        columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        with self._transaction() as db:
            db.execute(f"INSERT OR REPLACE INTO accounts ({columns}) VALUES ({marks})", row)  # noqa: S608

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _to_row(record: Any) -> dict[str, Any]:
    return {
        field.name: _stored(getattr(record, field.name)) for field in dataclasses.fields(record)
    }


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    # A stranger's text may hold what is not Unicode; the ledger must take it all the same.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _from_row(kind: type[_T], row: sqlite3.Row) -> _T:
    values = dict(row)
    for name, value in values.items():
        if value is not None and name.endswith(
            ("_at", "_until", "_since", "last_poll", "_success")
        ):
            values[name] = datetime.fromisoformat(value)
    if "state" in values:
        values["state"] = FaxState(values["state"])
        values["is_arrival"] = bool(values["is_arrival"])
        values["tentative"] = bool(values["tentative"])
    return kind(**values)
