"""What a document is, and what is wrong with it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from faxd.documents import BadDocument
from faxd.documents.convert import to_pdf
from faxd.documents.fax_look import fax_look
from faxd.documents.first_page import first_page
from faxd.documents.inspection import inspect
from faxd.documents.join import join
from faxd.documents.kinds import Format, format_of
from faxd.documents.pagetext import find_codes
from tests.documents import specimens
from tests.documents.specimens import drawing, fax

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


def _package(path: Path, *names: str, mimetype: str | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        if mimetype is not None:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "content")
    return path


def test_pdf(tmp_path: Path) -> None:
    source = specimens.pdf(tmp_path / "a.pdf", [(595, 842)] * 3)
    assert inspect(str(source)) == {"format": "pdf", "pages": 3, "encrypted": False}


def test_pdf_that_may_be_read_but_not_changed(tmp_path: Path) -> None:
    source = specimens.encrypted(tmp_path / "a.pdf", user="")
    assert inspect(str(source)) == {"format": "pdf", "pages": 1, "encrypted": True}


def test_fax(tmp_path: Path) -> None:
    source = fax(tmp_path / "a.TIFF", [drawing(), drawing()])
    assert inspect(str(source)) == {"format": "tif", "pages": 2, "encrypted": False}


@pytest.mark.parametrize("suffix", ["bmp", "png", "jpg", "jpeg", "gif", "webp"])
def test_picture(tmp_path: Path, suffix: str) -> None:
    Image.new("RGB", (10, 10)).save(tmp_path / f"a.{suffix}")
    told = inspect(str(tmp_path / f"a.{suffix}"))
    assert told["pages"] == 1
    assert told["format"] == suffix.replace("jpeg", "jpg")


@pytest.mark.parametrize(
    ("name", "member", "mimetype"),
    [
        ("a.docx", "word/document.xml", None),
        ("a.xlsx", "xl/workbook.xml", None),
        ("a.pptx", "ppt/presentation.xml", None),
        ("a.odt", "content.xml", "application/vnd.oasis.opendocument.text"),
        ("a.ods", "content.xml", "application/vnd.oasis.opendocument.spreadsheet"),
        ("a.odp", "content.xml", "application/vnd.oasis.opendocument.presentation"),
        ("a.doc", "word/document.xml", None),
    ],
)
def test_office(tmp_path: Path, name: str, member: str, mimetype: str | None) -> None:
    told = inspect(str(_package(tmp_path / name, member, mimetype=mimetype)))
    assert told["format"] == ("docx" if name == "a.doc" else name[2:])
    assert told["pages"] is None


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.rtf", b"{\\rtf1 Guten Tag}", "rtf"),
        ("a.doc", b"{\\rtf1 Guten Tag}", "rtf"),
        ("a.html", b"\xef\xbb\xbf <!DOCTYPE html><p>Guten Tag", "html"),
        ("a.htm", b"<p>Guten Tag", "txt"),
        ("a.txt", "Grüße".encode("latin-1"), "txt"),
        ("a.txt", "Grüße".encode("utf-16"), "txt"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "doc"),
        ("without extension", b"Guten Tag", "txt"),
    ],
)
def test_other(tmp_path: Path, name: str, content: bytes, format: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert inspect(str(tmp_path / name))["format"] == format


def _bad(path: Path, name: str = "", most: int = 1000) -> str:
    """What is said of it in German."""
    with pytest.raises(BadDocument) as bad:
        inspect(str(path), name, most)
    assert bad.value.words.de != bad.value.words.en
    assert "Bitte" in bad.value.words.de, "it says what to do"
    assert "Please" in bad.value.words.en or "please" in bad.value.words.en
    return bad.value.words.de


def test_a_password_is_needed(tmp_path: Path) -> None:
    assert "Kennwort" in _bad(specimens.encrypted(tmp_path / "a.pdf", user="geheim"))


def test_a_password_is_needed_for_a_word_document(tmp_path: Path) -> None:
    package = "EncryptedPackage".encode("utf-16-le")
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes((1 << 20) - 20) + package
    (tmp_path / "a.doc").write_bytes(content)
    assert "Kennwort" in _bad(tmp_path / "a.doc")


def _user_password(path: Path) -> Path:
    return specimens.encrypted(path, user="geheim")


def _owner_password(path: Path) -> Path:
    return specimens.encrypted(path, user="")


def _truncated(path: Path) -> Path:
    """The first half: of its pages nothing is left, nor of the table that says where they are."""
    specimens.pdf(path, [(595, 842)] * 3)
    path.write_bytes(path.read_bytes()[:60])
    return path


def _not_a_pdf(path: Path) -> Path:
    path.write_bytes(b"PK\x03\x04 something else entirely")
    return path


def _without_pages(path: Path) -> Path:
    pages = b"<< /Type /Pages /Kids [] /Count 0 >>"
    return specimens.raw_pdf(path, [_CATALOG, pages])


_WORKS: dict[str, Callable[[str, str], Any]] = {
    "inspect": lambda source, _: inspect(source),
    "to_pdf": lambda source, target: to_pdf(source, "a.pdf", target),
    "find_codes": lambda source, _: find_codes(source),
    "first_page": lambda source, target: first_page(source, target, 100, 100),
    "join": lambda source, target: join([source], target),
    "fax_look": lambda source, target: fax_look(source, target),
}


@pytest.mark.parametrize("work", _WORKS)
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_user_password, "password"),
        (_owner_password, None),
        (_truncated, "damaged"),
        (_not_a_pdf, "damaged|no known document|no document|neither a PDF"),
        (_without_pages, "no pages"),
    ],
)
def test_every_work_tells_bad_pdfs_apart(
    work: str, make: Callable[[Path], Path], says: str | None, tmp_path: Path
) -> None:
    """A password to read, one to change only, a piece, no PDF at all, no pages: each is named."""
    path = make(tmp_path / "a.pdf")
    target = str(tmp_path / "made")
    if says is None:
        _WORKS[work](str(path), target)
        return
    with pytest.raises(BadDocument, match=says) as caught:
        _WORKS[work](str(path), target)
    assert "Bitte" in caught.value.words.de


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95])
def test_a_pdf_that_was_copied_in_part(share: float, tmp_path: Path) -> None:
    """Never read as far as it goes: it is broken, or it still has all of its pages."""
    path = specimens.pdf(tmp_path / "a.pdf", [(595, 842)] * 3)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    try:
        told = inspect(str(path))
    except BadDocument as error:
        assert "damaged" in error.words.en
    else:
        assert told["pages"] == 3


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").touch()
    assert "leer" in _bad(tmp_path / "a.pdf")


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(range(256)) * 40], ids=["only a head", "noise"]
)
def test_broken_pdf(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(content)
    assert "beschädigt" in _bad(tmp_path / "a.pdf")


def test_no_pages(tmp_path: Path) -> None:
    pages = b"<< /Type /Pages /Kids [] /Count 0 >>"
    assert "keine Seiten" in _bad(specimens.raw_pdf(tmp_path / "a.pdf", [_CATALOG, pages]))


def test_pages_that_are_promised_only(tmp_path: Path) -> None:
    pages = b"<< /Type /Pages /Kids [] /Count 3 >>"
    _bad(specimens.raw_pdf(tmp_path / "a.pdf", [_CATALOG, pages]))


def test_too_many_pages(tmp_path: Path) -> None:
    assert "mehr als 2 Seiten" in _bad(specimens.pdf(tmp_path / "a.pdf", [(10, 10)] * 3), most=2)
    assert "mehr als 2 Seiten" in _bad(fax(tmp_path / "a.tif", [drawing((99, 99))] * 3), most=2)


def test_a_million_pages(tmp_path: Path) -> None:
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1000000 >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] >>"
    _bad(specimens.raw_pdf(tmp_path / "a.pdf", [_CATALOG, pages, page]))


def test_a_tree_of_pages_deeper_than_any(tmp_path: Path) -> None:
    """Each knot has one other; no stack of calls holds them all."""
    depth = 50_000
    knots = [
        b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /Parent %d 0 R >>" % (number + 1, number - 1)
        for number in range(2, depth)
    ]
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 10 10] >>" % (depth - 1)
    _bad(specimens.raw_pdf(tmp_path / "a.pdf", [_CATALOG, *knots, page]))


def test_a_tree_of_pages_that_bites_its_tail(tmp_path: Path) -> None:
    knots = [b"<< /Type /Pages /Kids [3 0 R] /Count 9 >>", b"<< /Type /Pages /Kids [2 0 R] >>"]
    _bad(specimens.raw_pdf(tmp_path / "a.pdf", [_CATALOG, *knots]))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Befund.docx", "endet auf „.docx“, der Inhalt ist aber ein PDF"),
        ("Befund.tif", "Endung „.pdf“"),
        ("Befund.txt", "endet auf „.txt“"),
    ],
)
def test_not_what_its_name_says(tmp_path: Path, name: str, says: str) -> None:
    assert says in _bad(specimens.pdf(tmp_path / "a.pdf"), name)


@pytest.mark.parametrize("content", [b"MZ\x90\0\3\0\0\0", b"PK\x03\x04 no archive", bytes(100)])
def test_no_document_at_all(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(content)
    assert "kein bekanntes Dokument" in _bad(tmp_path / "a.pdf")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.binary(max_size=200),
    mark=st.sampled_from(
        [
            b"",
            b"%PDF-1.4\n",
            b"II*\0",
            b"BM",
            b"PK\x03\x04",
            b"GIF89a",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\0\0\0\0WEBP",
            b"\xff\xd8\xff\xe0",
        ]
    ),
)
def test_whatever_it_is_it_is_told_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, mark: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "a"
    path.write_bytes(mark + data)
    assert format_of(path) is None or isinstance(format_of(path), Format)
    try:
        told = inspect(str(path))
    except BadDocument as error:
        assert error.words.de and error.words.en
    else:
        assert told["pages"] is None or told["pages"] >= 1


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cut=st.integers(1, 900), at=st.integers(0, 900), value=st.integers(0, 255))
def test_a_damaged_pdf_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, cut: int, at: int, value: int
) -> None:
    folder = tmp_path_factory.mktemp("pdf")
    source = specimens.pdf(folder / "a.pdf")
    data = bytearray(source.read_bytes())
    data[at % len(data)] = value
    source.write_bytes(data[: max(20, len(data) - cut)])
    try:
        inspect(str(source))
    except BadDocument as error:
        assert error.words.de and error.words.en
