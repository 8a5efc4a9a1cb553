"""The guard against runaway cost: so many jobs an hour, so many pages a day. Pure.

A program that writes into the outbox in a loop must not cost a fortune before somebody notices.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class Guard:
    """What was sent lately, and whether more may be; its methods may be called from any thread."""

    def __init__(self, jobs_per_hour: int, pages_per_day: int) -> None:
        self._jobs_per_hour = jobs_per_hour
        self._pages_per_day = pages_per_day
        self._lock = threading.Lock()
        self._sent: deque[tuple[datetime, int]] = deque()
        self._pages = 0
        self._under_way = 0

    def remember(self, sent: Iterable[tuple[datetime, int]]) -> None:
        """What was sent before: times in ascending order, and pages."""
        for at, pages in sent:
            self._add(at, pages)

    def begin(self, now: datetime, recipients: int = 1) -> timedelta:
        """Ask to send a job: no time at all if it may be sent, else how long to wait.

        A job that may be sent counts until `end` is called for it; it has at least a page for each
        recipient. One that has more than a day's pages by itself may be sent when nothing else was.
        """
        with self._lock:
            wait = self._wait(now, recipients)
            if not wait:
                self._under_way += 1
            return wait

    def end(self, now: datetime, pages: int | None) -> None:
        """A job is over: ``pages`` for all recipients, None if it was not accepted."""
        with self._lock:
            self._under_way -= 1
        if pages is not None:
            self._add(now, pages)

    def _add(self, at: datetime, pages: int) -> None:
        with self._lock:
            self._sent.append((at, pages))
            self._pages += pages

    def _wait(self, now: datetime, recipients: int) -> timedelta:
        # Times from the future were left by a clock that has been set back.
        while self._sent and not timedelta(0) <= now - self._sent[0][0] < _DAY:
            self._pages -= self._sent.popleft()[1]
        waits = [timedelta(0)]
        if len(self._sent) + self._under_way >= self._jobs_per_hour:
            index = len(self._sent) + self._under_way - self._jobs_per_hour
            if index < len(self._sent):
                waits.append(_HOUR - (now - self._sent[index][0]))
            else:
                waits.append(timedelta(seconds=1))  # all of it is under way
        pages = self._pages + self._under_way
        if pages and pages + max(1, recipients) > self._pages_per_day:
            over, waited = pages + max(1, recipients) - 1 - self._pages_per_day, timedelta(0)
            for at, pages in self._sent:
                waited = _DAY - (now - at)
                over -= pages
                if over < 0:
                    break
            waits.append(waited or timedelta(seconds=1))
        return max(max(waits), timedelta(0))
