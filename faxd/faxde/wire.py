"""HTTP as FAX.de needs it: one host, no redirects, no surprises.

`http.client` rather than a larger library, because exact sending rests on knowing in which phase
a call failed: before anything was sent (`NotReached`), or after (`NoAnswer`).
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from faxd.clock import utc_now
from faxd.faxde.connection import PIECE, Connection, Timeouts
from faxd.faxde.errors import BadAnswer, Cancelled, CutOff, Dropped, HttpStatus, TooLarge
from faxd.faxde.request import Body
from faxd.faxde.values import http_date

#: seconds to wait for the rest of an answer that holds all that matters
_REST = 0.2
#: connections kept for another call: as many as work at a time, and not all that a burst has made
_KEPT = 8

#: told (bytes so far, bytes in all or None) while they pass
Progress = Callable[[int, int | None], None]


class Wire:
    """Connections to one origin (scheme, host, port), kept alive between calls.

    Threads may share a wire; each call has a connection to itself while it lasts.
    """

    def __init__(
        self, url: str, *, timeouts: Timeouts | None = None, ca_file: str | None = None
    ) -> None:
        """``ca_file`` names the certificates of a private authority, trusted in addition.

        Raises:
            OSError, ssl.SSLError: ``ca_file`` cannot be read.
        """
        self._origin = urlsplit(url)
        self._timeouts = timeouts or Timeouts()
        self._tls = _tls_context(ca_file) if self._origin.scheme == "https" else None
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._active: set[Connection] = set()
        self._closed = False
        #: the last answer's Date, and when it came
        self._dated: tuple[str, datetime] | None = None

    def clock_ahead(self) -> timedelta | None:
        """By how much this machine's clock is ahead of the server's; None: it has not said."""
        if self._dated is None:
            return None
        text, came_at = self._dated
        said = http_date(text)
        return None if said is None else came_at - said

    def close(self) -> None:
        """End every call under way (it raises `Cancelled`) and take no new one."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            active = list(self._active)
        for connection in active:
            connection.abort()
        for connection in idle:
            connection.close()

    def get(self, path: str, *, limit: int) -> bytes:
        """The body at ``path``, at most ``limit`` bytes of it.

        Raises:
            FaxdeError: it cannot be had.
        """
        body = bytearray()
        within = min(self._timeouts.read, self._timeouts.call)
        with self._exchange("GET", path, {}, Body.of(b""), within=within) as pieces:
            for piece in pieces:
                body += piece
                if len(body) > limit:
                    raise TooLarge(f"more than {limit} bytes at {path}")
        return bytes(body)

    def post(
        self,
        path: str,
        headers: Mapping[str, str],
        body: Body,
        *,
        repeatable: bool,
        progress: Progress | None = None,
    ) -> contextlib.AbstractContextManager[Iterator[bytes]]:
        """Send ``body`` and give the pieces of the answer as they come.

        ``repeatable`` says that the call may be sent a second time, when a kept connection
        turns out to be dead; one that is not repeatable always gets a new connection.

        Raises:
            NotReached: nothing was sent.
            NoAnswer: it was sent, at least in part.
            HttpStatus: an HTTP error (but 500 with an XML body, which is how SOAP faults come).
            Cancelled: the wire was closed.
            OSError: a piece of the body cannot be had.
        """
        return self._exchange(
            "POST",
            path,
            headers,
            body,
            within=self._timeouts.call,
            repeatable=repeatable,
            progress=progress,
        )

    @contextlib.contextmanager
    def _exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Body,
        *,
        within: float,
        repeatable: bool = True,
        progress: Progress | None = None,
    ) -> Iterator[Iterator[bytes]]:
        deadline = time.monotonic() + within
        reusable = False
        while True:
            connection = self._connection(deadline, fresh=not repeatable)
            try:
                response = connection.send(method, path, headers, body)
                break
            except Dropped:
                self._release(connection, reusable=False)
                # A server may close a kept connection at the very moment of its reuse.
                if not (connection.kept and repeatable):
                    raise
            except BaseException:
                self._release(connection, reusable=False)
                raise
        if date := response.getheader("Date"):
            self._dated = date, utc_now()
        try:
            _check_status(response)
            answer = _Answer(connection, response, progress)
            yield answer.pieces()
            reusable = answer.ended()
        finally:
            response.close()
            self._release(connection, reusable=reusable)

    def _connection(self, deadline: float, *, fresh: bool) -> Connection:
        """A connected connection, kept or new."""
        with self._lock:
            if self._closed:
                cancelled = Cancelled()
                cancelled.maybe_done = False
                raise cancelled
            while self._idle and not fresh:
                connection = self._idle.pop()
                if connection.alive():
                    self._active.add(connection)
                    connection.begin(deadline)
                    return connection
                connection.close()
            connection = Connection(self._origin, self._timeouts, self._tls)
            self._active.add(connection)
        connection.begin(deadline)
        try:
            connection.connect()
        except BaseException:
            self._release(connection, reusable=False)
            raise
        return connection

    def _release(self, connection: Connection, *, reusable: bool) -> None:
        with self._lock:
            self._active.discard(connection)
            has_room = len(self._idle) < _KEPT and not self._closed
            if reusable and has_room and connection.rest():
                self._idle.append(connection)
                return
        connection.close()


