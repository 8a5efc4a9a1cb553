"""One HTTP connection, every wait on which ends: at a timeout, at the call's deadline, or at once.

`http.client` does the protocol. It is given a socket of our own making (`_Channel`), because its
timeouts bound each wait and never a whole answer: a byte a minute would keep a call for ever.
Another thread ends a call by shutting the socket down.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import select
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult

from faxd.faxde.errors import (
    BadAnswer,
    Cancelled,
    CutOff,
    Dropped,
    FaxdeError,
    NoAnswer,
    NotReached,
    TimedOut,
)
from faxd.faxde.request import Body
from faxd.pulse import beat

#: bytes taken from the network at a time
PIECE = 256 * 1024
#: an idle connection older than this many seconds is not trusted any more
_IDLE = 45.0
#: what a dead connection looks like; ssl.SSLEOFError is no ConnectionError
_DEAD = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """How long to wait, in seconds."""

    #: for a connection, TLS included
    connect: float = 10.0
    #: for the next byte; and for all of the WSDL
    read: float = 60.0
    #: for the whole call
    call: float = 1800.0


class Connection:
    """One connection to ``origin``, and the means to end it from another thread."""

    def __init__(self, origin: SplitResult, timeouts: Timeouts, tls: ssl.SSLContext | None) -> None:
        self._host = origin.hostname or ""
        self._timeouts = timeouts
        self._tls = tls
        self._http = (
            http.client.HTTPSConnection(self._host, origin.port, context=tls)
            if tls is not None
            else http.client.HTTPConnection(self._host, origin.port)
        )
        self._http.auto_open = 0
        self._guard = threading.Lock()  # of the two that `abort` and its owner share
        self._sock: socket.socket | None = None
        self._aborted = False
        self._channel: _Channel | None = None
        self._deadline = float("inf")
        self._rested = 0.0
        #: whether it has been kept after a call
        self.kept = False

    def begin(self, deadline: float) -> None:
        """Have the call that follows end at ``deadline`` (by time.monotonic)."""
        self._deadline = deadline
        if self._channel is not None:
            self._channel.deadline = deadline

    def connect(self) -> None:
        """Connect.

        Raises:
            NotReached: it cannot be done, or takes too long.
            Cancelled: `abort` was called; nothing has been sent.
        """
        try:
            channel = _Channel(self._connected(), self._timeouts.read, self._deadline)
        except OSError as error:
            if self._aborted:
                cancelled = Cancelled()
                cancelled.maybe_done = False
                raise cancelled from None
            raise NotReached(self._plain(error)) from None
        self._channel = channel
        http_side: Any = self._http  # typed as having a real socket
        http_side.sock = channel

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: Body
    ) -> http.client.HTTPResponse:
        """Send a request and read the header of the answer.

        Raises:
            FaxdeError: `Dropped` when the connection turned out to be dead.
            OSError: a piece of the body cannot be had.
        """
        with self.explained():
            self._http.putrequest(method, path, skip_accept_encoding=True)
            self._http.putheader("Accept-Encoding", "identity")
            for name, value in headers.items():
                self._http.putheader(name, value)
            if method == "POST":
                self._http.putheader("Content-Length", str(body.length))
            self._http.endheaders()
        # What goes wrong while a document is read is no trouble of the network's.
        for piece in body.pieces():
            with self.explained():
                self._http.send(piece)
        with self.explained():
            return self._http.getresponse()

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the network raises into a `FaxdeError`."""
        try:
            yield
        except (OSError, http.client.HTTPException, zlib.error) as error:
            raise self._why(error) from None

    def check(self) -> None:
        """Tell the end of an answer from the end of a connection that was aborted.

        Raises:
            Cancelled: it was.
        """
        if self._aborted:
            raise Cancelled

    def alive(self) -> bool:
        """Whether an idle connection can still be used: nothing may have come on it."""
        if self._sock is None or time.monotonic() - self._rested > _IDLE:
            return False
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return not poll.poll(0)

    def rest(self) -> bool:
        """Keep it for the next call; False if it was aborted."""
        self.kept = True
        self._rested = time.monotonic()
        return not self._aborted

    def abort(self) -> None:
        """End it from another thread, whatever it is doing, but for the asking for an address."""
        with self._guard:
            self._aborted = True
            if self._sock is not None:
                # Not SSLSocket.shutdown, which would first take the encryption off.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it."""
        self._http.close()
        with self._guard:
            if self._sock is not None:
                with contextlib.suppress(OSError):
                    self._sock.close()
            self._sock = None

    def _connected(self) -> socket.socket:
        deadline = min(time.monotonic() + self._timeouts.connect, self._deadline)
        sock = self._reached(deadline)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            wrapped = self._tls.wrap_socket(
                sock, server_hostname=self._host, do_handshake_on_connect=False
            )
            self._own(wrapped)
            wrapped.settimeout(_left(deadline))
            wrapped.do_handshake()
            return wrapped
        return sock

    def _reached(self, deadline: float) -> socket.socket:
        """A socket that is connected to one of the host's addresses."""
        failure: OSError = ConnectionError("no address")
        found = socket.getaddrinfo(self._host, self._http.port, type=socket.SOCK_STREAM)
        for tried, (family, kind, protocol, _, address) in enumerate(found):
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError as error:  # a machine without IPv6, say
                failure = error
                continue
            try:
                self._own(sock)
                # An address that swallows everything must leave time for the others.
                sock.settimeout(_left(deadline) / (len(found) - tried))
                sock.connect(address)
                self._own(sock)  # a connecting socket that is shut down may report success
                return sock
            except OSError as error:
                failure = error
                sock.close()
                if self._aborted:
                    break
        raise failure

    def _own(self, sock: socket.socket) -> None:
        """Make this the socket that `abort` ends, unless it has been called already."""
        with self._guard:
            self._sock = sock
            if self._aborted:
                raise ConnectionAbortedError

    def _why(self, error: Exception) -> FaxdeError:
        """The typed error for what happened after the connection stood."""
        if self._aborted:
            return Cancelled()
        if isinstance(error, TimeoutError):
            late = time.monotonic() >= self._deadline
            waited = f"nothing came for {self._timeouts.read:g} s"
            return TimedOut("the whole call took too long" if late else waited)
        if isinstance(error, zlib.error):
            return BadAnswer("broken compression")
        if isinstance(error, http.client.IncompleteRead):
            return CutOff()
        if isinstance(error, _DEAD):
            return Dropped(self._plain(error))
        if isinstance(error, http.client.HTTPException):
            return BadAnswer(f"not HTTP ({type(error).__name__})")
        return NoAnswer(self._plain(error))

    def _plain(self, error: Exception) -> str:
        """What happened, in words for an administrator."""
        host = self._host
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the certificate of {host} is not accepted: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            return f"TLS with {host} failed: {error.reason or type(error).__name__}"
        if isinstance(error, socket.gaierror):
            return f"the name {host} cannot be resolved: {error.strerror}"
        if isinstance(error, TimeoutError):
            return f"{host} does not respond"
        if isinstance(error, OSError) and error.strerror:
            return f"{host}: {error.strerror}"
        return f"{host}: {type(error).__name__}"


class _Channel:
    """A connected socket as http.client wants one; no wait passes the deadline."""

    def __init__(self, sock: socket.socket, patience: float, deadline: float) -> None:
        """``patience`` is how many seconds to wait for the next byte."""
        self._sock = sock
        self._patience = patience
        self.deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self))

    def sendall(self, data: memoryview | bytes) -> None:
        left = memoryview(data)
        while left:
            self._sock.settimeout(min(self._patience, _left(self.deadline)))
            left = left[self._sock.send(left) :]
            beat()

    def recv_into(self, buffer: Any) -> int:
        self._sock.settimeout(min(self._patience, _left(self.deadline)))
        count = self._sock.recv_into(buffer)
        beat()
        return count

    def close(self) -> None:
        """http.client closes a connection while its last answer is still to be read."""


class _Incoming(io.RawIOBase):
    """The reading side; closing it, as http.client does after each answer, closes nothing."""

    def __init__(self, channel: _Channel) -> None:
        self._channel = channel

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._channel.recv_into(buffer)


def _left(deadline: float) -> float:
    """Seconds until then.

    Raises:
        TimeoutError: there are none.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
