"""The interface description: read, kept, renewed; and where calls go."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from faxd.faxde import FaxdeError, JobType, Service
from faxd.faxde.errors import Fault as SoapFault
from faxd.faxde.errors import InterfaceUnusable, TooLarge
from faxd.faxde.service import MAX_AGE, check_address
from faxd.simulator import Fault, FaultKind, Simulator

from .support import ACCOUNT, RawServer, client_of, http_reply, reaching, replies


def fetched(server: Simulator) -> int:
    return len(server.calls_of("WSDL"))


@pytest.mark.parametrize("part", ["SendeDateTime", "SendDateTime"])
@pytest.mark.parametrize("unit", ["XMLWSIntf", "Other_Unit7"])
def test_names_come_from_the_description(
    part: str, unit: str, server: Simulator, service: Service
) -> None:
    server.time_part, server.unit = part, unit
    interface = service.interface()
    assert part in interface.parts("SendJob")
    assert unit in interface.action("SendJob")
    client_of(service).send_job(JobType.SMS, recipient="0171123", text="a")
    assert len(server.jobs(ACCOUNT)) == 1


def test_the_kept_copy_serves_when_the_server_does_not(server: Simulator, tmp_path: Path) -> None:
    with reaching(server.wsdl_url, tmp_path) as first:
        wsdl = first.interface().wsdl
    server.stop()
    with reaching(server.wsdl_url, tmp_path) as second:
        assert second.interface().wsdl == wsdl
        with pytest.raises(FaxdeError):
            second.fetch()
        server.start()
        client_of(second).job_status(1)


def test_without_a_copy_it_is_an_error_and_passes(server: Simulator, tmp_path: Path) -> None:
    server.faults.add(Fault(kind=FaultKind.WSDL_503))
    server.faults.add(Fault(kind=FaultKind.WSDL_HTML))
    with reaching(server.wsdl_url, tmp_path) as service:
        for _ in range(2):
            with pytest.raises(FaxdeError) as caught:
                service.interface()
            assert not caught.value.maybe_done
        assert service.interface().parts("JobStatus") == ["Account", "Password", "JobId"]


def test_a_broken_copy_is_replaced(server: Simulator, tmp_path: Path) -> None:
    with reaching(server.wsdl_url, tmp_path) as first:
        wsdl = first.interface().wsdl
    (kept,) = tmp_path.glob("wsdl-*.xml")
    kept.write_bytes(wsdl[:500])
    with reaching(server.wsdl_url, tmp_path) as second:
        assert second.interface().wsdl == wsdl
    assert kept.read_bytes() == wsdl


def test_it_is_read_daily(server: Simulator, tmp_path: Path) -> None:
    moment = [time.time()]
    service = Service(server.wsdl_url, tmp_path, now=lambda: moment[0])
    service.interface()
    service.interface()
    assert fetched(server) == 1
    for shift in (MAX_AGE + 1, -5 * MAX_AGE):  # a clock that was set back must not keep it
        moment[0] += shift
        service._tried_at = float("-inf")
        before = fetched(server)
        service.interface()
        service.interface()
        assert fetched(server) == before + 1
    # While the server is away the old one is used, and not asked for at each call.
    moment[0] += MAX_AGE + 1
    service._tried_at = float("-inf")
    server.faults.add(Fault(kind=FaultKind.WSDL_503, times=None))
    before = fetched(server)
    service.interface()
    service.interface()
    assert fetched(server) == before + 1
    service.close()


def test_a_fault_that_hints_at_a_changed_interface(server: Simulator, service: Service) -> None:
    client = client_of(service)
    client.job_status(1)
    server.unit, server.time_part = "Changed", "SendDateTime"
    with pytest.raises(SoapFault):
        client.job_status(1)
    client.job_status(1)  # by the new one
    assert fetched(server) == 2
    # A fault that only looks like it does not fetch it again and again.
    server.faults.add(
        Fault(call="JobStatus", kind=FaultKind.SOAP_FAULT, value="no such method", times=5)
    )
    for _ in range(5):
        with pytest.raises(SoapFault):
            client.job_status(1)
    assert fetched(server) == 3


def test_calls_go_where_the_description_came_from(server: Simulator, service: Service) -> None:
    with RawServer(replies()) as other:
        server.stated_address = f"{other.url}/xmlws.exe/soap/IntfXMLWS"
        client_of(service).job_status(1)
        assert other.connections == 0
    assert len(server.calls_of("JobStatus")) == 1


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://fax.example/x?wsdl", True),
        ("http://127.0.0.1:80/x", True),
        ("http://127.8.9.1/x", True),
        ("http://[::1]/x", True),
        ("http://localhost/x", True),
        ("http://fax.example/x", False),
        ("http://10.0.0.1/x", False),
        ("http://127.0.0.1.fax.example/x", False),
        ("http://localhost.fax.example/x", False),
        ("https://user:secret@fax.example/x", False),
        ("ftp://fax.example/x", False),
        ("fax.example", False),
        ("", False),
    ],
)
def test_addresses(url: str, good: bool) -> None:
    if good:
        check_address(url, allow_http=False)
        return
    with pytest.raises(ValueError) as caught:
        check_address(url, allow_http=False)
    assert "secret" not in str(caught.value)


def test_http_can_be_allowed() -> None:
    check_address("http://fax.example/x", allow_http=True)


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b"", InterfaceUnusable),
        (b"<html/>", InterfaceUnusable),
        (b"<!DOCTYPE html><html></html>", InterfaceUnusable),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', InterfaceUnusable),
        (b'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>', InterfaceUnusable),
        (b"<a>" + b"x" * (1 << 20) + b"</a>", TooLarge),
    ],
)
def test_descriptions_that_are_none(
    document: bytes, error: type[FaxdeError], tmp_path: Path
) -> None:
    with (
        RawServer(replies(http_reply(document))) as server,
        reaching(f"{server.url}/?wsdl", tmp_path) as service,
        pytest.raises(error),
    ):
        service.interface()


def test_a_description_that_refers_elsewhere_fetches_nothing(tmp_path: Path) -> None:
    with RawServer(replies(http_reply(b""))) as other:
        document = (
            '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/">'
            f'<import namespace="urn:x" location="{other.url}/x"/></definitions>'
        ).encode()
        with (
            RawServer(replies(http_reply(document))) as server,
            reaching(f"{server.url}/?wsdl", tmp_path) as service,
            pytest.raises(InterfaceUnusable),
        ):
            service.interface()
        assert other.connections == 0
