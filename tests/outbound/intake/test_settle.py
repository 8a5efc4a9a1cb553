"""Standing still, and the order of arrival."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.outbound.intake.seen import Seen
from faxd.outbound.intake.settle import Settler, natural


def seen(name: str, *, size: int = 1, mtime: int = 0, ctime: int = 0, inode: int = 1) -> Seen:
    return Seen((), name, size, mtime, ctime, (1, inode))


def names(files: list[Seen]) -> list[str]:
    return [file.name for file in files]


def test_a_file_is_taken_when_it_has_stood_still() -> None:
    settler = Settler(1, 5)
    file = seen("a.pdf")
    assert settler.next_due(0) is None
    settler.observe([file], 10.0)
    assert (settler.still(file, 10.5), settler.settled(10.99)) == (0.5, [])
    assert settler.next_due(10.5) == 11.0
    assert settler.settled(11.0) == [file]
    # Where nobody can say who writes, the next time to look is later.
    assert settler.next_due(11.0) == 15.0
    assert not settler.is_settled_blind(file, 14.9)
    assert settler.is_settled_blind(file, 15.0)
    assert settler.next_due(15.0) is None


@pytest.mark.parametrize(
    "change", [{"size": 2}, {"mtime_ns": 7}, {"inode": (1, 9)}, {"inode": (2, 1)}], ids=str
)
def test_a_change_starts_anew(change: dict[str, object]) -> None:
    settler = Settler(1, 5)
    old = seen("a.pdf")
    new = replace(old, **change)  # type: ignore[arg-type]
    settler.observe([old], 0)
    settler.observe([new], 0.9)
    assert settler.settled(1.5) == []
    assert settler.still(old, 1.5) == 0.0
    assert settler.still(new, 1.5) == pytest.approx(0.6)
    assert not settler.is_settled_blind(old, 100)
    assert settler.settled(1.9) == [new]


def test_a_new_mode_is_no_change() -> None:
    settler = Settler(1, 5)
    settler.observe([seen("a", ctime=1)], 0)
    settler.observe([seen("a", ctime=2)], 0.9)
    assert len(settler.settled(1.0)) == 1


def test_what_is_gone_is_forgotten() -> None:
    settler = Settler(1, 5)
    file = seen("a")
    settler.observe([file, seen("b")], 0)
    settler.observe([], 0.5)
    assert (len(settler), settler.still(file, 9), settler.next_due(9)) == (0, 0.0, None)
    settler.observe([file], 9)
    assert settler.settled(9.5) == []


def test_the_order_of_arrival() -> None:
    settler = Settler(1, 5)
    first = [seen("z", ctime=1), seen("page 10", ctime=5), seen("page 9", ctime=5)]
    settler.observe(first, 0)
    settler.observe([*first, seen("a", ctime=7), seen("b", ctime=6)], 1)
    assert names(settler.settled(99)) == ["z", "page 9", "page 10", "b", "a"]
    # One that was written again, or replaced, has come anew.
    grown, replaced = seen("z", size=2, ctime=9), seen("page 9", inode=7, ctime=8)
    settler.observe([grown, replaced, seen("page 10", ctime=5), seen("a", ctime=7)], 2)
    assert names(settler.settled(99)) == ["page 10", "a", "page 9", "z"]


def test_one_that_a_look_has_passed_over() -> None:
    """While files are written, a look sees some and misses others that came before them."""
    settler = Settler(1, 5)
    settler.observe([seen("1", ctime=1), seen("3", ctime=3)], 0)
    everything = [seen("1", ctime=1), seen("2", ctime=2), seen("3", ctime=3), seen("4", ctime=4)]
    settler.observe(everything, 0.9)
    assert names(settler.settled(1)) == ["1"]
    assert settler.next_due(1) == 1.9
    assert names(settler.settled(1.9)) == ["1", "2", "3", "4"]


def test_one_that_a_look_has_seen_half_written() -> None:
    settler = Settler(1, 5)
    settler.observe([seen("1", size=0, ctime=1), seen("2", ctime=3)], 0)
    settler.observe([seen("1", size=9, ctime=2), seen("2", ctime=3)], 1)
    assert names(settler.settled(1)) == []
    assert names(settler.settled(2)) == ["1", "2"]


def test_nobody_waits_for_one_that_is_written_for_long() -> None:
    """Its time of change may say what it likes: some servers tell it at the end alone."""
    settler = Settler(1, 5)
    for second in range(10):
        slow = seen("slow", size=second, ctime=1)
        settler.observe([slow, *(seen(str(number), ctime=9) for number in range(second))], second)
        # Those of the look before may have come later than what this look saw of it.
        assert len(settler.settled(second)) == max(0, second - 2)


def test_a_file_is_kept_once() -> None:
    settler = Settler(1, 5)
    first, same, other = seen("a"), seen("a"), seen("a", ctime=1)
    settler.observe([first], 0)
    assert settler.known(same) is first and settler.known(other) is other
    assert settler.known(seen("b")) == seen("b")


def test_the_same_name_in_two_folders() -> None:
    settler = Settler(1, 5)
    one, two = seen("a"), replace(seen("a"), folders=("sms",))
    settler.observe([one, two], 0)
    settler.observe([one, replace(two, size=9)], 0.5)
    assert settler.settled(1) == [one]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *(("page 2.pdf", "page 10.pdf"), ("a9b2", "a9b10"), ("Anna", "bernd"), ("2", "a")),
        *(("", "0"), ("a", "a1"), ("²", "³"), ("x" + "9" * 200, "x1" + "0" * 200)),
    ],
)
def test_names_sort_as_people_do(before: str, after: str) -> None:
    assert natural(before) < natural(after)


FILES = st.lists(
    st.builds(
        seen,
        st.text(max_size=3),
        size=st.integers(0, 2),
        mtime=st.integers(0, 2),
        ctime=st.integers(0, 3),
        inode=st.integers(0, 2),
    ),
    max_size=8,
    unique_by=lambda file: file.name,
)


@given(st.lists(st.tuples(FILES, st.floats(0, 3)), max_size=12), st.floats(0, 9), st.floats(0, 9))
def test_any_course_of_events(
    looks: list[tuple[list[Seen], float]], settle: float, blind: float
) -> None:
    settler = Settler(settle, blind)
    now = 1000.0
    history: list[tuple[float, dict[str, Seen]]] = []
    for files, pause in looks:
        now += pause
        settler.observe(files, now)
        history.append((now, {file.name: file for file in files}))
        assert len(settler) == len(files), "bounded by what lies there"
        settled = settler.settled(now)
        for file in files:
            # Told anew from the whole history: since when it has been there, unchanged.
            since = now
            for look in reversed(range(len(history))):
                then, there = history[look]
                if file.name not in there or not there[file.name].is_same(file):
                    break
                since = then
            assert settler.still(file, now) == now - since
            assert file.name not in names(settled) or now >= since + settle
            assert settler.is_settled_blind(file, now) == (now >= since + max(settle, blind))
        due = settler.next_due(now)
        if due is None:
            assert len(settled) == len(files)
        else:
            assert due > now
            before = set(names(settled))
            later = names(settler.settled(due))
            assert before <= set(later)


@given(st.data())
def test_the_order_is_that_of_arrival_however_a_folder_is_read(data: st.DataObject) -> None:
    """A folder that is filled while it is looked into: each file that is written during a look may
    be seen, passed over or seen half written, and is whole in the next.
    """
    settler, moment = Settler(1, 5), 0
    lying: dict[str, Seen] = {}
    taken: list[str] = []
    arrived: list[str] = []
    for look in range(data.draw(st.integers(1, 8))):
        found = dict(lying)
        for _ in range(data.draw(st.integers(0, 4))):
            name = f"{len(arrived)}"
            arrived.append(name)
            half = seen(name, size=0, ctime=moment)
            moment += data.draw(st.integers(0, 2))
            lying[name] = seen(name, ctime=moment)
            how = data.draw(st.sampled_from([None, half, lying[name]]))
            if how is not None:
                found[name] = how
        settler.observe(data.draw(st.permutations(list(found.values()))), look * 0.6)
        for file in settler.settled(look * 0.6):
            if data.draw(st.booleans()):  # taken at once, or after the next look
                break
            taken.append(file.name)
            del lying[file.name]
    assert taken == arrived[: len(taken)]
