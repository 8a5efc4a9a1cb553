"""Several PDFs in one, on a letterhead, behind a cover page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4, A5, landscape
from reportlab.pdfgen.canvas import Canvas

from faxd.documents import BadDocument, Workshop
from faxd.documents.coverpage import FIELDS, Line, check_template, cover_page, filled
from faxd.documents.join import join
from tests.documents.paper import darkness, lines, look, make_pdf, read, sizes

TEMPLATE = """\
# Telefax

An:      {name}
Fax:     {recipient}
Zeichen: {reference}
Datum:   {date}
Seiten:  {pages}
---
Betreff: {subject}

Sehr geehrte Damen und Herren,
{text}
"""
COVER = {
    "template": TEMPLATE,
    "fields": {"name": "Praxis Dr. Meier", "recipient": "+49 40 123456", "date": "25.11.2026"},
}


def head(text: str) -> Any:
    """A letterhead: a bar across its top, a line at its foot, a name."""

    def draw(canvas: Canvas) -> None:
        canvas.rect(0, 802, 595, 40, fill=1)
        canvas.drawString(70, 30, text)

    return draw


@pytest.fixture
def papers(tmp_path: Path) -> dict[str, str]:
    """Letters of several shapes, and letterheads."""
    make_pdf(tmp_path / "letter.pdf", lines("Brief 1"), lines("Brief 2"))
    make_pdf(tmp_path / "wide.pdf", lines("Quer", top=500), size=landscape(A4))
    make_pdf(tmp_path / "small.pdf", lines("Klein", top=500), size=A5)
    for turn in (90, 180, 270):
        make_pdf(tmp_path / f"turned{turn}.pdf", lines(f"Gedreht {turn}"))
        with pikepdf.open(tmp_path / f"turned{turn}.pdf", allow_overwriting_input=True) as pdf:
            pdf.pages[0].rotate(turn, relative=False)
            pdf.save(tmp_path / f"turned{turn}.pdf")
    make_pdf(tmp_path / "first.pdf", head("Kopfbogen"))
    make_pdf(tmp_path / "next.pdf", head("Folgeseite"))
    return {path.stem: str(path) for path in tmp_path.glob("*.pdf")}


def test_pages_follow_each_other(papers: dict[str, str], tmp_path: Path) -> None:
    """In the order of the documents, each as large as it was."""
    target = tmp_path / "joined.pdf"
    sources = [papers[name] for name in ("letter", "wide", "small", "turned90", "letter")]
    assert join(sources, str(target)) == {"pages": 7}
    assert [read(target, page).strip() for page in range(7)] == [
        *("Brief 1", "Brief 2", "Quer", "Klein", "Gedreht 90", "Brief 1", "Brief 2"),
    ]
    upright, wide = (595, 842), (842, 595)
    assert sizes(target) == [upright, upright, wide, (420, 595), wide, upright, upright]


def test_letterheads(papers: dict[str, str], tmp_path: Path) -> None:
    """One under the first page, one under all that follow; nothing of the pages is hidden."""
    target = tmp_path / "joined.pdf"
    join([papers["letter"]] * 2, str(target), papers["first"], papers["next"])
    for page in range(4):
        text = read(target, page)
        assert ("Kopfbogen" in text, "Folgeseite" in text) == (page == 0, page > 0)
        assert f"Brief {page % 2 + 1}" in text
        assert darkness(look(target, page).crop((0, 0, 595, 38))) > 0.95


@pytest.mark.parametrize(("first", "following"), [("first", ""), ("", "next")])
def test_only_one_letterhead(
    first: str, following: str, papers: dict[str, str], tmp_path: Path
) -> None:
    """Either may be left out."""
    target = tmp_path / "joined.pdf"
    join([papers["letter"]], str(target), papers.get(first, ""), papers.get(following, ""))
    bars = [darkness(look(target, page).crop((0, 0, 595, 38))) > 0.9 for page in range(2)]
    assert bars == [bool(first), bool(following)]


@pytest.mark.parametrize("name", ["small", "wide", "turned90", "turned180", "turned270"])
def test_letterheads_under_pages_of_other_shapes(
    name: str, papers: dict[str, str], tmp_path: Path
) -> None:
    """Upright as the page is shown, as large as fits, never squashed."""
    target = tmp_path / "joined.pdf"
    join([papers[name]], str(target), papers["first"])
    image = look(target)
    scale = min(image.width / 595, image.height / 842)
    left, top = (image.width - 595 * scale) / 2, (image.height - 842 * scale) / 2
    bar = (left + 2, top + 2, left + 595 * scale - 2, top + 38 * scale)
    assert darkness(image.crop([round(edge) for edge in bar])) > 0.95  # type: ignore[arg-type]
    assert darkness(image) < 1.2 * 595 * 40 * scale**2 / (image.width * image.height) + 0.01


def test_a_cover_page(papers: dict[str, str], tmp_path: Path) -> None:
    """Before all, on the first letterhead, with the number of all pages."""
    target = tmp_path / "joined.pdf"
    done = join([papers["letter"]], str(target), papers["first"], papers["next"], COVER)
    assert done == {"pages": 3}
    text = read(target)
    for said in ("Telefax", "An", "Praxis Dr. Meier", "+49 40 123456", "Seiten", "3", "Kopfbogen"):
        assert said in text
    for left_out in ("Zeichen", "Betreff", "{"):
        assert left_out not in text
    assert "Folgeseite" in read(target, 1)
    assert sizes(target)[0] == (595, 842)
    assert sorted(path.name for path in tmp_path.iterdir() if "cover" in path.name) == []


def test_the_fonts_of_a_cover_page_are_embedded(tmp_path: Path) -> None:
    """And it holds the letters of all of Europe."""
    target = tmp_path / "cover.pdf"
    cover_page("# Größe\n{name}", {"name": "Őry, Łukasz – „Жанна“ 12 €"}, str(target))
    assert read(target).split() == ["Größe", "Őry,", "Łukasz", "–", "„Жанна“", "12", "€"]
    with pikepdf.open(target) as pdf:
        fonts = [
            thing
            for thing in pdf.objects
            if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor"
        ]
        assert len(fonts) == 2
        assert all("/FontFile2" in font for font in fonts)


@pytest.mark.parametrize(
    ("template", "lines"),
    [
        ("# Telefax", [Line("heading", "Telefax")]),
        ("## An", [Line("subheading", "An")]),
        ("An: {name}", [Line("pair", "Dr. Meier", label="An")]),
        ("An:   {name}, {recipient}", [Line("pair", "Dr. Meier, +49 40 1", label="An")]),
        ("Betreff: {subject}", []),
        ("Betreff: Brief", [Line("pair", "Brief", label="Betreff")]),
        ("{subject}", []),
        ("An {name}", [Line("text", "An Dr. Meier")]),
        ("um 12:30 Uhr", [Line("text", "um 12:30 Uhr")]),
        ("https://example.org", [Line("text", "https://example.org")]),
        ("-----", [Line("rule")]),
        ("a\n\nb", [Line("text", "a"), Line("blank"), Line("text", "b")]),
        ("{text}", [Line("text", "eins"), Line("blank"), Line("text", "zwei")]),
        ("{{name}}", [Line("text", "{name}")]),
    ],
)
def test_templates(template: str, lines: list[Line]) -> None:
    """What each kind of line means."""
    fields = {"name": "Dr. Meier", "recipient": "+49 40 1", "text": "eins\r\n\r\nzwei"}
    assert list(filled(template, fields)) == lines


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("", "empty"),
        ("An: {empfänger}", "{recipient}"),
        ("\n\nAn: {name!r}", "line 3"),
        ("{name:>10}", "no field"),
        ("{name.__class__}", "no field"),
        ("{}", "no field"),
        ("{name", "brace"),
        ("x" * 10_001, "10000"),
    ],
)
def test_templates_that_are_refused(template: str, says: str) -> None:
    """With the line, and what is allowed."""
    with pytest.raises(ValueError, match=re.escape(says)):
        check_template(template)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    fields=st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=3000)),
    template=st.lists(
        st.sampled_from([*TEMPLATE.splitlines(), "# {text}", "{name} {subject}", "----"]),
        min_size=1,
        max_size=80,
    ),
)
def test_a_cover_page_is_always_one_page(
    fields: dict[str, str], template: list[str], tmp_path: Path
) -> None:
    """Whatever people write, nothing runs over the foot of the sheet or its right edge."""
    target = tmp_path / "cover.pdf"
    text = "\n".join(template)
    if not text.strip():
        return
    cover_page(text, fields, str(target))
    assert sizes(target) == [(595, 842)]
    image = look(target)
    assert darkness(image.crop((0, 842 - 75, 595, 842))) == 0
    assert darkness(image.crop((595 - 50, 0, 595, 842))) == 0


def test_which_of_several_is_broken(papers: dict[str, str], tmp_path: Path) -> None:
    """It is said; the office's own letterhead is the settings' fault."""
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n")
    target = tmp_path / "joined.pdf"
    with pytest.raises(BadDocument, match=r"Document 2 of 2: .*damaged") as caught:
        join([papers["letter"], str(broken)], str(target))
    assert caught.value.words.de.startswith("Dokument 2 von 2: ")
    with pytest.raises(BadDocument, match=r"^The PDF file is damaged"):
        join([str(broken)], str(target))
    with pytest.raises(ValueError, match="letterhead"):
        join([papers["letter"]], str(target), str(broken))


def test_too_much(papers: dict[str, str], tmp_path: Path) -> None:
    """Pages without end are refused."""
    with pytest.raises(BadDocument, match="2000"):
        join([papers["letter"]] * 1001, str(tmp_path / "joined.pdf"))


def test_two_hundred_pages_on_a_letterhead(papers: dict[str, str], tmp_path: Path) -> None:
    """The letterhead is in the file once, and the memory does not grow with the pages."""
    target = tmp_path / "joined.pdf"
    with pikepdf.open(papers["first"], allow_overwriting_input=True) as pdf:
        noise = pdf.make_stream(bytes(i * i % 251 for i in range(100_000)))
        pdf.pages[0].Resources.Properties = pikepdf.Dictionary(Logo=noise)
        pdf.save(papers["first"], compress_streams=False)
    code = (
        "from pathlib import Path; from faxd.documents.join import join;"
        f"head = {papers['first']!r};"
        f"join([{papers['letter']!r}] * 100, {str(target)!r}, head, head);"
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(sizes(target)) == 200
    assert target.stat().st_size < 600_000
    assert int(done.stdout) * 1024 < 200 << 20


def test_all_in_the_workshop(papers: dict[str, str], tmp_path: Path) -> None:
    """The works as the daemon calls them."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    workshop = Workshop(scratch=scratch)
    letter = make_pdf(tmp_path / "code.pdf", lines("Praxis", "@@FAX 040 123456@@", "Brief"))
    found = workshop.do("find_codes", source=str(letter), patterns=["activefax"])
    assert [(code["kind"], code["text"]) for code in found["codes"]] == [("fax", "040 123456")]
    covered = tmp_path / "covered.pdf"
    done = workshop.do("cover_codes", source=str(letter), target=str(covered), codes=found["codes"])
    assert done == {"by": "removed"}
    text = tmp_path / "note.txt"
    text.write_text("Notiz")
    note = tmp_path / "note.pdf"
    assert workshop.do("to_pdf", source=str(text), name="note.txt", target=str(note))["pages"] == 1
    joined = tmp_path / "joined.pdf"
    done = workshop.do(
        "join",
        sources=[str(covered), str(note)],
        target=str(joined),
        letterhead_first=papers["first"],
        cover=COVER,
    )
    assert done == {"pages": 3}
    assert "@@" not in read(joined, 1)
    with pytest.raises(BadDocument, match="damaged"):
        workshop.do("find_codes", source=str(text))
