"""`faxd check`: tries everything that the daemon needs, and says what to do where it fails.

What it makes are only the folders that faxd needs and, before the first start, the ledger. A ledger
that is there is opened only if that changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from faxd.checkup.finding import Finding, Grade
from faxd.checkup.folders import folders, inbox
from faxd.checkup.helpers import helpers
from faxd.checkup.machine import daemon, machine
from faxd.checkup.mail import mail
from faxd.checkup.record import Record
from faxd.checkup.sending import sending
from faxd.checkup.service import Provider
from faxd.config import Config

__all__ = ["Finding", "Grade", "check"]


def check(config: Config) -> Iterator[Finding]:
    """Try state folder, service, and each account's login and folders, one after the other."""
    with ExitStack() as stack:
        record = stack.enter_context(Record(config))
        yield from record.findings()
        pid = daemon(config)
        ledger = record.ledger
        provider = stack.enter_context(Provider(config))
        yield from provider.findings()
        for account in config.accounts:
            if provider.service is not None and ledger is not None:
                yield provider.login(account, ledger)
            yield inbox(account)
            yield from folders(account)
            if account.outbox is not None and ledger is not None:
                yield from sending(account, ledger, pid)
        yield from machine(config, pid)
        yield from helpers(config)
        if config.mail is not None:
            yield mail(config.mail)
