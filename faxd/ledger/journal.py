"""The journal: what came and what went, one entry each, chained by their hashes.

An entry is written in the transaction that makes it true (a fax is durable in the inbox; a job is
filed), and never changed. Each account has a chain of its own: the hash of an entry is that of the
one before it and of its own text, so that whatever is changed, taken out or put in later shows. It
shows accidents and clumsy hands. Whoever may write into the ledger and knows how can compute the
whole chain anew; against that, keep the last hash (`faxd journal --verify` prints it) elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from faxd.clock import utc_now
from faxd.ledger.database import Database, stored

if TYPE_CHECKING:
    from faxd.job import Job, Recipient
    from faxd.ledger.faxes import Received

#: what stands before the first entry of a chain
_ORIGIN = "0" * 64
#: entries that are read at a time
_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One fax that came, or one recipient of a job."""

    #: customer number
    account: str
    #: place in the account's chain, from 1
    number: int
    #: ``fax 17``, or ``job 12/1`` for the second recipient of job 12: by it each is entered once
    record: str
    #: direction, at, who, name, reference, pages, result, file, sha256, size
    facts: dict[str, Any]
    #: of this entry and all before it, hexadecimal SHA-256
    hash: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a check of one account's chain."""

    account: str
    #: entries that were looked at
    entries: int
    #: hash of the last one
    last: str
    #: what is wrong with the chain; none if all is well
    problems: tuple[str, ...]


class Journal:
    """The chains of all accounts, in the ledger's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(
        self,
        account: str | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
    ) -> Iterator[Entry]:
        """Those of an account, or of all, of what happened from ``begin`` until before ``end``.

        In the order in which it was entered; however many there are, few are held in memory.
        """
        after = 0
        while batch := self._after(after, account, begin, end):
            yield from batch.values()
            after = max(batch)

    def newer(self, than: int) -> tuple[int, list[Entry]]:
        """Entries behind a place in the whole journal, some at a time, and the place of the last.

        A place is what a call before has returned; 0 is the beginning, -1 the end.
        """
        if than < 0:
            return int(
                self._database.select("SELECT coalesce(max(rowid), 0) FROM journal")[0][0]
            ), []
        batch = self._after(than, None, None, None)
        return max(batch, default=than), list(batch.values())

    def _after(
        self, place: int, account: str | None, begin: datetime | None, end: datetime | None
    ) -> dict[int, Entry]:
        rows = self._database.select(
            "SELECT rowid, * FROM journal WHERE rowid > ?1 AND (?2 IS NULL OR account = ?2)"
            " AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4) ORDER BY rowid LIMIT ?5",
            place,
            account,
            stored(begin),
            stored(end),
            _BATCH,
        )
        return {int(row["rowid"]): _from_row(row) for row in rows}

    def accounts(self) -> list[str]:
        """Customer numbers of all chains."""
        rows = self._database.select("SELECT account FROM chains ORDER BY account")
        return [str(row["account"]) for row in rows]

    def verify(self, account: str) -> Verdict:
        """Go along an account's chain, and compare it with what else the ledger knows."""
        with self._database.snapshot() as db:
            chain = db.execute("SELECT * FROM chains WHERE account = ?", (account,)).fetchone()
            if chain is None:
                return Verdict(account=account, entries=0, last=_ORIGIN, problems=())
            problems, number, before, count = list[str](), chain["begins"], chain["origin"], 0
            for row in db.execute(
                "SELECT * FROM journal WHERE account = ? ORDER BY number", (account,)
            ):
                if row["number"] != number + 1:
                    problems.append(f"{_span(number + 1, row['number'] - 1)} missing")
                elif row["hash"] != _hash(before, row["number"], row):
                    problems.append(f"entry {row['number']} ({row['record']}) was changed")
                number, before, count = row["number"], row["hash"], count + 1
            if number < chain["number"]:
                problems.append(f"{_span(number + 1, chain['number'])} missing")
            elif before != chain["last"]:
                problems.append("the last entry is not the one that was noted as the last")
            problems += _not_entered(db, account, chain["since"])
        return Verdict(account=account, entries=count, last=before, problems=tuple(problems))


def enter_received(db: sqlite3.Connection, fax: Received) -> None:
    """Enter a fax that is durable in the inbox; within the transaction that records that."""
    _enter(db, fax.account, f"fax {fax.id}", _received(fax))


def enter_sent(db: sqlite3.Connection, job: Job) -> None:
    """Enter what became of each recipient of a job; within the transaction that ends it."""
    for position, recipient in enumerate(job.recipients):
        _enter(db, job.account, f"job {job.id}/{position}", _sent(job, recipient))
    if not job.recipients:
        _enter(db, job.account, f"job {job.id}/0", _sent(job, None))


