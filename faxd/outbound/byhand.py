"""One job, brought on its way by a command, where no daemon runs; the command holds the lock."""

from __future__ import annotations

import threading
from contextlib import suppress

from faxd.clock import utc_now
from faxd.faxde import Cancelled
from faxd.job import Hold, Job, JobState
from faxd.ledger import Changed, Ledger
from faxd.outbound.dispatch import Dispatch

#: seconds between two looks at what others may have written into the ledger, a cancellation say
_LOOK = 1.0


def needs_somebody(ledger: Ledger, job: Job) -> bool:
    """Whether a job waits for a person: for an answer, or for the account to be put right."""
    if job.state is JobState.HELD:
        return job.hold is Hold.SAME
    return job.state in {JobState.WAITING, JobState.UNCERTAIN} and bool(
        ledger.queue(job.account).is_stopped
    )


def is_settled(ledger: Ledger, job: Job, *, to_end: bool) -> bool:
    """Whether nothing more is to be waited for; ``to_end`` waits for more than acceptance."""
    if job.state.is_end or needs_somebody(ledger, job):
        return True
    return not to_end and job.state in {JobState.ACCEPTED, JobState.HELD}


def carry(
    dispatch: Dispatch,
    ledger: Ledger,
    number: int,
    *,
    to_end: bool,
    ended: threading.Event,
) -> None:
    """Send a job, with ``to_end`` follow it until its end, and file it.

    No other job of the account is sent. It stops when ``ended`` is set.

    Raises:
        LedgerError, sqlite3.Error: the ledger cannot be used.
    """
    dispatch.sender.recover()
    dispatch.reception.run()
    job = ledger.jobs.get(number)
    while job is not None and not job.state.is_end:
        pause = 0.0
        try:
            with suppress(Changed):  # by another command; the next look tells
                pause = _step(dispatch, job)
        except Cancelled:
            break
        # Only after a try: a stop of the account may be over.
        job = ledger.jobs.get(number)
        if job is None or is_settled(ledger, job, to_end=to_end):
            break
        if ended.wait(min(_LOOK, pause)):
            break
    dispatch.reception.run()
    if dispatch.reporter is not None and not ended.is_set():
        dispatch.reporter.run()


def cancel(dispatch: Dispatch, ledger: Ledger, number: int) -> Job | None:
    """Stop a job that people have asked to cancel, if it can be, and file it.

    Raises:
        LedgerError, sqlite3.Error: the ledger cannot be used.
    """
    dispatch.sender.recover()
    job = ledger.jobs.get(number)
    if job is not None and job.cancel and not job.state.is_end:
        with suppress(Changed):
            dispatch.follower.cancel(job)
    dispatch.reception.run()
    return ledger.jobs.get(number)


def _step(dispatch: Dispatch, job: Job) -> float:
    """Do what is due for a job; seconds until there may be more."""
    if job.cancel and job.state is not JobState.SENDING:
        dispatch.follower.cancel(job)
        return _LOOK
    if job.state is JobState.PREPARING:
        return dispatch.preparer.run(only=job.id) if dispatch.preparer is not None else _LOOK
    if job.state is not JobState.ACCEPTED:
        return dispatch.sender.run(only=job.id)
    wait = (job.due_at - utc_now()).total_seconds() if job.due_at is not None else 0.0
    if wait <= 0:
        dispatch.follower.look(job)
    return max(0.0, wait)
