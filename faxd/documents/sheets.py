"""Pages as compressed pictures, and the PDF and TIFF files that are made of them.

The files are written page by page, so that a fax of any length needs the memory of one page, and
hold nothing that changes from one time to the next: no dates, no random identifiers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO, Protocol

#: longest side of a page in PDF 1.x, in points (ISO 32000-1, annex C)
_MAX_POINTS = 14_400
_POINTS_PER_INCH = 72


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page."""

    #: pixels
    width: int
    height: int
    #: pixels per inch, across and down
    dpi: tuple[float, float]
    #: compressed
    data: bytes

    @property
    def points(self) -> tuple[float, float]:
        """Width and height on paper, in points."""
        across, down = self.dpi
        return (
            min(self.width / across * _POINTS_PER_INCH, _MAX_POINTS),
            min(self.height / down * _POINTS_PER_INCH, _MAX_POINTS),
        )

    def coding(self) -> str:
        """Entries of a PDF's image dictionary that say how ``data`` is coded."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class FaxSheet(Sheet):
    """Black and white, coded as faxes are; the first bit of a byte is its most significant one.

    The default is group 4 (T.6) with white as the paper's colour.
    """

    #: as in PDF: below 0 group 4, 0 group 3 one-dimensional, above 0 group 3 two-dimensional
    k: int = -1
    #: every line begins on a byte boundary
    byte_align: bool = False
    #: every line begins with an EOL
    end_of_line: bool = False
    #: what is coded as black is white
    inverted: bool = False

    def coding(self) -> str:
        # Without EndOfBlock the number of rows decides: TIFF leaves RTC and EOFB out as it likes.
        return (
            "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms"
            f" << /K {self.k} /Columns {self.width} /Rows {self.height} /EndOfBlock false"
            f" /EndOfLine {_boolean(self.end_of_line)}"
            f" /EncodedByteAlign {_boolean(self.byte_align)} /BlackIs1 {_boolean(self.inverted)} >>"
        )


@dataclass(frozen=True, kw_only=True)
class PictureSheet(Sheet):
    """Grey or colour with 8 bits a channel, deflated."""

    colour: bool

    def coding(self) -> str:
        space = "/DeviceRGB" if self.colour else "/DeviceGray"
        return f"/ColorSpace {space} /BitsPerComponent 8 /Filter /FlateDecode"


class SheetFile(Protocol):
    """A file that pages are added to."""

    def add(self, sheet: FaxSheet) -> None:
        """Write the next page."""

    def finish(self) -> None:
        """Write the end; a file without pages is none."""


class PdfFile:
    """A PDF with one picture on each page, the page as large as the picture."""

    _CATALOG, _PAGES, _INFO = 1, 2, 3

    def __init__(self, file: IO[bytes], *, title: str = "") -> None:
        self._file = file
        self._title = title
        self._places = {0: 0}
        self._kids: list[int] = []
        file.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")

    def add(self, sheet: Sheet) -> None:
        """Write the next page."""
        page = self._INFO + 1 + 3 * len(self._kids)
        width, height = sheet.points
        self._object(
            page,
            f"<< /Type /Page /Parent {self._PAGES} 0 R /MediaBox [0 0 {width:.3f} {height:.3f}]"
            f" /Contents {page + 1} 0 R /Resources << /XObject << /Page {page + 2} 0 R >> >> >>",
        )
        draw = f"{width:.3f} 0 0 {height:.3f} 0 0 cm /Page Do\n".encode()
        self._object(page + 1, "<< ", draw)
        picture = (
            f"<< /Type /XObject /Subtype /Image /Width {sheet.width} /Height {sheet.height}"
            f" {sheet.coding()} "
        )
        self._object(page + 2, picture, sheet.data)
        self._kids.append(page)

    def finish(self) -> None:
        """Write the end; a file without pages is none."""
        kids = " ".join(f"{kid} 0 R" for kid in self._kids)
        self._object(self._CATALOG, f"<< /Type /Catalog /Pages {self._PAGES} 0 R >>")
        self._object(self._PAGES, f"<< /Type /Pages /Count {len(self._kids)} /Kids [{kids}] >>")
        self._object(self._INFO, f"<< /Producer (faxd) /Title {_text(self._title)} >>")
        table = self._file.tell()
        lines = [b"xref\n0 %d\n0000000000 65535 f \n" % len(self._places)]
        lines += [b"%010d 00000 n \n" % self._places[n] for n in range(1, len(self._places))]
        lines.append(
            b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
            % (len(self._places), self._CATALOG, self._INFO, table)
        )
        self._file.write(b"".join(lines))

    def _object(self, number: int, content: str, stream: bytes | None = None) -> None:
        self._places[number] = self._file.tell()
        self._file.write(f"{number} 0 obj\n{content}".encode())
        if stream is not None:
            self._file.write(b"/Length %d >>\nstream\n" % len(stream))
            self._file.write(stream)
            self._file.write(b"\nendstream")
        self._file.write(b"\nendobj\n")


class TiffFile:
    """A TIFF of fax pages, group 4, one strip a page (TIFF 6.0; RFC 2306 for its entries)."""

    _SHORT, _LONG, _RATIONAL = 3, 4, 5
    _RATIONAL_BYTES = 8

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._pages = 0
        file.write(b"II*\0")
        #: where the place of the next page's directory is to be written
        self._link = file.tell()
        file.write(bytes(4))

    def add(self, sheet: FaxSheet) -> None:
        """Write the next page."""
        strip = self._file.seek(0, 2)
        self._file.write(sheet.data)
        self._file.write(bytes(len(sheet.data) % 2))
        resolutions = self._file.tell()
        for dpi in sheet.dpi:
            self._file.write(struct.pack("<II", round(dpi * 1000), 1000))
        entries = [
            (254, self._LONG, 1, 2),  # a page of many
            (256, self._LONG, 1, sheet.width),
            (257, self._LONG, 1, sheet.height),
            (258, self._SHORT, 1, 1),
            (259, self._SHORT, 1, 4),  # group 4
            (262, self._SHORT, 1, 1 if sheet.inverted else 0),
            (266, self._SHORT, 1, 1),
            (273, self._LONG, 1, strip),
            (277, self._SHORT, 1, 1),
            (278, self._LONG, 1, sheet.height),
            (279, self._LONG, 1, len(sheet.data)),
            (282, self._RATIONAL, 1, resolutions),
            (283, self._RATIONAL, 1, resolutions + self._RATIONAL_BYTES),
            (293, self._LONG, 1, 0),
            (296, self._SHORT, 1, 2),  # inches
        ]
        directory = self._file.tell()
        self._file.write(struct.pack("<H", len(entries)))
        for entry in entries:
            self._file.write(struct.pack("<HHII", *entry))
        end = self._file.tell()
        self._file.write(bytes(4))
        self._file.seek(self._link)
        self._file.write(struct.pack("<I", directory))
        self._link = end
        self._pages += 1

    def finish(self) -> None:
        """Write the end; a file without pages is none."""
        self._file.flush()


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _text(text: str) -> str:
    """A text string of PDF: UTF-16 with its mark, in hexadecimal."""
    return f"<feff{text.encode('utf-16-be', 'replace').hex()}>"
