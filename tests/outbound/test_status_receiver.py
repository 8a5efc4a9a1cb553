"""STATURL calls: they wake the JobStatus of their job, and nothing else."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from faxd.config.settings import StatusReceiverSettings
from faxd.faxde import Options
from faxd.job import JobState
from faxd.outbound.intake.newjob import _SECRET
from faxd.outbound.status_receiver import SECRET_BYTES, StatusReceiver, status_url
from faxd.simulator import Simulator

from .desk import NUMBER, Clock, Office, open_office

SECRET = "0123456789abcdef" * 2


class _Receiver(StatusReceiver):
    """One for all tests, as closing it takes half a second; each has it ask another ledger."""

    office: Office

    def __init__(self) -> None:
        super().__init__("127.0.0.1:0", self._told, structlog.get_logger())

    def _told(self, secret: str) -> bool:
        """As the daemon has it."""
        return self.office.ledger.jobs.look_now(secret) is not None


@pytest.fixture(scope="module")
def shared() -> Iterator[_Receiver]:
    with closing(_Receiver()) as receiver:
        yield receiver


@pytest.fixture
def receiver(shared: _Receiver, office: Office) -> _Receiver:
    shared.office = office
    return shared


def ask(receiver: StatusReceiver, path: str, method: str = "GET", body: str = "") -> int:
    """The status that a call gets; nothing else is ever answered."""
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=5)
    with closing(connection):
        connection.request(method, path, body or None)
        answer = connection.getresponse()
        assert answer.read() == b""
        return answer.status


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_call_wakes_its_job(office: Office, receiver: StatusReceiver, method: str) -> None:
    office.begin()
    office.send()
    office.server.finish_job(office.accepted[0].job_id)
    before = office.job().due_at
    assert ask(receiver, f"/faxd/{office.job().secret}?job=70000001&STAT=OK", method) == 204
    due = office.job().due_at
    assert due is not None and before is not None and due < before
    office.follow()
    assert office.job().state is JobState.DONE


def test_its_content_is_never_believed(office: Office, receiver: StatusReceiver) -> None:
    office.begin()
    office.send()
    for status in ("OK", "BUSY", "BLACKLIST"):
        assert ask(receiver, f"/{office.job().secret}?STAT={status}&RCV=%2B49&job=1") == 204
        office.follow()
    assert office.job().state is JobState.ACCEPTED
    assert [call.code for call in office.calls("JobStatus")] == [6] * 3
    assert office.job().recipients[0].result is None


def test_only_its_own_job(office: Office, receiver: StatusReceiver) -> None:
    for name in ("Eins", "Zwei"):
        office.begin(f"{NUMBER} {name}.pdf")
        office.send()
    assert office.job(1).secret != office.job(2).secret
    ask(receiver, f"/{office.job(2).secret}")
    office.follow()
    assert (office.job(1).looks, office.job(2).looks) == (0, 1)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/faxd/",
        f"/{SECRET}",
        f"/{SECRET.upper()}",
        f"/{SECRET}/",
        "/0123",
        "/../../etc/passwd",
        f"/?secret={SECRET}",
        "/" + "0" * 60_000,
        "/%00",
    ],
)
def test_anything_else_is_not_found(office: Office, receiver: StatusReceiver, path: str) -> None:
    office.begin()
    office.send()
    due = office.job().due_at
    assert ask(receiver, path) == 404
    assert office.job().due_at == due


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "NONSENSE"])
def test_no_other_method(office: Office, receiver: StatusReceiver, method: str) -> None:
    office.begin()
    office.send()
    assert ask(receiver, f"/{office.job().secret}", method) == 404


@pytest.mark.parametrize(
    "words",
    [
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: nonsense\r\n\r\n",
    ],
)
def test_strangers_learn_nothing(office: Office, receiver: StatusReceiver, words: bytes) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as connection:
        connection.sendall(words)
        try:
            answer = connection.recv(65536)
        except ConnectionResetError:
            answer = b""
    assert not answer or b" 404 " in answer.splitlines()[0]
    assert b"Python" not in answer and b"Error" not in answer
    assert ask(receiver, "/") == 404, "and it goes on"


def test_many_that_say_nothing_at_once(office: Office, receiver: StatusReceiver) -> None:
    """They are too many at some point, and keep nobody off when they are gone."""
    limit = time.monotonic() + 10
    silent = []
    while time.monotonic() < limit:
        connection = socket.create_connection(("127.0.0.1", receiver.port))
        connection.settimeout(0.05)
        silent.append(connection)
        try:
            assert connection.recv(1) == b"", "shut at once"
            break
        except TimeoutError:
            continue
        except ConnectionResetError:
            break
    assert len(silent) <= 20
    for connection in silent:
        connection.close()
    while time.monotonic() < limit:
        try:
            status = ask(receiver, "/")
            break
        except (ConnectionError, http.client.HTTPException):
            time.sleep(0.01)
    assert status == 404


@pytest.mark.parametrize(
    "state", [JobState.WAITING, JobState.UNCERTAIN, JobState.DONE, JobState.CANCELLED]
)
def test_a_job_that_is_not_at_fax_de_is_not_there(
    office: Office, receiver: StatusReceiver, state: JobState
) -> None:
    job = office.begin()
    office.ledger._db.execute("UPDATE jobs SET state = ?", (state.value,))
    assert ask(receiver, f"/{job.secret}") == 404


def test_the_url_goes_out_and_comes_back_in_a_repetition(
    tmp_path: Path, server: Simulator, clock: Clock
) -> None:
    with open_office(
        tmp_path / "o", server, clock, status_base="https://fax.example.org"
    ) as office:
        office.begin()
        office.server.force_code("SendJob", -4)
        office.send()
        office.later(31)
        office.send()
        secret = office.job().secret
        assert office.accepted[0].order.options == f"STATURL=https://fax.example.org/{secret}"
        assert len(set(office.requests)) == 1


def test_without_a_receiver_there_is_no_url(office: Office) -> None:
    office.begin()
    office.send()
    assert office.accepted[0].order.options == ""


def test_a_secret_is_as_long_as_it_is_expected() -> None:
    assert _SECRET == SECRET_BYTES


@given(st.text("abcdefgh0123456789./-_%", min_size=1, max_size=80))
def test_never_more_than_128_characters(rest: str) -> None:
    """The document's limit, for the longest URL that the settings allow."""
    settings = StatusReceiverSettings(url=f"https://{rest}")
    url = status_url(settings.url, SECRET)
    assert len(url) <= 128
    assert Options(status_url=url).render() == f"STATURL={url}"


def test_ipv6_and_a_port_that_is_taken(office: Office) -> None:
    with closing(StatusReceiver("127.0.0.1:0", lambda _: True, office.log)) as first:
        assert ask(first, f"/{SECRET}") == 204
        with pytest.raises(OSError, match="in use"):
            StatusReceiver(f"127.0.0.1:{first.port}", lambda _: True, office.log)
    try:
        second = StatusReceiver("[::1]:0", lambda _: False, office.log)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with closing(second):
        assert second.port
