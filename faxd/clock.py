"""Time: aware UTC inside, and a watch for a wall clock that jumps.

APScheduler sleeps by the wall clock. When somebody sets that clock back, its jobs wait until the
old time comes again. `ClockWatch` compares it with a clock that nobody can set.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

#: seconds of difference that are no jump: NTP's slewing, a busy machine
_TOLERANCE = 2.0


def utc_now() -> datetime:
    """The time, aware, UTC."""
    return datetime.now(UTC)


def steady() -> float:
    """Seconds by a clock that cannot be set and counts a suspended machine's sleep too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ClockWatch:
    """Tells by how much the wall clock was set since it was last asked."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = steady
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._offset = wall() - steady()

    def jump(self) -> float:
        """Seconds that the wall clock was set forward (negative: back); 0 if it was not."""
        offset = self._wall() - self._steady()
        shift = offset - self._offset
        self._offset = offset
        return shift if abs(shift) > _TOLERANCE else 0.0
