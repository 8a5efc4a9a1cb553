"""One account's runs: what is told, and when an account is called no more."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from faxd.clock import utc_now
from faxd.faxde import Cancelled
from faxd.inbound import Poller, Receiver, stopped_for
from faxd.ledger import Health, Ledger
from faxd.retry import STOP, Outcome
from faxd.simulator import Account, FaultKind, SyntheticImage

from .office import ACCOUNT, PASSWORD, Office, image_of

IMAGE = SyntheticImage(30_000, 2)
NOW = utc_now()


def age(office: Office, seconds: float) -> None:
    """Let time pass: the account's stop and its beginning lie that much further back."""
    health = office.ledger.health(ACCOUNT)
    assert health.stopped_until is not None
    moved = health.stopped_until - timedelta(seconds=seconds)
    office.ledger.set_health(Health(**{**vars(health), "stopped_until": moved}))


def levels(office: Office) -> list[tuple[str, str]]:
    return [(entry["level"], entry["event"]) for entry in office.events]


def test_a_good_run(office: Office) -> None:
    office.add(IMAGE)
    report = office.poller.run()
    assert (report.outcome, report.problem, report.pause) == (Outcome.GOOD, None, 60)
    health = office.ledger.health(ACCOUNT)
    assert health.last_poll == health.last_success
    assert (health.failures, health.problem, health.stopped_until) == (0, None, None)
    office.settled(image_of(IMAGE))


def test_what_is_wrong_here_is_looked_at_as_often_as_ever(office: Office) -> None:
    """No call is made, so there is nothing to spare: it is noticed at once when it is put right."""
    office.inbox.rename(office.root / "away")
    for _ in range(4):
        report = office.poller.run()
        assert (report.outcome, report.pause) == (Outcome.NOT_READY, 60)
    assert office.calls() == []
    assert levels(office).count(("error", "poll failed")) == 1


def test_trouble_is_told_once_and_its_end_once(office: Office) -> None:
    office.fault(FaultKind.HTTP_503, times=3)
    pauses = []
    for _ in range(5):
        report = office.poller.run()
        pauses.append(round(report.pause))
    assert pauses == [120, 240, 480, 60, 60]
    told = [entry for entry in levels(office) if entry[0] != "debug"]
    assert told == [("error", "poll failed"), ("info", "account works again")]
    (failed,) = office.logged("poll failed")
    assert "status 503" in failed["problem"]
    assert office.logged("account works again")[0]["was"] == failed["problem"]


def test_another_problem_is_told_too(office: Office) -> None:
    office.fault(FaultKind.HTTP_503)
    office.fault(FaultKind.HTTP_500, times=2)
    reports = [office.poller.run() for _ in range(3)]
    assert len({report.problem for report in reports}) == 2
    assert len(office.logged("poll failed")) == 2
    health = office.ledger.health(ACCOUNT)
    assert (health.failures, health.last_success) == (3, None)
    assert health.problem_since is not None
    assert health.last_poll is not None
    assert health.problem_since < health.last_poll, "since the second of the three"


def test_the_pause_grows_to_fifteen_minutes_and_no_further(office: Office) -> None:
    office.fault(FaultKind.HTTP_503, times=None)
    pauses = [office.poller.run().pause for _ in range(8)]
    assert pauses == sorted(pauses)
    assert max(pauses) <= 900
    jittered = Poller(
        office.settings, office.receiver, office.ledger, office.log, chance=lambda: 0.999
    )
    assert 880 < jittered.run().pause <= 900


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda office: office.inbox.rmdir(), "inbox: No such file or directory"),
        (lambda office: office.password_file.unlink(), "password: No such file or directory"),
        (lambda office: office.password_file.chmod(0o644), "can be read by everybody"),
        (lambda office: office.server.stop(), "no connection to FAX.de"),
        (lambda office: office.fault(FaultKind.EMPTY_IMAGE, times=None), "is empty on"),
        (lambda office: office.fault(FaultKind.UNKNOWN_CODE, value=-77), "return code -77, which"),
        (lambda office: office.fault(FaultKind.CUT), "the answer ended in the middle"),
        (lambda office: (office.inbox / "damaged").touch(), None),
    ],
)
def test_every_trouble_has_words(
    office: Office, spoil: Callable[[Office], object], problem: str | None
) -> None:
    office.add(IMAGE)
    spoil(office)
    report = office.poller.run()
    if problem is None:
        assert report.outcome is Outcome.GOOD
        return
    assert report.outcome in {Outcome.TROUBLE, Outcome.NOT_READY}
    assert report.problem is not None
    assert problem in report.problem
    assert PASSWORD not in report.problem
    assert office.ledger.health(ACCOUNT).problem == report.problem


