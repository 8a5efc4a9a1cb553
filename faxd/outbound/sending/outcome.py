"""What the end of a SendJob means for its job and for the account's queue. Pure.

The one question behind all of it: may FAX.de have accepted the job? As long as nothing was sent, or
a return code says no, it may be sent again without a thought. Once a request went out and nothing
came back, the same request is repeated unchanged, and a -77 (the same job is already there) then
means that the first one was accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from faxd.faxde import Asks, FaxdeError, Rejected, SentJob
from faxd.faxde.errors import Fault, HttpStatus
from faxd.job import Job, JobState
from faxd.outbound.intake.outbox import OutboxUnusable
from faxd.outbound.sending import texts
from faxd.outbound.sending.when import after_failure, failing_since, is_given_up
from faxd.retry import STOP
from faxd.text import plural
from faxd.words import Words

#: HTTP's status for a request that is too large (RFC 9110 section 15.5.14)
_TOO_LARGE = 413
#: SendJob's code for it; also for many recipients (section "SendJob", note 2)
_NOT_AUTHORISED = 1
#: SendJob's code for it
_WRONG_PASSWORD = -1
#: SendJob's code for too little credit, "nur iLetter"
_LETTERS_ONLY = 7


#: seconds for which others are tried before the job that stopped the queue
_AFTER_OTHERS = 30.0


class Effect(Enum):
    """What a call says of the whole queue."""

    NONE = "none"
    WORKS = "works"  # FAX.de answers
    NETWORK = "network"  # it does not: no other job would fare better
    STOPPED = "stopped"  # the account's problem: a person must act
    NO_OUTBOX = "no outbox"  # no other document can be read either
    ENDED = "ended"  # faxd itself ends


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What to do after a SendJob."""

    state: JobState
    #: for the job's history
    text: str
    #: fields of the job that change with its state
    changes: dict[str, Any] = field(default_factory=dict)
    effect: Effect = Effect.NONE
    #: what the queue's problem is
    problem: Words | None = None
    #: FAX.de can make nothing of a document: what is wrong with it may be seen
    is_unreadable: bool = False


def accepted(job: Job, sent: SentJob, now: datetime) -> Verdict:
    """FAX.de has taken it."""
    return Verdict(
        state=JobState.ACCEPTED,
        text=f"accepted as job {sent.job_id}, {plural(sent.recipients, 'recipient')},"
        f" {plural(sent.pages, 'page')}",
        changes={
            "job_id": sent.job_id,
            "pages": sent.pages or None,
            "accepted_at": now,
            "looks": 0,
            "doubt": False,
            "problem": None,
            "failing_since": None,
        },
        effect=Effect.WORKS,
    )


def refused(
    job: Job, error: Rejected, now: datetime, *, give_up_after: float, same: Job | None
) -> Verdict:
    """FAX.de has answered with a code that is not 0; ``same`` is an earlier job of that digest."""
    asks = error.code.asks
    if asks is Asks.DUPLICATE and job.doubt and same is not None and same.accepted_at:
        # It may be the earlier one that FAX.de speaks of.
        return _failed(str(error), texts.same_or_earlier(same), now, Effect.WORKS)
    if asks is Asks.DUPLICATE and job.doubt:
        return Verdict(
            state=JobState.DONE,
            text=f"{error}: the try without an answer was accepted; its number is unknown",
            changes={
                "problem": texts.NUMBER_UNKNOWN,
                "doubt": False,
                "accepted_at": now,
                "ended_at": now,
            },
            effect=Effect.WORKS,
        )
    if asks is Asks.DUPLICATE and not job.repeats:
        return _failed(str(error), texts.duplicate(same), now, Effect.WORKS)
    if asks is Asks.REFUSED:
        words = texts.refused(error.code, job.kind, job.doubt)
        return _failed(str(error), words, now, Effect.WORKS)
    if error.code.number == _NOT_AUTHORISED and len(job.recipients) > 1:
        # An account must be enabled for that. Were it the whole account, the next job would tell.
        return _failed(str(error), texts.SEVERAL_NOT_AUTHORISED, now, Effect.WORKS)
    if error.code.number == _LETTERS_ONLY:
        # There is too little credit for a letter, and enough for all else.
        return _failing(
            job,
            str(error),
            texts.account(error.code),
            now,
            give_up_after=give_up_after,
            doubt=job.doubt,
            effect=Effect.WORKS,
        )
    if asks is Asks.ACCOUNT:
        return _again(
            job,
            str(error),
            now,
            problem=texts.account(error.code),
            others_first=error.code.number != _WRONG_PASSWORD,
        )
    # A repetition is the same job again: it may only be too early for FAX.de.
    # What the document does not list may mean anything, an acceptance included.
    doubt = job.doubt or not error.code.documented
    return _failing(
        job,
        str(error),
        texts.later(error.code),
        now,
        give_up_after=give_up_after,
        doubt=doubt,
        effect=Effect.WORKS,
    )


