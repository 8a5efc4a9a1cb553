"""When to call again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.retry import JITTER, LONGEST, STOP, Outcome, pause


@pytest.mark.parametrize(
    ("outcome", "failures", "interval", "seconds"),
    [
        (Outcome.GOOD, 0, 60, 60),
        (Outcome.STOPPED, 7, 60, 60),
        (Outcome.TROUBLE, 1, 60, 120),
        (Outcome.TROUBLE, 2, 60, 240),
        (Outcome.TROUBLE, 3, 60, 480),
        (Outcome.TROUBLE, 4, 60, LONGEST / 1.1),
        (Outcome.TROUBLE, 10**9, 60, LONGEST / 1.1),
        (Outcome.TROUBLE, 1, 1, 2),
        # Whoever wants to be polled less often than that is not polled more often in trouble.
        (Outcome.TROUBLE, 1, 3600, 3600),
    ],
)
def test_pauses(outcome: Outcome, failures: int, interval: float, seconds: float) -> None:
    assert pause(outcome, failures, interval, 0.5) == pytest.approx(seconds)
    assert pause(outcome, failures, interval, 0.0) == pytest.approx(seconds * 0.9)
    assert pause(outcome, failures, interval, 0.999999) == pytest.approx(seconds * 1.1, rel=1e-4)


@given(
    outcome=st.sampled_from(Outcome),
    failures=st.integers(0, 10**6),
    interval=st.floats(1, 86400),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_bounds(outcome: Outcome, failures: int, interval: float, chance: float) -> None:
    seconds = pause(outcome, failures, interval, chance)
    # 1e-9: rounding
    assert interval * (1 - JITTER) <= seconds + 1e-9
    assert seconds <= max(interval * (1 + JITTER), LONGEST) + 1e-9


def test_fifteen_minutes() -> None:
    assert LONGEST == STOP == 15 * 60
