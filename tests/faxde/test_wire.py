"""HTTP: what an answer may look like, and which connections are kept and replaced."""

from __future__ import annotations

import gzip
import io
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxd.faxde import Client, FaxdeError, JobState, JobType, Service
from faxd.faxde.errors import BadAnswer, CutOff, Dropped, HttpStatus, NoAnswer
from faxd.simulator import Fault, FaultKind, Simulator, SyntheticImage

from .support import ACCOUNT, LIMIT, RawServer, asked, counted, http_reply, replies

# What comes


CHUNKED = "Transfer-Encoding: chunked"


def in_chunks(*chunks: bytes) -> bytes:
    return b"".join(b"%x;x=y\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "got"),
    [
        (http_reply(b"body"), b"body"),
        (http_reply(b""), b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + http_reply(b"body"), b"body"),
        (http_reply(b"body", status="500 Oh").replace(b"text/", b"application/soap+"), b"body"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (http_reply(in_chunks(b"bo", b"dy"), CHUNKED), b"body"),
        (http_reply(gzip.compress(b"body"), "Content-Encoding: gzip"), b"body"),
        (http_reply(zlib.compress(b"x" * 10**6), "Content-Encoding: Deflate"), b"x" * 10**6),
        (
            http_reply(
                in_chunks(*(gzip.compress(b"b")[i : i + 3] for i in range(0, 24, 3))),
                CHUNKED,
                "Content-Encoding: x-gzip",
            ),
            b"b",
        ),
        (http_reply(gzip.compress(b"body") + b"junk", "Content-Encoding: gzip"), b"body"),
    ],
)
def test_answers(reply: bytes, got: bytes) -> None:
    with RawServer(replies(reply)) as raw:
        assert asked(raw) == got


@pytest.mark.parametrize(
    ("reply", "kind", "text"),
    [
        (b"", Dropped, "without an answer"),
        (b"SSH-2.0-x\r\n", BadAnswer, "not HTTP"),
        (b"HTTP/1.1 abc OK\r\n\r\n", BadAnswer, "not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", BadAnswer, "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, BadAnswer, "not HTTP"),
        (http_reply(b"body", "Content-Length: 9"), CutOff, "middle"),
        (http_reply(b"", "Content-Length: 9"), CutOff, "middle"),
        (http_reply(b"4\r\nbody\r\n", CHUNKED), CutOff, "middle"),
        (http_reply(b"4\r\nbo", CHUNKED), CutOff, "middle"),
        (http_reply(b"many\r\n", CHUNKED), CutOff, "middle"),
        (http_reply(gzip.compress(b"body")[:-3], "Content-Encoding: gzip"), CutOff, "middle"),
        (http_reply(b"body", "Content-Encoding: gzip"), BadAnswer, "broken compression"),
        (http_reply(b"body", "Content-Encoding: br"), BadAnswer, "unknown Content-Encoding 'br'"),
        (http_reply(b"", status="204 No Content"), HttpStatus, "status 204"),
        (http_reply(b"", "Location: /", status="302 Found"), HttpStatus, "302, a redirect"),
        (http_reply(b"", "Location: /", status="307 X"), HttpStatus, "does not follow"),
        (http_reply(b"", status="401 Unauthorized"), HttpStatus, "status 401"),
        (http_reply(b"x", status="500 Oh").replace(b"text/xml", b"text/plain"), HttpStatus, "500"),
    ],
)
def test_bad_answers(reply: bytes, kind: type[FaxdeError], text: str) -> None:
    with RawServer(replies(reply)) as raw, pytest.raises(kind, match=text) as error:
        asked(raw)
    assert type(error.value) is kind
    assert error.value.maybe_done
    assert raw.connections == 1


@settings(max_examples=30)
@given(st.binary(max_size=80))
def test_random_bytes_raise_nothing_else(junk: bytes) -> None:
    for reply in (junk, b"HTTP/1.1 200 OK\r\n" + junk, http_reply(junk, CHUNKED)):
        with RawServer(replies(reply)) as raw:
            try:
                asked(raw)
            except FaxdeError:
                continue


# Kept connections


def test_one_connection_for_many_calls(server: Simulator, client: Client) -> None:
    connections = counted(server)
    server.add_fax(ACCOUNT, SyntheticImage(400_000))
    for _ in range(5):
        assert client.request_received(io.BytesIO(), limit=LIMIT)
        assert client.delete_received(1) is False
    assert len(connections) == 1


@pytest.mark.parametrize("kind", [FaultKind.CHUNKED, FaultKind.GZIP])
def test_kept_after_odd_answers(server: Simulator, client: Client, kind: FaultKind) -> None:
    client.delete_received(1)
    connections = counted(server)
    server.faults.add(Fault(kind=kind, times=2))
    for _ in range(3):
        assert client.delete_received(1) is False
    assert len(connections) == 0


@pytest.mark.parametrize("kind", [FaultKind.LENGTH_TOO_LONG, FaultKind.CUT, FaultKind.HTTP_503])
def test_not_kept_after_broken_answers(
    server: Simulator, client: Client, service: Service, kind: FaultKind
) -> None:
    client.delete_received(1)
    server.faults.add(Fault(kind=kind))
    try:
        assert client.delete_received(1) is False
    except (CutOff, HttpStatus):
        assert kind is not FaultKind.LENGTH_TOO_LONG
    assert service.wire._idle == []
    assert client.delete_received(1) is False


def test_a_connection_to_each_thread(server: Simulator, client: Client) -> None:
    client.delete_received(1)
    connections = counted(server)
    server.faults.add(Fault(call="DeleteReceived", kind=FaultKind.DRIP, value=3000, times=None))
    for _ in range(2):
        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(client.delete_received, range(3))) == [False] * 3
    assert len(connections) == 2  # beside the one that was there


def test_a_dead_connection_is_replaced(server: Simulator, client: Client) -> None:
    client.delete_received(1)
    server.restart()
    assert client.delete_received(1) is False
    # One that dies only when it is used again cannot be told beforehand.
    server.faults.add(Fault(kind=FaultKind.REFUSED))
    assert client.delete_received(1) is False
    assert len(server.calls_of("connect")) == 1


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.LOST])
def test_what_is_repeated_and_what_is_not(
    server: Simulator, client: Client, kind: FaultKind
) -> None:
    fax_id = server.add_fax(ACCOUNT, SyntheticImage(2000))
    client.delete_received(1)
    connections = counted(server)

    def struck(call: str) -> int:
        server.faults.add(Fault(call=call, kind=kind))
        return len(server.calls_of(call))

    before = struck("JobStatus")
    assert client.job_status(1).state is JobState.UNKNOWN
    assert len(server.calls_of("JobStatus")) == before + 2
    struck("RequestReceived")
    fax = client.request_received(io.BytesIO(), limit=LIMIT)
    assert fax
    assert fax.fax_id == fax_id
    struck("DeleteReceived")
    assert client.delete_received(fax_id) is (kind is FaultKind.RESET_BEFORE)
    assert len(connections) == 3
    struck("SendJob")
    with pytest.raises(Dropped) as error:
        client.send_job(JobType.FAX, recipient="+4940123456", text="x")
    assert error.value.maybe_done
    assert len(server.calls_of("SendJob")) == 1
    assert len(server.jobs(ACCOUNT)) == (kind is FaultKind.LOST)
    struck("CancelJob")
    with pytest.raises(Dropped):
        client.cancel_job(70_000_001)
    assert len(server.calls_of("CancelJob")) == 1


def test_a_call_that_fails_on_a_new_connection_is_not_repeated() -> None:
    with RawServer(replies(b"")) as raw, pytest.raises(NoAnswer):
        asked(raw)
    assert raw.connections == 1


def test_an_old_connection_is_not_trusted(
    server: Simulator, client: Client, service: Service
) -> None:
    client.delete_received(1)
    connections = counted(server)
    (idle,) = service.wire._idle
    idle._rested -= 60
    client.delete_received(1)
    assert len(connections) == 1


def test_no_more_connections_are_kept_than_are_of_use(
    server: Simulator, client: Client, service: Service
) -> None:
    """Each costs memory; a hundred calls at once are no reason to keep a hundred of them."""
    barrier = threading.Barrier(20)

    def call(_: int) -> None:
        barrier.wait()
        client.delete_received(1)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(call, range(20)))
    assert 1 <= len(service.wire._idle) <= 8


def test_no_threads_are_left(server: Simulator, client: Client) -> None:
    client.delete_received(1)
    before = threading.active_count()
    for _ in range(5):
        client.delete_received(1)
    assert threading.active_count() <= before
