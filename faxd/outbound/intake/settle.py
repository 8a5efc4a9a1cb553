"""Which files have stood still, for how long, and in which order they came. Pure.

All times are seconds of one steady clock: a file's own times are only compared with each other,
as a PC's, a server's and this machine's clocks differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from faxd.outbound.intake.seen import Seen

#: seconds between two looks that see the same burst of files
_AT_ONCE = 0.25

_Key = tuple[tuple[str, ...], str]


@dataclass(slots=True)
class _Entry:
    seen: Seen
    #: when it was first seen as it is now
    since: float
    #: sorts by arrival
    arrival: tuple[object, ...]


class Settler:
    """What is known of the files that lie in one outbox; it forgets those that are gone."""

    def __init__(self, settle: float, settle_blind: float) -> None:
        """Seconds to stand still; ``settle_blind`` where nobody can tell who is writing."""
        self._settle = settle
        self._settle_blind = max(settle, settle_blind)
        self._entries: dict[_Key, _Entry] = {}
        #: when it was looked last, and the newest change that was seen
        self._last = float("-inf")
        self._newest = 0

    def observe(self, files: Iterable[Seen], now: float) -> None:
        """Take in all that lies there at ``now``."""
        old, self._entries = self._entries, {}
        last, newest = self._last, self._newest
        for file in files:
            key = file.folders, file.name
            entry = old.get(key)
            if entry is None or entry.seen.inode != file.inode:
                # A look into a folder that is being filled passes some files over. One that is no
                # newer than others of the last look was there already, as it is now.
                missed = entry is None and file.ctime_ns <= newest
                was_there = missed and now - last < _AT_ONCE
                arrival = (file.ctime_ns, natural(file.name), file.path)
                entry = _Entry(file, last if was_there else now, arrival)
            elif not entry.seen.is_same(file):
                # It grows: it came when it began to, but must stand still anew.
                entry = _Entry(file, now, entry.arrival)
            self._entries[key] = entry
            self._newest = max(self._newest, file.ctime_ns)
        self._last = now

    def still(self, file: Seen, now: float) -> float:
        """Seconds that a file has been seen as it is; 0 for one that is not known like this."""
        entry = self._entries.get((file.folders, file.name))
        if entry is None or not entry.seen.is_same(file):
            return 0.0
        return max(0.0, now - entry.since)

    def settled(self, now: float) -> list[Seen]:
        """Files that nobody needs to write any more to be taken, in the order of arrival."""
        entries = [entry for entry in self._entries.values() if now >= entry.since + self._settle]
        entries.sort(key=lambda entry: entry.arrival)
        return [entry.seen for entry in entries]

    def is_settled_blind(self, file: Seen, now: float) -> bool:
        """Whether a file has stood still so long that nobody need be asked about writers."""
        entry = self._entries.get((file.folders, file.name))
        return (
            entry is not None
            and entry.seen.is_same(file)
            and now >= entry.since + self._settle_blind
        )

    def next_due(self, now: float) -> float | None:
        """The time when the next file can have settled (blind or not); None if none is to come."""
        dues = (
            due
            for entry in self._entries.values()
            for due in (entry.since + self._settle, entry.since + self._settle_blind)
            if due > now
        )
        return min(dues, default=None)

    def __len__(self) -> int:
        """How many files are remembered."""
        return len(self._entries)


def natural(name: str) -> list[str | int]:
    """Sorts names as people do: page 2 before page 10."""
    parts: list[str | int] = list(re.split(r"([0-9]+)", name.casefold()))
    for number in range(1, len(parts), 2):
        parts[number] = int(parts[number])
    return parts
