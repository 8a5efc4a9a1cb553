"""Whom the client speaks to: certificates, and addresses that the description states."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from faxd.faxde import JobType, Service
from faxd.faxde.errors import NotReached
from faxd.simulator import Account, Simulator

from .support import ACCOUNT, PASSWORD, client_of, counted, fetch, reaching

Secure = Callable[..., contextlib.AbstractContextManager[Simulator]]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@pytest.fixture
def secure(authority: trustme.CA) -> Secure:
    """Starts a stand-in that speaks TLS, with a certificate of a private authority."""

    @contextlib.contextmanager
    def start(*names: str) -> Iterator[Simulator]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
        accounts = [Account(number=ACCOUNT, password=PASSWORD)]
        with Simulator(accounts=accounts, tls=context) as simulator:
            yield simulator

    return start


def test_a_private_authority(secure: Secure, tmp_path: Path, ca_file: str) -> None:
    with secure() as server, reaching(server.wsdl_url, tmp_path, ca_file=ca_file) as service:
        connections = counted(server)
        assert b"http://127.0.0.1" in service.interface().wsdl  # which it is not spoken to by
        client = client_of(service)
        server.add_fax(ACCOUNT, bytes(300_000))
        fax, image = fetch(client)
        assert fax
        assert image == bytes(300_000)
        assert client.delete_received(fax.fax_id) is True
        assert len(connections) == 1
        # A TLS connection that the server closes is replaced like any other.
        server.restart()
        assert client.delete_received(fax.fax_id) is False
        assert client.send_job(JobType.FAX, recipient="040123", text="x" * 300_000).job_id


@pytest.mark.parametrize(
    ("names", "with_ca", "text"),
    [
        ((), False, "self.signed certificate|unable to get local issuer"),
        (("elsewhere.example",), True, "IP address mismatch"),
    ],
)
def test_certificates_are_verified(
    secure: Secure, tmp_path: Path, ca_file: str, names: tuple[str, ...], with_ca: bool, text: str
) -> None:
    settings: dict[str, Any] = {"ca_file": ca_file} if with_ca else {}
    with secure(*names) as server, reaching(server.wsdl_url, tmp_path, **settings) as service:
        with pytest.raises(NotReached, match=rf"of 127.0.0.1 is not accepted.*({text})"):
            service.interface()
        assert server.calls == []


def test_a_certificate_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Service("https://faxd.example/", tmp_path, ca_file=str(tmp_path / "missing"))
    (tmp_path / "empty").touch()
    with pytest.raises(ssl.SSLError):
        Service("https://faxd.example/", tmp_path, ca_file=str(tmp_path / "empty"))


def test_tls_with_a_server_that_has_none(server: Simulator, tmp_path: Path) -> None:
    url = server.wsdl_url.replace("http:", "https:")
    failed = pytest.raises(NotReached, match=r"TLS with 127.0.0.1 failed")
    with reaching(url, tmp_path) as service, failed:
        service.interface()


@pytest.mark.parametrize(
    "url",
    [
        "http://0.0.0.0/",
        "https://",
        "https://faxd.example:x/",
        "https://faxd.example:0/",
        "https://faxd.example:70000/",
        "https://faxd.example/a b",
        "https://faxd.example/\u00fc",
        "https://faxd.example/\r\n",
        "https://[1/",
    ],
)
def test_odd_addresses(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError):
        Service(url, tmp_path)
