"""STATURL: the stand-in calls when a job is through, and nothing that is called can disturb it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from faxd.simulator import LogEntry, Outcome, Simulator
from faxd.simulator.statuscalls import template_of

from .soapcall import ACCOUNT, call

ALL = "$JID/$RCV/$STAT/$MSGs/$COST/$RID/$CID/$SEC/$RET/$COD/$SPD"


class Office:
    """A web server that writes down what it is asked for."""

    def __init__(self, status: int) -> None:
        self.asked: list[str] = []
        office = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                office.asked.append(self.path)
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def listening(status: int = 204) -> Iterator[Office]:
    office = Office(status)
    try:
        yield office
    finally:
        office.server.shutdown()
        office.server.server_close()


@pytest.fixture
def office() -> Iterator[Office]:
    with listening() as found:
        yield found


def send(server: Simulator, url: str, before: str = "", **parts: Any) -> int:
    usual = {"JobType": 0, "Recipient": "+4940123456[RE 4711&]", "SendText": "Guten Tag"}
    answered = call(server, "SendJob", Options=f"{before}STATURL={url}", **(usual | parts))
    assert answered.code == 0
    return int(answered.parts["JobId"])


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def calls(server: Simulator) -> list[LogEntry]:
    """The calls that have come to an end."""
    return [one for one in server.calls_of("STATURL") if one.code is not None or one.fault]


def test_it_is_called_once_when_the_job_is_through(server: Simulator, office: Office) -> None:
    server.job_seconds = 0.3
    begin = time.monotonic()
    job_id = send(server, f"{office.url}/status?job=$JID")
    wait_for(lambda: bool(calls(server)))
    assert time.monotonic() - begin >= 0.3
    assert call(server, "JobStatus", JobId=str(job_id)).code == 0
    time.sleep(0.2)
    assert office.asked == [f"/status?job={job_id}"]
    (entry,) = calls(server)
    assert (entry.account, entry.job_id, entry.code) == (ACCOUNT, str(job_id), 204)


def test_it_is_called_at_once_for_a_job_that_is_finished_by_hand(
    server: Simulator, office: Office
) -> None:
    server.job_seconds = 3600
    job_id = send(server, f"{office.url}/$JID", before="STATIONID=Praxis;")
    time.sleep(0.2)
    assert office.asked == []
    server.finish_job(job_id)
    wait_for(lambda: bool(calls(server)))
    server.finish_job(job_id)
    time.sleep(0.2)
    assert office.asked == [f"/{job_id}"]


def test_the_placeholders(server: Simulator, office: Office) -> None:
    server.results["+4940123456"] = Outcome("OK", "PRAXIS MEIER", 21)
    job_id = send(server, f"{office.url}/{ALL}?$$JID$NO")
    wait_for(lambda: bool(calls(server)))
    assert office.asked == [
        f"/{job_id}/%2B4940123456/OK/1/0.00/PRAXIS%20MEIER/RE%204711%26/21/0/MMR/14400?${job_id}$NO"
    ]


def test_date_and_time_are_those_of_germany(server: Simulator, office: Office) -> None:
    send(server, f"{office.url}/$DATE/$TIME")
    wait_for(lambda: bool(calls(server)))
    _, date, clock = office.asked[0].split("/")
    day, month, year = date.split(".")
    assert (len(day), len(month), len(year)) == (2, 2, 2)
    assert len(clock.split("%3A")) == 3


@pytest.mark.parametrize(
    ("result", "word"),
    [
        ("Busy", "BUSY"),
        ("No Answer", "NOANSWER"),
        ("Voice", "VOICE"),
        ("Call failed", "ISDNERR"),
        ("No Service", "NOSERVICE"),
        ("Black-List", "BLACKLIST"),
        ("Send-Fail", "SENDFAIL"),
        ("Kaputt", "KAPUTT"),
    ],
)
def test_the_words_for_results(server: Simulator, office: Office, result: str, word: str) -> None:
    server.results["040 123456"] = result
    send(server, f"{office.url}/$STAT")
    wait_for(lambda: bool(calls(server)))
    assert office.asked == [f"/{word}"]


def test_an_sms_is_always_ok(server: Simulator, office: Office) -> None:
    server.results["+491711234567"] = "Busy"
    send(server, f"{office.url}/$STAT/$MSGs", JobType=1, Recipient="+491711234567")
    wait_for(lambda: bool(calls(server)))
    assert office.asked == ["/OK/1"]


def test_many_recipients_are_one_call(server: Simulator, office: Office) -> None:
    job_id = send(server, f"{office.url}/$JID/$STAT/$RCV", Recipient="040123456,040123457")
    wait_for(lambda: bool(calls(server)))
    time.sleep(0.1)
    assert office.asked == [f"/{job_id}/MULTI/"]


def test_a_cancelled_job_is_not_called_for(server: Simulator, office: Office) -> None:
    server.job_seconds = 0.4
    job_id = send(server, f"{office.url}/$JID")
    assert call(server, "CancelJob", JobId=str(job_id)).code == 0
    time.sleep(0.7)
    assert office.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/$JID",
        "http://192.0.2.1/$JID",
        "http://example.org/$JID",
        "http://127.0.0.1.example.org/$JID",
        "http://127.0.0.1@192.0.2.1/$JID",
        "file:///etc/passwd",
        "www.example.org/$JID",
        "http://127.0.0.1:99999/$JID",
        "http://[::1",
        "$RCV",
    ],
)
def test_nobody_else_is_called(server: Simulator, url: str) -> None:
    job_id = send(server, url)
    wait_for(lambda: bool(calls(server)))
    (entry,) = calls(server)
    assert (entry.fault, entry.job_id) == ("not an address that the stand-in calls", str(job_id))
    assert call(server, "JobStatus", JobId=str(job_id)).code == 0


@pytest.mark.parametrize(("length", "called"), [(128, True), (129, False)])
def test_an_address_that_is_too_long(
    server: Simulator, office: Office, length: int, called: bool
) -> None:
    url = f"{office.url}/$JID/"
    send(server, url + "x" * (length - len(url)))
    wait_for(lambda: bool(calls(server)))
    assert bool(office.asked) is called


@pytest.mark.parametrize("status", [301, 404, 500])
def test_what_is_answered_makes_no_difference(server: Simulator, status: int) -> None:
    with listening(status) as office:
        job_id = send(server, f"{office.url}/$JID")
        wait_for(lambda: bool(calls(server)))
        time.sleep(0.1)
        assert office.asked == [f"/{job_id}"]
        assert calls(server)[0].code == status


def test_one_that_hangs_or_is_not_there_delays_nobody_for_long(
    server: Simulator, office: Office
) -> None:
    with socket.socket() as hanging, socket.socket() as closed:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        closed.bind(("127.0.0.1", 0))
        first = send(server, f"http://127.0.0.1:{hanging.getsockname()[1]}/$JID")
        send(server, f"http://127.0.0.1:{closed.getsockname()[1]}/$JID", SendText="zwei")
        third = send(server, f"{office.url}/a b", SendText="drei")
        begin = time.monotonic()
        fourth = send(server, f"{office.url}/$JID", SendText="vier")
        assert call(server, "JobStatus", JobId=str(first)).parts["return"] in {"0", "6"}
        assert time.monotonic() - begin < 1, "SendJob and JobStatus do not wait for it"
        wait_for(lambda: len(calls(server)) == 4)
    assert office.asked == [f"/{fourth}"]
    faults = {entry.job_id: entry.fault for entry in calls(server)}
    assert "timed out" in str(faults[str(first)])
    assert "InvalidURL" in str(faults[str(third)])


def test_what_became_due_while_it_was_stopped_is_made_up_for(
    server: Simulator, office: Office
) -> None:
    server.job_seconds = 0.2
    job_id = send(server, f"{office.url}/$JID")
    server.stop()
    time.sleep(0.4)
    assert office.asked == []
    server.start()
    wait_for(lambda: bool(calls(server)))
    assert office.asked == [f"/{job_id}"]


def test_jobs_without_it_call_nobody(server: Simulator) -> None:
    for options in ("", "STATIONID=Praxis", "FAXHEADER=STATURL=x", "STATURL="):
        text = f"Guten Tag {options}"
        parts = {"JobType": 0, "Recipient": "+4940123456", "SendText": text, "Options": options}
        assert call(server, "SendJob", **parts).code == 0
    time.sleep(0.5)
    assert not server.calls_of("STATURL")


@pytest.mark.parametrize(
    ("options", "template"),
    [
        ("", ""),
        ("STATURL=http://a/?x=$JID&y=1", "http://a/?x=$JID&y=1"),
        ("STATIONID=A;STATURL=http://a/;FLASHSMS", "http://a/"),
        (" staturl = http://a/ ", "http://a/"),
        ("FAXHEADER=STATURL=http://a/", ""),
    ],
)
def test_finding_it_among_the_options(options: str, template: str) -> None:
    assert template_of(options) == template
