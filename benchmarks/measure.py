"""What is measured: one large fax, many small ones, and a daemon with nothing to do.

Every run is a fresh process. In each turn both sides run once, and they take turns in who begins.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.office import Office
from benchmarks.process import Stepped, Usage, resident, started, stepped, whole

SIDES = ("faxd", "plain")

_U = TypeVar("_U", bound=Usage)


@dataclass(frozen=True)
class Compared:
    """One figure of both sides, turn by turn."""

    turns: list[dict[str, float]]

    def median(self, side: str) -> float:
        return statistics.median(turn[side] for turn in self.turns)

    @property
    def ratios(self) -> list[float]:
        """faxd's in proportion to the plain client's in the same turn, smallest first."""
        return sorted(turn["faxd"] / turn["plain"] for turn in self.turns)


@dataclass(frozen=True, kw_only=True)
class OneFax:
    """The figures of one fax."""

    #: seconds of the receiving loop
    seconds: Compared
    #: KiB after all imports and an empty run, and how much more at the peak
    idle: Compared
    grown: Compared
    #: seconds of the whole command, imports included
    whole_seconds: Compared
    #: KiB at its peak, more than at the peak of one that has nothing to fetch
    whole_grown: Compared


@dataclass(frozen=True, kw_only=True)
class Idle:
    """The daemon's medians."""

    #: KiB resident
    resident: float
    #: seconds from the start of the process until READY=1
    ready: float


def one_fax(office: Office, size: int, repeat: int) -> OneFax:
    """One fax of ``size`` bytes."""
    idle = _turns(repeat, lambda side: _command(office, side, 0, size))
    loops = _turns(repeat, lambda side: _loop(office, side, 1, size))
    commands = _turns(repeat, lambda side: _command(office, side, 1, size))
    idle_peak = _compared(idle, lambda run: run.peak)
    return OneFax(
        seconds=_compared(loops, lambda run: run.seconds),
        idle=_compared(loops, lambda run: run.idle),
        grown=_compared(loops, lambda run: run.peak - run.idle),
        whole_seconds=_compared(commands, lambda run: run.seconds),
        whole_grown=Compared(
            [
                {side: turn[side].peak - idle_peak.median(side) for side in SIDES}
                for turn in commands
            ]
        ),
    )


def many_faxes(office: Office, count: int, size: int, repeat: int) -> Compared:
    """Faxes per second."""
    loops = _turns(repeat, lambda side: _loop(office, side, count, size))
    return _compared(loops, lambda run: count / run.seconds)


def idle_daemon(office: Office, polls: int, repeat: int) -> Idle:
    """`faxd run` with a kept WSDL, after ``polls`` polls that found nothing."""
    whole(office.sides["faxd"], office.log)
    runs = [_daemon(office, polls) for _ in range(repeat)]
    return Idle(
        resident=statistics.median(memory for memory, _ in runs),
        ready=statistics.median(ready for _, ready in runs),
    )


def _turns(repeat: int, run: Callable[[str], _U]) -> list[dict[str, _U]]:
    """Run both sides ``repeat`` times; in every other turn the plain client begins."""
    return [
        {side: run(side) for side in (SIDES if turn % 2 == 0 else reversed(SIDES))}
        for turn in range(repeat)
    ]


def _compared(turns: list[dict[str, _U]], figure: Callable[[_U], float]) -> Compared:
    return Compared([{side: figure(turn[side]) for side in SIDES} for turn in turns])


def _loop(office: Office, side: str, count: int, size: int) -> Stepped:
    def prepare() -> None:
        office.ask("add", count, size)
        office.settle()

    usage = stepped(office.loops[side], office.log, prepare)
    office.take(side, count, size)
    return usage


def _command(office: Office, side: str, count: int, size: int) -> Usage:
    office.ask("add", count, size)
    office.settle()
    usage = whole(office.sides[side], office.log)
    office.take(side, count, size)
    return usage


@contextmanager
def ready(office: Office) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """`faxd run`, and the seconds that it took to be ready; it ends with the block."""
    address = office.root / "notify"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as notes:
        notes.bind(str(address))
        notes.settimeout(30)
        begin = time.perf_counter()
        daemon = started(
            ("faxd", "run", "-c", str(office.config)), office.log, NOTIFY_SOCKET=str(address)
        )
        with daemon as child:
            while b"READY=1" not in notes.recv(4096).split(b"\n"):
                pass
            seconds = time.perf_counter() - begin
            # What it has to say later must not wait for somebody to listen.
            notes.close()
            yield child, seconds
    address.unlink()


def _daemon(office: Office, polls: int) -> tuple[int, float]:
    """Resident KiB and seconds until ready."""
    before = office.ask("polls")
    office.settle()
    with ready(office) as (child, seconds):
        _wait_for(lambda: office.ask("polls") >= before + polls)
        memory = resident(child.pid)
    return memory, seconds


def _wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        if time.monotonic() > deadline:
            raise RuntimeError("the daemon does not poll")
        time.sleep(0.1)
