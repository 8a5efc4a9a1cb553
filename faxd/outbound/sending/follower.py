"""Following accepted jobs to their end, and cancelling those that people do not want any more."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from faxd.clock import utc_now
from faxd.config import AccountSettings, PasswordError
from faxd.faxde import (
    Asks,
    Cancelled,
    CancelResult,
    Client,
    FaxdeError,
    JobResult,
    Rejected,
)
from faxd.faxde import JobState as Answer
from faxd.job import Job, JobState, Recipient
from faxd.ledger import Changed, Ledger, LedgerError
from faxd.log import Log
from faxd.outbound.office.protocol import read_protocol, settle_recipients
from faxd.outbound.office.results import is_silent, is_worth_repeating
from faxd.outbound.office.slip import TOO_LATE
from faxd.outbound.sending import texts
from faxd.outbound.sending.sender import paused_for
from faxd.outbound.sending.when import after_failure, may_not_be_visible_yet, next_look

#: seconds until it is looked again when nothing calls for it earlier
_IDLE = 60.0
#: jobs taken from the ledger at a time
_BATCH = 100


class _Later(Exception):
    """FAX.de cannot be asked now; carries the seconds after which it can be."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Follower:
    """Asks for the status of one account's jobs, and cancels them."""

    def __init__(
        self,
        settings: AccountSettings,
        client: Client,
        ledger: Ledger,
        log: Log,
        *,
        changed: Callable[[Job], None],
    ) -> None:
        """``changed`` is told of each job that has another state."""
        self._settings = settings
        self._send = settings.send
        self._account = settings.account
        self._client = client
        self._ledger = ledger
        self._log = log
        self._changed = changed
        self._failures = 0

    def run(self) -> float:
        """Cancel what is to be cancelled, and look at what is due; return seconds to the next run.

        Raises:
            Cancelled: faxd itself ends.
        """
        try:
            self._cancel_wanted()
            while jobs := self._due():
                for job in jobs:
                    with suppress(Changed):
                        self._look(job)
            self._failures = 0
        except _Later as later:
            return later.seconds
        except (sqlite3.Error, LedgerError) as error:
            self._log.error("ledger cannot be used", problem=str(error))
            return _IDLE
        due = self._ledger.jobs.next_due(self._account, (JobState.ACCEPTED,))
        if due is None:
            return _IDLE
        return min(_IDLE, max(0.05, (due - utc_now()).total_seconds()))

    def _due(self) -> list[Job]:
        queue = self._ledger.queue(self._account)
        if queue.is_stopped:
            pause = paused_for(queue, self._settings.password_changed(), utc_now())
            if pause > 0:
                raise _Later(min(pause, _IDLE))
        return self._ledger.jobs.due(self._account, (JobState.ACCEPTED,), utc_now(), limit=_BATCH)

    # looking

    def look(self, job: Job) -> Job:
        """Ask what became of an accepted job.

        Raises:
            Cancelled: faxd itself ends.
        """
        try:
            return self._look(job)
        except _Later:
            return job

    def _look(self, job: Job) -> Job:
        try:
            answer = self._client.job_status(job.job_id if job.job_id is not None else "")
        except Cancelled:
            raise
        except (Rejected, FaxdeError, PasswordError) as error:
            raise self._postponed(job, error) from None
        now = utc_now()
        job = replace(job, looks=job.looks + 1)
        if answer.state is Answer.FINISHED:
            return self._finished(job, answer, now)
        if answer.state is Answer.UNKNOWN and not may_not_be_visible_yet(job, now):
            return self._end(
                job,
                JobState.FAILED,
                "FAX.de knows no such job",
                problem=texts.NO_SUCH_JOB,
                doubt=True,
            )
        return self._ledger.jobs.note(job, looks=job.looks, due_at=next_look(job, now))

    def _postponed(self, job: Job, error: Exception) -> _Later:
        """Why a look failed says nothing of the job: it is repeated later."""
        self._failures += 1
        stopped = isinstance(error, Rejected) and error.code.asks is Asks.ACCOUNT
        pause = timedelta(minutes=15) if stopped else after_failure(self._failures)
        self._log.warning("status not had", job=job.id, problem=str(error))
        self._ledger.jobs.note(job, due_at=utc_now() + pause)
        return _Later(pause.total_seconds())

    def _finished(self, job: Job, answer: JobResult, now: datetime) -> Job:
        recipients = settle_recipients(
            job.recipients,
            answer.result,
            answer.sent_at,
            answer.remote_id,
            read_protocol(answer.status_file),
        )
        results = ", ".join(sorted({recipient.result or "?" for recipient in recipients}))
        again = self._repeated(job, recipients)
        if again is not None:
            after = timedelta(seconds=self._send.repeat_after)
            job = self._ledger.jobs.move(
                job,
                JobState.WAITING,
                f"{results}; to be sent again, repetition {job.repeats + 1}",
                recipients=again,
                repeats=job.repeats + 1,
                job_id=None,
                due_at=now + after,
                failing_since=None,
                protocol=answer.status_file,
            )
            self._log.info("job to be sent again", job=job.id, results=results)
            self._changed(job)
            return job
        # One of whom FAX.de says nothing may have got it, too.
        reached = any(one.is_ok or is_silent(one.result) for one in recipients)
        return self._end(
            job,
            JobState.DONE if reached else JobState.FAILED,
            f"FAX.de is through: {results}",
            recipients=recipients,
            protocol=answer.status_file,
            doubt=False,
            problem=None,
        )

    def _repeated(
        self, job: Job, recipients: tuple[Recipient, ...]
    ) -> tuple[Recipient, ...] | None:
        """The recipients with the busy ones as if they had not been tried; None: no repetition."""
        if job.repeats >= self._send.repeat or job.cancel:
            return None
        worth = frozenset(self._send.repeat_on)
        if not any(is_worth_repeating(recipient.result or "", worth) for recipient in recipients):
            return None
        return tuple(
            replace(recipient, result=None)
            if is_worth_repeating(recipient.result or "", worth)
            else recipient
            for recipient in recipients
        )

    # cancelling

    def _cancel_wanted(self) -> None:
        here = (JobState.WAITING, JobState.HELD, JobState.UNCERTAIN)
        # Those at FAX.de last: they need a network.
        for states in (here, (JobState.ACCEPTED,)):
            for job in self._ledger.jobs.wanted_cancelled(self._account, states):
                with suppress(Changed):  # it has just been taken to be sent; next time
                    self.cancel(job)

    def cancel(self, job: Job) -> Job:
        """Do what can be done to stop a job that people have asked to cancel."""
        if job.state in {JobState.WAITING, JobState.HELD} and not job.doubt:
            return self._end(
                job, JobState.CANCELLED, "withdrawn before it was sent", problem=texts.WITHDRAWN
            )
        if job.state is JobState.UNCERTAIN:
            return self._end(
                job,
                JobState.FAILED,
                "withdrawn after a try without an answer",
                problem=texts.WITHDRAWN_IN_DOUBT,
            )
        if job.state is JobState.ACCEPTED and job.job_id is not None:
            return self._cancel_at_provider(job, job.job_id)
        return job  # being sent: what becomes of it is known soon

    def _cancel_at_provider(self, job: Job, job_id: int) -> Job:
        """CancelJob. It is never repeated unknown to us: a second one would not know the job."""
        doubt = job.doubt
        job = self._ledger.jobs.note(job, "CancelJob", doubt=True)
        try:
            result = self._client.cancel_job(job_id)
        except Cancelled:
            raise
        except (Rejected, FaxdeError, PasswordError) as error:
            maybe = not isinstance(error, PasswordError) and error.maybe_done
            self._log.warning("not cancelled yet", job=job.id, problem=str(error))
            self._ledger.jobs.note(job, f"CancelJob: {error}", doubt=doubt or maybe)
            self._failures += 1
            raise _Later(after_failure(self._failures).total_seconds()) from None
        gone = result is CancelResult.CANCELLED or (result is CancelResult.UNKNOWN and doubt)
        if gone:
            return self._end(
                job, JobState.CANCELLED, "cancelled at FAX.de", problem=texts.CANCELLED
            )
        job = self._ledger.jobs.note(
            job,
            f"CancelJob came too late ({result.value})",
            cancel=False,
            doubt=False,
            problem=TOO_LATE,
            due_at=utc_now(),
        )
        self._log.info("too late to cancel", job=job.id)
        self._changed(job)
        return job

    # the end

    def _end(self, job: Job, state: JobState, text: str, **changes: Any) -> Job:
        job = self._ledger.jobs.move(
            job, state, text, looks=job.looks, ended_at=utc_now(), due_at=None, **changes
        )
        self._log.info("job ended", job=job.id, job_id=job.job_id, state=state.value, result=text)
        self._changed(job)
        return job
