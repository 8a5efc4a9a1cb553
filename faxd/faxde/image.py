"""Where the text of a large base64 part goes while it arrives: into a file, never into memory.

Two ways to take it. `Decoded` decodes strictly and writes what the provider encoded; the first
character that is not base64 is remembered as the image's *defect*, and the call goes on, so that
the other parts of the answer (the FaxId) are still learnt. `Verbatim` writes the text as it came,
for an image that cannot be decoded and must be kept all the same.
"""

from __future__ import annotations

import binascii
import hashlib
from typing import Protocol

from faxd.faxde.errors import TooLarge

#: the white space of XML, which xs:base64Binary allows anywhere (XML Schema part 2, 3.2.16)
_WHITESPACE = b" \t\r\n"
#: Characters decoded at a time, a multiple of four. Always so many: what is in the file when a
#: defect is met must not depend on how the network has cut the text.
_BLOCK = 128 * 1024


class Writer(Protocol):
    """What an image is written to; it takes all that it is given, as buffered files do."""

    def write(self, data: bytes, /) -> int: ...


class ImageSink(Protocol):
    """Takes the text of one base64 part, piece by piece."""

    #: bytes written to the file
    size: int

    @property
    def defect(self) -> str | None:
        """Why the text is not sound base64; None while it is."""

    def write(self, text: bytes) -> None:
        """Take the next piece.

        Raises:
            TooLarge: the image passes its limit.
            OSError: the file cannot be written.
        """

    def close(self) -> None:
        """Take note that the part is at its end."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes written to the file, in hexadecimal."""


class Decoded:
    """Decodes strictly (RFC 4648 section 3.3: no foreign character, no stray padding)."""

    def __init__(self, file: Writer, *, limit: int) -> None:
        """``file`` is where the image goes; ``limit`` is its greatest size in bytes."""
        self.size = 0
        self._defect: str | None = None
        self._file = file
        self._limit = limit
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self._padded = False

    @property
    def defect(self) -> str | None:
        return self._defect

    def write(self, text: bytes) -> None:
        self._waiting += text.translate(None, _WHITESPACE)
        while len(self._waiting) >= _BLOCK:
            block = bytes(self._waiting[:_BLOCK])
            del self._waiting[:_BLOCK]
            self._decode(block)

    def close(self) -> None:
        self._decode(bytes(self._waiting))
        self._waiting.clear()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def _decode(self, text: bytes) -> None:
        if not text or self._defect:
            return
        if self._padded:
            self._defect = "bad base64 (text after the padding)"
            return
        # a2b_base64 lets padding pass that follows whole groups.
        if len(text) % 4 or text.endswith(b"==="):
            self._defect = "bad base64 (it does not end with a whole group)"
            return
        try:
            data = binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error as error:
            self._defect = f"bad base64 ({error})"
            return
        self._padded = text.endswith(b"=")
        self.size += len(data)
        if self.size > self._limit:
            raise TooLarge(f"an image of more than {self._limit} bytes (setting max_fax_size)")
        self._hash.update(data)
        self._file.write(data)


class Verbatim:
    """Keeps the text as it came, and tells in ``defect`` whether it is sound after all."""

    def __init__(self, file: Writer, *, limit: int) -> None:
        """``limit`` is the greatest size of the image; its text may have twice as many bytes."""
        self.size = 0
        self._file = file
        self._limit = limit
        self._hash = hashlib.sha256()
        self._check = Decoded(_Nowhere(), limit=2 * limit)

    @property
    def defect(self) -> str | None:
        return self._check.defect

    def write(self, text: bytes) -> None:
        self.size += len(text)
        if self.size > 2 * self._limit:
            raise TooLarge(f"an image text of more than {2 * self._limit} bytes")
        self._hash.update(text)
        self._file.write(text)
        self._check.write(text)

    def close(self) -> None:
        self._check.close()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class _Nowhere:
    """A file that forgets."""

    def write(self, data: bytes, /) -> int:
        return len(data)
