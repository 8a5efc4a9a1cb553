"""Which files have stood still, for how long, and in which order they came. Pure.

A file has come when it was last written, or renamed to where it lies (ctime); what came at the same
moment is in the order of the names. Files are told of in that order, however a folder is read.

All times are seconds of one steady clock: a file's own times are only compared with each other,
as a PC's, a server's and this machine's clocks differ.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from faxd.outbound.intake.seen import Seen


@dataclass(slots=True)
class _Entry:
    seen: Seen
    #: when it was first seen as it is now, and in which look
    since: float
    look: int


class Settler:
    """What is known of the files that lie in one outbox; it forgets those that are gone."""

    def __init__(self, settle: float, settle_blind: float) -> None:
        """Seconds to stand still; ``settle_blind`` where nobody can tell who is writing."""
        self._settle = settle
        self._settle_blind = max(settle, settle_blind)
        #: by path; a file is kept here once, as there may be very many
        self._entries: dict[str, _Entry] = {}
        self._look = 0

    def known(self, file: Seen) -> Seen:
        """What is remembered of a file if it is just that, else the file: so it is kept once."""
        entry = self._entries.get(file.path)
        return entry.seen if entry is not None and entry.seen == file else file

    def observe(self, files: Iterable[Seen], now: float) -> None:
        """Take in all that lies there at ``now``."""
        self._look += 1
        old, self._entries = self._entries, {}
        for file in files:
            path = file.path
            entry = old.pop(path, None)
            if entry is None or not entry.seen.is_same(file):
                entry = _Entry(file, now, self._look)
            self._entries[path] = entry

    def still(self, file: Seen, now: float) -> float:
        """Seconds that a file has been seen as it is; 0 for one that is not known like this."""
        entry = self._entries.get(file.path)
        if entry is None or not entry.seen.is_same(file):
            return 0.0
        return max(0.0, now - entry.since)

    def settled(self, now: float) -> list[Seen]:
        """Files that nobody needs to write any more to be taken, in the order of arrival.

        A look into a folder that is being filled passes some files over, and sees others half
        written. The next look sees them as they are. So a file that has stood still waits for those
        that came before it and were first seen no later than in the look after its own; not for
        others, or one that is written for an hour would keep off all.
        """
        found = []
        #: of files that have come so far and have not stood still: the first look that saw one
        waited_for = math.inf
        for entry in self._in_order():
            if now < entry.since + self._settle:
                waited_for = min(waited_for, entry.look)
            elif waited_for > entry.look + 1:
                found.append(entry.seen)
        return found

    def _in_order(self) -> Iterator[_Entry]:
        """All entries in the order of arrival."""
        entries = sorted(self._entries.values(), key=lambda entry: entry.seen.ctime_ns)
        # Names are taken apart a few at a time: of all at once, much memory would be left.
        for _, together in groupby(entries, key=lambda entry: entry.seen.ctime_ns):
            yield from sorted(
                together, key=lambda entry: (natural(entry.seen.name), entry.seen.folders)
            )

    def is_settled_blind(self, file: Seen, now: float) -> bool:
        """Whether a file has stood still so long that nobody need be asked about writers."""
        entry = self._entries.get(file.path)
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
