"""What lies on a page without being part of it: text boxes ("typewriter"), stamps, form fields.

People see it and printers print it, but it is not in the page's text. It becomes part of the page
(flattened), so that what is looked for, covered and proven is all that there is to be seen.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
from pypdfium2 import raw

from faxd.documents.apart import survives
from faxd.documents.pdfs import open_pages

#: nothing is drawn of them on paper
_UNSEEN = frozenset({raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP})
#: what people write into a note, plain and formatted
_WRITTEN = (b"Contents", b"RC")
#: more on one page is a drawing
_MAX_NOTES = 2000
#: bytes of one text, in UTF-16
_MAX_BYTES = 20_000
_TAG = re.compile(r"<[^>]*>")


def has_notes(page: pypdfium2.PdfPage) -> bool:
    """Whether there is anything on it that may be seen."""
    return any(raw.FPDFAnnot_GetSubtype(note) not in _UNSEEN for note in _notes(page))


def written_in_notes(page: pypdfium2.PdfPage) -> list[str]:
    """All texts of notes and form fields, also of those that are not seen."""
    texts = []
    for note in _notes(page):
        for key in _WRITTEN:
            text = _text(raw.FPDFAnnot_GetStringValue, note, key)
            texts.append(_TAG.sub("", text) if key == b"RC" else text)
        if page.formenv:
            texts.append(_text(raw.FPDFAnnot_GetFormFieldValue, page.formenv, note))
    return [text for text in texts if text]


def flatten(source: str, target: str) -> bool:
    """Write a PDF whose first page has its notes and fields drawn into it; False if it cannot be.

    Raises:
        BadDocument: it is no sound PDF.
    """
    open_pages(source).close()

    def work() -> bool:
        with contextlib.closing(open_pages(source)) as pdf:
            page = pdf[0]
            # What has no appearance gets one when it is first drawn.
            page.render(scale=0.1)
            if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) != raw.FLATTEN_SUCCESS:
                return False
            pdf.save(target)
        return True

    if survives(work):
        return True
    Path(target).unlink(missing_ok=True)
    return False


def _notes(page: pypdfium2.PdfPage) -> Iterator[Any]:
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), _MAX_NOTES)):
        note = raw.FPDFPage_GetAnnot(page, index)
        if not note:
            continue
        try:
            yield note
        finally:
            raw.FPDFPage_CloseAnnot(note)


def _text(read: Any, *where: Any) -> str:
    """What a function of pdfium writes into a buffer of UTF-16."""
    size = min(read(*where, None, 0), _MAX_BYTES)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    if read(*where, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size) > size:
        return ""  # it is longer than that, and not written
    return buffer.raw.decode("utf-16-le", "replace").rstrip("\0")
