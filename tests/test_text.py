"""Plain text for terminals."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd import text


@given(st.text())
def test_nothing_printable_steers_a_terminal(words: str) -> None:
    shown = text.printable(words)
    assert shown.isprintable()
    assert len(shown) == len(words)


def test_table() -> None:
    rows = [("a", "b\x1b", "long words"), ("ccc", "", "x")]
    assert text.table(("1", "2", "3"), rows) == ("1    2   3\na    b?  long words\nccc      x")


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5_400_000, "5.4 MB"), (2 * 10**9, "2.0 GB")],
)
def test_size(count: int, shown: str) -> None:
    assert text.size(count) == shown


def test_local_time() -> None:
    moment = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert text.local_time(moment, ZoneInfo("Europe/Berlin")) == "2026-07-02 00:30:00"
    assert text.local_time(None, None) == "never"


def test_plural() -> None:
    assert [text.plural(n, "fax", "faxes") for n in (0, 1, 2)] == ["0 faxes", "1 fax", "2 faxes"]
    assert text.plural(2, "page") == "2 pages"
