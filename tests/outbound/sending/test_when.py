"""When it is called again: pauses after failures, and looks at what FAX.de has taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.job import Job, JobState, Kind
from faxd.outbound.sending.when import (
    after_failure,
    failing_since,
    is_given_up,
    may_not_be_visible_yet,
    next_look,
)

NOW = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
DAY = 86400.0


def job(**fields: object) -> Job:
    usual = {
        "account": "123456",
        "kind": Kind.FAX,
        "state": JobState.ACCEPTED,
        "title": "Befund",
        "source": "Befund.pdf",
        "folder": "/srv/fax/outbox",
        "claim": "1",
        "created_at": NOW,
        "accepted_at": NOW,
    }
    return Job(**(usual | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 30), (1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 900), (7, 900), (10**6, 900)],
)
def test_pause_after_failures(failures: int, seconds: int) -> None:
    assert after_failure(failures) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("since", "given_up"),
    [
        (NOW, False),
        (NOW - timedelta(seconds=DAY), False),
        (NOW - timedelta(seconds=DAY + 1), True),
        (NOW + timedelta(days=400), False),  # the clock was set back
    ],
)
def test_given_up(since: datetime, given_up: bool) -> None:
    assert is_given_up(since, NOW, DAY) is given_up


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (None, NOW),
        (NOW - timedelta(hours=1), NOW - timedelta(hours=1)),
        (NOW - timedelta(seconds=DAY + 1), NOW - timedelta(seconds=DAY + 1)),
        (NOW - timedelta(days=400), NOW),  # by a clock that was wrong
        (NOW + timedelta(hours=1), NOW),
    ],
)
def test_since_when_it_fails(since: datetime | None, expected: datetime) -> None:
    assert failing_since(since, NOW, DAY) == expected


@pytest.mark.parametrize(
    ("kind", "longest"),
    [(kind, 3600 if kind.is_letter else 300) for kind in Kind],
)
def test_looks_come_apart(kind: Kind, longest: int) -> None:
    pauses = [(next_look(job(kind=kind, looks=n), NOW) - NOW).total_seconds() for n in range(60)]
    assert pauses[0] == 30
    assert pauses == sorted(pauses) and pauses[-1] == longest
    assert all(later <= 2 * before for before, later in pairwise(pauses))


@given(looks=st.integers(0, 10**9), ahead=st.integers(1, 366 * 86400), kind=st.sampled_from(Kind))
def test_nothing_before_a_planned_time(looks: int, ahead: int, kind: Kind) -> None:
    at = NOW + timedelta(seconds=ahead)
    assert next_look(job(kind=kind, looks=looks, at=at), NOW) == at + timedelta(seconds=30)
    after = next_look(job(kind=kind, looks=looks, at=at), at)
    assert timedelta(seconds=30) <= after - at <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("accepted", "at", "visible"),
    [
        (0, None, False),
        (-3599, None, False),
        (-3601, None, True),
        (-90_000, -3599, False),
        (-90_000, -3601, True),
        (-90_000, 86400, False),
        (-60, -90_000, False),
        (400 * 86400, None, True),  # the clock was set back: accepted in the future
    ],
)
def test_not_yet_visible(accepted: int, at: int | None, visible: bool) -> None:
    """Code 5 means nothing in the first hour, or before a planned time and an hour after."""
    found = job(
        created_at=NOW - timedelta(days=30),
        accepted_at=NOW + timedelta(seconds=accepted),
        at=None if at is None else NOW + timedelta(seconds=at),
    )
    assert may_not_be_visible_yet(found, NOW) is not visible
