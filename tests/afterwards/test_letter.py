"""A mail in pieces is the mail that it would be as a whole."""

from __future__ import annotations

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.afterwards import letter
from faxd.afterwards.letter import Attachment, Letter, encoded_size, stuffed


def mail(text: str = "Guten Tag,\n.\n..\n\n--=_faxd\n") -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made["Subject"] = "Fax von Praxis Dr. Müller"
    made["Message-ID"] = "<faxd.1@praxis.example>"
    made.set_content(text, cte="quoted-printable")
    return made


def read(content: bytes) -> EmailMessage:
    found = BytesParser(policy=default).parsebytes(content)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 57 * 1024 - 1, 57 * 1024, 200_000])
@pytest.mark.parametrize("name", ["Befund.pdf", "Befund Müller „x“.pdf", "a" * 200 + ".pdf"])
def test_what_is_attached_arrives(tmp_path: Path, size: int, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(index * 7 % 256 for index in range(size)))
    made = Letter(mail(), Attachment(path=path, type="application/pdf", name=name), "faxd.1.2")
    content = b"".join(made.pieces())
    assert len(content) == made.size
    assert all(len(line) <= 998 and line.isascii() for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    found = read(content)
    assert not found.defects
    (attached,) = found.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_filename() == name
    assert attached.get_content() == path.read_bytes()
    body = found.get_body()
    assert body is not None
    assert body.get_content().splitlines() == ["Guten Tag,", ".", "..", "", "--=_faxd"]


def test_without_anything_attached(tmp_path: Path) -> None:
    made = Letter(mail(), None, "faxd.1.2")
    content = b"".join(made.pieces())
    assert len(content) == made.size
    assert read(content)["Subject"] == "Fax von Praxis Dr. Müller"
    assert content.endswith(b"\r\n")


def test_it_is_never_held_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(1_000_000))
    made = Letter(mail(), Attachment(path=path, type="image/tiff", name="x.tif"), "b")
    assert max(map(len, made.pieces())) <= encoded_size(letter._PIECE)


@given(
    pieces=st.lists(st.text("a.\r\n", max_size=6).map(str.encode), max_size=8),
    end=st.sampled_from([b"", b"x"]),
)
def test_no_line_is_the_end_of_the_mail(pieces: list[bytes], end: bytes) -> None:
    """A server takes the dots away again, and finds what there was, wherever it was cut."""
    whole = b"".join([*pieces, end, b"\r\n"])
    sent = b"".join(stuffed([*pieces, end, b"\r\n"]))
    lines = sent.split(b"\r\n")
    assert b"." not in lines
    assert b"\r\n".join(line.removeprefix(b".") for line in lines) == whole
