"""The inbox folder: whether it can take a fax, and how files get into it.

Nothing is ever made in place of a missing inbox: a folder that is not there may be a disk or a
share that is not mounted, and faxes written below it would vanish when it is.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from faxd.config import AccountSettings
from faxd.durable import Folder, Part, descend

#: what faxd keeps in an inbox for itself
HIDDEN = ".faxd"
DAMAGED = "damaged"


class InboxUnusable(Exception):
    """The inbox cannot take a fax now; the message says why and what to do."""


class Inbox:
    """An inbox, held open during one run."""

    def __init__(self, settings: AccountSettings, root: Folder, hidden: Folder, mark: str) -> None:
        """Use `open_inbox`."""
        self.root = root
        self.hidden = hidden
        self._settings = settings
        self._prefix = f"{settings.account}-{mark}"

    def require_room(self) -> None:
        """Make sure that there is space for a fax before one is fetched.

        Raises:
            InboxUnusable: there is too little.
        """
        if self.root.free_bytes() < self._settings.min_free:
            # No number that changes: the same problem is told once.
            raise InboxUnusable(
                f"{self.root.path} has less than the {self._settings.min_free >> 20} MiB (min_free)"
                " free that a fax may need; make room there"
            )

    def part(self) -> Part:
        """A new file on its way, on the inbox's own file system.

        Raises:
            InboxUnusable: it cannot be made.
        """
        try:
            return self.hidden.part(self._prefix)
        except OSError as error:
            raise InboxUnusable(f"{self.root.path} cannot be written: {error.strerror}") from None

    def sync(self, part: Part, *, mtime: float | None = None) -> None:
        """Make a part durable with the file mode and group of the settings."""
        part.sync(mode=self._settings.file_mode, gid=self._settings.gid, mtime=mtime)

    @contextmanager
    def folder(self, components: list[str]) -> Iterator[Folder]:
        """A folder below the inbox, made where it is missing.

        Raises:
            NotADirectoryError: a file, or a link, has one of the names.
        """
        mode, gid = self._settings.folder_mode, self._settings.gid
        with descend(self.root, components, mode=mode, gid=gid) as folder:
            if not folder.accepts(self.hidden):
                raise NotADirectoryError
            yield folder

    def add(self, folder: Folder, name: str, data: bytes) -> None:
        """Publish a small file; it is no error if it is there already.

        Raises:
            FileExistsError: the name is taken by something else.
            OSError, InboxUnusable: it could not be published.
        """
        with self.part() as part:
            part.file.write(data)
            self.sync(part)
            try:
                part.publish(folder, name)
            except FileExistsError:
                if not holds(folder, name, len(data), hashlib.sha256(data).hexdigest()):
                    raise

    def sync_folder(self, components: list[str]) -> None:
        """Make what was published in a folder below the inbox durable, if it is still there."""
        with self._existing(components) as folder:
            if folder is not None:  # otherwise the office has moved it away, with what is in it
                folder.sync()

    def was_published(self, part: str, path: str) -> bool:
        """Whether a part has become ``path``: it is gone, or both are there (link, no unlink)."""
        inode = self.hidden.inode(part)
        if inode is None:
            return True
        *folders, name = path.split("/")
        with self._existing(folders) as folder:
            return folder is not None and folder.inode(name) == inode

    @contextmanager
    def _existing(self, components: list[str]) -> Iterator[Folder | None]:
        """A folder below the inbox as it is, None if there is none; nothing is made."""
        with ExitStack() as stack:
            folder = self.root
            try:
                for component in components:
                    folder = stack.enter_context(folder.existing(component))
            except (FileNotFoundError, NotADirectoryError):
                found = None
            else:
                found = folder
            yield found

    def sweep(self) -> None:
        """Remove this account's parts that a death left behind."""
        ours = re.compile(re.escape(self._prefix) + r"-[0-9a-f]{16}\.part")
        for name in self.hidden.names():
            if ours.fullmatch(name):
                with suppress(OSError):  # not one of ours, or removed at the next run
                    self.hidden.remove(name)


@contextmanager
def open_inbox(settings: AccountSettings, mark: str = "check") -> Iterator[Inbox]:
    """Open an account's inbox.

    Raises:
        InboxUnusable: it is gone, not mounted, or cannot be written.
    """
    path = settings.inbox
    try:
        root = Folder.open(path)
    except OSError as error:
        raise InboxUnusable(
            f"{path}: {error.strerror}; make the folder, or mount the disk that it is on"
        ) from None
    with root:
        try:
            if settings.inbox_marker is not None and not root.has(settings.inbox_marker):
                raise InboxUnusable(
                    f"{path} holds no {settings.inbox_marker} (inbox_marker); is its disk mounted?"
                )
            hidden = _hidden(root)
        except OSError as error:
            raise InboxUnusable(
                f"{path} cannot be used: {error.strerror}; see to its owner and mode"
            ) from None
        with hidden:
            if root.is_read_only():
                raise InboxUnusable(
                    f"{path} cannot be written: Read-only file system; mount it writable"
                )
            if not root.accepts(hidden):
                raise InboxUnusable(
                    f"{path} cannot be written by this user; see to its owner and mode"
                )
            yield Inbox(settings, root, hidden, mark)


def _hidden(root: Folder) -> Folder:
    """faxd's own folder; what somebody else has put in its place is moved aside.

    A folder of a stranger's would let him remove parts, whose absence means "published".
    """
    try:
        hidden = root.child(HIDDEN, mode=0o700)
    except (NotADirectoryError, PermissionError):
        if not root.has(HIDDEN):
            raise
    else:
        # A mount that knows no owners shows its root's for everything.
        if hidden.owner() in {os.geteuid(), root.owner()}:
            return hidden
        hidden.close()
    root.take(root, HIDDEN, f"faxd-not-ours-{secrets.token_hex(4)}")
    return root.child(HIDDEN, mode=0o700)


def holds(folder: Folder, name: str, size: int, sha256: str) -> bool:
    """Whether ``name`` is a file of exactly this content."""
    try:
        with folder.read(name) as file:
            if os.fstat(file.fileno()).st_size != size:
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
