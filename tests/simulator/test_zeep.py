"""Plain zeep against the stand-in, over http and https."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
import zeep
import zeep.exceptions
import zeep.transports

from faxd.simulator import Account, Fault, FaultKind, Simulator, SyntheticImage

from .soapcall import ACCOUNT, PASSWORD, get

# zeep has no type annotations.
_client: Any = zeep.Client
_transport: Any = zeep.transports.Transport


def all_five(server: Simulator, client: Any) -> None:
    server.job_seconds = 0
    service = client.service
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    image = SyntheticImage(20_000, 2)
    fax_id = server.add_fax(ACCOUNT, image, originator="+49401234567", received=moment)
    fax = service.RequestReceived(ACCOUNT, PASSWORD)
    assert (fax.FaxId, fax.ReceiveDate, fax.Pages, fax["return"]) == (fax_id, moment, 2, 0)
    assert fax.FaxImage == b"".join(image.pieces())
    assert service.DeleteReceived(ACCOUNT, PASSWORD, fax_id) == 0
    assert service.RequestReceived(ACCOUNT, PASSWORD)["return"] == 5
    files = ("a.pdf", b"%PDF-1.4 /Type /Page ", "", b"", "", b"")
    login = (ACCOUNT, PASSWORD)
    job = service.SendJob(
        *login, 0, "+4940123456", b"", "Guten Tag", *files, zeep.xsd.SkipValue, ""
    )
    assert (job["return"], job.RecipientsCount, job.PageCount) == (0, 1, 2)
    later = datetime.now(UTC) + timedelta(hours=1)
    other = service.SendJob(*login, 0, "040123457", b"", "Spaeter", *files, later, "")
    status = service.JobStatus(*login, str(job.JobId))
    assert (status["return"], status.SendResult) == (0, "OK")
    assert status.StatusFile.startswith(b'"RECIPIENT","JOBTYPE"')
    assert service.JobStatus(*login, str(other.JobId))["return"] == 6
    assert service.CancelJob(*login, str(other.JobId)) == 0
    assert not any(entry.fault for entry in server.calls)


def test_all_five_calls(server: Simulator) -> None:
    all_five(server, _client(server.wsdl_url))


def test_references_and_faults(server: Simulator) -> None:
    client = _client(server.wsdl_url)
    fax_id = server.add_fax(ACCOUNT, SyntheticImage(20_000, 2))
    server.faults.add(Fault(call="RequestReceived", kind=FaultKind.HREF))
    fax = client.service.RequestReceived(ACCOUNT, PASSWORD)
    assert (fax.FaxId, len(fax.FaxImage)) == (fax_id, 20_000)
    server.faults.add(Fault(call="RequestReceived", kind=FaultKind.SOAP_FAULT, value="Oh"))
    with pytest.raises(zeep.exceptions.Fault, match="Oh"):
        client.service.RequestReceived(ACCOUNT, PASSWORD)


def test_https(tmp_path: Path, server: Simulator) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    account = Account(number=ACCOUNT, password=PASSWORD)
    both = (tmp_path / "server.pem", tmp_path / "server.pem")
    with Simulator(accounts=[account], tls=both) as secure:
        assert secure.wsdl_url.startswith("https://")
        session = requests.Session()
        session.trust_env = False  # a CA bundle of the environment would win over `verify`
        session.verify = str(tmp_path / "ca.pem")
        transport = _transport(session=session)
        # As such servers do, it names an address without TLS unless told otherwise.
        plain = f"http://127.0.0.1:{secure.port}/xmlws.exe/soap/IntfXMLWS"
        assert plain.encode() in session.get(secure.wsdl_url).content
        secure.stated_address = plain.replace("http:", "https:")
        all_five(secure, _client(secure.wsdl_url, transport=transport))
        for kind in (FaultKind.REFUSED, FaultKind.CUT, FaultKind.LOST):
            secure.faults.add(Fault(kind=kind))
            with pytest.raises(requests.RequestException):
                requests.get(secure.wsdl_url, verify=session.verify, timeout=20)
        # Plain HTTP at the secure port harms nobody but the one who tries.
        with pytest.raises((ConnectionError, OSError)):
            get(secure, "/")
        assert session.get(secure.wsdl_url).ok
        session.close()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with Simulator(tls=context) as secure:
        assert requests.get(secure.wsdl_url, verify=str(tmp_path / "ca.pem"), timeout=20).ok
