"""The transmission report, written by reportlab and read by pdfium and qpdf."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from faxd.documents import report_words
from faxd.documents.report import ReportFacts, transmission_report
from faxd.documents.typesetting import Face, cut, legible, load_fonts, width, wrapped
from faxd.job import Kind
from faxd.words import Words
from tests.documents.specimens import darkness, drawing

_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_PROTOCOL = "81234567;+4940123456;OK;3;24.11.2026 14:03:12;72;+49 40 123456 MEIER;Az. 12"


def _facts(**changed: Any) -> ReportFacts:
    facts = ReportFacts(
        language="de",
        kind="fax",
        is_ok=True,
        result="OK",
        result_words="Alle 3 Seiten wurden übertragen.",
        account="Kanzlei Mustermann",
        sender="+49 30 1234560",
        recipient="+49 40 123456",
        recipient_name="Praxis Dr. Meier",
        reference="Az. 12 C 345/26",
        station_id="+49 40 123456 MEIER",
        pages=3,
        started="24.11.2026, 14:03:12 (MEZ)",
        duration=72,
        tries=2,
        job_number="81234567",
        own_number="1284",
        sha256=[{"name": "Klageerwiderung.pdf", "sha256": _SHA}],
        protocol_line=_PROTOCOL,
        picture="",
        note="",
    )
    return ReportFacts(**{**facts, **changed})


def _read(path: Path) -> str:
    """The text of the only page."""
    with pypdfium2.PdfDocument(path) as made:
        assert len(made) == 1, "one page"
        assert made[0].get_size() == pytest.approx((595.3, 841.9), abs=0.1), "A4"
        return re.sub(r"\s+", " ", made[0].get_textpage().get_text_bounded())


def _made(tmp_path: Path, **changed: Any) -> str:
    told = transmission_report(_facts(**changed), str(tmp_path / "report.pdf"))
    assert told == {"pages": 1}
    return _read(tmp_path / "report.pdf")


def test_every_fact_is_there(tmp_path: Path) -> None:
    text = _made(tmp_path)
    for fact in (
        "Sendebericht",
        "OK – gesendet",
        "Alle 3 Seiten wurden übertragen.",
        "Kanzlei Mustermann",
        "+49 30 1234560",
        "+49 40 123456",
        "Praxis Dr. Meier",
        "Az. 12 C 345/26",
        "+49 40 123456 MEIER",
        "Seiten 3",
        "24.11.2026, 14:03:12 (MEZ)",
        "1 min 12 s",
        "Versuche 2",
        "81234567",
        "faxd · Auftrag 1284",
        _SHA,
        "Klageerwiderung.pdf",
        _PROTOCOL,
        "belegt nicht, dass jemand das Fax gelesen hat",
    ):
        assert fact in text


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(
    ("is_ok", "verdict", "ink"),
    [
        (True, report_words.OK, (18, 102, 51)),
        (False, report_words.NOT_SENT, (173, 23, 23)),
        (None, report_words.UNCLEAR, (140, 92, 0)),
    ],
)
def test_the_result_is_clear(
    tmp_path: Path, language: str, is_ok: bool | None, verdict: Words, ink: tuple[int, int, int]
) -> None:
    text = _made(tmp_path, language=language, is_ok=is_ok)
    assert (verdict.de if language == "de" else verdict.en) in text
    for other in (report_words.OK, report_words.NOT_SENT, report_words.UNCLEAR):
        if other is not verdict:
            assert other.de not in text
            assert other.en not in text
    with pypdfium2.PdfDocument(tmp_path / "report.pdf") as made:
        page = made[0].render(scale=1).to_pil()
    assert page.getpixel((65, 140)) == pytest.approx(ink, abs=2), "the bar of the box"


@pytest.mark.parametrize("kind", [kind.value for kind in Kind])
@pytest.mark.parametrize("is_ok", [True, False, None])
def test_every_kind_has_a_name_and_an_honest_note(
    tmp_path: Path, kind: str, is_ok: bool | None
) -> None:
    text = _made(tmp_path, kind=kind, is_ok=is_ok, language="en")
    assert report_words.KINDS[kind].en in text
    assert report_words.honest(kind, is_ok).en in text
    assert ("Station id" in text) == (kind == "fax")


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    text = _made(
        tmp_path,
        is_ok=False,
        result_words="Die Nummer war besetzt.",
        station_id="",
        pages=None,
        duration=None,
        tries=None,
        reference="",
        job_number="",
        protocol_line="",
        sha256=[],
    )
    for label in (
        "Stationskennung",
        "Seiten ",
        "Dauer",
        "Versuche",
        "Referenz",
        "Prüfsumme",
        "wörtlich",
    ):
        assert label not in text


def test_a_fax_that_nobody_signed_says_so(tmp_path: Path) -> None:
    assert "nicht übermittelt" in _made(tmp_path, station_id="  ")


def test_fonts_are_embedded_and_nothing_changes_from_day_to_day(tmp_path: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        transmission_report(_facts(), str(tmp_path / name))
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    with pikepdf.open(tmp_path / "one.pdf") as made:
        assert made.check_pdf_syntax() == []
        assert made.docinfo["/Title"] == "Sendebericht 1284"
        assert made.Root.Lang == "de"
        fonts = made.pages[0].Resources.Font
        assert len(fonts) == 3
        for font in fonts.values():
            assert "/FontFile2" in font.FontDescriptor
            assert "/ToUnicode" in font


def _picture(path: Path) -> Image.Image:
    """Where the picture is, at three pixels a point."""
    with pypdfium2.PdfDocument(path) as made:
        page = made[0].render(scale=3).to_pil()
    return page.crop((900, 660, page.width - 153, 1600))


def test_the_picture_is_shown_in_a_frame(tmp_path: Path) -> None:
    drawing((1000, 1414)).convert("L").save(tmp_path / "page.png")
    text = _made(tmp_path, picture=str(tmp_path / "page.png"))
    assert "Erste Seite des Dokuments, verkleinert" in text
    with_it = darkness(_picture(tmp_path / "report.pdf"))
    Image.new("L", (1000, 1414), 255).save(tmp_path / "page.png")
    _made(tmp_path, picture=str(tmp_path / "page.png"))
    without = darkness(_picture(tmp_path / "report.pdf"))
    assert without > 0.0005, "the frame"
    assert with_it > without + 0.01


@pytest.mark.parametrize("size", [(2000, 10), (10, 2000), (1, 1), (1414, 1000)])
def test_a_picture_of_any_shape_fits(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("L", size, 0).save(tmp_path / "page.png")
    assert "liest" not in _made(tmp_path, picture=str(tmp_path / "page.png"))
    with pypdfium2.PdfDocument(tmp_path / "report.pdf") as made:
        (image,) = made[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
        left, bottom, right, top = image.get_bounds()
    assert 280 < left < right < 545
    assert 150 < bottom < top < 660


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_a_note_stands_where_there_is_no_picture(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "page.png"
    if content is not None:
        path.write_bytes(content)
    assert "kein Bild zeigen" in _made(tmp_path, picture=str(path))
    assert "LibreOffice fehlt" in _made(tmp_path, picture="", note="LibreOffice fehlt")


def test_more_documents_than_there_is_room_for_are_counted(tmp_path: Path) -> None:
    digests = [{"name": f"Anlage {n}.pdf", "sha256": f"{n:064x}"} for n in range(1, 6)]
    text = _made(tmp_path, sha256=digests)
    assert f"{3:064x} Anlage 3.pdf" in text
    assert "Anlage 4.pdf" not in text
    assert "und 2 weitere" in text


_ANY = st.text(max_size=300) | st.text(st.sampled_from("Ww m\n\0\u202e€ß漢🎉"), max_size=600)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts=st.fixed_dictionaries(
        {
            name: _ANY
            for name, kind in ReportFacts.__annotations__.items()
            if str(kind).endswith("('str')") and name not in {"kind", "picture"}
        }
    ),
    language=st.sampled_from(["de", "en"]),
    kind=st.sampled_from([kind.value for kind in Kind]),
    is_ok=st.sampled_from([True, False, None]),
    numbers=st.tuples(*[st.none() | st.integers(0, 10**12)] * 3),
    digests=st.lists(st.fixed_dictionaries({"name": _ANY, "sha256": _ANY}), max_size=6),
)
def test_whatever_the_facts_are_it_is_one_page_with_its_result(
    tmp_path_factory: pytest.TempPathFactory,
    texts: dict[str, str],
    language: str,
    kind: str,
    is_ok: bool | None,
    numbers: tuple[int | None, ...],
    digests: list[dict[str, str]],
) -> None:
    pages, duration, tries = numbers
    folder = tmp_path_factory.mktemp("report")
    text = _made(
        folder,
        **texts,
        language=language,
        kind=kind,
        is_ok=is_ok,
        pages=pages,
        duration=duration,
        tries=tries,
        sha256=digests,
    )
    verdict = {True: report_words.OK, False: report_words.NOT_SENT, None: report_words.UNCLEAR}
    assert verdict[is_ok].in_("de" if language == "de" else "en") in text


def test_the_longest_texts_do_not_run_into_each_other(tmp_path: Path) -> None:
    """Every line of text lies within the margins and over no other one."""
    long = "Wirtschaftsprüfungsgesellschaft " * 40
    names = [
        name
        for name, kind in ReportFacts.__annotations__.items()
        if str(kind).endswith("('str')") and name not in {"kind", "picture"}
    ]
    digest = {"name": long, "sha256": "w" * 500}
    _made(tmp_path, **dict.fromkeys(names, long), sha256=[digest] * 9, pages=10**9, tries=10**9)
    with pypdfium2.PdfDocument(tmp_path / "report.pdf") as made:
        text = made[0].get_textpage()
        boxes = [text.get_rect(number) for number in range(text.count_rects())]
    for left, bottom, right, top in boxes:
        assert left > 55
        assert right < 595 - 45
        assert bottom > 30
        assert top < 842 - 40
    for one, (left, bottom, right, top) in enumerate(boxes):
        for other_left, other_bottom, other_right, other_top in boxes[one + 1 :]:
            beside = right <= other_left or other_right <= left
            assert beside or bottom > other_top - 2 or other_bottom > top - 2


_HOSTILE = {
    "right to left": "\u202eאבג \u05d0\u2066 MEIER \u202d",
    "four kilobytes": "+49 40 123456 MEIER " * 205,
    "control characters": "\x00\x1b]0;title\x07\x1b[2J\r\n\x85\u2028MEIER\x7f",
    "one word": "W" * 4096,
    "accents on accents": "M" + "\u0301" * 900 + "EIER",
    "markup": "<b>MEIER</b> %s {} \\u0041 (Tj) ET",
}


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("is_ok", [True, False])
@pytest.mark.parametrize("station", _HOSTILE.values(), ids=_HOSTILE)
def test_a_hostile_station_changes_nothing_else(
    tmp_path: Path, station: str, is_ok: bool, language: str
) -> None:
    """It may say what it likes: opened by qpdf and by pdfium, all other facts are there."""
    names = [f"{number} {'Klageerwiderung ' * 4}"[:56] + ".pdf" for number in range(1, 4)]
    text = _made(
        tmp_path,
        language=language,
        is_ok=is_ok,
        station_id=station,
        recipient_name=station,
        sha256=[{"name": name, "sha256": _SHA} for name in names],
    )
    for fact in (
        "+49 40 123456",
        "+49 30 1234560",
        "Az. 12 C 345/26",
        "24.11.2026, 14:03:12 (MEZ)",
        "1 min 12 s",
        "81234567",
        "1284",
        _PROTOCOL,
        *names,
        (report_words.OK if is_ok else report_words.NOT_SENT).in_(
            "de" if language == "de" else "en"
        ),
    ):
        assert fact in text, fact
    assert text.count(_SHA) == 3
    assert not set(text) & set("\u202e\u202d\u2066\x1b\x07\x00\x7f\x85\u2028")
    with pikepdf.open(tmp_path / "report.pdf") as made:
        assert made.check_pdf_syntax() == []
        (page,) = made.pages
        assert [float(side) for side in page.MediaBox] == pytest.approx(
            [0, 0, 595.28, 841.89], 1e-3
        )
        for font in page.Resources.Font.values():
            assert "/FontFile2" in font.FontDescriptor
    with pypdfium2.PdfDocument(tmp_path / "report.pdf") as made:
        boxes = made[0].get_textpage()
        edges = [boxes.get_rect(number) for number in range(boxes.count_rects())]
    assert min(left for left, *_ in edges) > 55
    assert max(right for _, _, right, _ in edges) < 595 - 45


def test_what_is_said_of_the_picture_stands_under_it(tmp_path: Path) -> None:
    Image.new("L", (1000, 1414), 255).save(tmp_path / "page.png")
    text = _made(tmp_path, picture=str(tmp_path / "page.png"), note="wie LibreOffice sie druckt")
    assert "wie LibreOffice sie druckt" in text and "verkleinert" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jürgen „Größe“ – 5 €", "Jürgen „Größe“ – 5 €"),
        ("Dvořák Łukasz Şahin Νίκος Иван", "Dvořák Łukasz Şahin Νίκος Иван"),
        ("a\0b\tc\nd\x1b[31m", "a?b c d?[31m"),
        ("\u202eevil\u200b", "?evil?"),
        ("u\u0308", "ü"),
        ("Nguyễn", "Nguyễn".replace("ễ", "e")),
        ("ﬁ", "f"),
        ("漢字", "??"),
        ("\ud800", "?"),
    ],
)
def test_legible(text: str, expected: str) -> None:
    load_fonts()
    assert legible(text) == expected


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=400), room=st.floats(20, 400), most=st.integers(1, 5))
def test_wrapped_text_fits(text: str, room: float, most: int) -> None:
    load_fonts()
    lines = wrapped(text, Face.TEXT, 9, room, most)
    assert len(lines) <= most
    assert all(width(line, Face.TEXT, 9) <= room for line in lines)
    if not (lines and lines[-1].endswith("…")):
        assert "".join(lines).replace(" ", "") == legible(text).replace(" ", "")
    assert width(cut(text, Face.BOLD, 9, room), Face.BOLD, 9) <= room


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0 s"), (47, "47 s"), (72, "1 min 12 s"), (3720, "1 h 02 min")]
)
def test_duration(seconds: int, expected: str) -> None:
    assert report_words.duration(seconds) == expected


def test_every_word_is_there_in_both_languages() -> None:
    words = [value for value in vars(report_words).values() if isinstance(value, Words)]
    words += report_words.KINDS.values()
    assert len(words) > 20
    assert all(word.de.strip() and word.en.strip() for word in words)
    assert set(report_words.KINDS) == {kind.value for kind in Kind}
