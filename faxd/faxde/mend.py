"""Makes harmless what a SOAP answer may hold although XML forbids it.

A station id is chosen by a stranger, and a server may pass it on raw: with control characters, or
in Windows-1252 although it says UTF-8. A strict parser refuses the whole answer then, again and
again, and the fax behind it could never be fetched (XML 1.0, sections 2.2 and 4.1). What cannot
be shown becomes U+FFFD.
"""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"<\?xml[^>]*\bencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile("&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,10}));")
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
    """Feed it an XML document in pieces; what it gives back, put together, is the mended one."""

    def __init__(self) -> None:
        self._head: bytes | None = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._waiting = ""

    def feed(self, data: bytes) -> bytes:
        """The next piece, mended; the rest of an unfinished character or reference comes later."""
        if self._head is not None:
            self._head += data
            if b">" not in self._head and len(self._head) < _HEAD:
                return b""
            data, self._head = self._head, None
            declared = _DECLARED.search(data)
            encoding = declared[1].decode().lower() if declared else "utf-8"
            if encoding in {"utf-8", "utf8", "us-ascii"}:
                self._decoder = codecs.getincrementaldecoder("utf-8")("faxd-windows")
        if self._decoder is None:
            # Of one byte a character: all of them are sound but the control characters.
            return data.translate(_NO_CONTROLS)
        text = self._waiting + self._decoder.decode(data)
        unfinished = _UNFINISHED.search(text)
        self._waiting = unfinished[0] if unfinished else ""
        if unfinished:
            text = text[: unfinished.start()]
        text = _FORBIDDEN.sub(_SHOWN_INSTEAD, text)
        return _REFERENCE.sub(_sound_reference, text).encode("utf-8", "replace")


_NO_CONTROLS = bytes(
    ord("?") if byte < 0x20 and byte not in b"\t\n\r" else byte for byte in range(256)
)


def _sound_reference(match: re.Match[str]) -> str:
    hexadecimal, decimal = match.groups()
    number = int(hexadecimal, 16) if hexadecimal else int(decimal)
    sound = number <= 0x10FFFF and not _FORBIDDEN.match(chr(number))
    return match[0] if sound else _SHOWN_INSTEAD
