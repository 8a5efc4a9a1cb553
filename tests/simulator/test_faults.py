"""Each kind of fault, as it looks from the other end of the wire."""

from __future__ import annotations

import base64
import gzip
import http.client
import io
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from faxd.simulator import Fault, FaultKind, Simulator, SyntheticImage
from faxd.simulator.faults import Stage
from faxd.simulator.spoil import ANSWERS, REPLIES

from .soapcall import ACCOUNT, Answered, call, get

IMAGE = SyntheticImage(30_000, 2)
RAW = b"".join(IMAGE.pieces())
RESET = (ConnectionResetError, BrokenPipeError)


@pytest.fixture
def server(server: Simulator) -> Iterator[Simulator]:
    server.add_fax(ACCOUNT, IMAGE, originator="+49401234567", remote_id="STATION")
    yield server


def fetch(server: Simulator, kind: FaultKind, **fields: Any) -> Answered:
    """Fetch the waiting fax while a fault strikes."""
    server.faults.add(Fault(call="RequestReceived", kind=kind, **fields))
    answer = call(server, "RequestReceived")
    assert server.calls[-1].fault == kind.name
    return answer


def image(answer: Answered) -> bytes:
    return base64.b64decode(answer.parts["FaxImage"], validate=False)


def test_every_kind_does_something() -> None:
    early = {kind for kind in FaultKind if stage_of(kind) in (Stage.CONNECT, Stage.HEADERS)}
    assert set(ANSWERS) | set(REPLIES) | early == set(FaultKind)
    assert not set(ANSWERS) & set(REPLIES)


def stage_of(kind: FaultKind) -> Stage:
    return Fault(kind=kind).stage


# Connections


