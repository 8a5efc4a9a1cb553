"""The record of actions: every step is recorded, and none is taken from an end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from faxd.ledger import Action, ActionKind, ActionState, Ledger, LedgerError, Received, Wanted
from faxd.ledger import database as versions
from faxd.ledger.actions import Lane
from tests.test_ledger import FAX, NOW

MAIL = Wanted(kind=ActionKind.MAIL, settings={"to": "a@example.org", "attach": "pdf"})
PRINT = Wanted(kind=ActionKind.PRINT, settings={"printer": "laser", "options": []})
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        yield ledger


def saved(ledger: Ledger, number: int = 1, **changes: str) -> Received:
    return ledger.saved(ledger.begin(replace(FAX, fax_id=number, **changes)), NOW)


def test_planning_is_once_and_for_all(ledger: Ledger, tmp_path: Path) -> None:
    fax, other = saved(ledger), saved(ledger, 2)
    assert ledger.unplanned(FAX.account, 9) == [fax, other]
    mail, paper = ledger.actions.plan(fax, [MAIL, PRINT], NOW)
    assert mail == Action(
        id=1,
        fax=fax.id,
        account=FAX.account,
        kind=ActionKind.MAIL,
        settings=MAIL.settings,
        created_at=NOW,
        due_at=NOW,
    )
    assert ledger.actions.plan(fax, [MAIL], NOW) == []
    assert ledger.actions.plan(other, [], NOW) == []
    assert ledger.unplanned(FAX.account, 9) == []
    with closing(Ledger(tmp_path / "ledger.sqlite")) as again:
        assert again.actions.of_fax(fax.id) == [mail, paper]
        assert again.fax(fax.id) == replace(fax, planned=True)
    assert ledger._db.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_plan_is_whole_or_not_at_all(ledger: Ledger) -> None:
    fax = saved(ledger)
    ledger._db.execute(
        "CREATE TRIGGER no BEFORE INSERT ON actions WHEN NEW.kind = 'print'"
        " BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        ledger.actions.plan(fax, [MAIL, PRINT], NOW)
    assert (ledger.actions.of_fax(fax.id), ledger.unplanned(FAX.account, 9)) == ([], [fax])


def test_a_fax_that_is_not_safe_is_not_planned(ledger: Ledger) -> None:
    fax = ledger.begin(FAX)
    assert ledger.unplanned(FAX.account, 9) == []
    assert ledger.fax(fax.id) is None


def test_the_way_of_an_action(ledger: Ledger) -> None:
    actions = ledger.actions
    (action,) = actions.plan(saved(ledger), [MAIL], NOW)
    action = actions.start(action, NOW + MINUTE)
    assert (action.tries, action.due_at) == (1, NOW + MINUTE)
    action = actions.failed_once(action, "x" * 9999)
    assert action.problem == "x" * 500
    action = actions.release(actions.start(action, NOW + 2 * MINUTE), NOW)
    assert (action.tries, action.due_at) == (1, NOW)
    done = actions.done(action, NOW)
    assert (done.state, done.problem, done.ended_at) == (ActionState.DONE, None, NOW)
    assert actions.of_fax(done.fax) == [done]
    for step in (
        lambda: actions.start(done, NOW),
        lambda: actions.done(done, NOW),
        lambda: actions.give_up(done, "", NOW),
        lambda: actions.release(done, NOW),
    ):
        with pytest.raises(LedgerError, match="has ended"):
            step()


def test_whose_turn_it_is(ledger: Ledger) -> None:
    actions = ledger.actions
    account = FAX.account
    first, second = actions.plan(saved(ledger), [PRINT, PRINT], NOW)
    (other,) = actions.plan(saved(ledger, 2, account="other"), [PRINT], NOW)

    def due(of: str, at: datetime) -> Action | None:
        action = actions.take(of, at, Lane.COPIES)
        if action is not None:
            actions.leave(action)
        return action

    assert due(account, NOW - MINUTE) is None
    assert due(account, NOW) == first
    assert due("other", NOW) == other
    tried = actions.start(first, NOW)
    assert due(account, NOW) == second  # the fewer tries first
    actions.start(second, NOW + MINUTE)
    assert due(account, NOW) == tried
    assert actions.next_due(account, NOW, Lane.COPIES) == NOW
    actions.give_up(tried, "no", NOW)
    assert actions.next_due(account, NOW, Lane.COPIES) == NOW + MINUTE
    assert actions.faxes_waiting(account) == {first.fax}
    # Put off by a clock that was a year ahead.
    assert due(account, NOW - timedelta(days=365)) is not None


def test_each_action_is_in_one_lane(ledger: Ledger) -> None:
    pdfs = [
        Wanted(kind=ActionKind.PDF, settings=settings)
        for settings in ({"searchable": True}, {"searchable": False}, {})
    ]
    command = Wanted(kind=ActionKind.COMMAND, settings={"argv": ["/bin/true"], "seconds": 1})
    planned = ledger.actions.plan(saved(ledger), [*pdfs, MAIL, PRINT, command], NOW)
    found: dict[Lane, list[Action]] = {lane: [] for lane in Lane}
    for lane in Lane:
        while (action := ledger.actions.take(FAX.account, NOW, lane)) is not None:
            found[lane].append(action)
    searchable, plain, old, mail, paper, program = planned
    assert found == {
        Lane.COPIES: [plain, old, paper],
        Lane.MAILS: [mail],
        Lane.COMMANDS: [program],
        Lane.SEARCHABLE: [searchable],
    }


def test_what_is_taken_is_nobody_elses(ledger: Ledger) -> None:
    actions, account = ledger.actions, FAX.account
    (action,) = actions.plan(saved(ledger), [MAIL], NOW)
    assert not actions.is_busy(account)
    assert actions.take(account, NOW, Lane.MAILS) == action
    assert (actions.is_busy(account), actions.is_busy("other")) == (True, False)
    assert actions.take(account, NOW, Lane.MAILS) is None
    assert actions.next_due(account, NOW, Lane.MAILS) is None
    assert actions.faxes_waiting(account) == {action.fax}
    actions.leave(action)
    assert not actions.is_busy(account)
    assert actions.take(account, NOW, Lane.MAILS) == action


def test_faxes_of_before_are_left_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update of faxd does not mail and print all that was received in years."""
    path = tmp_path / "ledger.sqlite"
    with monkeypatch.context() as old:
        old.setattr(versions, "_VERSIONS", versions._VERSIONS[:2])
        old.setattr(versions, "SCHEMA_VERSION", 2)
        with closing(versions.Database(path)) as before, before.transaction() as db:
            columns = (
                "account, fax_id, sha256, size, originator, station_id, received_at, is_arrival,"
                " tentative, folder, path, part, part_folder, state"
            )
            db.execute(
                f"INSERT INTO received ({columns})"
                " VALUES ('123456', 1, 'ab', 5, '', '', ?, 0, 0, '/srv', 'a.tif', 'p', 'f',"
                " 'deleted')",
                (NOW.isoformat(),),
            )
    with closing(Ledger(path)) as ledger:
        assert ledger.unplanned("123456", 9) == []
        (fax,) = ledger.received()
        assert fax.planned
        new = saved(ledger, 2)
        assert ledger.unplanned("123456", 9) == [new]
