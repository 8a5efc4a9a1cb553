"""Whether all is well, decided from facts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.cli import plugin
from faxd.heartbeat import _is_news
from faxd.job import JobState
from faxd.ledger import Health, Queue
from faxd.verdict import AccountFacts, Disk, Facts, Kind, Level, Remark, Verdict, about_disk, judge
from faxd.words import Words

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MB, GB = 10**6, 10**9


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def account(name: str = "praxis", **facts: Any) -> AccountFacts:
    """One that is well, but for the facts, which may be those of its health."""
    own = {key: facts.pop(key) for key in list(facts) if key in AccountFacts.__annotations__}
    health = Health(account="1", **{"last_poll": ago(5), "last_success": ago(5)} | facts)
    return AccountFacts(**{"name": name, "health": health, "patience": 2760.0} | own)


def stopped(name: str = "praxis", problem: str = "wrong password; mend it") -> AccountFacts:
    return account(name, problem=problem, problem_since=ago(60), stopped_until=ago(-500))


def queue(seconds: float, *, is_stopped: bool = False) -> Queue:
    """One that sends nothing since so many seconds."""
    problem = Words(de="nein", en="no; see to it")
    return Queue(account="1", problem=problem, problem_since=ago(seconds), is_stopped=is_stopped)


def disk(free: int, size: int = 100 * GB, **more: Any) -> Disk:
    return Disk(**{"what": "state", "path": "/s", "free": free, "size": size} | more)


@pytest.mark.parametrize(
    ("facts", "level", "said"),
    [
        ([account()], Level.OK, None),
        # receiving
        ([stopped()], Level.CRITICAL, "stopped: wrong password"),
        (
            # A password that was corrected counts as soon as the file is newer than the stop.
            [replace(stopped(), password_changed=ago(10))],
            Level.WARNING,
            "receiving: wrong password",
        ),
        (
            [account(problem="no route; x", problem_since=ago(60), last_success=ago(120))],
            Level.WARNING,
            "receiving: no route",
        ),
        (
            # The text of a problem may change all the time.
            [account(problem="no route", problem_since=ago(5), last_success=ago(3700))],
            Level.CRITICAL,
            "receiving: no route",
        ),
        (
            [account(problem="no", problem_since=ago(5), last_success=ago(87000), interval=86400)],
            Level.WARNING,
            "receiving: no",
        ),
        (
            [account(problem="no", problem_since=ago(3700), last_success=None)],
            Level.CRITICAL,
            "receiving: no",
        ),
        ([account(last_poll=None, last_success=None)], Level.WARNING, "not polled yet"),
        ([account(last_poll=ago(2700))], Level.OK, None),
        ([account(last_poll=ago(2800))], Level.CRITICAL, "the last one 46 min ago"),
        ([account(last_poll=ago(-9000))], Level.OK, None),  # the clock was set back
        # sending
        ([account(queue=queue(60))], Level.WARNING, "sending: no"),
        ([account(queue=queue(3700))], Level.CRITICAL, "sending: no"),
        ([account(queue=queue(60, is_stopped=True))], Level.CRITICAL, "sending: no"),
        ([account(queue=Queue(account="1"), jobs={JobState.WAITING: 900})], Level.OK, None),
        ([account(jobs={JobState.HELD: 2})], Level.WARNING, "2 jobs held"),
        # what becomes of faxes
        ([account(failing=1)], Level.WARNING, "1 action cannot be done yet"),
        ([account(given_up=2)], Level.WARNING, "2 actions given up"),
        ([account(damaged=1)], Level.WARNING, "1 fax came damaged"),
    ],
)
def test_accounts(facts: list[AccountFacts], level: Level, said: str | None) -> None:
    verdict = judge(Facts(accounts=tuple(facts)), NOW)
    assert verdict.level is level
    assert [said is not None] == [bool(verdict.remarks)]
    for remark in verdict.remarks:
        assert said is not None
        assert said in remark.text
        assert remark.account == "praxis"


@pytest.mark.parametrize(
    ("facts", "level", "said"),
    [
        (Facts(pid=None), Level.CRITICAL, "faxd does not run"),
        (Facts(unread="has faxd run yet?"), Level.UNKNOWN, "has faxd run yet?"),
        (Facts(unread="malformed", unread_level=Level.CRITICAL), Level.CRITICAL, "malformed"),
        (Facts(stuck=(("praxis", "receiving"),)), Level.CRITICAL, "praxis: receiving hangs"),
        (Facts(silent=(("praxis", "/f"),)), Level.CRITICAL, "praxis: /f does not answer"),
        # A start gives polls new time: the last one may be days ago.
        (Facts(accounts=(account(last_poll=ago(90000)),), since=ago(30)), Level.OK, "all well"),
        (Facts(accounts=(account(last_poll=None),), since=ago(9000)), Level.CRITICAL, "never"),
        (
            Facts(accounts=(account(last_poll=ago(3000)),), since=ago(-60)),
            Level.CRITICAL,
            "the last one 50 min ago",
        ),
        # Who does not run is told of that, and not of its consequences.
        (Facts(accounts=(account(last_poll=ago(90000)),), pid=None), Level.CRITICAL, "not run"),
        (Facts(accounts=(account(last_poll=None),), pid=None), Level.CRITICAL, "not run"),
    ],
)
def test_faxd_itself(facts: Facts, level: Level, said: str) -> None:
    verdict = judge(facts, NOW)
    assert verdict.level is level
    assert len(verdict.remarks) == (level is not Level.OK)
    assert said in verdict.headline(NOW)


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (disk(2 * GB), None),
        (disk(GB), Level.WARNING),
        (disk(60 * MB), Level.CRITICAL),
        (disk(0), Level.CRITICAL),
        (disk(0, size=0), None),  # of a file system that does not count
        # A small one is not nearly full from the beginning.
        (disk(150 * MB, size=400 * MB), None),
        (disk(50 * MB, size=400 * MB), Level.WARNING),
        (disk(10 * MB, size=400 * MB), Level.CRITICAL),
        (disk(2 * GB, least=5 * GB), Level.CRITICAL),
        (disk(5 * GB + 1, least=5 * GB), Level.WARNING),
        (disk(1, size=400 * MB, least=0), Level.WARNING),
        (disk(9 * GB, files=10_000, files_free=0), Level.CRITICAL),
        (disk(9 * GB, files=10_000, files_free=50), Level.WARNING),
        (disk(9 * GB, files=10_000, files_free=5000), None),
        (disk(0, problem="No such file or directory"), Level.CRITICAL),
    ],
)
def test_disks(found: Disk, level: Level | None) -> None:
    remark = about_disk(found)
    assert (remark and remark.level) is level
    assert remark is None or "state /s: " in remark.text


def test_a_disk_is_told_once_for_all_the_folders_on_it() -> None:
    found = [disk(GB, what=what, device=8) for what in ("state", "inbox", "outbox")]
    other = [disk(GB, what="inbox", device=9, account="labor")]
    remarks = judge(Facts(disks=(*found, *other)), NOW).remarks
    assert [(each.account, each.text.split()[0]) for each in remarks] == [
        ("", "state"),
        ("labor", "inbox"),
    ]


def test_the_worst_comes_first_and_decides() -> None:
    facts = Facts(
        accounts=(account("a", damaged=1), stopped("b")), disks=(disk(GB),), unread="what?"
    )
    verdict = judge(facts, NOW)
    assert [each.level for each in verdict.remarks] == [
        Level.CRITICAL,
        Level.UNKNOWN,
        Level.WARNING,
        Level.WARNING,
    ]
    assert verdict.headline(NOW).startswith("CRITICAL: b: stopped: wrong password; what?; a: 1 fax")
    # What to do is not for a line.
    assert "mend it" not in verdict.headline(NOW)


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (Facts(accounts=(account(),)), "1 account, last poll 5 s ago, all well"),
        (
            Facts(accounts=(account(last_poll=None),)),
            "1 account, last poll never; praxis: not polled yet",
        ),
        (Facts(accounts=(account(last_poll=ago(-3)),)), "1 account, last poll 0 s ago, all well"),
        (
            Facts(accounts=(account(last_poll=ago(150)),)),
            "1 account, last poll 2 min ago, all well",
        ),
        (
            Facts(accounts=(account(last_poll=ago(7300), patience=9e9),)),
            "1 account, last poll 2 h ago, all well",
        ),
        (
            Facts(accounts=(account(jobs={JobState.WAITING: 1}),)),
            "1 account, last poll 5 s ago, 1 job under way, all well",
        ),
        (
            Facts(accounts=(stopped(), account("b"), account("c"))),
            "3 accounts, last poll 5 s ago, 1 account stopped: wrong password (praxis)",
        ),
        (
            Facts(accounts=(stopped("a"), stopped("b"), account("c"))),
            "3 accounts, last poll 5 s ago, 2 accounts stopped: wrong password (a, b)",
        ),
        (
            Facts(accounts=(stopped("a"), account("b")), stuck=(("b", "receiving"),)),
            "2 accounts, last poll 5 s ago, 1 account stopped: wrong password (a);"
            " b: receiving hangs",
        ),
        (
            Facts(accounts=(account(queue=queue(9)),)),
            "1 account, last poll 5 s ago; praxis: sending: no",
        ),
    ],
)
def test_the_line_for_systemd(facts: Facts, line: str) -> None:
    assert judge(facts, NOW).line(NOW) == line


def test_what_is_news() -> None:
    """A poll every few seconds is none; the first one is."""
    before = Verdict(accounts=1, last_poll=ago(10), jobs=0)
    assert not _is_news(before, Verdict(accounts=1, last_poll=NOW, jobs=0))
    assert _is_news(before, Verdict(accounts=1, last_poll=NOW, jobs=1))
    assert _is_news(Verdict(accounts=1, last_poll=None, jobs=0), before)
    assert _is_news(None, before)
    assert _is_news(before, "the ledger cannot be read: disk I/O error")
    assert not _is_news("the same", "the same")


# the line for monitoring


def test_the_line_of_a_plugin() -> None:
    sends = account(queue=Queue(account="1"), jobs={JobState.HELD: 1, JobState.WAITING: 2})
    facts = Facts(
        accounts=(sends, account("labor", last_success=None)),
        disks=(disk(2 * GB), disk(0, what="inbox", account="labor", problem="gone")),
    )
    text, bar, figures = plugin.line(facts, judge(facts, NOW), NOW).partition(" | ")
    assert bar
    assert text == "FAXD CRITICAL: inbox /s: gone; praxis: 1 job held".replace(
        "inbox", "labor: inbox"
    )
    assert figures.split() == [
        "'praxis_last_good_poll'=5s;;3660;0",
        "'praxis_jobs'=3;;;0",
        "'praxis_held'=1;0;;0",
        "'praxis_actions_failing'=0;0;;0",
        "'praxis_damaged'=0;0;;0",
        "'labor_actions_failing'=0;0;;0",
        "'labor_damaged'=0;0;;0",
        "'state_free'=2000000000B;1067108864:;67108864:;0;100000000000",
    ]


@given(st.text(), st.text(max_size=20))
def test_the_line_of_a_plugin_is_one_whatever_is_in_it(problem: str, path: str) -> None:
    """A bar would end the text, a line's end the line."""
    remark = Remark(level=Level.WARNING, kind=Kind.SENDING, text=problem)
    verdict = Verdict(accounts=1, last_poll=None, jobs=0, remarks=(remark,))
    for line in (
        plugin.line(Facts(), verdict, NOW),
        plugin.unknown(problem),
        plugin.line(Facts(disks=(disk(0, problem=path),)), verdict, NOW),
    ):
        assert len(line.splitlines()) == 1
        assert "|" not in line
        assert line.startswith("FAXD ")
