"""One faxd per state folder: a lock that dies with its holder."""

from __future__ import annotations

import fcntl
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

#: tries, and seconds between them: a look by `holder` takes the lock for an instant
_TRIES, _BETWEEN = 5, 0.05


class Busy(Exception):
    """Another faxd works with the same state folder."""

    def __init__(self, path: Path, pid: int | None) -> None:
        super().__init__(
            f"another faxd (pid {pid or 'unknown'}) works with {path.parent}; stop it first,"
            " or give this one another state_dir"
        )
        self.pid = pid


class Lock:
    """``with Lock(state_dir):`` holds it; flock(2) lets it go however the process ends."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "faxd.lock"
        self._fd = -1

    def __enter__(self) -> Lock:
        """Take it.

        Raises:
            Busy: another process has it.
            OSError: the state folder cannot be written.
        """
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            self._lock(fd)
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        return self

    def _lock(self, fd: int) -> None:
        for left in reversed(range(_TRIES)):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not left:
                    raise Busy(self._path, _pid(os.pread(fd, 32, 0))) from None
                time.sleep(_BETWEEN)
            else:
                return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        # The file stays: were it removed, a third process could lock a new one of that name.
        os.close(self._fd)


def holder(state_dir: Path) -> int | None:
    """Pid of the process that holds the lock (0 if it cannot be told), None if nobody does."""
    try:
        fd = os.open(state_dir / "faxd.lock", os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(os.pread(fd, 32, 0)) or 0
    finally:
        os.close(fd)
    return None


def held_since(state_dir: Path) -> datetime | None:
    """When the lock was last taken, by the clock of then; None if that cannot be told."""
    try:
        return datetime.fromtimestamp((state_dir / "faxd.lock").stat().st_mtime, UTC)
    except OSError:
        return None


def _pid(text: bytes) -> int | None:
    return int(text) if text.strip().isdigit() else None
