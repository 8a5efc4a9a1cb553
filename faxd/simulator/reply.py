"""An HTTP answer, and how it is brought on its way: whole, slowly, in part, or not at all."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from enum import Enum
from http import HTTPStatus

from faxd.simulator.streams import Clipped, Filler, Stream

_NONE = Filler(0)

#: Bytes that are worth a call of `send`.
_LEAST = 64 * 1024


class End(Enum):
    """What becomes of the connection after an answer."""

    KEEP = "kept for the next request"
    CLOSE = "closed"
    RESET = "reset"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One HTTP answer with everything that is odd about its delivery."""

    status: int = 200
    content_type: str = "text/xml; charset=utf-8"
    body: Stream = _NONE
    headers: tuple[tuple[str, str], ...] = ()
    #: Content-Length to state; None: the true one.
    stated_length: int | None = None
    chunked: bool = False
    gzip: bool = False
    #: Bytes of the body after which it ends too early.
    stop_after: int | None = None
    #: Seconds to wait first; 0: until released.
    hold: float | None = None
    #: Not a single byte.
    silent: bool = False
    #: Bytes per second.
    rate: int | None = None
    slow_header: bool = False
    end: End = End.KEEP

    @property
    def whole(self) -> bool:
        """Whether all of the answer is to be written."""
        return not self.silent and self.stop_after is None

    def head(self, close: bool) -> bytes:
        """Status line and header fields."""
        chunked = self.chunked or self.gzip
        length = self.body.size if self.stated_length is None else self.stated_length
        fields = [
            ("Date", formatdate(usegmt=True)),
            ("Content-Type", self.content_type),
            ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(length)),
            *([("Content-Encoding", "gzip")] if self.gzip else []),
            *self.headers,
            ("Connection", "close" if close else "keep-alive"),
        ]
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in fields]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def content(self) -> Iterator[bytes]:
        """The body as it goes over the wire."""
        cut = self.stop_after is not None
        pieces = self.body if self.stop_after is None else Clipped(self.body, self.stop_after)
        if not (self.chunked or self.gzip):
            return pieces.pieces()
        compressed = _compress(pieces.pieces()) if self.gzip else pieces.pieces()
        return _in_chunks(compressed, ended=not cut)


def _compress(pieces: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=31)
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()


def _in_chunks(pieces: Iterable[bytes], ended: bool) -> Iterator[bytes]:
    for piece in pieces:
        if piece:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    if ended:
        yield b"0\r\n\r\n"


def _trickle(pieces: Iterable[bytes], rate: int, wait: Callable[[float], bool]) -> Iterator[bytes]:
    """Hand on ten times a second what the rate allows, by the clock and not by the count."""
    begin, sent = time.monotonic(), 0
    step = max(rate // 10, 1)
    for piece in pieces:
        for start in range(0, len(piece), step):
            part = piece[start : start + step]
            yield part
            sent += len(part)
            if wait(max(begin + sent / rate - time.monotonic(), 0)):
                return


def deliver(
    reply: Reply,
    write: Callable[[bytes], object],
    wait: Callable[[float | None], bool],
    on_last: Callable[[], None],
    close: bool = False,
) -> bool:
    """Write an answer; True when the connection can be used further.

    `wait` sleeps for seconds (None: without end) and says whether the server is to stop;
    `on_last` is called just before the last bytes of an answer that is written whole, so that
    nobody can have read all of it before. Errors of `write` pass through.
    """
    if reply.hold is not None:
        wait(reply.hold or None)
    if reply.silent:
        return False
    head, body = reply.head(close or reply.end is not End.KEEP), reply.content()
    if reply.rate and not reply.slow_header:
        body = _trickle(body, reply.rate, wait)
    pieces = _join(head, body)
    if reply.rate and reply.slow_header:
        pieces = _trickle(pieces, reply.rate, wait)
    elif not reply.rate:
        pieces = _gathered(pieces)
    last = b""
    for piece in pieces:
        if last:
            write(last)
        last = piece
    if reply.whole and not wait(0):
        on_last()
    write(last)
    return reply.whole and reply.end is End.KEEP and not close


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Put small pieces together: an answer without a fax goes out in one packet."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= _LEAST:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _join(head: bytes, body: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from (piece for piece in body if piece)
