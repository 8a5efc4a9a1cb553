"""How it all is doing, for `systemctl status` and `faxd status`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from faxd.clock import utc_now
from faxd.config import AccountSettings, Config
from faxd.inbound import stopped_for
from faxd.job import JobState
from faxd.ledger import Ledger, Queue
from faxd.retry import LONGEST
from faxd.text import plural


def describe(config: Config, ledger: Ledger, *, patience: float = -1) -> str:
    """The daemon's state in one line for `systemctl status`; changes with events, not with time.

    Raises:
        TimeoutError: the ledger was in use for more than ``patience`` seconds.
    """
    now, words = utc_now(), [plural(len(config.accounts), "account")]
    waiting = 0
    for account in config.accounts:
        health = ledger.health(account.account, patience=patience)
        if health.problem is not None:
            stopped = stopped_for(health, None, now) > 0
            state = "stopped" if stopped else "in trouble"
            words.append(f"{account.name} {state}: {health.problem}")
        if account.outbox is not None:
            queue = ledger.queue(account.account, patience=patience)
            if queue.problem is not None:
                words.append(f"{account.name} sends nothing: {queue.problem.en}")
            waiting += sum(ledger.jobs.under_way(account.account).values())
    if waiting:
        words.insert(1, f"{plural(waiting, 'job')} under way")
    healthy = len(words) == (2 if waiting else 1)
    return "; ".join(words) + (", all well" if healthy else "")


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
