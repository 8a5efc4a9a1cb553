"""The outbox folder: whether it can be used, and what lies in it.

Nothing is ever made in place of a missing outbox: a folder that is not there may be a disk or a
share that is not mounted.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from faxd.durable import Folder, descend
from faxd.job import Kind
from faxd.outbound.intake.ignore import is_readable
from faxd.outbound.intake.mounts import is_network
from faxd.outbound.intake.seen import Look, Seen, Strange

#: what faxd keeps in an outbox for itself
HIDDEN = ".faxd"
#: sub-folders in sub-folders that are looked into: a kind, and a recipient in it
MAX_DEPTH = 2

#: begins the name of what was in the place of that; never looked into
_MOVED_ASIDE = "faxd-not-ours-"

_KINDS = tuple(kind.value for kind in Kind)
_UNREADABLE = "a name that is not UTF-8; rename it"

_NO_FILES = {
    stat.S_IFLNK: "a symbolic link, which is never followed; put the document itself there",
    stat.S_IFIFO: "a pipe, not a document; remove it",
    stat.S_IFSOCK: "a socket, not a document; remove it",
    stat.S_IFCHR: "a device, not a document; remove it",
    stat.S_IFBLK: "a device, not a document; remove it",
}


class OutboxUnusable(Exception):
    """The outbox cannot be used now; the message says why and what to do."""


class Outbox:
    """An outbox, held open; for one thread at a time."""

    def __init__(
        self, root: Folder, hidden: Folder, *, mark: str, mode: int, gid: int | None, blind: bool
    ) -> None:
        """Use `open_outbox`."""
        self.root = root
        self.hidden = hidden
        #: leases say nothing here, as other machines may write
        self.blind = blind
        self._prefix = f"{mark}-"
        self._mode = mode
        self._gid = gid

    def new_name(self) -> str:
        """A name for a claim, by which `claims` knows it as this ledger's."""
        return self._prefix + secrets.token_hex(8)

    def is_ours(self, claim: str) -> bool:
        """Whether a claim was named by `new_name` under the same mark."""
        return claim.startswith(self._prefix)

    @contextmanager
    def folder(self, folders: Sequence[str], *, make: bool = False) -> Iterator[Folder]:
        """A folder below the outbox, which is made where it is missing if ``make`` is set.

        Raises:
            OSError: there is none, or something else has its name.
        """
        if make:
            with descend(self.root, list(folders), mode=self._mode, gid=self._gid) as folder:
                yield folder
            return
        with ExitStack() as stack:
            folder = self.root
            for name in folders:
                folder = stack.enter_context(folder.existing(name))
            yield folder

    def look(
        self, ignored: Callable[[str], bool], known: Callable[[Seen], Seen] = lambda seen: seen
    ) -> Look:
        """All files that may be documents, and what only looks like one; nothing is opened.

        Each file is given to ``known``, which may give back an equal one that is remembered: of
        very many it makes a difference whether they are there twice.

        Raises:
            OutboxUnusable: it is not there any more, or cannot be read.
        """
        if not self.root.is_at(self.root.path):
            raise OutboxUnusable(
                f"{self.root.path} is gone, or something else has been mounted there;"
                " make the folder, or mount the disk that it is on"
            )
        look = Look([], [])
        try:
            self._look_into(self.root, (), ignored, known, look)
        except OSError as error:
            raise _unusable(self.root.path, error) from None
        return look

    def make_kinds(self) -> None:
        """Make the kinds' folders, durably, where they are missing.

        Raises:
            OSError: one cannot be made.
        """
        for kind in _KINDS:
            if not self.root.has(kind):
                self.root.child(kind, mode=self._mode, gid=self._gid).close()

    def _look_into(
        self,
        folder: Folder,
        folders: tuple[str, ...],
        ignored: Callable[[str], bool],
        known: Callable[[Seen], Seen],
        look: Look,
    ) -> None:
        below: list[str] = []
        entries = folder.entries()
        while entries:
            entry = entries.pop()  # with its status, which it keeps: a kilobyte each
            name = entry.name
            if ignored(name):
                continue
            if entry.is_dir(follow_symlinks=False):
                below.append(name)
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if not folders and name in _KINDS:
                reason: str | None = "no folder, but has the name of one of faxd's; rename it"
            else:
                reason = _not_a_document(folder, name, found)
            if reason:
                look.strange.append(Strange(_shown(folders, name), reason))
                continue
            seen = Seen(
                folders, name, found.st_size, found.st_mtime_ns, found.st_ctime_ns,
                (found.st_dev, found.st_ino),
            )  # fmt: skip
            look.files.append(known(seen))
        for name in below:
            if name == HIDDEN or name.startswith(_MOVED_ASIDE):
                continue
            reason = self._look_below(folder, folders, name, ignored, known, look)
            if reason:
                look.strange.append(Strange(_shown(folders, name), reason))

    def _look_below(
        self,
        folder: Folder,
        folders: tuple[str, ...],
        name: str,
        ignored: Callable[[str], bool],
        known: Callable[[Seen], Seen],
        look: Look,
    ) -> str | None:
        """Look into the sub-folder ``name``; says why it is not looked into."""
        if len(folders) == MAX_DEPTH:
            return "a folder too deep; documents may lie in two folders below the outbox at most"
        if not is_readable(name):
            return _UNREADABLE
        try:
            with folder.existing(name) as child:
                if child.is_private():
                    return (
                        "a folder that is only for faxd's own use, and no longer has its name"
                        f" {HIDDEN}; give it that back, or remove it if there is a new one"
                    )
                if not child.accepts(self.hidden):
                    return (
                        "a folder that faxd may not move files out of, or that is on a disk of its"
                        " own; give faxd's group the right to write there"
                    )
                self._look_into(child, (*folders, name), ignored, known, look)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                return None  # it went, or is something else by now: the next look will tell
            return f"a folder that cannot be read: {error.strerror}; see to its owner and mode"
        return None


