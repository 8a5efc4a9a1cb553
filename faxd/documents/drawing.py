"""Pages of PDFs, drawn with pdfium."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from faxd.documents.pictures import broken_page, too_many_pages

#: pages of more than this many points on a side (5 metres) are no paper
_MAX_POINTS = 14_400


def page_count(document: pypdfium2.PdfDocument, most: int) -> int:
    """Number of its pages.

    Raises:
        BadDocument: there are more than ``most``.
    """
    count = len(document)
    if count > most:
        raise too_many_pages(most)
    return count


def is_encrypted(document: pypdfium2.PdfDocument) -> bool:
    """Whether it is encrypted at all; what could be opened needs no password to be read."""
    return int(pdfium.FPDF_GetSecurityHandlerRevision(document)) != -1


def open_page(document: pypdfium2.PdfDocument, number: int) -> pypdfium2.PdfPage:
    """The page of that number, from 1.

    Raises:
        BadDocument: there is none, or it has no extent.
    """
    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        raise broken_page(number) from None
    width, height = page.get_size()
    if not (0 < width <= _MAX_POINTS and 0 < height <= _MAX_POINTS):
        raise broken_page(number)
    return page


def draw(
    page: pypdfium2.PdfPage,
    width: int,
    height: int,
    *,
    turned: bool = False,
    smooth: bool = True,
) -> Image.Image:
    """The whole page in grey, just as large as asked.

    ``turned`` turns it by a quarter, clockwise. What is not ``smooth`` has no grey at the edges
    of letters and lines.

    Raises:
        MemoryError: there is none for so large a picture.
    """
    flags = pdfium.FPDF_ANNOT
    if not smooth:
        flags |= pdfium.FPDF_RENDER_NO_SMOOTHTEXT | pdfium.FPDF_RENDER_NO_SMOOTHPATH
    try:
        bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_Gray)
    except pypdfium2.PdfiumError:
        raise MemoryError from None
    with contextlib.closing(bitmap):
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        what: tuple[Any, ...] = (bitmap, page, 0, 0, width, height, 1 if turned else 0, flags)
        pdfium.FPDF_RenderPageBitmap(*what)
        if page.formenv:
            pdfium.FPDF_FFLDraw(page.formenv, *what)
        # A copy: the bitmap's own memory goes with it.
        image: Image.Image = bitmap.to_pil().copy()
    return image


def within(size: tuple[float, float], box: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same shape that fits into a box, in whole pixels."""
    scale = min(box[0] / size[0], box[1] / size[1])
    return (
        max(1, min(box[0], math.floor(size[0] * scale + 0.5))),
        max(1, min(box[1], math.floor(size[1] * scale + 0.5))),
    )
