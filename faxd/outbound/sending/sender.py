"""The way of a job to FAX.de: take the next one, record that it is sent, send it, record the end.

The order is the promise. What is about to be sent is recorded before it is; a death in between
leaves a job that may have been sent, and is treated as one.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from faxd.clock import utc_now
from faxd.config import AccountSettings, PasswordError
from faxd.faxde import Cancelled, Client, Document, FaxdeError, JobType, Options, Rejected
from faxd.job import Hold, Job, JobState, Kind, Step
from faxd.ledger import Changed, Ledger, LedgerError, Queue
from faxd.log import Log
from faxd.outbound.addressing.formats import send_name
from faxd.outbound.addressing.lists import render, render_list
from faxd.outbound.intake.outbox import OutboxUnusable
from faxd.outbound.preparing.names import sent_as
from faxd.outbound.sending import outcome, texts
from faxd.outbound.sending.documents import Claimed, claimed_documents
from faxd.outbound.sending.guard import Guard
from faxd.outbound.sending.outcome import Effect, Verdict
from faxd.outbound.sending.when import after_failure, next_look
from faxd.retry import STOP
from faxd.words import Words

#: jobs that may be sent
_SENDABLE = (JobState.WAITING, JobState.UNCERTAIN)
#: codes by which FAX.de says that it can make nothing of a document
_NOT_CONVERTED = frozenset({-6, -7, -14, 58})
#: states after a call that count for the guard: what may have been accepted does
_COUNTING = frozenset({JobState.ACCEPTED, JobState.UNCERTAIN, JobState.DONE})
#: seconds until the queue is looked at again when nothing calls for it earlier
_IDLE = 60.0
#: seconds after trouble with the ledger or the outbox
_AFTER_TROUBLE = 15.0
#: a wait for which nobody need be told that his job is held
_SHORT = timedelta(seconds=1)
#: jobs that are held or let go at a time
_BATCH = 500

_TYPES = {
    Kind.FAX: JobType.FAX,
    Kind.SMS: JobType.SMS,
    Kind.EMAIL: JobType.EMAIL,
    Kind.LETTER: JobType.LETTER,
    Kind.LETTER_COLOR: JobType.LETTER_COLOR,
    Kind.QSIGN: JobType.QSIGN,
}


class Sender:
    """Hands one account's jobs over; `run` may be called from several threads at the same time."""

    def __init__(
        self,
        settings: AccountSettings,
        client: Client,
        ledger: Ledger,
        log: Log,
        *,
        changed: Callable[[Job], None],
        status_url: Callable[[str], str] | None = None,
        explain: Callable[[Sequence[Claimed]], Words | None] | None = None,
    ) -> None:
        """``changed`` is told of each job that has another state.

        ``status_url`` makes the STATURL of a job's secret; None: there is no receiver.
        ``explain`` looks what is wrong with documents that FAX.de could make nothing of.
        """
        self._settings = settings
        if settings.outbox is None:
            raise ValueError(f"{settings.name} has no outbox")
        self._outbox = settings.outbox
        self._send = settings.send
        self._account = settings.account
        self._client = client
        self._ledger = ledger
        self._log = log
        self._changed = changed
        self._status_url = status_url
        self._explain = explain
        #: jobs that have failed, and whose documents are being looked into: who files them waits
        self.looking_into: set[int] = set()
        self._guard = Guard(self._send.max_jobs_per_hour, self._send.max_pages_per_day)
        self._guard.remember(
            ledger.jobs.accepted_since(self._account, utc_now() - timedelta(days=1))
        )
        self._lock = threading.Lock()
        #: what became of jobs that the ledger could not take note of
        self._unrecorded: list[tuple[Job, Verdict]] = []
        self._retired = False
        self._under_way = 0

    def run(self, only: int | None = None) -> float:
        """Send what is due; return the seconds until there may be more to do.

        ``only`` sends no other job than that of this number.

        Raises:
            Cancelled: faxd itself ends.
        """
        try:
            self._record_late()
            while True:
                pause = self._pause()
                if pause > 0 or self._retired:
                    return pause or _IDLE
                # What may have been accepted must be repeated before FAX.de forgets it, and has
                # been counted by the guard.
                if self._send_next(JobState.UNCERTAIN, only):
                    continue
                self._release()
                due = self._first_waiting(only)
                if due is None:
                    return self._until_next()
                wait = self._guard.begin(utc_now(), len(due.recipients))
                if wait:
                    return self._hold(wait)
                self._send_guarded(due.id)
        except OutboxUnusable as error:
            self._log.debug("cannot send", problem=str(error))
        except (sqlite3.Error, LedgerError) as error:
            self._log.error("ledger cannot be used", problem=str(error))
        return _AFTER_TROUBLE

    def retire(self, successor: Sender | None) -> None:
        """Start nothing more; ``successor`` takes over what is still to be recorded."""
        self._retired = True
        if successor is not None:
            successor._unrecorded = self._unrecorded

    @property
    def is_busy(self) -> bool:
        """Whether a SendJob is under way."""
        return self._under_way > 0

    def recover(self) -> None:
        """Treat what was being sent when faxd died as sent without an answer."""
        for job in self._ledger.jobs.open(self._account, (JobState.SENDING,)):
            job = self._ledger.jobs.move(
                job,
                JobState.UNCERTAIN,
                "faxd ended while it was being sent",
                doubt=True,
                problem=texts.NO_ANSWER,
                failing_since=job.failing_since or utc_now(),
            )
            self._changed(job)

    # the queue

    def _pause(self) -> float:
        """Seconds until it is to be asked again whether anything may be sent; 0 if it may."""
        queue = self._ledger.queue(self._account)
        return min(_AFTER_TROUBLE, paused_for(queue, self._settings.password_changed(), utc_now()))

    def _until_next(self) -> float:
        due = self._ledger.jobs.next_due(self._account, _SENDABLE)
        if due is None:
            return _IDLE
        return min(_IDLE, max(0.05, (due - utc_now()).total_seconds()))

    def _hold(self, wait: timedelta) -> float:
        """Hold what is due until the guard lets more pass."""
        if wait <= _SHORT:
            return wait.total_seconds()  # what is under way may not count in the end
        now = utc_now()
        words = texts.guard(self._send.max_jobs_per_hour, self._send.max_pages_per_day)
        for job in self._ledger.jobs.due(self._account, (JobState.WAITING,), now, limit=_BATCH):
            try:
                job = self._ledger.jobs.move(
                    job,
                    JobState.HELD,
                    "more jobs an hour or pages a day than the settings allow",
                    hold=Hold.GUARD,
                    problem=words,
                    due_at=now + wait,
                )
            except Changed:  # another lane was faster
                continue
            self._changed(job)
            self._log.warning("job held by the guard against cost", job=job.id)
        return max(1.0, min(_IDLE, wait.total_seconds()))

    # one job

    def _first_waiting(self, only: int | None) -> Job | None:
        """The job that is to be sent next."""
        if only is not None:
            job = self._ledger.jobs.get(only)
            return job if job is not None and job.state is JobState.WAITING else None
        return self._ledger.jobs.next_waiting(self._account, utc_now())

    def _send_guarded(self, number: int) -> None:
        """Send a job that the guard lets pass, if no other lane was faster."""
        pages: int | None = None
        try:
            job = self._send_next(JobState.WAITING, number)
            if job is not None and job.state in _COUNTING:
                pages = (job.pages or 1) * max(1, len(job.recipients))
        finally:
            self._guard.end(utc_now(), pages)

    def _send_next(self, state: JobState, only: int | None) -> Job | None:
        """Send the first job in that state that is due, and return it; None if there is none."""
        job = self._ledger.jobs.start(self._account, utc_now(), (state,), only)
        if job is None:
            return None
        verdict = outcome.defect(
            job, RuntimeError("ended"), utc_now(), give_up_after=self._send.give_up_after
        )
        with self._lock:
            self._under_way += 1
        try:
            self._changed(job)
            verdict = self._attempt(job)
        finally:
            with self._lock:
                self._under_way -= 1
            if verdict.is_unreadable:
                self.looking_into.add(job.id)
            try:
                job = self._record(job, verdict)
            except BaseException:
                self.looking_into.discard(job.id)
                raise
        self._tell(job, verdict)
        if verdict.is_unreadable:
            try:
                job = self._explained(job)
            finally:
                self.looking_into.discard(job.id)
        self._changed(job)
        if verdict.effect is Effect.ENDED:
            raise Cancelled
        if verdict.effect is Effect.NO_OUTBOX:
            raise OutboxUnusable(verdict.text)
        return job

    def _record(self, job: Job, verdict: Verdict) -> Job:
        """Record what became of a job; what cannot be recorded now is kept until it can be."""
        try:
            return self._move(job, verdict)
        except sqlite3.Error:
            self._unrecorded.append((job, verdict))
            raise

    def _move(self, job: Job, verdict: Verdict) -> Job:
        """Record it together with the queue: no other lane may find a job waiting whose queue has
        just been stopped.

        Raises:
            Changed: its state is another by now.
        """
        with self._ledger.transaction():
            self._note(verdict)
            changes = dict(verdict.changes)
            if verdict.effect is Effect.NETWORK and verdict.state is JobState.WAITING:
                # With its queue, neither earlier nor later, so that no other job overtakes it.
                changes["due_at"] = self._ledger.queue(self._account).paused_until
            return self._ledger.jobs.move(job, verdict.state, verdict.text, **changes)

    def _record_late(self) -> None:
        """Record what could not be recorded when it happened."""
        with self._lock:
            while self._unrecorded:
                job, verdict = self._unrecorded[0]
                with suppress(Changed):
                    job = self._move(job, verdict)
                    self._tell(job, verdict)
                del self._unrecorded[0]
                self._changed(job)

    def _release(self) -> None:
        """Let the first job go on that the guard has held; it has made room for one."""
        for job in self._ledger.jobs.held(self._account, Hold.GUARD, limit=1):
            with suppress(Changed):  # another lane, or somebody has cancelled it
                self._ledger.jobs.move(
                    job,
                    JobState.WAITING,
                    "the guard lets it pass",
                    hold=None,
                    problem=None,
                    due_at=None,
                )

    def _attempt(self, job: Job) -> Verdict:
        """Make the call, and tell what its end means."""
        limit = self._send.give_up_after
        try:
            with claimed_documents(job, self._outbox) as documents:
                sent = self._client.send_job(_TYPES[job.kind], **self._request(job, documents))
        except Rejected as error:
            since = job.created_at - timedelta(days=1)
            same = self._ledger.jobs.same(job, since)
            verdict = outcome.refused(job, error, utc_now(), give_up_after=limit, same=same)
            return replace(verdict, is_unreadable=error.code.number in _NOT_CONVERTED)
        except Cancelled as error:
            verdict = outcome.unanswered(job, error, utc_now(), give_up_after=limit)
            return replace(verdict, effect=Effect.ENDED, problem=None)
        except FaxdeError as error:
            return outcome.unanswered(job, error, utc_now(), give_up_after=limit)
        except PasswordError as error:
            return outcome.without_password(job, error, utc_now())
        except OutboxUnusable as error:
            verdict = outcome.unreadable(job, error, utc_now(), give_up_after=limit)
            return replace(verdict, effect=Effect.NO_OUTBOX)
        except OSError as error:
            return outcome.unreadable(job, error, utc_now(), give_up_after=limit)
        except ValueError as error:
            return outcome.unsendable(job, error, utc_now())
        except Exception as error:
            # A defect of faxd's own must not leave a job in the middle, nor end the others.
            self._log.exception("unexpected error", job=job.id)
            return outcome.defect(job, error, utc_now(), give_up_after=limit)
        verdict = outcome.accepted(job, sent, utc_now())
        look = next_look(replace(job, looks=0), utc_now())
        return replace(verdict, changes=verdict.changes | {"due_at": look})

    def _explained(self, job: Job) -> Job:
        """A job that FAX.de could make nothing of, saying what is wrong, if that can be seen.

        Its rejection is recorded: looking takes a minute perhaps, and may fail.
        """
        if self._explain is None or job.problem is None:
            return job
        words: Words | None = None
        with suppress(OSError, OutboxUnusable), claimed_documents(job, self._outbox) as documents:
            words = self._explain(documents)
        if words is None:
            return job
        problem = Words(de=f"{job.problem.de} {words.de}", en=f"{job.problem.en} {words.en}")
        # Filed meanwhile, or the disk is full: it goes without.
        with suppress(Changed, sqlite3.Error, LedgerError):
            return self._ledger.jobs.note(job, problem=problem)
        return job

    def _request(self, job: Job, documents: Sequence[Claimed]) -> dict[str, Any]:
        """What SendJob is called with: the same each time, as long as no answer has come."""
        wanted = tuple(recipient for recipient in job.recipients if recipient.result is None)
        by_list = job.by_list and len(wanted) > 0
        options = dict(job.options)
        if self._status_url is not None and job.secret and "status_url" not in options:
            options["status_url"] = self._status_url(job.secret)
        fields: dict[str, Any] = options
        return {
            "recipient": "" if by_list else render(wanted),
            "recipient_file": render_list(wanted) if by_list else b"",
            "text": "" if Step.COVER_TEXT in job.steps else job.text,
            "documents": [
                Document(name=send_name(sent_as(one.name), _head(one.path)), path=one.path)
                for one in documents
            ],
            "at": job.at,
            "options": Options(**fields) if fields else None,
        }

    # telling

    def _tell(self, job: Job, verdict: Verdict) -> None:
        fields = {"job": job.id, "kind": job.kind.value, "recipients": len(job.recipients)}
        if verdict.state is JobState.ACCEPTED:
            self._log.info("job accepted", job_id=job.job_id, pages=job.pages, **fields)
        elif verdict.state is JobState.DONE:
            self._log.warning("job accepted, number unknown", **fields)
        elif verdict.state is JobState.FAILED:
            self._log.warning("job failed", problem=verdict.text, **fields)
        elif verdict.state is JobState.UNCERTAIN:
            self._log.warning("job sent without an answer", problem=verdict.text, **fields)
        else:
            self._log.debug("job not sent yet", problem=verdict.text, **fields)

    def _note(self, verdict: Verdict) -> None:
        """Record what a call says of the whole queue, and tell it once."""
        if verdict.effect not in {Effect.WORKS, Effect.NETWORK, Effect.STOPPED}:
            return
        before, now = self._ledger.queue(self._account), utc_now()
        if verdict.effect is Effect.WORKS:
            if before.is_stopped and paused_for(before, self._settings.password_changed(), now) > 0:
                return  # it was under way when the account stopped, and says nothing of that
            if before.problem is None and before.failures == 0 and before.last_success:
                return  # one record for each job would be one sync for each
            queue = Queue(account=self._account, last_success=now)
            if before.problem is not None:
                self._log.info("sending works again", was=before.problem.en)
        else:
            stopped = verdict.effect is Effect.STOPPED
            if not stopped and paused_for(before, None, now) > 0:
                return  # it was under way when another one failed: that is one failure
            failures = before.failures + 1
            pause = timedelta(seconds=STOP) if stopped else after_failure(failures)
            queue = replace(
                before,
                problem=verdict.problem,
                problem_since=before.problem_since or now,
                failures=failures,
                paused_until=now + pause,
                is_stopped=stopped,
            )
            if before.problem != verdict.problem:
                self._log.error(
                    "sending stopped" if stopped else "cannot send", problem=verdict.text
                )
        self._ledger.set_queue(queue)


def paused_for(queue: Queue, password_changed: Any, now: Any) -> float:
    """Seconds for which nothing may be sent; 0 if it may.

    A stop ends early when the password was changed after it began. A pause that reaches further
    than one can was left by a clock that has been set back, and does not count.
    """
    if queue.paused_until is None:
        return 0.0
    left = float((queue.paused_until - now).total_seconds())
    if queue.is_stopped and password_changed is not None:
        began = queue.paused_until - timedelta(seconds=STOP)
        if began < password_changed <= now:
            return 0.0
    return left if 0 < left <= STOP else 0.0


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)
