"""WSDL, RequestReceived and DeleteReceived as a client sees them."""

from __future__ import annotations

import base64
import http.client
import re
import socket
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from faxd.simulator import Account, LogEntry, Simulator, SyntheticImage

from .soapcall import ACCOUNT, NAMESPACE, PASSWORD, call, envelope, get, post

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"


@pytest.mark.parametrize("path", ["/xmlws.exe?wsdl/IntfXMLWS", "/xmlws.exe/wsdl/IntfXMLWS"])
def test_description_at_both_addresses(server: Simulator, path: str) -> None:
    root = ElementTree.fromstring(get(server, path).body)
    assert root.get("targetNamespace") == "http://tempuri.org/"
    messages = {
        message.get("name"): {part.get("name"): part.get("type") for part in message}
        for message in root.iter(f"{WSDL}message")
    }
    assert messages["SendJob0Request"]["SendeDateTime"] == "xs:dateTime"
    assert messages["SendJob0Response"]["JobId"] == "xs:int"
    assert messages["JobStatus1Request"]["JobId"] == "xs:string"
    assert messages["RequestReceived3Response"]["FaxId"] == "xs:long"
    assert list(messages["RequestReceived3Response"])[-1] == "return"
    assert f"http://127.0.0.1:{server.port}/xmlws.exe/soap/IntfXMLWS".encode() in (
        get(server, path).body
    )


def test_switches_of_the_description(server: Simulator) -> None:
    server.time_part = "SendDateTime"
    server.stated_address = "http://elsewhere.example/xmlws.exe/soap/x"
    server.unit = "OtherIntf"
    text = get(server, "/xmlws.exe?wsdl/IntfXMLWS").body
    assert b'name="SendDateTime"' in text
    assert b"SendeDateTime" not in text
    assert b"http://elsewhere.example/xmlws.exe" in text
    assert b'"urn:OtherIntf-IntfXMLWS#SendJob"' in text


def test_a_changed_interface_refuses_the_old_namespace(server: Simulator) -> None:
    server.unit = "OtherIntf"
    answer = call(server, "RequestReceived")
    assert (answer.status, answer.fault[:16]) == (500, "SOAP-ENV:Client:")
    other = "urn:OtherIntf-IntfXMLWS"
    login = {"Account": ACCOUNT, "Password": PASSWORD}
    body = envelope("RequestReceived", login, other)
    assert post(server, body, f"{other}#RequestReceived").code == 5
    assert post(server, body, f"{NAMESPACE}#RequestReceived").status == 500
    assert post(server, body, "").code == 5
    assert post(server, body, None).code == 5


def test_other_addresses_are_not_found(server: Simulator) -> None:
    assert get(server, "/").status == 404


@pytest.mark.parametrize("call_name", ["RequestReceived", "DeleteReceived", "JobStatus"])
@pytest.mark.parametrize(
    ("flags", "login", "code"),
    [
        ({}, ("999", PASSWORD), 1),
        ({}, (ACCOUNT, "falsch"), 2),
        ({"expired": True}, (ACCOUNT, PASSWORD), 3),
        ({"locked": True}, (ACCOUNT, PASSWORD), 4),
        ({"locked": True}, (ACCOUNT, "falsch"), 2),
        ({}, (ACCOUNT, PASSWORD), 5),
    ],
)
def test_login(
    server: Simulator,
    call_name: str,
    flags: dict[str, bool],
    login: tuple[str, str],
    code: int,
) -> None:
    server.change_account(ACCOUNT, **flags)
    answer = call(server, call_name, *login, FaxId=1, JobId="1")
    assert answer.code == code
    entry = server.calls[-1]
    assert (entry.call, entry.account, entry.code) == (call_name, login[0], code)
    assert not any(secret in str(server.calls) for secret in (PASSWORD, "falsch"))


def test_the_oldest_fax_comes_until_it_is_deleted(server: Simulator) -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    first = server.add_fax(
        ACCOUNT,
        SyntheticImage(3000, 2),
        originator="+49401234567",
        remote_id="A & B <ü>",
        received=moment,
    )
    second = server.add_fax(ACCOUNT, b"no TIFF")
    assert (first, second) == (3_000_000_001, 3_000_000_002)
    for _ in range(2):
        answer = call(server, "RequestReceived")
        image = answer.parts.pop("FaxImage")
        assert base64.b64decode(image) == b"".join(SyntheticImage(3000, 2).pieces())
        assert answer.parts == {
            "FaxId": str(first),
            "ReceiveDate": "2026-03-01T12:00:00Z",
            "Originator": "+49401234567",
            "RemoteId": "A & B <ü>",
            "Pages": "2",
            "return": "0",
        }
    assert call(server, "DeleteReceived", FaxId=first).code == 0
    assert call(server, "DeleteReceived", FaxId=first).code == 5
    assert [fax.fax_id for fax in server.queue(ACCOUNT)] == [second]
    assert call(server, "RequestReceived").parts["Pages"] == "1"
    assert server.calls_of("DeleteReceived", ACCOUNT)[0].fax_id == first


