"""When to call again: pure decisions."""

from __future__ import annotations

from datetime import datetime, timedelta

from faxd.job import Job

#: seconds: the first pause after a call that failed, doubled each time, and the longest
_FIRST, _LONGEST = 30.0, 900.0
#: seconds: the first look at an accepted job, the factor by which looks come apart, the longest
_LOOK, _STEP = 30.0, 1.5
_LOOK_LONGEST, _LOOK_LONGEST_LETTER = 300.0, 3600.0
#: a time that is further off than this was set by a clock that was wrong
_CLOCK = timedelta(days=2)
#: for so long a job that FAX.de does not know may only not be visible yet
_NOT_YET_VISIBLE = timedelta(hours=1)


def after_failure(failures: int) -> timedelta:
    """How long to wait after that many failures in a row: 30 s, doubled up to 15 minutes."""
    return timedelta(seconds=min(_LONGEST, _FIRST * 2.0 ** min(max(failures, 1) - 1, 20)))


def failing_since(since: datetime | None, now: datetime, limit: float) -> datetime:
    """Since when it fails; ``now`` if it has just begun, or if a wrong clock has set the time."""
    if since is None or not timedelta(0) <= now - since <= timedelta(seconds=limit) + _CLOCK:
        return now
    return since


def is_given_up(since: datetime, now: datetime, limit: float) -> bool:
    """Whether something has failed for longer than ``limit`` seconds."""
    return (now - since).total_seconds() > limit


def next_look(job: Job, now: datetime) -> datetime:
    """When to ask for an accepted job's status again.

    From 30 s after acceptance (or after its planned time) on, stepping up to 5 minutes, for
    letters to an hour.
    """
    if job.at is not None and job.at > now:
        return job.at + timedelta(seconds=_LOOK)
    longest = _LOOK_LONGEST_LETTER if job.kind.is_letter else _LOOK_LONGEST
    return now + timedelta(seconds=min(longest, _LOOK * _STEP ** min(job.looks, 30)))


def may_not_be_visible_yet(job: Job, now: datetime) -> bool:
    """Whether "no such job" may mean that it has just been accepted, or is planned for later."""
    if job.at is not None and job.at > now:
        return True
    begin = max(job.accepted_at or job.created_at, job.at or job.created_at)
    # In the future it can only be by a clock that was set back, which must not make years of it.
    return abs(now - begin) <= _NOT_YET_VISIBLE
