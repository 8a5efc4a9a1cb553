"""How it all is doing, for `systemctl status` and `faxd status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from faxd.clock import utc_now
from faxd.config import AccountSettings, Config
from faxd.inbound import stopped_for
from faxd.job import JobState
from faxd.ledger import Ledger, Queue
from faxd.retry import LONGEST
from faxd.text import plural
from faxd.watchdog import Stuck


@dataclass(frozen=True, kw_only=True)
class Condition:
    """How it all is doing, at one moment."""

    accounts: int
    #: the end of the last poll of any account
    last_poll: datetime | None
    jobs: int
    #: names of accounts, and why each is stopped
    stopped: tuple[tuple[str, str], ...] = ()
    #: what else is wrong
    troubles: tuple[str, ...] = ()

    def line(self, now: datetime) -> str:
        """One line for `systemctl status`."""
        words = [plural(self.accounts, "account"), f"last poll {_ago(self.last_poll, now)}"]
        if self.jobs:
            words.append(f"{plural(self.jobs, 'job')} under way")
        if self.stopped:
            # One and the same reason is told once: a line has room for little.
            whys = dict[str, list[str]]()
            for name, why in self.stopped:
                whys.setdefault(_short(why), []).append(name)
            told = "; ".join(f"{why} ({', '.join(names)})" for why, names in whys.items())
            words.append(f"{plural(len(self.stopped), 'account')} stopped: {told}")
        elif not self.troubles:
            words.append("all well")
        return "; ".join([", ".join(words), *self.troubles])


def condition(
    config: Config,
    ledger: Ledger,
    stuck: Sequence[Stuck] = (),
    silent: Mapping[str, Path] = MappingProxyType({}),
    *,
    patience: float = -1,
) -> Condition:
    """How all accounts are doing.

    ``stuck`` are tasks that hang; ``silent`` folders that do not answer, by customer number.

    Raises:
        TimeoutError: the ledger was in use for more than ``patience`` seconds.
    """
    now = utc_now()
    names = {account.account: account.name for account in config.accounts}
    polls = list[datetime]()
    stopped = list[tuple[str, str]]()
    troubles = [f"{names.get(task.account, 'faxd')}: {task.what} hangs" for task in stuck]
    troubles += [f"{names.get(who, who)}: {path} does not answer" for who, path in silent.items()]
    jobs = 0
    for account in config.accounts:
        health = ledger.health(account.account, patience=patience)
        if health.last_poll is not None:
            polls.append(health.last_poll)
        if health.problem is not None and stopped_for(health, None, now) > 0:
            stopped.append((account.name, health.problem))
        elif health.problem is not None:
            troubles.append(f"{account.name} in trouble: {health.problem}")
        if account.outbox is not None:
            queue = ledger.queue(account.account, patience=patience)
            if queue.problem is not None:
                troubles.append(f"{account.name} sends nothing: {queue.problem.en}")
            jobs += sum(ledger.jobs.under_way(account.account).values())
    return Condition(
        accounts=len(config.accounts),
        last_poll=max(polls, default=None),
        jobs=jobs,
        stopped=tuple(stopped),
        troubles=tuple(troubles),
    )


def _short(problem: str) -> str:
    """What is wrong, without what to do about it, which `faxd status` says."""
    return problem.partition(";")[0]


def _ago(moment: datetime | None, now: datetime) -> str:
    """``12 s ago``, ``5 min ago``, ``3 h ago``; "never" for None."""
    if moment is None:
        return "never"
    # A clock that was set back makes no poll one of the future.
    seconds = max(0, round((now - moment).total_seconds()))
    if seconds < 120:
        return f"{seconds} s ago"
    if seconds < 7200:
        return f"{seconds // 60} min ago"
    return f"{seconds // 3600} h ago"


def statuses(config: Config, ledger: Ledger) -> list[dict[str, Any]]:
    """How each account is doing, for `faxd status`."""
    rows = []
    for account in config.accounts:
        health = ledger.health(account.account)
        stopped = stopped_for(health, account.password_changed(), utc_now()) > 0
        rows.append(
            {
                "account": account.name,
                "number": account.account,
                "last_poll": health.last_poll,
                "last_success": health.last_success,
                # A poll takes no longer than a call may, and follows the last one in time.
                "overdue": health.last_poll is not None
                and utc_now() - health.last_poll
                > timedelta(seconds=LONGEST + account.poll_interval + config.service.call_timeout),
                "problem": health.problem,
                "problem_since": health.problem_since,
                "stopped_until": health.stopped_until if stopped else None,
                "received": ledger.count(account.account),
                **_sending(account, ledger),
            }
        )
    return rows


def _sending(account: AccountSettings, ledger: Ledger) -> dict[str, Any]:
    """What an account sends; nothing if it has no outbox."""
    if account.outbox is None:
        return {"jobs": {}, "send_problem": None, "send_problem_since": None}
    queue: Queue = ledger.queue(account.account)
    states = ledger.jobs.under_way(account.account)
    return {
        "jobs": {state.value: states.get(state, 0) for state in JobState if not state.is_end},
        "send_problem": queue.problem.en if queue.problem else None,
        "send_problem_since": queue.problem_since,
    }
