"""The commands, as an administrator types them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from faxd.ledger import SCHEMA_VERSION, examine
from faxd.lock import Lock
from faxd.simulator import Fault, FaultKind, Simulator
from tests.places import nobody

from .site import PASSWORD, PYTHON, Site, wait_until


def test_poll(site: Site) -> None:
    site.add_faxes(2)
    done = site.faxd("poll")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert "+493023125042" in first
    assert second.endswith("2 pages, 20.2 kB")
    site.require_each_once()
    assert site.faxd("poll").stdout == ""


def test_poll_says_what_went_wrong(tmp_path: Path, server: Simulator) -> None:
    site = Site(tmp_path, server, names=("praxis", "labor"))
    site.add_faxes(1, index=1)
    site.inbox().rmdir()
    done = site.faxd("poll")
    assert done.returncode == 1
    assert "praxis: " in done.stderr
    assert "make the folder, or mount the disk" in done.stderr
    assert len(site.found(site.inbox("labor"))) == 1
    assert not site.inbox().exists()


def test_poll_shows_its_progress_on_a_terminal_only(site: Site) -> None:
    if shutil.which("script") is None:
        pytest.skip("script is not installed (package bsdutils)")
    site.add_faxes(1, size=4_000_000)
    site.server.faults.add(Fault(call="RequestReceived", kind=FaultKind.DRIP, value=3_000_000))
    command = " ".join(site.command("poll"))
    shown = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        stdin=subprocess.DEVNULL,
    ).stdout
    assert "0 faxes saved, receiving" in shown
    assert " of 5." in shown
    site.add_faxes(1, size=2_000_000)
    assert "receiving" not in str(site.faxd("poll"))


def test_check(tmp_path: Path, server: Simulator) -> None:
    site = Site(tmp_path, server, names=("praxis", "labor"), extra='outbox = "/nowhere"\n')
    site.add_faxes(1)
    server.change_account(site.number(1), locked=True)
    done = site.faxd("check")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    found = {" ".join(line.split()[1:3]): line.split()[0] for line in lines[1:]}
    assert found["praxis: login"] == found["praxis: inbox"] == found["labor: inbox"] == "good"
    assert found["praxis: outbox"] == found["labor: login"] == "BAD"
    assert "account is locked (Account gesperrt)" in done.stdout
    assert "/nowhere is no folder; make it" in done.stdout
    assert len(site.waiting()) == 1  # nothing was fetched
    assert site.found() == []


def test_check_of_a_good_site_changes_nothing(site: Site) -> None:
    done = site.faxd("check")
    assert done.returncode == 0, done.stdout
    assert "BAD" not in done.stdout
    assert {entry.call for entry in site.server.calls} == {"WSDL", "JobStatus"}


def test_check_without_the_server(site: Site) -> None:
    site.server.stop()
    done = site.faxd("check")
    assert done.returncode == 1
    assert "see to network, firewall and service.wsdl" in done.stdout


def test_status_and_received(site: Site) -> None:
    done = site.faxd("status")
    assert done.returncode == 2  # for a monitoring program: it does not run
    assert done.stdout.startswith("CRITICAL: faxd does not run; ")
    assert "has faxd run yet?" in done.stdout
    site.add_faxes(3)
    site.server.add_fax(
        site.number(), b"II*\0 no fax", originator="+4930\x1b[31m\n12", remote_id="\u202eevil"
    )
    assert site.faxd("poll").returncode == 0
    done = site.faxd("status")
    assert done.returncode == 2
    assert "not polled: faxd does not run" in done.stdout
    assert "4 faxes" in done.stdout
    with site.daemon() as daemon:
        daemon.wait_for("STATUS=")
        done = site.faxd("status")
        assert done.returncode == 1
        assert done.stdout.startswith("WARNING: praxis: 1 fax came damaged within a day\n")
    table = site.faxd("received").stdout
    assert len(table.splitlines()) == 5
    assert "\x1b" not in table
    assert "\u202e" not in table
    faxes = [json.loads(line) for line in site.faxd("received", "--json").stdout.splitlines()]
    assert [fax["pages"] for fax in faxes] == [2, 2, 2, None]
    assert all(fax["deleted_at"] for fax in faxes)
    newest = site.faxd("received", "praxis", "-n", "1").stdout.splitlines()
    assert newest[1].split() == table.splitlines()[-1].split()
    found = json.loads(site.faxd("status", "--json").stdout)
    assert (found["verdict"], found["accounts"][0]["received"]) == ("CRITICAL", 4)
    assert found["accounts"][0]["damaged_lately"] == 1
    assert [remark["kind"] for remark in found["remarks"]] == ["not running", "damaged"]
    assert [disk["folder"] for disk in found["disks"]] == ["state", "inbox"]
    unknown = site.faxd("received", "nobody")
    assert unknown.returncode == 1
    assert "knows praxis" in unknown.stderr


def test_status_for_monitoring(site: Site) -> None:
    """The exit statuses and the one line of a plugin, from the first start to a wrong password."""
    done = site.faxd("status", "--check")
    assert (done.returncode, len(done.stdout.splitlines())) == (2, 1)
    assert done.stdout.startswith("FAXD CRITICAL: faxd does not run; ")
    with site.daemon() as daemon:
        daemon.wait_for("STATUS=1 account, last poll * ago, all well")
        done = site.faxd("status")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("OK: 1 account, last poll ")
        assert f"\nfaxd runs (pid {daemon.process.pid}) since 2" in done.stdout
        done = site.faxd("status", "--check")
        assert done.returncode == 0
        assert re.fullmatch(
            r"FAXD OK: 1 account, last poll \d s ago, all well"
            r" \| 'praxis_last_good_poll'=\ds;;3601;0 'praxis_actions_failing'=0;0;;0"
            r" 'praxis_damaged'=0;0;;0 'state_free'=\d+B;\d+:;\d+:;0;\d+"
            r" 'praxis_inbox_free'=\d+B;\d+:;\d+:;0;\d+\n",
            done.stdout,
        )
        site.server.stop()
        wait_until(lambda: "poll failed" in daemon.log)
        done = site.faxd("status", "--check")
        assert done.returncode == 1
        assert done.stdout.startswith("FAXD WARNING: praxis: receiving: no connection to ")
        assert site.faxd("status", "--check", "--ignore-warnings").returncode == 0
    (site.state / "ledger.sqlite").write_bytes(os.urandom(10_000))
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (site.state / name).unlink(missing_ok=True)
    done = site.faxd("status", "--check", "--ignore-warnings")
    assert done.returncode == 2
    assert "ledger.sqlite cannot be used" in done.stdout


def test_status_of_who_may_not_look(site: Site) -> None:
    """Monitoring programs run as users of their own; they are told whom to run it as."""
    site.state.mkdir(mode=0o700)
    (site.state / "faxd.lock").touch()
    site.config.chmod(0o644)
    site.root.chmod(0o755)
    code = """
