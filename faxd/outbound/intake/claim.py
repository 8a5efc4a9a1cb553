"""Taking files out of an outbox: exactly once, whole, and out of everybody's reach.

A claim is a folder of faxd's own below the outbox's hidden one; taking a file is a rename into
it. Whoever had the file open before still has; so it is asked only after the rename, when nobody
can open it any more, whether somebody can write to it. Where the kernel cannot say (a network
mount, a file of another user without CAP_LEASE), having stood still must do.

A death at any moment leaves each file in the outbox or in a claim. A claim that the ledger does
not know goes back (`give_back`).
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import Enum

from faxd.durable import Folder
from faxd.naming import alternatives, split_suffix
from faxd.outbound.intake.outbox import Outbox, OutboxUnusable, is_foreign_link
from faxd.outbound.intake.seen import Seen, Strange
from faxd.outbound.intake.settle import natural

_NAME_MAX = 255


class Writers(Enum):
    """Whether somebody has a file open for writing."""

    NOBODY = "nobody"
    SOMEBODY = "somebody"
    UNKNOWN = "unknown"  # the kernel does not say


class Untakable(Exception):
    """A file that is whole and still cannot be taken; ``strange`` says why and what to do."""

    def __init__(self, strange: Strange) -> None:
        super().__init__(f"{strange.path}: {strange.reason}")
        self.strange = strange


@dataclass(frozen=True, slots=True)
class Claimed:
    """Files that are out of everybody's reach."""

    #: its folder below the outbox's hidden one
    name: str
    #: as they lay in the outbox, all in one folder; they have the same names in the claim
    files: tuple[Seen, ...]

    @property
    def folders(self) -> tuple[str, ...]:
        """Where they lay below the outbox."""
        return self.files[0].folders


def free_of_writers(folder: Folder, name: str, *, blind: bool = False) -> Writers:
    """Whether nobody has a file open for writing, on this machine; ``blind``: it cannot be known.

    Raises:
        OSError: there is no such file, it is no regular file, or it may not be read.
    """
    if blind:
        return Writers.UNKNOWN
    try:
        with folder.read(name) as file:
            return _writers(file.fileno())
    except BlockingIOError:  # somebody has a lease that must be broken first, as smbd may
        return Writers.SOMEBODY


def claim(outbox: Outbox, files: Sequence[Seen], name: str) -> Claimed | None:
    """Take files out of one folder of the outbox into a new claim; not durable before `sync`.

    Returns None, with everything where it was, if one of them is not what was seen any more, or
    somebody is writing to it: a later look will find it.

    Args:
        outbox: where they lie.
        files: as they were seen; all in the same folder.
        name: of the claim, from ``outbox.new_name()``.

    Raises:
        Untakable: one of them cannot be moved or read; everything is where it was.
        OutboxUnusable: nothing can be moved here (full, read-only, broken).
    """
    with ExitStack() as stack:
        try:
            source = stack.enter_context(outbox.folder(files[0].folders))
        except (FileNotFoundError, NotADirectoryError):
            return None  # it went, or became something else
        if not all(_is_as_seen(source.status(file.name), file) for file in files):
            return None
        try:
            with outbox.hidden.fresh(name) as target:
                taken = _take_all(outbox, source, target, files)
        except OSError as error:
            raise OutboxUnusable(
                f"{outbox.root.path}: documents cannot be taken from there: {error.strerror};"
                " see to its disk, its owner and its mode"
            ) from error
    return Claimed(name, tuple(files)) if taken else None


def sync(outbox: Outbox, claims: Sequence[Claimed]) -> None:
    """Make claims durable: after it no power cut brings a file back to the outbox.

    Raises:
        OutboxUnusable: one could not be; none of them may be relied on, and all can be given back.
    """
    try:
        for claimed in claims:
            with outbox.hidden.existing(claimed.name) as folder:
                for file in claimed.files:
                    with folder.read(file.name) as opened:
                        os.fsync(opened.fileno())
                folder.sync()
        outbox.hidden.sync()
        for folders in {claimed.folders for claimed in claims}:
            # Gone, with all that was in it: nothing can come back to there.
            with suppress(FileNotFoundError, NotADirectoryError), outbox.folder(folders) as source:
                source.sync()
    except OSError as error:
        raise OutboxUnusable(
            f"{outbox.root.path}: documents cannot be made durable: {error.strerror};"
            " see to its disk"
        ) from error


def claims(outbox: Outbox) -> list[str]:
    """The claims in an outbox that were made under its mark."""
    return sorted(
        entry.name
        for entry in outbox.hidden.entries()
        if entry.is_dir(follow_symlinks=False) and outbox.is_ours(entry.name)
    )


