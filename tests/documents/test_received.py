"""A received fax as PDF, read back by pdfium and qpdf: every pixel, and the size on paper."""

from __future__ import annotations

import zlib
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from faxd.documents import BadDocument
from faxd.documents.pictures import fax_sheet
from faxd.documents.received import tiff_to_pdf
from faxd.documents.resolution import resolution
from faxd.documents.sheets import TiffFile
from tests.documents import specimens
from tests.documents.specimens import drawing, fax, picture_on, same


@pytest.mark.parametrize("coding", specimens.CODINGS)
def test_every_coding_arrives_pixel_by_pixel(tmp_path: Path, coding: str) -> None:
    source = fax(tmp_path / "fax.tif", [drawing()], coding)
    told = tiff_to_pdf(str(source), str(tmp_path / "fax.pdf"))
    carried = coding in specimens.CARRIED
    assert told == {"pages": 1, "recompressed": [] if carried else [1]}
    with pypdfium2.PdfDocument(tmp_path / "fax.pdf") as made:
        assert same(picture_on(made[0]), drawing())


@pytest.mark.parametrize("coding", ["group 4", "group 3", "group 3, two-dimensional", "Huffman"])
def test_the_data_are_the_fax_s_own(tmp_path: Path, coding: str) -> None:
    source = fax(tmp_path / "fax.tif", [drawing()], coding)
    tiff_to_pdf(str(source), str(tmp_path / "fax.pdf"))
    with pikepdf.open(tmp_path / "fax.pdf") as made:
        assert made.check_pdf_syntax() == []
        (picture,) = made.pages[0].images.values()
        assert picture.read_raw_bytes() in source.read_bytes()


@pytest.mark.parametrize("coding", ["group 4", "group 3", "group 3, two-dimensional", "LZW"])
def test_several_strips_become_one(tmp_path: Path, coding: str) -> None:
    source = fax(tmp_path / "fax.tif", [drawing()], coding, strip_size=8192)
    told = tiff_to_pdf(str(source), str(tmp_path / "fax.pdf"))
    assert told == {"pages": 1, "recompressed": [1]}
    with pypdfium2.PdfDocument(tmp_path / "fax.pdf") as made:
        assert same(picture_on(made[0]), drawing())


@pytest.mark.parametrize("photometric", [0, 1])
def test_black_is_black_whichever_way_it_is_coded(tmp_path: Path, photometric: int) -> None:
    source = fax(tmp_path / "fax.tif", [drawing()], entries={262: photometric})
    tiff_to_pdf(str(source), str(tmp_path / "fax.pdf"))
    with Image.open(source) as read, pypdfium2.PdfDocument(tmp_path / "fax.pdf") as made:
        assert same(picture_on(made[0]), read)


def test_a_page_that_is_turned_is_turned(tmp_path: Path) -> None:
    source = fax(tmp_path / "fax.tif", [drawing()], dpi=(204, 98), entries={274: 6})
    told = tiff_to_pdf(str(source), str(tmp_path / "fax.pdf"))
    assert told["recompressed"] == [1]
    with pypdfium2.PdfDocument(tmp_path / "fax.pdf") as made:
        assert same(picture_on(made[0]), drawing().transpose(Image.Transpose.ROTATE_270))
        width, height = made[0].get_size()
        assert (width, height) == pytest.approx((1146 / 98 * 72, 1728 / 204 * 72), abs=1)


def test_pages_keep_their_order_and_each_its_size(tmp_path: Path) -> None:
    """Three resolutions in one fax; on paper all are A4."""
    pages = [drawing((1728, 1146), 1), drawing((1728, 2292), 2), drawing((1728, 4573), 3)]
    down = [98, 196, 391]
    source = tmp_path / "fax.tif"
    # Not by Pillow, which gives all pages the resolution of the first.
    with source.open("w+b") as file:
        tiff = TiffFile(file)
        for page, lines in zip(pages, down, strict=True):
            tiff.add(fax_sheet(page, (204, lines)))
        tiff.finish()
    assert tiff_to_pdf(str(source), str(tmp_path / "fax.pdf")) == {"pages": 3, "recompressed": []}
    with pypdfium2.PdfDocument(tmp_path / "fax.pdf") as made:
        for page, drawn in zip(made, pages, strict=True):
            assert page.get_size() == pytest.approx((609.9, 842), abs=1.5)
            assert same(picture_on(page), drawn)


def test_colour_stays_colour(tmp_path: Path) -> None:
    colour = Image.new("RGB", (850, 1100), (10, 200, 30))
    colour.save(tmp_path / "fax.tif", compression="tiff_lzw", dpi=(100, 100))
    told = tiff_to_pdf(str(tmp_path / "fax.tif"), str(tmp_path / "fax.pdf"))
    assert told["recompressed"] == [1]
    with pypdfium2.PdfDocument(tmp_path / "fax.pdf") as made:
        assert made[0].get_size() == pytest.approx((612, 792))
        assert made[0].render(scale=0.1).to_pil().getpixel((5, 5)) == (10, 200, 30)


def test_the_same_fax_gives_the_same_bytes_with_its_title(tmp_path: Path) -> None:
    source = fax(tmp_path / "fax.tif", [drawing(), drawing(number=2)])
    for name in ("one", "two"):
        tiff_to_pdf(str(source), str(tmp_path / name), title="Fax von Müller – 24.11. (1)\\")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with pikepdf.open(tmp_path / "one") as made:
        assert made.docinfo["/Title"] == "Fax von Müller – 24.11. (1)\\"
        assert "/CreationDate" not in made.docinfo


