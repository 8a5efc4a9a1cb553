"""Type for what faxd prints: fonts that are embedded, and text that fits where it stands."""

from __future__ import annotations

import unicodedata
from enum import Enum
from pathlib import Path

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

_FONTS = Path(__file__).parent / "fonts"
_ELLIPSIS = "…"
#: longer texts are cut before anything is measured
_MOST = 4000


class Face(Enum):
    """The fonts; the value is the file's name, and the font's name in a PDF."""

    TEXT = "DejaVuSansCondensed"
    BOLD = "DejaVuSansCondensed-Bold"
    MONO = "DejaVuSansMono"


def load_fonts() -> None:
    """Make the fonts known to reportlab, which then writes bytes as they are."""
    rl_config.useA85 = 0
    for face in Face:
        if face.value not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(face.value, str(_FONTS / f"{face.value}.ttf")))


def legible(text: str, face: Face = Face.TEXT) -> str:
    """A stranger's text as it can be printed, in one line.

    White space becomes a blank, what the font lacks its letter without accent, or "?"; so do
    characters that control or turn the direction of writing.
    """
    has = pdfmetrics.getFont(face.value).face.charToGlyph
    kept = []
    for char in unicodedata.normalize("NFC", text[:_MOST]):
        if char.isspace():
            kept.append(" ")
        elif unicodedata.category(char)[0] != "C" and ord(char) in has:
            kept.append(char)
        else:
            plain = unicodedata.normalize("NFKD", char)[:1]
            kept.append(plain if plain.isprintable() and ord(plain) in has else "?")
    return "".join(kept).strip()


def width(text: str, face: Face, size: float) -> float:
    """Width in points."""
    return float(pdfmetrics.stringWidth(text, face.value, size))


def cut(text: str, face: Face, size: float, room: float) -> str:
    """As much of the text as fits, with "…" at its end if it is not all."""
    return (wrapped(text, face, size, room, 1) or [""])[0]


def wrapped(text: str, face: Face, size: float, room: float, most: int) -> list[str]:
    """The text in at most so many lines of at most that width, cut with "…" if it is longer.

    Lines end at blanks, or anywhere in a word that is longer than a line.
    """
    words = legible(text, face).split(" ")
    lines: list[str] = []
    line = ""
    while words and len(lines) <= most:
        word = words.pop(0)
        longer = f"{line} {word}" if line else word
        if width(longer, face, size) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
            line = ""
            words.insert(0, word)
        else:
            fits = _fitting(word, face, size, room)
            lines.append(word[:fits])
            words.insert(0, word[fits:])
    if line:
        lines.append(line)
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and width(last + _ELLIPSIS, face, size) > room:
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip() + _ELLIPSIS]


def _fitting(word: str, face: Face, size: float, room: float) -> int:
    """How many characters of it fit; at least one."""
    count = 1
    while count < len(word) and width(word[: count + 1], face, size) <= room:
        count += 1
    return count
