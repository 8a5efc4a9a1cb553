"""The record of jobs: every step that is allowed and no other, each whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faxd.job import TRANSITIONS, Hold, Job, JobState, Kind, Recipient
from faxd.ledger import SCHEMA_VERSION, Changed, Health, Ledger, LedgerError, Queue
from faxd.ledger import database as database_module
from faxd.words import Words

from .places import child

ACCOUNT = "123456"
NOW = datetime(2026, 11, 24, 8, 15, 30, tzinfo=UTC)
MEIER = Recipient(address="+4940123456", reference="RE-4711", name="Praxis Dr. Meier")
JOB = Job(
    account=ACCOUNT,
    kind=Kind.FAX,
    recipients=(MEIER,),
    documents=("Befund.pdf",),
    companions=("Befund.pdf.toml",),
    options={"station_id": "Praxis", "retries": 2, "flash": False},
    title="Befund",
    source="fax/Befund.pdf",
    folder="/srv/fax/outbox",
    claim="m-1",
    digest="ab" * 32,
    content="cd" * 32,
    size=12345,
    secret="0f" * 16,
    created_at=NOW,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        yield ledger


def put(ledger: Ledger, **changes: Any) -> Job:
    (job,) = ledger.jobs.add([replace(JOB, **changes)])
    return job


def found(job: Job | None) -> Job:
    assert job is not None
    return job


# what is kept


def test_everything_is_kept(ledger: Ledger, tmp_path: Path) -> None:
    """Every field, also over a restart."""
    job = put(
        ledger,
        state=JobState.HELD,
        kind=Kind.LETTER_COLOR,
        by_list=True,
        text="Grüße\n\u2028",
        at=NOW + timedelta(days=1),
        doubt=True,
        hold=Hold.SAME,
        problem=Words("ä", "a"),
        tries=3,
        repeats=2,
        job_id=70_000_001,
        pages=4,
        looks=5,
        cancel=True,
        previous=7,
        slip="Befund.txt",
        due_at=NOW,
        failing_since=NOW,
        accepted_at=NOW,
        protocol=b"\x00\xff",
        recipients=(
            replace(MEIER, result="Busy", station_id="X", pages=1, sent_at=NOW, duration=19),
            Recipient(address="b@example.org"),
        ),
    )
    assert ledger.jobs.get(job.id) == job
    with closing(Ledger(tmp_path / "ledger.sqlite")) as again:
        assert again.jobs.get(job.id) == job
        assert [event.text for event in again.jobs.history(job.id)] == ["taken from the outbox"]


texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    title=texts,
    text=texts,
    address=texts,
    option=texts,
    problem=texts,
    protocol=st.binary(max_size=50),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_whatever_strangers_write(
    ledger: Ledger,
    title: str,
    text: str,
    address: str,
    option: str,
    problem: str,
    protocol: bytes,
    at: datetime | None,
) -> None:
    """Also what is no Unicode: it is kept, or as well as can be."""
    job = put(
        ledger,
        title=title,
        text=text,
        recipients=(Recipient(address=address),),
        options={"header": option},
        problem=Words(problem, problem),
        protocol=protocol,
        at=at,
    )
    kept = found(ledger.jobs.get(job.id))
    assert (kept.protocol, kept.at, kept.options) == (protocol, at, {"header": option})
    assert kept.problem == Words(problem, problem)
    if not any("\ud800" <= char <= "\udfff" for char in title + text + address):
        assert (kept.title, kept.text, kept.recipients[0].address) == (title, text, address)


def test_a_number_is_never_used_again(ledger: Ledger) -> None:
    for number in (1, 2):
        job = put(ledger, state=JobState.FAILED, ended_at=NOW)
        assert job.id == number
        ledger.jobs.filed(job)
        ledger.jobs.forget(ACCOUNT, NOW + timedelta(days=1))
    assert ledger.jobs.get(1) is None and ledger.jobs.history(1) == []


def test_all_of_a_drop_or_none(ledger: Ledger) -> None:
    with pytest.raises(sqlite3.Error):
        ledger.jobs.add([JOB, replace(JOB, title=None)])  # type: ignore[arg-type]
    assert ledger.jobs.open(ACCOUNT) == []


# states


@pytest.mark.parametrize("before", JobState)
@pytest.mark.parametrize("after", JobState)
def test_transitions(ledger: Ledger, before: JobState, after: JobState) -> None:
    """Only what the table allows; each leaves a line of history, a refused one nothing."""
    job = put(ledger, state=before)
    if after in TRANSITIONS[before]:
        moved = ledger.jobs.move(job, after, "because", due_at=NOW)
        assert moved == replace(job, state=after, due_at=NOW) == ledger.jobs.get(job.id)
        assert [(one.state, one.text) for one in ledger.jobs.history(job.id)] == [
            (before, "taken from the outbox"),
            (after, "because"),
        ]
        return
    with pytest.raises(LedgerError, match=f"cannot go from {before.value} to {after.value}"):
        ledger.jobs.move(job, after, "because")
    assert ledger.jobs.get(job.id) == job and len(ledger.jobs.history(job.id)) == 1


def test_every_state_leads_to_an_end() -> None:
    """Nothing can wait for ever in the table itself."""
    for state in JobState:
        seen, left = {state}, [state]
        while left:
            for after in TRANSITIONS[left.pop()] - seen:
                seen.add(after)
                left.append(after)
        assert any(one.is_end for one in seen)
        assert state.is_end is (not TRANSITIONS[state])


def test_who_comes_second_is_told(ledger: Ledger) -> None:
    job = put(ledger)
    ledger.jobs.move(job, JobState.HELD, "held")
    for late in (JobState.SENDING, JobState.CANCELLED):
        with pytest.raises(Changed, match="not waiting any more"):
            ledger.jobs.move(job, late, "late", recipients=())
    with pytest.raises(Changed):
        ledger.jobs.note(job, tries=99)
    kept = found(ledger.jobs.get(job.id))
    assert (kept.state, kept.tries, kept.recipients) == (JobState.HELD, 0, (MEIER,))
    assert [event.text for event in ledger.jobs.history(job.id)][1:] == ["held"]


def test_recipients_change_with_the_state_or_not_at_all(ledger: Ledger) -> None:
    job = put(ledger, state=JobState.ACCEPTED)
    ok = replace(MEIER, result="OK")
    moved = ledger.jobs.move(job, JobState.DONE, "through", recipients=(ok,), protocol=b"csv")
    assert ledger.jobs.get(job.id) == moved and moved.recipients == (ok,)
    filed = ledger.jobs.filed(moved)
    assert (filed.filed, filed.protocol) == (True, b""), "the protocol lies in a file now"
    assert ledger.jobs.get(job.id) == filed


def test_a_long_line_of_history_is_cut(ledger: Ledger) -> None:
    job = ledger.jobs.note(put(ledger), "x" * 10_000)
    assert len(ledger.jobs.history(job.id)[-1].text) == 500


# the next one


def test_start_takes_the_first_that_is_due(ledger: Ledger) -> None:
    later = put(ledger, due_at=NOW + timedelta(seconds=1))
    wanted_no_more = put(ledger)
    ledger.jobs.ask_to_cancel(wanted_no_more.id)
    other = put(ledger, account="654321")
    first, second = put(ledger, due_at=NOW), put(ledger, state=JobState.UNCERTAIN)
    sendable = (JobState.WAITING, JobState.UNCERTAIN)
    taken = [ledger.jobs.start(ACCOUNT, NOW, sendable) for _ in range(3)]
    assert [job and job.id for job in taken] == [first.id, second.id, None]
    assert found(taken[0]) == replace(first, state=JobState.SENDING, tries=1, due_at=None)
    assert ledger.jobs.next_due(ACCOUNT, sendable) == later.due_at
    assert found(ledger.jobs.start(ACCOUNT, NOW + timedelta(seconds=1), sendable)).id == later.id
    assert ledger.jobs.next_due(ACCOUNT, sendable) is None, "the cancelled one is not waited for"
    assert found(ledger.jobs.start("654321", NOW, sendable)).id == other.id


def test_only_a_certain_one(ledger: Ledger) -> None:
    first, second = put(ledger), put(ledger)
    assert found(ledger.jobs.start(ACCOUNT, NOW, (JobState.WAITING,), second.id)).id == second.id
    assert ledger.jobs.start(ACCOUNT, NOW, (JobState.WAITING,), second.id) is None
    assert found(ledger.jobs.get(first.id)).state is JobState.WAITING


def test_nobody_gets_the_same_one(ledger: Ledger, tmp_path: Path) -> None:
    """Four lanes of the daemon, and a command beside it."""
    ledger.jobs.add([JOB] * 60)
    with closing(Ledger(tmp_path / "ledger.sqlite")) as other, ThreadPoolExecutor(5) as pool:

        def take(number: int) -> list[int]:
            jobs, found = (other if number == 4 else ledger).jobs, []
            while job := jobs.start(ACCOUNT, NOW, (JobState.WAITING,)):
                found.append(job.id)
            return found

        taken = list(pool.map(take, range(5)))
    assert sorted(number for one in taken for number in one) == list(range(1, 61))
    assert all(one == sorted(one) for one in taken)


def test_due_and_held(ledger: Ledger) -> None:
    ready = put(ledger, state=JobState.ACCEPTED, due_at=NOW - timedelta(1))
    put(ledger, state=JobState.ACCEPTED, due_at=NOW + timedelta(1))
    at_once = put(ledger, state=JobState.ACCEPTED)
    due = ledger.jobs.due(ACCOUNT, (JobState.ACCEPTED,), NOW, limit=9)
    assert [job.id for job in due] == [ready.id, at_once.id]
    assert len(ledger.jobs.due(ACCOUNT, (JobState.ACCEPTED,), NOW, limit=1)) == 1
    asked = put(ledger, state=JobState.HELD, hold=Hold.SAME)
    guarded = put(ledger, state=JobState.HELD, hold=Hold.GUARD, due_at=NOW)
    assert [job.id for job in ledger.jobs.held(ACCOUNT, Hold.GUARD, 5)] == [guarded.id]
    assert [job.id for job in ledger.jobs.held(ACCOUNT, Hold.SAME, 5)] == [asked.id]


# questions


@pytest.mark.parametrize("state", JobState)
def test_cancelling_can_be_asked_for_until_the_end(ledger: Ledger, state: JobState) -> None:
    job = put(ledger, state=state)
    assert ledger.jobs.ask_to_cancel(job.id) is not state.is_end
    wanted = ledger.jobs.wanted_cancelled(ACCOUNT, JobState)
    assert [one.id for one in wanted] == ([] if state.is_end else [job.id])
    assert not ledger.jobs.ask_to_cancel(999)


@pytest.mark.parametrize("state", JobState)
def test_what_is_the_same(ledger: Ledger, state: JobState) -> None:
    """What failed or was withdrawn is no reason to ask."""
    job = put(ledger, state=state)
    ask = replace(JOB, created_at=NOW + timedelta(minutes=5))
    same = ledger.jobs.same(ask, NOW)
    assert same == (None if state in {JobState.FAILED, JobState.CANCELLED} else job)
    assert ledger.jobs.same(ask, NOW + timedelta(seconds=1)) is None
    assert ledger.jobs.same(replace(ask, digest="other"), NOW) is None
    assert ledger.jobs.same(replace(ask, account="654321"), NOW) is None
    assert ledger.jobs.same(job, NOW) is None, "it is not the same as itself"


def test_the_old_try(ledger: Ledger) -> None:
    put(ledger, state=JobState.FAILED)
    newest = put(ledger, state=JobState.CANCELLED)
    put(ledger, state=JobState.DONE)
    assert ledger.jobs.last_failed(ACCOUNT, JOB.content) == newest
    assert ledger.jobs.last_failed(ACCOUNT, "other") is None
    assert ledger.jobs.last_failed("654321", JOB.content) is None


def test_what_was_accepted_lately(ledger: Ledger) -> None:
    """For the guard: pages for all recipients, one at least."""
    put(ledger, state=JobState.DONE, accepted_at=NOW, pages=3, recipients=(MEIER, MEIER))
    put(ledger, state=JobState.ACCEPTED, accepted_at=NOW - timedelta(hours=1))
    put(ledger, state=JobState.ACCEPTED, accepted_at=NOW - timedelta(days=2), pages=9)
    put(ledger)
    assert ledger.jobs.accepted_since(ACCOUNT, NOW - timedelta(days=1)) == [
        (NOW - timedelta(hours=1), 1),
        (NOW, 6),
    ]


def test_slips_of_what_is_under_way(ledger: Ledger) -> None:
    job, ended = put(ledger), put(ledger, state=JobState.FAILED, slip="b.txt")
    put(ledger)
    ledger.jobs.set_slip(job.id, "a.txt")
    assert dict(ledger.jobs.slips(ACCOUNT)) == {job.id: "a.txt"}
    assert found(ledger.jobs.get(ended.id)).slip == "b.txt"


def test_a_secret_wakes_its_job(ledger: Ledger) -> None:
    waiting = put(ledger)
    assert ledger.jobs.look_now(JOB.secret) is None
    job = put(ledger, state=JobState.ACCEPTED, due_at=NOW + timedelta(days=1000))
    woken = found(ledger.jobs.look_now(JOB.secret))
    assert woken.id == job.id and woken.due_at is not None and woken.due_at <= datetime.now(UTC)
    assert ledger.jobs.look_now("") is None and ledger.jobs.look_now("other") is None
    put(ledger, state=JobState.ACCEPTED, secret="")
    assert ledger.jobs.look_now("") is None
    assert found(ledger.jobs.get(waiting.id)) == waiting


def test_counts_and_lists(ledger: Ledger) -> None:
    jobs = [put(ledger, state=state) for state in (JobState.WAITING, JobState.DONE)]
    jobs.append(put(ledger, account="654321"))
    assert ledger.jobs.under_way(ACCOUNT) == {JobState.WAITING: 1}
    assert ledger.jobs.newest() == jobs
    assert ledger.jobs.newest(limit=2) == jobs[1:]
    assert ledger.jobs.newest(ACCOUNT, (JobState.DONE,)) == [jobs[1]]
    assert ledger.jobs.knows_claim(JOB.claim) and not ledger.jobs.knows_claim("m-2")
    assert ledger.jobs.open(ACCOUNT, limit=1) == jobs[:1]


def test_what_is_old(ledger: Ledger) -> None:
    old = NOW - timedelta(days=30)
    filed = [
        ledger.jobs.filed(put(ledger, state=state, filed_as="a", ended_at=old))
        for state in (JobState.DONE, JobState.FAILED)
    ]
    put(ledger, state=JobState.DONE, filed_as="b", ended_at=old)  # not yet filed
    ledger.jobs.filed(put(ledger, state=JobState.DONE, filed_as="c", ended_at=NOW))
    before = NOW - timedelta(days=1)
    assert ledger.jobs.old(ACCOUNT, (JobState.DONE,), before) == filed[:1]
    ledger.jobs.removed(filed[0])
    assert ledger.jobs.old(ACCOUNT, (JobState.DONE,), before) == []
    assert ledger.jobs.forget(ACCOUNT, before) == 2
    assert len(ledger.jobs.newest()) == 2
    with closing(sqlite3.connect(ledger._db.execute("PRAGMA database_list").fetchone()[2])) as db:
        assert db.execute("SELECT count(*) FROM recipients").fetchone() == (2,)


# durability


def test_what_is_recorded_survives_a_kill(tmp_path: Path) -> None:
    """A process that is killed at once after `start` has recorded it."""
    path = tmp_path / "ledger.sqlite"
    with closing(Ledger(path)) as ledger:
        put(ledger)
    code = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from faxd.job import JobState
from faxd.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
ledger.jobs.start("123456", datetime.now(UTC), (JobState.WAITING,))
os.kill(os.getpid(), 9)
"""
    process = child(code, path)
    assert process.wait() == -9
    with closing(Ledger(path)) as ledger:
        assert found(ledger.jobs.get(1)).state is JobState.SENDING


