"""A mail as it goes over the line, in pieces: whatever the size of what is attached, it is never
held as a whole.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

#: bytes of a line of base64, and what they stand for (RFC 2045, 6.8)
_LINE, _IN_LINE = 76, 57
#: bytes of a file that are read at a time: whole lines
_PIECE = _IN_LINE * 1024


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that lies in the mail."""

    path: Path
    #: such as application/pdf
    type: str
    name: str


class Letter:
    """A mail, with nothing or one file attached, whose size is known before it is read."""

    def __init__(self, mail: EmailMessage, attachment: Attachment | None, boundary: str) -> None:
        """``mail`` has headers and text; ``boundary`` is in no other mail.

        Raises:
            OSError: what is attached cannot be found.
        """
        self._attachment = attachment
        self._begin, self._end, attached = mail.as_bytes(policy=SMTP), b"", 0
        if attachment is not None:
            main, _, sub = attachment.type.partition("/")
            mail.add_attachment(b"", maintype=main, subtype=sub, filename=attachment.name)
            # No line of quoted-printable or base64 can be like that (RFC 2045, 6.7).
            boundary = f"=_{boundary}"
            mail.set_boundary(boundary)
            self._end = f"--{boundary}--\r\n".encode()
            whole = mail.as_bytes(policy=SMTP)
            # Where the file goes: what is attached is empty, and the last part.
            self._begin = whole[: whole.rindex(self._end)].rstrip(b"\r\n") + b"\r\n\r\n"
            attached = encoded_size(attachment.path.stat().st_size)
        #: bytes, as RFC 1870 counts them
        self.size = len(self._begin) + attached + len(self._end)

    def pieces(self) -> Iterator[bytes]:
        """All of it, with line ends as in mails; it ends with one.

        Raises:
            OSError: what is attached cannot be read.
        """
        yield self._begin
        if self._attachment is not None:
            with self._attachment.path.open("rb") as file:
                while data := file.read(_PIECE):
                    yield base64.encodebytes(data).replace(b"\n", b"\r\n")
            yield self._end


def encoded_size(size: int) -> int:
    """Bytes that a file of so many bytes has in a mail."""
    characters = -(-size // 3) * 4
    return characters + 2 * -(-characters // _LINE)


#: what ends a mail on the line
END = b".\r\n"


def stuffed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A mail as DATA takes it before its `END`: no line of it is that (RFC 5321, 4.5.2).

    ``pieces`` may be cut anywhere; what they make ends with a line end.
    """
    before = b"\r\n"
    for piece in pieces:
        # A line end and its dot may lie in two pieces.
        joined = (before + piece).replace(b"\r\n.", b"\r\n..")
        yield joined[len(before) :]
        before = (before + piece)[-2:]
