"""A mail server that delivers nothing: it keeps what it gets, for the demo to show and to check.

It speaks as much SMTP as a program needs that hands a mail over (RFC 5321), on the loopback
interface only.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from types import TracebackType

#: bytes: a command's line, with what a client may put behind an address; a mail
_LONGEST_LINE, _LARGEST = 2000, 64 << 20
_NO_NAME = "(no name)"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail that was handed over."""

    #: addresses of the envelope
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def attachments(self) -> tuple[tuple[str, bytes], ...]:
        """Names and contents of what is attached."""
        return tuple(
            (part.get_filename() or _NO_NAME, bytes(part.get_payload(decode=True) or b""))
            for part in self.message.iter_attachments()
            if isinstance(part, EmailMessage)
        )


class PostOffice:
    """Listens from `__enter__` to `__exit__` on a free ``port`` of this machine."""

    def __init__(self, on_mail: Callable[[Mail], None] = lambda _mail: None) -> None:
        """``on_mail`` is called for each mail that was taken, in any thread."""
        self._on_mail = on_mail
        self._mails: list[Mail] = []
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.take = self._take
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="post", daemon=True
        )

    def mails(self) -> list[Mail]:
        """What was handed over so far, the oldest first."""
        return list(self._mails)

    def __enter__(self) -> PostOffice:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, mail: Mail) -> None:
        self._mails.append(mail)
        self._on_mail(mail)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    take: Callable[[Mail], None]


class _Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    server: _Server
    timeout = 60

    def handle(self) -> None:
        with suppress(OSError):
            self._talk()

    def _talk(self) -> None:
        sender, recipients = "", list[str]()
        self._say("220 a mail server that delivers nothing")
        while line := self.rfile.readline(_LONGEST_LINE):
            command = line.decode("latin-1").strip()
            match command.partition(":")[0].upper().split():
                case ["EHLO" | "HELO", *_]:
                    self._say("250 8BITMIME" if command[:1] in "Ee" else "250 good")
                case ["MAIL", "FROM"]:
                    sender, recipients = _address(command), []
                    self._say("250 good")
                case ["RCPT", "TO"]:
                    recipients.append(_address(command))
                    self._say("250 good")
                case ["DATA"] if not recipients:
                    self._say("503 to whom?")
                case ["DATA"]:
                    self._say("354 go on, and end with a dot")
                    data = self._data()
                    if data is None:
                        return
                    message = BytesParser(EmailMessage, policy=default).parsebytes(data)
                    to, recipients = tuple(recipients), []
                    self.server.take(Mail(sender=sender, recipients=to, message=message))
                    self._say("250 taken")
                case ["RSET" | "NOOP"]:
                    sender, recipients = "", []
                    self._say("250 good")
                case ["QUIT"]:
                    self._say("221 goodbye")
                    return
                case _:
                    self._say("502 not known here")

    def _data(self) -> bytes | None:
        """A mail up to its dot, without the dots that were put before others; None if it broke."""
        lines, size = list[bytes](), 0
        while line := self.rfile.readline():
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line.removeprefix(b"."))
            size += len(line)
            if size > _LARGEST:
                break
        return None

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


def _address(command: str) -> str:
    """The address of ``MAIL FROM:<a@b> SIZE=...``."""
    return command.partition(":")[2].strip().partition(" ")[0].strip("<>")
