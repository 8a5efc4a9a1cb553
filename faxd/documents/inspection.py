"""What a document is, and whether it can be sent at all."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from faxd.documents import drawing, kinds, pictures
from faxd.documents.errors import BadDocument
from faxd.documents.kinds import Format
from faxd.documents.pdfs import open_pages
from faxd.words import Words


def inspect(source: str, name: str = "", most_pages: int = 1000) -> dict[str, Any]:
    """Tell what the file is; ``name`` is what people call it, with its extension.

    The result has ``format`` (a value of `kinds.Format`), ``pages`` (None if that cannot be told
    without LibreOffice) and ``encrypted`` (a PDF that can be read without its password, but may
    not be changed).

    Raises:
        BadDocument: it is empty, broken, not what its name says, needs a password, or has no
            or too many pages.
        OSError: it cannot be read.
    """
    path = Path(source)
    if not path.stat().st_size:
        raise BadDocument(
            Words(
                de="Die Datei ist leer. Bitte speichern Sie das Dokument neu.",
                en="The file is empty. Please save the document again.",
            )
        )
    format = kinds.format_of(path)
    if format is None or not kinds.keeps_promise(name or path.name, format):
        raise _not_what_it_says(name or path.name, format)
    result: dict[str, Any] = {"format": format.value, "pages": None, "encrypted": False}
    if format is Format.PDF:
        with contextlib.closing(open_pages(source)) as document:
            result["pages"] = drawing.page_count(document, most_pages)
            drawing.open_page(document, 1).close()
            result["encrypted"] = drawing.is_encrypted(document)
    elif format.is_picture:
        with contextlib.closing(pictures.open_picture(source)) as picture:
            result["pages"] = sum(1 for _ in pictures.pages(picture, most_pages))
    elif format is Format.OLE and kinds.is_encrypted_office(path):
        raise BadDocument(
            Words(
                de="Das Dokument ist mit einem Kennwort geschützt. Bitte speichern Sie es ohne"
                " Kennwort, am besten als PDF.",
                en="The document is protected by a password. Please save it without a password,"
                " best as PDF.",
            )
        )
    return result


#: how people call a format
_CALLED: dict[Format, Words] = {
    Format.PDF: Words("ein PDF", "a PDF"),
    Format.DOCX: Words("ein Word-Dokument", "a Word document"),
    Format.XLSX: Words("eine Excel-Tabelle", "an Excel sheet"),
    Format.PPTX: Words("eine PowerPoint-Datei", "a PowerPoint file"),
    Format.ODT: Words("ein Textdokument von LibreOffice", "a text document of LibreOffice"),
    Format.ODS: Words("eine Tabelle von LibreOffice", "a sheet of LibreOffice"),
    Format.ODP: Words("eine Präsentation von LibreOffice", "a presentation of LibreOffice"),
    Format.OLE: Words("ein älteres Office-Dokument", "an old Office document"),
    Format.RTF: Words("ein RTF-Dokument", "an RTF document"),
    Format.HTML: Words("eine Internetseite (HTML)", "a web page (HTML)"),
    Format.TEXT: Words("reiner Text", "plain text"),
}


def _not_what_it_says(name: str, format: Format | None) -> BadDocument:
    extension = Path(name).suffix[:10] or name[-10:]
    if format is None:
        return BadDocument(
            Words(
                de=f"Der Name endet auf „{extension}“, aber der Inhalt ist kein bekanntes Dokument"
                " oder beschädigt. Bitte speichern Sie es neu, am besten als PDF.",
                en=f'The name ends in "{extension}", but the content is no known document, or'
                " is damaged. Please save it again, best as PDF.",
            )
        )
    upper = format.value.upper()
    called = _CALLED.get(format, Words(f"ein Bild ({upper})", f"a picture ({upper})"))
    return BadDocument(
        Words(
            de=f"Der Name endet auf „{extension}“, der Inhalt ist aber {called.de}. Bitte geben Sie"
            f" der Datei die Endung „.{format.value}“ oder speichern Sie das Dokument neu.",
            en=f'The name ends in "{extension}", but the content is {called.en}. Please end the'
            f' name of the file in ".{format.value}", or save the document again.',
        )
    )
