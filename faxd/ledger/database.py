"""The database below the ledger: one SQLite file, one connection, transactions that are durable.

``synchronous=FULL``: when a transaction is over, it is on the disk.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from faxd.durable import Folder
from faxd.ledger.rescue import clear_place
from faxd.words import Words

#: the statements that lead from each version of the schema to the next; never edited, only added to
_VERSIONS: tuple[tuple[str, ...], ...] = (
    (
        """
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
""",
        "CREATE INDEX received_state ON received (account, state)",
        """
CREATE TABLE accounts (
    account       TEXT PRIMARY KEY,
    last_poll     TEXT,              -- when the last run ended
    last_success  TEXT,
    failures      INTEGER NOT NULL DEFAULT 0,  -- failed runs in a row
    problem       TEXT,              -- what is wrong; NULL if nothing is
    problem_since TEXT,
    stopped_until TEXT               -- no calls before; NULL if not stopped
) STRICT
""",
    ),
    (
        """
CREATE TABLE jobs (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,  -- people call jobs by it: never used again
    account       TEXT NOT NULL,
    kind          TEXT NOT NULL,
    state         TEXT NOT NULL,
    by_list       INTEGER NOT NULL,
    documents     TEXT NOT NULL,     -- JSON, as all that are not plain
    companions    TEXT NOT NULL,
    text          TEXT NOT NULL,
    at            TEXT,              -- UTC, as all times
    options       TEXT NOT NULL,
    title         TEXT NOT NULL,
    source        TEXT NOT NULL,
    folder        TEXT NOT NULL,
    claim         TEXT NOT NULL,
    digest        TEXT NOT NULL,
    content       TEXT NOT NULL,
    size          INTEGER NOT NULL,
    doubt         INTEGER NOT NULL,
    hold          TEXT,
    problem       TEXT,
    tries         INTEGER NOT NULL,
    repeats       INTEGER NOT NULL,
    job_id        INTEGER,
    pages         INTEGER,
    looks         INTEGER NOT NULL,
    cancel        INTEGER NOT NULL,
    secret        TEXT NOT NULL,
    previous      INTEGER,
    slip          TEXT NOT NULL,
    filed_as      TEXT NOT NULL,
    filed         INTEGER NOT NULL,
    created_at    TEXT NOT NULL,
    due_at        TEXT,
    failing_since TEXT,
    accepted_at   TEXT,
    ended_at      TEXT,
    protocol      BLOB NOT NULL
) STRICT
""",
        # What is under way is little, what is over grows for years: it must cost nothing. Even of
        # ten thousand under way, what is asked again and again is answered by the index alone.
        "CREATE INDEX jobs_open ON jobs (account, state, id, due_at, cancel, slip) WHERE filed = 0",
        "CREATE INDEX jobs_same ON jobs (account, digest, created_at)",
        "CREATE INDEX jobs_claim ON jobs (claim)",
        "CREATE INDEX jobs_content ON jobs (account, content)",
        "CREATE INDEX jobs_accepted ON jobs (account, accepted_at)",
        """
CREATE TABLE recipients (
    job        INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    address    TEXT NOT NULL,
    reference  TEXT NOT NULL,
    name       TEXT NOT NULL,
    result     TEXT,
    station_id TEXT NOT NULL,
    pages      INTEGER,
    sent_at    TEXT,
    duration   INTEGER,              -- seconds
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID
""",
        """
CREATE TABLE events (
    id    INTEGER PRIMARY KEY,
    job   INTEGER NOT NULL,
    at    TEXT NOT NULL,
    state TEXT NOT NULL,
    text  TEXT NOT NULL
) STRICT
""",
        "CREATE INDEX events_job ON events (job)",
        """
CREATE TABLE queues (
    account       TEXT PRIMARY KEY,
    problem       TEXT,              -- why nothing is sent; NULL if nothing is wrong
    problem_since TEXT,
    failures      INTEGER NOT NULL,  -- in a row
    paused_until  TEXT,
    is_stopped    INTEGER NOT NULL,  -- by the account itself
    last_success  TEXT
) STRICT
""",
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    ),
    (
        # Whether it was decided what becomes of a fax. Those of before are left as they are.
        "ALTER TABLE received ADD COLUMN planned INTEGER NOT NULL DEFAULT 1",
        "CREATE INDEX received_unplanned ON received (account, id) WHERE planned = 0",
        """
CREATE TABLE actions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the names of mails: never used again
    fax        INTEGER NOT NULL,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    settings   TEXT NOT NULL,     -- JSON
    state      TEXT NOT NULL,
    tries      INTEGER NOT NULL,
    problem    TEXT,              -- of the last try
    created_at TEXT NOT NULL,     -- UTC, as all times
    due_at     TEXT NOT NULL,
    ended_at   TEXT
) STRICT
""",
        "CREATE INDEX actions_waiting ON actions (account, tries, id) WHERE state = 'waiting'",
        "CREATE INDEX actions_fax ON actions (fax)",
    ),
    (
        "ALTER TABLE jobs ADD COLUMN steps TEXT NOT NULL DEFAULT '[]'",  # JSON, as documents
        "ALTER TABLE jobs ADD COLUMN prepared TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE jobs ADD COLUMN subject TEXT NOT NULL DEFAULT ''",
    ),
    (
        # Jobs that were over before have no transmission reports, and get none.
        "ALTER TABLE jobs ADD COLUMN hashes TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE jobs ADD COLUMN proof TEXT NOT NULL DEFAULT 'none'",
        "ALTER TABLE jobs ADD COLUMN proof_failing_since TEXT",
        "UPDATE jobs SET proof = 'wanted' WHERE filed = 0",
        "CREATE INDEX jobs_unproved ON jobs (account, id) WHERE filed = 1 AND proof = 'wanted'",
    ),
    # A fax that an older faxd died with is one that it has to be decided on.
    ("UPDATE received SET planned = 0 WHERE state = 'storing'",),
    (
        # What came and what went: entries that are never changed, chained by their hashes.
        """
