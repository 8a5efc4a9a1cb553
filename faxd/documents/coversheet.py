"""The lines of a cover page, set on a sheet of A4."""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas

from faxd.documents.coverpage import Line
from faxd.documents.typesetting import Face, load_fonts, wrapped

#: points
_WIDTH, _HEIGHT = 595.276, 841.89
_LEFT, _RIGHT = 70.9, 56.7  # 25 and 20 mm, as letters have it (DIN 5008)
_TOP = 127.6  # 45 mm: below the letterhead
_BOTTOM = 85.0  # 30 mm: above its foot
_LABELS = 99.2  # 35 mm
_SIZES = {"heading": 22.0, "subheading": 14.0}
_TEXT = 11.0
_LEADING = 1.4
_BLANK = 0.8
_MOST_LINES = 60


class Sheet:
    """One sheet that lines are added to, from its top down."""

    def __init__(self, target: str) -> None:
        load_fonts()
        self._canvas = Canvas(target, pagesize=(_WIDTH, _HEIGHT), invariant=True)
        self._canvas.setTitle("")
        self._at = _HEIGHT - _TOP

    def add(self, line: Line) -> None:
        """Write a line, as far as there is room."""
        match line.kind:
            case "blank":
                self._at -= _TEXT * _BLANK
            case "rule":
                self._rule()
            case "pair":
                before = self._at
                self._write(line.label, Face.TEXT, _TEXT, _LEFT, _LABELS - 6)
                below, self._at = self._at, before
                self._write(line.text, Face.BOLD, _TEXT, _LEFT + _LABELS)
                self._at = min(self._at, below)
            case "text":
                self._write(line.text, Face.TEXT, _TEXT, _LEFT)
            case _:
                self._write(line.text, Face.BOLD, _SIZES[line.kind], _LEFT)

    def save(self) -> None:
        """Write the sheet."""
        self._canvas.showPage()
        self._canvas.save()

    def _rule(self) -> None:
        self._at -= _TEXT * 0.6
        if self._at > _BOTTOM:
            self._canvas.setLineWidth(0.8)
            self._canvas.line(_LEFT, self._at, _WIDTH - _RIGHT, self._at)
        self._at -= _TEXT * 0.4

    def _write(
        self, text: str, face: Face, size: float, left: float, room: float | None = None
    ) -> None:
        room = _WIDTH - _RIGHT - left if room is None else room
        for line in wrapped(text, face, size, room, _MOST_LINES):
            self._at -= size * _LEADING
            if self._at < _BOTTOM:
                return
            self._canvas.setFont(face.value, size)
            self._canvas.drawString(left, self._at, line)
