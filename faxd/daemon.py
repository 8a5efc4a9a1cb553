"""`faxd run`: polls and sends for every account until it is told to stop."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from faxd import __version__, log, memory, notify
from faxd.afterwards import Afterwards, task_of
from faxd.config import AccountSettings, Config, ConfigError, load
from faxd.faxde import Cancelled
from faxd.heartbeat import Heartbeat
from faxd.ledger import LedgerError, Received
from faxd.metrics import Metrics
from faxd.outbound.dispatch import Dispatch
from faxd.outbound.preparing.bench import Bench
from faxd.outbound.proof import Room
from faxd.outbound.status_receiver import StatusReceiver
from faxd.schedule import Schedule
from faxd.shares import Shares
from faxd.wiring import (
    afterwards_for,
    check_options,
    connect,
    dispatch_for,
    poller_for,
    rescued_ledger,
    set_up_log,
)

if TYPE_CHECKING:
    from faxd.telling import Teller

#: seconds between two looks at the clock
_TICK = 1.0
#: seconds in which what runs must have ended after a SIGTERM
_STOP = 9.0
#: seconds between two times that free memory is given back to the machine
_TRIM = 2.0
#: seconds of these for what is being sent
_FINISH = 5.0
#: seconds until a task is tried again that faxd itself has ended
_ENDED = 60.0


class Daemon:
    """All accounts, and what wakes them."""

    def __init__(self, path: Path, config: Config) -> None:
        """``config`` is what was read from ``path``, which is read again at each SIGHUP.

        Raises:
            ConfigError, LedgerError: it cannot begin.
        """
        self._path = path
        self._config = config
        self._log = log.get_logger()
        for account in config.accounts:
            check_options(account)
        self._ledger = rescued_ledger(config)
        self._service = connect(config)
        self._reports = self._room()
        self._bench = self._new_bench()
        self._shares = Shares()
        self._metrics = Metrics(self._ledger, self._log, self._shares)
        self._schedule = Schedule(self._log)
        self._receiver: StatusReceiver | None = None
        #: why it cannot listen
        self._deaf: str | None = None
        #: by customer number, with the settings that they were made of
        self._dispatches: dict[str, tuple[object, Dispatch]] = {}
        self._afterwards: dict[str, tuple[object, Afterwards]] = {}
        #: what sees to what was begun under an earlier configuration
        self._retired: list[Afterwards] = []
        #: accounts whose jobs of the last run have been looked after
        self._recovered: set[str] = set()
        self._ledger_version = 0
        #: why a ledger that is gone cannot be put back
        self._unwritten = ""
        self._trim_at = 0.0
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._teller: Teller | None = None
        self._heartbeat = Heartbeat(self._schedule, self._ledger, self._log, self._shares)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda received, _frame: self._signals.put(received))
        # Where the watchdog ends it (SIGABRT), the journal is to know where each thread was.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            faulthandler.enable()
        memory.few_arenas()
        self._schedule.start()
        self._put_tasks()
        self._listen()
        self._log.info("faxd runs", version=__version__, accounts=len(self._config.accounts))
        notify.notify("READY=1")
        while True:
            received = self._next_signal()
            if received in (signal.SIGTERM, signal.SIGINT):
                break
            if received == signal.SIGHUP:
                self._reload()
            if self._schedule.watch():
                self._clock_was_set()
            self._listen()
            self._look_at_ledger()
            if not self._ledger_is_well():
                self._stop()
                sys.exit(1)  # to be started again
            self._heartbeat.beat(self._config)
            self._keep_small()
        self._stop()

    def _next_signal(self) -> int | None:
        try:
            return self._signals.get(timeout=_TICK)
        except queue.Empty:
            return None

    # tasks

    def _put_tasks(self) -> None:
        """Have everything run that the configuration asks for, and nothing else."""
        config, tasks = self._config, dict[str, Callable[[], float]]()
        for account in config.accounts:
            poller = poller_for(
                config, account, self._service, self._ledger, saved=self._wake_afterwards
            )
            # By customer number: that is what must never be polled twice at the same time.
            tasks[account.account] = partial(self._metrics.poll, account.name, poller)
        # All first, which may fail, and only then the old ones make room.
        made = {
            account.account: self._dispatch(account)
            for account in config.accounts
            if account.outbox is not None
        }
        for number, (_, old) in self._dispatches.items():
            new = made[number][1] if number in made else None
            if new is not old:
                old.retire(new)
        self._dispatches = made
        for _, dispatch in made.values():
            tasks |= dispatch.tasks()
        tasks |= self._put_afterwards()
        tasks |= self._metrics.tasks(config)
        tasks |= self._put_telling()
        self._schedule.keep_only(tasks)
        for name, run in tasks.items():
            self._schedule.put(name, partial(_until_ended, run))

    def _dispatch(self, account: AccountSettings) -> tuple[object, Dispatch]:
        """What sends for an account: the one that there is, if nothing has changed for it."""
        config = self._config
        made_of = (account, config.timezone, config.status_receiver, self._service)
        known = self._dispatches.get(account.account)
        if known is not None and known[0] == made_of:
            return known
        dispatch = dispatch_for(
            config,
            account,
            self._service,
            self._ledger,
            self._schedule.wake,
            self._reports,
            self._bench,
        )
        if account.account not in self._recovered:
            # Only once: later on, what is being sent is being sent by this process.
            dispatch.sender.recover()
            self._recovered.add(account.account)
        return made_of, dispatch

    def _put_afterwards(self) -> dict[str, Callable[[], float]]:
        """What sees to received faxes, for each account; the ones there are if nothing changed."""
        config, known = self._config, self._afterwards
        self._afterwards = {}
        for account in config.accounts:
            made_of = (account, config.rules_of(account), config.mail, config.timezone)
            there = known.pop(account.account, None)
            if there is None or there[0] != made_of:
                if there is not None:
                    known[account.account] = there
                wake = self._schedule.wake
                there = (made_of, afterwards_for(config, account, self._ledger, wake))
            self._afterwards[account.account] = there
        self._retired = [each for each in self._retired if each.is_busy]
        for _, gone in known.values():
            gone.retire()
            self._retired.append(gone)
        tasks = dict[str, Callable[[], float]]()
        for _, afterwards in self._afterwards.values():
            tasks |= afterwards.tasks()
        return tasks

    def _put_telling(self) -> dict[str, Callable[[], float]]:
        """What tells people; without the section ``[tell]`` nothing is loaded."""
        if self._config.tell is None:
            return {}
        if self._teller is None:
            from faxd.telling import Teller

            self._teller = Teller(
                self._config,
                self._ledger,
                self._log,
                self._shares,
                self._schedule.wake,
                lambda: (self._heartbeat.stuck, self._heartbeat.silent),
            )
        self._teller.config = self._config
        return self._teller.tasks()

    def _wake_afterwards(self, fax: Received) -> None:
        """A fax is safe: see to what becomes of it."""
        self._schedule.wake(task_of(fax.account))

    def _keep_small(self) -> None:
        """Give back now and then what a burst of work has left."""
        if time.monotonic() >= self._trim_at:
            memory.give_back()
            self._trim_at = time.monotonic() + _TRIM

    def _clock_was_set(self) -> None:
        """Have no job wait for a time that was set by another clock."""
        try:
            self._ledger.jobs.clock_was_set()
        except sqlite3.Error as error:
            self._log.error("ledger cannot be used", problem=str(error))
        for _, dispatch in self._dispatches.values():
            dispatch.wake_all()

    def _look_at_ledger(self) -> None:
        """Notice what commands have written into the ledger, such as a job or a cancellation."""
        try:
            version = self._ledger.version(patience=0.2)
        except (TimeoutError, sqlite3.Error):
            return
        if version != self._ledger_version:
            self._ledger_version = version
            for _, dispatch in self._dispatches.values():
                dispatch.wake_all()

    def _ledger_is_well(self) -> bool:
        """Whether to go on: a start sets aside what is damaged, and finds what is put back."""
        if self._ledger.damage is not None:
            self._log.error("ledger is damaged, faxd ends", problem=self._ledger.damage)
            return False
        if self._ledger.is_in_place:
            return True
        try:
            is_back = self._ledger.put_back()
        except (OSError, sqlite3.Error) as error:
            if str(error) != self._unwritten:
                self._log.error("ledger is gone and cannot be put back", problem=str(error))
            self._unwritten = str(error)
            return True  # all is still known here: try again
        self._log.error("ledger was removed" if is_back else "ledger was replaced, faxd ends")
        return False

    # STATURL

    def _listen(self) -> None:
        """Have the receiver of STATURL calls listen, if there is to be one and there is none."""
        settings = self._config.status_receiver
        if settings is None or self._receiver is not None:
            return
        problem = None
        try:
            self._receiver = StatusReceiver(settings.listen, self._told, self._log)
        except OSError as error:
            # Jobs are looked at all the same, only later.
            problem = error.strerror
            if problem != self._deaf:
                self._log.error(
                    "status receiver cannot listen", address=settings.listen, problem=problem
                )
        self._deaf = problem

    def _told(self, secret: str) -> bool:
        """FAX.de, or somebody, says that a job is through: look at it now."""
        try:
            job = self._ledger.jobs.look_now(secret)
        except sqlite3.Error:
            return False
        if job is None or job.account not in self._dispatches:
            return False
        _, dispatch = self._dispatches[job.account]
        self._schedule.wake(dispatch.follow)
        return True

    def _room(self) -> Room | None:
        """Where transmission reports are made; without it everything else goes on."""
        try:
            return Room(self._config.state_dir)
        except OSError as error:
            self._log.error(
                "no transmission reports until a restart",
                problem=f"{error.filename}: {error.strerror}",
            )
            return None

    def _new_bench(self) -> Bench | None:
        """Where documents are made ready; without it those that need nothing are sent."""
        try:
            return Bench(self._config.state_dir)
        except OSError as error:
            self._log.error(
                "documents cannot be prepared until a restart",
                problem=f"{error.filename}: {error.strerror}",
            )
            return None

    # configuration, status, end

    def _reload(self) -> None:
        """Read the configuration again; keep the old one if the new one cannot be used."""
        notify.reloading()
        try:
            config = load(self._path)
            if config.state_dir != self._config.state_dir:
                raise ConfigError("state_dir: a change needs a restart")
            for account in config.accounts:
                check_options(account)
            service = self._service if config.service == self._config.service else connect(config)
        except ConfigError as error:
            self._log.error("configuration kept, the new one is bad", problem=str(error))
        else:
            old, self._service = self._service, service
            before, self._config = self._config, config
            set_up_log(config)
            try:
                self._put_tasks()
            except (sqlite3.Error, LedgerError, ConfigError) as error:
                # What worked goes on as it was; once the disk is well, SIGHUP does the rest.
                self._log.error("configuration not in force yet", problem=str(error))
                self._config = before
                notify.notify("READY=1")
                return
            if config.status_receiver != before.status_receiver:
                self._close_receiver()
                self._listen()
            if old is not service:
                old.close()
            self._log.info("configuration read again", accounts=len(config.accounts))
        notify.notify("READY=1")

    def _finish_sending(self) -> None:
        """Start nothing more, and let what is being sent come to its end, if that is soon.

        A SendJob that is ended in the middle is a doubt, which costs a repetition.
        """
        dispatches = [dispatch for _, dispatch in self._dispatches.values()]
        for dispatch in dispatches:
            dispatch.retire(None)
        deadline = time.monotonic() + _FINISH
        while time.monotonic() < deadline and any(each.sender.is_busy for each in dispatches):
            time.sleep(0.05)

    def _close_receiver(self) -> None:
        if self._receiver is not None:
            self._receiver.close()
        self._receiver = None

    def _stop(self) -> None:
        began = time.monotonic()
        self._log.info("faxd stops")
        notify.notify("STOPPING=1")
        for afterwards in (*self._retired, *(each for _, each in self._afterwards.values())):
            afterwards.close()
        self._finish_sending()
        if self._reports is not None:
            self._reports.close()
        if self._bench is not None:
            self._bench.close()
        self._service.close()
        self._close_receiver()
        self._metrics.close()
        if self._teller is not None:
            self._teller.close()
        if not self._schedule.stop(max(1.0, _STOP - (time.monotonic() - began))):
            # Some file system does not answer. Dying here is no worse than a power cut, which
            # every step is made for; waiting would be.
            self._log.error("faxd ends with work unfinished")
            sys.stderr.flush()
            os._exit(1)
        self._ledger.close()


def _until_ended(run: Callable[[], float]) -> float:
    """Run a task, which faxd itself may end."""
    try:
        return run()
    except Cancelled:
        return _ENDED