CREATE TABLE journal (
    account    TEXT NOT NULL,
    number     INTEGER NOT NULL,   -- place in the account's chain, from 1
    record     TEXT NOT NULL,      -- what it is about: fax 17, job 12/0
    at         TEXT NOT NULL,      -- when that happened (UTC, as all times)
    entered_at TEXT NOT NULL,
    facts      TEXT NOT NULL,      -- JSON
    hash       TEXT NOT NULL,
    UNIQUE (account, number),
    UNIQUE (account, record)
) STRICT
""",
        "CREATE INDEX journal_at ON journal (at)",
        """
CREATE TABLE chains (
    account TEXT PRIMARY KEY,
    begins  INTEGER NOT NULL,      -- number and hash of the last entry that was removed for age
    origin  TEXT NOT NULL,
    number  INTEGER NOT NULL,      -- number and hash of the last entry
    last    TEXT NOT NULL,
    since   TEXT NOT NULL          -- what was before this time has no entry
) STRICT
""",
    ),
    (
        # Whether a job's slip is on the disk for good: only then its absence says something.
        "ALTER TABLE jobs ADD COLUMN slip_synced INTEGER NOT NULL DEFAULT 0",
    ),
    (
        # What people are told of (section [tell]).
        """
CREATE TABLE incidents (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the names of mails: never used again
    key      TEXT NOT NULL,     -- one that is not over, of each
    occasion TEXT NOT NULL,
    account  TEXT NOT NULL,     -- its name
    text     TEXT NOT NULL,
    began_at TEXT NOT NULL,     -- UTC, as all times
    over_at  TEXT
) STRICT
""",
        "CREATE UNIQUE INDEX incidents_open ON incidents (key) WHERE over_at IS NULL",
        """
