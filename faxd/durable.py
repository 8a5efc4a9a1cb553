"""Whole or not at all: files that survive a crash and a power cut.

A file is on the disk for good only after: fsync of the file, rename to its final name, fsync of
the folder, and fsync of the parent of every folder made on the way (rename(2), fsync(2)). All
that must survive goes through here; no other code renames.

Folders are held as descriptors, and what lies below them is reached without following symbolic
links: nobody who may write into a shared folder can lead a file out of it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import IO

_RENAME_NOREPLACE = 1  # linux/fs.h
_RENAME_EXCHANGE = 2
_libc = ctypes.CDLL(None, use_errno=True)


class Folder:
    """A folder, held open."""

    def __init__(self, fd: int, path: Path) -> None:
        """Use `open` or `child`."""
        self.path = path
        self._fd = fd

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Open an existing folder (which may be a link: the administrator named it).

        Raises:
            OSError: there is none, or it may not be entered.
        """
        return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY), path)

    def existing(self, name: str) -> Folder:
        """Open the sub-folder ``name``.

        Raises:
            OSError: there is none, or it may not be entered, or is a symbolic link.
        """
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        return Folder(os.open(name, flags, dir_fd=self._fd), self.path / name)

    def child(self, name: str, *, mode: int, gid: int | None = None) -> Folder:
        """Open the sub-folder ``name``; make it, durably, if it is not there.

        Raises:
            OSError: it cannot be made or entered, or is a symbolic link.
        """
        made = False
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, mode, dir_fd=self._fd)
            made = True
        folder = self.existing(name)
        try:
            if made:
                give(folder._fd, mode | (os.fstat(self._fd).st_mode & stat.S_ISGID), gid)
                folder.sync()
            # Also when it was there: whoever made it may have died before this.
            self.sync()
        except OSError:
            folder.close()
            raise
        return folder

    def fresh(self, name: str) -> Folder:
        """Make and open a sub-folder for this user alone; durable once it and this are synced.

        Raises:
            FileExistsError: there is a ``name`` already.
            OSError: it cannot be made or entered.
        """
        os.mkdir(name, 0o700, dir_fd=self._fd)
        return self.existing(name)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sync(self) -> None:
        """Make what was created, renamed or removed in it durable."""
        os.fsync(self._fd)

    def sync_all(self) -> None:
        """Make all durable that was written to its file system (syncfs(2)).

        For many small files at once, each of which would be waited for by itself.

        Raises:
            OSError: something could not be written.
        """
        if _libc.syncfs(self._fd) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(self.path))

    def identity(self) -> str:
        """What tells this folder from another that is put in its place, and lasts over a restart.

        The inode number alone would not do: two new file systems give out the same ones.
        """
        return f"{os.fstatvfs(self._fd).f_fsid:x}-{os.fstat(self._fd).st_ino:x}"

    def owner(self) -> int:
        """Uid of its owner."""
        return os.fstat(self._fd).st_uid

    def is_private(self) -> bool:
        """Whether it is this user's own, and nobody else may enter it."""
        found = os.fstat(self._fd)
        return found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o777 == 0o700

    def is_read_only(self) -> bool:
        """Whether its file system is mounted so."""
        return bool(os.fstatvfs(self._fd).f_flag & os.ST_RDONLY)

    def accepts(self, other: Folder) -> bool:
        """Whether a file can be moved here from ``other``."""
        return (
            os.access(".", os.W_OK | os.X_OK, dir_fd=self._fd, effective_ids=True)
            and os.fstat(self._fd).st_dev == os.fstat(other._fd).st_dev
        )

    def names(self) -> list[str]:
        """What is in it."""
        return os.listdir(self._fd)

    def entries(self) -> list[os.DirEntry[str]]:
        """What is in it, each with a cheap ``stat``; only while it is open.

        Not for two threads at once: they would share the position in the folder.
        """
        with os.scandir(self._fd) as found:
            return list(found)

    def status(self, name: str) -> os.stat_result | None:
        """Size, times and so on of ``name`` itself, links not followed; None if not there."""
        try:
            return os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def is_at(self, path: Path) -> bool:
        """Whether ``path`` still leads here: nobody has put another folder, or a disk, there."""
        try:
            return os.path.samestat(path.stat(), os.fstat(self._fd))
        except OSError:
            return False

    def may_read(self, name: str) -> bool:
        """Whether this process may read ``name``."""
        return os.access(name, os.R_OK, dir_fd=self._fd, effective_ids=True, follow_symlinks=False)

    def has(self, name: str) -> bool:
        """Whether there is anything of that name, a dangling link included."""
        try:
            os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def inode(self, name: str) -> tuple[int, int] | None:
        """What tells the file ``name`` from any other; None if there is none."""
        try:
            found = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def read(self, name: str) -> BufferedReader:
        """Open a regular file for reading.

        Raises:
            OSError: there is none, or it is a link, a pipe or a device.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = os.open(name, flags, dir_fd=self._fd)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, "not a regular file", str(self.path / name))
        return os.fdopen(fd, "rb")

    def remove(self, name: str) -> None:
        """Remove a file; it is no error if it is not there."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._fd)

    def remove_folder(self, name: str) -> None:
        """Remove an empty sub-folder, not durably; it is no error if it is not there.

        Raises:
            OSError: it is not empty, or cannot be removed.
        """
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(name, dir_fd=self._fd)

    def free_bytes(self) -> int:
        """Space that may still be written on its file system."""
        free = os.fstatvfs(self._fd)
        return free.f_bavail * free.f_frsize

    def part(self, prefix: str) -> Part:
        """A new file under a temporary name, readable for its owner alone.

        Raises:
            OSError: it cannot be made (the folder is gone, read-only, full).
        """
        name = f"{prefix}-{secrets.token_hex(8)}.part"
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=self._fd)
        return Part(self, name, os.fdopen(fd, "w+b"))

    def take(self, source: Folder, name: str, new: str) -> None:
        """Move ``name`` from ``source`` to here as ``new``, never over an existing file.

        Raises:
            FileExistsError: there is a ``new`` already.
            OSError: it cannot be moved.
        """
        if _rename_noreplace(source._fd, name, self._fd, new):
            return
        # A file system without that flag (NFS) can link; the link is as exclusive.
        os.link(name, new, src_dir_fd=source._fd, dst_dir_fd=self._fd, follow_symlinks=False)
        try:
            os.unlink(name, dir_fd=source._fd)
        except OSError:
            os.unlink(new, dir_fd=self._fd)
            raise


