"""Every system call of a poll is the last one, or fails; nothing is lost or doubled."""

from __future__ import annotations

import shutil
import signal
import subprocess
from itertools import count
from pathlib import Path

import pytest

from faxd.config import load
from faxd.simulator import Simulator
from faxd.wiring import poll_once

from .site import Site

#: all by which a poll changes files and folders or speaks to the server
CALLS = (
    "fsync",
    "fdatasync",
    "write",
    "renameat2",
    "unlinkat",
    "unlink",
    "mkdirat",
    "fchmod",
    "utimensat",
    "sendto",
    "ftruncate",
    "flock",
    "pwrite64",
)
#: SQLite's many writes are SQLite's to survive: of these every sixth will do
STEP = {"pwrite64": 6}
FAXES = 3


class Quiet:
    """A watcher of polls that says nothing."""

    def arriving(self, got: int, total: int | None) -> None: ...

    def saved(self, fax: object) -> None: ...


def poll_under_strace(site: Site, inject: str) -> int:
    """Exit status of a real `faxd poll` in which strace injects something."""
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={inject}", *site.command("poll")],
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode


def require_nothing_lost(site: Site) -> None:
    """Each fax is on the server, or whole in the inbox; what the office sees is whole."""
    found = site.found()
    assert all(image in site.images.values() for image in found)
    for fax_id, image in site.images.items():
        assert fax_id in site.waiting() or image in found


def poll_again(site: Site) -> None:
    problems = [report.problem for _, report in poll_once(load(site.config), Quiet())]
    assert problems == [None]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.timeout(400)
def test_killed_at_every(call: str, tmp_path: Path, server: Simulator) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (package strace)")
    for kills in count():
        site = Site(tmp_path / str(kills), server)
        site.add_faxes(FAXES)
        when = 1 + kills * STEP.get(call, 1)
        survived = poll_under_strace(site, f"{call}:signal=KILL:when={when}") == 0
        require_nothing_lost(site)
        moved = tmp_path / f"moved-{kills}"
        moved.mkdir()
        if kills % 2:  # the office is quick, and takes away what it sees
            for path in site.inbox().glob("*.tif"):
                path.rename(moved / path.name)
        poll_again(site)
        site.require_each_once(site.inbox(), moved)
        assert not list((site.inbox() / ".faxd").iterdir())
        if survived:
            break
    print(f"killed at {kills} calls of {call}")
    assert kills, "strace struck nothing"


#: a disk that gives up, and one that is full
FAILURES = [
    ("fsync", "EIO"),
    ("fdatasync", "EIO"),
    ("write", "ENOSPC"),
    ("renameat2", "EIO"),
    ("mkdirat", "EACCES"),
    ("unlinkat", "EIO"),
    ("fchmod", "EPERM"),
    ("utimensat", "EPERM"),
    ("ftruncate", "EIO"),
]


@pytest.mark.parametrize(("call", "error"), FAILURES)
@pytest.mark.timeout(400)
def test_failing_at_every(call: str, error: str, tmp_path: Path, server: Simulator) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (package strace)")
    site = Site(tmp_path / "count", server)
    site.add_faxes(FAXES)
    trace = tmp_path / "trace"
    subprocess.run(
        ["strace", "-f", "-o", str(trace), "-e", f"trace={call}", *site.command("poll")],
        check=True,
        timeout=60,
    )
    calls = trace.read_text().count(f"{call}(")
    failed = 0
    for number in range(1, calls + 1):
        site = Site(tmp_path / str(number), server)
        site.add_faxes(FAXES)
        failed += poll_under_strace(site, f"{call}:error={error}:when={number}") != 0
        require_nothing_lost(site)
        poll_again(site)
        site.require_each_once()
    print(f"{error} at {calls} calls of {call}, {failed} polls failed")
    assert calls


def test_killed_while_a_fax_arrives(tmp_path: Path, server: Simulator) -> None:
    from faxd.simulator import Fault, FaultKind

    site = Site(tmp_path / "site", server)
    site.add_faxes(2, size=500_000)
    server.faults.add(Fault(call="RequestReceived", kind=FaultKind.DRIP, value=50_000))
    process = subprocess.Popen(site.command("poll"))
    parts = site.inbox() / ".faxd"
    while not (parts.is_dir() and any(path.stat().st_size for path in parts.iterdir())):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert site.found() == []
    assert len(site.waiting()) == 2
    poll_again(site)
    site.require_each_once()
