"""Makes what the configuration asks for: ledger, service, and what works for each account."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from faxd import log
from faxd.afterwards import Afterwards, Order, path_of
from faxd.callers import Callers
from faxd.clock import utc_now
from faxd.config import AccountSettings, Config, ConfigError
from faxd.faxde import Client, Service, Timeouts
from faxd.inbound import Poller, Progress, Receiver, Report
from faxd.ledger import RESCUED, Ledger, LedgerError, Received, examine
from faxd.ledger.rescue import set_aside
from faxd.lock import holder
from faxd.naming import Facts
from faxd.outbound.addressing import Refused, switches
from faxd.outbound.addressing.numbers import is_region
from faxd.outbound.dispatch import Dispatch
from faxd.outbound.preparing.bench import Bench
from faxd.outbound.preparing.settings import preparing_problems
from faxd.outbound.proof import Room
from faxd.outbound.status_receiver import status_url


def set_up_log(config: Config) -> None:
    """Log as the configuration says."""
    log.configure(
        level=config.log_level, form=config.log_format, hide_numbers=config.log_hides_numbers
    )


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


def ledger_path(config: Config) -> Path:
    """Where the record is."""
    return config.state_dir / "ledger.sqlite"


def open_ledger(config: Config, *, existing: bool = False) -> Ledger:
    """The record in the state folder; with ``existing``, only if there is one.

    Raises:
        LedgerError: it cannot be used; the message says what to do.
    """
    path = ledger_path(config)
    if existing and not path.exists():
        raise LedgerError(f"{path} is not there (or not for this user): has faxd run yet?")
    try:
        _require_current(config, path)
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


def rescued_ledger(config: Config) -> Ledger:
    """The record, for the only one who works with it: one that is damaged is set aside.

    A new one is begun then. Faxes that lie in the inbox are known by their content; documents that
    were on their way may have been sent, and fail with words that say so.

    Raises:
        LedgerError: it cannot be used, and is not damaged.
    """
    path = ledger_path(config)
    try:
        found = examine(path, thoroughly=True)
    except sqlite3.OperationalError:
        found = None  # of the disk; opening it says more
    if found is None or found.damage is None:
        return open_ledger(config)
    try:
        kept = set_aside(path, utc_now())
    except OSError as error:
        why = error.strerror or error
        raise LedgerError(f"{path} is damaged, and cannot be set aside: {why}") from None
    log.get_logger().error(
        "ledger is damaged, a new one is begun", kept_as=str(kept), problem=found.damage
    )
    ledger = open_ledger(config)
    ledger.set_fact(RESCUED, f"{utc_now().isoformat()} {kept.name}")
    return ledger


def _require_current(config: Config, path: Path) -> None:
    """Refuse to migrate a ledger that an older faxd, which still runs, works with."""
    pid = holder(config.state_dir)
    if pid is None or pid == os.getpid():
        return
    found = examine(path)
    if found is not None and found.is_old:
        raise LedgerError(
            f"{path} is of an older faxd, which still runs (pid {pid or 'unknown'}); end the"
            " update: restart it (systemctl restart faxd)"
        )


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
        path_of=_path_of(config, account),
    )
    return Poller(account, receiver, ledger, logger)


def _path_of(config: Config, account: AccountSettings) -> Callable[[Facts], list[str]]:
    """Where an account's rules have a fax go."""
    rules = config.rules_of(account)
    names = [account.file_name]
    names += [name for rule in rules for name in (rule.folder, rule.file_name) if name]
    # Who wants no names need not have the phone book read.
    callers = Callers(account) if any("{originator_name" in name for name in names) else None

    def find(facts: Facts) -> list[str]:
        if callers is not None:
            facts = replace(facts, originator_name=callers.name_of(facts.originator))
        return path_of(rules, account, facts)

    return find


def afterwards_for(
    config: Config,
    account: AccountSettings,
    ledger: Ledger,
    wake: Callable[[str], None] = lambda _task: None,
) -> Afterwards:
    """What sees to an account's received faxes after they are safe; ``wake`` runs its tasks."""
    order = Order(
        settings=account, rules=config.rules_of(account), mail=config.mail, zone=config.zone
    )
    return Afterwards(
        order,
        ledger,
        log.get_logger(account=account.name),
        folder=config.state_dir / "afterwards" / f"account-{account.account}",
        name_of=Callers(account).name_of,
        wake=wake,
    )


def poll_once(config: Config, watcher: PollWatcher) -> Iterator[tuple[AccountSettings, Report]]:
    """`faxd poll`: poll every account, one after the other; ``watcher`` is told what happens.

    Then what is due for received faxes is tried once. That is no part of what it reports.

    Raises:
        ConfigError, LedgerError: it cannot begin.
    """
    ledger = rescued_ledger(config)
    service = connect(config)
    try:
        for account in config.accounts:
            poller = poller_for(
                config, account, service, ledger, progress=watcher.arriving, saved=watcher.saved
            )
            yield account, poller.run()
        for account in config.accounts:
            afterwards_for(config, account, ledger).run()
    finally:
        service.close()
        ledger.close()


class PollWatcher(Protocol):
    """Who wants to know what happens during `poll_once`."""

    def arriving(self, got: int, total: int | None) -> None:
        """``got`` of ``total`` bytes of an answer have come."""

    def saved(self, fax: Received) -> None:
        """A fax is safe."""


def dispatch_for(
    config: Config,
    account: AccountSettings,
    service: Service,
    ledger: Ledger,
    wake: Callable[..., None] = lambda *_: None,
    reports: Room | None = None,
    bench: Bench | None = None,
) -> Dispatch:
    """What sends for one account that has an outbox.

    ``reports`` is where it makes proof of that, ``bench`` where it makes documents ready.

    Raises:
        ConfigError: its options cannot be.
    """
    check_options(account)
    receiver = config.status_receiver
    return Dispatch(
        account,
        client_for(service, account),
        ledger,
        log.get_logger(account=account.name),
        zone=config.zone,
        wake=wake,
        status_url=(lambda secret: status_url(receiver.url, secret)) if receiver else None,
        reports=reports,
        bench=bench,
    )


def check_options(account: AccountSettings) -> None:
    """Refuse options that no job could have, a country without numbers, templates that are none.

    Raises:
        ConfigError: which, and what is allowed.
    """
    if account.outbox is not None and not is_region(account.send.region):
        raise ConfigError(
            f"{account.name}: send.region: there is no country {account.send.region!r};"
            ' write it as ISO 3166 does, such as "DE"'
        )
    if account.outbox is not None and (problems := preparing_problems(account.send)):
        raise ConfigError("; ".join(f"{account.name}: send.{problem}" for problem in problems))
    for name, value in account.send.options.items():
        try:
            if not switches.is_option(name):
                raise Refused(switches.unknown(name, switches.NAMES))
            switches.option(name, value)
        except Refused as refused:
            raise ConfigError(f"{account.name}: send.options: {refused}") from None