class Part:
    """A file on its way; leaving its ``with`` block removes it unless published or ``kept``."""

    def __init__(self, folder: Folder, name: str, file: IO[bytes]) -> None:
        self.folder = folder
        self.name = name
        self.file = file
        #: something durable refers to it by its name: it must not be removed
        self.kept = False
        #: it has its final name, which need not be durable yet
        self.published = False

    def __enter__(self) -> Part:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        # Errors here say nothing: what counts was synced before, the rest is thrown away. One
        # that took the place of a refused login on its way up would do harm.
        with contextlib.suppress(OSError):
            self.file.close()
        if not self.published and not self.kept:
            with contextlib.suppress(OSError):
                self.folder.remove(self.name)

    def sync(self, *, mode: int, gid: int | None = None, mtime: float | None = None) -> None:
        """Write it out, with its final mode, group and time, to the disk for good.

        A failed fsync loses pages silently, and a second one may succeed and mean nothing
        (fsync(2), notes): whoever gets an error here throws the file away.

        Raises:
            OSError: it could not be made durable.
        """
        self.file.flush()
        fd = self.file.fileno()
        give(fd, mode, gid)
        if mtime is not None:
            os.utime(fd, (mtime, mtime))
        os.fsync(fd)
        self.folder.sync()

    def publish(self, folder: Folder, name: str) -> None:
        """Give a synced file its final name, durably, never replacing anything.

        Raises:
            FileExistsError: the name is taken; the part is as it was.
            OSError: it could not be named, or the name could not be made durable.
        """
        folder.take(self.folder, self.name, name)
        self.published = True
        folder.sync()

    def give_name(self, folder: Folder, name: str) -> None:
        """As `publish`, for who syncs the folder later, or need not.

        Raises:
            FileExistsError: the name is taken; the part is as it was.
            OSError: it could not be named.
        """
        folder.take(self.folder, self.name, name)
        self.published = True

    def dress(self, *, mode: int, gid: int | None = None) -> None:
        """Write it out, with its final mode and group, but not to the disk for good.

        Raises:
            OSError: it could not be written.
        """
        self.file.flush()
        give(self.file.fileno(), mode, gid)

    def swap(self, name: str) -> bool:
        """Take the place of the file ``name`` in its own folder; False if there is none.

        Not durable. Somebody may remove ``name`` at any time, and that must not go unnoticed: an
        exchange fails then, where a rename would bring it back.

        Raises:
            OSError: it could not be named.
        """
        fd = self.folder._fd
        try:
            if _renameat2(fd, self.name, fd, name, _RENAME_EXCHANGE):
                return True  # the old file has the part's name now, and goes with it
        except FileNotFoundError:
            return False
        if not self.folder.has(name):
            return False
        os.rename(self.name, name, src_dir_fd=fd, dst_dir_fd=fd)
        self.published = True
        return True

    def withdraw(self, folder: Folder, name: str) -> None:
        """Take back what was published but is not durable, unless it has been moved away."""
        with contextlib.suppress(OSError):
            self.folder.take(folder, name, self.name)
            self.published = False

    def replace(self, name: str) -> None:
        """Give a synced file its final name in its own folder, over an old file if there is one.

        Raises:
            OSError: it could not be named, or the name could not be made durable.
        """
        fd = self.folder._fd
        os.rename(self.name, name, src_dir_fd=fd, dst_dir_fd=fd)
        self.published = True
        self.folder.sync()


