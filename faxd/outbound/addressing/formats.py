"""Which documents FAX.de takes or can be made such, by their content; the name it sees. Pure.

TIF, BMP, HTML, DOC, XLS and PDF (section "SendJob", SendFile1..3). The provider goes by the
extension alone, so that must be right whatever the file is called here.
"""

from __future__ import annotations

import re
import unicodedata

from faxd.outbound.addressing.plain import shown
from faxd.outbound.addressing.plan import Refused
from faxd.words import Words

_DOCUMENTS = (".pdf", ".tif", ".tiff", ".bmp", ".html", ".htm", ".doc", ".dot", ".xls", ".xlt")
#: Compound File Binary (MS-CFB): the old Word and Excel, but also PowerPoint and Outlook
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_COMPOUND_DOCUMENTS = {".doc": ".doc", ".dot": ".doc", ".xls": ".xls", ".xlt": ".xls"}
#: beginnings that no text has
BINARY_DOCUMENTS = (b"II*\0", b"MM\0*", _COMPOUND[:4], b"%PDF-")
#: how other files begin, and what people call them
_OTHERS = (
    (b"PK\x03\x04", Words("eine Datei von Word (docx), Excel (xlsx), LibreOffice oder ein ZIP",
                          "a file of Word (docx), Excel (xlsx), LibreOffice, or a ZIP")),
    (_COMPOUND, Words("eine Office-Datei, deren Endung weder .doc noch .xls ist",
                      "an Office file whose extension is neither .doc nor .xls")),
    (b"\xff\xd8\xff", Words("ein Foto (JPEG)", "a photograph (JPEG)")),
    (b"\x89PNG", Words("ein Bild (PNG)", "a picture (PNG)")),
    (b"GIF8", Words("ein Bild (GIF)", "a picture (GIF)")),
    (b"RIFF", Words("ein Bild (WebP) oder ein Ton", "a picture (WebP) or a sound")),
    (b"{\\rtf", Words("ein Text im Format RTF", "a text in the format RTF")),
    (b"%!PS", Words("eine PostScript-Datei", "a PostScript file")),
    (b"\x1b%-12345X", Words("eine Druckdatei", "a print file")),
    (b"II+\0", Words("ein BigTIFF", "a BigTIFF")),
    (b"MM\0+", Words("ein BigTIFF", "a BigTIFF")),
)  # fmt: skip
#: what else goes with LibreOffice on the server, and without
_BY_OFFICE = Words(
    "Dateien von Word, Excel, PowerPoint und LibreOffice",
    "files of Word, Excel, PowerPoint and LibreOffice",
)
_WITHOUT_OFFICE = Words("die alten Formate DOC und XLS", "the old formats DOC and XLS")
#: with LibreOffice, what such a file must be that is refused all the same
_ZIP = Words(
    "ein ZIP oder eine Office-Datei mit unbekannter Endung",
    "a ZIP, or an Office file with an unknown extension",
)
#: pictures that become PDFs
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8")
#: what LibreOffice makes PDFs of, by their extensions: what lies in a ZIP, and in a Compound File
_IN_ZIP = {
    *(".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".pptm", ".odt", ".ods", ".odp"),
}
_IN_COMPOUND = {*_COMPOUND_DOCUMENTS, ".ppt", ".pps"}
_RTF = b"{\\rtf"
_TAG = re.compile(rb"<(?:[!?/]|[a-z][a-z0-9]*[\s/>])", re.IGNORECASE)
_PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
#: a PDF may have something before it (PDF 1.7, appendix H, note 13)
_PDF_WITHIN = 1024
#: where the end of a PDF is looked for: what is behind it is of no interest to anybody, but there
PDF_TAIL = 1 << 16
#: how a PDF ends; that of the first part of one that is made for the web is no end of the whole
_PDF_END, _FIRST_PART = b"%%EOF", re.compile(rb"startxref\s{1,16}0\s{1,16}%%EOF")
_MAX_STEM = 80
_SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
)


def send_name(name: str, head: bytes) -> str:
    """The name that FAX.de gets to see; ``head`` is the document's beginning (4 KiB will do).

    ASCII, no more than 85 characters, with the extension that its content has:
    ``Müller.PDF.tif`` that is a PDF goes as ``Mueller.pdf``.

    Raises:
        Refused: it is no document that FAX.de takes.
    """
    stem, extension = _split(name)
    found = _extension_by_content(extension, head)
    if found is None:
        raise Refused(_not_taken(name, head))
    while stem and extension in _DOCUMENTS:
        name = stem
        stem, extension = _split(name)
    return _safe(name) + found


