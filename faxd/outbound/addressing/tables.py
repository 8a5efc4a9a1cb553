"""Tables as office programs write them: CSV in all its kinds. Pure.

Each line of text is a row of its own: a quote that is never closed spoils one row and not the
rest.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass

from faxd.outbound.addressing.plain import MAX_NAME

#: the order in which they are preferred where nothing tells
_SEPARATORS = (";", "\t", ",")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line that is not empty."""

    #: counted from 1, as editors do
    line: int
    cells: tuple[str, ...]


def decode(content: bytes) -> str:
    """Text as Windows programs write it: UTF-8 or UTF-16 with its mark, UTF-8, or Windows-1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read_table(content: bytes, is_good: Callable[[tuple[str, ...]], bool]) -> tuple[Row, ...]:
    """The rows, separated by what makes the most of them good."""
    lines = re.split(r"\r\n|\n|\r", decode(content))
    if lines and re.fullmatch(r"sep=.", lines[0]):  # Excel's own
        lines[0] = ""
    tables = [_rows(lines, separator) for separator in _SEPARATORS]
    return max(tables, key=lambda rows: sum(is_good(row.cells) for row in rows))


def _rows(lines: list[str], separator: str) -> tuple[Row, ...]:
    rows = []
    for line, text in enumerate(lines, start=1):
        cells = _cells(text, separator)
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows.append(Row(line=line, cells=tuple(cells)))
    return tuple(rows)


def _cells(text: str, separator: str) -> list[str]:
    # csv refuses cells of more than 128 KiB; nothing of use is longer than a name.
    if len(text) > MAX_NAME * 10:
        return [text[: MAX_NAME + 1]]
    try:
        rows = list(csv.reader([text], delimiter=separator, skipinitialspace=True))
    except csv.Error:
        return [text]
    return [cell.strip() for row in rows for cell in row]
