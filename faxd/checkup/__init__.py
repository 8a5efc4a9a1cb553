"""`faxd check`: tries everything that the daemon needs, and says what to do where it fails."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from faxd.checkup.finding import Finding, bad, good
from faxd.checkup.sending import sending
from faxd.clock import utc_now
from faxd.config import AccountSettings, Config, ConfigError, PasswordError
from faxd.faxde import Asks, FaxdeError, Rejected, Service
from faxd.inbound import InboxUnusable, open_inbox
from faxd.ledger import Ledger, LedgerError
from faxd.retry import STOP
from faxd.wiring import client_for, connect, make_state_dir, open_ledger

#: no job has this id: asking for it tells whether the login is good, and changes nothing
_NO_JOB = 0


def check(config: Config) -> Iterator[Finding]:
    """Try state folder, service, and each account's login and folders, one after the other."""
    try:
        make_state_dir(config)
        ledger = open_ledger(config)
    except OSError as error:
        yield bad("state folder", f"{config.state_dir}: {error.strerror or error}")
        return
    except LedgerError as error:
        yield bad("state folder", str(error))
        return
    yield good("state folder", str(config.state_dir))
    service, found = _service(config)
    yield found
    for account in config.accounts:
        if service is not None:
            yield _login(account, service, ledger)
        yield _inbox(account)
        if account.outbox is not None:
            yield from sending(account, ledger)
    if service is not None:
        service.close()
    ledger.close()


def _service(config: Config) -> tuple[Service | None, Finding]:
    subject = "FAX.de"
    try:
        service = connect(config)
    except ConfigError as error:
        return None, bad(subject, str(error))
    try:
        service.fetch()
    except FaxdeError as error:
        service.close()
        return None, bad(
            subject, f"{error}; see to network, firewall and service.wsdl ({config.service.wsdl})"
        )
    return service, good(subject, f"answers at {config.service.wsdl}")


def _login(account: AccountSettings, service: Service, ledger: Ledger) -> Finding:
    subject = f"{account.name}: login"
    health = ledger.health(account.account)
    try:
        client_for(service, account).job_status(_NO_JOB)
    except PasswordError as error:
        return bad(subject, str(error))
    except Rejected as error:
        if error.code.asks is Asks.ACCOUNT:
            # As after a poll: the daemon must not try the same again at once.
            stopped = utc_now() + timedelta(seconds=STOP)
            problem = health.problem or str(error)
            ledger.set_health(replace(health, problem=problem, stopped_until=stopped))
        return bad(subject, f"{error.code.english} ({error.code.german}); see account and password")
    except FaxdeError as error:
        return bad(subject, f"{error}; try again")
    # The daemon holds its calls back after a bad login; now that it is good, it need not.
    queue = ledger.queue(account.account)
    if queue.is_stopped:
        ledger.set_queue(replace(queue, paused_until=None, is_stopped=False))
    if health.stopped_until is not None or queue.is_stopped:
        ledger.set_health(replace(health, stopped_until=None))
        return good(subject, f"account {account.account}; its stop is lifted")
    return good(subject, f"account {account.account}")


def _inbox(account: AccountSettings) -> Finding:
    """Write, sync, publish and remove a file the very way that a fax goes."""
    subject = f"{account.name}: inbox"
    name = f".faxd-check-{secrets.token_hex(4)}"
    try:
        with open_inbox(account) as inbox:
            inbox.require_room()
            inbox.add(inbox.root, name, b"faxd check\n")
            inbox.root.remove(name)
            inbox.root.sync()
    except InboxUnusable as error:
        return bad(subject, str(error))
    except OSError as error:
        return bad(
            subject,
            f"{account.inbox}: {error.strerror or error}; see to owner, mode and the setting group",
        )
    return good(subject, str(account.inbox))
