"""Jobs whose documents cannot be sent as they are: they are made ready, durably, then they wait.

What is sent instead lies in the claim beside what was dropped before the job may be sent. A death
before that leaves a job that is prepared anew, and at most a file that nobody needs.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from faxd.clock import utc_now
from faxd.config import AccountSettings
from faxd.documents import BadDocument, CannotWork, WorkshopError
from faxd.durable import Folder
from faxd.job import Job, JobState, Step
from faxd.ledger import Changed, Ledger, LedgerError
from faxd.log import Log
from faxd.outbound.intake.newjob import sha256_of
from faxd.outbound.intake.outbox import OutboxUnusable
from faxd.outbound.preparing import texts
from faxd.outbound.preparing.bench import Bench
from faxd.outbound.preparing.cover import cover_fields
from faxd.outbound.preparing.names import PREFIX, prepared_name
from faxd.outbound.preparing.settings import check_templates, templates_of
from faxd.outbound.preparing.works import MissingTemplate, Ready, Source, make_ready
from faxd.outbound.sending.documents import claim_of, claimed
from faxd.outbound.sending.texts import GONE
from faxd.outbound.sending.when import failing_since, is_given_up
from faxd.words import Words

_STATES = (JobState.PREPARING,)
#: steps that need files of the settings
_TEMPLATES = frozenset({Step.LETTERHEAD, Step.COVER_PAGE})
#: seconds until it is looked again when nothing calls for it earlier
_IDLE = 60.0
#: jobs taken from the ledger at a time
_BATCH = 20
#: seconds after which a document is given up that the workshop cannot cope with; a disk that is
#: full or gone has as long as sending has
_COPING = 3600.0
#: seconds between two tries: as long as it has failed for, but
_SHORTEST, _LONGEST = 10.0, 900.0
_CHUNK = 1 << 20


class _Gone(Exception):
    """A document is not in the claim any more."""


class _BadTemplate(Exception):
    """Letterhead or cover page cannot be used now."""


class Preparer:
    """Makes one account's documents ready, one job after the other."""

    def __init__(
        self,
        settings: AccountSettings,
        ledger: Ledger,
        log: Log,
        *,
        bench: Bench,
        zone: tzinfo | None,
        changed: Callable[[Job], None],
    ) -> None:
        """``changed`` is told of each job that has another state."""
        if settings.outbox is None:
            raise ValueError(f"{settings.name} has no outbox")
        self._outbox = settings.outbox
        self._settings = settings
        self._send = settings.send
        self._account = settings.account
        self._ledger = ledger
        self._log = log
        self._bench = bench
        self._zone = zone
        self._changed = changed
        self._retired = False

    def run(self, only: int | None = None) -> float:
        """Prepare what is due, ``only`` the job of that number; seconds to the next run."""
        try:
            while not self._retired and (jobs := self._due(only)):
                for job in jobs:
                    with suppress(Changed):  # somebody has withdrawn it meanwhile
                        self._prepare(job)
            due = self._ledger.jobs.next_due(self._account, _STATES)
        except (sqlite3.Error, LedgerError) as error:
            self._log.error("ledger cannot be used", problem=str(error))
            return _IDLE
        if due is None:
            return _IDLE
        return min(_IDLE, max(0.05, (due - utc_now()).total_seconds()))

    def retire(self) -> None:
        """Start nothing more, and take no note of what fails because faxd ends."""
        self._retired = True

    def _due(self, only: int | None) -> list[Job]:
        # By a command, of which there is one job: all must be looked at to find it.
        limit = _BATCH if only is None else -1
        jobs = self._ledger.jobs.due(self._account, _STATES, utc_now(), limit=limit)
        return [job for job in jobs if not job.cancel and only in {None, job.id}]

    def _prepare(self, job: Job) -> None:
        try:
            with claim_of(job, self._outbox) as (_, claim):
                prepared, steps = self._made(job, claim)
                hashes = tuple(sha256_of(name, claim) for name in prepared) or job.hashes
        except BadDocument as error:
            self._fail(job, error.words, str(error))
        except _Gone as error:
            self._fail(job, GONE, f"the document is gone: {error}")
        except CannotWork as error:
            self._later(job, str(error), self._send.give_up_after)
        except WorkshopError as error:
            self._later(job, str(error), min(_COPING, self._send.give_up_after))
        except (MissingTemplate, _BadTemplate) as error:
            # Never without it: it was to be under what was dropped.
            self._later(job, str(error), self._send.give_up_after, texts.NO_TEMPLATE)
        except (OSError, OutboxUnusable) as error:
            why = getattr(error, "strerror", None) or str(error)
            self._later(job, f"cannot be read or written: {why}", self._send.give_up_after)
        except Exception as error:
            # A defect of faxd's own must not keep the documents behind it off.
            self._log.exception("unexpected error", job=job.id)
            self._later(job, f"unexpected error ({type(error).__name__}), see the log", _COPING)
        else:
            self._ready(job, prepared, steps, hashes)

    def _made(self, job: Job, claim: Folder) -> tuple[tuple[str, ...], tuple[Step, ...]]:
        """The names in the claim of what is to be sent, durable there; and what was done."""
        fields = cover_fields(
            job,
            utc_now(),
            sender=self._sender(job),
            language=self._send.language,
            zone=self._zone,
        )
        if _TEMPLATES & set(job.steps):
            try:
                check_templates(self._send)
            except ValueError as error:
                raise _BadTemplate(str(error)) from None
        with ExitStack() as stack:
            sources = [self._opened(name, claim, stack) for name in job.documents]
            room = stack.enter_context(self._bench.room())
            ready = make_ready(
                self._bench.workshop,
                room,
                sources,
                job.steps,
                templates_of(self._send),
                fields,
                job.title,
            )
            return self._kept(job, sources, ready, claim), ready.steps

    def _opened(self, name: str, claim: Folder, stack: ExitStack) -> Source:
        """A document, open: no link, no pipe, and no other file that gets its name."""
        try:
            file = stack.enter_context(claim.read(name))
        except FileNotFoundError:
            raise _Gone(name) from None
        document = claimed(file, name)
        return Source(name=name, path=document.path, held=document.held)

    def _sender(self, job: Job) -> str:
        if self._send.sender:
            return ", ".join(self._send.sender)
        options = job.options
        return str(options.get("header") or options.get("station_id") or self._settings.name)

    def _kept(
        self, job: Job, sources: list[Source], ready: Ready, claim: Folder
    ) -> tuple[str, ...]:
        if list(ready.documents) == sources:
            return ()
        token, names = secrets.token_hex(8), []
        there = {source.path for source in sources}
        for number, document in enumerate(ready.documents, 1):
            if document.path in there:
                names.append(document.name)
                continue
            title = job.title if len(ready.documents) < len(sources) else Path(document.name).stem
            name = prepared_name(token, number, title)
            with document.path.open("rb") as file, claim.part(PREFIX) as part:
                shutil.copyfileobj(file, part.file, _CHUNK)
                part.sync(mode=0o600, mtime=os.fstat(file.fileno()).st_mtime)
                part.publish(claim, name)
            names.append(name)
        return tuple(names)

    # what becomes of it

    def _ready(
        self,
        job: Job,
        prepared: tuple[str, ...],
        steps: tuple[Step, ...],
        hashes: tuple[str, ...],
    ) -> None:
        done = ", ".join(step.value for step in steps) or "nothing was to be done"
        job = self._ledger.jobs.move(
            job,
            JobState.WAITING,
            f"prepared: {done}",
            prepared=prepared,
            hashes=hashes,
            # None is left to be done, whatever the settings have changed to meanwhile.
            steps=steps if prepared else (),
            problem=None,
            failing_since=None,
            due_at=None,
        )
        self._log.info("document prepared", job=job.id, steps=done)
        self._changed(job)

    def _fail(self, job: Job, words: Words, text: str) -> None:
        job = self._ledger.jobs.move(
            job, JobState.FAILED, text, problem=words, ended_at=utc_now(), due_at=None
        )
        self._log.warning("document cannot be prepared", job=job.id, problem=text)
        self._changed(job)

    def _later(self, job: Job, text: str, limit: float, words: Words = texts.PASSING) -> None:
        if self._retired:
            return
        now = utc_now()
        since = failing_since(job.failing_since, now, limit)
        if is_given_up(since, now, limit):
            given_up = texts.GIVEN_UP if words is texts.PASSING else texts.NO_TEMPLATE_GIVEN_UP
            self._fail(job, given_up, f"given up: {text}")
            return
        self._log.warning("document not prepared yet", job=job.id, problem=text)
        job = self._ledger.jobs.note(
            job, text, problem=words, failing_since=since, due_at=now + _pause(since, now)
        )
        self._changed(job)


def _pause(since: datetime, now: datetime) -> timedelta:
    return min(max(timedelta(seconds=_SHORTEST), now - since), timedelta(seconds=_LONGEST))
