"""A small mail server on this machine: real SMTP, real TLS, and answers that can go wrong."""

from __future__ import annotations

import base64
import select
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default


@dataclass
class Post:
    """What the server is to do, and what it got."""

    port: int = 0
    #: of the whole connection, or offered as STARTTLS
    tls: ssl.SSLContext | None = None
    from_start: bool = False
    #: name and password that a client must give
    login: tuple[str, str] | None = None
    #: what is answered instead of the usual, by the beginning of the command; "" hangs up
    answers: dict[str, str] = field(default_factory=dict)
    #: hang up after a mail was taken, before that is said
    mute: bool = False
    #: where nothing is said until the client hangs up or `speak` is set, as in ``answers``; and
    #: "TLS", where it begins
    silent: str = ""
    is_silent: threading.Event = field(default_factory=threading.Event)
    speak: threading.Event = field(default_factory=threading.Event)
    #: bytes of the largest mail that is taken, which EHLO says
    size: int | None = None
    #: do not say so
    tells_size: bool = True
    #: mails are counted, not kept
    forgets: bool = False
    taken: int = 0
    #: sender, recipients, mail
    mails: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def to(self) -> list[str]:
        return [to for _, recipients, _ in self.mails for to in recipients]


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        post = self.server.post
        post.connections += 1
        if post.silent == "TLS":
            self._wait(post)
        if post.tls is not None and post.from_start:
            self._secure(post.tls)
        with suppress(OSError, ValueError):
            self._talk(post)

    def _talk(self, post: Post) -> None:
        sender, recipients, trusted = "", list[str](), post.login is None
        if not self._say(post, "GREETING", "220 post.example.org"):
            return
        while line := self.rfile.readline(2000):
            command = line.decode("latin-1").strip()
            word = command.upper()
            if word.startswith("EHLO"):
                more = ["250-post.example.org"]
                if post.tls is not None and not post.from_start and not self._is_secure:
                    more.append("250-STARTTLS")
                if post.login is not None:
                    more.append("250-AUTH PLAIN")
                if post.size is not None and post.tells_size:
                    more.append(f"250-SIZE {post.size}")
                self._send("\r\n".join([*more, "250 8BITMIME"]))
            elif word == "STARTTLS" and post.tls is not None:
                self._send("220 go ahead")
                if post.silent == "STARTTLS":
                    self._wait(post)
                self._secure(post.tls)
            elif word.startswith("AUTH PLAIN"):
                given = base64.b64decode(command.split()[2]).decode().split("\0")[1:]
                trusted = post.login == tuple(given)
                self._send("235 good" if trusted else "535 bad name or password")
            elif not trusted:
                self._send("530 log in first")
            elif word.startswith("MAIL FROM:"):
                sender, recipients = command[10:].split()[0].strip("<>"), []
                if not self._say(post, "MAIL", "250 good"):
                    return
            elif word.startswith("RCPT TO:"):
                recipients.append(command[8:].split()[0].strip("<>"))
                if not self._say(post, f"RCPT {recipients[-1]}", "250 good"):
                    return
            elif word == "DATA":
                self._send("354 go on")
                if post.forgets:
                    while self.rfile.readline(2000) not in {b".\r\n", b""}:
                        pass
                    post.taken += 1
                    self._send("250 taken")
                    continue
                data = self._data()
                if post.size is not None and len(data) > post.size:
                    self._send("552 message exceeds fixed maximum message size")
                    continue
                post.raw.append(data)
                mail = BytesParser(policy=default).parsebytes(data)
                assert isinstance(mail, EmailMessage)
                if not post.answers.get("DATA"):
                    post.mails.append((sender, recipients, mail))
                if post.mute or not self._say(post, "DATA", "250 taken"):
                    return
            elif word == "QUIT":
                self._send("221 bye")
                return
            else:
                self._send("250 good")

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _say(self, post: Post, about: str, usual: str) -> bool:
        if about.partition(" ")[0] == post.silent:
            self._wait(post)
        answer = post.answers.get(about, usual)
        if answer:
            self._send(answer)
        return bool(answer)

    def _wait(self, post: Post) -> None:
        post.is_silent.set()
        poll = select.poll()
        poll.register(self.connection, select.POLLRDHUP)
        while not post.speak.wait(0.02) and not poll.poll(0):
            pass

    def _send(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    @property
    def _is_secure(self) -> bool:
        return isinstance(self.connection, ssl.SSLSocket)

    def _secure(self, context: ssl.SSLContext) -> None:
        with suppress(OSError):
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb")  # type: ignore[assignment]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    post: Post


@contextmanager
def post_office(post: Post) -> Iterator[Post]:
    """Run the server; ``post.port`` is where it listens."""
    with _Server(("127.0.0.1", post.port), _Handler) as server:
        server.post = post
        post.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield post
        finally:
            server.shutdown()
            thread.join()
