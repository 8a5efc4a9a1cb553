"""Pictures of documents: of page one, and of what the recipient of a fax gets."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from faxd.documents import BadDocument
from faxd.documents.fax_look import Resolution, fax_look
from faxd.documents.first_page import first_page
from tests.documents import specimens
from tests.documents.specimens import darkness, drawing, fax, same

_A4_LINES = {"fine": 2292, "standard": 1146}


def _png(path: Path) -> Image.Image:
    with Image.open(path, formats=["PNG"]) as image:
        image.load()
    return image


def _black(image: Image.Image) -> tuple[int, int, int, int]:
    """Where it is black."""
    box = image.convert("L").point(lambda grey: 255 if grey < 128 else 0).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        pytest.param([(595, 842)], (424, 600), id="upright"),
        pytest.param([(842, 595)], (500, 353), id="lying"),
        pytest.param([(595, 842), (100, 100), (100, 100)], (424, 600), id="three pages"),
        pytest.param([(14000, 10)], (500, 1), id="a stripe"),
    ],
)
def test_page_one_of_a_pdf_fits_the_box(
    tmp_path: Path, boxes: list[tuple[float, float]], expected: tuple[int, int]
) -> None:
    source, target = specimens.pdf(tmp_path / "a.pdf", boxes), tmp_path / "a.png"
    told = first_page(str(source), str(target), 500, 600)
    assert told == {
        "pages": len(boxes), "width": expected[0], "height": expected[1], "by": "itself",
    }  # fmt: skip
    assert _png(target).size == expected
    assert _png(target).mode == "L"


def test_page_one_of_a_pdf_shows_what_is_on_it(tmp_path: Path) -> None:
    source, target = specimens.pdf(tmp_path / "a.pdf"), tmp_path / "a.png"
    first_page(str(source), str(target), 595, 842)
    assert _black(_png(target)) == (0, 742, 100, 842)


def test_what_is_filled_into_a_form_is_shown(tmp_path: Path) -> None:
    """The form has no picture of its field's text, as some programs leave it to the viewer."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] /NeedAppearances true"
        b" /DA (/Helv 40 Tf 0 g) /DR << /Font << /Helv 5 0 R >> >> >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [4 0 R] >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (MUSTERMANN) /F 4 /P 3 0 R"
        b" /DA (/Helv 40 Tf 0 g) /Rect [100 400 500 460] >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    source = specimens.raw_pdf(tmp_path / "form.pdf", objects)
    fax_look(str(source), str(tmp_path / "form.png"), as_format="png")
    assert darkness(_png(tmp_path / "form.png")) > 0.002


@pytest.mark.parametrize(("height", "lines"), [(1146, 98), (2292, 196)])
def test_a_fax_is_not_squashed(tmp_path: Path, height: int, lines: int) -> None:
    source = fax(tmp_path / "a.tif", [drawing((1728, height))] * 2, dpi=(204, lines))
    told = first_page(str(source), str(tmp_path / "a.png"), 1000, 1400)
    assert told["pages"] == 2
    assert told["width"] / told["height"] == pytest.approx(210 / 290, rel=0.01)


