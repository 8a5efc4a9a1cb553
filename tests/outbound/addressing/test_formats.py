"""Documents: told by their content, named for the provider."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxd.outbound.addressing import Refused, send_name, sms_parts
from faxd.outbound.addressing.formats import is_cut_pdf, needs_pdf
from faxd.outbound.addressing.message import check_sms, is_text_file, read_text

PDF, TIFF, BMP = b"%PDF-1.7\n", b"II*\0\x08\0\0\0", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0"
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(8)


@pytest.mark.parametrize(
    ("name", "head", "sent"),
    [
        ("Befund.pdf", PDF, "Befund.pdf"),
        ("Befund.PDF.tif", PDF, "Befund.pdf"),
        ("Befund", PDF, "Befund.pdf"),
        ("Befund.txt", PDF, "Befund-txt.pdf"),
        ("Befund.pdf", b"\0" * 1000 + PDF, "Befund.pdf"),
        ("Befund.pdf", TIFF, "Befund.tif"),
        ("Befund.tiff", b"MM\0*\0\0\0\x08", "Befund.tif"),
        ("Bild.bmp", BMP, "Bild.bmp"),
        ("Bild.dat", BMP, "Bild-dat.bmp"),
        ("Brief.DOC", OLE, "Brief.doc"),
        ("Liste.xls", OLE, "Liste.xls"),
        ("Brief.doc", b"<html><body>", "Brief.html"),
        ("Seite.htm", b"\xef\xbb\xbf\r\n<!DOCTYPE html>", "Seite.html"),
        ("Seite.html", b"<p>Guten Tag</p>", "Seite.html"),
        ("Seite", b"<?xml version='1.0'?>\n<!-- x -->\n<HTML lang='de'>", "Seite.html"),
        ("Müller & Söhne: Größe/1.pdf", PDF, "Mueller - Soehne- Groesse-1.pdf"),
        ("../../etc/passwd.pdf", PDF, "etc-passwd.pdf"),
        ("\u202egpj.pdf", PDF, "gpj.pdf"),
        ("日本.pdf", PDF, "document.pdf"),
        ("x" * 300 + ".pdf", PDF, "x" * 80 + ".pdf"),
    ],
)
def test_documents(name: str, head: bytes, sent: str) -> None:
    """The extension says what the content is."""
    assert send_name(name, head) == sent


FIRST_PART = b"startxref\n0\n%%EOF\n"


@pytest.mark.parametrize(
    ("head", "tail", "is_cut"),
    [
        (PDF, b"trailer <</Size 4>>\nstartxref\n116\n%%EOF\n", False),
        (PDF, b"startxref\n116\n%%EOF\r\n" + b"\0" * 4000, False),
        (PDF, FIRST_PART + b"stream" + b"startxref\n116\n%%EOF", False),
        (PDF, FIRST_PART + b"stream", True),
        (PDF, b"endstream endobj 5 0 ob", True),
        (PDF, b"trailer <</Size 4>>\nstartxref\n1", True),
        (b"\0" * 1000 + PDF, b"", True),
        (TIFF, b"", False),
        (b"Guten Tag", b"Guten Tag", False),
    ],
)
def test_a_pdf_that_is_cut_off(head: bytes, tail: bytes, is_cut: bool) -> None:
    """Its end is missing, of whatever kind the rest is."""
    assert is_cut_pdf(head, tail) is is_cut


@pytest.mark.parametrize(
    ("name", "head", "says"),
    [
        ("Brief.docx", b"PK\x03\x04", "docx"),
        ("Brief.doc", b"PK\x03\x04", "docx"),
        ("Brief.pdf", b"PK\x03\x04", "docx"),
        ("Mail.msg", OLE, "neither .doc nor .xls"),
        ("Foto.jpg", b"\xff\xd8\xff\xe0", "photograph"),
        ("Foto.tif", b"\xff\xd8\xff\xe0", "photograph"),
        ("Bild.png", b"\x89PNG\r\n", "PNG"),
        ("Text.doc", b"{\\rtf1", "RTF"),
        ("Brief.pdf", b"Guten Tag", "none of them"),
        ("Brief.html", b"Guten Tag", "none of them"),
        ("Notiz.bmp", b"Guten Tag", "none of them"),
        ("BMW.dat", b"BMW Rechnung", "none of them"),
        ("Brief.pdf", b"", "is empty"),
    ],
)
def test_no_documents(name: str, head: bytes, says: str) -> None:
    """With what goes, and how to make it; in both languages."""
    with pytest.raises(Refused, match=says) as caught:
        send_name(name, head)
    if head:
        assert "Möglich sind PDF, TIF" in caught.value.words.de
        assert "Microsoft Print to PDF" in caught.value.words.de
        assert ".txt" in caught.value.words.de and ".txt" in caught.value.words.en


@pytest.mark.parametrize(
    ("office", "name", "head", "de", "en"),
    [
        (False, "mk.py", b"import os", "die alten Formate DOC und XLS; dies", "DOC and XLS go;"),
        (True, "mk.py", b"import os", "Word, Excel, PowerPoint und Libre", "PowerPoint and Libre"),
        (True, "x.zip", b"PK\x03\x04", "dies ist ein ZIP oder eine", "this is a ZIP, or"),
        (False, "x.docx", b"PK\x03\x04", "dies ist eine Datei von Word", "a file of Word (docx)"),
    ],
)
def test_what_this_server_can_do(office: bool, name: str, head: bytes, de: str, en: str) -> None:
    """With LibreOffice more goes, and it is said."""
    with pytest.raises(Refused) as caught:
        needs_pdf(name, head, office=office)
    assert de in caught.value.words.de and en in caught.value.words.en


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Grüße".encode(), "Grüße"),
        (b"\xef\xbb\xbf" + "Grüße".encode(), "Grüße"),
        ("Grüße".encode("utf-16"), "Grüße"),
        (b"\xfe\xff" + "Grüße".encode("utf-16-be"), "Grüße"),
        ("Grüße €".encode("cp1252"), "Grüße €"),
        (b"a\r\nb\rc\fd\n\n", "a\nb\nc\nd"),
        (b"", ""),
    ],
)
def test_texts(content: bytes, text: str) -> None:
    """As Notepad and others save them."""
    assert read_text("x.txt", content) == text


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "larger"), (b"a" * (1024 * 1024 + 1), "larger"), (b"a\0b", "not a text file")],
)
def test_no_texts(content: bytes | None, says: str) -> None:
    """Too large, or something else."""
    with pytest.raises(Refused, match=says):
        read_text("x.txt", content)


def test_a_pdf_called_txt_is_no_text() -> None:
    """Nobody wants its inside on paper."""
    assert is_text_file("Befund.TXT", b"Guten Tag")
    assert not is_text_file("Befund.txt", PDF)
    assert not is_text_file("Befund.pdf", b"Guten Tag")


@pytest.mark.parametrize(("length", "parts"), [(0, 0), (1, 1), (160, 1), (161, 2), (320, 2)])
def test_parts_of_an_sms(length: int, parts: int) -> None:
    """Of 160 characters, as the provider counts; umlauts and emojis count like any other."""
    assert sms_parts("ü" * length) == parts
    check_sms("x" * length)


def test_a_log_file_is_no_sms() -> None:
    """It would be hundreds."""
    with pytest.raises(Refused, match="would make 21 SMS"):
        check_sms("x" * (20 * 160 + 1))


heads = st.binary(max_size=100) | st.builds(
    lambda magic, rest: magic + rest,
    st.sampled_from([PDF, TIFF, BMP, OLE, b"<html>", b"PK\x03\x04"]),
    st.binary(max_size=50),
)


@given(st.text(), heads)
@example("a." * 32768, PDF)
@example(".pdf" * 16384, PDF)
@example("\0", PDF)
@example("", PDF)
@example("x.html", b"<" * 4096)
@example("x", b"<!-" * 1365)
def test_whatever_is_dropped(name: str, head: bytes) -> None:
    """Its name is safe everywhere, and is right when it is asked again."""
    try:
        sent = send_name(name, head)
    except Refused:
        return
    assert sent.isascii() and sent.isprintable() and 5 <= len(sent) <= 85
    assert not set(sent) & set('<>:"/\\|?*;[]') and not sent.startswith((".", " "))
    assert send_name(sent, head) == sent