def unanswered(job: Job, error: FaxdeError, now: datetime, *, give_up_after: float) -> Verdict:
    """The call did not come through.

    Without a connection the try was none: it does not count, and the job keeps its place.
    """
    doubt = job.doubt or error.maybe_done
    # What FAX.de chokes on is one document; what else goes wrong hits all.
    effect = Effect.NONE if _is_the_jobs_own(error) else Effect.NETWORK
    verdict = _failing(
        job,
        str(error),
        texts.NO_ANSWER if error.maybe_done else texts.NOT_REACHED,
        now,
        give_up_after=give_up_after,
        doubt=doubt,
        effect=effect,
    )
    if error.maybe_done or effect is not Effect.NETWORK:
        return verdict
    return replace(verdict, changes=verdict.changes | {"tries": job.tries - 1})


def _is_the_jobs_own(error: FaxdeError) -> bool:
    """Whether a call failed for what was sent, and another would fare better."""
    return isinstance(error, Fault) or (
        isinstance(error, HttpStatus) and error.status == _TOO_LARGE
    )


def unreadable(
    job: Job, error: OSError | OutboxUnusable, now: datetime, *, give_up_after: float
) -> Verdict:
    """A document cannot be read; so the request never was whole, and nothing was sent."""
    why = error.strerror if isinstance(error, OSError) else None
    if isinstance(error, FileNotFoundError):
        words = texts.unclear() if job.doubt else texts.GONE
        return _failed(f"the document is gone: {why}", words, now, Effect.NONE)
    return _failing(
        job,
        f"the document cannot be read: {why or error}",
        texts.UNREADABLE,
        now,
        give_up_after=give_up_after,
        doubt=job.doubt,
        effect=Effect.NONE,
    )


def defect(job: Job, error: Exception, now: datetime, *, give_up_after: float) -> Verdict:
    """Something unexpected happened, nobody knows when."""
    return _failing(
        job,
        f"unexpected error ({type(error).__name__}), see the log",
        texts.NO_ANSWER,
        now,
        give_up_after=give_up_after,
        doubt=True,
        effect=Effect.NONE,
    )


def unsendable(job: Job, error: ValueError, now: datetime) -> Verdict:
    """What is to be sent cannot be put into a request."""
    return _failed(f"cannot be put into a request: {error}", texts.UNSENDABLE, now, Effect.NONE)


def without_password(job: Job, error: Exception, now: datetime) -> Verdict:
    """There is no password, so nothing was called."""
    return _again(job, str(error), now, problem=texts.NO_PASSWORD, others_first=False)


def _again(job: Job, text: str, now: datetime, *, problem: Words, others_first: bool) -> Verdict:
    """The job is probably not at fault, and waits until its queue goes on.

    ``others_first``: should it be this job after all, they must not wait for ever. A corrected
    password ends the wait early, and is none of the job's.
    """
    return Verdict(
        state=JobState.UNCERTAIN if job.doubt else JobState.WAITING,
        text=text,
        changes={
            "due_at": now + timedelta(seconds=STOP + _AFTER_OTHERS) if others_first else None,
            "problem": problem,
            # The try was none: it does not count.
            "tries": job.tries - 1,
        },
        effect=Effect.STOPPED,
        problem=problem,
    )


def _failing(
    job: Job,
    text: str,
    problem: Words,
    now: datetime,
    *,
    give_up_after: float,
    doubt: bool,
    effect: Effect,
) -> Verdict:
    """It may pass by itself; it is tried again until that has taken too long."""
    since = failing_since(job.failing_since, now, give_up_after)
    if is_given_up(since, now, give_up_after):
        words = texts.unclear() if doubt else texts.given_up(problem)
        verdict = _failed(f"given up: {text}", words, now, effect)
        return replace(verdict, changes=verdict.changes | {"doubt": doubt})
    return Verdict(
        state=JobState.UNCERTAIN if doubt else JobState.WAITING,
        text=text,
        changes={
            "doubt": doubt,
            "problem": problem,
            "failing_since": since,
            "due_at": now + after_failure(job.tries),
        },
        effect=effect,
        problem=problem if effect is Effect.NETWORK else None,
    )


def _failed(text: str, problem: Words, now: datetime, effect: Effect) -> Verdict:
    return Verdict(
        state=JobState.FAILED,
        text=text,
        changes={"problem": problem, "ended_at": now, "due_at": None},
        effect=effect,
    )
