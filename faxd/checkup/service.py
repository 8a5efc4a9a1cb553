"""FAX.de: whether it answers, what time it is there, and whether it knows the accounts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from faxd.checkup.finding import Finding, bad, good, warn
from faxd.clock import utc_now
from faxd.config import AccountSettings, Config, ConfigError, PasswordError
from faxd.faxde import Asks, FaxdeError, Rejected, Service
from faxd.ledger import Ledger
from faxd.retry import STOP
from faxd.wiring import client_for, connect

#: no job has this id: asking for it tells whether the login is good, and changes nothing
_NO_JOB = 0
#: by how much clocks may differ
_TOLERANCE = timedelta(minutes=2)


class Provider:
    """FAX.de, as the configuration names it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        #: after `findings`; None: it does not answer
        self.service: Service | None = None

    def __enter__(self) -> Provider:
        return self

    def __exit__(self, *_: object) -> None:
        if self.service is not None:
            self.service.close()

    def findings(self) -> Iterator[Finding]:
        """Whether it answers, and what time it is there."""
        subject, address = "FAX.de", self._config.service.wsdl
        try:
            service = connect(self._config)
        except ConfigError as error:
            yield bad(subject, str(error))
            return
        try:
            service.fetch()
        except FaxdeError as error:
            service.close()
            what_to_do = f"see to network, firewall and service.wsdl ({address})"
            yield bad(subject, f"{error}; {what_to_do}{by_the_clock(str(error), utc_now())}")
            return
        self.service = service
        yield good(subject, f"answers at {address}")
        ahead = service.clock_ahead()
        if ahead is not None:
            yield clock(ahead)

    def login(self, account: AccountSettings, ledger: Ledger) -> Finding:
        """Whether FAX.de knows an account and its password."""
        assert self.service is not None
        subject = f"{account.name}: login"
        health = ledger.health(account.account)
        try:
            client_for(self.service, account).job_status(_NO_JOB)
        except PasswordError as error:
            return bad(subject, str(error))
        except Rejected as error:
            if error.code.asks is Asks.ACCOUNT:
                # As after a poll: the daemon must not try the same again at once.
                stopped = utc_now() + timedelta(seconds=STOP)
                problem = health.problem or str(error)
                ledger.set_health(replace(health, problem=problem, stopped_until=stopped))
            said = f"{error.code.english} ({error.code.german})"
            return bad(subject, f"{said}; see account and password")
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


def clock(ahead: timedelta) -> Finding:
    """What is to be said of this machine's clock, which is so much ahead of FAX.de's."""
    if abs(ahead) <= _TOLERANCE:
        return good("clock", "this machine's agrees with FAX.de's")
    seconds = round(abs(ahead).total_seconds())
    amount = f"{seconds // 60} min" if seconds < 2 * 3600 else f"{seconds // 3600} h"
    way = "ahead of" if ahead > timedelta() else "behind"
    return warn(
        "clock",
        f"this machine's is {amount} {way} FAX.de's: planned documents go at the wrong time,"
        " reports and the journal have wrong times, and certificates may be refused; have it set"
        " by NTP (timedatectl set-ntp true)",
    )


def by_the_clock(problem: str, now: datetime) -> str:
    """A hint where a certificate's time is at fault; empty elsewhere."""
    if not any(words in problem for words in ("expired", "not yet valid")):
        return ""
    return f"; or is this machine's clock wrong? It says {now:%Y-%m-%d %H:%M} (UTC)"