import sys
from faxd.cli import main
try:
    main(["status", "--check", "-c", sys.argv[1]])
except SystemExit as end:
    print(end.code)
"""
    said, status = nobody(code, site.config).splitlines()
    assert said.startswith(f"FAXD UNKNOWN: {site.state}/faxd.lock: Permission denied")
    assert status == "3"


def test_a_command_leaves_the_ledger_of_an_older_faxd_that_runs(site: Site) -> None:
    """After an update and before the restart: its ledger is not migrated under its feet."""
    assert site.faxd("poll").returncode == 0
    path = site.state / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as ledger:
        ledger.execute(f"PRAGMA user_version={SCHEMA_VERSION - 1}")
    with Lock(site.state):
        for command in ("status", "jobs", "received"):
            done = site.faxd(command)
            assert done.returncode in {1, 2}
            assert "is of an older faxd, which still runs" in done.stdout + done.stderr
    found = examine(path)
    assert found is not None
    assert found.version == SCHEMA_VERSION - 1


def test_discard(site: Site) -> None:
    fax_id = site.server.add_fax(site.number(), b"", pages=1)
    done = site.faxd("poll")
    assert done.returncode == 1
    assert f"faxd discard praxis {fax_id}" in done.stderr
    assert site.waiting() == {fax_id}
    done = site.faxd("discard", "praxis", str(fax_id))
    assert done.returncode == 1  # nobody said yes
    assert "holds NO copy" in done.stdout
    assert site.waiting() == {fax_id}
    done = site.faxd("discard", "praxis", str(fax_id), "--yes")
    assert (done.returncode, site.waiting()) == (0, set())
    assert "was not there" in site.faxd("discard", "praxis", str(fax_id), "--yes").stdout


@pytest.mark.parametrize("command", ["run", "poll", "check", "status", "received"])
def test_a_bad_configuration(command: str, site: Site) -> None:
    site.config.write_text(site.config.read_text().replace("poll_interval", "pol_interval"))
    done = site.faxd(command)
    assert done.returncode == 78
    assert f"{site.config}: accounts[1].pol_interval" in done.stderr
    assert "did you mean poll_interval?" in done.stderr
    site.config.unlink()
    done = site.faxd(command)
    assert done.returncode == 78
    assert "No such file" in done.stderr
    done = site.faxd("status", "--check")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith(f"FAXD UNKNOWN: {site.config}: No such file")


@pytest.mark.parametrize("bad", ["pol_interval = 1\n", "[[[\n", "wsdl = 1\n"])
def test_a_bad_configuration_beside_a_daemon(bad: str, site: Site) -> None:
    site.state.mkdir()
    site.config.write_text(site.config.read_text() + bad)
    assert "runs on" not in site.faxd("status").stderr
    with Lock(site.state):
        done = site.faxd("status")
    assert done.returncode == 78
    assert f"faxd (pid {os.getpid()}) runs on with the configuration that it has" in done.stderr


def test_plain_http_is_refused(site: Site) -> None:
    config = site.config.read_text()
    site.config.write_text(config.replace(site.server.wsdl_url, "http://fax.example/x?wsdl"))
    for command in ("run", "poll"):
        done = site.faxd(command)
        assert done.returncode == 78
        assert "clear text" in done.stderr


def test_root_does_not_work_in_another_users_folders(site: Site) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    site.state.mkdir()
    os.chown(site.state, 12345, 12345)
    for command in ("run", "poll", "check"):
        done = site.faxd(command)
        assert done.returncode == 1
        assert "run this as that user" in done.stderr


def test_root_does_not_make_folders_for_another_user(site: Site) -> None:
    """Before the first start the inbox's owner tells who faxd is."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    os.chown(site.inbox(), 12345, 12345)
    done = site.faxd("check")
    assert done.returncode == 1
    assert f"{site.inbox()} belongs to" in done.stderr
    assert not site.state.exists()


