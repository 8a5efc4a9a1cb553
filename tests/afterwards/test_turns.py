"""Each account has its turn."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.afterwards import turns as module
from faxd.afterwards.turns import Turns


def test_who_has_asked_longest_comes_first() -> None:
    turns = Turns(1)
    with ExitStack() as first:
        assert first.enter_context(turns.turn("a"))
        assert not turns.is_wanted
        for who in ("b", "c", "b"):
            with turns.turn(who) as is_in:
                assert not is_in
        assert turns.is_wanted
    # A place is free, but it is b's.
    for who, expected in (("a", False), ("c", False), ("b", True), ("a", False), ("c", True)):
        with turns.turn(who) as is_in:
            assert is_in is expected


def test_who_does_not_ask_again_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(module, "steady", lambda: now)
    turns = Turns(1)
    with turns.turn("a"), turns.turn("b"):
        pass
    with turns.turn("c") as is_in:
        assert not is_in
    now += 11
    with turns.turn("c") as is_in:
        assert is_in


@given(
    places=st.integers(1, 3),
    steps=st.lists(st.tuples(st.sampled_from(["ask", "leave"]), st.integers(0, 5))),
)
def test_places_are_never_more_and_nobody_is_passed_over(
    places: int, steps: list[tuple[str, int]]
) -> None:
    turns = Turns(places)
    inside: dict[int, ExitStack] = {}
    waiting: list[int] = []
    for step, who in steps:
        if step == "leave" and who in inside:
            inside.pop(who).close()
        elif step == "ask" and who not in inside:
            stack = ExitStack()
            is_in = stack.enter_context(turns.turn(who))
            waiting += [who] if who not in waiting else []
            assert is_in is (waiting.index(who) < places - len(inside))
            if is_in:
                waiting.remove(who)
                inside[who] = stack
        assert turns.is_wanted is bool(waiting)
    for stack in inside.values():
        stack.close()