# The account's problem

STOPPING: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({"number": "999"}, "returned 1, unknown account"),
    "wrong password": ({"password": "x"}, "returned 2, wrong password"),
    "expired": ({"expired": True}, "returned 3, the account's trial period is over"),
    "locked": ({"locked": True}, "returned 4, account is locked"),
}


def stop(office: Office, why: str = "wrong password") -> None:
    flags, _ = STOPPING[why]
    if "number" in flags:
        del office.server.accounts[ACCOUNT]
    else:
        office.server.change_account(ACCOUNT, **flags)


@pytest.fixture
def unchanged(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password of which nobody can say when it was changed: time alone lifts a stop."""
    monkeypatch.setenv("FAXD_TEST", PASSWORD)
    office.changes |= {"password_file": None, "password_env": "FAXD_TEST"}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("why", STOPPING)
def test_an_account_is_stopped_for_fifteen_minutes(office: Office, why: str) -> None:
    stop(office, why)
    reports = [office.poller.run() for _ in range(5)]  # each time a new one, as after a restart
    assert office.calls() == ["RequestReceived"]
    assert {report.outcome for report in reports} == {Outcome.STOPPED}
    (problem,) = {report.problem for report in reports}
    assert problem is not None
    assert STOPPING[why][1] in problem
    assert "no calls for 15 minutes at a time" in problem
    assert levels(office) == [("error", "account stopped")]
    # It looks as often as ever whether the password was put right.
    assert {report.pause for report in reports} == {60}
    health = office.ledger.health(ACCOUNT)
    assert health.stopped_until is not None
    assert 0 < (health.stopped_until - utc_now()).total_seconds() <= STOP
    age(office, STOP - 5)
    assert office.poller.run().outcome is Outcome.STOPPED
    assert len(office.calls()) == 1
    age(office, 6)
    assert office.poller.run().outcome is Outcome.STOPPED
    assert len(office.calls()) == 2, "once more, after fifteen minutes"
    assert office.poller.run().outcome is Outcome.STOPPED
    assert len(office.calls()) == 2
    assert levels(office)[-1][0] == "debug"


def test_a_stop_survives_a_restart(office: Office) -> None:
    stop(office)
    office.poller.run()
    with closing(Ledger(office.root / "state" / "ledger.sqlite")) as ledger:
        again = Office(office.root, office.server, office.service, ledger)
        assert again.poller.run().outcome is Outcome.STOPPED
    assert len(office.calls()) == 1


@pytest.mark.usefixtures("unchanged")
def test_it_ends_by_itself_when_the_account_is_put_right(office: Office) -> None:
    stop(office)
    office.add(IMAGE)
    office.poller.run()
    office.server.set_account(Account(number=ACCOUNT, password=PASSWORD))
    assert office.poller.run().outcome is Outcome.STOPPED
    age(office, STOP)
    assert office.poller.run().outcome is Outcome.GOOD
    assert levels(office)[-1] == ("info", "account works again")
    assert office.ledger.health(ACCOUNT).stopped_until is None
    office.settled(image_of(IMAGE))


def test_a_changed_password_lifts_it_at_once(office: Office) -> None:
    office.password_file.write_text("falsch")
    office.add(IMAGE)
    assert office.poller.run().outcome is Outcome.STOPPED
    # Put in place as careful people do, with a time stamp of long ago.
    new = office.root / "new"
    new.touch(mode=0o600)
    new.write_text(PASSWORD)
    os.utime(new, (0, 0))
    assert office.poller.run().outcome is Outcome.STOPPED
    new.replace(office.password_file)
    assert office.poller.run().outcome is Outcome.GOOD
    office.settled(image_of(IMAGE))


def test_one_account_stopped_another_goes_on(office: Office) -> None:
    other = Office(office.root, office.server, office.service, office.ledger, "7", "labor")
    office.server.set_account(Account(number="7", password=PASSWORD))
    stop(office)
    office.poller.run()
    other.add(IMAGE)
    assert other.poller.run().outcome is Outcome.GOOD
    assert office.poller.run().outcome is Outcome.STOPPED
    assert office.ledger.health("7").problem is None


@pytest.mark.parametrize(
    ("until", "changed", "seconds"),
    [
        (None, None, 0),
        (STOP, None, STOP),
        (10, None, 10),
        (0, None, 0),
        (-10, None, 0),
        # A stop cannot reach further than it is long: the clock was set back.
        (STOP + 1, None, 0),
        (10 * 365 * 86400, None, 0),
        # The password was changed after it began, before it began, or in the future.
        (STOP - 60, -30, 0),
        (STOP - 60, -90, STOP - 60),
        (STOP - 60, +30, STOP - 60),
    ],
)
def test_stopped_for(until: float | None, changed: float | None, seconds: float) -> None:
    health = Health(
        account=ACCOUNT,
        stopped_until=None if until is None else NOW + timedelta(seconds=until),
    )
    moment = None if changed is None else NOW + timedelta(seconds=changed)
    assert stopped_for(health, moment, NOW) == seconds


# The ledger's problem


def test_a_ledger_that_cannot_be_read(office: Office) -> None:
    """Then nobody knows whether the account is stopped, and it is not called."""
    office.ledger._db.execute("ALTER TABLE accounts RENAME TO elsewhere")
    report = office.poller.run()
    assert (report.outcome, report.pause) == (Outcome.TROUBLE, 120)
    assert report.problem is not None
    assert "the ledger cannot be read" in report.problem
    assert office.calls() == []
    office.ledger._db.execute("ALTER TABLE elsewhere RENAME TO accounts")
    assert office.poller.run().outcome is Outcome.GOOD


def test_without_a_ledger_for_a_stop_there_is_no_call(office: Office) -> None:
    """A restart would forget a stop that could not be recorded, and knock again and again."""
    stop(office)
    before = office.calls()
    office.ledger._db.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON accounts BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    report = office.poller.run()
    assert report.outcome is Outcome.TROUBLE
    assert "the ledger cannot be written" in str(report.problem)
    assert office.calls() == before


def test_a_ledger_that_cannot_be_written(office: Office) -> None:
    office.add(IMAGE)
    with office.ledger_refuses("INSERT"):
        report = office.poller.run()
    assert report.problem == "the ledger cannot be written: refused"
    assert office.poller.run().outcome is Outcome.GOOD


# faxd's own problems


class Broken(Receiver):
    """A receiver with a defect of its own."""

    error: BaseException = ZeroDivisionError("secret detail")

    def poll(self) -> int:
        raise self.error


def broken(office: Office, error: BaseException) -> Poller:
    whole = office.receiver
    receiver = Broken(whole.settings, whole.client, whole.ledger, whole.log)
    receiver.error = error
    return Poller(office.settings, receiver, office.ledger, office.log, chance=lambda: 0.5)


def test_a_defect_is_contained(office: Office) -> None:
    report = broken(office, ZeroDivisionError("secret detail")).run()
    assert (report.outcome, report.pause) == (Outcome.TROUBLE, 120)
    assert report.problem == "unexpected error (ZeroDivisionError), see the log"
    (entry,) = office.logged("unexpected error")
    assert (entry["level"], entry["exc_info"]) == ("error", True)


@pytest.mark.parametrize("error", [Cancelled(), KeyboardInterrupt(), SystemExit(1)])
def test_an_end_from_outside_is_passed_on(office: Office, error: BaseException) -> None:
    with pytest.raises(type(error)):
        broken(office, error).run()
    assert office.ledger.health(ACCOUNT) == Health(account=ACCOUNT)
    assert office.events == []


def test_a_service_that_is_closed_ends_the_run(office: Office) -> None:
    office.add(IMAGE)
    office.poller.run()
    office.service.close()
    with pytest.raises(Cancelled):
        office.poller.run()


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (OSError(28, "No space left on device", "x"), "a file cannot be written: No space left"),
        (OSError("became shorter"), "a file cannot be written: became shorter"),
        (sqlite3.OperationalError("disk I/O error"), "the ledger cannot be written: disk I/O"),
    ],
)
def test_errors_of_the_machine(office: Office, error: Exception, problem: str) -> None:
    report = broken(office, error).run()
    assert report.problem is not None
    assert report.problem.startswith(problem)
    assert not office.logged("unexpected error")
