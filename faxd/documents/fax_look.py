"""What the recipient of a fax gets: A4, black and white, in the resolution of faxes.

An estimate of what the provider's converter makes of a document: letters and lines keep sharp
edges, what is grey or coloured becomes dots.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from faxd.documents import drawing, kinds, pictures
from faxd.documents.first_page import no_picture, shape_of, stated_resolution
from faxd.documents.kinds import Format
from faxd.documents.pdfs import open_pages
from faxd.documents.sheets import PdfFile, SheetFile, TiffFile

Resolution = Literal["fine", "standard"]

#: pixels of a line (T.4: 1728 on A4), and per inch across
_WIDTH, _ACROSS = 1728, 204.0
#: lines per inch
_DOWN: dict[Resolution, float] = {"fine": 196.0, "standard": 98.0}
#: inches; a line of a fax is a little longer than A4 is wide, and received faxes are to fit
_PAPER = (_WIDTH / _ACROSS, 297 / 25.4)
_POINTS_PER_INCH = 72
_MAX_PAGES = 1000
#: greys lighter and darker than this are white and black: paper that was scanned is no picture
_WHITE, _BLACK = 225, 40


def fax_look(
    source: str,
    target: str,
    resolution: Resolution = "fine",
    as_format: Literal["pdf", "tiff", "png"] = "pdf",
    page: int = 1,
    title: str = "",
) -> dict[str, Any]:
    """Make the fax that becomes of a PDF, a TIFF or a picture.

    As PDF or TIFF it has all pages; as PNG it is the one of that number (from 1), its pixels
    square. The result has the document's ``pages``.

    Raises:
        BadDocument: it is none of those, or cannot be drawn.
        ValueError: there is no such page.
        OSError: it cannot be read, or the fax not be written.
    """
    only = page if as_format == "png" else None
    dpi = (_ACROSS, _DOWN[resolution])
    pages = 0
    with Path(target).open("w+b") as file:
        made: SheetFile = PdfFile(file, title=title) if as_format == "pdf" else TiffFile(file)
        for pages, image in _pages(source, dpi, only):  # noqa: B007  # the last number counts
            if image is None:
                continue
            if as_format == "png":
                file.truncate(0)
                file.seek(0)
                _square(image, dpi).save(file, "PNG", optimize=True)
            else:
                made.add(pictures.fax_sheet(image, dpi))
        if only is not None and not 1 <= only <= pages:
            raise ValueError(f"there is no page {only} of {pages}")
        if only is None:
            made.finish()
    return {"pages": pages}


def _pages(
    source: str, dpi: tuple[float, float], only: int | None
) -> Iterator[tuple[int, Image.Image | None]]:
    """Number and picture of every page; the picture is None for those that are not wanted."""
    format = kinds.format_of(Path(source))
    if format is Format.PDF:
        with contextlib.closing(open_pages(source)) as document:
            for number in range(1, drawing.page_count(document, _MAX_PAGES) + 1):
                image = None
                if only in {None, number}:
                    sheet = drawing.open_page(document, number)
                    image = _of_pdf(sheet, dpi)
                    sheet.close()
                yield number, image
    elif format is not None and format.is_picture:
        with pictures.open_picture(source) as picture:
            for number in pictures.pages(picture, _MAX_PAGES):
                wanted = only in {None, number}
                yield number, _of_picture(picture, number, dpi) if wanted else None
    else:
        raise no_picture()


def _of_pdf(page: Any, dpi: tuple[float, float]) -> Image.Image:
    width, height = (side / _POINTS_PER_INCH for side in page.get_size())
    turned = width > height and width > _PAPER[0]
    shape = (height, width) if turned else (width, height)
    drawn = drawing.draw(page, *_pixels(shape, dpi), turned=turned, smooth=False)
    return _on_paper(_dots(drawn), dpi)


def _of_picture(picture: Image.Image, number: int, dpi: tuple[float, float]) -> Image.Image:
    stated = picture.format == "TIFF" or stated_resolution(picture)
    width, height = shape_of(picture) if stated else _as_on_a_screen(picture)
    image = pictures.decoded(picture, number)
    if width > height and width > _PAPER[0]:
        image = image.transpose(Image.Transpose.ROTATE_270)
        width, height = height, width
    size = _pixels((width, height), dpi)
    if image.mode == "1":
        if image.size != size:
            # What is black and white already must not be dotted a second time.
            grey = image.convert("L").resize(size, Image.Resampling.BOX)
            image = grey.point(_threshold, "1")
        return _on_paper(image, dpi)
    return _on_paper(_dots(image.convert("L").resize(size, Image.Resampling.LANCZOS)), dpi)


def _as_on_a_screen(picture: Image.Image) -> tuple[float, float]:
    """Inches of a picture that states no resolution: 96 dpi, and no larger than the paper."""
    return picture.width / 96, picture.height / 96


def _pixels(shape: tuple[float, float], dpi: tuple[float, float]) -> tuple[int, int]:
    """Pixels of a page of that size in inches, made smaller if it is larger than the paper."""
    scale = min(1.0, _PAPER[0] / shape[0], _PAPER[1] / shape[1])
    paper = _paper(dpi)
    return (
        max(1, min(paper[0], round(shape[0] * scale * dpi[0]))),
        max(1, min(paper[1], round(shape[1] * scale * dpi[1]))),
    )


def _paper(dpi: tuple[float, float]) -> tuple[int, int]:
    return _WIDTH, round(_PAPER[1] * dpi[1])


def _dots(image: Image.Image) -> Image.Image:
    """Grey as dots of black (Floyd and Steinberg); black and white remain as they are."""
    image = image.point(_stretched)
    if not any(image.histogram()[1:255]):  # most pages; and the dots are what takes the time
        return image.convert("1", dither=Image.Dither.NONE)
    return image.convert("1")


def _threshold(grey: int) -> int:
    return 255 if grey >= 128 else 0


_stretched = [
    min(255, max(0, round((grey - _BLACK) * 255 / (_WHITE - _BLACK)))) for grey in range(256)
]


def _on_paper(image: Image.Image, dpi: tuple[float, float]) -> Image.Image:
    """The page at the top of a sheet, in its middle."""
    size = _paper(dpi)
    if image.size == size:
        return image
    paper = Image.new("1", size, 255)
    paper.paste(image, ((size[0] - image.width) // 2, 0))
    return paper


def _square(image: Image.Image, dpi: tuple[float, float]) -> Image.Image:
    """With as many pixels per inch down as across, for screens."""
    return image.resize(
        (image.width, round(image.height * dpi[0] / dpi[1])), Image.Resampling.NEAREST
    )
