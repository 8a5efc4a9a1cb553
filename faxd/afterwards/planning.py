"""Decide what becomes of an account's new faxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo

from faxd.afterwards import rules
from faxd.afterwards.copy import Copies
from faxd.afterwards.retry import Hopeless, Trouble
from faxd.clock import utc_now
from faxd.config import AccountSettings, MailSettings, RuleSettings
from faxd.ledger import Ledger, Received
from faxd.log import Log
from faxd.naming import Facts

#: faxes that are planned at a time
_AT_A_TIME = 50


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one account's settings ask for."""

    settings: AccountSettings
    #: its own and the shared ones, in their order
    rules: Sequence[RuleSettings] = ()
    mail: MailSettings | None = None
    #: the office's; None is the machine's
    zone: tzinfo | None = None


class Planner:
    """Plans each fax once, and has a copy made of those that something is to be done with."""

    def __init__(
        self,
        order: Order,
        ledger: Ledger,
        log: Log,
        copies: Copies,
        name_of: Callable[[str], str],
    ) -> None:
        self._order = order
        self._ledger = ledger
        self._log = log
        self._copies = copies
        self._name_of = name_of
        #: faxes for which nothing could be decided, which is a defect and told once
        self._undecided: set[int] = set()

    def plan(self) -> bool:
        """Plan some of what is new; whether there was any."""
        most = _AT_A_TIME + len(self._undecided)
        faxes = [
            fax
            for fax in self._ledger.unplanned(self._order.settings.account, most)
            if fax.id not in self._undecided
        ]
        for fax in faxes:
            self._plan(fax)
        return bool(faxes)

    def facts(self, fax: Received) -> Facts:
        """What rules, mails and programs know of a fax."""
        return Facts(
            received=fax.received_at.astimezone(self._order.zone),
            originator=fax.originator,
            station_id=fax.station_id,
            fax_id=fax.fax_id,
            account=self._order.settings.name,
            pages=fax.pages or fax.stated or 0,
            originator_name=self._name_of(fax.originator),
        )

    def _plan(self, fax: Received) -> None:
        settings = self._order.settings
        try:
            found = rules.matching(self._order.rules, settings, self.facts(fax))
            wanted = rules.wanted(found, settings, damaged=fax.damage is not None)
        except Exception:
            # A defect of faxd's own in one fax must not hold up the others.
            self._log.exception("fax not planned", fax=fax.id)
            self._undecided.add(fax.id)
            return
        for action in self._ledger.actions.plan(fax, wanted, utc_now()):
            self._log.debug("action planned", fax=fax.id, action=action.kind.value)
        if wanted:
            with suppress(Hopeless, Trouble):  # each action sees to it again
                self._copies.tiff(fax)
