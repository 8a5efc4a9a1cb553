"""A ledger that is removed, cut off or overwritten: nothing is lost, doubled or sent on a guess."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from faxd.simulator import Simulator

from .site import Site, wait_until

pytestmark = pytest.mark.timeout(150)

NUMBER = "040 123456"
WAYS = ["removed", "empty", "cut off", "noise", "no header", "spoilt pages"]


def spoil(path: Path, way: str) -> None:
    """What people, disks and file systems do to a file."""
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    data = bytearray(path.read_bytes())
    match way:
        case "removed":
            path.unlink()
            return
        case "empty":
            data.clear()
        case "cut off":
            del data[len(data) // 2 :]
        case "noise":
            data[:] = random.Random(1).randbytes(len(data))
        case "no header":
            data[:100] = bytes(100)
        case _:
            for page in range(1, len(data) // 4096):
                data[page * 4096 : page * 4096 + 64] = random.Random(page).randbytes(64)
    path.write_bytes(data)


@pytest.fixture
def office(tmp_path: Path, server: Simulator) -> Site:
    server.rules.job_seconds = 600
    return Site(tmp_path, server, send="settle = 0.2\n")


@pytest.mark.parametrize("way", WAYS)
def test_at_the_start(office: Site, way: str) -> None:
    office.add_faxes(2)
    with office.daemon() as daemon:
        wait_until(lambda: not office.waiting())
        sent = office.drop(f"{NUMBER} Unterwegs.pdf")
        wait_until(lambda: len(office.hashes()) == 1)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        planned = office.drop(f"{NUMBER} @{tomorrow:%Y-%m-%d} 0800 Spaeter.pdf")
        wait_until(lambda: len(office.hashes()) == 2 and len(office.slips()) == 2)
        daemon.stop()
    ledger = office.state / "ledger.sqlite"
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spoil(ledger, way)
    with office.daemon() as daemon:
        office.add_faxes(1)
        wait_until(lambda: not office.waiting())
        new = office.drop(f"{NUMBER} Neu.pdf")
        wait_until(lambda: len(office.hashes()) == 3)
        wait_until(lambda: len(office.filed("failed")) == 2)
        daemon.stop()
    office.require_each_once()
    office.require_sent_once(sent, planned, new)
    assert sorted(office.filed("failed")) == sorted([sent, planned])
    assert "unklar" in office.report("failed", "Unterwegs")
    assert office.slips() == [f"{NUMBER} Neu.txt"]
    kept = [path.name for path in office.state.glob("ledger.sqlite.damaged-*Z")]
    status = office.faxd("status").stdout
    if way in {"removed", "empty"}:
        assert kept == []
    else:
        assert len(kept) == 1 and kept[0] in status and "was damaged" in status


def test_it_is_removed_while_faxd_runs(office: Site) -> None:
    """All is still known: it is put back, and systemd starts faxd again."""
    office.add_faxes(1)
    with office.daemon() as daemon:
        wait_until(lambda: not office.waiting())
        sent = office.drop(f"{NUMBER} Unterwegs.pdf")
        wait_until(lambda: len(office.hashes()) == 1 and "UNTERWEGS" in office.slip("Unterwegs"))
        for path in office.state.glob("ledger.sqlite*"):
            path.unlink()
        assert daemon.process.wait(30) == 1
        assert "ledger was removed" in daemon.log
    office.server.finish_job(office.jobs()[0].job_id)
    office.let_time_pass(600)
    with office.daemon():
        wait_until(lambda: office.filed("sent") == [sent])
    office.require_each_once()
    office.require_sent_once(sent)
    assert not list(office.state.glob("*damaged*"))
    assert (office.state / "ledger.sqlite").stat().st_mode & 0o777 == 0o600


def test_it_is_spoilt_while_faxd_runs(office: Site) -> None:
    """What is found out when it is used ends faxd, and the next start sets it aside."""
    office.add_faxes(1)
    with office.daemon() as daemon:
        wait_until(lambda: not office.waiting())
        ledger = office.state / "ledger.sqlite"
        with closing(sqlite3.connect(ledger)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with ledger.open("r+b") as file:
            file.write(random.Random(1).randbytes(ledger.stat().st_size))
        office.add_faxes(2)
        assert daemon.process.wait(60) == 1
    with office.daemon():
        wait_until(lambda: not office.waiting())
    office.require_each_once()