CREATE TABLE notices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    incident   INTEGER NOT NULL,
    way        TEXT NOT NULL,    -- an address; empty: the program
    is_end     INTEGER NOT NULL,
    state      TEXT NOT NULL,
    tries      INTEGER NOT NULL,
    problem    TEXT,
    created_at TEXT NOT NULL,
    due_at     TEXT NOT NULL,
    ended_at   TEXT
) STRICT
""",
        "CREATE INDEX notices_waiting ON notices (tries, id) WHERE state = 'waiting'",
        "CREATE INDEX notices_incident ON notices (incident)",
    ),
)
SCHEMA_VERSION = len(_VERSIONS)
#: what SQLite says of pages that cannot be: a restart sets such a ledger aside
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class LedgerError(Exception):
    """The ledger cannot be used."""


class Database:
    """The file; its methods may be called from any thread.

    Raises:
        sqlite3.Error: from any method, when the disk fails or is full.
    """

    def __init__(self, path: Path) -> None:
        """Open it; make it if it is not there.

        Raises:
            LedgerError: it was made by a newer faxd.
        """
        self._lock = threading.RLock()
        self._path = path
        #: what SQLite has found wrong with its pages; None: nothing yet
        self.damage: str | None = None
        #: tells what belongs to this ledger from what belongs to another faxd's
        self.mark = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]
        if not path.exists():
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(path)
            self._inode = _inode(path)
            #: tells this ledger from another that was made in its place after it was lost
            self.identity = self.fact("identity", secrets.token_hex(4))
            #: since when there is this one (or since there is this record of it)
            self.born = datetime.fromisoformat(self.fact("born", datetime.now(UTC).isoformat()))
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, path: Path) -> None:
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if 0 < version < SCHEMA_VERSION:
            self._keep_copy(path, version)
        with self.transaction() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise LedgerError(
                    f"{path} was made by a newer faxd (schema {version}, this one knows"
                    f" {SCHEMA_VERSION}); install that version again"
                )
            for statements in _VERSIONS[version:]:
                for statement in statements:
                    db.execute(statement)
            if version < SCHEMA_VERSION:
                db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def _keep_copy(self, path: Path, version: int) -> None:
        """Copy the ledger before it is changed, for whoever must go back to an older faxd."""
        copy = path.with_name(f"{path.name}.version-{version}")
        if not copy.exists():  # an upgrade that was interrupted has made it
            self._copy_to(copy)

    @property
    def is_in_place(self) -> bool:
        """Whether the file that is worked with is the one that a restart would find."""
        return _inode(self._path) == self._inode

    def put_back(self) -> bool:
        """Write all that is known to where the file was removed; False if another one is there.

        It can no longer be worked with then: open the new one.

        Raises:
            OSError, sqlite3.Error: it cannot be written.
        """
        if self._path.exists():
            return False
        clear_place(self._path)
        with self._lock:
            self._copy_to(self._path)
        return True

    def _copy_to(self, copy: Path) -> None:
        part = copy.with_name(f".{copy.name}.part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        with closing(sqlite3.connect(part)) as target:
            self._db.backup(target)
        with part.open("rb") as file, Folder.open(part.parent) as folder:
            os.fsync(file.fileno())
            part.rename(copy)
            folder.sync()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def fact(self, name: str, default: str) -> str:
        """What is remembered under that name; ``default`` is from now on, if nothing is."""
        found = self.select("SELECT value FROM facts WHERE name = ?", name)
        if found:
            return str(found[0]["value"])
        self.set_fact(name, default)
        return default

    def known_fact(self, name: str) -> str:
        """What is remembered under that name; empty if nothing is."""
        found = self.select("SELECT value FROM facts WHERE name = ?", name)
        return str(found[0]["value"]) if found else ""

    def set_fact(self, name: str, value: str) -> None:
        """Remember something."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def version(self, *, patience: float) -> int:
        """A number that changes when another process writes into the file.

        Raises:
            TimeoutError: another thread has used it for more than ``patience`` seconds.
        """
        with self.patiently(patience):
            return int(self.select("PRAGMA data_version")[0][0])

    def select(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """The rows that a statement finds."""
        with self._lock, self._noting_damage():
            return self._db.execute(statement, values).fetchall()

    def each(self, statement: str, *values: object) -> Iterator[sqlite3.Row]:
        """As `select`, one row after the other: of very many, all at once would take much memory.

        To be read to its end at once: the ledger is nobody else's until then.
        """
        with self._lock, self._noting_damage():
            yield from self._db.execute(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; on the disk when it is left. One within another is a part of it."""
        with self._lock, self._noting_damage():
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _noting_damage(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                self.damage = str(error)
            raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """All as it is at one moment, without keeping another process from writing."""
        with self._lock:
            self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                self._db.execute("ROLLBACK")

    @contextmanager
    def lazily(self) -> Iterator[None]:
        """Transactions within are durable only with the next one outside.

        For what costs nothing to lose. Held over all of it, so that no other thread's record is
        made without a sync.
        """
        with self._lock:
            self._db.execute("PRAGMA synchronous=NORMAL")
            try:
                yield
            finally:
                self._db.execute("PRAGMA synchronous=FULL")

    @contextmanager
    def patiently(self, seconds: float) -> Iterator[None]:
        """Look at it only if no other thread uses it for longer than that.

        Raises:
            TimeoutError: one does.
        """
        if not self._lock.acquire(timeout=seconds):
            raise TimeoutError
        try:
            yield
        finally:
            self._lock.release()


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def to_row(record: Any) -> dict[str, Any]:
    """A dataclass as the database holds it."""
    return {field.name: stored(getattr(record, field.name)) for field in dataclasses.fields(record)}


def stored(value: Any) -> Any:
    """One value as the database holds it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value
    if isinstance(value, Words):
        value = {"de": value.de, "en": value.en}
    if isinstance(value, tuple | list | Mapping):
        return json.dumps(value, ensure_ascii=True, default=stored)
    # A stranger's text may hold what is not Unicode; the ledger must take it all the same.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def moment(text: str | None) -> datetime | None:
    """A time as it was stored."""
    return None if text is None else datetime.fromisoformat(text)


def words(text: str | None) -> Words | None:
    """A sentence as it was stored."""
    return None if text is None else Words(**json.loads(text))
