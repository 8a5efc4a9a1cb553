"""A picture of the first page of a document."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from faxd.documents import drawing, kinds, office, pictures
from faxd.documents.errors import BadDocument
from faxd.documents.kinds import Format
from faxd.documents.pdfs import open_pages
from faxd.documents.received import page_resolution
from faxd.words import Words

_MAX_SIDE = 6000
#: FAX.de takes some of these itself, and prints them its own way
_PRINTED = office.FORMATS | {Format.HTML}


def first_page(source: str, target: str, width: int, height: int, name: str = "") -> dict[str, Any]:
    """Draw page one of a document into a grey PNG that fits a box (pixels).

    PDF, TIFF and pictures are drawn as they are; what LibreOffice opens, web pages too, as it
    prints them where it is installed. ``name`` is what people call the document.

    The result has ``pages`` of the document, the ``width`` and ``height`` of the picture, and
    ``by``: ``libreoffice``, or ``itself``.

    Raises:
        BadDocument: it is none of those, or cannot be drawn.
        WorkshopError: LibreOffice has failed.
        OSError: it cannot be read, or the picture not be written.
        ValueError: the box is none.
    """
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise ValueError(f"a picture of {width} x {height}")
    box = (width, height)
    format, by = kinds.format_of(Path(source)), "itself"
    if format is Format.PDF:
        image, pages = _of_pdf(source, box)
    elif format is not None and format in _PRINTED and office.is_installed():
        with tempfile.TemporaryDirectory(prefix="printed-") as folder:
            printed = str(Path(folder) / "printed.pdf")
            office.office_to_pdf(source, name, printed, format)
            image, pages = _of_pdf(printed, box)
        by = "libreoffice"
    elif format is not None and format.is_picture:
        image, pages = _of_picture(source, box)
    else:
        raise no_picture()
    image.save(target, "PNG", optimize=True)
    return {"pages": pages, "width": image.width, "height": image.height, "by": by}


def _of_pdf(source: str, box: tuple[int, int]) -> tuple[Image.Image, int]:
    with contextlib.closing(open_pages(source)) as document:
        page = drawing.open_page(document, 1)
        return drawing.draw(page, *drawing.within(page.get_size(), box)), len(document)


def _of_picture(source: str, box: tuple[int, int]) -> tuple[Image.Image, int]:
    with pictures.open_picture(source) as picture:
        image, pages = None, 0
        for pages in pictures.pages(picture):  # noqa: B007  # the last number counts
            if image is None:
                shape = shape_of(picture)
                whole = pictures.decoded(picture, 1).convert("L")
                image = whole.resize(drawing.within(shape, box), Image.Resampling.BOX)
    assert image is not None
    return image, pages


def shape_of(picture: Image.Image) -> tuple[float, float]:
    """Width and height of the present page on paper (inches); a fax's lines are not square."""
    if picture.format == "TIFF":
        across, down = page_resolution(picture)
    else:
        across, down = stated_resolution(picture) or (1, 1)
    return picture.width / across, picture.height / down


def stated_resolution(picture: Image.Image) -> tuple[float, float] | None:
    """Pixels per inch that a picture states; None if it does not, or nothing that can be."""
    try:
        across, down = (float(value) for value in picture.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not (30 <= across <= 5000 and 30 <= down <= 5000 and 1 / 5 < across / down < 5):
        return None
    return across, down


def no_picture() -> BadDocument:
    """A file that pages cannot be drawn of."""
    return BadDocument(
        Words(
            de="Von dieser Datei lässt sich kein Bild machen, weil sie weder ein PDF noch ein"
            " Bild ist. Bitte speichern Sie das Dokument als PDF.",
            en="No picture can be made of this file, as it is neither a PDF nor a picture."
            " Please save the document as PDF.",
        )
    )