def replace_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file that faxd owns whole or not at all, over the old one if there is one.

    Raises:
        OSError: it could not be written, or not be made durable; there is the whole old one
            or the whole new one.
    """
    with Folder.open(path.parent) as folder, folder.part(f".{path.name}") as part:
        part.file.write(data)
        part.sync(mode=mode)
        part.replace(path.name)


def give(fd: int, mode: int, gid: int | None) -> None:
    """Set group and mode of what is open as ``fd``.

    Raises:
        OSError: the group may not be given.
    """
    if gid is not None and os.fstat(fd).st_gid != gid:
        os.fchown(fd, -1, gid)
    if stat.S_IMODE(os.fstat(fd).st_mode) != mode:
        # Not where it is so already: systemd's RestrictSUIDSGID forbids to say S_ISGID, even where
        # the folder has inherited it.
        os.fchmod(fd, mode)


@contextlib.contextmanager
def descend(root: Folder, parts: list[str], *, mode: int, gid: int | None) -> Iterator[Folder]:
    """The folder below ``root`` that ``parts`` name, made where it is missing."""
    with contextlib.ExitStack() as stack:
        folder = root
        for part in parts:
            folder = stack.enter_context(folder.child(part, mode=mode, gid=gid))
        yield folder


def _rename_noreplace(source: int, name: str, target: int, new: str) -> bool:
    """renameat2(2) with RENAME_NOREPLACE; False where that cannot be had."""
    return _renameat2(source, name, target, new, _RENAME_NOREPLACE)


def _renameat2(source: int, name: str, target: int, new: str, flag: int) -> bool:
    """renameat2(2); False where the flag cannot be had."""
    if not hasattr(_libc, "renameat2"):
        return False
    if _libc.renameat2(source, os.fsencode(name), target, os.fsencode(new), flag) == 0:
        return True
    code = ctypes.get_errno()
    if code in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
        return False
    raise OSError(code, os.strerror(code), name, None, new)