def test_refused(server: Simulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    assert call(server, "RequestReceived", connection=connection).code == 0
    server.faults.add(Fault(kind=FaultKind.REFUSED, times=2))
    with pytest.raises(RESET):
        call(server, "RequestReceived", connection=connection)
    with pytest.raises(RESET):
        call(server, "RequestReceived")
    assert call(server, "RequestReceived").code == 0
    assert [entry.fault for entry in server.calls_of("connect")] == ["REFUSED"] * 2
    connection.close()


@pytest.mark.parametrize("kind", [FaultKind.RESET_READING])
def test_reset_on_the_way_in(server: Simulator, kind: FaultKind) -> None:
    server.faults.add(Fault(call="SendJob", kind=kind))
    assert call(server, "RequestReceived").code == 0
    with pytest.raises(RESET):
        call(server, "SendJob", SendFile1=bytes(4_000_000))
    entry = server.calls[-1]
    assert (entry.call, entry.fault, entry.completed) == ("SendJob", kind.name, False)
    assert server.jobs(ACCOUNT) == []


def test_answer_lost(server: Simulator) -> None:
    (fax,) = server.queue(ACCOUNT)
    server.faults.add(Fault(call="DeleteReceived", kind=FaultKind.LOST))
    with pytest.raises(RESET):
        call(server, "DeleteReceived", FaxId=fax.fax_id)
    entry = server.calls[-1]
    assert (entry.completed, entry.answered, entry.code) == (True, False, 0)
    assert server.queue(ACCOUNT) == []


def test_answer_lost_without_work(server: Simulator) -> None:
    (fax,) = server.queue(ACCOUNT)
    server.faults.add(Fault(call="DeleteReceived", kind=FaultKind.LOST, work=False))
    with pytest.raises(RESET):
        call(server, "DeleteReceived", FaxId=fax.fax_id)
    entry = server.calls[-1]
    assert (entry.completed, entry.fax_id, entry.code) == (False, fax.fax_id, None)
    assert server.queue(ACCOUNT) == [fax]


@pytest.mark.parametrize(("fields", "got"), [({"value": 1000}, 1000), ({"value": 0.0}, 0)])
def test_answer_cut(server: Simulator, fields: dict[str, Any], got: int) -> None:
    with pytest.raises(http.client.IncompleteRead) as error:
        fetch(server, FaultKind.CUT, **fields)
    assert len(error.value.partial) == got
    assert (server.calls[-1].completed, server.calls[-1].answered) == (True, False)


def test_answer_reset(server: Simulator) -> None:
    with pytest.raises((*RESET, http.client.IncompleteRead)):
        fetch(server, FaultKind.RESET_MIDDLE, value=0.9)
    assert not server.calls[-1].answered


def test_hang_for_a_while(server: Simulator) -> None:
    begin = time.monotonic()
    with pytest.raises(http.client.RemoteDisconnected):
        fetch(server, FaultKind.HANG, value=0.3)
    assert 0.3 <= time.monotonic() - begin < 3


@pytest.mark.parametrize("end", ["release", "stop"])
def test_hang_until_released(server: Simulator, end: str) -> None:
    timer = threading.Timer(0.3, getattr(server, end))
    timer.start()
    with pytest.raises((http.client.RemoteDisconnected, *RESET)):
        fetch(server, FaultKind.HANG)
    timer.join()
    server.start()
    assert call(server, "RequestReceived").code == 0


def test_slow(server: Simulator) -> None:
    for kind in (FaultKind.DRIP, FaultKind.DRIP_HEADERS):
        begin = time.monotonic()
        answer = fetch(server, kind, value=100_000)
        assert 0.3 <= time.monotonic() - begin < 3
        assert image(answer) == RAW
        assert server.calls[-1].answered


# Other answers


@pytest.mark.parametrize(
    ("kind", "status", "content"),
    [
        (FaultKind.HTTP_500, 500, b""),
        (FaultKind.HTTP_503, 503, b""),
        (FaultKind.SOAP_FAULT, 500, b"Access violation"),
        (FaultKind.SOAP_FAULT_200, 200, b"Access violation"),
        (FaultKind.HTML, 200, b"<html>"),
        (FaultKind.REDIRECT, 302, b""),
    ],
)
def test_something_else_answers(
    server: Simulator, kind: FaultKind, status: int, content: bytes
) -> None:
    answer = fetch(server, kind)
    assert answer.status == status
    assert content in answer.body
    entry = server.calls[-1]
    assert (entry.completed, entry.code, entry.answered) == (False, None, True)
    fetch(server, kind, work=True)
    assert (server.calls[-1].completed, server.calls[-1].code) == (True, 0)
    if kind is FaultKind.REDIRECT:
        assert answer.headers["location"].startswith("http://")


def test_reset_before_the_work(server: Simulator) -> None:
    (fax,) = server.queue(ACCOUNT)
    server.faults.add(Fault(call="DeleteReceived", kind=FaultKind.RESET_BEFORE))
    with pytest.raises(RESET):
        call(server, "DeleteReceived", FaxId=fax.fax_id)
    entry = server.calls[-1]
    assert (entry.account, entry.completed, entry.answered) == (ACCOUNT, False, False)
    assert server.queue(ACCOUNT) == [fax]


def test_description_faults_of_their_own(server: Simulator) -> None:
    server.faults.add(Fault(call="WSDL", kind=FaultKind.WSDL_503))
    server.faults.add(Fault(kind=FaultKind.WSDL_HTML))
    assert call(server, "RequestReceived").code == 0
    assert get(server, "/xmlws.exe?wsdl/IntfXMLWS").status == 503
    page = get(server, "/xmlws.exe?wsdl/IntfXMLWS")
    assert (page.status, page.headers["content-type"]) == (200, "text/html")
    assert [entry.fault for entry in server.calls_of("WSDL")] == ["WSDL_503", "WSDL_HTML"]


def test_an_unknown_code(server: Simulator) -> None:
    server.faults.add(Fault(call="*", kind=FaultKind.UNKNOWN_CODE, value=-4711))
    assert call(server, "RequestReceived").code == -4711
    assert (server.calls[-1].code, server.calls[-1].completed) == (-4711, False)


def test_the_description_unavailable_or_replaced(server: Simulator) -> None:
    server.faults.add(Fault(call="WSDL", kind=FaultKind.HTTP_503))
    server.faults.add(Fault(call="WSDL", kind=FaultKind.HTML))
    server.faults.add(Fault(call="WSDL", kind=FaultKind.CUT))
    assert call(server, "RequestReceived").code == 0
    assert get(server, "/xmlws.exe?wsdl/IntfXMLWS").status == 503
    assert get(server, "/xmlws.exe?wsdl/IntfXMLWS").headers["content-type"] == "text/html"
    with pytest.raises(http.client.IncompleteRead):
        get(server, "/xmlws.exe?wsdl/IntfXMLWS")
    assert get(server, "/xmlws.exe?wsdl/IntfXMLWS").status == 200


def test_forced_codes(server: Simulator) -> None:
    (fax,) = server.queue(ACCOUNT)
    server.force_code("DeleteReceived", 99, times=2)
    server.force_code("SendJob", -66, account="another")
    for _ in range(2):
        assert call(server, "DeleteReceived", FaxId=fax.fax_id).code == 99
    assert (server.calls[-1].code, server.calls[-1].completed) == (99, False)
    assert call(server, "SendJob", JobType=0, Recipient="040123", SendText="x").code == 0
    assert call(server, "SendJob", "another").code == -66
    assert call(server, "DeleteReceived", FaxId=fax.fax_id).code == 0


def test_delete_ignored(server: Simulator) -> None:
    (fax,) = server.queue(ACCOUNT)
    server.faults.add(Fault(call="DeleteReceived", kind=FaultKind.KEEP_AFTER_DELETE))
    assert call(server, "DeleteReceived", FaxId=fax.fax_id).code == 0
    assert server.queue(ACCOUNT) == [fax]
    assert (server.calls[-1].completed, server.calls[-1].code) == (False, 0)


# The way back


def test_lengths_that_lie(server: Simulator) -> None:
    whole = len(call(server, "RequestReceived").body)
    with pytest.raises(http.client.IncompleteRead) as error:
        fetch(server, FaultKind.LENGTH_TOO_LONG, value=10)
    assert len(error.value.partial) == whole
    server.faults.add(Fault(kind=FaultKind.LENGTH_TOO_SHORT, value=whole - 50))
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/xmlws.exe?wsdl/IntfXMLWS")
    assert not connection.getresponse().read().endswith(b"</definitions>\n")
    connection.close()


def test_content_type_and_encodings(server: Simulator) -> None:
    answer = fetch(server, FaultKind.WRONG_TYPE)
    assert answer.headers["content-type"] == "application/octet-stream"
    answer = fetch(server, FaultKind.CHUNKED)
    assert "content-length" not in answer.headers
    assert image(answer) == RAW
    answer = fetch(server, FaultKind.GZIP)
    assert answer.headers["content-encoding"] == "gzip"
    assert b"</return>" in gzip.decompress(answer.body)


# The image


@pytest.mark.parametrize("lines", [True, False])
def test_bad_base64(server: Simulator, lines: bool) -> None:
    server.base64_lines = lines
    for size in range(426, 445):
        server.faults.clear()
        call(server, "DeleteReceived", FaxId=server.queue(ACCOUNT)[0].fax_id)
        server.add_fax(ACCOUNT, SyntheticImage(size))
        sound = call(server, "RequestReceived").parts["FaxImage"]
        text = fetch(server, FaultKind.BAD_BASE64).parts["FaxImage"]
        assert (text.count("!"), len(text)) == (1, len(sound))
        assert len("".join(text.split())) == len("".join(sound.split()))
        assert fetch(server, FaultKind.BAD_PADDING).parts["FaxImage"] == sound[:-1]


def test_damaged_images(server: Simulator) -> None:
    same = [image(fetch(server, FaultKind.DAMAGED_IMAGE)) for _ in range(2)]
    assert same == [RAW[:15_000]] * 2
    varying = [image(fetch(server, FaultKind.VARYING_IMAGE)) for _ in range(3)]
    assert len(set(varying)) == 3
    assert {content[:-4] for content in varying} == {RAW[:14_996]}
    with pytest.raises(OSError, match=r"file|truncated"):  # noqa: SIM117
        with Image.open(io.BytesIO(same[0])) as opened:
            opened.seek(1)
            opened.load()
    assert image(fetch(server, FaultKind.DAMAGED_IMAGE, value=100)) == RAW[:100]
    assert image(fetch(server, FaultKind.EMPTY_IMAGE)) == b""


def test_image_faults_wait_for_an_image(server: Simulator) -> None:
    (fax,) = server.queue(ACCOUNT)
    call(server, "DeleteReceived", FaxId=fax.fax_id)
    server.faults.add(Fault(kind=FaultKind.DAMAGED_IMAGE))
    assert call(server, "RequestReceived").code == 5
    assert call(server, "JobStatus", JobId="1").code == 5
    server.add_fax(ACCOUNT, IMAGE)
    assert image(call(server, "RequestReceived")) != RAW
    assert image(call(server, "RequestReceived")) == RAW


# The other parts


def test_parts(server: Simulator) -> None:
    names = call(server, "RequestReceived").names
    assert fetch(server, FaultKind.MISSING_PART).names == names[1:]
    assert "FaxImage" not in fetch(server, FaultKind.MISSING_PART, value="FaxImage").names
    answer = fetch(server, FaultKind.NIL_PART, value="FaxImage")
    assert b'<FaxImage xsi:type="xsd:base64Binary" xsi:nil="true"></FaxImage>' in answer.body
    assert fetch(server, FaultKind.ONLY_RETURN).names == ["return"]
    assert fetch(server, FaultKind.REVERSED_PARTS).names == names[::-1]
    body = fetch(server, FaultKind.HREF).body
    assert b'<FaxImage href="#6"/>' in body
    assert b'<multiRef id="6" SOAP-ENC:root="0" xsi:type="xsd:base64Binary">' in body


def test_dates(server: Simulator) -> None:
    for text in ("", "gestern", "2026-03-01T12:00:00+02:00", "2026-03-01T12:00:00.123Z"):
        assert fetch(server, FaultKind.DATE, value=text).parts["ReceiveDate"] == text
    assert fetch(server, FaultKind.DATE).parts["ReceiveDate"] == "0000-00-00T00:00:00"


def test_numbers(server: Simulator) -> None:
    (fax,) = server.queue(ACCOUNT)
    assert fetch(server, FaultKind.WRONG_FAX_ID).parts["FaxId"] == str(fax.fax_id + 1)
    assert fetch(server, FaultKind.WRONG_PAGES, value=7).parts["Pages"] == "7"
    assert server.calls[-1].fax_id == fax.fax_id


def test_hostile_answers(server: Simulator) -> None:
    server.faults.add(Fault(kind=FaultKind.HUGE_PART, value=1_000_000))
    assert len(call(server, "RequestReceived").parts["Originator"]) == 1_000_000
    server.faults.add(Fault(kind=FaultKind.DEEP, value=50))
    assert call(server, "RequestReceived").body.count(b"<x>") == 50
    server.faults.add(Fault(kind=FaultKind.DTD))
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    with pytest.raises(Exception, match=r"amplification|entity"):
        call(server, "RequestReceived", connection=connection)
    connection.close()


# The book


def test_faults_strike_in_the_order_they_were_added(server: Simulator) -> None:
    for kind in (FaultKind.CHUNKED, FaultKind.HTTP_500, FaultKind.RESET_BEFORE):
        server.faults.add(Fault(call="RequestReceived", kind=kind))
    assert call(server, "RequestReceived").code == 0
    assert call(server, "RequestReceived").status == 500
    with pytest.raises(RESET):
        call(server, "RequestReceived")
    assert [e.fault for e in server.calls] == ["CHUNKED", "HTTP_500", "RESET_BEFORE"]
    assert server.faults.waiting() == []


def test_times_skip_account_and_code(server: Simulator) -> None:
    server.faults.add(Fault(call="RequestReceived", kind=FaultKind.HTTP_500, times=2, skip=1))
    assert [call(server, "RequestReceived").status for _ in range(4)] == [200, 500, 500, 200]
    server.faults.add(Fault(kind=FaultKind.HTTP_503, account="999", times=None))
    assert call(server, "RequestReceived").status == 200
    assert [call(server, "RequestReceived", "999").status for _ in range(3)] == [503] * 3
    server.faults.clear()
    server.faults.add(Fault(kind=FaultKind.HTTP_500, work=True, on_code=5))
    assert call(server, "RequestReceived").code == 0
    assert call(server, "DeleteReceived", FaxId=1).status == 500


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": FaultKind.REFUSED, "account": ACCOUNT},
        {"kind": FaultKind.KEEP_AFTER_DELETE, "call": "SendJob"},
        {"kind": FaultKind.DAMAGED_IMAGE, "call": "SendJob"},
        {"kind": FaultKind.DAMAGED_IMAGE, "work": False},
        {"kind": FaultKind.HREF, "call": "WSDL"},
    ],
)
def test_faults_that_cannot_be(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=fields["kind"].name):
        Fault(**fields)
