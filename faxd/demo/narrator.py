"""Says what becomes of each document and of each received fax, as the ledger has it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from faxd.config import AccountSettings, Config
from faxd.demo.saying import say
from faxd.job import Hold, Job, JobState, Kind, Proof
from faxd.ledger import Action, ActionKind, Ledger, Received
from faxd.outbound.office.names import filed_names
from faxd.outbound.office.outcome import Ending, ending_of, missed, place_of
from faxd.outbound.office.results import meaning_of
from faxd.text import plural, size

#: seconds between two looks
_LOOK = 0.2
#: jobs that are looked at; nobody reads more
_SHOWN = 200
#: faxes that are looked at
_FAXES = 10
_RECIPIENTS = 3

_KINDS = {
    Kind.FAX: "a fax",
    Kind.SMS: "an SMS",
    Kind.EMAIL: "an e-mail",
    Kind.LETTER: "a letter",
    Kind.LETTER_COLOR: "a letter in colour",
    Kind.QSIGN: "a signed invoice",
}


class Narrator:
    """Watches the ledger in a thread of its own, until `stop`."""

    def __init__(self, ledger: Ledger, config: Config) -> None:
        self._ledger = ledger
        self._accounts = {account.account: account for account in config.accounts}
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        #: the state that each job was told to be in; None once its end was told
        self._told: dict[int, JobState | None] = {
            job.id: None for job in ledger.jobs.newest(limit=_SHOWN)
        }
        #: ended jobs whose transmission reports are still to be told of
        self._unproved: set[int] = set()
        #: actions of received faxes that were told
        self._carried: set[int] = {action.id for _, action in self._actions()}
        self._thread = threading.Thread(target=self._watch, name="narrator", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say no more."""
        self._stopping.set()
        self._thread.join()

    def catch_up(self) -> None:
        """Say all that is known by now."""
        with self._lock:
            self._look()

    def _watch(self) -> None:
        while not self._stopping.wait(_LOOK):
            with suppress(sqlite3.Error):  # the next look will tell
                self.catch_up()

    def _look(self) -> None:
        for fax, action in self._actions():
            if action.id not in self._carried and action.state.is_end:
                self._carried.add(action.id)
                for line in _carried_out(fax, action):
                    say(f"  {line}")
        for job in self._ledger.jobs.newest(limit=_SHOWN):
            account = self._accounts.get(job.account)
            if account is None:
                continue
            if job.id in self._unproved and job.proof is not Proof.WANTED:
                self._unproved.discard(job.id)
                for line in _proofs(job, account):
                    say(f"  {line}")
            if self._told.get(job.id, job.state) is None:
                continue
            for line in self._news(job, account):
                say(f"  {line}")

    def _actions(self) -> list[tuple[Received, Action]]:
        """What becomes of the newest faxes."""
        faxes = self._ledger.received(limit=_FAXES)
        return [(fax, action) for fax in faxes for action in self._ledger.actions.of_fax(fax.id)]

    def _news(self, job: Job, account: AccountSettings) -> Iterator[str]:
        """What is new of a job."""
        is_new = job.id not in self._told
        if is_new and job.recipients:
            yield f'faxd takes "{job.title}": {_KINDS[job.kind]} to {_recipients(job)}.'
        before = self._told.get(job.id)
        if job.state.is_end:
            if not job.filed:
                self._told.setdefault(job.id, JobState.WAITING)
                return
            if before is not JobState.ACCEPTED and job.job_id is not None:
                yield _accepted(job)
            yield from _end(job, account)
            self._told[job.id] = None
            self._unproved.add(job.id)
            return
        self._told[job.id] = job.state
        if job.state is before:
            return
        if job.state is JobState.ACCEPTED:
            yield _accepted(job)
        elif job.state is JobState.HELD:
            asks = "it asks in its slip" if job.hold is Hold.SAME else "its slip says why"
            yield f'"{job.title}" is held; {asks}: sending/{job.slip}'
        elif job.state is JobState.PREPARING:
            if job.problem is None:
                yield f'"{job.title}" is made ready: {", ".join(s.value for s in job.steps)}.'
        elif before is JobState.PREPARING:
            pass
        elif job.state is JobState.UNCERTAIN or (job.state is JobState.WAITING and not is_new):
            yield f'"{job.title}" waits: {job.problem.en if job.problem else "it is tried again."}'


def _accepted(job: Job) -> str:
    pages = f", {plural(job.pages, 'page')}" if job.pages and job.kind is not Kind.SMS else ""
    slip = f" Slip: sending/{job.slip}" if job.slip and not job.state.is_end else ""
    return f'FAX.de has "{job.title}" as job {job.job_id}{pages}.{slip}'


def _end(job: Job, account: AccountSettings) -> Iterator[str]:
    ending, place = ending_of(job), place_of(job)
    names = filed_names(job, job.filed_as, account.send.language)
    if ending is Ending.SENT:
        yield f'"{job.title}" was sent to {_recipients(job)}.'
    elif ending is Ending.PARTLY:
        reached = len(job.recipients) - len(job.failed_recipients)
        lost = ", ".join(
            f"{one.address} ({meaning_of(one.result).name.en})"
            for one in job.failed_recipients[:_RECIPIENTS]
        )
        yield f'"{job.title}" was sent to {reached} of {len(job.recipients)}; not to {lost}.'
    else:
        why = f" {job.problem.en}" if job.problem else ""
        what = ending.value.en.lower()
        for number, line in enumerate(f'"{job.title}": {what}.{why}'.splitlines()):
            yield line if number == 0 else f"  {line}"
        for one in missed(job)[:_RECIPIENTS] if job.job_id is not None else ():
            yield f"  {one.address}: {meaning_of(one.result).means.en}"
    yield f"  Document and report lie in {place}/: {names.report}"
    if names.undelivered:
        yield f"  Those who did not get it, to be dropped again: {place}/{names.undelivered}"


def _proofs(job: Job, account: AccountSettings) -> Iterator[str]:
    """The transmission reports of a job that has ended."""
    if job.proof is not Proof.MADE:
        return
    place = place_of(job)
    for name in filed_names(job, job.filed_as, account.send.language).proofs[:_RECIPIENTS]:
        with suppress(FileNotFoundError):  # somebody has taken it away
            large = size((account.folder(place) / name).stat().st_size)
            yield f"Transmission report as PDF: {place}/{name}, {large}"


def _carried_out(fax: Received, action: Action) -> Iterator[str]:
    """What became of a fax; a mail is told of by who gets it."""
    if action.problem is not None:
        yield f"Of fax {fax.fax_id} there is no {action.kind.value}: {action.problem}"
    elif action.kind is ActionKind.PDF:
        copy = (Path(fax.folder) / fax.path).with_suffix(".pdf")
        with suppress(FileNotFoundError):
            yield f"A PDF copy lies beside it: {copy.name}, {size(copy.stat().st_size)}."


def _recipients(job: Job) -> str:
    shown = [
        one.address
        + (f" ({one.name})" if one.name else "")
        + (f" [{one.reference}]" if one.reference else "")
        for one in job.recipients[:_RECIPIENTS]
    ]
    more = len(job.recipients) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
