"""PDFs opened, by pikepdf (their structure) or pdfium (their pages); what is wrong, named."""

from __future__ import annotations

import os
from pathlib import Path

import pikepdf
import pypdfium2
from pypdfium2 import raw

from faxd.documents.errors import BadDocument
from faxd.words import Words

#: more is a catalogue
MAX_PAGES = 2000
#: where something may stand before the header (PDF 1.7, appendix H, note 13)
_WITHIN = 1024

ENCRYPTED = Words(
    "Die PDF-Datei ist mit einem Kennwort geschützt. Bitte öffnen Sie sie, wählen Sie Drucken und"
    " als Drucker „Microsoft Print to PDF“, und legen Sie die neue PDF-Datei ab.",
    "The PDF file is protected by a password. Please open it, choose Print, and"
    ' "Microsoft Print to PDF" as the printer, and drop the new PDF file.',
)
BROKEN = Words(
    "Die PDF-Datei ist beschädigt und lässt sich nicht öffnen. Bitte erstellen Sie sie noch"
    " einmal.",
    "The PDF file is damaged and cannot be opened. Please make it once more.",
)
NO_PAGES = Words(
    "Die PDF-Datei hat keine Seiten. Bitte erstellen Sie sie noch einmal.",
    "The PDF file has no pages. Please make it once more.",
)


def open_structure(source: str) -> pikepdf.Pdf:
    """A PDF whose objects are to be worked on; to be closed.

    Raises:
        BadDocument: it needs a password, is broken, or has no pages or too many.
    """
    with Path(source).open("rb") as file:
        if b"%PDF-" not in file.read(_WITHIN):
            raise BadDocument(BROKEN)
    try:
        pdf = pikepdf.open(source, suppress_warnings=True)
        count = len(pdf.pages)
    except pikepdf.PasswordError:
        raise BadDocument(ENCRYPTED) from None
    except (pikepdf.PdfError, RuntimeError, ValueError, RecursionError):
        raise BadDocument(BROKEN) from None
    _check_count(count)
    return pdf


def open_pages(source: str) -> pypdfium2.PdfDocument:
    """A PDF whose pages are to be read or rendered, forms and notes with them; to be closed.

    Raises:
        BadDocument: as `open_structure`.
        OSError: it cannot be read.
    """
    with Path(source).open("rb"):
        pass  # what cannot be read is no broken document
    # Not by pypdfium2's own way, which asks what a path leads to and opens that by its name: of a
    # descriptor (/proc/self/fd/N) that may be another file by then.
    opened = raw.FPDF_LoadDocument(os.fsencode(source) + b"\0", None)
    if not opened or raw.FPDF_GetPageCount(opened) < 1:
        is_locked = raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD
        if opened:
            raw.FPDF_CloseDocument(opened)
        if is_locked:
            raise BadDocument(ENCRYPTED)
        open_structure(source).close()  # knows more exactly why: pdfium calls no pages broken
        raise BadDocument(BROKEN)
    pdf = pypdfium2.PdfDocument(opened)
    count = len(pdf)
    _check_count(count)
    pdf.init_forms()
    return pdf


def _check_count(count: int) -> None:
    if count == 0:
        raise BadDocument(NO_PAGES)
    if count > MAX_PAGES:
        raise BadDocument(
            Words(
                f"Die PDF-Datei hat {count} Seiten. Erlaubt sind {MAX_PAGES}. Bitte teilen Sie sie"
                " auf.",
                f"The PDF file has {count} pages. Allowed are {MAX_PAGES}. Please split it.",
            )
        )
