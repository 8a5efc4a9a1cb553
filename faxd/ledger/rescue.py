"""A ledger that is damaged, or gone from its place: nothing of it is thrown away."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from faxd.durable import Folder

#: what SQLite keeps beside a database
_BESIDE = ("", "-wal", "-shm")


def set_aside(path: Path, now: datetime) -> Path:
    """Give a ledger, and what SQLite keeps beside it, another name, durably; returns that.

    Raises:
        OSError: it cannot be done.
    """
    kept = path.with_name(f"{path.name}.damaged-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    with Folder.open(path.parent) as folder:
        for suffix in _BESIDE:
            with suppress(FileNotFoundError):
                folder.take(folder, path.name + suffix, kept.name + suffix)
        folder.sync()
    return kept


def clear_place(path: Path) -> None:
    """Remove what SQLite keeps beside a ledger that is gone: another one would be spoilt by it.

    Raises:
        OSError: it cannot be done.
    """
    with Folder.open(path.parent) as folder:
        for suffix in _BESIDE[1:]:
            folder.remove(path.name + suffix)
        folder.sync()
