"""Whose turn it is where more accounts want to work than may at the same time."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from faxd.clock import steady

#: seconds after which one that does not ask again has no turn any more
_FORGOTTEN = 10.0


class Turns:
    """So many places; who has asked longest comes first, and nobody waits in a thread.

    Who is not let in asks again soon, for which its place in the queue is kept.
    """

    def __init__(self, places: int) -> None:
        self._lock = threading.Lock()
        self._free = places
        #: when each has asked last; in the order in which they came
        self._waiting: dict[Hashable, float] = {}

    @contextmanager
    def turn(self, who: Hashable) -> Iterator[bool]:
        """Whether it is its turn; if so, it has a place until this is left."""
        is_in = self._enter(who)
        try:
            yield is_in
        finally:
            if is_in:
                with self._lock:
                    self._free += 1

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits."""
        with self._lock:
            self._forget()
            return bool(self._waiting)

    def _enter(self, who: Hashable) -> bool:
        with self._lock:
            self._forget()
            self._waiting[who] = steady()
            first = list(self._waiting)[: self._free]
            if who not in first:
                return False
            del self._waiting[who]
            self._free -= 1
            return True

    def _forget(self) -> None:
        latest = steady() - _FORGOTTEN
        self._waiting = {who: at for who, at in self._waiting.items() if at >= latest}
