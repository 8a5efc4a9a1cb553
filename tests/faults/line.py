"""What a series of faults has found: one line each, the goal being no lost and none doubled."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TypeVar

P = TypeVar("P")

#: points that are tried at the same time
_WORKERS = 2


@dataclass
class Found:
    """What one point, or some, have found."""

    #: faxes and documents that are nowhere whole
    lost: int = 0
    #: faxes in the inbox twice, documents accepted twice
    doubled: int = 0
    #: what else was not as promised, each with its point
    wrong: list[str] = field(default_factory=list)
    #: runs that came to their end in spite of the fault
    survived: int = 0

    def add(self, other: Found) -> None:
        self.lost += other.lost
        self.doubled += other.doubled
        self.wrong += other.wrong
        self.survived += other.survived

    @property
    def is_well(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


@dataclass
class Line:
    """A series."""

    name: str
    #: points that were tried, of so many that there are (0: no end of them)
    points: int
    of: int
    found: Found
    seconds: float
    #: why nothing was tried
    left_out: str = ""

    def __str__(self) -> str:
        if self.left_out:
            return f"{self.name:<28} left out: {self.left_out}"
        of = f" of {self.of:,}" if self.of else ""
        text = (
            f"{self.name:<28} {self.points:>5,}{of} points,"
            f" {self.found.lost} lost, {self.found.doubled} doubled,"
            f" {len(self.found.wrong)} otherwise wrong, {self.seconds:.0f} s"
        )
        return "\n".join([text, *(f"    {each}" for each in self.found.wrong[:20])])


def spread(points: Sequence[P], most: int) -> list[P]:
    """As many of the points as are wanted, at equal distances, the first and the last included."""
    if len(points) <= most:
        return list(points)
    if most < 2:
        return list(points[:most])
    step = (len(points) - 1) / (most - 1)
    return [points[round(number * step)] for number in range(most)]


def series(
    name: str, points: Sequence[P], of: int, strike: Callable[[P], Found], *, budget: float
) -> Line:
    """Try all points, several at a time, as long as the budget (seconds) lasts.

    In no order: a budget that ends early leaves some of each kind, from the first to the last.
    """
    points = list(points)
    random.Random(1).shuffle(points)
    began, found, tried = time.monotonic(), Found(), 0
    with ProcessPoolExecutor(_WORKERS, mp_context=get_context("fork")) as pool:
        for result in _within(pool, points, strike, began + budget):
            found.add(result)
            tried += 1
    return Line(name, tried, of, found, time.monotonic() - began)


def _within(
    pool: ProcessPoolExecutor, points: Iterable[P], strike: Callable[[P], Found], until: float
) -> Iterable[Found]:
    """Results as they come; nothing is begun after ``until``."""
    waiting = []
    for point in points:
        while len(waiting) >= _WORKERS:
            yield waiting.pop(0).result()
        if time.monotonic() > until:
            break
        waiting.append(pool.submit(strike, point))
    for each in waiting:
        yield each.result()
