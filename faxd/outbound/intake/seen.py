"""What a look into an outbox finds. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """A file in an outbox, as it was at one moment."""

    #: sub-folders that it lies in, at most two
    folders: tuple[str, ...]
    name: str
    #: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    #: device and number: what tells it from another file of the same name
    inode: tuple[int, int]

    @property
    def path(self) -> str:
        """Where it lies below the outbox: ``fax/Befund.pdf``."""
        return "/".join((*self.folders, self.name))

    def is_same(self, other: Seen) -> bool:
        """Whether nothing has changed that a writer changes.

        ctime does not count: a new mode or group is no new content.
        """
        return (self.size, self.mtime_ns, self.inode) == (other.size, other.mtime_ns, other.inode)


@dataclass(frozen=True, slots=True)
class Strange:
    """What lies in an outbox and is never taken, though people may wait for it."""

    #: below the outbox; bytes that are no text are written as ``\\xNN``
    path: str
    #: why, and what to do, for administrators
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """All that lies in an outbox."""

    files: list[Seen]
    strange: list[Strange]