def needs_pdf(name: str, head: bytes, *, office: bool) -> bool:
    """Whether a document must become a PDF before FAX.de takes it.

    ``office``: LibreOffice is there. What is promised here may still turn out to be broken.

    Raises:
        Refused: it is neither a document that FAX.de takes, nor one that can become a PDF.
    """
    if _extension_by_content(_split(name)[1], head) is not None:
        return False
    if may_be_pdf(name, head, office=office):
        return True
    raise Refused(_not_taken(name, head, office=office))


def may_be_pdf(name: str, head: bytes, *, office: bool) -> bool:
    """Whether a document is a PDF, or can become one here."""
    extension = _split(name)[1]
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    if head.startswith(b"PK\x03\x04"):
        return office and extension in _IN_ZIP
    if head.startswith(_COMPOUND[:4]):
        return office and extension in _IN_COMPOUND
    if head.startswith(_RTF):
        return office
    return _extension_by_content(extension, head) in {".pdf", ".tif", ".bmp"}


def is_pdf(name: str, head: bytes) -> bool:
    """Whether a document is a PDF."""
    return _extension_by_content(_split(name)[1], head) == ".pdf"


def is_cut_pdf(head: bytes, tail: bytes) -> bool:
    """Whether a document begins as a PDF does, and lacks what each ends with (ISO 32000, 7.5.5).

    ``tail``: its last `PDF_TAIL` bytes. Who copied it was cut off, or the disk there is full.
    """
    return b"%PDF-" in head[:_PDF_WITHIN] and _PDF_END not in _FIRST_PART.sub(b"", tail)


def cut_pdf(name: str) -> Words:
    """What is said of such a document."""
    return Words(
        f"Die Datei „{shown(name)}“ ist unvollständig: Das Ende der PDF-Datei fehlt. Wahrscheinlich"
        " ist das Kopieren oder Drucken abgebrochen. Bitte legen Sie sie noch einmal ab.",
        f'The file "{shown(name)}" is not complete: the end of the PDF is missing. Probably copying'
        " or printing was cut off. Please drop it once more.",
    )


def _extension_by_content(extension: str, head: bytes) -> str | None:
    if head.startswith((b"II*\0", b"MM\0*")):
        return ".tif"
    if head.startswith(b"BM") and (extension == ".bmp" or head[6:10] == bytes(4)):
        return ".bmp"
    if head.startswith(_COMPOUND[:4]):
        return _COMPOUND_DOCUMENTS.get(extension)
    if any(head.startswith(magic) for magic, _ in _OTHERS):
        return None
    if _is_html(extension, head):
        return ".html"
    return ".pdf" if b"%PDF-" in head[:_PDF_WITHIN] else None


def _is_html(extension: str, head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"\0" in head or not text.startswith(b"<"):
        return False
    if extension in {".html", ".htm"}:
        return _TAG.match(text) is not None
    # Something may stand before it: <?xml ...?>, or a comment.
    return _PAGE.search(text[:_PDF_WITHIN]) is not None


def _split(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension.casefold()) if dot else (name, "")


def _safe(stem: str) -> str:
    """ASCII letters, digits and what means nothing on any system; never empty."""
    stem = unicodedata.normalize("NFC", stem[:1000]).translate(_SPELT_OUT)
    kept = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^A-Za-z0-9 ()+,=@_-]+", "-", kept)
    return kept[:_MAX_STEM].strip(" -") or "document"


def _not_taken(name: str, head: bytes, *, office: bool = False) -> Words:
    if not head:
        return Words(
            f"Die Datei „{shown(name)}“ ist leer. Bitte speichern Sie sie noch einmal.",
            f'The file "{shown(name)}" is empty. Please save it again.',
        )
    unknown = Words(
        "eine Datei, deren Inhalt zu keinem davon passt", "a file whose content is none of them"
    )
    what = next((words for magic, words in _OTHERS if head.startswith(magic)), unknown)
    if office and head.startswith(b"PK\x03\x04"):
        what = _ZIP
    more = _BY_OFFICE if office else _WITHOUT_OFFICE
    return Words(
        f"Die Datei „{shown(name)}“ kann so nicht versendet werden. Möglich sind PDF, TIF und"
        f" andere Bilder (JPEG, PNG, GIF, WebP, BMP), Texte (.txt), HTML und {more.de}; dies ist"
        f" {what.de}. Bitte öffnen Sie sie, wählen Sie Drucken und als Drucker"
        " „Microsoft Print to PDF“ (oder „Als PDF speichern“), und senden Sie die PDF-Datei.",
        f'The file "{shown(name)}" cannot be sent as it is. PDF, TIF and other pictures (JPEG,'
        f" PNG, GIF, WebP, BMP), texts (.txt), HTML and {more.en} go; this is {what.en}. Please"
        ' open it, choose Print, and "Microsoft Print to PDF" as the printer (or "Save as PDF"),'
        " and send the PDF file.",
    )
