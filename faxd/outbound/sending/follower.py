"""Following accepted jobs to their end, and cancelling those that people do not want any more."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from faxd.clock import steady, utc_now
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
from faxd.faxde.errors import InterfaceUnusable, NoAnswer, NotReached
from faxd.job import Job, JobState, Recipient
from faxd.ledger import Changed, Ledger, LedgerError
from faxd.log import Log
from faxd.outbound.office.protocol import read_protocol, settle_recipients
from faxd.outbound.office.results import is_worth_repeating, meaning_of
from faxd.outbound.office.slip import TOO_LATE
from faxd.outbound.sending import texts
from faxd.outbound.sending.when import after_failure, may_not_be_visible_yet, next_look
from faxd.retry import STOP

#: seconds until it is looked again when nothing calls for it earlier
_IDLE = 60.0
#: states in which a job can simply be withdrawn
_NOT_SENT = frozenset({JobState.PREPARING, JobState.WAITING, JobState.HELD})
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
        #: by the steady clock: FAX.de is not asked before, unless the password is another
        self._rest = 0.0
        self._password: datetime | None = None
        #: by job: when to try to cancel it again, by the steady clock, and how often that failed
        self._cancelling: dict[int, tuple[float, int]] = {}

    def run(self) -> float:
        """Cancel what is to be cancelled, and look at what is due; return seconds to the next run.

        Raises:
            Cancelled: faxd itself ends.
        """
        try:
            self._cancel_here()
            self._rested()
            self._cancel_there()
            while jobs := self._due():
                # The one that could not be looked at last time must not keep off all others.
                for job in sorted(jobs, key=lambda job: job.due_at or job.created_at):
                    with suppress(Changed):
                        self._look(job)
            self._failures = 0
        except _Later as later:
            return min(later.seconds, _IDLE)
        except (sqlite3.Error, LedgerError) as error:
            self._log.error("ledger cannot be used", problem=str(error))
            return _IDLE
        due = self._ledger.jobs.next_due(self._account, (JobState.ACCEPTED,))
        if due is None:
            return _IDLE
        return min(_IDLE, max(0.05, (due - utc_now()).total_seconds()))

    def _due(self) -> list[Job]:
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
            return self._ledger.jobs.get(job.id) or job

    def _look(self, job: Job) -> Job:
        try:
            answer = self._client.job_status(job.job_id if job.job_id is not None else "")
        except Cancelled:
            raise
        except (Rejected, FaxdeError, PasswordError) as error:
            return self._postponed(job, error)
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

    def _postponed(self, job: Job, error: Exception) -> Job:
        """Why a look failed says nothing of the job: it is repeated later.

        Raises:
            _Later: another job would fare no better.
        """
        self._log.warning("status not had", job=job.id, problem=str(error))
        after = next_look(replace(job, looks=job.looks + 1), utc_now())
        job = self._ledger.jobs.note(job, looks=job.looks + 1, due_at=after)
        self._rest_after(error)
        return job

    def _rest_after(self, error: Exception) -> None:
        """Ask FAX.de nothing for a while, if a call failed for a reason that is not the job's.

        Raises:
            _Later: so it is.
        """
        stopped = isinstance(error, PasswordError) or (
            isinstance(error, Rejected) and error.code.asks is Asks.ACCOUNT
        )
        if not stopped and not isinstance(error, NotReached | NoAnswer | InterfaceUnusable):
            return
        self._failures += 1
        pause = STOP if stopped else after_failure(self._failures).total_seconds()
        self._rest = steady() + pause
        self._password = self._settings.password_changed()
        raise _Later(pause)

    def _rested(self) -> None:
        """Go on only if FAX.de may be asked.

        Raises:
            _Later: not yet.
        """
        left = self._rest - steady()
        if left > 0 and self._settings.password_changed() == self._password:
            raise _Later(left)
        self._rest = 0.0

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
        # One of whom FAX.de says nothing, or says what nobody knows, may have got it, too.
        reached = any(not meaning_of(one.result).is_failure for one in recipients)
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

    def _cancel_here(self) -> None:
        """Withdraw what is not at FAX.de yet."""
        here = (JobState.PREPARING, JobState.WAITING, JobState.HELD, JobState.UNCERTAIN)
        for job in self._ledger.jobs.wanted_cancelled(self._account, here):
            with suppress(Changed):  # it has just been taken to be sent; next time
                self._cancel(job)

    def _cancel_there(self) -> None:
        """Cancel what is at FAX.de."""
        wanted = self._ledger.jobs.wanted_cancelled(self._account, (JobState.ACCEPTED,))
        numbers = {job.id for job in wanted}
        self._cancelling = {n: v for n, v in self._cancelling.items() if n in numbers}
        for job in wanted:
            if self._cancelling.get(job.id, (0.0, 0))[0] <= steady():
                with suppress(Changed):
                    self._cancel(job)

    def cancel(self, job: Job) -> Job:
        """Do what can be done to stop a job that people have asked to cancel.

        Raises:
            Cancelled: faxd itself ends.
        """
        try:
            return self._cancel(job)
        except _Later:
            return job

    def _cancel(self, job: Job) -> Job:
        if job.state in _NOT_SENT and not job.doubt:
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
            job = self._ledger.jobs.note(job, f"CancelJob: {error}", doubt=doubt or maybe)
            failures = self._cancelling.get(job.id, (0.0, 0))[1] + 1
            again = steady() + after_failure(failures).total_seconds()
            self._cancelling[job.id] = again, failures
            self._rest_after(error)
            return job
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
