"""When to call again: pure decisions, acted upon by whoever schedules."""

from __future__ import annotations

from enum import Enum

#: seconds: the longest pause after trouble, and the length of an account's stop
LONGEST = 900.0
STOP = 900.0
#: by which part of itself a pause may differ, so that many accounts do not call in step
JITTER = 0.1


class Outcome(Enum):
    """How a run over an account ended."""

    GOOD = "good"  # all was fetched
    TROUBLE = "trouble"  # network or server: it may pass by itself
    NOT_READY = "not ready"  # inbox or password: nothing was called, and looking costs nothing
    STOPPED = "stopped"  # the account's problem: a person must act


def pause(outcome: Outcome, failures: int, interval: float, chance: float) -> float:
    """Seconds until the next run.

    ``failures`` counts the failed runs in a row, this one included; ``chance`` is a random
    number in [0, 1). After trouble the interval doubles up to 15 minutes. A stopped account is
    looked at as often as any other, because its password may have been put right; whoever runs
    it sees to it that it is not called for 15 minutes.
    """
    base = interval
    if outcome is Outcome.TROUBLE:
        longest = LONGEST / (1 + JITTER)  # with jitter 15 minutes at most
        base = max(interval, min(longest, interval * 2.0 ** min(failures, 30)))
    return base * (1 + JITTER * (2 * chance - 1))
