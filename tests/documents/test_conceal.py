"""Codes in real PDFs: found, covered, and gone."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from faxd.documents.conceal import cover_codes
from faxd.documents.errors import BadDocument, TimeLimit
from faxd.documents.join import join
from faxd.documents.pagetext import find_codes
from tests.documents.paper import Draw, darkness, lines, look, make_pdf, raw_bytes, read

CODE = "@@FAX 040 123456[RE-4711]@@"
LETTER = ("Praxis Dr. Meier", CODE, "Sehr geehrte Damen und Herren,", "anbei der Befund.")


def cover(path: Path) -> tuple[str, Path]:
    target = path.with_name("covered.pdf")
    return cover_codes(str(path), str(target), find_codes(str(path))["codes"])["by"], target


def on_colour(canvas: Canvas) -> None:
    canvas.setFillColorRGB(0.8, 0.9, 1)
    canvas.rect(60, 700, 400, 80, fill=1, stroke=0)
    canvas.setFillColorRGB(0, 0, 0)
    lines(*LETTER)(canvas)


def on_a_grid(canvas: Canvas) -> None:
    canvas.grid([60, 150, 240, 330], [700, 745, 775])
    canvas.line(60, 743, 330, 743)
    lines(*LETTER)(canvas)


def in_pieces(canvas: Canvas) -> None:
    for place, piece in enumerate(["@", "@FA", "X 040", "12 34", "56[RE", "-4711]@", "@"]):
        canvas.setFont(("Helvetica", "Times-Roman", "Courier-Bold")[place % 3], 11)
        canvas.drawString(70 + 45 * place, 740, piece)
    lines("Praxis Dr. Meier")(canvas)


def in_a_sentence(canvas: Canvas) -> None:
    lines("Praxis Dr. Meier", f"Rechnung {CODE} vom 1. Mai", "Sehr geehrte Damen")(canvas)


def in_a_form(canvas: Canvas) -> None:
    canvas.beginForm("brief")
    canvas.setFont("Helvetica", 11)
    lines(*LETTER)(canvas)
    canvas.endForm()
    canvas.doForm("brief")


def in_white(canvas: Canvas) -> None:
    lines("Praxis Dr. Meier")(canvas)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(70, 740, CODE)


def drawn_twice(canvas: Canvas) -> None:
    lines(*LETTER)(canvas)
    canvas.drawString(70.3, 740, CODE)


def upright(canvas: Canvas) -> None:
    lines("Praxis Dr. Meier")(canvas)
    canvas.translate(300, 300)
    canvas.rotate(90)
    canvas.drawString(0, 0, CODE)


def over_a_picture(canvas: Canvas) -> None:
    picture = Image.linear_gradient("L").resize((400, 60)).rotate(180)
    canvas.drawImage(ImageReader(picture), 60, 720)
    lines(*LETTER)(canvas)


def over_an_inline_picture(canvas: Canvas) -> None:
    canvas.drawInlineImage(Image.new("L", (400, 60), 200), 60, 720)
    lines(*LETTER)(canvas)


def on_two_lines(canvas: Canvas) -> None:
    lines("Praxis Dr. Meier", "@@FAX 040 123456,", "089 123456@@", "anbei der Befund.")(canvas)


@pytest.mark.parametrize(
    ("draw", "ways"),
    [
        (lines(*LETTER), {"removed"}),
        (on_colour, {"removed"}),
        (in_pieces, {"removed"}),
        (in_white, {"removed"}),
        (drawn_twice, {"removed", "picture"}),
        (upright, {"removed"}),
        (on_two_lines, {"removed"}),
        (on_a_grid, {"patched"}),
        (over_a_picture, {"patched"}),
        (over_an_inline_picture, {"removed", "picture"}),
        (in_a_sentence, {"picture"}),
        (in_a_form, {"picture"}),
    ],
)
@pytest.mark.parametrize("turn", [0, 90, 180])
def test_a_code_is_covered_whatever_it_is_drawn_on(
    draw: Draw, ways: set[str], turn: int, tmp_path: Path
) -> None:
    """By the gentlest way that does it; the rest of the page and the other pages stay."""
    path = make_pdf(tmp_path / "letter.pdf", draw, lines("Seite zwei"))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].rotate(turn, relative=False)
        pdf.save(path)
    assert [code["kind"] for code in find_codes(str(path))["codes"]] == ["fax"]
    way, target = cover(path)
    assert way in ways
    assert find_codes(str(target)) == {"codes": [], "pages": 2}
    assert "FAX" not in read(target)
    assert "Seite zwei" in read(target, 1)
    assert ("Praxis Dr. Meier" in read(target)) == (way != "picture")
    before, after = look(path), look(target)
    assert before.size == after.size
    assert darkness(after) <= darkness(before)
    # Blurred: the edges of what became a picture are smoothed otherwise.
    soft = ImageFilter.GaussianBlur(2)
    changed = ImageChops.difference(before.filter(soft), after.filter(soft)).convert("L")
    box = changed.point(lambda value: 255 * (value > 40)).getbbox()
    if draw is in_white:
        assert box is None
    else:
        assert box is not None
        # one line of text, or two, is all that is missing
        assert min(box[2] - box[0], box[3] - box[1]) <= 40
        middle = before.crop(box), after.crop(box)
        assert darkness(middle[1]) <= darkness(middle[0]) / 2


def test_what_is_gone_is_nowhere_in_the_file(tmp_path: Path) -> None:
    """Neither in the page, nor in a title, an outline or an older revision."""
    path = make_pdf(tmp_path / "letter.pdf", lines(*LETTER), title=f"Brief {CODE}")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem(CODE, 0))
        with pdf.open_metadata() as metadata:
            metadata["dc:title"] = CODE
        pdf.Root.Lang = pikepdf.String("de")
        pdf.save(path)
    way, target = cover(path)
    assert way == "removed"
    found = raw_bytes(target)
    assert b"040 123456" not in found
    assert b"4711" not in found
    assert CODE.encode("utf-16-be") not in found
    with pikepdf.open(target) as pdf:
        assert str(pdf.Root.Lang) == "de"


def test_a_picture_keeps_nothing_of_the_page(tmp_path: Path) -> None:
    """Its text, its notes and its fonts are gone with it."""
    path = make_pdf(tmp_path / "letter.pdf", in_a_sentence)
    way, target = cover(path)
    assert way == "picture"
    assert b"Rechnung" not in raw_bytes(target)
    assert darkness(look(target, dpi=150)) == pytest.approx(darkness(look(path, dpi=150)), rel=0.5)


@pytest.mark.parametrize("size", [(595.276, 841.89), (612, 792), (420, 595), (600.5, 900.25)])
def test_a_full_page_becomes_a_picture_of_itself(size: tuple[float, float], tmp_path: Path) -> None:
    """Pixel for pixel: no smaller print, and no edge, is lost between the two."""
    text = "Sehr geehrte Damen und Herren, anbei der Befund, und noch viel mehr dazu."
    full = lines(f"Rechnung {CODE} vom 1. Mai", *[text] * 25, top=size[1] - 60)
    path = make_pdf(tmp_path / "letter.pdf", full, size=size)
    way, target = cover(path)
    assert way == "picture"
    assert darkness(look(target, dpi=300)) == pytest.approx(darkness(look(path, dpi=300)), rel=0.05)


def test_cropped_pages(tmp_path: Path) -> None:
    """What is shown of a page is less than the page."""
    path = make_pdf(tmp_path / "letter.pdf", lines(*LETTER))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].CropBox = pikepdf.Array([50, 500, 400, 800])
        pdf.save(path)
    for draw in (lines(*LETTER), in_a_sentence):
        make_pdf(path, draw)
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            pdf.pages[0].CropBox = pikepdf.Array([50, 500, 400, 800])
            pdf.save(path)
        _, target = cover(path)
        assert look(target).size == look(path).size == (350, 300)


def test_a_restricted_document(tmp_path: Path) -> None:
    """Everybody may read it, and so its code; only a password to change it is set."""
    path = make_pdf(tmp_path / "letter.pdf", lines(*LETTER))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="geheim", user=""))
    way, target = cover(path)
    assert way in {"removed", "picture"}
    assert find_codes(str(target))["codes"] == []


def test_more_than_a_code_is_not_covered(tmp_path: Path) -> None:
    """Nothing is written then."""
    path = make_pdf(tmp_path / "letter.pdf", lines(*LETTER))
    target = tmp_path / "covered.pdf"
    everything = [{"kind": "fax", "text": "", "page": 1, "boxes": [[0, 0, 595, 842]]}]
    with pytest.raises(BadDocument, match="cannot be covered"):
        cover_codes(str(path), str(target), everything)
    with pytest.raises(BadDocument, match="cannot be covered"):
        cover_codes(str(path), str(target), [])
    assert not target.exists()


@pytest.mark.parametrize(
    ("patterns", "own", "text", "said"),
    [
        (["activefax"], "", "@F211 0401234567@", "0401234567"),
        (["faxmaker"], "", "::0401234567", "0401234567"),
        ([], r"Telefax ([0-9]+)#", "Telefax 0401234567#", "0401234567"),
    ],
)
def test_other_codes(patterns: list[str], own: str, text: str, said: str, tmp_path: Path) -> None:
    """What users bring along from elsewhere."""
    path = make_pdf(tmp_path / "letter.pdf", lines(text, "Praxis Dr. Meier"))
    assert find_codes(str(path))["codes"] == []
    found = find_codes(str(path), patterns, own)
    assert [(code["kind"], code["text"]) for code in found["codes"]] == [("fax", said)]
    target = tmp_path / "covered.pdf"
    assert cover_codes(str(path), str(target), found["codes"]) == {"by": "removed"}
    assert said not in read(target)


def test_only_the_first_page(tmp_path: Path) -> None:
    """A code further on is text."""
    path = make_pdf(tmp_path / "letter.pdf", lines("Brief"), lines(CODE))
    assert find_codes(str(path)) == {"codes": [], "pages": 2}


def test_too_many_codes(tmp_path: Path) -> None:
    """Lists are for that."""
    codes = lines(*[f"@@FAX 040 {number}@@" for number in range(60)], top=1190)
    path = make_pdf(tmp_path / "letter.pdf", codes, size=(595, 1200))
    with pytest.raises(BadDocument, match="CSV"):
        find_codes(str(path))


def test_a_pattern_that_takes_for_ever(tmp_path: Path) -> None:
    """It is stopped, and said to be the settings' fault."""
    path = make_pdf(tmp_path / "letter.pdf", lines("1" * 60))
    with pytest.raises(TimeLimit, match="pattern"):
        find_codes(str(path), own="(1?)" * 26 + "1{26}[0-9]*[0-9]*[0-9]*x([0-9])#")


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"Text", b"%PDF-1.4\n" + b"\0" * 5000])
def test_no_pdf(content: bytes, tmp_path: Path) -> None:
    """It is named broken."""
    path = tmp_path / "letter.pdf"
    path.write_bytes(content)
    with pytest.raises(BadDocument, match=r"damaged|no pages"):
        find_codes(str(path))


