"""What systemd hears of a daemon that runs: that nothing hangs, and how all is doing."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path

from faxd import notify
from faxd.clock import utc_now
from faxd.condition import glance
from faxd.config import Config
from faxd.ledger import Ledger
from faxd.log import Log
from faxd.schedule import Schedule
from faxd.shares import Shares
from faxd.verdict import Verdict, judge
from faxd.watchdog import INTERVAL, Stuck, Watchdog, account_of

#: seconds after which systemd is told the time of the last poll again
_TELL = 10.0
#: Seconds to wait for the ledger. The thread that tells must hear of a SIGTERM while a disk hangs.
_PATIENCE = 0.2
#: seconds without a sign of a task until its folders are asked
_SILENT = 10.0
#: seconds without an answer after which a folder has none to give
_UNANSWERED = 5.0


class Heartbeat:
    """Looks at the tasks and the ledger, and tells; `beat` wants to be called every second."""

    def __init__(self, schedule: Schedule, ledger: Ledger, log: Log, shares: Shares) -> None:
        self._schedule = schedule
        self._shares = shares
        self._ledger = ledger
        self._log = log
        self._since = utc_now()
        interval = notify.watchdog_interval()
        self._watchdog = Watchdog(interval or INTERVAL)
        #: seconds between two signs of life; None: systemd wants none
        self._every = interval / 4 if interval else None
        self._feed_at = 0.0
        #: tasks that hang
        self.stuck: list[Stuck] = []
        #: folders that do not answer, by the customer numbers of those whose tasks wait for them
        self.silent: dict[str, Path] = {}
        #: what systemd was told last, and when it is to be told the time again
        self._told: Verdict | str | None = None
        self._tell_at = 0.0

    def beat(self, config: Config) -> None:
        """Look and tell."""
        now = time.monotonic()
        self._look(config, now)
        if not self.stuck and self._every is not None and now >= self._feed_at:
            # Where something hangs there is silence, and systemd ends and restarts faxd.
            notify.notify("WATCHDOG=1")
            self._feed_at = now + self._every
        self._tell(config, now)

    def _look(self, config: Config, now: float) -> None:
        """Find what hangs, and log it once."""
        self._look_at_shares(config)
        before = {each.task for each in self.stuck}
        self.stuck = self._watchdog.look(
            now,
            self._schedule.signs(),
            config.service,
            lambda task: account_of(task) in self.silent,
        )
        for each in self.stuck:
            if each.task not in before:
                self._log.error(
                    "task hangs", task=each.task, what=each.what, seconds=round(each.seconds)
                )
        for task in sorted(before - {each.task for each in self.stuck}):
            self._log.info("task goes on", task=task)

    def _look_at_shares(self, config: Config) -> None:
        """Find out whether tasks that give no sign wait for a folder that does not answer."""
        waiting = {account_of(task) for task in self._watchdog.silent(_SILENT)}
        before, self.silent = self.silent, {}
        for account in config.accounts:
            if account.account in waiting:
                silent = [
                    path
                    for path in account.folders()
                    if self._shares.is_silent(path, patience=_UNANSWERED)
                ]
                if silent:
                    self.silent[account.account] = silent[0]
        for number, path in self.silent.items():
            if before.get(number) != path:
                self._log.error(
                    "folder does not answer",
                    path=str(path),
                    remedy="see to its disk or server; faxd goes on by itself",
                )
        for number in before.keys() - self.silent.keys():
            self._log.info("folder answers again", path=str(before[number]))

    def _tell(self, config: Config, now: float) -> None:
        """Say how all is doing: when that has changed, and now and then for the time."""
        status: Verdict | str
        try:
            facts = glance(
                config,
                self._ledger,
                self.stuck,
                self.silent,
                since=self._since,
                patience=_PATIENCE,
            )
            status = judge(facts, utc_now())
        except TimeoutError:
            return
        except sqlite3.Error as error:
            status = f"the ledger cannot be read: {error}"
        if _is_news(self._told, status) or now >= self._tell_at:
            self._told, self._tell_at = status, now + _TELL
            line = status.line(utc_now()) if isinstance(status, Verdict) else status
            notify.notify(f"STATUS={line}")


def _is_news(before: Verdict | str | None, after: Verdict | str) -> bool:
    """Whether more has changed than the time of the last poll."""
    if isinstance(before, Verdict) and isinstance(after, Verdict) and before.last_poll:
        before = replace(before, last_poll=after.last_poll)
    return before != after
