"""Being woken: by what people do, and by what goes wrong with watching."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from faxd.log import Log
from faxd.outbound.intake.outbox import open_outbox
from faxd.outbound.intake.watch import Watcher
from tests.places import ROOT, child, disk, open_descriptors


class Sleeper:
    """Somebody who is woken."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def is_woken(self, seconds: float = 2) -> bool:
        """Whether he is woken soon; he sleeps again after it."""
        woken = self._woken.wait(seconds)
        time.sleep(0.05)  # what belongs together comes together
        self._woken.clear()
        return woken

    def sleeps_on(self) -> bool:
        return not self.is_woken(0.3)


@pytest.fixture
def events() -> LogCapture:
    return LogCapture()


@pytest.fixture
def watcher(events: LogCapture) -> Iterator[Watcher]:
    log: Log = structlog.wrap_logger(None, [events], structlog.stdlib.BoundLogger)
    watcher = Watcher(log)
    yield watcher
    watcher.stop()


@pytest.fixture
def sleeper(watcher: Watcher, path: Path) -> Sleeper:
    with open_outbox(path, mark="m"):
        pass
    sleeper = Sleeper()
    watcher.watch(path, sleeper.wake, recursive=True)
    return sleeper


DEEDS: dict[str, Callable[[Path], object]] = {
    "made": lambda path: (path / "new").touch(),
    "made in a folder": lambda path: (path / "fax" / "new").touch(),
    "made below": lambda path: (path / "fax" / "x" / "new").touch(),
    "written": lambda path: (path / "old").write_bytes(b"x"),
    "renamed": lambda path: (path / "old").rename(path / "new"),
    "moved in": lambda path: (path.parent / "outside").rename(path / "sms" / "new"),
    "moved out": lambda path: (path / "old").rename(path.parent / "new"),
    "deleted": lambda path: (path / "old").unlink(),
    "may be read now": lambda path: (path / "old").chmod(0o640),
    "folder made": lambda path: (path / "sms" / "y").mkdir(),
    "folder deleted": lambda path: (path / "fax" / "x").rmdir(),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_people_do_wakes(path: Path, watcher: Watcher, deed: str) -> None:
    for name in ("old", "../outside"):
        (path / name).touch()
    (path / "fax" / "x").mkdir(parents=True)
    (path / "sms").mkdir()
    sleeper = Sleeper()
    watcher.watch(path, sleeper.wake, recursive=True)
    assert sleeper.sleeps_on()
    DEEDS[deed](path)
    assert sleeper.is_woken()


def test_what_faxd_does_below_its_hidden_folder_wakes_nobody(path: Path, sleeper: Sleeper) -> None:
    (path / ".faxd" / "claim").mkdir()
    (path / ".faxd" / "claim" / "x").touch()
    (path / ".faxd" / "x").touch()
    (path / ".faxd").chmod(0o700)
    assert sleeper.sleeps_on()


def test_looking_wakes_nobody(path: Path, sleeper: Sleeper) -> None:
    (path / "a").touch()
    assert sleeper.is_woken()
    (path / "a").read_bytes()
    list(path.rglob("*"))
    assert sleeper.sleeps_on()


def test_after_a_file_was_taken_the_next_one_wakes_at_once(path: Path, sleeper: Sleeper) -> None:
    """InotifyObserver would hold it back for half a second."""
    (path / "a").touch()
    assert sleeper.is_woken()
    (path / "a").rename(path / ".faxd" / "a")
    assert sleeper.is_woken(0.25)
    (path / "b").touch()
    assert sleeper.is_woken(0.25)


def test_folders_that_come_and_go_are_watched(path: Path, sleeper: Sleeper) -> None:
    for _ in range(3):
        (path / "fax" / "new").mkdir()
        assert sleeper.is_woken()
        (path / "fax" / "new" / "a").touch()
        assert sleeper.is_woken()
        (path / "fax" / "new").rename(path / "fax" / "renamed")
        assert sleeper.is_woken()
        (path / "fax" / "renamed" / "b").touch()
        assert sleeper.is_woken()
        (path / "fax" / "renamed").rename(path.parent / "away")
        assert sleeper.is_woken()
        (path.parent / "away" / "c").touch()
        assert sleeper.sleeps_on()
        (path.parent / "away").rename(path / "fax" / "back")
        assert sleeper.is_woken()
        (path / "fax" / "back" / "d").touch()
        assert sleeper.is_woken()
        for file in (path / "fax" / "back").iterdir():
            file.unlink()
        (path / "fax" / "back").rmdir()
        assert sleeper.is_woken()


def test_many_folders_in_folders_at_once(path: Path, sleeper: Sleeper) -> None:
    for number in range(100):
        (path / f"{number}" / "deep").mkdir(parents=True)
    assert sleeper.is_woken()
    assert not sleeper.is_woken(0.5) or sleeper.sleeps_on()
    for number in (0, 57, 99):
        (path / f"{number}" / "deep" / "x").touch()
        assert sleeper.is_woken(), number


def test_not_recursive(path: Path, watcher: Watcher) -> None:
    (path / "below").mkdir()
    sleeper = Sleeper()
    watcher.watch(path, sleeper.wake, recursive=False)
    (path / "below" / "x").touch()
    assert sleeper.sleeps_on()
    (path / "slip.txt").touch()
    assert sleeper.is_woken()


def test_a_linked_folder_of_the_administrators(path: Path, watcher: Watcher) -> None:
    path.with_name("link").symlink_to(path)
    (path / "linked").symlink_to("/tmp")
    sleeper = Sleeper()
    watcher.watch(path.with_name("link"), sleeper.wake, recursive=True)
    (path / "x").touch()
    assert sleeper.is_woken()


def test_a_path_changes_hands(path: Path, watcher: Watcher, sleeper: Sleeper) -> None:
    other = Sleeper()
    watcher.watch(path, other.wake, recursive=True)
    (path / "x").touch()
    assert other.is_woken() and sleeper.sleeps_on()
    watcher.unwatch(path)
    watcher.unwatch(path)
    (path / "y").touch()
    assert other.sleeps_on()
    watcher.supervise()
    assert other.sleeps_on()


# --- what goes wrong ---


def test_nothing_wrong_wakes_nobody(watcher: Watcher, sleeper: Sleeper) -> None:
    for _ in range(3):
        watcher.supervise()
    assert sleeper.sleeps_on()


def test_the_reading_thread_ends(
    path: Path, watcher: Watcher, sleeper: Sleeper, events: LogCapture
) -> None:
    reader = watcher._reader
    assert reader is not None
    reader.stop()
    reader.join()
    sleeper.is_woken()
    (path / "lost").touch()
    assert sleeper.sleeps_on(), "nobody is told"
    watcher.supervise()
    assert sleeper.is_woken()
    (path / "x").touch()
    assert sleeper.is_woken()
    (path / "fax" / "x").touch()
    assert sleeper.is_woken()
    assert [entry["event"] for entry in events.entries] == ["watching again"]


def test_a_folder_is_deleted_and_made_again(path: Path, watcher: Watcher, sleeper: Sleeper) -> None:
    path.rename(path.with_name("old"))
    watcher.supervise()
    assert sleeper.is_woken()
    for _ in range(3):
        watcher.supervise()
    assert sleeper.sleeps_on(), "once is enough"
    path.mkdir()
    (path / "x").touch()
    assert sleeper.sleeps_on()
    watcher.supervise()
    assert sleeper.is_woken()
    (path / "y").touch()
    assert sleeper.is_woken()


def test_a_disk_is_unmounted_and_mounted(path: Path, watcher: Watcher) -> None:
    sleeper = Sleeper()
    with disk(path):
        watcher.watch(path, sleeper.wake, recursive=True)
        (path / "x").touch()
        assert sleeper.is_woken()
    watcher.supervise()
    assert sleeper.is_woken()
    with disk(path):
        watcher.supervise()
        assert sleeper.is_woken()
        (path / "x").touch()
        assert sleeper.is_woken()


def test_the_kernels_queue_overflows(path: Path, watcher: Watcher) -> None:
    (path / "a").touch()
    (path / "b").touch()
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 100_000:
        pytest.skip("the kernel's queue is very long here")
    awake, woken, busy = threading.Event(), Sleeper(), threading.Event()

    def wake() -> None:
        busy.set()
        awake.wait()
        woken.wake()

    watcher.watch(path, wake, recursive=True)
    (path / "a").chmod(0o600)
    assert busy.wait(2)
    for _ in range(limit):  # different events in turn: the same ones would become one
        (path / "a").chmod(0o600)
        (path / "b").chmod(0o600)
    (path / "new").mkdir()  # nobody will be told
    awake.set()
    while woken.is_woken(1):
        pass
    (path / "new" / "x").touch()
    assert not woken.is_woken(0.3)
    watcher.supervise()
    assert woken.is_woken()
    (path / "new" / "y").touch()
    assert woken.is_woken()


LIMITS = """if True:
    import resource, sys
    from pathlib import Path
    from faxd.log import configure, get_logger
    from faxd.outbound.intake.watch import Watcher
    configure(form="logfmt")
    import logging
    logging.getLogger().handlers[0].setStream(sys.stdout)
    import watchdog.observers.inotify_c
    watcher = Watcher(get_logger())
    woken = []
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = [open("/dev/null") for _ in range(3)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (held[-1].fileno() + 1, limit[1]))
    watcher.watch(Path(sys.argv[1]), lambda: woken.append(1), recursive=True)
    watcher.supervise()
    watcher.supervise()
    print("woken", len(woken))
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    watcher.supervise()
    print("woken", len(woken))
    watcher.stop()
    """


def test_no_more_watchers_are_to_be_had(path: Path) -> None:
    with child(LIMITS, path) as process:
        assert process.stdout
        lines = process.stdout.read().splitlines()
    assert process.returncode == 0
    told = [line for line in lines if "folder is only scanned" in line]
    assert len(told) == 1 and "max_user_instances" in told[0]
    assert [line for line in lines if line.startswith("woken")] == ["woken 0", "woken 1"]


def test_no_more_watches_are_to_be_had(
    path: Path, watcher: Watcher, events: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers import inotify_c

    for number in range(5):
        (path / f"{number}").mkdir()
    real, allowed = inotify_c.InotifyFD.add_callback, 3

    def add(self: inotify_c.InotifyFD, *arguments: object) -> inotify_c.WatchDescriptor:
        nonlocal allowed
        allowed -= 1
        if allowed < 0:
            raise OSError(28, "inotify watch limit reached")
        return real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(inotify_c.InotifyFD, "add_callback", add)
    sleeper = Sleeper()
    watcher.watch(path, sleeper.wake, recursive=True)
    (path / "x").touch()
    assert sleeper.is_woken(), "as far as it goes"
    watcher.supervise()
    watcher.watch(path.parent, sleeper.wake, recursive=False)
    for _ in range(3):
        watcher.supervise()
    assert [(entry["path"], entry["remedy"]) for entry in events.entries] == [
        (str(path), "raise fs.inotify.max_user_watches (sysctl)"),
        (str(path.parent), "raise fs.inotify.max_user_watches (sysctl)"),
    ]


@pytest.mark.skipif(not ROOT, reason="what may not be read is another's")
def test_a_folder_that_is_not_there_yet(path: Path, watcher: Watcher, events: LogCapture) -> None:
    sleeper = Sleeper()
    watcher.watch(path / "new", sleeper.wake, recursive=False)
    watcher.supervise()
    assert sleeper.sleeps_on()
    (path / "new").mkdir()
    watcher.supervise()
    assert sleeper.is_woken()
    assert events.entries == []


def test_nothing_is_left_behind(path: Path, events: LogCapture) -> None:
    (path / "x").mkdir()
    threads, descriptors = threading.active_count(), open_descriptors()
    for _ in range(3):
        watcher = Watcher(structlog.wrap_logger(None, [events], structlog.stdlib.BoundLogger))
        watcher.stop()
        watcher.watch(path, lambda: None, recursive=True)
        watcher.watch(path / "x", lambda: None, recursive=False)
        for number in range(200):
            os.close(os.open(path / f"{number}", os.O_CREAT | os.O_WRONLY))
        watcher.stop()
        watcher.stop()
    assert (threading.active_count(), open_descriptors()) == (threads, descriptors)
