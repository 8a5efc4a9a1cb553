"""HTTP: connections, requests in, replies out."""

from __future__ import annotations

import socket
import ssl
import struct
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock
from typing import Any, cast

from faxd.simulator.faults import WSDL, FaultKind, Stage, Strike
from faxd.simulator.log import Log
from faxd.simulator.reply import End, Reply, deliver
from faxd.simulator.service import Service
from faxd.simulator.soap import SoapFault, read_request
from faxd.simulator.wsdl import ENDPOINT_PATH, WSDL_PATHS

_PIECE = 256 * 1024
#: seconds within which the accepting thread notices that it is to end
_TICK = 0.02


class Listener(ThreadingHTTPServer):
    """The listening socket with its open connections; a thread for each of them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        service: Service,
        tls: ssl.SSLContext | None,
        folder: Path,
        report: Any,
    ) -> None:
        self.service = service
        self.tls = tls
        self.folder = folder
        self.report = report
        self.released = Event()
        self.stopping = Event()
        self._open: set[socket.socket] = set()
        self._reset: set[socket.socket] = set()
        self._guard = Lock()
        super().__init__(address, Handler)
        # A connection may go between its announcement and `accept`, which must not wait for the
        # next one then.
        self.socket.settimeout(_TICK)

    def serve(self) -> None:
        """Take connections until `stopping` is set.

        Not serve_forever: its counterpart, shutdown, would wait without end for a thread that
        is stuck.
        """
        while not self.stopping.is_set():
            self.handle_request()

    def server_bind(self) -> None:
        """Bind without asking the resolver for this machine's name, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept; the TLS handshake is left to the connection's own thread."""
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with self._guard:
            self._open.add(connection)
        return connection, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Refuse the connection when a fault says so."""
        refused = self.refusal()
        if refused:
            self.reset(request)
        return not refused

    def refusal(self) -> bool:
        """Whether a fault refuses this connection; noted in the log."""
        strike = self.service.faults.take(Stage.CONNECT, "connect")
        if strike:
            log = self.service.log
            log.note(log.open("connect"), fault=strike.fault.kind.name)
        return strike is not None

    def reset(self, connection: socket.socket) -> None:
        """Have the connection end with a reset as soon as its handler lets go of it."""
        with self._guard:
            self._reset.add(connection)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection: politely, or by a reset without a word before."""
        with self._guard:
            self._open.discard(request)
            abrupt = request in self._reset
            self._reset.discard(request)
        if abrupt:
            try:
                request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError as error:
                self.report(f"reset: {error}")
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def drop_connections(self) -> None:
        """End all open connections now, whatever they are doing."""
        with self._guard:
            connections = list(self._open)
        for connection in connections:
            try:
                # Not SSLSocket.shutdown: it would take the connection's TLS state away from
                # the thread that may be writing.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError as error:
                self.report(f"closing: {error}")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell the hook instead of stderr; a client that went away is no error at all."""
        self.report(f"{client_address}: {sys.exc_info()[1]!r}")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = 0
    server: Listener

    def setup(self) -> None:
        """Shake hands, when the connection is a TLS one."""
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(30)
            self.request.do_handshake()
            self.request.settimeout(None)
        self._first = True
        super().setup()

    def log_message(self, format: str, *args: object) -> None:
        """Tell the hook instead of stderr."""
        self.server.report(format % args)

    @property
    def _log(self) -> Log:
        return self.server.service.log

    def _refused(self) -> bool:
        """Whether a kept connection is refused now; a new one was asked when it was accepted."""
        first, self._first = self._first, False
        if first or not self.server.refusal():
            return False
        self._end(End.RESET)
        return True

    def _end(self, end: End) -> None:
        if end is End.RESET:
            self.server.reset(cast("socket.socket", self.request))
        self.close_connection = True

    def do_GET(self) -> None:
        """Hand out the description."""
        if self._refused():
            return
        if self.path not in WSDL_PATHS:
            self._send(None, Reply(status=404, content_type="text/html"))
            return
        sequence = self._log.open(WSDL)
        if self._broken(sequence, self.server.service.faults.take(Stage.HEADERS, WSDL)):
            return
        own = f"{self.server.server_name}:{self.server.server_port}"
        host = self.headers.get("Host", own)
        self._send(sequence, self.server.service.describe(sequence, host))

    def do_POST(self) -> None:
        """Take a call."""
        if self._refused():
            return
        if self.path != ENDPOINT_PATH:
            self.close_connection = True
            self._send(None, Reply(status=404, content_type="text/html"))
            return
        action = self.headers.get("SOAPAction")
        action = None if action is None else action.strip().strip('"')
        name = (action or "").rpartition("#")[2]
        service = self.server.service
        sequence = self._log.open(name)
        if self._broken(sequence, service.faults.take(Stage.HEADERS, name)):
            return
        with TemporaryDirectory(dir=self.server.folder) as folder:
            body = self._body()
            try:
                request = read_request(body, Path(folder))
            except SoapFault as fault:
                # Read on to the end: closing with unread bytes would reset the connection,
                # and the sender would never see the answer.
                for _ in body:
                    pass
                reply = service.refuse(sequence, str(fault))
            else:
                reply = service.call(sequence, request, action)
        self._send(sequence, reply)

    def _broken(self, sequence: int, strike: Strike | None) -> bool:
        """Whether a fault ends the connection before the request was read."""
        if strike is None:
            return False
        self._log.note(sequence, fault=strike.fault.kind.name)
        if strike.fault.kind is FaultKind.RESET_READING:
            length = int(self.headers.get("Content-Length") or 0)
            left = strike.fault.bytes_of(length or 2**20)
            while left > 0 and (piece := self.rfile.read1(min(left, _PIECE))):
                left -= len(piece)
        self._end(End.RESET)
        return True

    def _body(self) -> Iterator[bytes]:
        """The request's body, piece by piece. Raises ConnectionError when it ends too early."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while length := int(self.rfile.readline(100).split(b";")[0], 16):
                yield from self._exactly(length)
                self.rfile.readline(3)
            while self.rfile.readline(65536).strip():
                pass
        else:
            yield from self._exactly(int(self.headers.get("Content-Length") or 0))

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length > 0:
            piece = self.rfile.read1(min(length, _PIECE))
            if not piece:
                raise ConnectionError("the request ended too early")
            length -= len(piece)
            yield piece

    def _send(self, sequence: int | None, reply: Reply) -> None:
        """Deliver a reply, and note whether it was written to its end."""

        def answered(yes: bool = True) -> None:
            if sequence is not None:
                self._log.note(sequence, answered=yes)

        try:
            kept = deliver(reply, self._write, self._wait, answered, self.close_connection)
        except OSError:
            answered(False)
            self.close_connection = True
            raise
        if not kept:
            self._end(reply.end)

    def _write(self, block: bytes) -> None:
        self.connection.sendall(block)

    def _wait(self, seconds: float | None) -> bool:
        if seconds is None:
            self.server.released.wait()
        elif seconds:
            self.server.stopping.wait(seconds)
        return self.server.stopping.is_set()
