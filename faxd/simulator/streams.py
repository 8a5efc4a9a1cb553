"""Byte streams of known length, so that a fax of a gigabyte is never held in memory.

Everything the stand-in sends is such a stream: it states its `size`, from which the
Content-Length is computed, and hands itself over in pieces of at most some 256 KiB.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

#: Raw bytes in one base64 line of 76 characters.
_LINE = 57

#: Raw bytes per piece: whole base64 lines, some 228 KiB.
PIECE = _LINE * 4096


@runtime_checkable
class Stream(Protocol):
    """Bytes of a known size; `pieces` may be called any number of times."""

    @property
    def size(self) -> int:
        """Length in bytes of all pieces together."""

    def pieces(self) -> Iterator[bytes]:
        """Hand over the content from its beginning."""


@dataclass(frozen=True)
class InMemory:
    """A stream of bytes that are small enough to be held."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self.content), PIECE):
            yield self.content[start : start + PIECE]


@dataclass(frozen=True)
class FromFile:
    """A stream that reads a file anew each time."""

    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def pieces(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


@dataclass(frozen=True)
class Filler:
    """One byte, repeated `size` times."""

    size: int
    byte: bytes = b"x"

    def pieces(self) -> Iterator[bytes]:
        for start in range(0, self.size, PIECE):
            yield self.byte * min(PIECE, self.size - start)


@dataclass(frozen=True)
class Joined:
    """Several streams, one after the other."""

    streams: tuple[Stream, ...]

    @property
    def size(self) -> int:
        return sum(stream.size for stream in self.streams)

    def pieces(self) -> Iterator[bytes]:
        for stream in self.streams:
            yield from stream.pieces()


@dataclass(frozen=True)
class Clipped:
    """The first `length` bytes of another stream (all of it when it is shorter)."""

    source: Stream
    length: int

    @property
    def size(self) -> int:
        return min(self.source.size, max(self.length, 0))

    def pieces(self) -> Iterator[bytes]:
        left = self.size
        for piece in self.source.pieces():
            if left <= 0:
                return
            yield piece[:left]
            left -= len(piece)


@dataclass(frozen=True)
class Patched:
    """Another stream with the bytes at `offset` overwritten; the size stays the same."""

    source: Stream
    offset: int
    patch: bytes

    @property
    def size(self) -> int:
        return self.source.size

    def pieces(self) -> Iterator[bytes]:
        start = 0
        for piece in self.source.pieces():
            first = max(self.offset, start)
            last = min(self.offset + len(self.patch), start + len(piece))
            if first < last:
                changed = bytearray(piece)
                changed[first - start : last - start] = self.patch[
                    first - self.offset : last - self.offset
                ]
                yield bytes(changed)
            else:
                yield piece
            start += len(piece)


@dataclass(frozen=True)
class Base64:
    """Another stream in base64, in lines of 76 characters with CRLF between, or unbroken."""

    source: Stream
    lines: bool = True

    @property
    def size(self) -> int:
        characters = (self.source.size + 2) // 3 * 4
        breaks = (characters - 1) // 76 if self.lines and characters else 0
        return characters + 2 * breaks

    def pieces(self) -> Iterator[bytes]:
        encode = _encode_lines if self.lines else _encode
        first = True
        for piece in regroup(self.source.pieces(), PIECE):
            if self.lines and not first:
                yield b"\r\n"
            first = False
            yield encode(piece)


def regroup(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Hand on the same bytes in pieces of exactly `size`, only the last one shorter."""
    waiting = bytearray()
    for piece in pieces:
        if not waiting and len(piece) == size:
            yield piece
            continue
        waiting += piece
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)


def _encode(raw: bytes) -> bytes:
    return binascii.b2a_base64(raw, newline=False)


def _encode_lines(raw: bytes) -> bytes:
    flat = _encode(raw)
    whole = len(flat) // 76
    # Column by column instead of line by line: 78 copies a piece, whatever its size.
    broken = bytearray(whole * 78)
    for column in range(76):
        broken[column::78] = flat[column : whole * 76 : 76]
    broken[76::78] = b"\r" * whole
    broken[77::78] = b"\n" * whole
    rest = flat[whole * 76 :]
    return bytes(broken) + rest if rest else bytes(broken[:-2])


def as_stream(image: bytes | Path | str | Stream) -> Stream:
    """Take bytes, a path or a stream for what it is.

    Raises TypeError for anything else, and FileNotFoundError for a path that is not there.
    """
    if isinstance(image, bytes):
        return InMemory(image)
    if isinstance(image, str | Path):
        path = Path(image)
        path.stat()
        return FromFile(path)
    if isinstance(image, Stream):
        return image
    raise TypeError(f"not an image: {type(image).__name__}")
