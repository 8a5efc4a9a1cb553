"""Tasks that run again after the pause they ask for, whatever happens to the wall clock.

APScheduler runs them. It sleeps by the wall clock, which may be set back or forward by years, so
every task's time is also known by a clock that nobody can set; `Schedule.watch`, called every
second or so, puts right whatever the two disagree about.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from faxd.clock import ClockWatch, steady, utc_now
from faxd.log import Log
from faxd.pulse import Pulse, felt_by

#: tasks that run at the same time; more of them wait for one another
_WORKERS = 256
#: seconds that a task may be late before the watch takes it for forgotten
_PATIENCE = 2.0
#: seconds of rest between two runs that a task is woken for: what wakes it comes in swarms
_APART = 0.1
#: seconds until a task that raised is run again
_AFTER_DEFECT = 60.0


@dataclass(frozen=True)
class Sign:
    """What a task is seen to do; another one each time that it gets on."""

    task: str
    running: bool
    #: how often it was set or begun, and the signs of progress that it gave
    turns: int
    beats: int
    #: seconds that it rests before its next run
    pause: float


@dataclass
class _Task:
    #: does the work and returns the seconds until the next time
    run: Callable[[], float]
    #: when it is due, by the steady clock
    due: float
    running: bool = False
    #: seconds: it was woken while it ran, and must run once more within them
    again: float | None = None
    #: by the steady clock, the earliest time at which it may be woken again
    rest: float = 0.0
    turns: int = 0
    pause: float = 0.0
    pulse: Pulse = field(default_factory=Pulse)


class Schedule:
    """Runs each task at once and then again and again, never twice at the same time."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.RLock()
        self._tasks: dict[str, _Task] = {}
        self._clock = ClockWatch()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(_WORKERS)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def start(self) -> None:
        self._scheduler.start()

    def put(self, name: str, run: Callable[[], float]) -> None:
        """Add a task and have it run now; one of the same name is replaced when it next runs."""
        with self._lock:
            task = self._tasks.setdefault(name, _Task(run, 0.0))
            task.run = run
            self._set(name, task, 0.0)

    def wake(self, name: str, within: float = 0.0) -> None:
        """Have a task run within that many seconds; once more when it runs already.

        Waking it many times in a row costs nothing. A task that is not there is none.
        """
        with self._lock:
            task = self._tasks.get(name)
            if task is None:
                return
            within = max(within, task.rest - steady())
            if task.running:
                task.again = min(within, task.again if task.again is not None else within)
            elif steady() + within < task.due:
                self._set(name, task, within)

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget all other tasks; one that runs now ends by itself."""
        with self._lock:
            for name in set(self._tasks) - set(names):
                del self._tasks[name]

    def watch(self) -> float:
        """Put right what a clock that was set, or a lost wake-up, has put wrong.

        Returns the seconds by which the clock was set.
        """
        with self._lock:
            jump = self._clock.jump()
            if jump:
                self._log.warning("clock was set", seconds=round(jump))
            now = steady()
            for name, task in self._tasks.items():
                if not task.running and (jump or now > task.due + _PATIENCE):
                    # No turn of its own: a task that must be reminded for ever has none.
                    self._submit(name, task, max(0.0, task.due - now))
        return jump

    def signs(self) -> list[Sign]:
        """What each task is seen to do.

        None of one that waits because as many run as can: those that run are to be watched.
        """
        with self._lock:
            is_full = sum(task.running for task in self._tasks.values()) >= _WORKERS
            return [
                Sign(name, task.running, task.turns, task.pulse.beats, task.pause)
                for name, task in self._tasks.items()
                if task.running or not is_full
            ]

    def stop(self, timeout: float) -> bool:
        """Start nothing more; whether what runs has ended within ``timeout`` seconds."""
        with self._lock:
            self._tasks.clear()
        done = threading.Thread(target=self._scheduler.shutdown, daemon=True)
        done.start()
        done.join(timeout)
        return not done.is_alive()

    def _set(self, name: str, task: _Task, pause: float) -> None:
        task.turns += 1
        task.pause = pause
        self._submit(name, task, pause)

    def _submit(self, name: str, task: _Task, pause: float) -> None:
        task.due = steady() + pause
        if not task.running:
            self._scheduler.add_job(
                self._run,
                "date",
                args=(name,),
                id=name,
                run_date=utc_now() + timedelta(seconds=pause),
                replace_existing=True,
            )

    def _run(self, name: str) -> None:
        with self._lock:
            task = self._tasks.get(name)
            if task is None or task.running:
                return
            task.running, task.again = True, None
            task.turns += 1
            run = task.run
        pause = _AFTER_DEFECT
        try:
            with felt_by(task.pulse):
                pause = run()
            task.rest = steady() + _APART
        except Exception:
            self._log.exception("task failed", task=name)
            # What it does may be what wakes it: a defect must not become a busy loop.
            task.rest, task.again = steady() + pause, None
        finally:
            with self._lock:
                task.running = False
                if self._tasks.get(name) is task:
                    # A task that was replaced while it ran is due at once.
                    if task.again is not None:
                        pause = min(pause, max(task.again, _APART))
                    self._set(name, task, pause if task.run is run else 0.0)
