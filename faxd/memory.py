"""Keeping the daemon small: glibc gives back little of what threads have used once (mallopt(3)).

Where there is another C library nothing happens.
"""

from __future__ import annotations

import contextlib
import ctypes

_ARENA_MAX = -8  # malloc.h, M_ARENA_MAX
_ARENAS = 2


def few_arenas() -> None:
    """Let all threads share two arenas; each would have one of its own, and keep it."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give what is free back to the machine."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