@pytest.mark.parametrize(
    ("step", "level"),
    [
        ("set_slip", 1),
        ("filed", 1),
        ("removed", 1),
        ("move", 2),
        ("start", 2),
        ("ask_to_cancel", 2),
    ],
)
def test_what_is_synced(ledger: Ledger, step: str, level: int) -> None:
    """What costs nothing to lose is not; all else is. 2: FULL, 1: NORMAL."""
    job = put(ledger, state=JobState.WAITING)
    done = put(ledger, state=JobState.DONE)
    seen = []

    def note(statement: str) -> None:
        if statement.startswith(("UPDATE", "COMMIT")):
            seen.append(levels[-1])
        if "synchronous=" in statement:
            levels.append(2 if "FULL" in statement else 1)

    levels = [2]
    ledger._db.set_trace_callback(note)
    steps = {
        "set_slip": lambda: ledger.jobs.set_slip(job.id, "a.txt"),
        "filed": lambda: ledger.jobs.filed(done),
        "removed": lambda: ledger.jobs.removed(done),
        "move": lambda: ledger.jobs.move(job, JobState.HELD, "held"),
        "start": lambda: ledger.jobs.start(ACCOUNT, NOW, (JobState.WAITING,)),
        "ask_to_cancel": lambda: ledger.jobs.ask_to_cancel(job.id),
    }
    steps[step]()
    ledger._db.set_trace_callback(None)
    assert set(seen) == {level}
    assert ledger._db.execute("PRAGMA synchronous").fetchone()[0] == 2


