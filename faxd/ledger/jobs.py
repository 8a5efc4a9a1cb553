"""Jobs: every transition of a job is one method and one transaction, with a line of history."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from faxd.clock import utc_now
from faxd.job import TRANSITIONS, Event, Hold, Job, JobState, Kind, Proof, Recipient, Step
from faxd.ledger.database import Database, LedgerError, moment, stored, to_row, words
from faxd.ledger.journal import enter_sent, forget_entries

_TIMES = (
    "at",
    "created_at",
    "due_at",
    "failing_since",
    "accepted_at",
    "ended_at",
    "proof_failing_since",
)
_FLAGS = ("by_list", "doubt", "cancel", "filed")
#: when a job is due for which no time is set
_AT_ONCE = "0001-01-01T00:00:00+00:00"
#: Whether a job is due. A time further off than any pause was set by a clock that was wrong.
_IS_DUE = "(due_at IS NULL OR due_at <= ? OR (due_at > ? AND (at IS NULL OR at <= ?)))"
#: whether a job's own tries fail
_FAILS = "(failing_since IS NOT NULL AND tries > 0)"
_LONGEST_WAIT = timedelta(hours=25)
#: longest line of history
_LONGEST = 500


class Changed(LedgerError):
    """Somebody else was faster: the job has another state by now."""


class Jobs:
    """The record of jobs, in the ledger's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # changes

    def add(self, jobs: Sequence[Job], text: str = "taken from the outbox") -> list[Job]:
        """Record new jobs, all in one transaction."""
        with self._database.transaction() as db:
            return [_insert(db, job, text) for job in jobs]

    def move(self, job: Job, state: JobState, text: str, **changes: Any) -> Job:
        """Change a job's state, and other fields with it.

        Raises:
            LedgerError: ``job.state`` does not allow that.
            Changed: its state in the ledger is not ``job.state`` any more.
        """
        if state not in TRANSITIONS[job.state]:
            raise LedgerError(f"job {job.id} cannot go from {job.state.value} to {state.value}")
        return self._change(job, text, state=state, **changes)

    def note(self, job: Job, text: str = "", **changes: Any) -> Job:
        """Change fields of a job, but not its state; ``text`` is for its history."""
        return self._change(job, text, **changes)

    def start(
        self, account: str, now: datetime, wanted: Iterable[JobState], only: int | None = None
    ) -> Job | None:
        """Take the first job that is due and have it SENDING; None if there is none.

        ``only`` takes no other than the job of that number. One that is to be cancelled is left.
        """
        with self._database.transaction():
            job = self._first(account, wanted, now, only)
            if job is None:
                return None
            return self.move(
                job,
                JobState.SENDING,
                f"SendJob, try {job.tries + 1}",
                tries=job.tries + 1,
                due_at=None,
            )

    def next_waiting(self, account: str, now: datetime) -> Job | None:
        """The job that `start` would take of those that wait."""
        return self._first(account, (JobState.WAITING,), now, None)

    def filed(self, job: Job) -> Job:
        """Record that it is where people expect it, and enter it in the journal.

        The protocol is kept if it is still quoted.

        Durable only with the next record: without it, filing is found to be done already.
        """
        kept = job.protocol if job.proof is Proof.WANTED else b""
        with self._database.lazily(), self._database.transaction() as db:
            job = self._change(job, "", filed=True, protocol=kept)
            enter_sent(db, job)
        return job

    def proved(self, job: Job, proof: Proof, text: str = "") -> Job:
        """Record what became of its transmission reports, all that was left to do for it.

        Durable only with the next record: without it, they are found to be there.
        """
        with self._database.lazily():
            return self._change(job, text, proof=proof, proof_failing_since=None, protocol=b"")

    def set_slip(self, number: int, name: str) -> None:
        """Note what a job's slip is called; durable only with the next record."""
        with self._database.lazily(), self._database.transaction() as db:
            db.execute("UPDATE jobs SET slip = ?, slip_synced = 0 WHERE id = ?", (name, number))

    def slips_synced(self, numbers: Iterable[int]) -> None:
        """Note that jobs' slips are on the disk for good; durable only with the next record."""
        with self._database.lazily(), self._database.transaction() as db:
            values = [(number,) for number in numbers]
            db.executemany("UPDATE jobs SET slip_synced = 1 WHERE id = ?", values)

    def removed(self, job: Job) -> None:
        """Note that what was filed for a job is removed; durable only with the next record."""
        with self._database.lazily():
            self._change(job, "removed from its folder, being old", filed_as="")

    def look_now(self, secret: str) -> Job | None:
        """Have the accepted job of a STATURL secret looked at at once; None if there is none."""
        if not secret:
            return None
        with self._database.lazily():
            for job in self._find(
                "filed = 0 AND state = 'accepted' AND secret = ? LIMIT 1", secret
            ):
                return self._change(job, "STATURL called", due_at=utc_now())
        return None

    def ask_to_cancel(self, number: int) -> bool:
        """Note that people want a job cancelled; False if it has ended."""
        with self._database.transaction() as db:
            ends = [state.value for state in JobState if state.is_end]
            marks = ", ".join("?" * len(ends))
            cursor = db.execute(
                f"UPDATE jobs SET cancel = 1 WHERE id = ? AND state NOT IN ({marks})",  # noqa: S608
                (number, *ends),
            )
            return cursor.rowcount == 1

    def clock_was_set(self) -> None:
        """Have everything tried and looked at now whose time was set by a clock that was wrong."""
        with self._database.transaction() as db:
            db.execute(
                "UPDATE jobs SET due_at = NULL WHERE filed = 0"
                " AND state IN ('preparing', 'waiting', 'uncertain', 'accepted')"
                " AND (at IS NULL OR at <= ?)",
                (stored(utc_now()),),
            )

    def forget(self, account: str, before: datetime) -> int:
        """Remove what ended and was filed before that time; returns the number of jobs.

        The journal forgets what was entered before that time, in and out.
        """
        old = "SELECT id FROM jobs WHERE account = ? AND filed = 1 AND ended_at < ?"
        values = (account, stored(before))
        with self._database.transaction() as db:
            for table in ("recipients", "events"):
                db.execute(f"DELETE FROM {table} WHERE job IN ({old})", values)  # noqa: S608
            forget_entries(db, account, before)
            return db.execute(f"DELETE FROM jobs WHERE id IN ({old})", values).rowcount  # noqa: S608

    # questions

    def get(self, number: int) -> Job | None:
        """The job of that number."""
        return next(iter(self._find("id = ?", number)), None)

    def history(self, number: int) -> list[Event]:
        """What happened to a job, oldest first."""
        rows = self._database.select("SELECT * FROM events WHERE job = ? ORDER BY id", number)
        return [
            Event(
                at=datetime.fromisoformat(row["at"]),
                state=JobState(row["state"]),
                text=row["text"],
            )
            for row in rows
        ]

    def due(
        self,
        account: str,
        states: Iterable[JobState],
        now: datetime,
        *,
        limit: int,
    ) -> list[Job]:
        """Jobs in one of the states whose time has come, in the order of their arrival."""
        marks, values = _marks(states)
        return self._find(
            f"account = ? AND filed = 0 AND state IN ({marks}) AND {_IS_DUE} ORDER BY id LIMIT ?",
            account,
            *values,
            *_due_by(now),
            limit,
        )

    def held(self, account: str, hold: Hold, limit: int) -> list[Job]:
        """Jobs that are held for that reason, in the order of their arrival."""
        return self._find(
            "account = ? AND filed = 0 AND state = 'held' AND hold = ? ORDER BY id LIMIT ?",
            account,
            hold.value,
            limit,
        )

    def next_due(self, account: str, states: Iterable[JobState]) -> datetime | None:
        """When the next job in one of the states is due; None if there is none.

        One that is to be cancelled does not count.
        """
        marks, values = _marks(states)
        found = self._database.select(
            f"SELECT min(coalesce(due_at, '{_AT_ONCE}')) FROM jobs"  # noqa: S608
            f" WHERE account = ? AND filed = 0 AND cancel = 0 AND state IN ({marks})",
            account,
            *values,
        )
        return moment(found[0][0])

    def open(
        self, account: str, states: Iterable[JobState] = JobState, limit: int = -1
    ) -> list[Job]:
        """Jobs for which something is left to do, in the order of their arrival."""
        marks, values = _marks(states)
        return self._find(
            f"account = ? AND filed = 0 AND state IN ({marks}) ORDER BY id LIMIT ?",
            account,
            *values,
            limit,
        )

    def numbers(self, account: str, states: Iterable[JobState]) -> list[int]:
        """The numbers of jobs for which something is left to do, in the order of their arrival."""
        marks, values = _marks(states)
        rows = self._database.each(
            "SELECT id FROM jobs WHERE account = ? AND filed = 0"  # noqa: S608
            f" AND state IN ({marks})",
            account,
            *values,
        )
        return sorted(int(row["id"]) for row in rows)

    def unproved(self, account: str) -> list[int]:
        """Numbers of the filed jobs whose transmission reports are to be made, oldest first."""
        rows = self._database.each(
            "SELECT id FROM jobs WHERE account = ? AND filed = 1 AND proof = 'wanted' ORDER BY id",
            account,
        )
        return [int(row["id"]) for row in rows]

    def wanted_cancelled(self, account: str, states: Iterable[JobState]) -> list[Job]:
        """Jobs that people have asked to cancel."""
        marks, values = _marks(states)
        return self._find(
            f"account = ? AND filed = 0 AND cancel = 1 AND state IN ({marks}) ORDER BY id",
            account,
            *values,
        )

    def newest(
        self,
        account: str | None = None,
        states: Iterable[JobState] = JobState,
        limit: int = 1000,
    ) -> list[Job]:
        """The newest jobs in one of the states, oldest of them first."""
        marks, values = _marks(states)
        return self._find(
            f"(? IS NULL OR account = ?) AND state IN ({marks}) ORDER BY id DESC LIMIT ?",
            account,
            account,
            *values,
            limit,
        )[::-1]

    def under_way(self, account: str) -> dict[JobState, int]:
        """Number of an account's jobs in each state that is no end."""
        rows = self._database.select(
            "SELECT state, count(*) FROM jobs WHERE account = ? AND filed = 0 GROUP BY state",
            account,
        )
        found = {JobState(state): int(number) for state, number in rows}
        return {state: number for state, number in found.items() if not state.is_end}

    def same(self, job: Job, since: datetime) -> Job | None:
        """The newest job of the same digest that was dropped before it, but not before ``since``.

        One that failed or was withdrawn does not count: dropping it again is how to try again.
        """
        found = self._find(
            "account = ? AND digest = ? AND created_at >= ? AND (? = 0 OR id < ?)"
            " AND state NOT IN ('failed', 'cancelled') ORDER BY id DESC LIMIT 1",
            job.account,
            job.digest,
            stored(since),
            job.id,
            job.id,
        )
        return found[0] if found else None

    def last_failed(self, account: str, content: str) -> Job | None:
        """The newest job with that content that came to nothing."""
        found = self._find(
            "account = ? AND content = ? AND state IN ('failed', 'cancelled')"
            " ORDER BY id DESC LIMIT 1",
            account,
            content,
        )
        return found[0] if found else None

    def accepted_since(self, account: str, since: datetime) -> list[tuple[datetime, int]]:
        """When jobs were accepted, and how many pages each had for all recipients, oldest first."""
        rows = self._database.each(
            "SELECT accepted_at, max(1, coalesce(pages, 1))"
            " * max(1, (SELECT count(*) FROM recipients WHERE job = jobs.id))"
            " FROM jobs WHERE account = ? AND accepted_at >= ? ORDER BY accepted_at",
            account,
            stored(since),
        )
        return [(datetime.fromisoformat(at), int(pages)) for at, pages in rows]

    def slips(self, account: str) -> Iterator[tuple[int, str]]:
        """The numbers and slips' names of all jobs under way; to be read to the end at once."""
        return self._slips(account, "")

    def synced_slips(self, account: str) -> set[int]:
        """The numbers of the jobs whose slips were on the disk for good."""
        return {number for number, _ in self._slips(account, " AND slip_synced = 1")}

    def _slips(self, account: str, more: str) -> Iterator[tuple[int, str]]:
        rows = self._database.each(
            "SELECT id, slip FROM jobs WHERE account = ? AND filed = 0 AND slip != ''"  # noqa: S608
            f" AND state NOT IN ('done', 'failed', 'cancelled'){more}",
            account,
        )
        for row in rows:
            yield int(row["id"]), str(row["slip"])

    def old(self, account: str, states: Iterable[JobState], before: datetime) -> list[Job]:
        """Jobs that ended before that time, and whose files are still where they were filed."""
        marks, values = _marks(states)
        return self._find(
            f"account = ? AND filed = 1 AND filed_as != '' AND state IN ({marks})"
            " AND ended_at < ? ORDER BY id LIMIT 500",
            account,
            *values,
            stored(before),
        )

    def knows_claim(self, claim: str) -> bool:
        """Whether a claim is or was that of a job, wherever it lies."""
        return bool(self._database.select("SELECT 1 FROM jobs WHERE claim = ? LIMIT 1", claim))

    def last_with_slip(self, account: str, name: str) -> Job | None:
        """The newest job whose slip had that name."""
        found = self._find("account = ? AND slip = ? ORDER BY id DESC LIMIT 1", account, name)
        return found[0] if found else None

    def is_filed(self, claim: str) -> bool:
        """Whether a claim is that of a job that is filed."""
        rows = self._database.select("SELECT filed FROM jobs WHERE claim = ?", claim)
        return bool(rows) and all(row["filed"] for row in rows)

    def try_of(self, number: int) -> Job | None:
        """The job under way that is a new try of that one."""
        found = self._find("filed = 0 AND previous = ? LIMIT 1", number)
        return found[0] if found else None

    # how

    def _first(
        self, account: str, wanted: Iterable[JobState], now: datetime, only: int | None
    ) -> Job | None:
        """The first job that is due, and is not to be cancelled."""
        # Those that fail time and again come last: they must not keep off all others. What was
        # never sent since there was no connection is not at fault, and keeps its place.
        for failing in (f"NOT {_FAILS}", _FAILS):
            # State by state, as the index has them in order: sorting all would take its time.
            first = [
                job
                for state in wanted
                for job in self._find(
                    f"account = ? AND filed = 0 AND state = ? AND cancel = 0 AND {failing}"
                    f" AND {_IS_DUE} AND (? IS NULL OR id = ?) ORDER BY id LIMIT 1",
                    account,
                    state.value,
                    *_due_by(now),
                    only,
                    only,
                )
            ]
            if first:
                return min(first, key=lambda job: job.id)
        return None

    def _change(self, job: Job, text: str, **changes: Any) -> Job:
        recipients: tuple[Recipient, ...] | None = changes.get("recipients")
        columns = {name: stored(value) for name, value in changes.items() if name != "recipients"}
        after = replace(job, **changes)
        with self._database.transaction() as db:
            if columns:
                sets = ", ".join(f"{name} = :{name}" for name in columns)
                cursor = db.execute(
                    f"UPDATE jobs SET {sets} WHERE id = :_id AND state = :_state",  # noqa: S608
                    columns | {"_id": job.id, "_state": job.state.value},
                )
                if cursor.rowcount != 1:
                    raise Changed(f"job {job.id} is not {job.state.value} any more")
            if recipients is not None:
                db.execute("DELETE FROM recipients WHERE job = ?", (job.id,))
                _insert_recipients(db, job.id, recipients)
            if text:
                _insert_event(db, after, text)
        return after

    def _find(self, where: str, *values: object) -> list[Job]:
        with self._database.patiently(-1):
            rows = self._database.select(f"SELECT * FROM jobs WHERE {where}", *values)  # noqa: S608
            return [_job(row, self._recipients(row["id"])) for row in rows]

    def _recipients(self, number: int) -> tuple[Recipient, ...]:
        rows = self._database.select(
            "SELECT * FROM recipients WHERE job = ? ORDER BY position", number
        )
        return tuple(_recipient(row) for row in rows)


