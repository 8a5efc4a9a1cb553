"""Plain text on sheets of A4, as a typewriter would do it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from faxd.documents.errors import BadDocument
from faxd.documents.pictures import too_many_pages
from faxd.documents.typesetting import Face, load_fonts
from faxd.words import Words

#: points
_WIDTH, _HEIGHT = 595.276, 841.89
_MARGIN = 56.7  # 20 mm
#: Characters in a line: text files are written for 80. Where the longest line has a few more, all
#: are made smaller, as far as that can be read on a fax; else what is longer is broken.
_COLUMNS = 80
_MAX_COLUMNS = 100
_LEADING = 1.25
_TAB = 8
_MAX_BYTES = 5_000_000
#: stands for signs that the font lacks
_BOX = "□"
#: written from right to left, which this typewriter does not do
_LEFTWARD = frozenset({"R", "AL"})


def text_to_pdf(source: str, target: str, most_pages: int) -> int:
    """Write a text file as a PDF, and return the number of its pages.

    Raises:
        BadDocument: it is too long, no text, or in letters that the font does not have.
    """
    load_fonts()
    lines = [_typed(line) for line in _read(Path(source)).split("\n")]
    longest = max(len(line.replace("\f", "")) for line in lines)
    columns = longest if _COLUMNS < longest <= _MAX_COLUMNS else _COLUMNS
    advance = pdfmetrics.stringWidth("x", Face.MONO.value, 1)
    size = (_WIDTH - 2 * _MARGIN) / (columns * advance)
    per_page = int((_HEIGHT - 2 * _MARGIN) / (size * _LEADING))
    canvas = Canvas(target, pagesize=(_WIDTH, _HEIGHT), invariant=True, pageCompression=1)
    canvas.setTitle("")
    count = 0
    for page in _pages(lines, columns, per_page):
        count += 1
        if count > most_pages:
            raise too_many_pages(most_pages)
        text = canvas.beginText(_MARGIN, _HEIGHT - _MARGIN - size)
        text.setFont(Face.MONO.value, size, leading=size * _LEADING)
        for line in page:
            text.textLine(line)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return count


def _read(path: Path) -> str:
    """UTF-8 or UTF-16 with its mark, UTF-8, or Windows-1252, as Windows programs write."""
    if path.stat().st_size > _MAX_BYTES:
        raise BadDocument(
            Words(
                f"Die Textdatei ist größer als {_MAX_BYTES // 1_000_000} MB. Bitte kürzen Sie sie,"
                " oder drucken Sie sie als PDF.",
                f"The text file is larger than {_MAX_BYTES // 1_000_000} MB. Please shorten it, or"
                " print it as PDF.",
            )
        )
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    # A form feed may share its line with text.
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\f").rstrip()
    text = unicodedata.normalize("NFC", re.sub("\n?\f\n?", "\n\f\n", text))
    if not text.strip():
        raise BadDocument(
            Words(
                "In der Textdatei steht nichts. Bitte speichern Sie den Text noch einmal.",
                "There is nothing in the text file. Please save the text again.",
            )
        )
    return text


def _typed(line: str) -> str:
    """A line as it can be printed: blanks for tabs, no invisible characters."""
    if line == "\f":
        return line
    has = pdfmetrics.getFont(Face.MONO.value).face.charToGlyph
    kept = []
    for char in line.expandtabs(_TAB):
        category = unicodedata.category(char)
        if category[0] in "ZC":
            kept.append(" " if category == "Zs" else "")
        elif category[0] == "L" and (
            ord(char) not in has or unicodedata.bidirectional(char) in _LEFTWARD
        ):
            raise _foreign(char)
        elif category[0] != "M":  # accents that no letter has taken up
            kept.append(char if ord(char) in has else _BOX)
    return "".join(kept).rstrip()


def _pages(lines: list[str], columns: int, per_page: int) -> Iterator[list[str]]:
    page: list[str] = []
    for line in lines:
        if line == "\f":
            yield page
            page = []
            continue
        for piece in _broken(line, columns):
            if len(page) == per_page:
                yield page
                page = []
            page.append(piece)
    if page:
        yield page


def _broken(line: str, columns: int) -> Iterator[str]:
    """A line, broken at blanks where there are any."""
    while len(line) > columns:
        at = line.rfind(" ", len(line) - len(line.lstrip()), columns + 1)
        if at <= 0:
            at = columns
        yield line[:at].rstrip()
        line = line[at:].lstrip()
    yield line


def _foreign(char: str) -> BadDocument:
    return BadDocument(
        Words(
            f"In der Textdatei stehen Zeichen, die hier nicht gedruckt werden können"
            f" (zuerst „{char}“). Bitte öffnen Sie die Datei, wählen Sie Drucken und als Drucker"
            " „Microsoft Print to PDF“, und legen Sie die PDF-Datei ab.",
            f'There are characters in the text file that cannot be printed here (first "{char}").'
            ' Please open the file, choose Print, and "Microsoft Print to PDF" as the printer, and'
            " drop the PDF file.",
        )
    )
