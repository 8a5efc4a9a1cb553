"""How long a connection waits, and how it is ended from another thread."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme

from faxd.faxde import Cancelled, FaxdeError, Service, Timeouts
from faxd.faxde.errors import NotReached, TimedOut
from faxd.faxde.request import Body
from faxd.faxde.wire import Wire
from faxd.simulator import Fault, FaultKind, Simulator

from .support import (
    SHORT,
    RawServer,
    ask,
    asked,
    client_of,
    http_reply,
    reaching,
    replies,
    request_of,
)

CHUNKED = b"Transfer-Encoding: chunked"

# How long it waits


def silent(connection: socket.socket) -> None:
    request_of(connection)


def dripping(head: bytes) -> Callable[[socket.socket], None]:
    """Never ends, and never lets the next byte be waited for."""

    def serve(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(head)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    return serve


def unread(_connection: socket.socket) -> None:
    time.sleep(5)


DRIPS = {
    "status": dripping(b"HTTP/1.1 2"),
    "header": dripping(b"HTTP/1.1 200 OK\r\nX: "),
    "body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"),
    "endless body": dripping(b"HTTP/1.1 200 OK\r\n\r\n"),
    "chunk's length": dripping(b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n\r\n4;"),
}


@pytest.mark.parametrize("where", DRIPS)
def test_a_trickle_ends_with_the_call(where: str) -> None:
    begin = time.monotonic()
    with RawServer(DRIPS[where]) as raw, pytest.raises(TimedOut, match="whole call"):
        asked(raw, Timeouts(read=0.2, call=0.3))
    assert 0.3 <= time.monotonic() - begin < 1


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbo"])
def test_silence(first: bytes) -> None:
    with RawServer(replies(first, close=False)) as raw:
        begin = time.monotonic()
        with pytest.raises(TimedOut, match=r"nothing came for 0.2 s") as error:
            asked(raw, Timeouts(read=0.2, call=5))
    assert 0.2 <= time.monotonic() - begin < 1
    assert error.value.maybe_done


def test_a_server_that_does_not_read() -> None:
    large = Body(length=1 << 30, pieces=lambda: iter([bytes(1 << 20)] * 1024))
    with RawServer(unread) as raw, pytest.raises(TimedOut, match="nothing came"):
        ask(Wire(raw.url, timeouts=Timeouts(read=0.2, call=5)), body=large)


def full_backlog() -> Iterator[str]:
    """An address that neither accepts nor refuses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for filler in fillers:
            filler.close()


unreachable = pytest.fixture(full_backlog)


def test_a_host_that_does_not_respond(unreachable: str) -> None:
    begin = time.monotonic()
    with pytest.raises(NotReached, match=r"127.0.0.1 does not respond") as error:
        ask(Wire(unreachable, timeouts=SHORT))
    assert 0.3 <= time.monotonic() - begin < 1
    assert not error.value.maybe_done


def test_no_host_of_that_name() -> None:
    with pytest.raises(NotReached, match=r"faxd\.invalid cannot be resolved"):
        ask(Wire("http://faxd.invalid", timeouts=SHORT))


@pytest.mark.parametrize("call", [0.2, 5.0])
def test_a_handshake_that_never_ends(call: float) -> None:
    with RawServer(lambda connection: time.sleep(5)) as raw:
        wire = Wire(raw.url.replace("http", "https"), timeouts=Timeouts(connect=0.3, call=call))
        with pytest.raises(NotReached, match="does not respond"):
            ask(wire)


# Ending it from another thread


def ended_by_close(url: str, call: Callable[[Wire], Any]) -> FaxdeError:
    """What a call raises when the wire is closed a moment after it has begun."""
    wire = Wire(url, timeouts=Timeouts(connect=5, read=5, call=5))
    timer = threading.Timer(0.15, wire.close)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(Cancelled) as error:
        call(wire)
    assert 0.1 < time.monotonic() - begin < 1
    with pytest.raises(Cancelled) as later:
        ask(wire)
    assert not later.value.maybe_done
    return error.value


@pytest.mark.parametrize(
    "serve", [silent, *DRIPS.values(), replies(http_reply(b"x", "Content-Length: 9"), close=False)]
)
def test_close_ends_a_call(serve: Callable[[socket.socket], None]) -> None:
    with RawServer(serve) as raw:
        assert ended_by_close(raw.url, ask).maybe_done


def test_close_ends_sending() -> None:
    endless = Body(length=1 << 40, pieces=lambda: iter(lambda: bytes(1 << 20), b""))
    with RawServer(unread) as raw:
        ended_by_close(raw.url, lambda wire: ask(wire, body=endless))


def test_close_ends_connecting(unreachable: str) -> None:
    assert not ended_by_close(unreachable, ask).maybe_done


def test_close_ends_a_handshake() -> None:
    with RawServer(unread) as raw:
        assert not ended_by_close(raw.url.replace("http", "https"), ask).maybe_done


def test_close_ends_a_call_over_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Simulator(tls=context) as server:
        server.faults.add(Fault(kind=FaultKind.HANG))
        with reaching(server.wsdl_url, tmp_path, ca_file=str(tmp_path / "ca.pem")) as service:
            threading.Timer(0.15, service.close).start()
            with pytest.raises(Cancelled):
                service.interface()


def test_close_while_many_calls_are_under_way(server: Simulator, service: Service) -> None:
    client = client_of(service)
    client.delete_received(1)
    server.faults.add(Fault(call="DeleteReceived", kind=FaultKind.HANG, times=None))
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(client.delete_received, number) for number in range(8)]
        time.sleep(0.2)
        service.close()
        begin = time.monotonic()
        assert {type(call.exception(timeout=2)) for call in calls} == {Cancelled}
    assert time.monotonic() - begin < 1
    assert service.wire._active == set()
    assert service.wire._idle == []
