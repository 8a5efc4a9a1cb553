"""How it all is doing, in one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from faxd.condition import Condition
from faxd.heartbeat import _is_news

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({"last_poll": None}, "1 account, last poll never, all well"),
        ({"last_poll": ago(12.4)}, "1 account, last poll 12 s ago, all well"),
        ({"last_poll": ago(-3)}, "1 account, last poll 0 s ago, all well"),
        ({"last_poll": ago(150)}, "1 account, last poll 2 min ago, all well"),
        ({"last_poll": ago(7300)}, "1 account, last poll 2 h ago, all well"),
        ({"jobs": 1}, "1 account, last poll 0 s ago, 1 job under way, all well"),
        (
            {
                "accounts": 3,
                "last_poll": ago(12),
                "jobs": 2,
                "stopped": (("praxis", "wrong password; no calls for 15 minutes at a time"),),
            },
            "3 accounts, last poll 12 s ago, 2 jobs under way,"
            " 1 account stopped: wrong password (praxis)",
        ),
        (
            {"accounts": 3, "stopped": (("a", "wrong password; x"), ("b", "wrong password; x"))},
            "3 accounts, last poll 0 s ago, 2 accounts stopped: wrong password (a, b)",
        ),
        (
            {"accounts": 2, "stopped": (("a", "no"),), "troubles": ("b: receiving hangs",)},
            "2 accounts, last poll 0 s ago, 1 account stopped: no (a); b: receiving hangs",
        ),
        (
            {"troubles": ("praxis sends nothing: no",)},
            "1 account, last poll 0 s ago; praxis sends nothing: no",
        ),
    ],
)
def test_the_line(facts: dict[str, Any], line: str) -> None:
    found = Condition(**{"accounts": 1, "last_poll": NOW, "jobs": 0} | facts)
    assert found.line(NOW) == line


def test_what_is_news() -> None:
    """A poll every few seconds is none; the first one is."""
    before = Condition(accounts=1, last_poll=ago(10), jobs=0)
    assert not _is_news(before, Condition(accounts=1, last_poll=NOW, jobs=0))
    assert _is_news(before, Condition(accounts=1, last_poll=NOW, jobs=1))
    assert _is_news(Condition(accounts=1, last_poll=None, jobs=0), before)
    assert _is_news(None, before)
    assert _is_news(before, "the ledger cannot be read: disk I/O error")
    assert not _is_news("the same", "the same")
