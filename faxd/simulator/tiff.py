"""Fax TIFFs: making synthetic ones of any size, and counting the pages of given ones.

Source: TIFF 6.0 (Adobe, 1992), sections 2 and 8; class F as in RFC 2306.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

#: A fax line is 1728 points, one bit each.
_WIDTH = 1728
_ROW = _WIDTH // 8

_SHORT, _LONG, _RATIONAL = 3, 4, 5
_TAGS_PER_PAGE = 15
_IFD = 2 + 12 * _TAGS_PER_PAGE + 4
_RESOLUTIONS = 16

#: No TIFF has more pages than this; it ends the walk through a chain that bites its tail.
_MOST_PAGES = 100_000

#: A prime length, so that pieces of a round size never look alike when swapped.
_NOISE = hashlib.shake_256(b"synthetic fax").digest(65_521)


def smallest_size(pages: int) -> int:
    """Bytes of the smallest synthetic image with that many pages: one line on each."""
    return 8 + pages * (_IFD + _RESOLUTIONS + _ROW)


@dataclass(frozen=True)
class SyntheticImage:
    """A sound bilevel fax TIFF of exactly `size` bytes, made while it is read.

    The pages hold uncompressed noise, the same at each reading. All directories stand in
    front and the last line ends with the file, so that any truncation damages a page.
    Raises ValueError when the size cannot hold the pages or passes TIFF's 4 GiB.
    """

    size: int
    pages: int = 1

    def __post_init__(self) -> None:
        if self.pages < 1 or not smallest_size(self.pages) <= self.size < 2**32:
            raise ValueError(f"no TIFF of {self.size} bytes with {self.pages} pages")

    @cached_property
    def _head(self) -> bytes:
        """Header, directories, and what padding makes the rows come out even."""
        fixed = 8 + self.pages * (_IFD + _RESOLUTIONS)
        rows, padding = divmod(self.size - fixed, _ROW)
        head = bytearray(struct.pack("<2sHI", b"II", 42, 8))
        strip = fixed + padding
        for page in range(self.pages):
            height = rows // self.pages + (page < rows % self.pages)
            head += _directory(len(head), page, self.pages, height, strip)
            strip += height * _ROW
        return bytes(head) + bytes(padding)

    def pieces(self) -> Iterator[bytes]:
        """Hand over the file from its beginning, in pieces of at most 64 KiB."""
        yield self._head
        left = self.size - len(self._head)
        while left > 0:
            yield _NOISE[:left]
            left -= len(_NOISE)

    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the whole file."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()


def _directory(offset: int, page: int, pages: int, height: int, strip: int) -> bytes:
    resolutions = offset + _IFD
    tags = (
        (254, _LONG, 1, 2),  # one page of several
        (256, _LONG, 1, _WIDTH),
        (257, _LONG, 1, height),
        (258, _SHORT, 1, 1),
        (259, _SHORT, 1, 1),  # uncompressed: any bytes are a valid picture
        (262, _SHORT, 1, 0),  # white is zero
        (266, _SHORT, 1, 1),
        (273, _LONG, 1, strip),
        (277, _SHORT, 1, 1),
        (278, _LONG, 1, height),
        (279, _LONG, 1, height * _ROW),
        (282, _RATIONAL, 1, resolutions),
        (283, _RATIONAL, 1, resolutions + 8),
        (296, _SHORT, 1, 2),
        (297, _SHORT, 2, (page & 0xFFFF) | (pages & 0xFFFF) << 16),
    )
    last = page + 1 == pages
    packed = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    following = 0 if last else resolutions + _RESOLUTIONS
    return (
        struct.pack("<H", len(tags))
        + packed
        + struct.pack("<I", following)
        + struct.pack("<IIII", 204, 1, 196, 1)
    )


def count_pages(file: BinaryIO) -> int:
    """Count the pages of a TIFF by walking its directories.

    Raises ValueError when this is no TIFF, or its chain leaves the file or runs in a circle.
    """
    head = file.read(8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is None or len(head) < 8:
        raise ValueError("not a TIFF")
    (offset,) = struct.unpack(order + "I", head[4:])
    pages = 0
    while offset:
        file.seek(offset)
        count = file.read(2)
        if len(count) < 2 or pages >= _MOST_PAGES:
            raise ValueError("broken chain of TIFF directories")
        (tags,) = struct.unpack(order + "H", count)
        file.seek(12 * tags, 1)
        following = file.read(4)
        if len(following) < 4:
            raise ValueError("TIFF directory beyond the end of the file")
        (offset,) = struct.unpack(order + "I", following)
        pages += 1
    if not pages:
        raise ValueError("TIFF without a page")
    return pages
