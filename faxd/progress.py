"""What a person at a terminal sees while `faxd poll` works."""

from __future__ import annotations

import time
from typing import TextIO

from faxd.ledger import Received
from faxd.text import plural, printable, size

#: bytes below which an answer is not worth a line
_WORTH_SHOWING = 1_000_000
#: seconds between two changes of the line
_PACE = 0.2


class PollProgress:
    """A line for each fax on standard output; on a terminal, a moving line while one arrives."""

    def __init__(self, screen: TextIO) -> None:
        """``screen`` takes the moving line if it is a terminal."""
        self._screen = screen if screen.isatty() else None
        self._count = 0
        self._last = 0.0
        self._shown = False

    def arriving(self, got: int, total: int | None) -> None:
        """Show how much of an answer has come."""
        now = time.monotonic()
        if self._screen is None or (total or got) < _WORTH_SHOWING or now - self._last < _PACE:
            return
        self._last = now
        whole = f" of {size(total)}" if total else ""
        self._line(f"{plural(self._count, 'fax', 'faxes')} saved, receiving {size(got)}{whole}")

    def saved(self, fax: Received) -> None:
        """Print a fax that is safe."""
        self._count += 1
        self._line("")
        state = f"DAMAGED ({fax.damage})" if fax.damage else plural(fax.pages or 0, "page")
        print(f"{printable(fax.path)}: {state}, {size(fax.size)}", flush=True)
        if fax.warning:
            print(f"  warning: {fax.warning}", flush=True)

    def _line(self, text: str) -> None:
        if self._screen is not None and (text or self._shown):
            print(f"\r\x1b[K{text}", end="", file=self._screen, flush=True)
            self._shown = bool(text)