@contextmanager
def open_outbox(
    path: Path, *, mark: str, mode: int = 0o770, gid: int | None = None, blind: bool | None = None
) -> Iterator[Outbox]:
    """Open an outbox; make the kinds' folders in it where they are missing.

    Args:
        path: the outbox.
        mark: the ledger's; tells its claims from those of another one.
        mode: of folders that are made.
        gid: group of folders that are made.
        blind: leases say nothing here; None asks the file system's type.

    Raises:
        OutboxUnusable: it is gone, not mounted, or cannot be written.
    """
    try:
        root = Folder.open(path)
    except OSError as error:
        if error.errno == errno.EACCES:
            raise _unusable(path, error) from None
        raise OutboxUnusable(
            f"{path}: {error.strerror}; make the folder, or mount the disk that it is on"
        ) from None
    with ExitStack() as stack:
        stack.enter_context(root)
        if root.is_read_only():
            raise OutboxUnusable(
                f"{path} cannot be written: Read-only file system; mount it writable"
            )
        try:
            hidden = stack.enter_context(_hidden(root))
            if not root.accepts(hidden):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            outbox = Outbox(
                root,
                hidden,
                mark=mark,
                mode=mode,
                gid=gid,
                blind=is_network(path) if blind is None else blind,
            )
            outbox.make_kinds()
        except OSError as error:
            raise _unusable(path, error) from None
        yield outbox


def _not_a_document(folder: Folder, name: str, found: os.stat_result) -> str | None:
    """Why something is never taken; None for a document."""
    if not stat.S_ISREG(found.st_mode):
        return _NO_FILES.get(stat.S_IFMT(found.st_mode), "not a file; remove it")
    if not is_readable(name):
        return _UNREADABLE
    if is_foreign_link(found):
        return (
            "a file that has a second name somewhere (a hard link), and might be what its"
            " owner keeps secret; put a copy there"
        )
    if not _mode_lets_read(found) and not folder.may_read(name):
        return (
            "a file that faxd may not read; give faxd's group the right to (chmod g+r), and"
            " let the share set it for new files (Samba: create mask, force group)"
        )
    return None


def is_foreign_link(found: os.stat_result) -> bool:
    """Whether a file has other names.

    Whoever may write into the outbox can link files of its disk to there: secret ones, or one that
    can be changed by its other name after it was taken. faxd's own are no exception.
    """
    return found.st_nlink > 1


def _hidden(root: Folder) -> Folder:
    """faxd's own folder; what somebody else has put in its place is moved aside.

    In a folder of a stranger's he could change a document after it was taken.
    """
    # A mount that knows no owners shows its root's for everything.
    ours = {os.geteuid(), root.owner()}
    try:
        hidden = root.child(HIDDEN, mode=0o700)
    except NotADirectoryError:
        pass
    except PermissionError:
        found = root.status(HIDDEN)
        if found is None or found.st_uid in ours:  # with documents on their way in it
            raise
    else:
        if hidden.owner() in ours:
            return hidden
        hidden.close()
    root.take(root, HIDDEN, f"{_MOVED_ASIDE}{secrets.token_hex(4)}")
    return root.child(HIDDEN, mode=0o700)


def _mode_lets_read(found: os.stat_result) -> bool:
    """Whether owner, group and mode alone let this process read a file; an ACL may all the same."""
    uid = os.geteuid()
    if uid == 0:
        return True
    if found.st_uid == uid:
        return bool(found.st_mode & stat.S_IRUSR)
    if found.st_gid == os.getegid() or found.st_gid in os.getgroups():
        return bool(found.st_mode & stat.S_IRGRP)
    return bool(found.st_mode & stat.S_IROTH)


def _shown(folders: tuple[str, ...], name: str) -> str:
    path = "/".join((*folders, name))
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _unusable(path: Path, error: OSError) -> OutboxUnusable:
    remedy = {
        errno.ENOSPC: "make room there",
        errno.EDQUOT: "make room there",
        errno.EIO: "see to its disk",
        errno.EROFS: "mount it writable",
    }.get(error.errno or 0, "see to its owner and mode")
    return OutboxUnusable(f"{path} cannot be used: {error.strerror}; {remedy}")