def test_an_answer_looks_like_delphi(server: Simulator) -> None:
    server.add_fax(ACCOUNT, SyntheticImage(3000), fax_id=7)
    body = call(server, "RequestReceived").body
    assert b'<NS1:RequestReceivedResponse xmlns:NS1="urn:XMLWSIntf-IntfXMLWS">' in body
    assert b'<FaxId xsi:type="xsd:long">7</FaxId>' in body
    assert b'SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"' in body
    found = re.search(rb'<FaxImage xsi:type="xsd:base64Binary">([^<]*)<', body)
    assert found
    lines = found[1].split(b"\r\n")
    assert {len(line) for line in lines[:-1]} == {76}
    server.base64_lines = False
    assert b"\r" not in call(server, "RequestReceived").body


def test_images_from_files_and_given_pages(server: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"
    path.write_bytes(b"".join(SyntheticImage(3000, 3).pieces()))
    server.add_fax(ACCOUNT, path)
    server.add_fax(ACCOUNT, str(path), pages=9)
    assert [fax.pages for fax in server.queue(ACCOUNT)] == [3, 9]
    with pytest.raises(KeyError):
        server.add_fax("999", path)


def test_hook_comes_before_the_answer(server: Simulator) -> None:
    seen: list[LogEntry] = []
    server.on_completed(seen.append)
    call(server, "RequestReceived")
    assert [(entry.call, entry.completed, entry.answered) for entry in seen] == [
        ("RequestReceived", True, False)
    ]
    assert server.calls[-1].answered


def test_kept_connection_and_restart(server: Simulator) -> None:
    port = server.port
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(3):
        assert call(server, "RequestReceived", connection=connection).code == 5
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        call(server, "RequestReceived")
    server.restart()
    assert server.port == port
    assert call(server, "RequestReceived").code == 5
    connection.close()


def test_many_customers_at_once(server: Simulator) -> None:
    numbers = [str(number) for number in range(8)]
    for number in numbers:
        server.set_account(Account(number=number, password=PASSWORD))
        for _ in range(5):
            server.add_fax(number, SyntheticImage(2000))

    def drain(number: str) -> list[str]:
        taken = []
        while (answer := call(server, "RequestReceived", number)).code == 0:
            taken.append(answer.parts["FaxId"])
            assert call(server, "DeleteReceived", number, FaxId=taken[-1]).code == 0
        return taken

    with ThreadPoolExecutor(len(numbers)) as pool:
        taken = [fax_id for drained in pool.map(drain, numbers) for fax_id in drained]
    assert len(set(taken)) == 40
    assert [entry.sequence for entry in server.calls] == list(range(1, len(server.calls) + 1))
    assert all(entry.completed and entry.answered for entry in server.calls)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "not well-formed"),
        (b"<a/>", "envelope"),
        (b"<!DOCTYPE a><a/>", "document type"),
        (envelope("Unknown", {}), "not an action"),
        (envelope("DeleteReceived", {"FaxId": "abc"}), "integer"),
        (envelope("SendJob", {"SendFile1": "!!!!"}), "base64"),
        (envelope("SendJob", {"SendFile1": "QUJ"}), "base64"),
        (envelope("SendJob", {"SendFile1": "QQ==QUJD"}), "base64"),
        (envelope("SendJob", {"JobType": "0", "SendeDateTime": "morgen"}), "date"),
        (envelope("SendJob", {"Recipient": "1"}).replace(b">1<", b"><x/><"), "simple"),
        (envelope("SendJob", {"A": ""}).replace(b"<A>", b'<A href="#1">'), "references"),
    ],
)
def test_requests_that_make_no_sense(server: Simulator, body: bytes, text: str) -> None:
    answer = post(server, body, "")
    assert answer.status == 500
    assert answer.fault.startswith("SOAP-ENV:Client: ")
    assert text in answer.fault
    assert server.calls[-1].answered
    assert not server.calls[-1].completed


def test_a_chunked_request(server: Simulator) -> None:
    body = envelope("RequestReceived", {"Account": ACCOUNT, "Password": PASSWORD})
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    pieces = (body[i : i + 50] for i in range(0, len(body), 50))
    connection.request("POST", "/xmlws.exe/soap/IntfXMLWS", pieces, encode_chunked=True)
    assert b">5</return>" in connection.getresponse().read()
    connection.close()


def test_a_request_that_ends_too_early(server: Simulator) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            b"POST /xmlws.exe/soap/IntfXMLWS HTTP/1.1\r\nContent-Length: 9\r\n\r\n<a"
        )
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert not server.calls[-1].answered
