"""Times in names and job files."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxd.outbound.addressing import Refused
from faxd.outbound.addressing.plain import plain
from faxd.outbound.addressing.times import When, take_time, when_of
from tests.outbound.addressing.support import BERLIN, NOW


def at(*fields: int) -> datetime:
    """A time in UTC."""
    return datetime(*fields, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("Brief @2026-12-24 0800", at(2026, 12, 24, 7)),
        ("Brief @2026-12-24_0800_x", at(2026, 12, 24, 7)),
        ("Brief @2026-12-24T0800", at(2026, 12, 24, 7)),
        ("Brief @2026-8-4 0800 x", at(2026, 8, 4, 6)),
        ("Brief @24.12.2026 0800", at(2026, 12, 24, 7)),
        ("Brief @24.12.2026 08-00", at(2026, 12, 24, 7)),
        ("@1300", at(2026, 7, 14, 11)),
        ("@13-00 Brief", at(2026, 7, 14, 11)),
        ("@0800", at(2026, 7, 15, 6)),  # past: tomorrow
        ("@1200", at(2026, 7, 15, 10)),  # this very moment counts as past
        ("040 123456[x]@0800", at(2026, 7, 15, 6)),
        ("x @2026-07-14 1100", None),  # past: at once
        ("x @1999-01-01 0000", None),
        ("x @2027-07-14 1200", at(2027, 7, 14, 10)),
        ("x @2026-10-25 0230", at(2026, 10, 25, 0, 30)),  # twice: the first
        ("x @2027-03-28 0230", at(2027, 3, 28, 1, 30)),  # never: as long after midnight
    ],
)
def test_times_in_names(name: str, when: datetime | None) -> None:
    """Local time of the office."""
    found, rest = take_time(name)
    assert found is not None and "@" not in rest
    assert found.after(NOW, BERLIN) == when


@pytest.mark.parametrize(
    "name", ["Brief", "meier@example.org", "a@0800.example", "Brief @home", "Brief@0800", "@", ""]
)
def test_no_times(name: str) -> None:
    """A time is a word of its own."""
    assert take_time(name) == (None, name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("x @2500", "not a time"),
        ("x @2400", "not a time"),
        ("x @800", "not a time"),
        ("x @12.10", "not a time"),
        ("x @2026-02-30 0800", "not a time"),
        ("x @2026-12-24", "not a time"),
        ("x @2026-12-24 Rechnung", "not a time"),
        ("x @2026-12-24 0800123456", "not a time"),
        ("x @0800Uhr", "not a time"),
        ("x @0000-01-01 0800", "not a time"),
        ("x @0800 @0900", "several"),
    ],
)
def test_bad_times(name: str, says: str) -> None:
    """What was meant as a time does not go at once."""
    with pytest.raises(Refused, match=says):
        take_time(name)


@pytest.mark.parametrize("name", ["@2027-07-16 1200", "@9999-12-31 2359", "@2028-01-01 0000"])
def test_too_far_ahead(name: str) -> None:
    """More than a year is a slip of the pen."""
    found, _ = take_time(name)
    assert found is not None
    with pytest.raises(Refused, match="more than a year"):
        found.after(NOW, BERLIN)


@pytest.mark.parametrize(
    ("value", "when"),
    [
        (at(2026, 12, 24, 8).replace(tzinfo=None), at(2026, 12, 24, 7)),
        (datetime(2026, 12, 24, 8, 0, tzinfo=timezone(timedelta(hours=-5))), at(2026, 12, 24, 13)),
        (time(13, 0), at(2026, 7, 14, 11)),
        ("2026-12-24 08:00", at(2026, 12, 24, 7)),
        ("2026-12-24T08:00:00", at(2026, 12, 24, 7)),
        ("2026-12-24T08:00:00.000Z", at(2026, 12, 24, 8)),
        ("2026-12-24T08:00:00+02:00", at(2026, 12, 24, 6)),
        ("2026-12-24 0800", at(2026, 12, 24, 7)),
        ("24.12.2026 08:00", at(2026, 12, 24, 7)),
        ("@0800", at(2026, 7, 15, 6)),
        ("8:00", at(2026, 7, 15, 6)),
    ],
)  # fmt: skip
def test_times_in_job_files(value: Any, when: datetime) -> None:
    """TOML's own, and what other programs write."""
    assert when_of(value).after(NOW, BERLIN) == when


@pytest.mark.parametrize(
    "value",
    [None, 8, 8.5, True, [], {}, date(2026, 12, 24), "", "morgen", "2026-12-24", "9" * 99999],
)
def test_no_times_in_job_files(value: Any) -> None:
    """A day alone is none, nor is a number."""
    with pytest.raises(Refused, match="not a time"):
        when_of(value)


@given(
    st.datetimes(timezones=st.none() | st.timezones()),
    st.sampled_from([None, UTC, BERLIN, ZoneInfo("Pacific/Apia"), ZoneInfo("America/New_York")]),
)
@example(at(1, 1, 1).replace(tzinfo=None), BERLIN)
@example(at(9999, 12, 31, 23, 59).replace(tzinfo=None), BERLIN)
def test_any_time(value: datetime, zone: ZoneInfo | None) -> None:
    """Soon, at once, or refused; never an error from the ends of the calendar."""
    try:
        found = When(day=value.date(), clock=value.time(), zone=value.tzinfo).after(NOW, zone)
    except Refused:
        return
    assert found is None or NOW < found <= NOW + timedelta(days=366)
    assert found is None or found.tzinfo is UTC


@given(st.text("@0123456789-. _:TZ+Ax", max_size=60) | st.text(max_size=40))
@example("@" * 1000)
@example("@2026-12-24" * 90)
def test_whatever_is_like_a_time(text: str) -> None:
    """It is read or refused."""
    for read in (lambda: take_time(plain(text)), lambda: when_of(text)):
        try:
            read()
        except Refused:
            continue
