"""A received fax as PDF: the fax's own compressed pages, put into another envelope."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from PIL import Image

from faxd.documents import pictures
from faxd.documents.resolution import resolution
from faxd.documents.sheets import FaxSheet, PdfFile, Sheet

# Entries of a page's directory (TIFF 6.0)
_COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 259, 262, 266
_STRIP_OFFSETS, _STRIP_COUNTS, _ORIENTATION = 273, 279, 274
_X_RESOLUTION, _Y_RESOLUTION, _UNIT = 282, 283, 296
_T4_OPTIONS, _BITS, _SAMPLES = 292, 258, 277
_PREDICTABLE_UNITS = {2, 3}
_CENTIMETRE = 3
_HUFFMAN, _GROUP_3, _GROUP_4 = 2, 3, 4
#: of T4Options: two-dimensional
_TWO_DIMENSIONAL = 1
#: of T4Options and T6Options: parts of it may be uncompressed, which PDF does not know
_UNCOMPRESSED = 2
_T6_OPTIONS = 293
_UPRIGHT = 1

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def tiff_to_pdf(source: str, target: str, title: str = "") -> dict[str, Any]:
    """Put a fax into a PDF, pixel by pixel as it came.

    The result has ``pages``, and in ``recompressed`` the numbers of those whose data PDF does not
    know or that are in several strips: they were decoded and compressed again, without loss.

    Raises:
        BadDocument: it is no TIFF, or a page cannot be decoded.
        OSError: it cannot be read, or the PDF not be written.
    """
    recompressed = []
    count = 0
    with (
        pictures.open_picture(source) as picture,
        Path(source).open("rb") as file,
        Path(target).open("wb") as made,
    ):
        pdf = PdfFile(made, title=title)
        for count in pictures.pages(picture):
            sheet = _carried_over(picture, file)
            if sheet is None:
                recompressed.append(count)
                sheet = _recompressed(picture, count)
            pdf.add(sheet)
        pdf.finish()
    return {"pages": count, "recompressed": recompressed}


def _carried_over(picture: Image.Image, file: IO[bytes]) -> Sheet | None:
    """The page with the data that it has; None if a PDF cannot hold them."""
    tags = _tags(picture)
    compression = tags.get(_COMPRESSION)
    offsets, counts = tags.get(_STRIP_OFFSETS, ()), tags.get(_STRIP_COUNTS, ())
    options = tags.get(_T6_OPTIONS if compression == _GROUP_4 else _T4_OPTIONS, 0)
    if (
        compression not in {_HUFFMAN, _GROUP_3, _GROUP_4}
        or picture.mode != "1"
        or tags.get(_ORIENTATION, _UPRIGHT) != _UPRIGHT
        or not isinstance(options, int)
        or options & _UNCOMPRESSED
        or len(offsets) != 1
        or len(counts) != 1
    ):
        return None
    file.seek(offsets[0])
    data = file.read(counts[0])
    if not data or len(data) != counts[0]:
        return None
    if tags.get(_FILL_ORDER) == 2:
        data = data.translate(_REVERSED)
    k = -1
    if compression != _GROUP_4:
        k = 1 if compression == _GROUP_3 and options & _TWO_DIMENSIONAL else 0
    width, height = picture.size
    return FaxSheet(
        width=width,
        height=height,
        dpi=page_resolution(picture),
        data=data,
        k=k,
        byte_align=compression == _HUFFMAN,
        end_of_line=compression == _GROUP_3 and _begins_with_eol(data),
        inverted=tags.get(_PHOTOMETRIC) == 1,
    )


def _recompressed(picture: Image.Image, page: int) -> Sheet:
    """The page decoded and compressed again."""
    dpi = page_resolution(picture)
    return pictures.sheet_of(pictures.decoded(picture, page), dpi)


def page_resolution(picture: Image.Image) -> tuple[float, float]:
    """Pixels per inch of a TIFF's present page, across and down, as it is looked at."""
    tags = _tags(picture)
    unit = tags.get(_UNIT, 2)
    width, height = picture.size
    stated = None
    try:
        if unit in _PREDICTABLE_UNITS:
            stated = (float(tags[_X_RESOLUTION]), float(tags[_Y_RESOLUTION]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        pass
    if stated and tags.get(_ORIENTATION) in {5, 6, 7, 8}:  # Pillow turns the page
        stated = stated[::-1]
    return resolution(width, height, stated, in_cm=unit == _CENTIMETRE)


def _begins_with_eol(data: bytes) -> bool:
    """Whether the first that is not fill is an EOL: eleven zeros and a one, or more zeros."""
    head = int.from_bytes(data[:8].ljust(8, b"\0"))
    return 64 - head.bit_length() >= 11


def _tags(picture: Image.Image) -> Mapping[int, Any]:
    """The directory of the present page."""
    return getattr(picture, "tag_v2", {})
