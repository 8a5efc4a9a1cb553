"""Which names in an outbox are nobody's documents. Pure."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Iterable

#: hidden files, lock files of office programs, what Windows and macOS leave, half-made downloads
USUAL = (
    ".*",
    "~$*",
    "Thumbs.db",
    "desktop.ini",
    ".DS_Store",
    "._*",
    "*.tmp",
    "*.part",
    "*.crdownload",
    "*.filepart",
)


class Ignored:
    """Tells names that are never taken: the usual ones, and those that a setting adds."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        """``extra`` are patterns as a shell knows them: ``*``, ``?``, ``[...]``."""
        patterns = [fnmatch.translate(_folded(pattern)) for pattern in (*USUAL, *extra)]
        self._pattern = re.compile("|".join(patterns))

    def __call__(self, name: str) -> bool:
        """Whether a file or folder of this name is left alone; case makes no difference."""
        return self._pattern.match(_folded(name)) is not None


def is_readable(name: str) -> bool:
    """Whether a name is text: Linux allows any bytes, which come as lone surrogates if not UTF-8.

    Such a name can be shown, recorded and answered under only in pieces.
    """
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _folded(text: str) -> str:
    """The same for all ways to write it: macOS decomposes umlauts, Windows ignores case."""
    return unicodedata.normalize("NFC", text).casefold()
