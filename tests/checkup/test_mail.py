"""A mail server that is spoken to, by a real one on this machine; no mail is ever sent."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from faxd.checkup.finding import Grade
from faxd.checkup.mail import mail
from faxd.config import MailSettings
from tests.afterwards.post import Post, post_office

LOGIN = ("fax", "geheim")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(tmp_path: Path, authority: trustme.CA) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "password").touch(mode=0o600)
    (tmp_path / "password").write_text("geheim\n")
    return tmp_path


def tls(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def found(post: Post, **fields: Any) -> tuple[Grade, str]:
    usual = {"host": "127.0.0.1", "port": post.port, "tls": "none", "sender": "fax@praxis.example"}
    finding = mail(MailSettings.model_validate(usual | fields))
    assert post.mails == []
    assert post.taken == 0
    return finding.grade, finding.detail


def test_a_plain_one() -> None:
    with post_office(Post()) as post:
        grade, said = found(post)
        assert grade is Grade.GOOD
        assert said == f"127.0.0.1:{post.port}, not encrypted, takes mails from fax@praxis.example"


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_encrypted_with_a_password(files: Path, authority: trustme.CA, way: str) -> None:
    post = Post(tls=tls(authority), from_start=way == "tls", login=LOGIN)
    fields = {"tls": way, "ca_file": files / "ca.pem"}
    login = {"user": "fax", "password_file": files / "password"}
    with post_office(post) as post:
        grade, said = found(post, **fields, **login)
        assert grade is Grade.GOOD
        assert "logs in as fax" in said
        (files / "password").write_text("falsch\n")
        grade, said = found(post, **fields, **login)
        assert grade is Grade.BAD
        assert said.endswith("535 bad name or password; see to user and password in [mail]")
        assert "falsch" not in said
        (files / "password").write_text("")
        assert found(post, **fields, **login)[1].endswith("; see to that file, or to what names it")
        # None is given.
        grade, said = found(post, **fields)
        assert "530 log in first" in said
        assert said.endswith("perhaps the server wants user and password")
        # The authority is not known.
        _, said = found(post, tls=way)
        assert "certificate verify failed" in said
        assert "set host in [mail] to the name that its certificate bears, and ca_file" in said


def test_the_certificate_of_another(files: Path, authority: trustme.CA) -> None:
    with post_office(Post(tls=tls(authority, "mail.example.org"))) as post:
        _, said = found(post, tls="starttls", ca_file=files / "ca.pem")
        assert "set host in [mail] to the name" in said


def test_the_wrong_way_to_encrypt(files: Path, authority: trustme.CA) -> None:
    with post_office(Post()) as post:
        _, said = found(post, tls="starttls")
        assert "does not offer STARTTLS; is the port right?" in said
        _, said = found(post, tls="tls")
        assert 'try tls = "starttls"' in said
    with post_office(Post(answers={"GREETING": "554 go away"})) as post:
        _, said = found(post)
        assert "refuses at greeting: 554 go away" in said


def test_a_sender_that_is_refused() -> None:
    with post_office(Post(answers={"MAIL": "550 who are you?"})) as post:
        grade, said = found(post)
        assert grade is Grade.BAD
        assert "550 who are you?; see to sender (fax@praxis.example) in [mail]" in said


def test_one_that_is_not_there(files: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        grade, said = found(Post(port=port))
    assert grade is Grade.BAD
    assert f"127.0.0.1:{port}: Connection refused; see to host, port and tls in [mail]" in said
    assert "ca_file" in found(Post(port=1), tls="tls", ca_file=files / "none")[1]