def _insert(db: sqlite3.Connection, job: Job, text: str) -> Job:
    row = to_row(replace(job, recipients=()))
    del row["id"], row["recipients"]
    columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    cursor = db.execute(f"INSERT INTO jobs ({columns}) VALUES ({marks})", row)  # noqa: S608
    job = replace(job, id=cursor.lastrowid or 0)
    _insert_recipients(db, job.id, job.recipients)
    _insert_event(db, job, text)
    return job


def _insert_recipients(
    db: sqlite3.Connection, number: int, recipients: tuple[Recipient, ...]
) -> None:
    rows = [to_row(recipient) for recipient in recipients]
    db.executemany(
        "INSERT INTO recipients VALUES (:job, :position, :address, :reference, :name, :result,"
        " :station_id, :pages, :sent_at, :duration)",
        [row | {"job": number, "position": position} for position, row in enumerate(rows)],
    )


def _insert_event(db: sqlite3.Connection, job: Job, text: str) -> None:
    db.execute(
        "INSERT INTO events (job, at, state, text) VALUES (?, ?, ?, ?)",
        (job.id, stored(utc_now()), job.state.value, stored(text[:_LONGEST])),
    )


def _job(row: sqlite3.Row, recipients: tuple[Recipient, ...]) -> Job:
    values = dict(row)
    for name in _TIMES:
        values[name] = moment(values[name])
    for name in _FLAGS:
        values[name] = bool(values[name])
    for name in ("documents", "prepared", "companions", "hashes"):
        values[name] = tuple(json.loads(values[name]))
    values["steps"] = tuple(map(Step, json.loads(values["steps"])))
    values["options"] = json.loads(values["options"])
    values["kind"] = Kind(values["kind"])
    values["state"] = JobState(values["state"])
    values["proof"] = Proof(values["proof"])
    values["hold"] = None if values["hold"] is None else Hold(values["hold"])
    values["problem"] = words(values["problem"])
    del values["slip_synced"]  # of no interest but to who reads the slips
    return Job(recipients=recipients, **values)


def _recipient(row: sqlite3.Row) -> Recipient:
    values = dict(row)
    del values["job"], values["position"]
    values["sent_at"] = moment(values["sent_at"])
    return Recipient(**values)


def _due_by(now: datetime) -> tuple[str, str, str]:
    """The values of `_IS_DUE`."""
    return stored(now), stored(now + _LONGEST_WAIT), stored(now)


def _marks(states: Iterable[JobState]) -> tuple[str, list[str]]:
    values = [state.value for state in states]
    return ", ".join("?" * len(values)), values
