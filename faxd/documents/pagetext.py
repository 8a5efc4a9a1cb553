"""The text of a PDF's first page, and the codes in it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
from pypdfium2 import raw

from faxd.documents import codes
from faxd.documents.drawing import open_page
from faxd.documents.errors import BadDocument, TimeLimit
from faxd.documents.pdfs import open_pages
from faxd.words import Words

#: left, bottom, right, top in points, as the page's own coordinates have it
Box = tuple[float, float, float, float]

#: characters; a page full of small print has ten thousand
MAX_TEXT = 100_000
_PATTERN_SECONDS = 2.0
#: of a character's height by which the next one may be out of line
_IN_LINE = 0.5


@dataclass(frozen=True)
class PageText:
    """The characters of a page in the order in which pdfium reads them."""

    #: one character for each index of pdfium's
    text: str
    #: None for those that are not drawn: blanks, line ends, what pdfium has put in
    boxes: Sequence[Box | None] = field(repr=False)


def find_codes(source: str, patterns: Sequence[str] = (), own: str = "") -> dict[str, Any]:
    """The codes in the text of the first page.

    ``patterns`` may hold ``activefax`` and ``faxmaker``; ``own`` is one more regular expression
    (`codes.own_pattern`), or empty. The result: ``pages``, and ``codes``, each with ``kind``,
    ``text``, ``page`` (1) and ``boxes`` (left, bottom, right, top), one for each of its lines.

    Raises:
        BadDocument: it is no sound PDF, or there are too many codes.
        TimeLimit: ``own`` takes too long.
        ValueError: ``own`` cannot be used.
    """
    with contextlib.closing(open_pages(source)) as pdf:
        readings = read_page(open_page(pdf, 1))
        count = len(pdf)
    pattern = codes.own_pattern(own) if own else None
    found: tuple[codes.Code, ...] = ()
    boxes: Sequence[Box | None] = ()
    with _not_longer_than(_PATTERN_SECONDS):
        for reading in readings:
            these = codes.find(
                reading.text,
                activefax="activefax" in patterns,
                faxmaker="faxmaker" in patterns,
                own=pattern,
            )
            if _worth(these) > _worth(found):
                found, boxes = these, reading.boxes
    if len(found) > codes.MAX_CODES:
        raise BadDocument(
            Words(
                f"Auf der ersten Seite stehen mehr als {codes.MAX_CODES} Codes wie @@FAX …@@."
                " Bitte senden Sie an viele Empfänger mit einer Liste (CSV).",
                f"There are more than {codes.MAX_CODES} codes such as @@FAX …@@ on the first page."
                " Please use a list (CSV) to send to many recipients.",
            )
        )
    return {
        "codes": [
            {
                "kind": code.kind,
                "text": code.text,
                "page": 1,
                "boxes": _lines(boxes[code.start : code.end]),
            }
            for code in found
        ],
        "pages": count,
    }


def read_page(page: pypdfium2.PdfPage) -> list[PageText]:
    """The text of a page, as far as `MAX_TEXT`; of a turned page also as if it were not turned.

    Pdfium reads what is upright from top to bottom, and jumbles what is not.
    """
    readings = [_read(page)]
    turn = page.get_rotation()
    if turn:
        page.set_rotation(0)
        readings.append(_read(page))
        page.set_rotation(turn)
    return readings


def _worth(found: tuple[codes.Code, ...]) -> tuple[int, int]:
    """By which the better of two readings is told: whole codes, then broken ones."""
    whole = sum(code.kind != "broken" for code in found)
    return (whole, len(found) - whole)


def _read(page: pypdfium2.PdfPage) -> PageText:
    with contextlib.closing(page.get_textpage()) as textpage:
        count = min(textpage.count_chars(), MAX_TEXT)
        chars: list[str] = []
        boxes: list[Box | None] = []
        for index in range(count):
            char = _char(textpage, index)
            chars.append(char)
            boxes.append(None if char.isspace() else box_of(textpage, index))
    return PageText("".join(chars), boxes)


def _char(textpage: pypdfium2.PdfTextPage, index: int) -> str:
    code = raw.FPDFText_GetUnicode(textpage, index)
    return chr(code) if code <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"


def box_of(textpage: pypdfium2.PdfTextPage, index: int) -> Box | None:
    """Where a character is drawn; None if it is not."""
    if raw.FPDFText_IsGenerated(textpage, index) == 1:
        return None
    left, bottom, right, top = textpage.get_charbox(index)
    if right - left < 0.1 or top - bottom < 0.1:  # type 3 fonts do not always say
        left, bottom, right, top = textpage.get_charbox(index, loose=True)
    return (left, bottom, right, top) if right > left and top > bottom else None


def _lines(boxes: Sequence[Box | None]) -> list[Box]:
    """One box for each line of a code."""
    lines: list[Box] = []
    for box in boxes:
        if box is None:
            continue
        if lines and _is_beside(lines[-1], box):
            last = lines[-1]
            lines[-1] = (
                min(last[0], box[0]),
                min(last[1], box[1]),
                max(last[2], box[2]),
                max(last[3], box[3]),
            )
        else:
            lines.append(box)
    return lines


def _is_beside(line: Box, box: Box) -> bool:
    shared = min(line[3], box[3]) - max(line[1], box[1])
    return shared > _IN_LINE * min(line[3] - line[1], box[3] - box[1])


@contextlib.contextmanager
def _not_longer_than(seconds: float) -> Iterator[None]:
    """A limit to what Python's regular expressions take; they look for signals now and then."""

    def stop(*_: object) -> None:
        raise TimeLimit(f"the pattern of the settings takes more than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
