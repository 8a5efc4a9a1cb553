"""Pictures and TIFF files, opened with Pillow: bounded in pixels, pages and formats."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops, UnidentifiedImageError

from faxd.documents.errors import BadDocument
from faxd.documents.sheets import FaxSheet, PictureSheet, Sheet
from faxd.words import Words

#: what is opened; Pillow knows many more formats, of which no office has ever heard
FORMATS = ("TIFF", "BMP", "PNG", "JPEG", "GIF", "WEBP")
#: A4 in 600 dpi has 35 million, a fax of 5 metres 7 million
MAX_PIXELS = 64_000_000
MAX_PAGES = 10_000

# Checked here, page by page: Pillow looks at the first page only.
Image.MAX_IMAGE_PIXELS = None

#: What Pillow raises on broken data: among others ValueError, KeyError and IndexError where it
#: believes a length or a tag. Everything but what the machine lacks is the document's fault.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)

_GROUP_4 = "group4"
_STRIP_OFFSETS, _STRIP_COUNTS = 273, 279


def open_picture(source: str) -> Image.Image:
    """Open a picture or TIFF at its first page; nothing is decompressed yet.

    Raises:
        BadDocument: it is none, or is broken.
        OSError: the file cannot be read.
    """
    Path(source).stat()
    try:
        return Image.open(source, formats=FORMATS)
    except UnidentifiedImageError:
        raise BadDocument(
            Words(
                de="Die Datei lässt sich nicht als Bild öffnen; vermutlich ist sie beschädigt."
                " Bitte speichern Sie sie neu, am besten als PDF.",
                en="The file cannot be opened as a picture; it is probably damaged."
                " Please save it again, best as PDF.",
            )
        ) from None
    except _BROKEN:
        raise broken_page(1) from None


def pages(picture: Image.Image, most: int = MAX_PAGES) -> Iterator[int]:
    """Go through the pages: ``picture`` is at the one whose number (from 1) is given.

    Only a TIFF has more than one; what moves in a GIF or WebP does not move on paper.

    Raises:
        BadDocument: there are more than ``most``, or one is broken or too large.
    """
    number = 1
    while True:
        check_size(picture, number)
        yield number
        try:
            if picture.format != "TIFF":
                return
            picture.seek(number)
        except EOFError:
            return
        except _BROKEN:
            raise broken_page(number + 1) from None
        number += 1
        if number > most:
            raise too_many_pages(most)


def check_size(picture: Image.Image, page: int) -> None:
    """Refuse a page that would need more memory than a document may.

    Raises:
        BadDocument: it is too large, or has no extent.
    """
    width, height = picture.size
    if width < 1 or height < 1:
        raise broken_page(page)
    if width * height > MAX_PIXELS:
        size = f"{width} × {height}"
        most = MAX_PIXELS // 1_000_000
        raise BadDocument(
            Words(
                de=f"Seite {page} ist mit {size} Bildpunkten zu groß; erlaubt sind {most} Millionen"
                " Bildpunkte. Bitte verkleinern Sie das Bild (600 dpi genügen immer).",
                en=f"Page {page} is too large with {size} pixels; {most} million pixels are"
                " allowed. Please make the picture smaller (600 dpi are always enough).",
            )
        )


def decoded(picture: Image.Image, page: int) -> Image.Image:
    """The present page as "1", "L" or "RGB", what is transparent on white paper.

    Raises:
        BadDocument: it is broken.
    """
    try:
        # A copy: what a page was decoded to would otherwise be kept while the next one is.
        image = picture.copy()
        if image.mode in {"1", "L", "RGB"}:
            return image
        if image.mode in {"I;16", "I;16B", "I;16L", "I", "F"}:
            return _eight_bits(image)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            paper = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(paper, image)
        return image.convert("RGB")
    except _BROKEN:
        raise broken_page(page) from None


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture of more than 8 bits, its range as it is."""
    image = image.convert("F")
    _, high = image.getextrema()
    assert isinstance(high, float)
    scale = 255 / 65535 if high > 255 else 1.0
    return image.point(lambda value: value * scale + 0).convert("L")


def sheet_of(image: Image.Image, dpi: tuple[float, float]) -> Sheet:
    """A page of the picture, without loss: black and white in group 4, others deflated."""
    if image.mode == "1":
        return fax_sheet(image, dpi)
    width, height = image.size
    data = zlib.compress(image.tobytes())
    return PictureSheet(width=width, height=height, dpi=dpi, data=data, colour=image.mode == "RGB")


def fax_sheet(image: Image.Image, dpi: tuple[float, float]) -> FaxSheet:
    """A page of a black and white picture, in group 4."""
    width, height = image.size
    file = io.BytesIO()
    # One strip: each begins its coding anew, and a PDF knows none. Inverted: Pillow writes 0 as
    # black and 1 as white (BlackIsZero), the coding takes 0 for white.
    image = ImageChops.invert(image)
    image.save(file, "TIFF", compression=_GROUP_4, strip_size=1 << 31)
    file.seek(0)
    with Image.open(file, formats=["TIFF"]) as made:
        tags = dict(made.tag_v2)  # type: ignore[attr-defined]
    (offset,), (count,) = tags[_STRIP_OFFSETS], tags[_STRIP_COUNTS]
    data = file.getvalue()[offset : offset + count]
    return FaxSheet(width=width, height=height, dpi=dpi, data=data)


def broken_page(page: int) -> BadDocument:
    """A page that cannot be read."""
    return BadDocument(
        Words(
            de=f"Seite {page} ist beschädigt und lässt sich nicht lesen. Bitte speichern oder"
            " scannen Sie das Dokument neu.",
            en=f"Page {page} is damaged and cannot be read. Please save or scan the document"
            " again.",
        )
    )


def too_many_pages(most: int) -> BadDocument:
    """More pages than are allowed."""
    return BadDocument(
        Words(
            de=f"Das Dokument hat mehr als {most} Seiten; mehr sind nicht erlaubt. Bitte teilen"
            " Sie es auf.",
            en=f"The document has more than {most} pages, which is the most allowed. Please"
            " divide it.",
        )
    )
