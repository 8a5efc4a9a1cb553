"""When people are told: by table, and what comes and goes is one incident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.config.tell import TellSettings
from faxd.ledger import Health, Queue
from faxd.telling.incidents import OCCASIONS, Calm, Incident, incidents
from faxd.verdict import AccountFacts, Disk, Facts, Kind, judge
from faxd.words import Words

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ALL = TellSettings(to=("edv@example.org",)).on
NO = Words("geht nicht", "it does not work")


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def keys(facts: Facts, on: tuple[str, ...] = ALL, patience: float = 3600) -> list[str]:
    found = incidents(judge(facts, NOW).remarks, facts, NOW, on=on, patience=patience)
    return sorted(each.key for each in found)


def faxd(health: Health | None = None, *, since: float = 600, queue: Queue | None = None) -> Facts:
    """A faxd that runs since so many minutes."""
    health = health or Health(account="1", last_poll=ago(0.1), last_success=ago(0.1))
    account = AccountFacts(name="praxis", health=health, queue=queue, interval=60)
    return Facts(accounts=(account,), since=ago(since))


def test_nothing_is_wrong() -> None:
    assert keys(faxd()) == []


def test_every_occasion_is_a_kind_of_remark() -> None:
    assert set(OCCASIONS) == set(ALL)
    assert set(OCCASIONS.values()) == set(Kind) - {Kind.NOT_RUNNING}


def failing(last: float | None, failures: int = 30) -> Health:
    return Health(
        account="1",
        last_poll=ago(0.1),
        last_success=None if last is None else ago(last),
        failures=failures,
        problem="no connection",
        problem_since=ago(last or 90),
    )


@pytest.mark.parametrize(
    ("health", "since", "told"),
    [
        (failing(59), 600, False),
        (failing(61), 600, True),
        (failing(None), 600, True),
        # A machine that was off all night: its first polls may fail while its network comes up.
        (failing(600, failures=2), 1, False),
        (failing(600, failures=2), 6, True),
        # One that is started again every two minutes, and never reaches FAX.de.
        (failing(61, failures=40), 1, True),
    ],
)
def test_no_good_poll_for_an_hour(health: Health, since: float, told: bool) -> None:
    assert keys(faxd(health, since=since)) == (["receiving praxis"] if told else [])


def test_an_account_that_is_refused_is_told_at_once() -> None:
    health = Health(
        account="1",
        last_poll=ago(0.1),
        failures=1,
        problem="wrong password; see to it",
        problem_since=ago(0.1),
        stopped_until=NOW + timedelta(minutes=14),
    )
    assert keys(faxd(health)) == ["stopped praxis"]
    assert keys(faxd(health), on=("disk",)) == []


@pytest.mark.parametrize(
    ("minutes", "is_stopped", "told"), [(1, False, False), (61, False, True), (1, True, True)]
)
def test_no_sending(minutes: float, is_stopped: bool, told: bool) -> None:
    queue = Queue(account="1", problem=NO, problem_since=ago(minutes), is_stopped=is_stopped)
    assert keys(faxd(queue=queue)) == (["sending praxis"] if told else [])


def test_a_disk_is_one_incident_whatever_its_figures() -> None:
    found = set()
    for free in (10, 20_000_000):
        disk = Disk(what="inbox", account="praxis", path="/srv/inbox", free=free, size=10**12)
        found |= set(keys(Facts(disks=(disk,), accounts=faxd().accounts)))
    assert found == {"disk praxis inbox /srv/inbox"}


def incident(key: str) -> Incident:
    return Incident(key=key, occasion="disk", account="", text="x")


def test_what_comes_and_goes_is_one_incident() -> None:
    calm, wrong = Calm(), incident("disk")
    assert calm.change([wrong], [], 0, 120).begun == (wrong,)
    for second in range(10, 500, 60):
        assert calm.change([], ["disk"], second, 120).over == ()
        assert calm.change([wrong], ["disk"], second + 30, 120) == calm.change([], [], 0, 120)
    assert calm.change([], ["disk"], 600, 120).over == ()
    assert calm.change([], ["disk"], 719, 120).over == ()
    assert calm.change([], ["disk"], 720, 120).over == ("disk",)


@given(st.lists(st.sets(st.sampled_from("abc")), max_size=30))
def test_each_begins_and_ends_in_turn(looks: list[set[str]]) -> None:
    calm, open_ = Calm(), set[str]()
    for now, wrong in enumerate(looks):
        change = calm.change([incident(key) for key in sorted(wrong)], open_, now * 60, 120)
        begun = {each.key for each in change.begun}
        assert not begun & open_ and set(change.over) <= open_ - wrong
        open_ = (open_ | begun) - set(change.over)
        assert wrong <= open_
