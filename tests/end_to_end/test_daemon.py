"""The real daemon, from its start to its end."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import pytest

from faxd.simulator import Fault, FaultKind, Simulator

from .site import PASSWORD, Site, wait_until


def polls(site: Site, index: int = 0) -> int:
    return len(site.server.calls_of("RequestReceived", site.number(index)))


def test_faxes_arrive_one_after_the_other(site: Site) -> None:
    site.add_faxes(3)
    with site.daemon() as daemon:
        wait_until(lambda: not site.waiting())
        site.add_faxes(1)
        wait_until(lambda: not site.waiting())
        site.require_each_once()
        daemon.wait_for("STATUS=1 account, last poll * ago, all well")
        assert daemon.stop() < 10
    assert "STOPPING=1" in daemon.notes or daemon.process.returncode == 0


@pytest.mark.alone
def test_it_is_small_and_soon_ready(site: Site) -> None:
    with site.daemon() as first:
        wait_until(lambda: polls(site) > 0)
        first.stop()
    with site.daemon() as daemon:
        # Generous: figures are for the benchmark. This finds a start that waits for something.
        assert time.monotonic() - daemon.started < 5
        wait_until(lambda: polls(site) > 2)
        print(f"idle: {daemon.memory() / 1e6:.1f} MB")
        assert daemon.memory() < 70_000_000


def test_it_starts_without_the_server(site: Site) -> None:
    with site.daemon() as first:
        wait_until(lambda: polls(site) > 0)
        first.stop()
    site.server.stop()
    with site.daemon() as daemon:
        wait_until(lambda: "no connection to FAX.de" in daemon.log)
        site.server.start()
        site.add_faxes(1)
        wait_until(lambda: not site.waiting())
        wait_until(lambda: "account works again" in daemon.log)
    site.require_each_once()
    assert len(site.server.calls_of("WSDL")) == 1  # the kept one served


def test_only_one_works_with_a_state_folder(site: Site) -> None:
    with site.daemon() as daemon:
        for command in ("run", "poll"):
            done = site.faxd(command)
            assert done.returncode == 75
            assert f"pid {daemon.process.pid}" in done.stderr
        status = site.faxd("status")
        assert f"faxd runs (pid {daemon.process.pid})" in status.stdout
        daemon.signal(signal.SIGKILL)
        daemon.process.wait()
    assert "faxd does not run" in site.faxd("status").stdout
    assert site.faxd("poll").returncode == 0


def test_stopped_in_the_middle_of_a_fax(site: Site) -> None:
    site.add_faxes(2, size=3_000_000)
    site.server.faults.add(Fault(call="RequestReceived", kind=FaultKind.DRIP, value=100_000))
    with site.daemon() as daemon:
        wait_until(lambda: any(p.stat().st_size for p in (site.inbox() / ".faxd").glob("*")))
        assert daemon.stop() < 10
    assert len(site.waiting()) == 2
    assert site.found() == []
    assert not site.server.calls_of("DeleteReceived")
    assert site.faxd("poll").returncode == 0
    site.require_each_once()


def test_stopped_while_the_server_hangs(site: Site) -> None:
    site.server.faults.add(Fault(call="RequestReceived", kind=FaultKind.HANG))
    with site.daemon() as daemon:
        wait_until(lambda: polls(site) > 0)
        assert daemon.stop() < 10


def test_accounts_do_not_wait_for_each_other(tmp_path: Path, server: Simulator) -> None:
    site = Site(tmp_path, server, names=("praxis", "labor"))
    server.faults.add(
        Fault(call="RequestReceived", kind=FaultKind.HANG, account=site.number(0), times=None)
    )
    site.add_faxes(2, index=1)
    with site.daemon():
        wait_until(lambda: not site.waiting(1))
        wait_until(lambda: polls(site, 1) > 4)
        assert polls(site, 0) == 1  # it hangs, and there is never a second one beside it
    assert sorted(site.found(site.inbox("labor"))) == sorted(site.images.values())


def test_a_wrong_password_stops_one_account(tmp_path: Path, server: Simulator) -> None:
    site = Site(tmp_path, server, names=("praxis", "labor"))
    server.change_account(site.number(0), password="other")
    with site.daemon() as daemon:
        wait_until(lambda: polls(site, 1) > 3)
        assert polls(site, 0) == 1
        assert daemon.log.count("account stopped") == 1
        status = site.faxd("status").stdout
        assert "wrong password" in status
        daemon.wait_for("STATUS=2 accounts, last poll * ago, 1 account stopped: ")
        assert PASSWORD not in daemon.log + status
        # The account is put right, and `faxd check` lifts the stop.
        server.change_account(site.number(0), password=PASSWORD)
        assert "its stop is lifted" in site.faxd("check").stdout
        wait_until(lambda: polls(site, 0) > 2)
        assert "account works again" in daemon.log


def test_a_corrected_password_counts_at_once(site: Site) -> None:
    site.password_file.write_text("wrong\n")
    with site.daemon() as daemon:
        wait_until(lambda: "account stopped" in daemon.log)
        site.add_faxes(1)
        time.sleep(1.5)
        assert polls(site) == 1
        site.password_file.write_text(PASSWORD + "\n")
        wait_until(lambda: not site.waiting())


def test_reload(tmp_path: Path, server: Simulator) -> None:
    site = Site(tmp_path, server)
    with site.daemon() as daemon:
        wait_until(lambda: polls(site) > 0)
        good = site.config.read_text()
        site.config.write_text(good.replace("inbox =", "inbxo ="))
        daemon.forget()
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("RELOADING=1")
        daemon.wait_for("READY=1")
        assert "did you mean inbox?" in daemon.log
        before = polls(site)
        wait_until(lambda: polls(site) > before + 1)  # the old one is in force

        site.names = ("praxis", "labor")
        site.__post_init__()
        site.add_faxes(1, index=1)
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: not site.waiting(1))

        site.names = ("praxis",)
        site.write_config()
        daemon.forget()
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("READY=1")
        time.sleep(0.3)
        before, other = polls(site), polls(site, 1)
        wait_until(lambda: polls(site) > before + 2)
        assert polls(site, 1) == other


def test_a_reload_does_not_disturb_a_transfer(site: Site) -> None:
    site.add_faxes(1, size=400_000)
    site.server.faults.add(Fault(call="RequestReceived", kind=FaultKind.DRIP, value=300_000))
    with site.daemon() as daemon:
        wait_until(lambda: polls(site) > 0)
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: not site.waiting())
    site.require_each_once()
    assert all(entry.answered for entry in site.server.calls_of("RequestReceived"))


LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@pytest.mark.parametrize("jump", ["-5y", "+5y", "-7m", "+7m"])
def test_a_clock_that_is_set(jump: str, site: Site, tmp_path: Path) -> None:
    if not LIBRARIES or shutil.which("faketime") is None:
        pytest.skip("libfaketime is not installed (package faketime)")
    clock = tmp_path / "clock"
    clock.write_text("+0")
    env = {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    with site.daemon(env) as daemon:
        wait_until(lambda: polls(site) > 1)
        before = polls(site)
        clock.write_text(jump)
        # One interval with its jitter, and the second that the watch may take, are 2.1 s; on a
        # busy machine it is more, but nothing like the minutes or years of the jump.
        wait_until(lambda: polls(site) > before)
        wait_until(lambda: polls(site) > before + 2)
        assert "clock was set" in daemon.log
        clock.write_text("+0")
        before = polls(site)
        wait_until(lambda: polls(site) > before)
        site.add_faxes(1)
        wait_until(lambda: not site.waiting())
    site.require_each_once()


def test_the_password_is_nowhere(site: Site) -> None:
    config = site.config.read_text()
    site.config.write_text('log_level = "debug"\n' + config)
    site.add_faxes(1)
    site.server.faults.add(Fault(call="RequestReceived", kind=FaultKind.SOAP_FAULT))
    site.server.faults.add(Fault(call="RequestReceived", kind=FaultKind.HTML))
    with site.daemon() as daemon:
        wait_until(lambda: not site.waiting(), 30)
        title = Path(f"/proc/{daemon.process.pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{daemon.process.pid}/environ").read_bytes()
        daemon.stop()
    secret = PASSWORD.encode()
    assert secret not in title + environment
    holders = [
        path for path in site.root.rglob("*") if path.is_file() and secret in path.read_bytes()
    ]
    assert holders == [site.password_file]
