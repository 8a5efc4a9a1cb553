"""One account's runs: what a run's end means for the account's health and for the next run.

Told once per incident: at error level when a problem begins or changes, at info level when it is
over. The health is in the ledger, so `faxd status` shows it and a restart does not forget that
an account is stopped.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from faxd.clock import utc_now
from faxd.config import AccountSettings, PasswordError
from faxd.faxde import Asks, Cancelled, FaxdeError, Rejected
from faxd.inbound.inbox import InboxUnusable
from faxd.inbound.receive import Receiver
from faxd.inbound.save import Stuck
from faxd.ledger import Health, Ledger, LedgerError
from faxd.log import Log, bound_contextvars
from faxd.retry import STOP, Outcome, pause

_WHAT_TO_DO = (
    "no calls for 15 minutes at a time, so that the account is not locked; put the account or its"
    " password right, and `faxd check` lifts the stop at once"
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """How one run ended."""

    outcome: Outcome
    #: what went wrong, and what to do; None if nothing did
    problem: str | None = None
    #: seconds until the next run
    pause: float


class Poller:
    """Runs a receiver, and keeps the account's health."""

    def __init__(
        self,
        settings: AccountSettings,
        receiver: Receiver,
        ledger: Ledger,
        log: Log,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``chance`` gives random numbers in [0, 1)."""
        self._settings = settings
        self._receiver = receiver
        self._ledger = ledger
        self._log = log
        self._chance = chance

    def run(self) -> Report:
        """Fetch what is there, unless the account is stopped.

        Raises:
            Cancelled: faxd itself ended the run. Whatever else happens is in the report.
        """
        # For what the libraries below log, which do not know whom they work for.
        with bound_contextvars(account=self._settings.name):
            return self._run()

    def _run(self) -> Report:
        try:
            health = self._ledger.health(self._settings.account)
        except sqlite3.Error as error:
            # Whether the account is stopped cannot be told, so it is not called.
            unread = f"the ledger cannot be read: {error}"
            self._log.error("poll failed", problem=unread)
            return self._report(Outcome.TROUBLE, 1, unread)
        if stopped_for(health, self._settings.password_changed(), utc_now()) > 0:
            return self._report(Outcome.STOPPED, health.failures, health.problem)
        try:
            # A stop that could not be recorded would be forgotten: no call without this.
            self._ledger.set_health(health)
        except sqlite3.Error as error:
            unwritable = f"the ledger cannot be written: {error}"
            self._log.error("poll failed", problem=unwritable)
            return self._report(Outcome.TROUBLE, 1, unwritable)
        outcome, problem = self._poll()
        failures = 0 if outcome is Outcome.GOOD else health.failures + 1
        recorded = self._record(health, outcome, problem, failures)
        report = self._report(outcome, failures, problem)
        if outcome is Outcome.STOPPED and not recorded:
            # The ledger could not take note of the stop: the pause itself must keep it.
            report = replace(report, pause=max(report.pause, STOP))
        return report

    def _poll(self) -> tuple[Outcome, str | None]:
        """Run the receiver: how that ended, and what is wrong."""
        try:
            self._receiver.poll()
        except Cancelled:
            raise
        except Rejected as error:
            if error.code.asks is Asks.ACCOUNT:
                return Outcome.STOPPED, f"{error}; {_WHAT_TO_DO}"
            return Outcome.TROUBLE, str(error)
        except (InboxUnusable, PasswordError) as error:
            return Outcome.NOT_READY, str(error)
        except (FaxdeError, Stuck, LedgerError) as error:
            return Outcome.TROUBLE, str(error)
        except sqlite3.Error as error:
            return Outcome.TROUBLE, f"the ledger cannot be written: {error}"
        except OSError as error:
            return Outcome.TROUBLE, f"a file cannot be written: {error.strerror or error}"
        except Exception as error:
            # A defect of faxd's own in one account must not end the others.
            self._log.exception("unexpected error")
            return Outcome.TROUBLE, f"unexpected error ({type(error).__name__}), see the log"
        return Outcome.GOOD, None

    def _report(self, outcome: Outcome, failures: int, problem: str | None) -> Report:
        length = pause(outcome, failures, self._settings.poll_interval, self._chance())
        return Report(outcome=outcome, problem=problem, pause=length)

    def _record(self, before: Health, outcome: Outcome, problem: str | None, failures: int) -> bool:
        """Tell and record how the account is doing; whether it could be recorded."""
        now = utc_now()
        new = problem != before.problem
        if problem is None and before.problem is not None:
            self._log.info("account works again", was=before.problem)
        elif problem is not None and new:
            event = "account stopped" if outcome is Outcome.STOPPED else "poll failed"
            self._log.error(event, problem=problem)
        elif problem is not None:
            self._log.debug("poll failed again", problem=problem, failures=failures)
        health = Health(
            account=before.account,
            last_poll=now,
            last_success=now if problem is None else before.last_success,
            failures=failures,
            problem=problem,
            problem_since=now if new and problem is not None else before.problem_since,
            stopped_until=now + timedelta(seconds=STOP) if outcome is Outcome.STOPPED else None,
        )
        if problem is None:
            health = replace(health, problem_since=None)
        try:
            self._ledger.set_health(health)
        except sqlite3.Error as error:
            self._log.error("account's health not recorded", problem=str(error))
            return False
        return True


def stopped_for(health: Health, password_changed: datetime | None, now: datetime) -> float:
    """Seconds that an account must not be called any more; 0 if it may.

    A stop ends early when the password was changed after it began. One that reaches further
    than a stop can was left by a clock that has been set back, and does not count.
    """
    if health.stopped_until is None:
        return 0.0
    began = health.stopped_until - timedelta(seconds=STOP)
    if password_changed is not None and began < password_changed <= now:
        return 0.0
    left = (health.stopped_until - now).total_seconds()
    return left if 0 < left <= STOP else 0.0
