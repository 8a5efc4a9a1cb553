"""What the provider's converter makes of a document: accepted or not, and how many pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from faxd.simulator import tiff
from faxd.simulator.streams import FromFile, InMemory, Stream

NOT_SUPPORTED = -6
NOT_CONVERTIBLE = -7
PROTECTED = -14
CONVERSION_FAILED = 58

#: How a file of that extension begins; an empty list means that anything goes. The document
#: names TIF, BMP, HTML, DOC, XLS and PDF; their usual spellings are taken as well.
_BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    ".tif": (b"II*\0", b"MM\0*"),
    ".tiff": (b"II*\0", b"MM\0*"),
    ".bmp": (b"BM",),
    ".html": (),
    ".htm": (),
    ".doc": (b"\xd0\xcf\x11\xe0",),
    ".xls": (b"\xd0\xcf\x11\xe0",),
    ".pdf": (b"%PDF-",),
}

_PDF_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_OVERLAP = 64


@dataclass(frozen=True)
class Document:
    """A file of a job. `path` is None unless the server was told to keep contents."""

    name: str
    size: int
    sha256: str
    path: Path | None = None


@dataclass(frozen=True)
class Verdict:
    """The converter's word: a return code of SendJob (0 is good) and the pages."""

    code: int
    pages: int = 0


def examine(name: str, path: Path) -> Verdict:
    """Judge a document by the extension of its name and by its content."""
    extension = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if extension not in _BEGINNINGS:
        return Verdict(NOT_SUPPORTED)
    beginnings = _BEGINNINGS[extension]
    with path.open("rb") as file:
        head = file.read(16)
        sound = head.startswith(beginnings) if beginnings else b"\0" not in head
        if not sound:
            return Verdict(NOT_CONVERTIBLE)
        if extension in (".tif", ".tiff"):
            file.seek(0)
            try:
                return Verdict(0, tiff.count_pages(file))
            except ValueError:
                return Verdict(CONVERSION_FAILED)
    if extension == ".pdf":
        pages, protected = _scan_pdf(FromFile(path))
        return Verdict(PROTECTED) if protected else Verdict(0, max(pages, 1))
    return Verdict(0, 1)


def _scan_pdf(source: Stream) -> tuple[int, bool]:
    """Count page objects that stand in the open, and see whether the file is encrypted."""
    pages, protected, kept = 0, False, b""
    for piece in source.pieces():
        block = kept + piece
        protected = protected or b"/Encrypt" in block
        # A match that ends in the last bytes is left for the next round, which sees it whole.
        limit = max(len(block) - _OVERLAP, 0)
        pages += sum(match.start() < limit for match in _PDF_PAGE.finditer(block))
        kept = block[limit:]
    return pages + len(_PDF_PAGE.findall(kept)), protected


def pages_of_image(image: Stream) -> int:
    """Count the pages of a received fax; 1 when it is no TIFF that can be counted."""
    known = getattr(image, "pages", None)
    if isinstance(known, int):
        return known
    if isinstance(image, FromFile):
        with image.path.open("rb") as file:
            return _count_or_one(file)
    # Bytes are in memory already; a foreign stream of unknown make is not worth reading.
    if isinstance(image, InMemory):
        return _count_or_one(BytesIO(image.content))
    return 1


def _count_or_one(file: BinaryIO) -> int:
    try:
        return tiff.count_pages(file)
    except ValueError:
        return 1