def test_a_locked_pdf(tmp_path: Path) -> None:
    """It is told apart from a broken one."""
    path = make_pdf(tmp_path / "letter.pdf", lines(CODE))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="geheim", user="geheim"))
    with pytest.raises(BadDocument, match="password"):
        find_codes(str(path))


WORDS = st.text(st.sampled_from("abcdefgh ÄÖÜß.,-0123456789@:[]"), min_size=1, max_size=30)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    before=st.lists(WORDS, max_size=6),
    same=WORDS | st.just(""),
    after=st.lists(WORDS, max_size=6),
    size=st.integers(5, 24),
)
def test_no_code_is_left_in_any_letter(
    before: list[str], same: str, after: list[str], size: int, tmp_path: Path
) -> None:
    """Whatever else is written: covered and proven, or refused."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", size)
        lines(*before, f"{same} {CODE}", *after)(canvas)

    path = make_pdf(tmp_path / "letter.pdf", draw)
    codes: list[dict[str, Any]] = find_codes(str(path))["codes"]
    if not codes:
        return  # what is written has made another code of it
    try:
        _, target = cover(path)
    except BadDocument:
        return
    assert "123456[RE-4711]" not in read(target)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    places=st.lists(
        st.tuples(st.integers(0, 10_000), st.binary(max_size=3)), min_size=1, max_size=9
    ),
    cut=st.integers(0, 40),
)
def test_damaged_documents(places: list[tuple[int, bytes]], cut: int, tmp_path: Path) -> None:
    """Bytes were changed, put in or lost: it is covered or refused, and this process lives."""
    content = make_pdf(tmp_path / "letter.pdf", lines(*LETTER)).read_bytes()
    for place, more in places:
        place %= len(content)
        content = content[:place] + more + content[place + cut // len(places) :]
    path = tmp_path / "damaged.pdf"
    path.write_bytes(content)
    target = tmp_path / "covered.pdf"
    head = make_pdf(tmp_path / "head.pdf", lines("Kopf"))
    with contextlib.suppress(BadDocument):
        codes = find_codes(str(path))["codes"]
        if codes:
            cover_codes(str(path), str(target), codes)
            assert "123456" not in read(target)
    with contextlib.suppress(BadDocument):
        join([str(path)], str(tmp_path / "joined.pdf"), str(head))


def test_nothing_large_is_imported_by_the_grammar() -> None:
    """Settings check a pattern in the daemon, which must not load libraries for that."""
    code = (
        "import sys, faxd.documents.codes as c; c.own_pattern('([0-9])');"
        "print([m for m in ('pikepdf', 'pypdfium2', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
