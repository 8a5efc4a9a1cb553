"""Which tasks hang: neither get on nor come to their turn. Pure; the one place for these rules.

systemd is told that all is well as long as none does (``WatchdogSec=``). A task that waits between
two runs is well, and so is one whose document takes an hour to go out: only silence counts, and how
much of it is allowed depends on what the task does. Nor is a task guilty that waits for a
share that does not answer: a restart would wait there again, and disturb all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from faxd.config.settings import ServiceSettings
from faxd.schedule import Sign

#: seconds that stand for systemd's WatchdogSec where there is none
INTERVAL = 180.0
#: Seconds between two looks that count at most. More of them mean that the whole machine, or all
#: of faxd, stood still, of which no task is guilty.
_STEP = 5.0
#: intervals in which what looks through folders must have finished: a share may be large and slow
_LOOKING = 10
#: intervals for what starts programs, each of which has a time limit of its own
_PROGRAMS = 120
#: intervals that a task may come late to its turn
_LATE = 2

#: what tasks do, by the part of their name behind the account
_CALLING = {"": "receiving", "send": "sending", "follow": "following of jobs"}
_FOLDERS = {"take": "taking of documents", "tell": "filing", "watch": "watching of folders"}


@dataclass(frozen=True)
class Stuck:
    """A task that hangs."""

    task: str
    #: seconds without a sign of it
    seconds: float

    @property
    def account(self) -> str:
        """Whose it is, by customer number."""
        return account_of(self.task)

    @property
    def what(self) -> str:
        """What it does, in words."""
        kind = _kind(self.task)
        return (_CALLING | _FOLDERS).get(kind, kind)


@dataclass
class _Silence:
    sign: Sign
    seconds: float = 0.0


class Watchdog:
    """Remembers when each task last gave a sign."""

    def __init__(self, interval: float) -> None:
        """``interval`` is systemd's, in seconds: the administrator's measure of patience."""
        self._interval = interval
        self._silences: dict[str, _Silence] = {}
        self._looked: float | None = None

    def look(
        self,
        now: float,
        signs: Iterable[Sign],
        service: ServiceSettings,
        is_excused: Callable[[str], bool] = lambda _task: False,
    ) -> list[Stuck]:
        """The tasks that hang at ``now`` (seconds by a clock that stands still in suspension).

        ``is_excused`` says of a task that it has somebody else to wait for. Wants to be called
        every second or so.
        """
        passed = min(_STEP, now - self._looked) if self._looked is not None else 0.0
        self._looked = now
        before, self._silences = self._silences, {}
        for sign in signs:
            known = before.get(sign.task)
            same = known is not None and known.sign == sign
            counts = known is not None and same and not (sign.running and is_excused(sign.task))
            seconds = known.seconds + passed if known is not None and counts else 0.0
            self._silences[sign.task] = _Silence(sign, seconds)
        return [
            Stuck(task, silence.seconds)
            for task, silence in self._silences.items()
            if silence.seconds > allowed(silence.sign, service, self._interval)
        ]

    def silent(self, seconds: float) -> set[str]:
        """The tasks that run and have given no sign for so long."""
        return {
            task
            for task, silence in self._silences.items()
            if silence.sign.running and silence.seconds > seconds
        }


def account_of(task: str) -> str:
    """Whose a task is, by customer number."""
    return task.partition("/")[0]


def allowed(sign: Sign, service: ServiceSettings, interval: float) -> float:
    """Seconds of silence that are no reason to worry."""
    if not sign.running:
        return sign.pause + _LATE * interval
    kind = _kind(sign.task)
    if kind in _CALLING:
        # Each byte that goes or comes is a sign, and each wait for one ends by itself.
        return service.connect_timeout + service.read_timeout + interval
    return interval * (_LOOKING if kind in _FOLDERS else _PROGRAMS)


def _kind(task: str) -> str:
    """``send`` of ``123456/send/2``; empty for the poll, which is named by the account alone."""
    return task.partition("/")[2].partition("/")[0]
