"""Looks what is wrong, and tells people: two tasks, neither of which disturbs anything else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from faxd.afterwards.child import Closed
from faxd.afterwards.retry import Hopeless, Trouble, again_after, is_given_up
from faxd.clock import steady, utc_now
from faxd.condition import look
from faxd.config import Config
from faxd.ledger import Ledger
from faxd.ledger.incidents import Notice, NoticeState, Recorded
from faxd.log import Log
from faxd.shares import Shares
from faxd.telling.incidents import MOMENTARY, Calm, incidents
from faxd.telling.ways import Ways, ways_of
from faxd.verdict import judge
from faxd.watchdog import Stuck

#: seconds between two looks, and between two looks for notices when nobody calls
_LOOK, _IDLE = 30.0, 60.0
#: seconds until it is tried again when the ledger fails
_LATER = 30.0
#: seconds for which somebody is tried to be told
_GIVE_UP = 3 * 86400.0
#: what is over is remembered for so long
_KEEP = timedelta(days=400)
Hanging = tuple[Sequence[Stuck], Mapping[str, Path]]
_LOOK_TASK, _TELL_TASK = "telling/look", "telling/tell"


class Teller:
    """Tells people what ``config`` says, which may be replaced while it runs."""

    def __init__(
        self,
        config: Config,
        ledger: Ledger,
        log: Log,
        shares: Shares,
        wake: Callable[[str], None] = lambda _task: None,
        hanging: Callable[[], Hanging] = lambda: ((), {}),
    ) -> None:
        """``wake`` is told the name of a task that has something to do now.

        ``hanging`` knows tasks that hang, and folders that do not answer.
        """
        self.config = config
        self._ledger = ledger
        self._log = log
        self._shares = shares
        self._wake = wake
        self._hanging = hanging
        self._calm = Calm()
        self._since = utc_now()
        self._ways = Ways()
        #: why nothing can be told, which is logged once
        self._problem = ""

    def tasks(self) -> dict[str, Callable[[], float]]:
        """What is to be run again and again; each returns the seconds until the next time."""
        if self.config.tell is None:
            return {}
        return {_LOOK_TASK: self._guarded(self.look), _TELL_TASK: self._guarded(self.tell)}

    def close(self) -> None:
        """End what is under way, which is tried again the next time."""
        self._ways.close()

    def look(self) -> float:
        """Record what has begun and what is over."""
        settings, now = self.config.tell, utc_now()
        if settings is None:
            return _LOOK
        facts = look(
            self.config,
            self._ledger,
            *self._hanging(),
            shares=self._shares,
            pid=0,
            since=self._since,
        )
        found = incidents(
            judge(facts, now).remarks, facts, now, on=settings.on, patience=settings.patience
        )
        known = {each.key: each for each in self._ledger.incidents.open()}
        todo = self._calm.change(found, known, steady(), settings.calm)
        if todo.begun or todo.over:
            self._ledger.incidents.change(
                todo.begun, todo.over, ways_of(settings), now, momentary=MOMENTARY
            )
            for each in todo.begun:
                self._log.warning("incident begins", key=each.key, problem=each.text)
            for key in todo.over:
                self._log.info("incident is over", key=key)
            self._ledger.incidents.forget(now - _KEEP)
            self._wake(_TELL_TASK)
        return _LOOK

    def tell(self) -> float:
        """Give all notices that are due, each once."""
        while (notice := self._ledger.incidents.next(utc_now())) is not None:
            incident = self._ledger.incidents.get(notice.incident)
            settings = self.config.tell
            if settings is None:
                return _IDLE
            if incident is None or notice.way not in ways_of(settings):
                self._ledger.incidents.ended(notice, NoticeState.NEEDLESS, utc_now())
                continue
            self._try(notice, incident)
        return _IDLE

    def _try(self, notice: Notice, incident: Recorded) -> None:
        record, now = self._ledger.incidents, utc_now()
        pause = again_after(notice.tries + 1)
        # First: should faxd die in it, the next try comes later, and not at once for ever.
        record.tried(notice, None, now + pause)
        try:
            self._give(notice, incident)
        except Closed:
            record.tried(notice, "faxd ended", now)
            raise
        except Hopeless as error:
            self._log.error("nobody could be told", way=notice.way, problem=str(error))
            record.ended(notice, NoticeState.FAILED, utc_now(), str(error))
        except Trouble as error:
            if is_given_up(notice.tries + 1, notice.created_at, utc_now(), _GIVE_UP):
                self._log.error("nobody could be told", way=notice.way, problem=str(error))
                record.ended(notice, NoticeState.FAILED, utc_now(), str(error))
                return
            if notice.problem != str(error):
                self._log.warning("not told yet", way=notice.way, problem=str(error))
            self._ledger.incidents.tried(notice, str(error), utc_now() + pause)
        else:
            record.ended(notice, NoticeState.DONE, utc_now())
            self._log.info("told", key=incident.key, way=notice.way, is_end=notice.is_end)

    def _give(self, notice: Notice, incident: Recorded) -> None:
        if not notice.is_end:
            incident = replace(incident, over_at=None)  # its beginning is told late
        mark = f"{self._ledger.identity}.{notice.id}"
        self._ways.give(self.config, notice.way, incident, notice.created_at, mark)

    def _guarded(self, run: Callable[[], float]) -> Callable[[], float]:
        """A task that raises nothing for what a disk or the ledger do."""

        def guarded() -> float:
            try:
                pause = run()
            except Closed:
                return _LATER
            except (sqlite3.Error, OSError) as error:
                if str(error) != self._problem:
                    self._log.error("nobody can be told", problem=str(error))
                self._problem = str(error)
                return _LATER
            self._problem = ""
            return pause

        return guarded
