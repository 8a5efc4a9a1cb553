"""Tasks run at once, again, one at a time, and whatever becomes of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from faxd.log import get_logger
from faxd.pulse import beat
from faxd.schedule import Schedule, Sign


@pytest.fixture
def schedule() -> Iterator[Schedule]:
    schedule = Schedule(get_logger())
    schedule.start()
    yield schedule
    schedule.stop(5)


class Counting:
    """A task that counts its runs, and waits in them if told to."""

    def __init__(self, pause: float = 0.01) -> None:
        self.pause = pause
        self.runs = 0
        self.now = 0
        self.most = 0
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self) -> float:
        self.runs += 1
        self.now += 1
        self.most = max(self.most, self.now)
        self.gate.wait(10)
        self.now -= 1
        return self.pause


def wait_for(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_again_and_again(schedule: Schedule) -> None:
    task = Counting(0.05)
    schedule.put("a", task)
    wait_for(lambda: task.runs > 3)
    assert task.most == 1


def test_never_two_at_once_and_a_replacement_follows_at_once(schedule: Schedule) -> None:
    old, new = Counting(), Counting(60)
    old.gate.clear()
    schedule.put("a", old)
    wait_for(lambda: old.now)
    for _ in range(3):
        schedule.put("a", new)
    time.sleep(0.1)
    assert (old.runs, new.runs) == (1, 0)
    old.gate.set()
    wait_for(lambda: new.runs == 1)


def test_forgotten_tasks_do_not_run(schedule: Schedule) -> None:
    kept, gone = Counting(0.05), Counting(0.05)
    schedule.put("kept", kept)
    schedule.put("gone", gone)
    wait_for(lambda: gone.runs and kept.runs)
    schedule.keep_only(["kept"])
    time.sleep(0.1)
    before, others = gone.runs, kept.runs
    wait_for(lambda: kept.runs > others + 2)
    assert gone.runs == before


def test_a_task_that_raises_disturbs_no_other(
    schedule: Schedule, capsys: pytest.CaptureFixture[str]
) -> None:
    def bad() -> float:
        raise RuntimeError("a defect")

    good = Counting(0.02)
    schedule.put("bad", bad)
    schedule.put("good", good)
    wait_for(lambda: good.runs > 3)


def test_the_watch_finds_a_lost_wake_up(schedule: Schedule) -> None:
    task = Counting(2.0)
    schedule.put("a", task)
    wait_for(lambda: task.runs == 1 and not task.now)
    time.sleep(0.1)
    schedule._scheduler.remove_all_jobs()  # as if it had been lost
    deadline = time.monotonic() + 8
    while task.runs < 2:
        assert time.monotonic() < deadline
        schedule.watch()
        time.sleep(0.1)


def test_stop_waits_no_longer_than_told() -> None:
    schedule = Schedule(get_logger())
    schedule.start()
    task = Counting()
    task.gate.clear()
    schedule.put("a", task)
    wait_for(lambda: task.now)
    begin = time.monotonic()
    assert not schedule.stop(0.2)
    assert time.monotonic() - begin < 2
    task.gate.set()


def test_waking(schedule: Schedule) -> None:
    """A sleeping task runs at once; a running one once more, however often it was woken."""
    task = Counting(60)
    schedule.put("a", task)
    wait_for(lambda: task.runs == 1 and task.now == 0)
    schedule.wake("a")
    wait_for(lambda: task.runs == 2 and task.now == 0)
    task.gate.clear()
    schedule.wake("a")
    wait_for(lambda: task.now == 1)
    for _ in range(5):
        schedule.wake("a")
    task.gate.set()
    wait_for(lambda: task.runs == 4 and task.now == 0)
    time.sleep(0.2)
    assert (task.runs, task.most) == (4, 1)
    schedule.wake("nobody")


def test_what_tasks_are_seen_to_do(schedule: Schedule) -> None:
    """A sign changes when a task begins, gets on, ends, or is woken; not when it hangs."""

    def sign() -> Sign:
        (found,) = schedule.signs()
        return found

    beats = threading.Semaphore(0)

    def run() -> float:
        beats.acquire(timeout=10)
        beat()
        task()
        return 60

    task = Counting(60)
    task.gate.clear()
    schedule.put("a", run)
    wait_for(lambda: sign().running)
    silent = sign()
    time.sleep(0.2)
    schedule.watch()
    assert sign() == silent
    beats.release()
    wait_for(lambda: sign().beats == 1)
    assert sign() != silent
    task.gate.set()
    wait_for(lambda: not sign().running)
    assert sign().pause == 60
    resting = sign()
    schedule.watch()
    assert sign() == resting
    time.sleep(0.2)  # it rests between two runs
    schedule.wake("a")
    wait_for(lambda: sign() != resting)
    beats.release()


def test_a_task_that_gets_no_turn_is_seen(schedule: Schedule) -> None:
    """Reminding it in vain is no turn."""
    task = Counting(0.5)
    schedule.put("a", task)
    wait_for(lambda: task.runs == 1 and not task.now)
    schedule._scheduler.pause()  # as if its thread had ended
    time.sleep(0.7)
    before = schedule.signs()
    schedule._tasks["a"].due -= 60
    schedule.watch()
    assert schedule.signs() == before
    assert not before[0].running
