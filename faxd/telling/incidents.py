"""What is an incident, and when it begins and ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from faxd.verdict import AccountFacts, Facts, Kind, Remark

#: what is told by which setting of ``[tell] on``
OCCASIONS = {
    "stopped": Kind.STOPPED,
    "receiving": Kind.RECEIVING,
    "sending": Kind.SENDING,
    "disk": Kind.DISK,
    "damaged": Kind.DAMAGED,
    "held": Kind.HELD,
    "actions": Kind.ACTIONS,
    "hangs": Kind.HANGS,
    "ledger": Kind.LEDGER,
}
#: kinds that may pass by themselves, and are told only once they have lasted
_PASSING = frozenset({Kind.RECEIVING, Kind.SENDING})
#: what happens and is over at once: nobody need hear that a day has passed since then
MOMENTARY = frozenset({"damaged", "ledger"})
#: after a start faxd has so long for a good poll, unless it has failed so often
_START, _FAILURES = timedelta(minutes=5), 5


@dataclass(frozen=True, kw_only=True)
class Incident:
    """Something that people are told of."""

    #: what tells it from others, such as ``stopped praxis``: one of a key at a time
    key: str
    occasion: str
    #: name of an account; empty for faxd itself
    account: str
    #: what is wrong and what to do, for administrators
    text: str


@dataclass(frozen=True)
class Change:
    """What is to be recorded."""

    begun: tuple[Incident, ...] = ()
    #: keys of those that are over
    over: tuple[str, ...] = ()


def incidents(
    remarks: Iterable[Remark],
    facts: Facts,
    now: datetime,
    *,
    on: Iterable[str],
    patience: float,
) -> list[Incident]:
    """What is wrong now that people want to hear of.

    ``patience`` are the seconds that what may pass by itself has for that.
    """
    wanted = {OCCASIONS[name]: name for name in on}
    accounts = {account.name: account for account in facts.accounts}
    found: dict[str, Incident] = {}
    for remark in remarks:
        occasion = wanted.get(remark.kind)
        if occasion is None:
            continue
        account = accounts.get(remark.account)
        if remark.kind in _PASSING and account is not None:
            limit = timedelta(seconds=patience)
            has_lasted = (
                _is_without_polls(account, facts.since, now, limit)
                if remark.kind is Kind.RECEIVING
                else _is_without_sending(account, now, limit)
            )
            if not has_lasted:
                continue
        incident = Incident(
            key=_key(remark), occasion=occasion, account=remark.account, text=remark.text
        )
        found.setdefault(incident.key, incident)
    return list(found.values())


class Calm:
    """Remembers for how long what was wrong has been well: what comes and goes is one incident."""

    def __init__(self) -> None:
        self._well_since: dict[str, float] = {}

    def change(
        self, found: Iterable[Incident], known: Iterable[str], now: float, calm: float
    ) -> Change:
        """What has begun and what is over, as against the keys that are ``known``.

        ``now`` are seconds by the steady clock; something is over when it has been well for
        ``calm`` seconds.
        """
        there, keys = {incident.key: incident for incident in found}, set(known)
        before = self._well_since
        self._well_since = {key: before.get(key, now) for key in keys - there.keys()}
        return Change(
            begun=tuple(incident for key, incident in there.items() if key not in keys),
            over=tuple(sorted(k for k, since in self._well_since.items() if now - since >= calm)),
        )


def _key(remark: Remark) -> str:
    """What makes two remarks the same incident: not its text, in which figures change."""
    # Folders on one disk, and things that hang, are told apart by what they are called.
    what = ""
    if remark.kind is Kind.DISK:
        what = remark.text.partition(":")[0]
    elif remark.kind is Kind.HANGS:
        what = remark.text.partition(";")[0]
    return " ".join(part for part in (remark.kind.value, remark.account, what) if part)


def _is_without_polls(
    account: AccountFacts, since: datetime | None, now: datetime, limit: timedelta
) -> bool:
    """Whether there was no good poll for too long, however often faxd was started meanwhile.

    A machine that was off all night has had none either: it gets a moment to have one.
    """
    health = account.health
    last = health.last_success or health.problem_since or since
    if last is None or now - last < limit:
        return False
    is_new = since is not None and now - since < _START
    return not is_new or health.failures >= _FAILURES


def _is_without_sending(account: AccountFacts, now: datetime, limit: timedelta) -> bool:
    queue = account.queue
    if queue is None:
        return False
    began = queue.problem_since
    return queue.is_stopped or (began is not None and now - began >= limit)
