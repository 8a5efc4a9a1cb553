"""What the tests of the client share: a way to FAX.de's stand-in, and raw servers and answers."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from faxd.faxde import Client, ReceivedFax, Service, Timeouts
from faxd.faxde.request import Body
from faxd.faxde.wire import Wire
from faxd.simulator import Simulator

ACCOUNT, PASSWORD = "123456", "geheim-4711-x"
#: long enough for a loaded machine, short enough to wait for
QUICK = Timeouts(connect=5, read=5, call=10)
#: for what is meant to time out
SHORT = Timeouts(connect=0.3, read=0.3, call=0.6)
LIMIT = 1 << 30

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


@contextlib.contextmanager
def reaching(
    url: str, folder: Path, timeouts: Timeouts = QUICK, **settings: Any
) -> Iterator[Service]:
    """A service that is closed in the end."""
    service = Service(url, folder, timeouts=timeouts, **settings)
    try:
        yield service
    finally:
        service.close()


def client_of(service: Service, password: str = PASSWORD) -> Client:
    return Client(service, ACCOUNT, lambda: password)


def fetch(client: Client, **settings: Any) -> tuple[ReceivedFax | None, bytes]:
    """The waiting fax, and what was written to the file."""
    file = io.BytesIO()
    settings.setdefault("limit", LIMIT)
    return client.request_received(file, **settings), file.getvalue()


def envelope(
    body: str, *, declaration: str = '<?xml version="1.0"?>', prefix: str = "s", ns: str = SOAP
) -> bytes:
    """A SOAP envelope around some XML."""
    return (
        f'{declaration}<{prefix}:Envelope xmlns:{prefix}="{ns}" xmlns:xsi="{XSI}">'
        f"<{prefix}:Body>{body}</{prefix}:Body></{prefix}:Envelope>"
    ).encode()


def answer(parts: str, **how: str) -> bytes:
    """An answer to RequestReceived with these parts."""
    return envelope(f'<n:AResponse xmlns:n="urn:x">{parts}</n:AResponse>', **how)


class RawServer:
    """A server that does with each connection what it is told, without knowing any protocol."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.connections = 0
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._serve(connection)


def request_of(connection: socket.socket) -> bytes:
    """One request with its body; empty when there is none any more."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return data if len(data) > len(head) + 4 + length else head + b"\r\n\r\n" + body


def replies(*raw: bytes, close: bool = True) -> Callable[[socket.socket], None]:
    """Serve one raw reply after the other, each after a request."""

    def serve(connection: socket.socket) -> None:
        for reply in raw:
            if not request_of(connection):
                return
            connection.sendall(reply)
        if close:
            connection.close()

    return serve


def http_reply(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: text/xml", *fields]
    if not any(f.startswith(("Content-Length", "Transfer-Encoding")) for f in fields):
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def counted(server: Simulator) -> list[Any]:
    """A list that grows by one with each connection that the stand-in accepts."""
    listener: Any = server._listener
    accept, accepted = listener.get_request, []

    def get_request() -> Any:
        accepted.append(accept())
        return accepted[-1]

    listener.get_request = get_request
    return accepted


def ask(wire: Wire, *, body: Body | None = None) -> bytes:
    """Post something, and give what comes."""
    with wire.post("/", {}, body or Body.of(b"<a/>"), repeatable=True) as pieces:
        return b"".join(pieces)


def asked(raw: RawServer, timeouts: Timeouts = QUICK) -> bytes:
    return ask(Wire(raw.url, timeouts=timeouts))
