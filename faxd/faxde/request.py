"""The body of a request: an envelope, into which documents are encoded while it is sent."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

#: bytes of a document encoded at a time; a multiple of three, so that pieces join seamlessly
_ENCODE = 3 * 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Body:
    """What is sent: pieces whose total length (bytes) is known beforehand."""

    length: int
    #: raises OSError when a document cannot be read
    pieces: Callable[[], Iterable[bytes]]

    @classmethod
    def of(cls, data: bytes) -> Body:
        """A body that is in memory."""
        return cls(length=len(data), pieces=lambda: (data,))


def with_documents(message: bytes, documents: Mapping[bytes, Path]) -> Body:
    """The message with the marks in it replaced by the documents in base64.

    Raises:
        OSError: there is no such document.
    """
    if not documents:
        return Body.of(message)
    pattern = b"|".join(re.escape(mark) for mark in documents)
    pieces: list[bytes | tuple[Path, int]] = []
    length = 0
    for piece in re.split(b"(" + pattern + b")", message):
        path = documents.get(piece)
        if path is None:
            pieces.append(piece)
            length += len(piece)
        else:
            size = path.stat().st_size
            pieces.append((path, size))
            length += (size + 2) // 3 * 4

    def stream() -> Iterator[bytes]:
        for piece in pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from _encoded(*piece)

    return Body(length=length, pieces=stream)


def _encoded(path: Path, size: int) -> Iterator[bytes]:
    """A file in base64, exactly ``size`` bytes of it: what was announced must be kept."""
    with path.open("rb") as file:
        while size > 0:
            data = file.read(min(_ENCODE, size))
            if len(data) < min(_ENCODE, size):
                raise OSError(f"{path.name} became shorter while it was sent")
            size -= len(data)
            yield base64.b64encode(data)
