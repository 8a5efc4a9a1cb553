"""Plain text for terminals: tables, sizes, times, and strangers' words made harmless."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo


def printable(text: str) -> str:
    """A stranger's text without what could steer a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their longest cell; the last one may be of any length."""
    cells = [[printable(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head) - 1)]
    lines = []
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*padded, row[-1]]).rstrip())
    return "\n".join(lines)


def size(count: int) -> str:
    """Bytes for people: ``812 B``, ``43.1 kB``, ``1.2 MB``."""
    if count < 1000:
        return f"{count} B"
    value = count / 1000
    for unit in ("kB", "MB"):
        if value < 1000:
            return f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def local_time(moment: datetime | None, zone: tzinfo | None) -> str:
    """A time as the office reads it; "never" for None."""
    if moment is None:
        return "never"
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def plural(count: int, word: str, words: str | None = None) -> str:
    """``1 fax``, ``2 faxes``."""
    return f"{count} {word if count == 1 else words or word + 's'}"
