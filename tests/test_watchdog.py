"""Which tasks hang: not those that wait, not those that are slow, only those that are silent."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.config.settings import ServiceSettings
from faxd.faxde.connection import _Channel
from faxd.pulse import Pulse, beat, felt_by
from faxd.schedule import Sign
from faxd.watchdog import Stuck, Watchdog, allowed

SERVICE = ServiceSettings(connect_timeout=10, read_timeout=60)
INTERVAL = 180.0


def sign(task: str = "123456", *, running: bool = True, beats: int = 0, pause: float = 0) -> Sign:
    return Sign(task, running, 1, beats, pause)


def watch(
    seconds: int,
    *signs: Callable[[int], Sign] | Sign,
    watchdog: Watchdog | None = None,
    start: float = 0,
) -> list[Stuck]:
    """What hangs after that many looks, one a second."""
    watchdog = watchdog or Watchdog(INTERVAL)
    found: list[Stuck] = []
    for second in range(seconds + 1):
        now = [one if isinstance(one, Sign) else one(second) for one in signs]
        found = watchdog.look(start + second, now, SERVICE)
    return found


@pytest.mark.parametrize(
    ("task", "running", "pause", "expected"),
    [
        ("123456", True, 0, 10 + 60 + INTERVAL),
        ("123456/send/2", True, 0, 10 + 60 + INTERVAL),
        ("123456/follow", True, 0, 10 + 60 + INTERVAL),
        ("123456/take", True, 0, 10 * INTERVAL),
        ("123456/tell", True, 0, 10 * INTERVAL),
        ("123456/watch", True, 0, 10 * INTERVAL),
        ("123456/after/searchable", True, 0, 120 * INTERVAL),
        ("123456/prepare", True, 0, 120 * INTERVAL),
        ("metrics/file", True, 0, 120 * INTERVAL),
        # What waits may do so for as long as it is to, and somewhat longer.
        ("123456", False, 900, 900 + 2 * INTERVAL),
        ("123456/prepare", False, 0, 2 * INTERVAL),
    ],
)
def test_how_much_silence_is_allowed(
    task: str, running: bool, pause: float, expected: float
) -> None:
    one = sign(task, running=running, pause=pause)
    assert allowed(one, SERVICE, INTERVAL) == expected
    assert watch(int(expected), one) == []
    assert watch(int(expected) + 1, one) == [Stuck(task, expected + 1)]


def test_a_long_upload_does_not_hang() -> None:
    assert watch(20_000, lambda second: sign("123456/send/0", beats=second // 59)) == []


def test_only_the_silent_one_hangs() -> None:
    found = watch(300, sign("1"), lambda second: sign("2", beats=second), sign("3/take"))
    assert [each.task for each in found] == ["1"]


def test_it_goes_on() -> None:
    watchdog = Watchdog(INTERVAL)
    assert watch(300, sign(), watchdog=watchdog)
    assert watch(0, sign(beats=1), watchdog=watchdog, start=301) == []
    assert watch(300, sign(beats=1), watchdog=watchdog, start=302)


def test_a_task_that_is_gone_hangs_no_more() -> None:
    watchdog = Watchdog(INTERVAL)
    assert watch(300, sign(), watchdog=watchdog)
    assert watchdog.look(301, [], SERVICE) == []
    assert watchdog.look(302, [sign()], SERVICE) == []


def test_a_machine_that_stood_still_is_no_task_that_hangs() -> None:
    """A virtual machine paused over the weekend: nobody could have given a sign."""
    watchdog = Watchdog(INTERVAL)
    assert watch(5, sign(), watchdog=watchdog) == []
    assert watchdog.look(200_000, [sign()], SERVICE) == []


@given(
    st.lists(st.floats(0.1, 5), min_size=1, max_size=400),
    st.floats(1, 600),
    st.sampled_from(["1", "1/send/0", "1/take"]),
)
def test_silence_adds_up(steps: list[float], interval: float, task: str) -> None:
    """It hangs exactly when it was silent for longer than it may."""
    watchdog, now, silent = Watchdog(interval), 0.0, 0.0
    one = sign(task)
    watchdog.look(now, [one], SERVICE)
    for step in steps:
        silent += (now + step) - now
        now += step
        found = watchdog.look(now, [one], SERVICE)
        assert bool(found) == (silent > allowed(one, SERVICE, interval))


@pytest.mark.parametrize(
    ("task", "account", "what"),
    [
        ("123456", "123456", "receiving"),
        ("123456/send/1", "123456", "sending"),
        ("123456/take", "123456", "taking of documents"),
        ("123456/after/mails", "123456", "after"),
    ],
)
def test_what_hangs_in_words(task: str, account: str, what: str) -> None:
    stuck = Stuck(task, 300)
    assert (stuck.account, stuck.what) == (account, what)


def test_signs_count_where_somebody_watches() -> None:
    beat()  # nobody does
    outer, inner = Pulse(), Pulse()
    with felt_by(outer):
        beat()
        with felt_by(inner):
            beat()
            beat()
        beat()
    beat()
    assert (outer.beats, inner.beats) == (2, 2)


def test_each_byte_is_a_sign() -> None:
    """What goes out by a slow line, and what trickles in."""
    pulse = Pulse()
    near, far = socket.socketpair()
    with near, far, felt_by(pulse):
        channel = _Channel(near, 5.0, float("inf"))
        channel.sendall(b"x" * 100)
        sent = pulse.beats
        far.sendall(b"y")
        assert channel.recv_into(bytearray(10)) == 1
    assert (sent > 0, pulse.beats) == (True, sent + 1)


def test_who_waits_for_a_share_is_excused() -> None:
    """For as long as it does not answer, and then patience begins anew."""
    watchdog, one = Watchdog(INTERVAL), sign("123456/take")
    for second in range(10_000):
        assert watchdog.look(second, [one], SERVICE, lambda task: task == one.task) == []
    limit = allowed(one, SERVICE, INTERVAL)
    assert watch(int(limit) - 10, one, watchdog=watchdog, start=10_000) == []
    assert watch(20, one, watchdog=watchdog, start=10_000 + limit - 9) != []


def test_who_has_given_no_sign_for_a_while() -> None:
    watchdog = Watchdog(INTERVAL)
    watch(20, sign("1/take"), lambda second: sign("2/take", beats=second), watchdog=watchdog)
    assert watchdog.silent(10) == {"1/take"}
    assert watchdog.silent(30) == set()
