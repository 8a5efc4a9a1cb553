"""Codes in text boxes, stamps and form fields, which are on a page but not in its text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest

from faxd.documents.conceal import cover_codes
from faxd.documents.errors import BadDocument
from faxd.documents.notes import flatten, has_notes, written_in_notes
from faxd.documents.pagetext import find_codes, read_all
from faxd.documents.proof import bare
from tests.documents.paper import darkness, lines, look, make_pdf, raw_bytes, read

CODE = "@@FAX 040 123456[RE-4711]@@"
LETTER = ("Praxis Dr. Meier", "Sehr geehrte Damen und Herren,", "anbei der Befund.")
#: left, bottom, right, top of the note
RECT = (70, 600, 300, 620)


def noted(
    path: Path, kind: str = "FreeText", text: str = CODE, *, drawn: str | None = None,
    flags: int = 4, letter: tuple[str, ...] = LETTER, turn: int = 0,
) -> Path:  # fmt: skip
    """A letter with a note; ``drawn`` is what its appearance shows, None leaves that to others."""
    make_pdf(path, lines(*letter), lines("Seite zwei"))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        font = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
        )
        resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font))
        facts: dict[str, Any] = {
            "Type": pikepdf.Name.Annot,
            "Subtype": pikepdf.Name(f"/{kind}"),
            "Rect": list(RECT),
            "F": flags,
            "DA": "/Helv 11 Tf 0 g",
        }
        facts |= {"FT": pikepdf.Name.Tx, "T": "An", "V": text} if kind == "Widget" else {
            "Contents": text
        }  # fmt: skip
        if drawn is not None:
            content = f"BT /Helv 11 Tf 2 5 Td ({drawn}) Tj ET".encode("latin-1")
            look = pdf.make_stream(
                content,
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Form,
                BBox=[0, 0, RECT[2] - RECT[0], RECT[3] - RECT[1]],
                Resources=resources,
            )
            facts["AP"] = pikepdf.Dictionary(N=look)
        note = pdf.make_indirect(pikepdf.Dictionary(**facts))
        pdf.pages[0].Annots = pikepdf.Array([note])
        if turn:
            pdf.pages[0].rotate(turn, relative=False)
        if kind == "Widget":
            pdf.Root.AcroForm = pikepdf.Dictionary(
                Fields=[note], DR=resources, DA="/Helv 11 Tf 0 g", NeedAppearances=drawn is None
            )
        pdf.save(path)
    return path


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("drawn", [CODE, None], ids=["drawn", "not drawn"])
@pytest.mark.parametrize("kind", ["FreeText", "Widget", "Stamp"])
def test_a_code_in_a_note_is_found_covered_and_gone(
    kind: str, drawn: str | None, turn: int, tmp_path: Path
) -> None:
    """The rest of the page looks as before, and nothing says the code any more."""
    if kind == "Stamp" and drawn is None:
        pytest.skip("nobody sees it")
    path = noted(tmp_path / "letter.pdf", kind, drawn=drawn, turn=turn)
    found = find_codes(str(path))
    assert [(code["kind"], code["text"]) for code in found["codes"]] == [
        ("fax", "040 123456[RE-4711]")
    ]
    assert found["codes"][0]["is_flat"]
    target = tmp_path / "covered.pdf"
    cover_codes(str(path), str(target), found["codes"])
    assert find_codes(str(target)) == {"codes": [], "pages": 2}
    assert "123456" not in "".join(bare(reading.text) for reading in read_all(str(target)))
    content = raw_bytes(target)
    assert b"4711" not in content and CODE.encode("utf-16-be") not in content
    assert "Seite zwei" in read(target, 1)
    assert not (tmp_path / "covered.pdf.flat").exists()
    # On paper: blank where the note was, all else as it was.
    scale = 2
    before, after = look(path, dpi=72 * scale), look(target, dpi=72 * scale)
    assert before.size == after.size
    left, bottom, right, top = (scale * side for side in RECT)
    width, height = (scale * side for side in (595, 842))
    box = {
        0: (left, height - top, right, height - bottom),
        90: (bottom, left, top, right),
        180: (width - right, bottom, width - left, top),
        270: (height - top, width - right, height - bottom, width - left),
    }[turn]
    assert darkness(before.crop(box)) > 0.02
    # Within the frame, which pdfium draws around what has no appearance of its own.
    inner = tuple(side + 8 * sign for side, sign in zip(box, (1, 1, -1, -1), strict=True))
    assert darkness(after.crop(inner)) == 0
    for image in (before, after):
        image.paste("white", box)
    assert darkness(after) == pytest.approx(darkness(before), rel=0.1)


def test_other_notes_stay_to_be_seen(tmp_path: Path) -> None:
    """A stamp without a code, on a letter with one in its text."""
    path = noted(tmp_path / "letter.pdf", "Stamp", "BEZAHLT", drawn="BEZAHLT",
                 letter=(*LETTER, CODE))  # fmt: skip
    codes = find_codes(str(path))["codes"]
    assert not codes[0]["is_flat"]
    target = tmp_path / "covered.pdf"
    assert cover_codes(str(path), str(target), codes) == {"by": "removed"}
    left, bottom, right, top = RECT
    assert darkness(look(target).crop((left, 842 - top, right, 842 - bottom))) > 0.02
    assert "BEZAHLT" in "".join(reading.text for reading in read_all(str(target)))


def test_a_code_that_is_there_twice(tmp_path: Path) -> None:
    """In the letter and in a note: both are covered."""
    path = noted(tmp_path / "letter.pdf", drawn=CODE, letter=(*LETTER, CODE))
    codes = find_codes(str(path))["codes"]
    assert len(codes) == 2
    target = tmp_path / "covered.pdf"
    cover_codes(str(path), str(target), codes)
    assert b"4711" not in raw_bytes(target)
    assert find_codes(str(target))["codes"] == []


@pytest.mark.parametrize(
    ("kind", "flags", "drawn"),
    [
        ("Text", 4, "i"),  # a sticky note: its icon is seen, its text is not
        ("FreeText", 2, CODE),  # hidden
        ("FreeText", 4, "Hinweis"),  # shows something else than it says
    ],
)
def test_a_code_that_is_not_seen_is_refused(
    kind: str, flags: int, drawn: str, tmp_path: Path
) -> None:
    """Somebody could see it elsewhere; the text says what to do."""
    path = noted(tmp_path / "letter.pdf", kind, drawn=drawn, flags=flags)
    with pytest.raises(BadDocument, match="in a note or form field") as caught:
        find_codes(str(path))
    assert "Bitte drucken Sie" in caught.value.words.de


@pytest.mark.parametrize("flags", [0, 4, 32, 64 | 128, 512])
def test_flags_hide_nothing_from_faxd(flags: int, tmp_path: Path) -> None:
    """For screens only, for printers only, locked: found and covered."""
    path = noted(tmp_path / "letter.pdf", drawn=CODE, flags=flags)
    target = tmp_path / "covered.pdf"
    cover_codes(str(path), str(target), find_codes(str(path))["codes"])
    assert find_codes(str(target))["codes"] == [] and b"4711" not in raw_bytes(target)


def test_formatted_text_is_read_too(tmp_path: Path) -> None:
    path = noted(tmp_path / "letter.pdf", "Text", "x", drawn="i")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].Annots[0].RC = "<body><p>@@FAX <b>040</b> 123456@@</p></body>"
        pdf.save(path)
    with pytest.raises(BadDocument, match="in a note or form field"):
        find_codes(str(path))


@pytest.mark.parametrize("kind", ["Link", "Popup"])
def test_links_are_no_notes(kind: str, tmp_path: Path) -> None:
    """Of which every letter from a word processor has some."""
    path = noted(tmp_path / "letter.pdf", kind, "Praxis")
    with pypdfium2.PdfDocument(path) as pdf:
        assert not has_notes(pdf[0])
        assert written_in_notes(pdf[0]) == ["Praxis"]


def test_a_form_of_many_fields_looks_the_same(tmp_path: Path) -> None:
    """Filled in by hand, as offices do; one of its fields says whom to."""
    path = make_pdf(tmp_path / "form.pdf", lines("Antrag"))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        font = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
        )
        fields = [
            pdf.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx,
                    T=f"Feld {number}", F=4, DA="/Helv 11 Tf 0 g",
                    V=CODE if number == 7 else f"Angabe {number} von Max Mustermann, Musterstadt",
                    Rect=[70, 700 - 22 * number, 400, 718 - 22 * number],
                )
            )
            for number in range(25)
        ]  # fmt: skip
        pdf.pages[0].Annots = pikepdf.Array(fields)
        pdf.Root.AcroForm = pikepdf.Dictionary(
            Fields=pikepdf.Array(fields), DA="/Helv 11 Tf 0 g", NeedAppearances=True,
            DR=pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font)),
        )  # fmt: skip
        pdf.save(path)
    codes = find_codes(str(path))["codes"]
    target = tmp_path / "covered.pdf"
    cover_codes(str(path), str(target), codes)
    assert b"4711" not in raw_bytes(target)
    assert darkness(look(target)) > 0.8 * darkness(look(path))


def test_what_cannot_be_flattened(tmp_path: Path) -> None:
    """A broken document is the document's fault; nothing is left behind."""
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.4\n")
    with pytest.raises(BadDocument):
        flatten(str(bad), str(tmp_path / "flat.pdf"))
    good = noted(tmp_path / "letter.pdf", drawn=CODE)
    assert not flatten(str(good), str(tmp_path / "none" / "flat.pdf"))