class _Answer:
    """The body of a response, unpacked if a proxy has packed it against our wish."""

    def __init__(
        self, connection: Connection, response: http.client.HTTPResponse, progress: Progress | None
    ) -> None:
        self._connection = connection
        self._response = response
        self._total = response.length
        self._left = response.length
        self._progress = progress
        self._at_end = False
        packed = response.getheader("Content-Encoding", "identity").strip().lower()
        if packed not in {"identity", "", "gzip", "x-gzip", "deflate"}:
            raise BadAnswer(f"unknown Content-Encoding {packed[:20]!r}")
        self._is_packed = packed not in {"identity", ""}

    def pieces(self) -> Iterator[bytes]:
        """The body, piece by piece.

        Raises:
            FaxdeError: the rest of it cannot be had.
        """
        raw = self._raw()
        return self._unpacked(raw) if self._is_packed else raw

    def ended(self) -> bool:
        """Whether the connection is at the end of the answer, and can be used for another."""
        if self._response.will_close:
            return False
        if not self._at_end:
            # An answer whose end is known to SOAP: the rest may be the last, empty chunk.
            self._connection.begin(time.monotonic() + _REST)
            with contextlib.suppress(Exception):
                self._read()
        return self._at_end

    def _raw(self) -> Iterator[bytes]:
        got = 0
        while not self._at_end:
            with self._connection.explained():
                piece = self._read()
            got += len(piece)
            if self._progress is not None and piece:
                self._progress(got, self._total)
            yield piece

    def _read(self) -> bytes:
        """One piece; notes whether it is the last."""
        if self._left == 0:
            self._at_end = True
            return b""
        piece = self._response.read1(PIECE if self._left is None else min(PIECE, self._left))
        if not piece:
            self._connection.check()
            if self._left is not None:
                raise CutOff
            self._at_end = True
        elif self._left is not None:
            self._left -= len(piece)
            self._at_end = self._left == 0
        return piece

    def _unpacked(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        unpack = zlib.decompressobj(wbits=47)  # gzip or zlib, as its header says
        for packed in raw:
            while packed and not unpack.eof:
                with self._connection.explained():
                    piece = unpack.decompress(packed, PIECE)
                packed = unpack.unconsumed_tail
                yield piece
        if not unpack.eof:
            raise CutOff


def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def _check_status(response: http.client.HTTPResponse) -> None:
    """Let through what may hold a SOAP answer (SOAP 1.1 section 6.2: faults come with 500)."""
    status = response.status
    if status == 200 or (status == 500 and "xml" in response.getheader("Content-Type", "")):
        return
    if 300 <= status < 400:
        raise HttpStatus(status, "a redirect, which faxd does not follow")
    raise HttpStatus(status)