def forget_entries(db: sqlite3.Connection, account: str, before: datetime) -> None:
    """Remove the oldest entries of a chain, all of which were entered before that time.

    The chain then begins with the first one that is left.
    """
    row = db.execute(
        "SELECT number, hash FROM journal WHERE account = ? AND entered_at < ?"
        " ORDER BY number DESC LIMIT 1",
        (account, stored(before)),
    ).fetchone()
    if row is not None:
        db.execute(
            "UPDATE chains SET begins = ?, origin = ?, since = max(since, ?) WHERE account = ?",
            (row["number"], row["hash"], stored(before), account),
        )
        db.execute(
            "DELETE FROM journal WHERE account = ? AND number <= ?", (account, row["number"])
        )


def _received(fax: Received) -> dict[str, Any]:
    return {
        "direction": "in",
        "kind": "fax",
        "at": stored(fax.received_at),
        "saved_at": stored(fax.saved_at),
        "who": fax.originator,
        "name": fax.station_id,
        "reference": str(fax.fax_id),
        "pages": fax.pages,
        "result": "damaged" if fax.damage else "received",
        "file": f"{fax.folder}/{fax.path}",
        "sha256": [fax.sha256],
        "size": fax.size,
    }


def _sent(job: Job, recipient: Recipient | None) -> dict[str, Any]:
    result = recipient.result if recipient is not None else None
    sent_at = recipient.sent_at if recipient is not None else None
    return {
        "direction": "out",
        "kind": job.kind.value,
        "at": stored(sent_at or job.ended_at or job.created_at),
        "taken_at": stored(job.created_at),
        "accepted_at": stored(job.accepted_at),
        "who": recipient.address if recipient is not None else "",
        "name": (recipient.name or recipient.station_id) if recipient is not None else "",
        "reference": recipient.reference if recipient is not None else "",
        "pages": recipient.pages if recipient is not None else None,
        "result": result or ("unclear" if job.doubt else job.state.value),
        "file": job.filed_as,
        "sha256": list(job.hashes),
        "size": job.size,
    }


def _enter(db: sqlite3.Connection, account: str, record: str, facts: dict[str, Any]) -> None:
    known = "SELECT 1 FROM journal WHERE account = ? AND record = ?"
    if db.execute(known, (account, record)).fetchone():
        return  # the record of it was lost with the power, and is made again
    chain = _chain(db, account)
    text = json.dumps(facts, ensure_ascii=True, sort_keys=True)
    number = chain["number"] + 1
    row = {
        "account": account,
        "number": number,
        "record": record,
        "at": facts["at"],
        "entered_at": stored(utc_now()),
        "facts": text,
    }
    digest = _hash(chain["last"], number, row)
    db.execute(
        "INSERT INTO journal (account, number, record, at, entered_at, facts, hash)"
        " VALUES (:account, :number, :record, :at, :entered_at, :facts, :hash)",
        row | {"hash": digest},
    )
    db.execute(
        "UPDATE chains SET number = ?, last = ? WHERE account = ?", (number, digest, account)
    )


def _chain(db: sqlite3.Connection, account: str) -> sqlite3.Row:
    """An account's chain; it begins when something is asked of it."""
    found = "SELECT * FROM chains WHERE account = ?"
    row = db.execute(found, (account,)).fetchone()
    if row is None:
        db.execute(
            "INSERT INTO chains (account, begins, origin, number, last, since)"
            " VALUES (?, 0, ?, 0, ?, ?)",
            (account, _ORIGIN, _ORIGIN, stored(utc_now())),
        )
        row = db.execute(found, (account,)).fetchone()
    return row  # type: ignore[no-any-return]


def _hash(before: str, number: int, row: Mapping[str, Any] | sqlite3.Row) -> str:
    """Of an entry; its columns stand in a list of JSON, so that none can pass into another."""
    columns = [row[name] for name in ("account", "record", "at", "entered_at", "facts")]
    text = json.dumps([before, number, *columns], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _not_entered(db: sqlite3.Connection, account: str, since: str) -> list[str]:
    """What the ledger knows to have come or gone, and the journal does not."""
    faxes = db.execute(
        "SELECT id FROM received WHERE account = ?1 AND state != 'storing' AND saved_at > ?2"
        " AND 'fax ' || id NOT IN (SELECT record FROM journal WHERE account = ?1)",
        (account, since),
    )
    jobs = db.execute(
        "SELECT id FROM jobs WHERE account = ?1 AND filed = 1 AND ended_at > ?2"
        " AND 'job ' || id || '/0' NOT IN (SELECT record FROM journal WHERE account = ?1)",
        (account, since),
    )
    return [f"fax {row['id']} has no entry" for row in faxes] + [
        f"job {row['id']} has no entry" for row in jobs
    ]


def _span(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def _from_row(row: sqlite3.Row) -> Entry:
    return Entry(
        account=row["account"],
        number=row["number"],
        record=row["record"],
        facts=json.loads(row["facts"]),
        hash=row["hash"],
    )
