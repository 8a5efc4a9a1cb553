"""The task that makes transmission reports: filed jobs in, a PDF for each recipient out."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from pathlib import Path

from faxd.clock import steady, utc_now
from faxd.config import AccountSettings
from faxd.documents import BadDocument, WorkshopError
from faxd.durable import Folder
from faxd.job import Job, Proof
from faxd.ledger import Changed, Ledger, LedgerError
from faxd.log import Log
from faxd.outbound.intake.outbox import HIDDEN
from faxd.outbound.office import layout
from faxd.outbound.office.names import FiledNames, filed_names
from faxd.outbound.office.outcome import place_of
from faxd.outbound.office.placing import Placing
from faxd.outbound.office.protocol import quoted_lines, read_protocol
from faxd.outbound.proof import picture
from faxd.outbound.proof.facts import is_owed, report_facts
from faxd.outbound.proof.room import Room
from faxd.words import Words

#: seconds until it is looked again when nothing calls for it earlier
_IDLE = 60.0
#: seconds after which a run ends, and until the next: one that made all would hear of no end
_TURN, _NEXT = 3.0, 0.02
#: reports of one job before others have their turn: a list may have thousands
_SLICE = 10
#: seconds after the first failure, doubled with each, and at most
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 900.0
#: after which reports that cannot be made are given up
_GIVE_UP = timedelta(days=1)
#: failures after which they are made without the picture
_PICTURE_TRIES = 3
#: bytes
_LARGEST = 32 << 20
_HEAD = 1024


@dataclass
class _Begun:
    """What is known of a job while its reports are being made."""

    #: PNG of the first page, or "", and what stands under it or in its place
    picture: str
    note: Words | None
    #: the protocol's line about each recipient
    lines: tuple[str, ...]
    #: position of the next recipient
    next: int = 0


@dataclass
class _Failing:
    """Reports that could not be made."""

    failures: int = 0
    #: by the steady clock, when to try again
    due: float = 0.0


class Reporter:
    """Makes the transmission reports of one account's jobs."""

    def __init__(
        self,
        settings: AccountSettings,
        ledger: Ledger,
        log: Log,
        room: Room,
        *,
        zone: tzinfo | None,
    ) -> None:
        if settings.outbox is None:
            raise ValueError(f"{settings.name} has no outbox")
        self._settings = settings
        self._outbox = settings.outbox
        self._account = settings.account
        self._language = settings.send.language
        self._ledger = ledger
        self._log = log
        self._room = room
        self._zone = zone
        self._placing = Placing(mode=settings.file_mode, gid=settings.gid)
        self._begun: dict[int, _Begun] = {}
        self._failing: dict[int, _Failing] = {}
        #: number of the job that had its turn last
        self._last = 0
        self._retired = False
        #: why nothing can be filed; None if it can
        self.problem: str | None = None

    def run(self) -> float:
        """Make what is to be made, or some of it; return the seconds until the next time."""
        try:
            return self._run()
        except (sqlite3.Error, LedgerError) as error:
            self._log.error("ledger cannot be used", problem=str(error))
            return _IDLE

    def retire(self) -> None:
        """Start nothing more; what fails from now on says nothing."""
        self._retired = True

    def _run(self) -> float:
        began, waits = steady(), [_IDLE]
        numbers = self._ledger.jobs.unproved(self._account)
        # In turn: with the oldest first each time, a few long lists would keep off all others.
        for number in sorted(numbers, key=lambda number: (number <= self._last, number)):
            if self._retired:
                return _IDLE
            failing = self._failing.get(number)
            if failing is not None and failing.due > steady():
                waits.append(failing.due - steady())
                continue
            self._last = number
            job = self._ledger.jobs.get(number)
            if job is not None:
                with suppress(Changed):
                    waits.append(self._attempt(job))
            if steady() - began > _TURN:
                return _NEXT
        return max(_NEXT, min(waits))

    def _attempt(self, job: Job) -> float:
        """Make some of a job's reports; seconds until there is more to do for it."""
        try:
            return _IDLE if self._advance(job) else _NEXT
        except (WorkshopError, BadDocument, ValueError) as error:
            # Not retired: its children are not ended by faxd itself.
            return _IDLE if self._retired else self._failed(job, error)
        except OSError as error:
            # A folder that is gone, a full disk: no reason to give up what can be made once it
            # is well again.
            problem = error.strerror or str(error)
            if problem != self.problem:
                self._log.error(
                    "transmission reports cannot be made now", problem=problem, job=job.id
                )
            self.problem = problem
            return self._later(job)

    def _advance(self, job: Job) -> bool:
        """Make the next of a job's reports; whether nothing is left to do for it.

        Raises:
            WorkshopError, BadDocument, ValueError: they cannot be made.
            OSError: they cannot be filed.
        """
        if self._settings.send.reports == "none" or not is_owed(job) or not job.filed_as:
            self._ledger.jobs.proved(job, Proof.NONE)
            self._forget(job)
            return True
        with Folder.open(self._outbox) as outbox:
            # Else the folders beside it may be those that a disk is to be mounted on.
            outbox.existing(HIDDEN).close()
        with Folder.open(self._settings.folder(place_of(job))) as place:
            names = filed_names(job, job.filed_as, self._language)
            begun = self._begun.get(job.id)
            if begun is None:
                begun = self._begun[job.id] = self._begin(job, place, names)
            last = min(begun.next + _SLICE, len(names.proofs))
            while begun.next < last and not self._retired:
                self._make(job, begun, place, names)
                begun.next += 1
            place.sync()
        if begun.next < len(names.proofs):
            return False
        self._ledger.jobs.proved(job, Proof.MADE, "transmission report made")
        self._forget(job)
        if self.problem is not None:
            self._log.info("transmission reports can be made again", was=self.problem)
            self.problem = None
        self._log.info("transmission report made", job=job.id, files=len(names.proofs))
        return True

    def _begin(self, job: Job, place: Folder, names: FiledNames) -> _Begun:
        lines = quoted_lines(job.recipients, read_protocol(job.protocol))
        target = self._room.shelf(self._account) / f"{job.id}.png"
        try:
            drawn = picture.draw(job, place, names, self._room.workshop, target)
        except (WorkshopError, OSError):
            if self._failing.get(job.id, _Failing()).failures < _PICTURE_TRIES:
                raise
            drawn = picture.Picture(note=picture.FAILED)
        return _Begun(str(drawn.path or ""), drawn.note, lines)

    def _make(self, job: Job, begun: _Begun, place: Folder, names: FiledNames) -> None:
        """Make the next recipient's report, unless a death came only after it was filed."""
        name = names.proofs[begun.next]
        if _job_of(place, name) == job.id:
            return
        target = self._room.shelf(self._account) / f"{job.id}.pdf"
        facts = report_facts(
            job,
            job.recipients[begun.next],
            language=self._language,
            zone=self._zone,
            account=self._settings.name,
            sender=self._settings.send.sender,
            protocol_line=begun.lines[begun.next],
            made=dict(names.prepared),
            picture=begun.picture,
            note=begun.note,
        )
        self._room.workshop.do("transmission_report", facts=facts, target=str(target))
        data = _content(target)
        self._placing.add(place, name, layout.marked(data, job.id, self._language))

    def _failed(self, job: Job, error: Exception) -> float:
        """Try again later, or give up after a day."""
        since = job.proof_failing_since
        # Not after one try, should faxd not have run for a day.
        tried = self._failing.get(job.id, _Failing()).failures >= _PICTURE_TRIES
        if since is not None and utc_now() - since > _GIVE_UP and tried:
            text = f"transmission report given up: {error}"
            self._ledger.jobs.proved(job, Proof.GIVEN_UP, text)
            self._forget(job)
            self._log.error("transmission report given up", job=job.id, problem=str(error))
            return _IDLE
        if since is None:
            text = f"transmission report cannot be made yet: {error}"
            self._ledger.jobs.note(job, text, proof_failing_since=utc_now())
            self._log.warning("transmission report not made yet", job=job.id, problem=str(error))
        return self._later(job)

    def _later(self, job: Job) -> float:
        failing = self._failing.setdefault(job.id, _Failing())
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failing.failures, 10))
        failing.failures += 1
        failing.due = steady() + pause
        return pause

    def _forget(self, job: Job) -> None:
        """Remove what was kept of a job."""
        self._begun.pop(job.id, None)
        self._failing.pop(job.id, None)
        with suppress(OSError):
            shelf = self._room.shelf(self._account)
            for suffix in ("png", "pdf"):
                (shelf / f"{job.id}.{suffix}").unlink(missing_ok=True)


def _job_of(place: Folder, name: str) -> int | None:
    """Number of the job that a file is the report of; None if it is none, or not there."""
    if not place.has(name):
        return None
    try:
        with place.read(name) as file:
            return layout.job_of(file.read(_HEAD))
    except OSError:  # a folder, a link; another name will be found
        return None


def _content(path: Path) -> bytes:
    """What a child has made.

    Raises:
        WorkshopError: it is too large to be that.
    """
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise WorkshopError("the report is too large to be one")
    return data
