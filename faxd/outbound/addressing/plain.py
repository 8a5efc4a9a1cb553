"""Strangers' text made comparable, and fit to be shown. Pure.

Normalising is quadratic for long chains of combining marks, so callers bound what they hand in.
"""

from __future__ import annotations

import re
import unicodedata

#: characters of a file's or folder's name, or of one cell of a table; NAME_MAX is 255 bytes
MAX_NAME = 1000

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
#: German as it is spelt where there are no umlauts
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe"})
#: what XML 1.0 cannot carry (section 2.2), and so neither can SendJob
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SHOWN = 60


def plain(text: str) -> str:
    """NFC; one kind of blank and of hyphen; no invisible characters.

    Copying a number from a web page or from a telephone's contacts brings direction marks,
    no-break blanks and typographic hyphens with it.
    """
    kept = []
    for char in unicodedata.normalize("NFC", text).translate(_DASHES):
        category = unicodedata.category(char)
        if category.startswith("Z") or char in "\t\r\n":
            kept.append(" ")
        elif not category.startswith("C"):
            kept.append(char)
    return re.sub(" +", " ", "".join(kept)).strip()


def fold(text: str) -> tuple[str, ...]:
    """The words of a name as they are compared: case, umlauts and accents do not count."""
    text = unicodedata.normalize("NFC", text).casefold().translate(_SPELT_OUT)
    letters = unicodedata.normalize("NFKD", text)
    letters = "".join(char for char in letters if not unicodedata.combining(char))
    return tuple(re.findall(r"[^\W_]+", letters))


def shown(text: str) -> str:
    """A stranger's text as it may stand in a sentence: one line, not long."""
    text = "".join(char if char.isprintable() else "?" for char in text[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def has_no_xml(text: str) -> bool:
    """Whether it holds characters that cannot be sent at all."""
    return _NOT_XML.search(text) is not None


def has_controls(text: str) -> bool:
    """Whether it holds characters that nobody sees (control, direction, surrogate)."""
    return any(unicodedata.category(char) in _UNSEEN for char in text)


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
