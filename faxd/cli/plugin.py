"""The verdict as monitoring programs read it: one line, with performance data. Pure.

Nagios, Icinga and what understands their plugins: the text, a bar, and ``'label'=value[unit];warn;
critical;least;most`` (monitoring-plugins.org, development guidelines, "Performance data").
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from faxd.job import JobState
from faxd.text import printable
from faxd.verdict import LASTING, AccountFacts, Disk, Facts, Verdict

#: characters: Nagios' own limit is a few thousand
_LONGEST = 1000


def line(facts: Facts, verdict: Verdict, now: datetime) -> str:
    """The whole line."""
    figures = [figure for account in facts.accounts for figure in _of_account(account, now)]
    figures += [_of_disk(disk) for disk in facts.disks if disk.problem is None]
    said = f"FAXD {_plain(verdict.headline(now))}"
    return f"{said} | {' '.join(figures)}" if figures else said


def unknown(problem: str) -> str:
    """The line of who could not even look."""
    return f"FAXD UNKNOWN: {_plain(problem)}"


def _plain(text: str) -> str:
    """Without what ends the text or its line."""
    text = printable(" ".join(text.split())).replace("|", "/")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _of_account(account: AccountFacts, now: datetime) -> Iterator[str]:
    last = account.health.last_success
    if last is not None:
        age = max(0, round((now - last).total_seconds()))
        yield _figure(account.name, "last_good_poll", f"{age}s;;{LASTING + account.interval:g};0")
    if account.queue is not None:
        held = account.jobs.get(JobState.HELD, 0)
        yield _figure(account.name, "jobs", f"{sum(account.jobs.values())};;;0")
        yield _figure(account.name, "held", f"{held};0;;0")
    yield _figure(account.name, "actions_failing", f"{account.failing};0;;0")
    yield _figure(account.name, "damaged", f"{account.damaged};0;;0")


def _of_disk(disk: Disk) -> str:
    # Limits with a colon behind: what is below them is bad.
    limits = f"{disk.nearly_full_below}:;{disk.full_below}:;0;{disk.size}"
    return _figure(disk.account, f"{disk.what}_free", f"{disk.free}B;{limits}")


def _figure(account: str, name: str, value: str) -> str:
    # Names of accounts have no blanks, quotes or equals signs.
    return f"'{account}_{name}'={value}" if account else f"'{name}'={value}"
