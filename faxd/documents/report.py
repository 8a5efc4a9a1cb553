"""The transmission report: one page of A4 that an office files as proof of sending."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any, TypedDict

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from faxd.documents import pictures
from faxd.documents import report_words as words
from faxd.documents.errors import BadDocument
from faxd.documents.typesetting import Face, cut, legible, load_fonts, width, wrapped
from faxd.words import Language, Words


class Digest(TypedDict):
    """A document that was sent."""

    #: the file's name, as the office knows it
    name: str
    #: hexadecimal
    sha256: str


class ReportFacts(TypedDict):
    """What a report says; an empty text or None leaves its line out.

    All texts may be of any length and hold anything: they are cut, and made printable.
    """

    language: Language
    #: value of faxd.job.Kind
    kind: str
    #: True: sent; False: not sent; None: nobody knows
    is_ok: bool | None
    #: the provider's word: OK, Busy, No Answer, ...
    result: str
    #: the same in a sentence for the office, in its language
    result_words: str
    #: name of the account, as the head of the page
    account: str
    #: number or address that it was sent from
    sender: str
    #: number, address or label that it was sent to
    recipient: str
    recipient_name: str
    reference: str
    #: of the station that answered
    station_id: str
    #: for an SMS: messages
    pages: int | None
    #: start of the transmission, local time with its zone, as the office writes it
    started: str
    #: of the transmission, in seconds
    duration: int | None
    tries: int | None
    #: at FAX.de
    job_number: str
    #: in faxd
    own_number: str
    #: what was sent, in its order
    sha256: list[Digest]
    #: the provider's own line about this recipient
    protocol_line: str
    #: a PNG of the first page; empty if there is none
    picture: str
    #: what stands in its place if there is none; under it, if it is not just the first page
    note: str


_SHEET: tuple[float, float] = A4
_LEFT, _RIGHT = 62.0, _SHEET[0] - 51.0
_ROOM = _RIGHT - _LEFT
_TOP, _FOOT = _SHEET[1] - 62.0, 40.0
_SIZE, _LEADING = 9.0, 12.0
_SMALL = 7.5
_LABEL = 96.0
_TABLE = 222.0
_GAP = 16.0
_BESIDE = 12.0
_NO_PICTURE = 150.0
_MAX_DIGESTS = 3
_MAX_PROTOCOL_LINES = 4

_INK = (0.10, 0.11, 0.13)
_PALE = (0.40, 0.42, 0.45)
_RULE = (0.72, 0.74, 0.76)
_FRAME = (0.45, 0.47, 0.50)
_GREEN, _RED, _AMBER = (0.07, 0.40, 0.20), (0.68, 0.09, 0.09), (0.55, 0.36, 0.0)


def transmission_report(facts: ReportFacts, target: str) -> dict[str, Any]:
    """Write the report as PDF; the same facts give the same bytes.

    Raises:
        OSError: it cannot be written.
    """
    load_fonts()
    language = facts["language"]
    title = words.TITLE.in_(language)
    canvas = Canvas(
        target, pagesize=A4, invariant=1, lang=language, initialFontName=Face.TEXT.value
    )
    canvas.setTitle(f"{title} {legible(facts['own_number'])}")
    canvas.setAuthor("faxd")
    canvas.setCreator("faxd")
    canvas.setSubject(legible(facts["recipient"]))
    page = _Page(canvas, language)
    top = _result(page, facts, _head(page, facts))
    proof = _proof(page, facts)
    lowest = _FOOT + 26 + sum(line.down for line in proof)
    end = min(_facts(page, facts, top - 30), _picture(page, facts, top - 22, lowest))
    _end(page, facts, proof, max(end, lowest))
    canvas.showPage()
    canvas.save()
    return {"pages": 1}


@dataclass(frozen=True)
class _Page:
    """The page, and the language it is written in."""

    canvas: Canvas
    language: Language

    def say(self, text: Words) -> str:
        """Words of faxd in the language of the report."""
        return text.in_(self.language)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        face: Face = Face.TEXT,
        size: float = _SIZE,
        ink: tuple[float, float, float] = _INK,
        to_right: bool = False,
    ) -> None:
        """One line; ``to_right`` ends it at ``x``."""
        self.canvas.setFont(face.value, size)
        self.canvas.setFillColorRGB(*ink)
        self.canvas.drawString(x - width(text, face, size) if to_right else x, y, text)

    def rule(self, y: float, *, thickness: float = 0.5) -> None:
        """A line across the page."""
        self.canvas.setStrokeColorRGB(*_RULE)
        self.canvas.setLineWidth(thickness)
        self.canvas.line(_LEFT, y, _RIGHT, y)


def _head(page: _Page, facts: ReportFacts) -> float:
    """The head of the page; returns where it ends."""
    page.text(_LEFT, _TOP, page.say(words.TITLE), face=Face.BOLD, size=22)
    account = cut(facts["account"], Face.BOLD, 10, _ROOM / 2)
    page.text(_RIGHT, _TOP + 8, account, face=Face.BOLD, size=10, to_right=True)
    sender = cut(facts["sender"], Face.TEXT, _SIZE, _ROOM / 2)
    page.text(_RIGHT, _TOP - 5, sender, ink=_PALE, to_right=True)
    page.rule(_TOP - 18, thickness=0.8)
    kind = page.say(words.KINDS.get(facts["kind"], words.ANY_KIND))
    whom = ", ".join(filter(None, (facts["recipient_name"], facts["recipient"])))
    line = f"{kind} {page.say(words.TO)} {whom}"
    page.text(_LEFT, _TOP - 38, cut(line, Face.TEXT, 11, _ROOM), size=11)
    return _TOP - 52


def _result(page: _Page, facts: ReportFacts, top: float) -> float:
    """The box with the result; returns where it ends."""
    verdict, ink = {
        True: (words.OK, _GREEN),
        False: (words.NOT_SENT, _RED),
        None: (words.UNCLEAR, _AMBER),
    }[facts["is_ok"]]
    lines = wrapped(facts["result_words"], Face.TEXT, 10, _ROOM - 34, 2)
    height = 36 + 14 * len(lines)
    canvas = page.canvas
    canvas.setStrokeColorRGB(*ink)
    canvas.setFillColorRGB(*(1 - 0.07 * (1 - channel) for channel in ink))
    canvas.setLineWidth(1)
    canvas.rect(_LEFT, top - height, _ROOM, height, fill=1)
    canvas.setFillColorRGB(*ink)
    canvas.rect(_LEFT, top - height, 6, height, stroke=0, fill=1)
    page.text(_LEFT + 18, top - 24, page.say(verdict), face=Face.BOLD, size=16, ink=ink)
    for number, line in enumerate(lines):
        page.text(_LEFT + 18, top - 42 - 14 * number, line, size=10)
    return top - height


def _rows(page: _Page, facts: ReportFacts) -> list[tuple[str, str, int]]:
    """Label, value, and the most lines of every fact that is known."""
    by_fax = facts["kind"] == "fax"
    station = facts["station_id"]
    if by_fax and facts["is_ok"] and not station.strip():
        station = page.say(words.NO_STATION)
    pages, tries, seconds = facts["pages"], facts["tries"], facts["duration"]
    rows = [
        (words.RECIPIENT, facts["recipient"], 4),
        (words.NAME, facts["recipient_name"], 3),
        (words.STATION, station if by_fax else "", 2),
        (words.SENDER, facts["sender"], 2),
        (words.REFERENCE, facts["reference"], 3),
        (words.STARTED if by_fax else words.SENT_AT, facts["started"], 2),
        (words.DURATION, "" if seconds is None else words.duration(seconds), 1),
        (
            words.MESSAGES if facts["kind"] == "sms" else words.PAGES,
            "" if pages is None else str(pages),
            1,
        ),
        (words.TRIES, "" if tries is None else str(tries), 1),
        (words.RESULT, facts["result"], 2),
        (words.JOB, facts["job_number"], 1),
        (words.OWN_JOB, facts["own_number"], 1),
    ]
    return [(page.say(label), value, most) for label, value, most in rows if value.strip()]


def _facts(page: _Page, facts: ReportFacts, y: float) -> float:
    """The facts as a table, at the left; returns where it ends."""
    for label, value, most in _rows(page, facts):
        labels = wrapped(label, Face.TEXT, _SIZE, _LABEL - 8, 2)
        values = wrapped(value, Face.TEXT, _SIZE, _TABLE - _LABEL, most)
        for number, line in enumerate(labels):
            page.text(_LEFT, y - _LEADING * number, line, ink=_PALE)
        for number, line in enumerate(values):
            page.text(_LEFT + _LABEL, y - _LEADING * number, line)
        y -= _LEADING * max(len(labels), len(values)) + 5
    return y


def _picture(page: _Page, facts: ReportFacts, top: float, lowest: float) -> float:
    """The first page, reduced, at the right, or what stands in its place; returns its end."""
    left = _LEFT + _TABLE + _GAP
    room, height = _RIGHT - left, top - lowest - 14
    canvas = page.canvas
    canvas.setStrokeColorRGB(*_FRAME)
    canvas.setLineWidth(0.5)
    picture = _opened(facts["picture"])
    if picture is None:
        box = min(height, _NO_PICTURE)
        canvas.rect(left, top - box, room, box)
        note = facts["note"] or page.say(words.NO_PICTURE)
        lines = wrapped(note, Face.TEXT, _SIZE, room - 40, 8)
        for number, line in enumerate(lines):
            x = left + (room - width(line, Face.TEXT, _SIZE)) / 2
            page.text(
                x, top - box / 2 + (len(lines) / 2 - 0.75 - number) * _LEADING, line, ink=_PALE
            )
        return top - box
    reader, (across, down) = picture
    scale = min(room / across, height / down)
    across, down = across * scale, down * scale
    canvas.drawImage(reader, _RIGHT - across, top - down, across, down)
    canvas.rect(_RIGHT - across, top - down, across, down)
    caption = cut(facts["note"] or page.say(words.PICTURE), Face.TEXT, _SMALL, room)
    page.text(_RIGHT, top - down - 11, caption, size=_SMALL, ink=_PALE, to_right=True)
    return top - down - 14


def _opened(path: str) -> tuple[ImageReader, tuple[float, float]] | None:
    """The picture for reportlab, and its size; None if there is none, or it is broken."""
    if not path:
        return None
    with contextlib.suppress(BadDocument, OSError), pictures.open_picture(path) as picture:
        pictures.check_size(picture, 1)
        return ImageReader(pictures.decoded(picture, 1)), picture.size
    return None


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A line of what stands at the end, and how far below the line before."""

    down: float
    text: str
    face: Face = Face.TEXT
    size: float = _SIZE
    ink: tuple[float, float, float] = _INK
    #: what follows on the same line in the text's font, in a small size
    beside: str = ""


