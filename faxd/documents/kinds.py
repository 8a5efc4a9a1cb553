"""What a file is, by its content and by its name. Pure but for reading."""

from __future__ import annotations

import zipfile
from enum import Enum
from pathlib import Path, PurePosixPath


class Format(Enum):
    """Formats that are told apart; the value is the usual extension."""

    PDF = "pdf"
    TIFF = "tif"
    BMP = "bmp"
    PNG = "png"
    JPEG = "jpg"
    GIF = "gif"
    WEBP = "webp"
    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    ODT = "odt"
    ODS = "ods"
    ODP = "odp"
    OLE = "doc"  # Word, Excel or PowerPoint up to 2003: they look the same from outside
    RTF = "rtf"
    HTML = "html"
    TEXT = "txt"

    @property
    def is_picture(self) -> bool:
        """Whether Pillow opens it."""
        return self in _PICTURES


_PICTURES = {Format.TIFF, Format.BMP, Format.PNG, Format.JPEG, Format.GIF, Format.WEBP}

#: what an extension promises, as far as more than one can be kept
_PROMISES: dict[str, frozenset[Format]] = {
    **{format.value: frozenset({format}) for format in Format},
    "tiff": frozenset({Format.TIFF}),
    "jpeg": frozenset({Format.JPEG}),
    "htm": frozenset({Format.HTML, Format.TEXT}),
    "html": frozenset({Format.HTML, Format.TEXT}),
    # Word saves RTF, HTML and DOCX under the old name, and opens them.
    "doc": frozenset({Format.OLE, Format.RTF, Format.HTML, Format.DOCX}),
    "xls": frozenset({Format.OLE, Format.HTML, Format.XLSX, Format.TEXT}),
    "ppt": frozenset({Format.OLE, Format.PPTX}),
    "txt": frozenset({Format.TEXT, Format.HTML, Format.RTF}),
}

_HEAD = 4096
#: the header of a PDF may stand a little after the beginning (ISO 32000-1, annex H)
_PDF_WITHIN = 1024
_MARKS: tuple[tuple[bytes, Format], ...] = (
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"II+\0", Format.TIFF),
    (b"MM\0+", Format.TIFF),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"BM", Format.BMP),
    (b"{\\rtf", Format.RTF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format.OLE),
)
_IN_ZIP = {"word/": Format.DOCX, "xl/": Format.XLSX, "ppt/": Format.PPTX}
_ODF = {
    b"application/vnd.oasis.opendocument.text": Format.ODT,
    b"application/vnd.oasis.opendocument.spreadsheet": Format.ODS,
    b"application/vnd.oasis.opendocument.presentation": Format.ODP,
}
_MAX_NAMES = 10_000
#: stream of an encrypted DOCX, XLSX or PPTX (MS-OFFCRYPTO 2.3.4.4); names are UTF-16
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")


def format_of(path: Path) -> Format | None:
    """What the file is by its content; None if it is none of those.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for mark, format in _MARKS:
        if head.startswith(mark):
            return format
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(path)
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return Format.PDF
    if not head or (b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))):
        return None
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return Format.HTML if text.startswith((b"<!doctype html", b"<html")) else Format.TEXT


def keeps_promise(name: str, format: Format) -> bool:
    """Whether a file of that name may have that content; a name that promises nothing is kept."""
    extension = PurePosixPath(name.replace("\\", "/")).suffix.lower().removeprefix(".")
    promised = _PROMISES.get(extension)
    return promised is None or format in promised


def is_encrypted_office(path: Path) -> bool:
    """Whether an OLE file holds an encrypted DOCX, XLSX or PPTX.

    Raises:
        OSError: it cannot be read.
    """
    kept = b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if _ENCRYPTED_PACKAGE in kept + block:
                return True
            kept = block[-len(_ENCRYPTED_PACKAGE) :]
    return False


def _in_zip(path: Path) -> Format | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:_MAX_NAMES]
            if "mimetype" in names:
                with archive.open("mimetype") as file:
                    return _ODF.get(file.read(100).strip())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, KeyError):
        return None
    for beginning, format in _IN_ZIP.items():
        if any(name.startswith(beginning) for name in names):
            return format
    return None
