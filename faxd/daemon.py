"""Wires everything: service, ledger, accounts, schedule, signals. Nothing else does."""

from __future__ import annotations

import os
import queue
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from faxd import __version__, log, notify
from faxd.clock import utc_now
from faxd.config import AccountSettings, Config, ConfigError, load
from faxd.faxde import Cancelled, Client, Service, Timeouts
from faxd.inbound import Poller, Progress, Receiver, Report, stopped_for
from faxd.ledger import Health, Ledger, LedgerError, Received
from faxd.retry import LONGEST
from faxd.schedule import Schedule

#: seconds between two looks at the clock
_TICK = 1.0
#: seconds in which what runs must have ended after a SIGTERM
_STOP = 9.0


def make_state_dir(config: Config) -> Path:
    """The state folder, made if it is not there, readable for its owner alone.

    Raises:
        OSError: it cannot be made or is not writable for this user.
    """
    path = config.state_dir
    if not path.exists():
        path.mkdir(mode=0o700, parents=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(13, "not writable for this user", str(path))
    return path


def open_ledger(config: Config, *, existing: bool = False) -> Ledger:
    """The record in the state folder; with ``existing``, only if there is one.

    Raises:
        LedgerError: it cannot be used; the message says what to do.
    """
    path = config.state_dir / "ledger.sqlite"
    if existing and not path.exists():
        raise LedgerError(f"{path} is not there (or not for this user): has faxd run yet?")
    try:
        return Ledger(path)
    except sqlite3.OperationalError as error:
        raise LedgerError(
            f"{path} cannot be used ({error}); see to its disk: is it full, or mounted read-only?"
            " Do not move it away"
        ) from None
    except sqlite3.DatabaseError as error:
        raise LedgerError(
            f"{path} cannot be used ({error}); if it is damaged, move it away: faxes that still lie"
            " in the inbox are recognised by their content"
        ) from None


def connect(config: Config) -> Service:
    """The service that the configuration names.

    Raises:
        ConfigError: its address or its certificates cannot be used.
    """
    settings = config.service
    timeouts = Timeouts(
        connect=settings.connect_timeout, read=settings.read_timeout, call=settings.call_timeout
    )
    try:
        return Service(
            settings.wsdl,
            config.state_dir,
            timeouts=timeouts,
            ca_file=str(settings.ca_file) if settings.ca_file else None,
            allow_http=settings.allow_http,
        )
    except ValueError as error:
        raise ConfigError(f"service.wsdl: {error}") from None
    except OSError as error:
        raise ConfigError(f"service.ca_file: {error.strerror or error}") from None


def client_for(service: Service, account: AccountSettings) -> Client:
    """FAX.de on behalf of one account."""
    return Client(service, account.account, account.password)


def poller_for(
    config: Config,
    account: AccountSettings,
    service: Service,
    ledger: Ledger,
    *,
    progress: Progress | None = None,
    saved: Callable[[Received], None] | None = None,
) -> Poller:
    """What polls one account."""
    logger = log.get_logger(account=account.name)
    receiver = Receiver(
        account,
        client_for(service, account),
        ledger,
        logger,
        zone=config.zone,
        progress=progress,
        saved=saved,
    )
    return Poller(account, receiver, ledger, logger)


def poll_once(config: Config, watcher: PollWatcher) -> Iterator[tuple[AccountSettings, Report]]:
    """`faxd poll`: poll every account, one after the other; ``watcher`` is told what happens.

    Raises:
        ConfigError, LedgerError: it cannot begin.
    """
    ledger = open_ledger(config)
    service = connect(config)
    try:
        for account in config.accounts:
            poller = poller_for(
                config, account, service, ledger, progress=watcher.arriving, saved=watcher.saved
            )
            yield account, poller.run()
    finally:
        service.close()
        ledger.close()


class PollWatcher(Protocol):
    """Who wants to know what happens during `poll_once`."""

    def arriving(self, got: int, total: int | None) -> None:
        """``got`` of ``total`` bytes of an answer have come."""

    def saved(self, fax: Received) -> None:
        """A fax is safe."""


class Daemon:
    """`faxd run`: polls every account until it is told to stop."""

    def __init__(self, path: Path, config: Config) -> None:
        """``config`` is what was read from ``path``, which is read again at each SIGHUP.

        Raises:
            ConfigError, LedgerError: it cannot begin.
        """
        self._path = path
        self._config = config
        self._log = log.get_logger()
        self._ledger = open_ledger(config)
        self._service = connect(config)
        self._schedule = Schedule(self._log)
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._status = ""

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda received, _frame: self._signals.put(received))
        self._schedule.start()
        self._put_tasks()
        self._log.info("faxd runs", version=__version__, accounts=len(self._config.accounts))
        notify.notify("READY=1")
        while True:
            received = self._next_signal()
            if received in (signal.SIGTERM, signal.SIGINT):
                break
            if received == signal.SIGHUP:
                self._reload()
            self._schedule.watch()
            self._tell_status()
        self._stop()

    def _next_signal(self) -> int | None:
        try:
            return self._signals.get(timeout=_TICK)
        except queue.Empty:
            return None

    def _put_tasks(self) -> None:
        # By customer number: that is what must never be polled twice at the same time.
        self._schedule.keep_only(account.account for account in self._config.accounts)
        for account in self._config.accounts:
            poller = poller_for(self._config, account, self._service, self._ledger)
            self._schedule.put(account.account, _task(poller, account.poll_interval))

    def _reload(self) -> None:
        """Read the configuration again; keep the old one if the new one cannot be used."""
        notify.reloading()
        try:
            config = load(self._path)
            if config.state_dir != self._config.state_dir:
                raise ConfigError("state_dir: a change needs a restart")
            service = self._service if config.service == self._config.service else connect(config)
        except ConfigError as error:
            self._log.error("configuration kept, the new one is bad", problem=str(error))
        else:
            old, self._service, self._config = self._service, service, config
            log.configure(level=config.log_level)
            self._put_tasks()
            if old is not service:
                old.close()
            self._log.info("configuration read again", accounts=len(config.accounts))
        notify.notify("READY=1")

    def _tell_status(self) -> None:
        try:
            # Never for long: this thread must hear of a SIGTERM while a disk hangs.
            healths = [
                self._ledger.health(account.account, patience=0.2)
                for account in self._config.accounts
            ]
        except TimeoutError:
            return
        except sqlite3.Error as error:
            status = f"the ledger cannot be read: {error}"
        else:
            status = describe(self._config, healths)
        if status != self._status:
            self._status = status
            notify.notify(f"STATUS={status}")

    def _stop(self) -> None:
        self._log.info("faxd stops")
        notify.notify("STOPPING=1")
        self._service.close()
        if not self._schedule.stop(_STOP):
            # Some file system does not answer. Dying here is no worse than a power cut, which
            # every step is made for; waiting would be.
            self._log.error("faxd ends with work unfinished")
            sys.stderr.flush()
            os._exit(1)
        self._ledger.close()


def _task(poller: Poller, interval: float) -> Callable[[], float]:
    """A poll as the schedule wants it."""

    def run() -> float:
        try:
            return poller.run().pause
        except Cancelled:
            return interval

    return run


def describe(config: Config, healths: list[Health]) -> str:
    """The daemon's state in one line for `systemctl status`; changes with events, not with time."""
    now = utc_now()
    words = [f"{len(healths)} account{'s' if len(healths) != 1 else ''}"]
    for account, health in zip(config.accounts, healths, strict=True):
        if health.problem is None:
            continue
        stopped = stopped_for(health, None, now) > 0
        words.append(f"{account.name} {'stopped' if stopped else 'in trouble'}: {health.problem}")
    return "; ".join(words) if len(words) > 1 else f"{words[0]}, all well"


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
            }
        )
    return rows
