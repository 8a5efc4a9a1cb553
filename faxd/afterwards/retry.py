"""When an action is tried again, and when it is given up. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

#: seconds
_FIRST, _LONGEST = 60.0, 3600.0
#: so often is tried even if the time is up: the clock may have been wrong
_AT_LEAST = 3


class Trouble(Exception):
    """An action cannot be done now; the message says why, for administrators."""


class Held(Trouble):
    """An action cannot be done until somebody has seen to it; it is tried meanwhile."""


class Hopeless(Exception):
    """An action can never be done; the message says why, for administrators."""


def again_after(tries: int) -> timedelta:
    """How long to wait after that many tries: a minute, doubled each time up to an hour."""
    return timedelta(seconds=min(_LONGEST, _FIRST * 2.0 ** min(tries - 1, 20)))


def is_given_up(tries: int, created_at: datetime, now: datetime, give_up_after: float) -> bool:
    """Whether a failed try was the last one; ``give_up_after`` are seconds."""
    return tries >= _AT_LEAST and (now - created_at).total_seconds() >= give_up_after
