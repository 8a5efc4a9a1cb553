"""Any system call of a poll is the last one, or fails; nothing is lost or doubled."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from faxd.config import load
from faxd.simulator import Simulator
from faxd.wiring import poll_once

from .site import Site
from .strikes import LONG, points, require_strace, strace

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


def poll_under_strace(site: Site, *injected: str, watched: str = "") -> int:
    """Exit status of a real `faxd poll` in which strace injects something."""
    trace = site.root / "trace" if watched else None
    done = subprocess.run(
        strace(site.command("poll"), *injected, watched=watched, trace=trace),
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """How often a poll that nothing disturbs makes each call."""
    require_strace()
    with Simulator() as server:
        site = Site(tmp_path_factory.mktemp("whole"), server)
        site.add_faxes(FAXES)
        assert poll_under_strace(site, watched=",".join(CALLS)) == 0
        site.require_each_once()
    trace = (site.root / "trace").read_text(errors="replace")
    return {call: trace.count(f" {call}(") for call in CALLS}


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
@LONG
def test_killed_at_every(
    call: str, tmp_path: Path, server: Simulator, calls: dict[str, int]
) -> None:
    survived = 0
    where = points(calls[call], step=STEP.get(call, 1))
    for when in where:
        site = Site(tmp_path / str(when), server)
        site.add_faxes(FAXES)
        survived += poll_under_strace(site, f"{call}:signal=KILL:when={when}") == 0
        require_nothing_lost(site)
        moved = tmp_path / f"moved-{when}"
        moved.mkdir()
        if when % 2:  # the office is quick, and takes away what it sees
            for path in site.inbox().glob("*.tif"):
                path.rename(moved / path.name)
        poll_again(site)
        site.require_each_once(site.inbox(), moved)
        assert not list((site.inbox() / ".faxd").iterdir())
    print(f"killed at {len(where)} of {calls[call]} calls of {call}, {survived} came through")
    assert survived < len(where), "strace struck nothing"


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
@LONG
def test_failing_at_every(
    call: str, error: str, tmp_path: Path, server: Simulator, calls: dict[str, int]
) -> None:
    failed = 0
    where = points(calls[call])
    for when in where:
        site = Site(tmp_path / str(when), server)
        site.add_faxes(FAXES)
        failed += poll_under_strace(site, f"{call}:error={error}:when={when}") != 0
        require_nothing_lost(site)
        poll_again(site)
        site.require_each_once()
    print(f"{error} at {len(where)} of {calls[call]} calls of {call}, {failed} polls failed")


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
