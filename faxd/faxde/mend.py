"""Makes harmless what a SOAP answer may hold although XML forbids it.

A station id is chosen by a stranger, and a server may pass it on raw: with control characters, or
in Windows-1252 although it says UTF-8. A strict parser refuses the whole answer then, again and
again, and the fax behind it could never be fetched (XML 1.0, sections 2.2 and 4.1). What cannot
be shown becomes U+FFFD.
"""

from __future__ import annotations

import codecs
import re

from faxd.faxde.errors import ForbiddenXml

_DECLARED = re.compile(
    rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']"
)
#: Encodings in which markup and the base64 alphabet are single ASCII bytes, and how they are
#: read. ASCII is what a server says that has never thought of it.
_DECODERS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "iso-8859-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile("&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,10}));")
#: an ampersand that begins no reference (other entities need a DTD, which is refused)
_STRAY = re.compile("&(?!(?:lt|gt|amp|quot|apos|#x[0-9A-Fa-f]+|#[0-9]+);)")
#: what may be the beginning of a reference
_UNFINISHED = re.compile("&[#0-9A-Za-z]{0,12}$")
_SHOWN_INSTEAD = "\ufffd"
#: bytes in which the declaration must have ended
_HEAD = 1024


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """What is no UTF-8 is most likely Windows-1252, on a Windows server."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("faxd-windows", _as_windows)


class Mender:
    """Feed it an XML document in pieces; what it gives back, put together, is a mended one.

    That is in UTF-8, whatever its declaration says.
    """

    def __init__(self) -> None:
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._waiting = ""

    def feed(self, data: bytes) -> bytes:
        """The next piece, mended; the rest of an unfinished character or reference comes later.

        Raises:
            ForbiddenXml: it is in an encoding that nobody needs.
        """
        if self._decoder is None:
            self._head += data
            if b">" not in self._head and len(self._head) < _HEAD:
                return b""
            data, self._head = self._head, b""
            self._decoder = _decoder(data)
        text = self._waiting + self._decoder.decode(data)
        unfinished = _UNFINISHED.search(text)
        self._waiting = unfinished[0] if unfinished else ""
        if unfinished:
            text = text[: unfinished.start()]
        text = _FORBIDDEN.sub(_SHOWN_INSTEAD, text)
        text = _STRAY.sub("&amp;", text)
        return _REFERENCE.sub(_sound_reference, text).encode()


def _decoder(head: bytes) -> codecs.IncrementalDecoder:
    """What reads a document that begins so."""
    declared = _DECLARED.match(head)
    name = _DECODERS.get(declared[1].decode().lower()) if declared else "utf-8"
    # UTF-16 and its like begin with their mark, or have a zero byte in each character of a tag.
    if name is None or b"\0" in head[:2] or head[:2] in {codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE}:
        raise ForbiddenXml("a character encoding other than UTF-8")
    return codecs.getincrementaldecoder(name)("faxd-windows" if name == "utf-8" else "replace")


def _sound_reference(match: re.Match[str]) -> str:
    hexadecimal, decimal = match.groups()
    number = int(hexadecimal, 16) if hexadecimal else int(decimal)
    sound = number <= 0x10FFFF and not _FORBIDDEN.match(chr(number))
    return match[0] if sound else _SHOWN_INSTEAD
