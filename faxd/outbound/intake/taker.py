"""From files in the outbox to jobs in the ledger.

The order is the promise: files are moved where nobody can change them, made durable there, and
recorded as jobs, all before anything is sent. A death before they are recorded brings them back
to the outbox at the next start.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from faxd.clock import steady, utc_now
from faxd.config import AccountSettings
from faxd.job import Hold, Job, JobState
from faxd.ledger import Ledger
from faxd.log import Log
from faxd.outbound.addressing import (
    Drop,
    NoRecipient,
    Plan,
    Refused,
    decide,
    title_of,
)
from faxd.outbound.addressing.formats import is_pdf
from faxd.outbound.intake import texts
from faxd.outbound.intake.account import open_claims, rules_of
from faxd.outbound.intake.claim import (
    Claimed,
    Untakable,
    Writers,
    claim,
    free_of_writers,
    give_back,
    sync,
)
from faxd.outbound.intake.codereader import CodeReader
from faxd.outbound.intake.grouping import Group, groups
from faxd.outbound.intake.ignore import Ignored
from faxd.outbound.intake.mounts import is_network
from faxd.outbound.intake.newjob import kind_of_folders, planned, refused
from faxd.outbound.intake.outbox import Outbox, OutboxUnusable
from faxd.outbound.intake.reading import PhoneBookFile, check_whole, drop_of, names_in
from faxd.outbound.intake.recovery import Origins, recover
from faxd.outbound.intake.seen import Seen, Strange
from faxd.outbound.intake.settle import Settler

#: seconds between two scans where events tell of new files
_SCAN = 60.0
#: seconds until an outbox is tried again that could not be used
_AFTER_TROUBLE = 5.0
#: seconds until a file is tried again that could not be taken
_SOON = 1.0
#: seconds until a document is asked about again that is being looked into; its reader tells earlier
_READING = 5.0
#: drops that are made durable and recorded together
_BATCH = 100
#: seconds of taking after which a run ends, and until the next: thousands of files in one run would
#: keep faxd from ending
_TURN, _NEXT = 3.0, 0.02


#: strange files that are remembered as told of
_REMEMBERED = 10_000


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """A drop that is to be taken."""

    group: Group
    #: what to take: the group's files, and those that its job file names
    files: tuple[Seen, ...]
    plan: Plan | None = None
    problem: Refused | None = None


class _BeingRead(Exception):
    """It is being looked for codes in a document."""


class Taker:
    """Takes one account's drops."""

    def __init__(
        self,
        settings: AccountSettings,
        ledger: Ledger,
        log: Log,
        *,
        zone: tzinfo | None,
        changed: Callable[[Job], None],
        codes: CodeReader | None = None,
    ) -> None:
        """``changed`` is told of each new job; ``codes`` looks into documents."""
        if settings.outbox is None:
            raise ValueError(f"{settings.name} has no outbox")
        self._settings = settings
        self._send = settings.send
        self._path = settings.outbox
        self._ledger = ledger
        self._log = log
        self._changed = changed
        self._codes = codes
        self._rules = rules_of(settings, zone)
        self._ignored = Ignored(self._send.ignore)
        self._settler = Settler(self._send.settle, self._send.settle_blind)
        self._book = PhoneBookFile(self._rules.numbers, log)
        self._told: set[Strange] = set()
        self._recovered = False
        self._origins = Origins(ledger, settings.account)
        #: by the steady clock: nothing is done before
        self._rest = 0.0
        #: why nothing can be taken; None if it can
        self.problem: str | None = None

    def run(self) -> float:
        """Take what is whole; return the seconds until there may be more."""
        if (rest := self._rest - steady()) > 0:
            return rest
        try:
            if not self._recovered:
                recover(self._settings, self._ledger, self._log, self._origins, self._changed)
                self._recovered = True
            with open_claims(self._settings, self._ledger) as outbox:
                pause = self._scan(outbox)
        except (OutboxUnusable, OSError, sqlite3.Error) as error:
            if str(error) != self.problem:
                self._log.error("documents cannot be taken", problem=str(error))
            self.problem = str(error)
            # Files that were taken and given back are events, which would call us at once.
            self._rest = steady() + _AFTER_TROUBLE
            return _AFTER_TROUBLE
        if self.problem is not None:
            self._log.info("documents can be taken again", was=self.problem)
            self.problem = None
        return pause

    def _interval(self) -> float:
        """Seconds between two scans."""
        watch = self._send.watch
        network = watch == "scan" or (watch == "auto" and is_network(self._path))
        return self._send.scan_interval if network else _SCAN

    # looking

    def _scan(self, outbox: Outbox) -> float:
        look = outbox.look(self._ignored, self._settler.known)
        now = steady()
        self._tell(look.strange)
        self._settler.observe(look.files, now)
        if self._codes is not None:
            self._codes.keep_only(look.files)
        #: of what has stood still, by path: its place in the order of arrival
        settled = {file.path: place for place, file in enumerate(self._settler.settled(now))}
        self._book.refresh(outbox, settled, look.files)
        waits = [self._interval()]
        batch: list[_Ready] = []
        found_groups = groups(look.files)
        named = self._named_by_job_files(outbox, found_groups)
        for group in _in_order(found_groups, settled):
            if not group.job_file and any(file.path in named for file in group.files):
                continue  # it goes with the job file that names it
            found = self._judge(outbox, group, settled, look.files, now)
            if isinstance(found, float):
                waits.append(max(found, 0.02))
                continue
            batch.append(found)
            if len(batch) == _BATCH:
                waits.append(self._take(outbox, batch, now))
                batch = []
                if steady() - now > _TURN:
                    return _NEXT
        if batch:
            waits.append(self._take(outbox, batch, now))
        due = self._settler.next_due(now)
        if due is not None:
            waits.append(max(0.02, due - steady()))
        return min(waits)

    def _named_by_job_files(self, outbox: Outbox, found: list[Group]) -> set[str]:
        """Paths of the files that job files name: none of them is a drop of its own."""
        named: set[str] = set()
        for group in found:
            if group.job_file is None:
                continue
            with suppress(OSError), outbox.folder(group.folders) as folder:
                names = names_in(folder, group.job_file)
                named |= {"/".join((*group.folders, name)) for name in names}
        return named

    def _judge(
        self,
        outbox: Outbox,
        group: Group,
        settled: Mapping[str, int],
        files: list[Seen],
        now: float,
    ) -> _Ready | float:
        """Decide on a group: take it, or look at it again after so many seconds."""
        if self._is_being_read(group):
            return _READING
        patience = self._send.patience - min(self._settler.still(file, now) for file in group.files)
        if any(file.size == 0 for file in group.files):
            if patience > 0:
                return patience
            return _Ready(group=group, files=group.files, problem=Refused(texts.EMPTY))
        beside = (
            {file.name: file for file in files if file.folders == group.folders}
            if (group.job_file)
            else {}
        )
        try:
            with outbox.folder(group.folders) as folder:
                drop = drop_of(folder, group, tuple(beside))
                plan = self._decided(drop, group)
                check_whole(folder, plan.documents)
        except Refused as error:
            # A job file or list, or what a job file names, may still be on its way.
            may_come = isinstance(error, NoRecipient) or group.document is None
            if may_come and patience > 0:
                return patience
            return _Ready(group=group, files=group.files, problem=error)
        except _BeingRead:
            return _READING
        except OSError:
            return _SOON  # it went, or cannot be read now: the next look will tell
        more = [beside[name] for name in plan.documents if name in beside]
        wanted = tuple({file.path: file for file in (*group.files, *more)}.values())
        if any(file.path not in settled for file in wanted):
            return _SOON
        return _Ready(group=group, files=wanted, plan=plan)

    def _decided(self, drop: Drop, group: Group) -> Plan:
        """What is to be sent; if nothing else says to whom, by the codes in the document.

        Raises:
            _BeingRead: it is just being looked for those.
            Refused: as `decide`.
        """
        now = utc_now()
        try:
            return decide(drop, self._rules, self._book.book, now)
        except NoRecipient as error:
            file = group.document
            # What is missing may be something else: a file that the job file names.
            if type(error) is not NoRecipient or self._codes is None or file is None:
                raise
            if not is_pdf(file.name, drop.heads.get(file.name, b"")):
                raise
        codes = self._codes.of(file)
        if codes is None:
            raise _BeingRead
        return decide(replace(drop, codes=codes), self._rules, self._book.book, now)

    def _is_being_read(self, group: Group) -> bool:
        """Whether nothing can be known of a drop that nothing has come to meanwhile."""
        return (
            self._codes is not None
            and group.files == (group.document,)
            and self._codes.is_looking(group.files[0])
        )

    # taking

    def _take(self, outbox: Outbox, batch: list[_Ready], now: float) -> float:
        """Take drops out of the outbox, and record them; seconds until those left may be taken."""
        ready = [(outbox.new_name(), one) for one in batch if self._is_free(outbox, one, now)]
        wait = self._interval() if len(ready) == len(batch) else _SOON
        if not ready:
            return wait
        # Should faxd die before they are recorded: where they came from.
        self._origins.note({name: one.group.folders for name, one in ready})
        taken: list[tuple[Claimed, _Ready]] = []
        try:
            for name, one in ready:
                claimed = self._claim(outbox, one, name)
                if claimed is not None:
                    taken.append((claimed, one))
            sync(outbox, [claimed for claimed, _ in taken])
            jobs = self._record([self._job(outbox, *one) for one in taken])
        except BaseException:
            # What cannot be given back now will be before anything else is taken.
            self._recovered = False
            for claimed, one in taken:
                with suppress(OSError):
                    give_back(outbox, claimed.name, one.group.folders)
            raise
        for job in jobs:
            self._tell_taken(job)
            self._changed(job)
        return wait if len(taken) == len(ready) else _SOON

    def _is_free(self, outbox: Outbox, ready: _Ready, now: float) -> bool:
        """Whether nobody writes to any of a drop's files, as far as that can be told."""
        try:
            with outbox.folder(ready.group.folders) as folder:
                for file in ready.files:
                    writers = free_of_writers(folder, file.name, blind=outbox.blind)
                    if writers is Writers.SOMEBODY:
                        return False
                    if writers is Writers.UNKNOWN and not self._settler.is_settled_blind(file, now):
                        return False
        except OSError:
            return False  # it went; the next look will tell
        return True

    def _claim(self, outbox: Outbox, ready: _Ready, name: str) -> Claimed | None:
        try:
            return claim(outbox, ready.files, name)
        except Untakable as error:
            self._tell([error.strange])
            return None

    # recording

    def _job(self, outbox: Outbox, claimed: Claimed, ready: _Ready) -> Job:
        """What the ledger is to know of a drop."""
        now, main = utc_now(), ready.group.files[0]
        job = Job(
            account=self._settings.account,
            kind=kind_of_folders(main.folders),
            title=title_of(main.name),
            source=main.path,
            folder=str(self._path),
            claim=claimed.name,
            companions=tuple(file.name for file in claimed.files),
            size=sum(file.size for file in claimed.files),
            created_at=now,
        )
        with outbox.hidden.existing(claimed.name) as folder:
            if ready.plan is not None:
                return planned(job, ready.plan, folder)
            words = ready.problem.words if ready.problem else texts.EMPTY
            return refused(job, words, now, ready.group.document, folder)

    def _record(self, jobs: list[Job]) -> list[Job]:
        """Record new jobs; those that were dropped a moment ago already are asked about."""
        now = utc_now()
        first: dict[str, Job] = {}
        judged = []
        for job in jobs:
            if job.state in {JobState.PREPARING, JobState.WAITING}:
                job = self._asked(job, first.get(job.digest), now)
                first.setdefault(job.digest, job)
                before = self._ledger.jobs.last_failed(job.account, job.content)
                job = replace(job, previous=before.id if before else None)
            judged.append(job)
        with self._ledger.transaction():
            recorded = self._ledger.jobs.add(judged)
            # With them, not after: what is recorded must never go back to the outbox.
            self._origins.clear()
        return recorded

    def _asked(self, job: Job, same: Job | None, now: datetime) -> Job:
        """The job, held if the same was dropped a moment ago."""
        if not self._send.same_within:
            return job
        within = timedelta(seconds=self._send.same_within)
        same = same or self._ledger.jobs.same(job, now - within)
        if same is None:
            return job
        words = texts.same(same, self._rules.zone)
        return replace(job, state=JobState.HELD, hold=Hold.SAME, problem=words)

    # telling

    def _tell_taken(self, job: Job) -> None:
        fields = {"job": job.id, "kind": job.kind.value, "source": job.source}
        if job.state is JobState.FAILED and job.problem is not None:
            self._log.warning("document refused", problem=job.problem.en, **fields)
        else:
            self._log.info("document taken", recipients=len(job.recipients), **fields)

    def _tell(self, strange: list[Strange]) -> None:
        """Say once what is left alone."""
        if len(self._told) > _REMEMBERED:
            self._told.clear()
        for one in set(strange) - self._told:
            self._log.warning("left in the outbox", path=one.path, reason=one.reason)
        self._told |= set(strange)


def _in_order(found: list[Group], settled: Mapping[str, int]) -> list[Group]:
    """The groups whose files have all stood still, each in the place of its last file."""
    whole = [group for group in found if all(file.path in settled for file in group.files)]
    return sorted(whole, key=lambda group: max(settled[file.path] for file in group.files))