def give_back(outbox: Outbox, name: str, folders: Sequence[str]) -> list[str]:
    """Move a claim's files back to where they lay, durably, and remove the claim.

    Returns the names that they have there: another one if theirs was taken meanwhile. It is no
    error if there is no such claim.

    Raises:
        OSError: they could not all be moved; what could not is still in the claim.
    """
    try:
        folder = outbox.hidden.existing(name)
    except FileNotFoundError:
        return []
    with folder:
        with outbox.folder(folders, make=True) as home:
            names = [_put_back(home, folder, file) for file in sorted(folder.names(), key=natural)]
            home.sync()
        folder.sync()
    outbox.hidden.remove_folder(name)
    outbox.hidden.sync()
    return names


def remove(outbox: Outbox, name: str) -> None:
    """Remove a claim, with what is left in it; it is no error if there is none.

    Not durable: after a power cut it may be there again.

    Raises:
        OSError: it cannot be removed.
    """
    with suppress(FileNotFoundError):
        with outbox.hidden.existing(name) as folder:
            for file in folder.names():
                folder.remove(file)
        outbox.hidden.remove_folder(name)


def _take_all(outbox: Outbox, source: Folder, target: Folder, files: Sequence[Seen]) -> bool:
    """Move files and check them; False, with all of them moved back, if one did not pass."""
    moved: list[Seen] = []
    whole = False
    try:
        for file in files:
            try:
                target.take(source, file.name, file.name)
            except FileNotFoundError:
                return False
            except PermissionError as error:
                reason = f"a file that faxd may not move: {error.strerror}; see to its folder's"
                raise Untakable(Strange(file.path, f"{reason} owner and mode")) from None
            moved.append(file)
        whole = all(_is_whole(outbox, target, file) for file in files)
    finally:
        if not whole:
            _return(outbox, target, moved)
    return whole


def _is_whole(outbox: Outbox, target: Folder, file: Seen) -> bool:
    """Whether what was moved is what was seen, and nobody can write to it."""
    try:
        with target.read(file.name) as opened:
            fd = opened.fileno()
            if not outbox.blind and _writers(fd) is Writers.SOMEBODY:
                return False
            # Now, not before: a writer may just have finished.
            return _is_as_seen(os.fstat(fd), file)
    except PermissionError:
        reason = "a file that faxd may not read; give faxd's group the right to (chmod g+r)"
        raise Untakable(Strange(file.path, reason)) from None
    except OSError as error:
        # A link, a pipe, a device; or somebody's lease must be broken first.
        if error.errno in {errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.EAGAIN, errno.ENODEV}:
            return False
        raise


def _is_as_seen(found: os.stat_result | None, file: Seen) -> bool:
    """Whether it is still the same file, with the same content."""
    return (
        found is not None
        and stat.S_ISREG(found.st_mode)
        and not is_foreign_link(found)
        and (found.st_dev, found.st_ino) == file.inode
        and (found.st_size, found.st_mtime_ns) == (file.size, file.mtime_ns)
    )


def _writers(fd: int) -> Writers:
    """Ask for a read lease, which the kernel refuses while anybody has the file open for writing.

    It is held for an instant. Who opens the file for writing just then waits that long; the
    kernel tells the holder by a signal, by default SIGIO, which would end the process. SIGURG
    is ignored by default, in every thread, whatever the program does about signals.
    """
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return Writers.SOMEBODY
    except OSError:  # EACCES: another's file; EINVAL, ENOLCK: not on this file system
        return Writers.UNKNOWN
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return Writers.NOBODY


def _return(outbox: Outbox, target: Folder, moved: Sequence[Seen]) -> None:
    """Move files of a claim that came to nothing back to where they were."""
    if moved:
        with outbox.folder(moved[0].folders, make=True) as home:
            for file in reversed(moved):
                _put_back(home, target, file.name)
    outbox.hidden.remove_folder(target.path.name)


def _put_back(home: Folder, folder: Folder, name: str) -> str:
    """Move a file out of a claim, never over another one; says its name there."""
    if home.inode(name) == folder.inode(name):
        # A file system without RENAME_NOREPLACE, and a death between its link and its unlink.
        folder.remove(name)
        return name
    for other in _ways_back(name):
        with suppress(FileExistsError):
            home.take(folder, name, other)
            return other
    raise FileExistsError(errno.EEXIST, "all its names are taken", str(home.path / name))


def _ways_back(name: str) -> Iterator[str]:
    """The name, then others like it, none longer than a name may be."""
    yield name
    stem, suffix = split_suffix(name)
    room = _NAME_MAX - len(os.fsencode(suffix)) - len(" (999)")
    short = os.fsencode(stem)[:room].decode("utf-8", "ignore") + suffix
    others = alternatives(short)
    next(others)
    yield from others
