"""Planning and carrying out: each once, each by itself, and never at a fax's cost."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from faxd.afterwards import carry
from faxd.afterwards.turns import Turns
from faxd.ledger.actions import Lane

from .bureau import Bureau, program


def test_a_fax_is_planned_once(bureau: Bureau, tmp_path: Path) -> None:
    counter = tmp_path / "count"
    bureau.rules = [{"command": [str(program(tmp_path / "count.sh", f"echo x >> {counter}"))]}]
    faxes = [bureau.add(f"{number}.tif") for number in range(3)]
    for _ in range(3):
        bureau.run()
        bureau.let_time_pass(days=1)
    assert counter.read_text() == "x\n" * 3
    assert [bureau.states(fax) for fax in faxes] == [{"command": "done"}] * 3
    assert all(fax.planned for fax in bureau.ledger.received())


def test_a_rule_that_comes_later_is_not_for_faxes_of_before(bureau: Bureau) -> None:
    fax = bureau.add()
    assert bureau.run() == 60
    bureau.rules = [{"command": ["/bin/true"]}]
    bureau.run()
    assert bureau.states(fax) == {}


def test_a_fax_on_its_way_is_left_alone(bureau: Bureau) -> None:
    bureau.changes = {"formats": ["tiff", "pdf"]}
    fax = bureau.add()
    with bureau.ledger.transaction() as db:
        db.execute("UPDATE received SET state = 'storing'")
    bureau.run()
    assert bureau.actions(fax) == []


def test_what_fails_holds_up_nothing_else(bureau: Bureau, tmp_path: Path) -> None:
    bad, good = program(tmp_path / "bad", "exit 1"), program(tmp_path / "good", "exit 0")
    bureau.rules = [{"command": [str(bad)]}, {"command": [str(good)]}]
    bureau.changes = {"rules_apply": "all", "formats": ["tiff", "pdf"]}
    fax = bureau.add()
    assert 50 < bureau.run() <= 60
    assert [action.state.value for action in bureau.actions(fax)] == ["done", "waiting", "done"]
    bureau.let_time_pass(minutes=1)
    later = bureau.add("B.tif")
    bureau.run()
    tries = [action.tries for action in (*bureau.actions(fax), *bureau.actions(later))]
    assert tries == [1, 2, 1, 1, 1, 1]


def test_a_try_in_which_faxd_died_counts(bureau: Bureau, tmp_path: Path) -> None:
    """What kills the daemon is not tried again at once for ever."""
    path = program(tmp_path / "program", "exit 0")
    bureau.rules = [{"command": [str(path)]}]
    fax = bureau.add()
    afterwards = bureau.afterwards

    class Death(BaseException):
        pass

    def die(*_: object) -> None:
        raise Death

    afterwards._do = die  # type: ignore[method-assign]
    with pytest.raises(Death):
        afterwards.run()
    (action,) = bureau.actions(fax)
    assert (action.state.value, action.tries) == ("waiting", 1)
    assert 50 < bureau.run() <= 60
    assert bureau.actions(fax)[0].tries == 1
    bureau.let_time_pass(minutes=2)
    bureau.run()
    assert bureau.states(fax) == {"command": "done"}


def test_a_defect_is_told_and_tried_again(bureau: Bureau) -> None:
    bureau.rules = [{"command": ["/bin/true"]}]
    fax = bureau.add()
    afterwards = bureau.afterwards

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    afterwards._do = fail  # type: ignore[method-assign]
    afterwards.run()
    assert bureau.logged("error") == ["unexpected error"]
    assert bureau.states(fax) == {"command": "waiting"}
    assert "ZeroDivisionError" in bureau.problem(fax)


def test_a_fax_that_cannot_be_planned_holds_up_no_other(bureau: Bureau) -> None:
    bureau.rules = [{"command": ["/bin/true"]}]
    bad, good = bureau.add("A.tif", originator="bad"), bureau.add("B.tif")
    afterwards = bureau.afterwards

    def name_of(number: str) -> str:
        if number == "bad":
            raise RuntimeError
        return ""

    afterwards._planner._name_of = name_of
    for _ in range(3):
        afterwards.run()
    assert bureau.logged("error") == ["fax not planned"]
    assert (bureau.states(bad), bureau.states(good)) == ({}, {"command": "done"})


def test_a_ledger_that_refuses_is_tried_again_and_told_once(bureau: Bureau) -> None:
    bureau.rules = [{"command": ["/bin/true"]}]
    fax = bureau.add()
    afterwards = bureau.afterwards
    with closing(sqlite3.connect(bureau.root / "ledger.sqlite", isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER no BEFORE INSERT ON actions BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        assert [afterwards.run(), afterwards.run()] == [30, 30]
        assert bureau.ledger.unplanned("123456", 9) == [fax]
        other.execute("DROP TRIGGER no")
    assert bureau.logged("error") == ["actions cannot be carried out"]
    afterwards.run()
    assert bureau.states(fax) == {"command": "done"}


def test_a_place_that_cannot_be_made_is_told(bureau: Bureau) -> None:
    (bureau.root / "own").write_text("no folder")
    bureau.add()
    assert bureau.run() == 30
    assert bureau.logged("error") == ["actions cannot be carried out"]


def test_a_clock_that_was_wrong_delays_nothing_for_long(bureau: Bureau, tmp_path: Path) -> None:
    path = program(tmp_path / "program", "exit 1")
    bureau.rules = [{"command": [str(path)]}]
    fax = bureau.add()
    bureau.run()
    bureau.let_time_pass(days=-3000)
    bureau.run()
    (action,) = bureau.actions(fax)
    assert (action.tries, action.state.value) == (2, "waiting")


def test_few_accounts_work_at_the_same_time(bureau: Bureau) -> None:
    bureau.rules = [{"command": ["/bin/true"]}]
    fax = bureau.add()
    with ExitStack() as others:
        turns = carry._TURNS[Lane.COMMANDS]
        while others.enter_context(turns.turn(object())):
            pass
        assert bureau.run() == 1
        assert bureau.states(fax) == {"command": "waiting"}
    turns._waiting.clear()
    bureau.run()
    assert bureau.states(fax) == {"command": "done"}


def test_copies_are_left_only_for_what_waits(bureau: Bureau, tmp_path: Path) -> None:
    bureau.rules = [{"command": [str(program(tmp_path / "program", "test -e $0.good"))]}]
    fax = bureau.add()
    bureau.run()
    (bureau.root / "own" / "copies" / "999.tif").write_text("of an earlier life")
    bureau.run()
    assert bureau.left_behind() == [f"{fax.id}.tif"]
    (tmp_path / "program.good").touch()
    bureau.let_time_pass(minutes=2)
    bureau.run()
    assert bureau.left_behind() == []


def test_many_faxes_at_once(bureau: Bureau) -> None:
    bureau.rules = [{"command": ["/bin/true"]}]
    faxes = [bureau.add(f"{number}.tif", image=b"II*\0" + bytes([number])) for number in range(120)]
    bureau.run()
    assert [bureau.states(fax) for fax in faxes] == [{"command": "done"}] * 120


# fairness


def test_what_takes_long_holds_up_no_mail_and_no_copy(bureau: Bureau, tmp_path: Path) -> None:
    """A searchable PDF takes minutes, a program as long as it likes: the others go on."""
    go = tmp_path / "go"
    slow = program(tmp_path / "slow", f"while ! test -e {go}; do sleep 0.05; done")
    bureau.rules = [{"command": [str(slow)]}]
    first = bureau.add("A.tif")
    afterwards = bureau.afterwards
    tasks = afterwards.tasks()
    names = [name.partition("/after")[2] for name in tasks]
    assert names == ["", "/copies", "/mails", "/commands", "/searchable"]
    plan, copies, _, commands, _ = tasks.values()
    plan()
    thread = threading.Thread(target=commands)
    thread.start()
    try:
        bureau.changes = {"formats": ["tiff", "pdf"]}
        bureau.rules = []
        second = bureau.add("B.tif")
        bureau.afterwards.tasks()[next(iter(tasks))]()
        copies()
        assert bureau.states(first) == {"command": "waiting"}
        assert bureau.states(second) == {"pdf": "done"}
    finally:
        go.touch()
        thread.join(10)
    assert bureau.states(first) == {"command": "done"}


def test_planning_wakes_whoever_has_to_do(bureau: Bureau) -> None:
    bureau.rules = [{"command": ["/bin/true"]}]
    bureau.add()
    woken: list[str] = []
    afterwards = bureau.afterwards
    afterwards._wake = woken.append
    plan = next(iter(afterwards.tasks().values()))
    plan()
    assert woken == list(afterwards.tasks())[1:]
    woken.clear()
    plan()
    assert woken == []


def test_an_account_lets_others_work(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "_LONG", 0.0)
    turns = Turns(1)
    monkeypatch.setitem(carry._TURNS, Lane.COMMANDS, turns)
    bureau.rules = [{"command": ["/bin/true"]}]
    faxes = [bureau.add(f"{number}.tif") for number in range(3)]
    bureau.afterwards.tasks()[f"{faxes[0].account}/after"]()
    run = bureau.afterwards.tasks()[f"{faxes[0].account}/after/commands"]

    def done() -> int:
        return sum(bureau.states(fax) == {"command": "done"} for fax in faxes)

    with turns.turn("a"):
        assert run() == 1
        assert done() == 0
    with turns.turn("c") as is_in:
        assert not is_in  # who has asked before comes before
    assert run() == 1
    assert done() == 1  # and lets others work
    with turns.turn("c") as is_in:
        assert is_in
    assert run() == 60
    assert done() == 3  # nobody waits, so all at once


# room


def test_no_copy_is_made_where_there_is_no_room(bureau: Bureau) -> None:
    """The ledger, without which no fax can be received, is on the same disk."""
    bureau.rules = [{"command": ["/bin/true"]}]
    bureau.changes = {"min_free": 1 << 62}
    fax = bureau.add()
    bureau.run()
    assert bureau.states(fax) == {"command": "waiting"}
    assert "has less free than min_free and a copy need" in bureau.problem(fax)
    assert bureau.left_behind() == []
    bureau.changes = {}
    bureau.let_time_pass(minutes=2)
    bureau.run()
    assert bureau.states(fax) == {"command": "done"}
