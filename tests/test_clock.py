"""Time, and a wall clock that jumps."""

from __future__ import annotations

import time
from datetime import UTC, timedelta

import pytest

from faxd.clock import ClockWatch, steady, utc_now


class Clocks:
    """A wall clock that can be set, and a steady one."""

    def __init__(self) -> None:
        self.wall = 1_800_000_000.0
        self.steady = 100.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def watch(self) -> ClockWatch:
        return ClockWatch(lambda: self.wall, lambda: self.steady)


@pytest.mark.parametrize(
    "seconds", [-10 * 365 * 86400, -3600, -60, -3, 3, 60, 3600, 10 * 365 * 86400]
)
def test_a_jump_is_told_once(seconds: float) -> None:
    clocks = Clocks()
    watch = clocks.watch()
    clocks.pass_by(50)
    assert watch.jump() == 0
    clocks.wall += seconds
    clocks.pass_by(1)
    assert watch.jump() == pytest.approx(seconds)
    clocks.pass_by(3600)
    assert watch.jump() == 0


def test_slewing_is_no_jump() -> None:
    clocks = Clocks()
    watch = clocks.watch()
    for _ in range(1000):
        clocks.pass_by(60)
        clocks.wall += 0.03
        assert watch.jump() == 0


def test_the_real_clocks() -> None:
    now = utc_now()
    assert now.tzinfo is UTC
    assert abs(now.timestamp() - time.time()) < timedelta(seconds=5).total_seconds()
    first = steady()
    assert 0 <= steady() - first < 5
    assert ClockWatch().jump() == 0
