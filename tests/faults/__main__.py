"""Faults of every kind at every point: python -m tests.faults [--short] [KIND...]

Ends with 1 if anything was lost or doubled, or was otherwise not as promised.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from faxd import log
from tests.faults import power, struck
from tests.faults.line import Found, Line

#: seconds for each kind in a short selection (some 4 minutes in all), and in full (some 20)
_SHORT, _FULL = 50.0, 260.0


def kinds(short: bool) -> dict[str, Callable[[], Line]]:
    """What can be tried, by name."""
    budget = _SHORT if short else _FULL
    every = 10**9
    found: dict[str, Callable[[], Line]] = {
        "kill": lambda: struck.kills(most=40 if short else every, budget=budget * 2),
        "links": lambda: struck.kills(
            most=6 if short else every, budget=budget / 2, beside=("renameat2:error=EINVAL",)
        ),
        "errors": lambda: struck.errors(most=40 if short else every, budget=budget),
    }
    for kind in ("ext4", "xfs"):
        found[f"power-{kind}"] = lambda kind=kind: power.cuts(  # type: ignore[misc]
            kind, most=30 if short else 10**9, randoms=200, budget=budget
        )
    return found


def left_out(name: str) -> str:
    """Why something cannot be tried here; empty if it can."""
    kind = name.partition("-")[2]
    return power.missing(kind) if kind else struck.missing()


def lines(names: list[str], short: bool) -> Iterator[Line]:
    """What is found, a line each."""
    known = kinds(short)
    for name in names or known:
        why = left_out(name)
        yield Line(name, 0, 0, Found(), 0.0, left_out=why) if why else known[name]()


def main(arguments: list[str]) -> int:
    """Try all, or what is named; returns the exit status."""
    short = "--short" in arguments
    names = [each for each in arguments if not each.startswith("-")]
    unknown = [name for name in names if name not in kinds(short)]
    if unknown:
        print(f"there is no {unknown[0]!r}; there are {', '.join(kinds(short))}", file=sys.stderr)
        return 2
    log.configure(level="critical", form="logfmt", hide_numbers=False)
    good = True
    for line in lines(names, short):
        print(line, flush=True)
        good = good and line.found.is_well
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