@pytest.mark.parametrize(
    ("size", "stated", "in_cm", "expected"),
    [
        pytest.param((1728, 1146), (204, 98), False, (204, 98), id="standard"),
        pytest.param((1728, 2292), (204, 196), False, (204, 196), id="fine"),
        pytest.param((1728, 1146), (80.31, 38.58), True, (204, 98), id="per centimetre"),
        pytest.param((2592, 3508), (300, 300), False, (300, 300), id="300 dpi"),
        pytest.param((1728, 1146), None, False, (204, 98), id="none: standard"),
        pytest.param((1728, 2100), None, False, (204, 196), id="none, a short page: fine"),
        pytest.param((1728, 4573), None, False, (204, 391), id="none: superfine"),
        pytest.param((2592, 3508), None, False, (300, 300), id="none: 300 dpi"),
        pytest.param((2048, 2700), None, False, (204, 196), id="none: B4"),
        pytest.param((2432, 1622), None, False, (204, 98), id="none: A3"),
        pytest.param((1728, 2292), (0, 0), False, (204, 196), id="zero"),
        pytest.param((1728, 2292), (1, 1), False, (204, 196), id="one"),
        pytest.param((1728, 2292), (72, 72), False, (204, 196), id="of a screen"),
        pytest.param((1728, 2292), (204, 1), False, (204, 196), id="half of it"),
        pytest.param((1654, 2339), None, False, (200, 200), id="none, an odd width: A4"),
    ],
)
def test_resolution(
    size: tuple[int, int],
    stated: tuple[float, float] | None,
    in_cm: bool,
    expected: tuple[float, float],
) -> None:
    assert resolution(*size, stated, in_cm=in_cm) == pytest.approx(expected, rel=0.01)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    width=st.integers(1, 100_000),
    height=st.integers(1, 1_000_000),
    stated=st.none() | st.tuples(st.floats(), st.floats()),
    in_cm=st.booleans(),
)
def test_resolution_is_always_one(
    width: int, height: int, stated: tuple[float, float] | None, in_cm: bool
) -> None:
    across, down = resolution(width, height, stated, in_cm=in_cm)
    assert across > 0
    assert down > 0


@pytest.mark.parametrize("missing", [True, False])
def test_a_fax_without_resolution_is_not_squashed(tmp_path: Path, missing: bool) -> None:
    source = fax(tmp_path / "fax.tif", [drawing()], dpi=None if missing else (1, 1))
    tiff_to_pdf(str(source), str(tmp_path / "fax.pdf"))
    with pypdfium2.PdfDocument(tmp_path / "fax.pdf") as made:
        assert made[0].get_size() == pytest.approx((609.9, 842), abs=1)


#: Pillow warns of what it cannot read; the child that does this says nothing
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

_GROUP_4_PAGE = {256: 1728, 257: 100, 258: 1, 259: 4, 262: 0, 273: 8, 277: 1, 278: 100, 279: 64}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({256: 1 << 30, 257: 1 << 30}, id="a bomb of pixels"),
        pytest.param({257: 0}, id="no height"),
        pytest.param({273: 1 << 31, 279: 1 << 30}, id="strips outside of the file"),
        pytest.param({259: 7}, id="JPEG that is none"),
        pytest.param({259: 34712}, id="JPEG 2000"),
        pytest.param({259: 65000}, id="a coding that nobody knows"),
        pytest.param({259: 5}, id="LZW that is none"),
    ],
)
def test_hostile_pages_are_refused(tmp_path: Path, changed: dict[int, int]) -> None:
    source = specimens.tiff_of(tmp_path / "fax.tif", [_GROUP_4_PAGE, {**_GROUP_4_PAGE, **changed}])
    with pytest.raises(BadDocument) as bad:
        tiff_to_pdf(str(source), str(tmp_path / "fax.pdf"))
    assert bad.value.words.de.startswith("Seite 2 ")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=300))
def test_what_begins_like_a_tiff_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("tiff")
    (folder / "fax.tif").write_bytes(b"II*\0\x08\0\0\0" + data)
    try:
        tiff_to_pdf(str(folder / "fax.tif"), str(folder / "fax.pdf"))
    except BadDocument as error:
        assert error.words.de and error.words.en


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cut=st.integers(0, 2000), at=st.integers(0, 2000), value=st.integers(0, 255))
def test_a_damaged_fax_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, cut: int, at: int, value: int
) -> None:
    folder = tmp_path_factory.mktemp("tiff")
    source = fax(folder / "fax.tif", [drawing((200, 100)), drawing((200, 100))], "LZW")
    data = bytearray(source.read_bytes())
    data[at % len(data)] = value
    source.write_bytes(data[: max(8, len(data) - cut)])
    try:
        tiff_to_pdf(str(source), str(folder / "fax.pdf"))
    except BadDocument as error:
        assert error.words.de and error.words.en


def test_more_pages_than_a_fax_has_are_refused(tmp_path: Path) -> None:
    source = specimens.tiff_of(tmp_path / "fax.tif", [_GROUP_4_PAGE] * 10_001)
    with pytest.raises(BadDocument, match="more than 10000 pages"):
        tiff_to_pdf(str(source), str(tmp_path / "fax.pdf"))


def test_pages_in_a_ring_end(tmp_path: Path) -> None:
    source = specimens.tiff_of(tmp_path / "fax.tif", [_GROUP_4_PAGE])
    data = bytearray(source.read_bytes())
    data[-4:] = data[4:8]
    source.write_bytes(data)
    assert tiff_to_pdf(str(source), str(tmp_path / "fax.pdf"))["pages"] == 1


def test_no_tiff_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fax.tif").write_bytes(zlib.compress(b"something else"))
    with pytest.raises(BadDocument, match="cannot be opened as a picture"):
        tiff_to_pdf(str(tmp_path / "fax.tif"), str(tmp_path / "fax.pdf"))
