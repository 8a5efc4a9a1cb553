"""Signs of progress: whoever works for long gives them, whoever watches counts them.

A call that waits for FAX.de, or a document that goes out by a slow line, may take half an hour and
be well. What tells it from one that hangs is that something moves.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Pulse:
    """Counts the signs of one piece of work."""

    def __init__(self) -> None:
        self.beats = 0


_felt = threading.local()


@contextmanager
def felt_by(pulse: Pulse) -> Iterator[None]:
    """Have the signs that this thread gives counted there."""
    before = getattr(_felt, "pulse", None)
    _felt.pulse = pulse
    try:
        yield
    finally:
        _felt.pulse = before


def beat() -> None:
    """Give a sign of progress; where nobody watches, nothing happens."""
    pulse: Pulse | None = getattr(_felt, "pulse", None)
    if pulse is not None:
        pulse.beats += 1
