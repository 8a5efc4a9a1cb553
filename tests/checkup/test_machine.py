"""Disks and limits of the machine that the tests run on, and what is said of others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd import log
from faxd.checkup.finding import Grade
from faxd.checkup.limits import Inotify, enough, inotify, open_files
from faxd.checkup.machine import machine
from faxd.outbound.intake.watch import Watcher, folders_watched
from tests.places import disk

from .conftest import Configure


@pytest.mark.parametrize(
    ("found", "need", "said"),
    [
        (Inotify(max_watches=8192, max_instances=128), 8, []),
        (Inotify(max_watches=8, max_instances=1), 8, []),
        (
            Inotify(max_watches=8192, max_instances=128, watches=8190),
            8,
            ["fs.inotify.max_user_watches is 8192", "have 8190", "max_user_watches=16384"],
        ),
        (
            Inotify(max_watches=8192, max_instances=128, instances=128),
            8,
            ["fs.inotify.max_user_instances is 128", "max_user_instances=256"],
        ),
        (Inotify(max_watches=0, max_instances=0), 8, ["max_user_watches=16", "max_user_inst"]),
    ],
)
def test_inotify(found: Inotify, need: int, said: list[str]) -> None:
    finding = inotify(found, need)
    assert finding.grade is (Grade.WARN if said else Grade.GOOD)
    assert all(words in finding.detail for words in said)


@given(st.integers(1, 10**7), st.integers(0, 10**7))
def test_what_is_advised_is_enough(need: int, now: int) -> None:
    advised = enough(need, now)
    assert advised >= need
    assert now < advised <= 4 * max(need, now)


@pytest.mark.parametrize(
    ("limit", "accounts", "grade"),
    [(1024, 1, Grade.GOOD), (1024, 40, Grade.GOOD), (1024, 41, Grade.WARN), (64, 1, Grade.WARN)],
)
def test_open_files(limit: int, accounts: int, grade: Grade) -> None:
    finding = open_files(limit, accounts, "to the service")
    assert finding.grade is grade
    assert ("LimitNOFILE=" in finding.detail) == (grade is Grade.WARN)


def test_this_machine(configure: Configure, tmp_path: Path) -> None:
    config = configure()
    config.state_dir.mkdir()
    found = {each.subject: each for each in machine(config, None)}
    assert set(found) == {"disks", "open files", "inotify"}
    assert found["inotify"].detail.startswith("2 folders to watch, ")
    scanned = configure(send={"watch": "scan"})
    assert {each.subject for each in machine(scanned, None)} == {"disks", "open files"}


def test_as_many_folders_are_counted_as_are_watched(tmp_path: Path) -> None:
    for name in ("a", "a/b", "a/b/c", "a/b/c/d", ".faxd", ".faxd/x", "e"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    watcher = Watcher(log.get_logger())
    watcher.watch(tmp_path, lambda: None, recursive=True)
    try:
        (watch,) = watcher._watches.values()
        assert folders_watched(tmp_path) == len(watch._folders) == 4
    finally:
        watcher.stop()


def test_what_others_watch_is_counted(configure: Configure, tmp_path: Path) -> None:
    from faxd.checkup.machine import _inotify

    before = _inotify(None)
    assert before is not None
    code = """
import sys, ctypes
libc = ctypes.CDLL(None)
fd = libc.inotify_init()
for path in sys.argv[1:]:
    libc.inotify_add_watch(fd, path.encode(), 2)
print(flush=True)
sys.stdin.read()
"""
    paths = [str(tmp_path), str(tmp_path / "fax")]
    configure()
    with subprocess.Popen(
        [sys.executable, "-c", code, *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        # Others may begin and end meanwhile: what counts is that this one makes the difference.
        seen, without = _inotify(None), _inotify(other.pid)
        other.communicate()
    assert seen is not None
    assert without is not None
    assert (seen.watches - without.watches, seen.instances - without.instances) == (2, 1)


def test_a_full_disk(configure: Configure, tmp_path: Path) -> None:
    with disk(tmp_path / "state", "size=10m") as state:
        (state / "much").write_bytes(bytes(9_000_000))
        found = {each.subject: each for each in machine(configure(), None)}
        assert found["disk"].grade is Grade.WARN
        assert f"state {state}: disk nearly full, 1.5 MB of 10.5 MB free" in found["disk"].detail
        (state / "more").write_bytes(bytes(1_200_000))
        found = {each.subject: each for each in machine(configure(), None)}
        assert found["disk"].grade is Grade.BAD
