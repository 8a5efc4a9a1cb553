"""Events of folders, which only wake: a scan is what guarantees that no file is missed.

watchdog's InotifyFD is used, not its InotifyObserver, which fits neither way to watch an outbox:
recursively it would watch every claim below the hidden folder as well, one by one, up to the
kernel's limit; and it holds back all later events for half a second when a file is renamed out
of a watched folder (InotifyMoveEventGrouper), which is how each file is taken. InotifyFD also
tells that the kernel's queue overflowed.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from faxd.log import Log
from faxd.outbound.intake.mounts import is_network as is_network
from faxd.outbound.intake.outbox import HIDDEN, MAX_DEPTH

if TYPE_CHECKING:
    from watchdog.observers.inotify_c import InotifyEvent, InotifyFD, WatchDescriptor

_REMEDIES = {
    errno.ENOSPC: "raise fs.inotify.max_user_watches (sysctl)",
    errno.EMFILE: "raise fs.inotify.max_user_instances (sysctl), or LimitNOFILE",
}


class Watcher:
    """Watches folders; each has somebody who is woken when something happens in it.

    ``wake`` is called in threads of the watcher's, often, and must return at once.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.RLock()
        self._reader: InotifyFD | None = None
        self._watches: dict[Path, _Watch] = {}
        self._told: set[tuple[Path, int | None]] = set()

    def watch(self, path: Path, wake: Callable[[], None], *, recursive: bool) -> None:
        """Wake somebody from now on; ``recursive`` looks as deep as outboxes are.

        A path that is watched already changes hands. One that cannot be watched (it is not there,
        a limit is reached) is tried again by `supervise`.
        """
        with self._lock:
            self.unwatch(path)
            watch = _Watch(path, wake, recursive)
            self._watches[path] = watch
            self._start(watch)

    def unwatch(self, path: Path) -> None:
        """Wake nobody any more; it is no error if nobody was."""
        with self._lock:
            watch = self._watches.pop(path, None)
            if watch is not None:
                watch.stop()

    def supervise(self) -> None:
        """Set right what has stopped working, and wake whom it concerns; to be called each second.

        The reading thread may have ended; a folder may have been deleted and made again, renamed,
        unmounted; the kernel may have dropped events.
        """
        woken = []
        with self._lock:
            ended = self._reader is not None and not self._reader.is_alive()
            if ended:
                self._log.warning("watching again", reason="the thread that reads events has ended")
                self._end_reader()
            for watch in self._watches.values():
                if ended or not watch.is_sound():
                    was_watched = watch.was_watched
                    watch.stop()
                    if self._start(watch) or was_watched:
                        woken.append(watch.wake)
                elif watch.incomplete is not None:
                    self._tell(watch.path, watch.incomplete)
        for wake in woken:
            wake()

    def stop(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            for path in list(self._watches):
                self.unwatch(path)
            reader = self._reader
            self._end_reader()
        # Not while the lock is held: it may be in the middle of an event.
        if reader is not None and reader is not threading.current_thread():
            reader.join()

    def _end_reader(self) -> None:
        reader, self._reader = self._reader, None
        for watch in self._watches.values():
            watch.forget()
        if reader is not None:
            with suppress(OSError):
                reader.stop()

    def _start(self, watch: _Watch) -> bool:
        """Begin to watch a folder; False, told once, if that cannot be."""
        try:
            if self._reader is None:
                from watchdog.observers.inotify_c import InotifyFD

                reader = InotifyFD()
                reader.start()
                self._reader = reader
            watch.start(self._reader)
        except OSError as error:
            watch.stop()
            self._tell(watch.path, error)
            return False
        if watch.incomplete is None:
            self._told = {told for told in self._told if told[0] != watch.path}
        else:
            self._tell(watch.path, watch.incomplete)
        return True

    def _tell(self, path: Path, error: OSError) -> None:
        told = path, error.errno
        if error.errno in {errno.ENOENT, errno.ENOTDIR} or told in self._told:
            return  # that it is not there is told by those who need it
        self._told.add(told)
        self._log.warning(
            "folder is only scanned",
            path=str(path),
            problem=error.strerror,
            remedy=_REMEDIES.get(error.errno or 0, "see to its owner and mode"),
        )


class _Watch:
    """One folder, and those below it: what InotifyFD calls when something happens there."""

    def __init__(self, path: Path, wake: Callable[[], None], recursive: bool) -> None:
        self.path = path
        self.wake = wake
        self.was_watched = False
        #: why some folder below is not watched
        self.incomplete: OSError | None = None
        self._depth = MAX_DEPTH if recursive else 0
        self._lock = threading.RLock()
        self._reader: InotifyFD | None = None
        self._identity: tuple[int, int] | None = None
        self._overflowed = False
        self._folders: dict[WatchDescriptor, tuple[str, ...]] = {}

    def start(self, reader: InotifyFD) -> None:
        """Watch it.

        Raises:
            OSError: it is not there, or a limit is reached.
        """
        with self._lock:
            self._reader = reader
            self._overflowed = False
            self.incomplete = None
            self._identity = _identity(self.path)
            self._add(())
            self.was_watched = True
            self._add_below(())

    def stop(self) -> None:
        """Do not watch it any more."""
        with self._lock:
            self._drop(())
            self.forget()
            self.was_watched = False

    def forget(self) -> None:
        """As `stop`, if the reader is no more."""
        with self._lock:
            self._folders.clear()
            self._reader = None
            self._identity = None

    def is_sound(self) -> bool:
        """Whether what is watched is what is there."""
        with self._lock:
            if self._identity is None or self._overflowed:
                return False
            try:
                return self._identity == _identity(self.path) and () in self._folders.values()
            except OSError:
                return False

    def on_event(self, event: InotifyEvent) -> None:
        """Something happened in a watched folder, or to it."""
        name = os.fsdecode(event.name)
        with self._lock:
            folders = self._folders.get(event.wd)
            if folders is None or name == HIDDEN:
                return
            if name and event.is_directory and len(folders) < self._depth:
                below = (*folders, name)
                if event.is_moved_from or event.is_delete:
                    self._drop(below)
                elif event.is_create or event.is_moved_to:
                    self._add_safely(below)
        self.wake()

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """A folder was deleted or unmounted."""
        with self._lock:
            known = self._folders.pop(wd, None)
        if known is not None:
            self.wake()

    def on_queue_overflow(self) -> None:
        """The kernel has dropped events, of folders that were made perhaps, too."""
        self._overflowed = True
        self.wake()

    def _add_safely(self, folders: tuple[str, ...]) -> None:
        """Watch a folder below, and those in it, if possible."""
        if self._reader is None:
            return
        try:
            self._add(folders)
        except OSError as error:
            if error.errno not in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                self.incomplete = error
        else:
            self._add_below(folders)

    def _add_below(self, folders: tuple[str, ...]) -> None:
        if len(folders) < self._depth:
            for name in _folders_in(self.path.joinpath(*folders)):
                self._add_safely((*folders, name))

    def _add(self, folders: tuple[str, ...]) -> None:
        from watchdog.observers.inotify_c import CallbackId, InotifyConstants, Mask

        if self._reader is None or folders in self._folders.values():
            return
        # Not IN_MODIFY: a large file makes thousands of them, and a close follows. Not IN_OPEN and
        # IN_CLOSE_NOWRITE: looking is no change.
        mask = (
            InotifyConstants.IN_CREATE
            | InotifyConstants.IN_ATTRIB
            | InotifyConstants.IN_CLOSE_WRITE
            | InotifyConstants.IN_MOVE
            | InotifyConstants.IN_DELETE
            | InotifyConstants.IN_ONLYDIR
        )
        if folders:  # the folder itself may be a link: the administrator named it
            mask |= InotifyConstants.IN_DONT_FOLLOW
        path = os.fsencode(self.path.joinpath(*folders))
        wd = self._reader.add_callback(path, Mask(mask), self, CallbackId(id(self)))
        if wd == -1:  # InotifyFD raises no error for this one
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        self._folders[wd] = folders

    def _drop(self, folders: tuple[str, ...]) -> None:
        """Do not watch a folder, and those in it, any more."""
        from watchdog.observers.inotify_c import CallbackId

        gone = [wd for wd, known in self._folders.items() if known[: len(folders)] == folders]
        for wd in gone:
            del self._folders[wd]
        if self._reader is not None and gone:
            with suppress(OSError):  # it has ended
                self._reader.remove_callbacks([(wd, CallbackId(id(self))) for wd in gone])


def folders_watched(path: Path) -> int:
    """How many folders are watched for an outbox: itself and those below, as deep as they count."""
    return 1 + _count_below(path, MAX_DEPTH)


def _count_below(path: Path, depth: int) -> int:
    names = list(_folders_in(path)) if depth else []
    return len(names) + sum(_count_below(path / name, depth - 1) for name in names)


def _folders_in(path: Path) -> Iterator[str]:
    """Names of the visible folders in a folder; none if it cannot be read."""
    with suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            if entry.name != HIDDEN and entry.is_dir(follow_symlinks=False):
                yield entry.name


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
