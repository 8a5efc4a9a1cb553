"""The facts of how it all is doing, gathered for `faxd.verdict`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from faxd.clock import utc_now
from faxd.config import AccountSettings, Config
from faxd.job import JobState
from faxd.ledger import RESCUED, Ledger
from faxd.retry import LONGEST
from faxd.shares import Shares
from faxd.verdict import RECENT, AccountFacts, Disk, Facts
from faxd.watchdog import Stuck

#: seconds that a disk may take to say how full it is
_PATIENCE = 5.0


def glance(
    config: Config,
    ledger: Ledger,
    stuck: Sequence[Stuck] = (),
    silent: Mapping[str, Path] = MappingProxyType({}),
    *,
    pid: int | None = 0,
    since: datetime | None = None,
    patience: float = -1,
) -> Facts:
    """What can be asked each second.

    ``stuck`` are tasks that hang; ``silent`` folders that do not answer, by customer number.

    Raises:
        TimeoutError: the ledger was in use for more than ``patience`` seconds.
    """
    names = {account.account: account.name for account in config.accounts}
    with ledger.patiently(patience):
        accounts = tuple(_account(config, account, ledger) for account in config.accounts)
    return Facts(
        accounts=accounts,
        pid=pid,
        since=since,
        stuck=tuple((names.get(task.account, ""), task.what) for task in stuck),
        rescued=_rescued(ledger),
        silent=tuple((names.get(who, ""), str(path)) for who, path in silent.items()),
    )


def _rescued(ledger: Ledger) -> tuple[datetime, str] | None:
    said = ledger.known_fact(RESCUED)
    at, _, name = said.partition(" ")
    return (datetime.fromisoformat(at), name) if at else None


def look(
    config: Config,
    ledger: Ledger,
    stuck: Sequence[Stuck] = (),
    silent: Mapping[str, Path] = MappingProxyType({}),
    *,
    shares: Shares,
    pid: int | None,
    since: datetime | None,
) -> Facts:
    """All that is known, disks included.

    Raises:
        sqlite3.Error: the ledger cannot be read.
    """
    facts = glance(config, ledger, stuck, silent, pid=pid, since=since)
    accounts = tuple(
        _closely(account, known, ledger)
        for account, known in zip(config.accounts, facts.accounts, strict=True)
    )
    return replace(facts, accounts=accounts, disks=disks(config, shares))


def _account(config: Config, account: AccountSettings, ledger: Ledger) -> AccountFacts:
    number, sends = account.account, account.outbox is not None
    return AccountFacts(
        name=account.name,
        health=ledger.health(number),
        queue=ledger.queue(number) if sends else None,
        jobs=ledger.jobs.under_way(number) if sends else {},
        interval=account.poll_interval,
        # A poll takes no longer than a call may, and follows the last one in time.
        patience=LONGEST + account.poll_interval + config.service.call_timeout,
        failing=ledger.actions.failing(number),
    )


def _closely(account: AccountSettings, known: AccountFacts, ledger: Ledger) -> AccountFacts:
    since = utc_now() - RECENT
    return replace(
        known,
        password_changed=account.password_changed(),
        given_up=ledger.actions.given_up(account.account, since),
        damaged=ledger.damaged(account.account, since),
    )


def disks(config: Config, shares: Shares) -> tuple[Disk, ...]:
    """The disks that faxd's folders are on, each asked for a few seconds at most."""
    return tuple(_asked(disk, shares) for disk in _folders(config))


def _asked(disk: Disk, shares: Shares) -> Disk:
    try:
        room = shares.room(Path(disk.path), patience=_PATIENCE)
    except TimeoutError:
        return replace(disk, problem="it does not answer; see to its disk or share")
    except OSError as error:
        why = f"{error.strerror}; make the folder, or mount the disk that it is on"
        return replace(disk, problem=why)
    return replace(disk, **vars(room))


def _folders(config: Config) -> Iterator[Disk]:
    yield Disk(what="state", path=str(config.state_dir))
    for account in config.accounts:
        inbox, least = str(account.inbox), account.min_free
        yield Disk(what="inbox", account=account.name, path=inbox, least=least)
        if account.outbox is not None:
            yield Disk(what="outbox", account=account.name, path=str(account.outbox))


def statuses(config: Config, ledger: Ledger, facts: Facts) -> list[dict[str, Any]]:
    """How each account is doing, in JSON's types and moments."""
    now = utc_now()
    return [
        {
            "account": account.name,
            "number": account.account,
            "last_poll": known.health.last_poll,
            "last_success": known.health.last_success,
            "problem": known.health.problem,
            "problem_since": known.health.problem_since,
            "stopped_until": known.health.stopped_until if known.is_stopped(now) else None,
            "received": ledger.count(account.account),
            "damaged_lately": known.damaged,
            "actions_failing": known.failing,
            "actions_given_up_lately": known.given_up,
            "jobs": _jobs(known),
            "send_problem": known.queue.problem.en if known.queue and known.queue.problem else None,
            "send_problem_since": known.queue.problem_since if known.queue else None,
        }
        for account, known in zip(config.accounts, facts.accounts, strict=True)
    ]


def _jobs(known: AccountFacts) -> dict[str, int]:
    """Number of jobs in each state that is no end; nothing of an account without an outbox."""
    if known.queue is None:
        return {}
    return {state.value: known.jobs.get(state, 0) for state in JobState if not state.is_end}