def test_a_check_that_is_refused_stops_the_daemons_calls(site: Site) -> None:
    site.server.change_account(site.number(), password="other")
    assert site.faxd("check").returncode == 1
    before = len(site.server.calls)
    assert "wrong password" in site.faxd("poll").stderr
    assert len(site.server.calls) == before


def test_simulate(site: Site) -> None:
    arguments = [PYTHON, "-u", "-m", "faxd", "simulate", "--port", "0", "-c", str(site.config)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(5)]
        settings = tomllib.loads("".join(line for line in told if line.startswith("    ")))
        url = settings["service"]["wsdl"]
        site.config.write_text(site.config.read_text().replace(site.server.wsdl_url, url))
        assert site.faxd("poll").returncode == 0
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(10) == 0
    assert len(site.found()) == 1
    assert "DeleteReceived fax 3000000001, account 100000: 0" in rest
    assert PASSWORD not in rest


def test_demo(tmp_path: Path) -> None:
    done = subprocess.run(
        [PYTHON, "-m", "faxd", "demo", "--once", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 3 faxes are in" in done.stdout
    assert len(list((tmp_path / "demo/inbox").glob("*.tif"))) == 3


def test_demo_with_the_users_own_settings(site: Site, tmp_path: Path) -> None:
    site.extra = 'sidecar = true\nfile_name = "{received:%Y}/{fax_id}.tif"\nfile_mode = "0640"\n'
    site.write_config()
    process = subprocess.Popen(
        [PYTHON, "-m", "faxd", "demo", "--folder", str(tmp_path / "demo"), "-c", str(site.config)],
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: len(list((tmp_path / "demo").glob("praxis/inbox/2*/*.json"))) == 3, 30)
    (first, *_) = (tmp_path / "demo").glob("praxis/inbox/2*/*.tif")
    assert first.stat().st_mode & 0o777 == 0o640
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Ended. The faxes stay in" in told
    assert site.found() == []  # nothing of it leads out of the demo
    assert not site.server.calls


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_ended_leaves_no_daemon_behind(number: int, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [PYTHON, "-m", "faxd", "demo", "--folder", str(tmp_path)], stdout=subprocess.DEVNULL
    )
    lock = tmp_path / "state" / "faxd.lock"
    wait_until(lambda: lock.is_file() and lock.read_text() != "")
    daemon = int(lock.read_text())
    process.send_signal(number)
    assert process.wait(20) == 0
    assert not Path(f"/proc/{daemon}").exists()


#: the program, whose demo waits for what is missing for seconds only
IMPATIENT = """\
from faxd.cli import main
from faxd.demo import show
show._PATIENCE = 6.0
main()
"""


def test_demo_says_what_is_missing(tmp_path: Path) -> None:
    """The check of the demo can fail: here the inbox takes nothing, and it is soon told so."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs root and mount")
    inbox = tmp_path / "demo" / "inbox"
    inbox.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(inbox)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        done = subprocess.run(
            [PYTHON, "-c", IMPATIENT, "demo", "--once", "--folder", str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        subprocess.run(["umount", str(inbox)], check=True)
    assert done.returncode == 1
    assert "was not saved" in done.stderr
