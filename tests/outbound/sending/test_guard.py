"""The guard against runaway cost, by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from faxd.outbound.sending.guard import Guard

NOW = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_NOTHING = timedelta(0)


def test_an_hour_is_full() -> None:
    guard = Guard(2, 1000)
    for minute in (0, 10):
        assert not guard.begin(NOW + timedelta(minutes=minute))
        guard.end(NOW + timedelta(minutes=minute), 1)
    assert guard.begin(NOW + timedelta(minutes=20)) == timedelta(minutes=40)
    assert not guard.begin(NOW + HOUR)


def test_a_day_is_full() -> None:
    guard = Guard(1000, 10)
    guard.remember([(NOW, 4), (NOW + HOUR, 4), (NOW + 2 * HOUR, 4)])
    assert guard.begin(NOW + 3 * HOUR) == DAY - 3 * HOUR
    assert not guard.begin(NOW + DAY)


def test_what_is_under_way_counts() -> None:
    guard = Guard(2, 1000)
    assert not guard.begin(NOW) and not guard.begin(NOW)
    assert guard.begin(NOW) == timedelta(seconds=1)
    guard.end(NOW, None)
    assert not guard.begin(NOW), "it was not accepted, and does not count"


def test_a_clock_that_was_set_back() -> None:
    guard = Guard(1, 1)
    guard.remember([(NOW + timedelta(days=300), 5)])
    assert not guard.begin(NOW)


@given(
    jobs=st.integers(1, 5),
    pages=st.integers(1, 20),
    steps=st.lists(st.tuples(st.integers(0, 4000), st.none() | st.integers(1, 8)), max_size=60),
)
def test_never_more_than_allowed(
    jobs: int, pages: int, steps: list[tuple[int, int | None]]
) -> None:
    """Whenever it lets one pass there was room; whoever waits as long as it says may pass."""
    guard, now = Guard(jobs, pages), NOW
    sent: list[tuple[datetime, int]] = []
    for seconds, size in steps:
        now += timedelta(seconds=seconds)
        wait = guard.begin(now)
        last_hour = [at for at, _ in sent if now - at < HOUR]
        last_day = sum(count for at, count in sent if now - at < DAY)
        assert (wait == _NOTHING) is (len(last_hour) < jobs and last_day < pages)
        if wait:
            now += wait
            assert guard.begin(now) == _NOTHING
        guard.end(now, size)
        if size is not None:
            sent.append((now, size))
