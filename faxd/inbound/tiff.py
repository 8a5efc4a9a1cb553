"""Is this a sound fax? Reads the structure of a TIFF file and trusts nothing in it.

Pure but for reading: no decompression, no recursion, and a time bounded by the number of pages,
entries and strips. Checked is what a viewer needs: header, the directory of every page, and that
every page's strips or tiles lie within the file. TIFF 6.0, sections 2 and 8.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from operator import add
from typing import IO

#: more pages than any fax has; bounds the time
MAX_PAGES = 10_000
#: more strips on one page than a fax has lines
MAX_STRIPS = 20_000
_MAX_STRIPS_IN_ALL = 1_000_000
_MAX_ENTRIES = 1_000
_MAX_ENTRIES_IN_ALL = 500_000

_IMAGE_WIDTH, _IMAGE_LENGTH = 256, 257
_STRIP_OFFSETS, _STRIP_COUNTS = 273, 279
_TILE_OFFSETS, _TILE_COUNTS = 324, 325
_WANTED = {
    _IMAGE_WIDTH,
    _IMAGE_LENGTH,
    _STRIP_OFFSETS,
    _STRIP_COUNTS,
    _TILE_OFFSETS,
    _TILE_COUNTS,
}
#: bytes and struct letter by field type; only what offsets and sizes are written as
_NUMBER_TYPES = {3: (2, "H"), 4: (4, "I"), 13: (4, "I"), 16: (8, "Q")}


class Damaged(Exception):
    """The file is no sound fax; the message says why."""


@dataclass(frozen=True)
class _Layout:
    """How a kind of TIFF writes its directories."""

    order: str  # struct's letter for the byte order
    count: str  # number of entries
    offset: str  # where something lies
    entry: str  # tag, type, number of values, and the values or where they lie


def count_pages(file: IO[bytes], size: int) -> int:
    """Number of pages of a sound TIFF of ``size`` bytes.

    Raises:
        Damaged: the file is empty, is no TIFF, or points outside of itself.
    """
    layout, offset = _header(file, size)
    seen: set[int] = set()
    entries = strips = 0
    while offset:
        page = len(seen) + 1
        if offset in seen:
            raise Damaged(f"after page {page - 1} the chain of pages leads back to an earlier page")
        if page > MAX_PAGES:
            raise Damaged(f"more than {MAX_PAGES} pages")
        seen.add(offset)
        directory, offset = _directory(file, size, layout, offset, page)
        entries += len(directory)
        strips += _strips(file, size, layout, directory, page)
        if entries > _MAX_ENTRIES_IN_ALL or strips > _MAX_STRIPS_IN_ALL:
            raise Damaged("more entries or strips than any fax has")
    if not seen:
        raise Damaged("no pages")
    return len(seen)


def _header(file: IO[bytes], size: int) -> tuple[_Layout, int]:
    if not size:
        raise Damaged("the file is empty")
    file.seek(0)
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise Damaged("not a TIFF file")
    (version,) = struct.unpack(order + "H", head[2:4])
    if version == 42:
        return _Layout(order, "H", "I", "HHI4s"), struct.unpack(order + "I", head[4:8])[0]
    if version == 43 and len(head) == 16 and struct.unpack(order + "HH", head[4:8]) == (8, 0):
        return _Layout(order, "Q", "Q", "HHQ8s"), struct.unpack(order + "Q", head[8:16])[0]
    raise Damaged("not a TIFF file")


def _directory(
    file: IO[bytes], size: int, layout: _Layout, offset: int, page: int
) -> tuple[list[tuple[int, int, int, bytes]], int]:
    """One page's directory, and the offset of the next page's (0 at the end)."""
    where = f"page {page}"
    (entries,) = _numbers(file, size, layout, offset, layout.count, 1, where)
    if not 0 < entries <= _MAX_ENTRIES:
        raise Damaged(f"{where} has a directory of {entries} entries")
    offset += struct.calcsize(layout.order + layout.count)
    form = layout.order + layout.entry
    data = _bytes(file, size, offset, entries * struct.calcsize(form), where)
    (following,) = _numbers(
        file, size, layout, offset + len(data), layout.offset, 1, f"the end of {where}"
    )
    return list(struct.iter_unpack(form, data)), following


def _strips(
    file: IO[bytes],
    size: int,
    layout: _Layout,
    directory: list[tuple[int, int, int, bytes]],
    page: int,
) -> int:
    """Check that one page's strips or tiles lie within the file; return their number."""
    where = f"page {page}"
    tags: dict[int, tuple[int, int, bytes]] = {}
    for tag, kind, number, inline in directory:
        if tag in _WANTED:
            tags.setdefault(tag, (kind, number, inline))
    for name, tag in (("width", _IMAGE_WIDTH), ("length", _IMAGE_LENGTH)):
        if tag not in tags:
            raise Damaged(f"{where} has no {name}")
        if _values(file, size, layout, tags[tag], 1, where)[0] == 0:
            raise Damaged(f"{where} has the {name} 0")
    tiled = _STRIP_OFFSETS not in tags
    at, long = (_TILE_OFFSETS, _TILE_COUNTS) if tiled else (_STRIP_OFFSETS, _STRIP_COUNTS)
    if at not in tags:
        raise Damaged(f"{where} has no image")
    offsets = _values(file, size, layout, tags[at], MAX_STRIPS, where)
    if long in tags:
        counts = _values(file, size, layout, tags[long], MAX_STRIPS, where)
    elif len(offsets) == 1:
        counts = (1,)  # some writers leave the length of a single strip out
    else:
        raise Damaged(f"{where} does not say how long its strips are")
    if len(offsets) != len(counts):
        raise Damaged(f"{where} has {len(offsets)} strips and {len(counts)} lengths")
    if not any(counts):
        raise Damaged(f"{where} has an image of no bytes")
    if max(map(add, offsets, counts)) > size:
        raise Damaged(f"{where} ends outside of the file (is the file cut off?)")
    return len(offsets)


def _values(
    file: IO[bytes],
    size: int,
    layout: _Layout,
    entry: tuple[int, int, bytes],
    most: int,
    where: str,
) -> tuple[int, ...]:
    """The numbers of one directory entry."""
    kind, count, inline = entry
    if kind not in _NUMBER_TYPES:
        raise Damaged(f"{where} has a number of the unknown type {kind}")
    if not 0 < count <= most:
        raise Damaged(f"{where} has {count} numbers where 1 to {most} can be")
    width, letter = _NUMBER_TYPES[kind]
    if count * width <= len(inline):
        return struct.unpack_from(f"{layout.order}{count}{letter}", inline)
    (at,) = struct.unpack(layout.order + layout.offset, inline)
    return _numbers(file, size, layout, at, letter, count, where)


def _numbers(
    file: IO[bytes], size: int, layout: _Layout, offset: int, letter: str, count: int, where: str
) -> tuple[int, ...]:
    form = f"{layout.order}{count}{letter}"
    return struct.unpack(form, _bytes(file, size, offset, struct.calcsize(form), where))


def _bytes(file: IO[bytes], size: int, offset: int, length: int, where: str) -> bytes:
    if offset + length > size:
        raise Damaged(f"{where} lies outside of the file (is the file cut off?)")
    file.seek(offset)
    data = file.read(length)
    if len(data) != length:
        raise Damaged(f"{where} cannot be read")
    return data