# queues


def test_a_queue(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.queue(ACCOUNT) == Queue(account=ACCOUNT)
    queue = Queue(
        account=ACCOUNT,
        problem=Words("Passwort ungültig", "wrong password"),
        problem_since=NOW,
        failures=3,
        paused_until=NOW + timedelta(minutes=15),
        is_stopped=True,
        last_success=NOW - timedelta(days=1),
    )
    ledger.set_queue(queue)
    ledger.set_health(Health(account=ACCOUNT, problem="another thing"))
    assert ledger.queue(ACCOUNT) == queue and ledger.queue("654321") == Queue(account="654321")
    with closing(Ledger(tmp_path / "ledger.sqlite")) as again:
        assert again.queue(ACCOUNT) == queue
    ledger.set_queue(Queue(account=ACCOUNT))
    assert ledger.queue(ACCOUNT) == Queue(account=ACCOUNT)


def test_facts(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.fact("a", "first") == ledger.fact("a", "second") == "first"
    ledger.set_fact("a", "third")
    with closing(Ledger(tmp_path / "ledger.sqlite")) as again:
        assert again.fact("a", "") == "third" and again.identity == ledger.identity


# a ledger of the first version


def first_version(path: Path) -> None:
    """A ledger as the faxd that only received has left it."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        for statement in database_module._VERSIONS[0]:
            db.execute(statement)
        db.execute("PRAGMA user_version=1")
        db.execute(
            "INSERT INTO received VALUES (1, ?, 3000000001, 'ab', 12345, 2, 2, '+493023125042',"
            " 'MUSTER', ?, 0, NULL, NULL, 0, '/srv/fax/inbox', 'a.tif', 'p', 'f',"
            " 'saved', ?, NULL)",
            (ACCOUNT, NOW.isoformat(), NOW.isoformat()),
        )
        db.execute(
            "INSERT INTO accounts VALUES (?, ?, ?, 2, 'no connection', ?, NULL)",
            (ACCOUNT, NOW.isoformat(), NOW.isoformat(), NOW.isoformat()),
        )
        db.commit()


def test_a_first_ledger_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first_version(path)
    with closing(Ledger(path)) as ledger:
        (fax,) = ledger.received(ACCOUNT)
        assert (fax.fax_id, fax.path, fax.received_at) == (3_000_000_001, "a.tif", NOW)
        assert ledger.health(ACCOUNT) == Health(
            account=ACCOUNT,
            last_poll=NOW,
            last_success=NOW,
            failures=2,
            problem="no connection",
            problem_since=NOW,
        )
        assert ledger.jobs.newest() == [] and ledger.queue(ACCOUNT) == Queue(account=ACCOUNT)
        job = put(ledger)
        identity = ledger.identity
    with closing(Ledger(path)) as ledger:
        assert ledger.jobs.get(job.id) == job and ledger.identity == identity
        assert ledger.count(ACCOUNT) == 1
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_migration_that_fails_leaves_the_old_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    first_version(path)
    broken = (*database_module._VERSIONS, ("CREATE NONSENSE",))
    monkeypatch.setattr(database_module, "_VERSIONS", broken)
    with pytest.raises(sqlite3.OperationalError):
        Ledger(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    assert "jobs" not in tables and "received" in tables
    monkeypatch.undo()
    with closing(Ledger(path)) as ledger:
        assert ledger.count(ACCOUNT) == 1


def test_the_schema_is_the_same_either_way(tmp_path: Path) -> None:
    first_version(tmp_path / "old.sqlite")
    schemas = []
    for name in ("old.sqlite", "new.sqlite"):
        Ledger(tmp_path / name).close()
        with closing(sqlite3.connect(tmp_path / name)) as db:
            schemas.append(set(db.execute("SELECT type, name, sql FROM sqlite_master")))
    assert schemas[0] == schemas[1]
