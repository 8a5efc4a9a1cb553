"""`faxd check`, the real command, where something is not as it should be."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from faxd.ledger import SCHEMA_VERSION, Examined, examine
from tests.places import disk

from .site import PYTHON, Site


def grades(site: Site, **more: str) -> tuple[int, dict[str, str], str]:
    """Exit status, the worst grade of each subject, and all that is printed."""
    done = subprocess.run(
        site.command("check"), capture_output=True, text=True, check=False, env=os.environ | more
    )
    assert done.stderr == ""
    found = dict[str, str]()
    for line in done.stdout.splitlines()[1:]:
        grade, subject = line.split("  ")[0], line[6:].split("  ")[0]
        if found.get(subject) != "BAD":
            found[subject] = grade if found.get(subject) != "warn" or grade == "BAD" else "warn"
    return done.returncode, found, done.stdout


@pytest.fixture
def site(site: Site) -> Site:
    """One whose folders are for the office alone."""
    for path in (site.root / "praxis", site.inbox()):
        path.chmod(0o2770)
    return site


def test_all_is_well(site: Site) -> None:
    status, found, said = grades(site)
    assert (status, set(found.values())) == (0, {"good"}), said
    assert set(found) == {
        *("configuration", "state folder", "ledger", "FAX.de", "clock"),
        *("praxis: login", "praxis: inbox", "disks", "open files"),
    }


def test_a_warning_leaves_the_exit_status_alone(site: Site) -> None:
    (site.root / "praxis").chmod(0o755)
    site.inbox().chmod(0o2775)
    for parent in site.root.parents:
        if not parent.stat().st_mode & 1:
            pytest.skip(f"{parent} keeps others out")
    site.root.chmod(0o755)
    status, found, said = grades(site)
    assert (status, found["praxis: rights"]) == (0, "warn"), said


def test_a_clock_that_is_off(site: Site) -> None:
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed (package faketime)")
    done = subprocess.run(
        ["faketime", "-f", "+10m", *site.command("check")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "warn  clock" in done.stdout
    assert "this machine's is 10 min ahead of FAX.de's" in done.stdout


def test_a_ledger_of_an_older_faxd_is_left_alone(site: Site) -> None:
    assert site.faxd("poll").returncode == 0
    path = site.state / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as ledger:
        ledger.execute(f"PRAGMA user_version={SCHEMA_VERSION - 1}")
    before = sorted(os.listdir(site.state))
    status, found, said = grades(site)
    assert (status, found["ledger"], found["praxis: login"]) == (0, "warn", "good"), said
    assert examine(path) == Examined(version=SCHEMA_VERSION - 1)
    kept = {"ledger.sqlite-shm", "ledger.sqlite-wal"}
    assert set(os.listdir(site.state)) - kept == set(before) - kept


def test_everything_at_once(site: Site) -> None:
    """Each is told, and none keeps the others from being looked at."""
    assert site.faxd("poll").returncode == 0
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (site.state / name).unlink(missing_ok=True)
    (site.state / "ledger.sqlite").write_bytes(os.urandom(9000))
    site.state.chmod(0o755)
    site.send, site.told = "", False
    site.outbox().mkdir(mode=0o770)
    site.outbox().chmod(0o770)
    site.extra = 'rules = [{ print = "laser", command = ["/no/such"], mail_to = "a@b.example" }]\n'
    site.write_config()
    mail = '[mail]\nhost = "127.0.0.1"\nport = 1\nsender = "a@b.example"\n'
    site.config.write_text(site.config.read_text() + mail)
    with disk(site.folder("sent"), "size=9m,mode=2770"):
        status, found, said = grades(site, PATH=f"{Path(PYTHON).parent}:/nowhere")
    assert status == 1
    assert {subject for subject, grade in found.items() if grade == "BAD"} == {
        *("ledger", "printer", "program", "mail server"),
    }, said
    assert {subject for subject, grade in found.items() if grade == "warn"} == {
        *("state folder", "praxis: rights", "praxis: mounts"),
    }, said
    assert found["praxis: outbox"] == found["praxis: sent"] == "good"
