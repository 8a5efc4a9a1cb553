"""The journal: whatever came or went is in it once, and whoever changes it is found out."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from faxd.cli import main
from faxd.job import Job, JobState, Recipient
from faxd.ledger import SCHEMA_VERSION, Ledger, Received
from faxd.ledger import database as database_module

from .test_jobs import JOB
from .test_ledger import FAX, NOW

ACCOUNT = FAX.account
SCHULZ = Recipient(address="+4930654321", name="Schulz", result="Busy")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        yield ledger


def receive(ledger: Ledger, fax_id: int = 1, **changes: object) -> Received:
    return ledger.saved(ledger.begin(replace(FAX, fax_id=fax_id, **changes)), datetime.now(UTC))  # type: ignore[arg-type]


def send(ledger: Ledger, *recipients: Recipient) -> Job:
    (job,) = ledger.jobs.add([replace(JOB, recipients=recipients, hashes=("ef" * 32,))])
    job = ledger.jobs.move(job, JobState.SENDING, "")
    job = ledger.jobs.move(job, JobState.ACCEPTED, "", job_id=7, accepted_at=NOW)
    job = ledger.jobs.move(job, JobState.DONE, "", ended_at=NOW, filed_as="2026-11-24 Befund")
    return ledger.jobs.filed(job)


def problems(ledger: Ledger) -> tuple[str, ...]:
    return ledger.journal.verify(ACCOUNT).problems


def tamper(ledger: Ledger, statement: str, *values: object) -> None:
    with ledger.transaction() as db:
        db.execute(statement, values)


# what is entered


def test_a_fax_is_entered_when_it_is_durable(ledger: Ledger) -> None:
    fax = ledger.begin(FAX)
    assert list(ledger.journal.entries()) == []
    fax = ledger.saved(fax, NOW)
    (entry,) = ledger.journal.entries()
    assert (entry.account, entry.number, entry.record) == (ACCOUNT, 1, f"fax {fax.id}")
    assert entry.facts == {
        "direction": "in",
        "kind": "fax",
        "at": NOW.isoformat(),
        "saved_at": NOW.isoformat(),
        "who": FAX.originator,
        "name": FAX.station_id,
        "reference": str(FAX.fax_id),
        "pages": 2,
        "result": "received",
        "file": f"{FAX.folder}/{FAX.path}",
        "sha256": [FAX.sha256],
        "size": FAX.size,
    }


def test_a_job_is_entered_once_for_each_recipient_when_it_is_filed(ledger: Ledger) -> None:
    sent_at = NOW + timedelta(minutes=3)
    meier = replace(JOB.recipients[0], result="OK", pages=3, sent_at=sent_at)
    job = send(ledger, meier, SCHULZ)
    ledger.jobs.filed(replace(job, filed=False))  # as after a power cut
    first, second = ledger.journal.entries()
    assert (first.record, second.record) == (f"job {job.id}/0", f"job {job.id}/1")
    assert first.facts == {
        "direction": "out",
        "kind": "fax",
        "at": sent_at.isoformat(),
        "taken_at": JOB.created_at.isoformat(),
        "accepted_at": NOW.isoformat(),
        "who": "+4940123456",
        "name": "Praxis Dr. Meier",
        "reference": "RE-4711",
        "pages": 3,
        "result": "OK",
        "file": "2026-11-24 Befund",
        "sha256": ["ef" * 32],
        "size": JOB.size,
    }
    assert (second.facts["result"], second.facts["who"]) == ("Busy", "+4930654321")
    assert problems(ledger) == ()


def test_what_never_had_a_recipient_is_entered_too(ledger: Ledger) -> None:
    (job,) = ledger.jobs.add([replace(JOB, recipients=())])
    job = ledger.jobs.move(job, JobState.FAILED, "", ended_at=NOW)
    ledger.jobs.filed(job)
    (entry,) = ledger.journal.entries()
    assert (entry.record, entry.facts["result"]) == (f"job {job.id}/0", "failed")


def test_each_account_has_its_chain(ledger: Ledger) -> None:
    for fax_id in range(1, 4):
        receive(ledger, fax_id)
        receive(ledger, fax_id, account="other")
    tamper(ledger, "UPDATE journal SET facts = '{}' WHERE account = 'other' AND number = 2")
    assert ledger.journal.accounts() == [ACCOUNT, "other"]
    assert ledger.journal.verify(ACCOUNT).entries == 3
    assert problems(ledger) == ()
    assert ledger.journal.verify("other").problems == ("entry 2 (fax 4) was changed",)


def test_times_choose(ledger: Ledger) -> None:
    for day in range(5):
        receive(ledger, day + 1, received_at=NOW + timedelta(days=day))
    found = ledger.journal.entries(ACCOUNT, NOW + timedelta(days=1), NOW + timedelta(days=3))
    assert [entry.number for entry in found] == [2, 3]


def test_more_than_are_read_at_a_time(ledger: Ledger) -> None:
    with ledger.transaction():
        for fax_id in range(1, 1203):
            receive(ledger, fax_id)
    assert [entry.number for entry in ledger.journal.entries()] == list(range(1, 1203))


def test_what_is_new(ledger: Ledger) -> None:
    with ledger.transaction():
        for fax_id in range(1, 601):
            receive(ledger, fax_id)
    place, found = ledger.journal.newer(0)
    assert [entry.number for entry in found] == list(range(1, 501))
    place, found = ledger.journal.newer(place)
    assert len(found) == 100
    assert ledger.journal.newer(place) == (place, [])
    assert ledger.journal.newer(-1) == (place, [])
    receive(ledger, 700)
    _, (entry,) = ledger.journal.newer(place)
    assert entry.number == 601


# what verify finds


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE journal SET facts = replace(facts, '2,', '9,') WHERE number = 3", "entry 3"),
        ("UPDATE journal SET at = '2020' WHERE number = 3", "entry 3 (fax 3) was changed"),
        ("UPDATE journal SET entered_at = '2020' WHERE number = 3", "entry 3 (fax 3) was changed"),
        ("UPDATE journal SET record = 'fax 99' WHERE number = 3", "entry 3 (fax 99) was changed"),
        ("UPDATE journal SET hash = 'ab' WHERE number = 3", "entry 3 (fax 3) was changed"),
        ("UPDATE journal SET facts = 'noise' WHERE number = 3", "entry 3 (fax 3) was changed"),
        ("UPDATE journal SET account = 'x' WHERE number = 3", "entry 3 is missing"),
        ("DELETE FROM journal WHERE number = 1", "entry 1 is missing"),
        ("DELETE FROM journal WHERE number IN (3, 4)", "entries 3 to 4 are missing"),
        ("DELETE FROM journal WHERE number = 5", "entry 5 is missing"),
        ("DELETE FROM journal", "entries 1 to 5 are missing"),
        ("DELETE FROM journal WHERE number = 2", "fax 2 has no entry"),
        ("UPDATE chains SET last = 'ab'", "the last entry is not the one that was noted"),
    ],
)
def test_what_was_done_to_it_is_found(ledger: Ledger, statement: str, found: str) -> None:
    for fax_id in range(1, 6):
        receive(ledger, fax_id)
    assert problems(ledger) == ()
    tamper(ledger, statement)
    assert any(problem.startswith(found) for problem in problems(ledger)), problems(ledger)


@settings(max_examples=60, deadline=None)
@given(
    entries=st.integers(1, 12),
    removed=st.sets(st.integers(1, 12)),
    changed=st.sets(st.integers(1, 12)),
)
def test_nothing_is_changed_or_removed_unseen(
    tmp_path_factory: pytest.TempPathFactory, entries: int, removed: set[int], changed: set[int]
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    with closing(Ledger(path)) as ledger:
        for fax_id in range(1, entries + 1):
            receive(ledger, fax_id)
        for number in removed:
            tamper(ledger, "DELETE FROM journal WHERE number = ?", number)
        for number in changed:
            tamper(ledger, "UPDATE journal SET facts = facts || ' ' WHERE number = ?", number)
        real = range(1, entries + 1)
        assert bool(problems(ledger)) == any(each in real for each in removed | changed)


def test_old_entries_may_go(ledger: Ledger) -> None:
    for fax_id in range(1, 4):
        receive(ledger, fax_id)
    between = datetime.now(UTC)
    receive(ledger, 4)
    ledger.jobs.forget(ACCOUNT, between)
    assert [entry.number for entry in ledger.journal.entries()] == [4]
    verdict = ledger.journal.verify(ACCOUNT)
    assert (verdict.entries, verdict.problems) == (1, ())
    receive(ledger, 5)
    ledger.jobs.forget(ACCOUNT, datetime.now(UTC))
    assert ledger.journal.verify(ACCOUNT).problems == ()
    receive(ledger, 6)
    assert [entry.number for entry in ledger.journal.entries()] == [6]
    assert problems(ledger) == ()


# a ledger of before


def test_an_upgrade_keeps_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite"
    with monkeypatch.context() as older:
        older.setattr(database_module, "SCHEMA_VERSION", SCHEMA_VERSION - 1)
        older.setattr(database_module, "_VERSIONS", database_module._VERSIONS[:-1])
        with closing(Ledger(path)) as ledger:
            ledger.begin(FAX)
    with closing(Ledger(path)) as ledger:
        receive(ledger, 2)
        assert problems(ledger) == ()
        copy = tmp_path / f"ledger.sqlite.version-{SCHEMA_VERSION - 1}"
        assert copy.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(copy)) as old:
            assert old.execute("SELECT fax_id FROM received").fetchall() == [(FAX.fax_id,)]
            assert old.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION - 1,)
            assert old.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    names = {each.name for each in tmp_path.iterdir()}
    assert names == {"ledger.sqlite", copy.name}


# the command


CONFIG = """\
state_dir = "{state}"
timezone = "Europe/Berlin"
[[accounts]]
name = "praxis"
account = "{account}"
password_env = "FAXD_TEST"
inbox = "{state}/inbox"
"""


@pytest.fixture
def config(ledger: Ledger, tmp_path: Path) -> Path:
    # Half past eleven in the evening of the 28th in UTC is the 1st of March in Berlin.
    receive(ledger, 1, received_at=datetime(2026, 2, 28, 22, 30, tzinfo=UTC))
    receive(ledger, 2, received_at=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    hostile = '=HYPERLINK("http://x")'
    receive(ledger, 3, received_at=datetime(2026, 3, 2, 9, tzinfo=UTC), station_id=hostile)
    send(ledger, replace(JOB.recipients[0], result="OK", sent_at=NOW))
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(state=tmp_path, account=ACCOUNT))
    return path


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["journal", "-c", str(config), *arguments])


def test_the_days_are_the_offices(config: Path) -> None:
    result = run(config, "--from", "2026-03-01", "--to", "2026-03-01", "--json")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["record"] for each in found] == ["fax 2", "job 1/0"]
    assert result.exit_code == 0


def test_as_csv_no_cell_is_a_formula(config: Path) -> None:
    result = run(config, "--csv")
    text = result.stdout_bytes.decode()
    assert text.startswith("\ufeffentry,account,direction")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row["when"] for row in rows][:2] == ["2026-02-28 23:30:00", "2026-03-01 00:30:00"]
    assert rows[2]["name"] == '\'=HYPERLINK("http://x")'
    assert (rows[3]["number"], rows[3]["account"]) == ("+4940123456", "praxis")
    assert rows[0]["sha256"] == FAX.sha256


def test_as_a_table(config: Path) -> None:
    result = run(config, "praxis")
    head, *rows = result.stdout.splitlines()
    assert head.split()[:4] == ["entry", "account", "direction", "kind"]
    assert len(rows) == 4


def test_verify_says_what_is_wrong_by_its_exit_status_too(config: Path, ledger: Ledger) -> None:
    good = run(config, "--verify")
    assert (good.exit_code, "praxis: 4 entries, unbroken" in good.stdout) == (0, True)
    tamper(ledger, "UPDATE journal SET facts = replace(facts, 'OK', 'Ok')")
    bad = run(config, "--verify")
    assert bad.exit_code == 1
    assert "entry 4 (job 1/0) was changed" in bad.stdout


@pytest.mark.parametrize("arguments", [("--csv", "--json"), ("--from", "gestern"), ("nobody",)])
def test_what_cannot_be_asked(config: Path, arguments: tuple[str, ...]) -> None:
    assert run(config, *arguments).exit_code != 0
