"""The text of a PDF's first page, and the codes in it."""

from __future__ import annotations

import contextlib
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2
from pypdfium2 import raw

from faxd.documents import codes
from faxd.documents.drawing import open_page
from faxd.documents.errors import BadDocument, TimeLimit
from faxd.documents.notes import flatten, has_notes, written_in_notes
from faxd.documents.pdfs import open_pages
from faxd.words import Words

#: left, bottom, right, top in points, as the page's own coordinates have it
Box = tuple[float, float, float, float]

#: characters; a page full of small print has ten thousand
MAX_TEXT = 100_000
_PATTERN_SECONDS = 2.0
_TOO_MANY = Words(
    f"Auf der ersten Seite stehen mehr als {codes.MAX_CODES} Codes wie @@FAX …@@. Bitte senden Sie"
    " an viele Empfänger mit einer Liste (CSV).",
    f"There are more than {codes.MAX_CODES} codes such as @@FAX …@@ on the first page. Please use a"
    " list (CSV) to send to many recipients.",
)
_IN_A_NOTE = Words(
    "Auf der ersten Seite steht ein Code wie @@FAX …@@ in einer Notiz oder einem Formularfeld, das"
    " sich nicht abdecken lässt. Damit der Empfänger ihn nicht sieht, wurde nichts gesendet. Bitte"
    " drucken Sie das Dokument noch einmal als PDF („Microsoft Print to PDF“) und legen Sie das ab,"
    " oder löschen Sie die Notiz und schreiben die Nummer in den Dateinamen.",
    "On the first page there is a code such as @@FAX …@@ in a note or form field that cannot be"
    " covered. Nothing was sent, so that the recipient does not see it. Please print the document"
    ' as PDF once more ("Microsoft Print to PDF") and drop that, or delete the note and write the'
    " number into the file's name.",
)
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
    ``text``, ``page`` (1), ``boxes`` (left, bottom, right, top), one for each of its lines, and
    ``is_flat``: they are found only with the page's notes and form fields drawn into it.

    Raises:
        BadDocument: it is no sound PDF, there are too many codes, or one is in a note that is not
            seen and so cannot be covered.
        TimeLimit: ``own`` takes too long.
        ValueError: ``own`` cannot be used.
    """
    with contextlib.closing(open_pages(source)) as pdf:
        page, count = open_page(pdf, 1), len(pdf)
        plain, written = read_page(page), written_in_notes(page)
        flat = _read_flat(source) if has_notes(page) else []
    grammar = partial(
        codes.find,
        activefax="activefax" in patterns,
        faxmaker="faxmaker" in patterns,
        own=codes.own_pattern(own) if own else None,
    )
    with _not_longer_than(_PATTERN_SECONDS):
        found, boxes = _best(plain, grammar)
        in_all, boxes_in_all = _best(flat, grammar)
        in_notes = {(code.kind, code.text) for text in written for code in grammar(text)}
    is_flat = _worth(in_all) > _worth(found)
    if is_flat:
        found, boxes = in_all, boxes_in_all
    if len(found) > codes.MAX_CODES:
        raise BadDocument(_TOO_MANY)
    if in_notes - {(code.kind, code.text) for code in found}:
        raise BadDocument(_IN_A_NOTE)
    return {
        "codes": [
            {
                "kind": code.kind,
                "text": code.text,
                "page": 1,
                "boxes": _lines(boxes[code.start : code.end]),
                "is_flat": is_flat,
            }
            for code in found
        ],
        "pages": count,
    }


def read_all(source: str) -> list[PageText]:
    """All that can be read on the first page, also in its notes and form fields.

    Raises:
        BadDocument: it is no sound PDF, or its notes cannot be read.
    """
    with contextlib.closing(open_pages(source)) as pdf:
        page = open_page(pdf, 1)
        readings = read_page(page)
        if not has_notes(page):
            return readings
    flat = _read_flat(source)
    if not flat:
        raise BadDocument(_IN_A_NOTE)
    return readings + flat


def _read_flat(source: str) -> list[PageText]:
    """As `read_page`, of the page with its notes and fields drawn into it; none if that fails."""
    with tempfile.TemporaryDirectory(prefix="flat-") as folder:
        made = str(Path(folder) / "flat.pdf")
        if not flatten(source, made):
            return []
        with contextlib.closing(open_pages(made)) as pdf:
            return read_page(open_page(pdf, 1))


def _best(
    readings: Sequence[PageText], grammar: Callable[[str], tuple[codes.Code, ...]]
) -> tuple[tuple[codes.Code, ...], Sequence[Box | None]]:
    """The codes in the reading that has most of them."""
    found: tuple[codes.Code, ...] = ()
    boxes: Sequence[Box | None] = ()
    for reading in readings:
        these = grammar(reading.text)
        if _worth(these) > _worth(found):
            found, boxes = these, reading.boxes
    return found, boxes


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
