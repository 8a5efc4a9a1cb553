"""Any document becomes a PDF."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

from faxd.documents import kinds, office
from faxd.documents.errors import BadDocument
from faxd.documents.kinds import Format
from faxd.documents.pdfs import open_pages
from faxd.documents.pictures import too_many_pages
from faxd.words import Words

_UNKNOWN = Words(
    "Die Datei ist kein Dokument, das hier umgewandelt werden kann. Möglich sind PDF, Bilder (PNG,"
    " JPEG, GIF, WebP, BMP, TIFF), Texte, und Dokumente von Word, Excel, PowerPoint und"
    " LibreOffice. Bitte öffnen Sie die Datei, wählen Sie Drucken und als Drucker „Microsoft Print"
    " to PDF“, und legen Sie die PDF-Datei ab.",
    "The file is no document that can be converted here. PDF goes, pictures (PNG, JPEG, GIF, WebP,"
    " BMP, TIFF), texts, and documents of Word, Excel, PowerPoint and LibreOffice. Please open the"
    ' file, choose Print, and "Microsoft Print to PDF" as the printer, and drop the PDF file.',
)


def to_pdf(source: str, name: str, target: str, most_pages: int = 500) -> dict[str, Any]:
    """Write the document as a PDF; ``name`` is what people call it, with its extension.

    What it is is told by its content. The result: ``pages``, and ``by`` whom: ``pdf`` (it was
    one), ``picture``, ``text`` or ``libreoffice``.

    Raises:
        BadDocument: it is none of those, is broken, needs a password, or has too many pages.
        WorkshopError: LibreOffice has failed.
    """
    format = kinds.format_of(Path(source))
    if format is Format.PDF:
        shutil.copyfile(source, target)
        by = "pdf"
    elif format is Format.TEXT:
        from faxd.documents.plaintext import text_to_pdf

        return {"pages": text_to_pdf(source, target, most_pages), "by": "text"}
    elif format is not None and format.is_picture:
        from faxd.documents.picture_pages import picture_to_pdf

        return {"pages": picture_to_pdf(source, target, most_pages), "by": "picture"}
    elif format in office.FORMATS:
        office.office_to_pdf(source, name, target, format)
        by = "libreoffice"
    else:
        raise BadDocument(_UNKNOWN)
    with contextlib.closing(open_pages(target)) as pdf:
        count = len(pdf)
    if count > most_pages:
        raise too_many_pages(most_pages)
    return {"pages": count, "by": by}