@pytest.mark.parametrize("suffix", ["bmp", "png", "jpg", "gif", "webp"])
def test_pictures_of_other_formats(tmp_path: Path, suffix: str) -> None:
    image = Image.new("RGB", (300, 200), "white")
    image.paste((0, 0, 0), (100, 50, 200, 150))
    source = tmp_path / f"a.{suffix}"
    image.save(source)
    told = first_page(str(source), str(tmp_path / "a.png"), 150, 150)
    assert told == {"pages": 1, "width": 150, "height": 100, "by": "itself"}
    assert _black(_png(tmp_path / "a.png")) == pytest.approx((50, 25, 100, 75), abs=1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_make(tmp_path: Path, mode: str) -> None:
    source = tmp_path / ("a.tif" if mode in {"CMYK", "PA"} else "a.png")
    Image.new("L", (400, 400), 0).convert("RGB").convert(mode if mode != "I;16" else "L").convert(
        mode
    ).save(source)
    first_page(str(source), str(tmp_path / "b.png"), 100, 100)
    assert darkness(_png(tmp_path / "b.png")) > 0.9
    fax_look(str(source), str(tmp_path / "c.pdf"))


def test_what_is_transparent_is_paper(tmp_path: Path) -> None:
    Image.new("RGBA", (200, 200), (0, 0, 0, 0)).save(tmp_path / "a.png")
    first_page(str(tmp_path / "a.png"), str(tmp_path / "b.png"), 100, 100)
    assert darkness(_png(tmp_path / "b.png")) == 0


@pytest.mark.parametrize("resolution", ["fine", "standard"])
def test_a_fax_is_a4_in_black_and_white(tmp_path: Path, resolution: Resolution) -> None:
    source = specimens.pdf(tmp_path / "a.pdf", [(595, 842), (842, 595), (1191, 1684), (298, 420)])
    told = fax_look(str(source), str(tmp_path / "a.tif"), resolution, "tiff")
    assert told == {"pages": 4}
    with Image.open(tmp_path / "a.tif") as made:
        assert made.n_frames == 4
        for number in range(4):
            made.seek(number)
            assert made.mode == "1"
            assert made.size == (1728, _A4_LINES[resolution])
            assert made.info["dpi"] == pytest.approx((204, _A4_LINES[resolution] / 11.69), rel=0.01)
            assert made.info["compression"] == "group4"


@pytest.mark.parametrize("resolution", ["fine", "standard"])
def test_pages_stand_as_a_printer_would_put_them(tmp_path: Path, resolution: Resolution) -> None:
    """A black square at the lower left of each, of 100 points."""
    boxes = [(595.0, 842.0), (842.0, 595.0), (1191.0, 1684.0), (298.0, 420.0)]
    source = specimens.pdf(tmp_path / "a.pdf", boxes)
    fax_look(str(source), str(tmp_path / "a.pdf.pdf"), resolution)
    with pypdfium2.PdfDocument(tmp_path / "a.pdf.pdf") as made:
        places = [_black(page.render(scale=1).to_pil()) for page in made]
        assert {tuple(map(round, page.get_size())) for page in made} == {(610, 842)}
    margin = (610 - 595) / 2
    for place, expected in zip(
        places,
        [
            (margin, 742, margin + 100, 842),
            (margin, 0, margin + 100, 100),  # turned clockwise: the lower left is upper left
            (margin, 792, margin + 50, 842),  # A2 or A3: made smaller
            (margin + 148, 320, margin + 248, 420),  # A6: as large as it is, at the top
        ],
        strict=True,
    ):
        assert place == pytest.approx(expected, abs=2)


def test_text_is_sharp_and_grey_becomes_dots(tmp_path: Path) -> None:
    grey = b"0.6 g 100 400 400 200 re f\n"
    source = specimens.pdf(tmp_path / "a.pdf", content=grey)
    fax_look(str(source), str(tmp_path / "a.png"), as_format="png")
    image = _png(tmp_path / "a.png")
    assert image.mode == "1"
    scale = 204 / 72
    left = (1728 - 1687) // 2
    inside = image.crop(
        (
            left + round(110 * scale),
            round(250 * scale),
            left + round(490 * scale),
            round(430 * scale),
        )
    )
    assert 0.25 < darkness(inside) < 0.5, "grey of 0.6 is two fifths black, or a little less"
    square = image.crop((left + 3, image.height - round(98 * scale), left + 270, image.height - 3))
    assert darkness(square) == 1


def test_a_fax_stays_as_it_is(tmp_path: Path) -> None:
    """What is black and white, A4 and of that resolution already goes through pixel by pixel."""
    source = fax(tmp_path / "a.tif", [drawing((1728, 2292))], dpi=(204, 196))
    fax_look(str(source), str(tmp_path / "b.tif"), as_format="tiff")
    with Image.open(tmp_path / "b.tif") as made:
        assert same(made, drawing((1728, 2292)))


def test_a_photo_becomes_dots_no_darker_than_it_is(tmp_path: Path) -> None:
    image = Image.linear_gradient("L").resize((1200, 1600))
    image.save(tmp_path / "a.jpg", quality=95, dpi=(150, 150))
    fax_look(str(tmp_path / "a.jpg"), str(tmp_path / "b.png"), as_format="png")
    made = _png(tmp_path / "b.png")
    left = (1728 - 8 * 204) // 2
    assert darkness(made.crop((0, 0, left - 2, made.height))) == 0
    photo = made.crop((left, 0, left + 8 * 204, round(1600 / 150 * 204)))
    assert darkness(photo) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("as_format", ["pdf", "tiff"])
def test_the_same_document_gives_the_same_bytes(tmp_path: Path, as_format: str) -> None:
    source = specimens.pdf(tmp_path / "a.pdf")
    for name in ("one", "two"):
        fax_look(str(source), str(tmp_path / name), as_format=as_format)  # type: ignore[arg-type]
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_one_page_as_a_picture(tmp_path: Path) -> None:
    source = fax(tmp_path / "a.tif", [drawing(number=1), drawing(number=2)])
    told = fax_look(str(source), str(tmp_path / "b.png"), "standard", "png", page=2)
    assert told == {"pages": 2}
    assert _png(tmp_path / "b.png").size == (1728, 2386)
    with pytest.raises(ValueError, match="no page 3 of 2"):
        fax_look(str(source), str(tmp_path / "b.png"), "standard", "png", page=3)


@pytest.mark.parametrize("box", [(0, 100), (100, -1), (100, 100_000)])
def test_a_box_that_is_none(tmp_path: Path, box: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a picture of"):
        first_page(str(specimens.pdf(tmp_path / "a.pdf")), str(tmp_path / "b.png"), *box)


def test_a_bomb_of_pixels_is_refused(tmp_path: Path) -> None:
    """A PNG of 120 kilobytes that would need 900 megabytes."""
    Image.new("L", (30_000, 30_000), 255).save(tmp_path / "a.png", optimize=False)
    for work in (
        lambda: first_page(str(tmp_path / "a.png"), str(tmp_path / "b.png"), 100, 100),
        lambda: fax_look(str(tmp_path / "a.png"), str(tmp_path / "b.pdf")),
    ):
        with pytest.raises(BadDocument, match="30000 × 30000 pixels"):
            work()


def test_what_is_no_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Guten Tag")
    with pytest.raises(BadDocument, match="neither a PDF nor a picture"):
        first_page(str(tmp_path / "a.txt"), str(tmp_path / "b.png"), 100, 100)


@pytest.mark.parametrize("kind", ["JBIG2Decode", "JPXDecode", "DCTDecode", "CCITTFaxDecode"])
def test_garbage_for_a_picture_leaves_the_rest_of_the_page(tmp_path: Path, kind: str) -> None:
    source = specimens.pdf(tmp_path / "a.pdf")
    with pikepdf.open(source, allow_overwriting_input=True) as made:
        garbage = made.make_stream(
            b"\x97JB2\r\n\x1a\n" + bytes(range(256)) * 20,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=60_000,
            Height=60_000,
            BitsPerComponent=8,
            ColorSpace=pikepdf.Name.DeviceGray,
            Filter=pikepdf.Name(f"/{kind}"),
        )
        page = made.pages[0]
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=garbage))
        page.contents_add(made.make_stream(b"q 100 0 0 100 300 300 cm /P Do Q"))
        made.save()
    first_page(str(source), str(tmp_path / "b.png"), 595, 842)
    assert darkness(_png(tmp_path / "b.png").crop((0, 742, 100, 842))) > 0.98