def _proof(page: _Page, facts: ReportFacts) -> list[_Line]:
    """What stands below the facts: checksums, the protocol, what all that proves."""
    lines: list[_Line] = []

    def head(text: Words) -> None:
        lines.append(_Line(down=23, text=page.say(text), face=Face.BOLD, size=8, ink=_PALE))

    digests = facts["sha256"]
    if digests:
        head(words.DIGEST if len(digests) == 1 else words.DIGESTS)
        for digest in digests[:_MAX_DIGESTS]:
            value = cut(digest["sha256"], Face.MONO, _SMALL, 300)
            room = _ROOM - width(value, Face.MONO, _SMALL) - _BESIDE
            name = cut(digest["name"], Face.TEXT, _SMALL, _ROOM)
            if width(name, Face.TEXT, _SMALL) > room:
                lines.append(_Line(down=12, text=name, size=_SMALL))
                name = ""
            lines.append(_Line(down=12, text=value, face=Face.MONO, size=_SMALL, beside=name))
        meaning = page.say(words.DIGEST_MEANS)
        if len(digests) > _MAX_DIGESTS:
            meaning = f"{page.say(words.more(len(digests) - _MAX_DIGESTS))}. {meaning}"
        lines.append(_Line(down=12, text=meaning, size=_SMALL, ink=_PALE))
    protocol = wrapped(facts["protocol_line"], Face.MONO, _SMALL, _ROOM, _MAX_PROTOCOL_LINES)
    if protocol:
        head(words.PROTOCOL)
        lines += [_Line(down=11, text=line, face=Face.MONO, size=_SMALL) for line in protocol]
    head(words.WHAT_IT_PROVES)
    honest = page.say(words.honest(facts["kind"], facts["is_ok"]))
    lines += [_Line(down=13, text=line) for line in wrapped(honest, Face.TEXT, _SIZE, _ROOM, 3)]
    return lines


def _end(page: _Page, facts: ReportFacts, proof: list[_Line], y: float) -> None:
    """Write the proof below ``y``, and the foot of the page."""
    for line in proof:
        y -= line.down
        page.text(_LEFT, y, line.text, face=line.face, size=line.size, ink=line.ink)
        if line.beside:
            x = _LEFT + width(line.text, line.face, line.size) + _BESIDE
            page.text(x, y, line.beside, size=_SMALL)
    page.rule(_FOOT + 12)
    foot = cut(page.say(words.foot(facts["own_number"])), Face.TEXT, _SMALL, _ROOM * 0.75)
    page.text(_LEFT, _FOOT, foot, size=_SMALL, ink=_PALE)
    page.text(_RIGHT, _FOOT, page.say(words.ONLY_PAGE), size=_SMALL, ink=_PALE, to_right=True)
