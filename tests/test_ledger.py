"""The record: what it acknowledged stays, and no fax takes a step that it must not."""

from __future__ import annotations

import signal
import sqlite3
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faxd.ledger import (
    SCHEMA_VERSION,
    TRANSITIONS,
    FaxState,
    Health,
    Ledger,
    LedgerError,
    Received,
)

from .places import child, disk, open_descriptors, remount

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAX = Received(
    account="123456",
    fax_id=3_000_000_001,
    sha256="ab" * 32,
    size=12345,
    pages=2,
    stated=2,
    originator="+493023125042",
    station_id="MUSTER",
    received_at=NOW,
    folder="/srv/fax/inbox",
    path="2026/a.tif",
    part="123456-0.part",
    part_folder="a-b",
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        yield ledger


def reopened(tmp_path: Path) -> list[Received]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        return [*ledger.storing(FAX.account), *ledger.received()]


def test_the_way_of_a_fax(ledger: Ledger, tmp_path: Path) -> None:
    fax = ledger.begin(FAX)
    assert fax == replace(FAX, id=1)
    assert (ledger.storing("123456"), ledger.received(), ledger.count("123456")) == ([fax], [], 0)
    fax = ledger.saved(fax, NOW)
    assert fax == replace(FAX, id=1, state=FaxState.SAVED, saved_at=NOW)
    assert (ledger.storing("123456"), ledger.received(), ledger.count("123456")) == ([], [fax], 1)
    fax = ledger.deleted(fax, NOW)
    assert (fax.state, fax.deleted_at) == (FaxState.DELETED, NOW)
    assert ledger.find("123456", FAX.fax_id, FAX.sha256) == fax
    assert reopened(tmp_path) == [fax]


#: every step from every state, and where it leads; None: it is refused
STEPS: dict[str, Callable[[Ledger, Received], object]] = {
    "saved": lambda ledger, fax: ledger.saved(fax, NOW),
    "deleted": lambda ledger, fax: ledger.deleted(fax, NOW),
    "abandon": lambda ledger, fax: ledger.abandon(fax),
    "begin": lambda ledger, fax: ledger.begin(fax),
}


@pytest.mark.parametrize(
    ("state", "step", "leads_to"),
    [
        (FaxState.STORING, "saved", FaxState.SAVED),
        (FaxState.STORING, "deleted", None),
        (FaxState.STORING, "abandon", "nothing"),
        (FaxState.STORING, "begin", None),
        (FaxState.SAVED, "saved", None),
        (FaxState.SAVED, "deleted", FaxState.DELETED),
        (FaxState.SAVED, "abandon", FaxState.SAVED),
        (FaxState.SAVED, "begin", None),
        (FaxState.DELETED, "saved", None),
        (FaxState.DELETED, "deleted", FaxState.DELETED),
        (FaxState.DELETED, "abandon", FaxState.DELETED),
        (FaxState.DELETED, "begin", None),
    ],
)
def test_transitions(
    ledger: Ledger, state: FaxState, step: str, leads_to: FaxState | str | None
) -> None:
    fax = ledger.begin(FAX)
    if state is not FaxState.STORING:
        fax = ledger.saved(fax, NOW)
    if state is FaxState.DELETED:
        fax = ledger.deleted(fax, NOW)
    if leads_to is None:
        with pytest.raises((LedgerError, sqlite3.IntegrityError)):
            STEPS[step](ledger, fax)
        leads_to = state
    else:
        STEPS[step](ledger, fax)
    found = ledger.find(FAX.account, FAX.fax_id, FAX.sha256)
    assert (found.state if found else "nothing") == leads_to


def test_the_table_of_transitions_has_every_state_but_the_first() -> None:
    assert set(TRANSITIONS) == set(FaxState) - {FaxState.STORING}


def test_a_fax_that_was_never_recorded_goes_nowhere(ledger: Ledger) -> None:
    for step in ("saved", "deleted"):
        with pytest.raises(LedgerError, match="3000000001 cannot become"):
            STEPS[step](ledger, FAX)
    assert ledger.received() == ledger.storing(FAX.account) == []


def test_same_id_other_content_or_account_is_another_fax(ledger: Ledger) -> None:
    faxes = [
        ledger.begin(FAX),
        # Its SHA-256 sorts before the first one's: the order must be that of arrival.
        ledger.begin(replace(FAX, sha256="00" * 32)),
        ledger.begin(replace(FAX, account="other")),
    ]
    assert ledger.find_id("123456", FAX.fax_id) == ledger.storing("123456") == faxes[:2]
    assert ledger.find("123456", FAX.fax_id, "11" * 32) is None
    assert ledger.find("other", FAX.fax_id, FAX.sha256) == faxes[2]


def test_the_newest_are_listed(ledger: Ledger) -> None:
    for number in range(5):
        account = "other" if number == 3 else "123456"
        ledger.saved(ledger.begin(replace(FAX, fax_id=number, account=account)), NOW)
    assert [fax.fax_id for fax in ledger.received()] == [0, 1, 2, 3, 4]
    assert [fax.fax_id for fax in ledger.received(limit=2)] == [3, 4]
    assert [fax.fax_id for fax in ledger.received("123456", limit=3)] == [1, 2, 4]
    assert [ledger.count(account) for account in ("123456", "other", "none")] == [4, 1, 0]


def test_a_tentative_copy_may_be_confirmed(ledger: Ledger) -> None:
    fax = ledger.saved(ledger.begin(replace(FAX, tentative=True, damage="cut off")), NOW)
    assert fax.tentative
    confirmed = ledger.confirm(fax)
    assert confirmed == ledger.find(FAX.account, FAX.fax_id, FAX.sha256)
    assert confirmed == replace(fax, tentative=False)


def test_times_are_kept_as_utc(ledger: Ledger, tmp_path: Path) -> None:
    east = timezone(timedelta(hours=2))
    fax = ledger.begin(replace(FAX, received_at=NOW.astimezone(east)))
    ledger.saved(fax, NOW.astimezone(east))
    (found,) = reopened(tmp_path)
    assert (found.received_at, found.saved_at) == (NOW, NOW)
    assert found.received_at.tzinfo is UTC or found.received_at.utcoffset() == timedelta(0)
    assert found.as_dict()["saved_at"] == "2026-03-01T12:00:00+00:00"


def test_what_the_office_is_told() -> None:
    facts = replace(FAX, warning="pages").as_dict()
    assert {"id", "part", "part_folder"}.isdisjoint(facts)
    assert (facts["fax_id"], facts["warning"], facts["is_arrival"]) == (FAX.fax_id, "pages", False)


@given(
    text=st.text(st.characters(codec=None, exclude_categories=())),
    fax_id=st.integers(-(2**63), 2**63 - 1),
    stated=st.integers(-(2**63), 2**63 - 1) | st.none(),
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_strangers_texts_and_numbers(
    ledger: Ledger, text: str, fax_id: int, stated: int | None
) -> None:
    fax = replace(FAX, originator=text, station_id=text, fax_id=fax_id, stated=stated)
    entry = ledger.begin(fax)
    found = ledger.find(FAX.account, fax_id, FAX.sha256)
    ledger.abandon(entry)
    assert found is not None
    assert found.originator == text.encode("utf-8", "replace").decode()
    assert (found.fax_id, found.stated) == (fax_id, stated)


@pytest.mark.parametrize("text", ["\0", "a\0b", "'; DROP TABLE received; --", "\ud800", "😀"])
def test_hostile_texts(ledger: Ledger, tmp_path: Path, text: str) -> None:
    ledger.saved(ledger.begin(replace(FAX, originator=text)), NOW)
    ledger.set_health(Health(account="123456", problem=text))
    assert reopened(tmp_path)[0].originator == text.replace("\ud800", "?")
    assert ledger.health("123456").problem == text.replace("\ud800", "?")


def test_health(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.health("123456") == Health(account="123456")
    health = Health(
        account="123456",
        last_poll=NOW,
        last_success=NOW - timedelta(days=1),
        failures=3,
        problem="wrong password",
        problem_since=NOW,
        stopped_until=NOW + timedelta(minutes=15),
    )
    ledger.set_health(replace(health, failures=2))
    ledger.set_health(health)
    ledger.set_health(Health(account="other"))
    with closing(Ledger(tmp_path / "ledger.sqlite")) as again:
        assert again.health("123456") == health


# The file


def test_it_is_private_and_durable(ledger: Ledger, tmp_path: Path) -> None:
    ledger.begin(FAX)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert ledger._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert ledger._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_newer_one_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger._db.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    ledger.close()
    before = open_descriptors()
    with pytest.raises(LedgerError, match=rf"newer faxd \(schema {SCHEMA_VERSION + 1}, this one"):
        Ledger(path)
    path.write_bytes(b"no database, but long enough to have a header of a hundred bytes" * 10)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        Ledger(path)
    with pytest.raises(OSError):
        Ledger(tmp_path / "gone" / "ledger.sqlite")
    assert open_descriptors() == before


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=400k") as folder:
        ledger = Ledger(folder / "ledger.sqlite")
        acknowledged = []
        with pytest.raises(sqlite3.OperationalError, match="full"):
            for number in range(1000):
                acknowledged.append(ledger.begin(replace(FAX, fax_id=number, originator="x" * 999)))
        assert ledger.storing(FAX.account) == acknowledged
        # Once there is room again it goes on by itself.
        remount(folder, "size=2m")
        ledger.abandon(acknowledged[0])
        ledger.close()


def test_a_refused_step_changes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    fax = ledger.begin(FAX)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as other:
        other.execute(
            "CREATE TRIGGER no BEFORE UPDATE ON received BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        with pytest.raises(sqlite3.IntegrityError):
            ledger.saved(fax, NOW)
        assert ledger.storing(FAX.account) == [fax]
        other.execute("DROP TRIGGER no")
    assert ledger.saved(fax, NOW).state is FaxState.SAVED


# Others beside it

WRITER = """if True:
    import sys
    from dataclasses import replace
    from datetime import UTC, datetime
    from pathlib import Path
    from faxd.ledger import Ledger
    from tests.test_ledger import FAX, NOW
    ledger = Ledger(Path(sys.argv[1]) / "ledger.sqlite")
    for number in range(int(sys.argv[2]), int(sys.argv[3])):
        ledger.saved(ledger.begin(replace(FAX, fax_id=number)), NOW)
        print(number, flush=True)
    """


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    with child(WRITER, tmp_path, 0, 1_000_000) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(30)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    acknowledged = [int(line) for line in lines if line.endswith("\n")]
    saved = [fax.fax_id for fax in reopened(tmp_path) if fax.state is FaxState.SAVED]
    assert saved[: len(acknowledged)] == acknowledged
    assert len(saved) <= len(acknowledged) + 2


def test_several_processes(tmp_path: Path) -> None:
    processes = [child(WRITER, tmp_path, begin, begin + 20) for begin in (0, 100, 200)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    printed = sorted(int(line) for output in outputs for line in output.split())
    assert sorted(fax.fax_id for fax in reopened(tmp_path)) == printed
    assert len(printed) == 60


def test_several_threads(ledger: Ledger) -> None:
    def work(number: int) -> Any:
        fax = ledger.begin(replace(FAX, fax_id=number))
        ledger.set_health(Health(account=str(number % 3), failures=number))
        return ledger.deleted(ledger.saved(fax, NOW), NOW)

    with ThreadPoolExecutor(8) as pool:
        faxes = list(pool.map(work, range(80)))
    assert {fax.id for fax in faxes} == set(range(1, 81))
    assert sorted(ledger.received(), key=lambda fax: fax.id) == sorted(faxes, key=lambda f: f.id)
