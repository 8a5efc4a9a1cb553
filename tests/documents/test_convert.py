"""Pictures and texts as sheets of A4."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from faxd.documents.convert import to_pdf
from faxd.documents.errors import BadDocument
from tests.documents.paper import darkness, lines, look, make_pdf, read, sizes

PORTRAIT, LANDSCAPE = (595, 842), (842, 595)


def convert(path: Path, name: str = "") -> tuple[dict[str, object], Path]:
    target = path.with_name("converted.pdf")
    return to_pdf(str(path), name or path.name, str(target)), target


def arrow(width: int = 400, height: int = 600) -> Image.Image:
    """White, and black in its upper left quarter: shows how it is turned."""
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height // 2), fill="black")
    return image


def corners(image: Image.Image) -> list[int]:
    """Grey of the quarters' middles, line by line."""
    grey = image.convert("L")
    places = [(x, y) for y in (1, 3) for x in (1, 3)]
    return [int(grey.getpixel((grey.width * x // 4, grey.height * y // 4))) for x, y in places]  # type: ignore[arg-type]


def place_of(path: Path, text: str, *, last: bool = False) -> float:
    """How far from the left a text begins, in points."""
    with contextlib.closing(pypdfium2.PdfDocument(path)) as pdf:
        page = pdf[0].get_textpage()
        whole = page.get_text_range()
        at = whole.rindex(text) if last else whole.index(text)
        return float(page.get_charbox(at, loose=True)[0])


def picture_on(path: Path, page: int = 0) -> Image.Image:
    """The part of a sheet that the picture fills, by what pdfium says of it."""
    with contextlib.closing(pypdfium2.PdfDocument(path)) as pdf:
        (drawn,) = pdf[page].get_objects()
        left, bottom, right, top = (round(value) for value in drawn.get_bounds())
        height = round(pdf[page].get_height())
    return look(path, page).crop((left, height - top, right, height - bottom))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "LA", "P", "CMYK", "I;16"])
@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_pictures(mode: str, format: str, tmp_path: Path) -> None:
    """Of all kinds and all modes they can be of; the whole picture is on the sheet."""
    image = arrow().convert("L").convert("I;16") if mode == "I;16" else arrow().convert(mode)
    path = tmp_path / f"picture.{format.lower()}"
    try:
        image.save(path, format)
    except (OSError, ValueError):
        pytest.skip(f"there is no {format} in {mode}")
    result, target = convert(path)
    assert result == {"pages": 1, "by": "picture"}
    assert sizes(target) == [PORTRAIT]
    shown = picture_on(target)
    # black becomes light where 16 bits are stretched over what is in them
    assert corners(shown)[0] < 60
    assert min(corners(shown)[1:]) > 200
    assert darkness(look(target)) == pytest.approx(0.25 * 300 * 450 / (595 * 842), rel=0.1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_upright(orientation: int, tmp_path: Path) -> None:
    """As the camera was held (EXIF)."""
    turns = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    turn = turns[orientation]
    image = arrow() if turn is None else arrow().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo.jpg"
    image.save(path, exif=exif)
    _, target = convert(path)
    shown = picture_on(target)
    assert shown.size == (400, 600)  # JPEGs are of 72 dpi where they do not say
    assert corners(shown) == pytest.approx([0, 255, 255, 255], abs=10)


@pytest.mark.parametrize(
    ("size", "dpi", "sheet", "shown"),
    [
        ((400, 600), None, PORTRAIT, (300, 450)),  # as on a screen
        ((300, 100), None, PORTRAIT, (225, 75)),
        ((1000, 100), None, LANDSCAPE, (750, 75)),
        ((4000, 6000), None, PORTRAIT, (523, 785)),  # within the margins
        ((6000, 4000), (72, 72), LANDSCAPE, (785, 523)),
        ((1240, 1754), (150, 150), PORTRAIT, (595, 842)),  # a scan of A4, to its edges
        ((1754, 1240), (150, 150), LANDSCAPE, (842, 595)),
        ((600, 600), (300, 300), PORTRAIT, (144, 144)),
        ((600, 300), (200, 100), PORTRAIT, (216, 216)),  # as a fax, finer across
        ((400, 600), (1, 1), PORTRAIT, (300, 450)),  # nonsense
    ],
)
def test_sizes(
    size: tuple[int, int],
    dpi: tuple[int, int] | None,
    sheet: tuple[int, int],
    shown: tuple[int, int],
    tmp_path: Path,
) -> None:
    """No larger than it is, no larger than the sheet, and never squashed."""
    path = tmp_path / "picture.png"
    arrow(*size).save(path, **({"dpi": dpi} if dpi else {}))
    _, target = convert(path)
    assert sizes(target) == [sheet]
    found = picture_on(target)
    assert found.size == pytest.approx(shown, abs=2)
    assert corners(found) == pytest.approx([0, 255, 255, 255], abs=10)


def test_a_large_photograph_becomes_handy(tmp_path: Path) -> None:
    """No more pixels than paper shows, and no more bytes than a mail likes."""
    path = tmp_path / "photo.jpg"
    Image.effect_noise((3000, 4500), 80).convert("RGB").save(path, quality=95)
    _, target = convert(path)
    with pikepdf.open(target) as pdf:
        image = pdf.pages[0].Resources.XObject.Picture
        assert max(int(image.Width), int(image.Height)) <= 3508
        assert image.Filter == "/DCTDecode"
    assert target.stat().st_size < path.stat().st_size / 2


def test_black_and_white_is_carried_over_exactly(tmp_path: Path) -> None:
    """A scanned page keeps each of its pixels."""
    image = (
        Image.effect_noise((1700, 2200), 90).point(lambda value: 255 * (value > 128)).convert("1")
    )
    path = tmp_path / "scan.png"
    image.save(path, dpi=(204, 204))
    _, target = convert(path)
    with pikepdf.open(target) as pdf:
        drawn = pikepdf.PdfImage(pdf.pages[0].Resources.XObject.Picture).as_pil_image()
    assert drawn.convert("1").tobytes() == image.tobytes()


def test_pages_of_a_tiff(tmp_path: Path) -> None:
    """Each becomes a page of the PDF; a GIF that moves does not."""
    frames = [arrow(), arrow().rotate(180), arrow(600, 400)]
    tiff, gif = tmp_path / "scan.tif", tmp_path / "film.gif"
    frames[0].save(tiff, save_all=True, append_images=frames[1:], dpi=(96, 96))
    frames[0].save(gif, save_all=True, append_images=frames[1:])
    result, target = convert(tiff)
    assert result["pages"] == 3
    assert corners(picture_on(target, 0)) == pytest.approx([0, 255, 255, 255], abs=10)
    assert corners(picture_on(target, 1)) == pytest.approx([255, 255, 255, 0], abs=10)
    assert convert(gif)[0]["pages"] == 1
    with pytest.raises(BadDocument, match="2"):
        to_pdf(str(tiff), "scan.tif", str(target), most_pages=2)


def test_transparent_pictures_lie_on_white(tmp_path: Path) -> None:
    """Not on black, as many programs have it."""
    path = tmp_path / "logo.png"
    Image.new("RGBA", (200, 200), (0, 0, 0, 0)).save(path)
    _, target = convert(path)
    assert darkness(look(target)) == 0


@pytest.mark.parametrize("content", [
    b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    b"\xff\xd8\xff\xe0" + b"\0" * 100,
    b"GIF89a" + b"\xff" * 100,
    b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 50,
    b"BM" + b"\xff" * 100,
    b"II*\0\x08\0\0\0" + b"\xff" * 200,
])  # fmt: skip
def test_broken_pictures(content: bytes, tmp_path: Path) -> None:
    """They are the document's fault, and said to be so."""
    path = tmp_path / "picture"
    path.write_bytes(content)
    with pytest.raises(BadDocument):
        convert(path)


def test_pixel_bombs(tmp_path: Path) -> None:
    """A few bytes that would unfold to far more."""
    path = tmp_path / "bomb.png"
    Image.new("1", (8_100, 8_100)).save(path)
    with pytest.raises(BadDocument, match="8100 × 8100"):
        convert(path)


LETTER = "Praxis Dr. Meier\n\nGrüße „aus“ München – 12 € für Łukasz Őry, Жанна und Σωκράτης\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_texts(encoding: str, end: str, tmp_path: Path) -> None:
    """In whatever way they are written down."""
    content = LETTER.replace("\n", end).encode(encoding)
    path = tmp_path / "letter.txt"
    path.write_bytes(b"\xfe\xff" + content if encoding == "utf-16-be" else content)
    result, target = convert(path)
    assert result == {"pages": 1, "by": "text"}
    assert sizes(target) == [PORTRAIT]
    assert read(target).split() == LETTER.split()
    assert 0.001 < darkness(look(target, dpi=150)) < 0.02


def test_old_windows_texts(tmp_path: Path) -> None:
    """Without a mark, and no UTF-8."""
    path = tmp_path / "letter.txt"
    path.write_bytes("Grüße aus Köln – 12 €".encode("cp1252"))
    assert read(convert(path)[1]).strip() == "Grüße aus Köln – 12 €"


def test_fonts_are_embedded(tmp_path: Path) -> None:
    """Whoever gets it sees the same."""
    path = tmp_path / "letter.txt"
    path.write_text(LETTER)
    with pikepdf.open(convert(path)[1]) as pdf:
        fonts = [
            thing
            for thing in pdf.objects
            if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor"
        ]
        assert fonts
        assert all("/FontFile2" in font for font in fonts)


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("Zeile\n" * 58, 1),
        ("Zeile\n" * 59, 2),
        ("eins\fzwei", 2),
        ("eins\n\f\nzwei", 2),
        ("\feins\f", 1),
        ("Wort " * 3000, 4),
        ("x" * 80 * 100, 2),
    ],
)
def test_page_breaks(text: str, pages: int, tmp_path: Path) -> None:
    """Where a page is full, and where the text says so; nothing is lost."""
    path = tmp_path / "letter.txt"
    path.write_text(text)
    result, target = convert(path)
    assert result["pages"] == pages
    found = "".join(read(target, page) for page in range(pages))
    assert "".join(found.split()) == "".join(text.split())


def test_columns_stay_columns(tmp_path: Path) -> None:
    """Blanks and tabs are kept; what needs up to 100 columns is set smaller, not broken."""
    path = tmp_path / "list.txt"
    path.write_text("Artikel\tMenge\n4711\t   12\n" + "x" * 100)
    target = convert(path)[1]
    assert read(target).splitlines()[-1] == "x" * 100
    places = place_of(target, "4711"), place_of(target, "Menge"), place_of(target, "12")
    width = (place_of(target, "xxx", last=True) - places[0]) / 97
    assert (places[1] - places[0]) / width == pytest.approx(8, abs=0.3)
    assert (places[2] - places[0]) / width == pytest.approx(11, abs=0.3)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("שלום".encode(), "characters"),
        ("漢字".encode(), "characters"),
        (b" \r\n \t", "nothing"),
        (b"x" * 5_000_001, "larger than 5 MB"),
        (b"Zeile\n" * 30_000, "500"),
    ],
)
def test_texts_that_are_refused(content: bytes, says: str, tmp_path: Path) -> None:
    """Rather than to send what nobody can read."""
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    with pytest.raises(BadDocument, match=says):
        convert(path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(codec="latin-1"), max_size=300) | st.text(max_size=50))
def test_any_text(text: str, tmp_path: Path) -> None:
    """It is printed or refused; what is printed can be read again."""
    path = tmp_path / "letter.txt"
    path.write_text(text, errors="replace", newline="")
    try:
        result, target = convert(path)
    except BadDocument:
        return
    assert result["pages"] == len(sizes(target))
    letters = {char for char in text if char.isascii() and char.isalnum()}
    assert letters <= set("".join(read(target, page) for page in range(len(sizes(target)))))


def test_a_pdf_is_left_as_it_is(tmp_path: Path) -> None:
    """Byte for byte."""
    path = make_pdf(tmp_path / "letter.pdf", lines("Brief"), lines("Seite zwei"))
    result, target = convert(path)
    assert result == {"pages": 2, "by": "pdf"}
    assert target.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "content", [b"\0\1\2\3" * 100, b"PK\x03\x04" + b"\0" * 100, b"<html>", b""]
)
def test_what_is_no_document(content: bytes, tmp_path: Path) -> None:
    """It is said what goes, and what to do."""
    path = tmp_path / "letter.xyz"
    path.write_bytes(content)
    with pytest.raises(BadDocument, match="Print to PDF"):
        convert(path)
