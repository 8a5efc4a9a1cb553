"""Where office and faxd meet: slips are laid out and read, and what has ended is filed.

Whatever goes wrong here (a folder that is gone, a full disk) disturbs no sending: it is told once,
and done when it can be.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from faxd.clock import steady, utc_now
from faxd.config import AccountSettings
from faxd.durable import Folder
from faxd.job import Hold, Job, JobState
from faxd.ledger import Changed, Ledger, LedgerError
from faxd.log import Log
from faxd.outbound.intake.account import open_claims
from faxd.outbound.intake.mounts import is_network
from faxd.outbound.intake.outbox import Outbox, OutboxUnusable
from faxd.outbound.office.filing import Desk, DeskUnusable
from faxd.outbound.preparing.names import is_made
from faxd.outbound.sending import texts
from faxd.outbound.sending.documents import claim_of
from faxd.words import Words

#: seconds between two looks at the folder of slips where events tell of changes
_LOOK = 60.0
#: seconds between two looks for what is old enough to be removed
_TIDY = 3600.0
#: jobs filed before the slips are looked at again
_BATCH = 100
#: seconds until the next of them: a run that filed all would hear of no end of faxd's
_NEXT = 0.02
_ENDS = tuple(state for state in JobState if state.is_end)
_UNDER_WAY = tuple(state for state in JobState if not state.is_end)
#: seconds between two times that new slips are made durable, all at once
_SYNC = 1.0
#: linux/fs.h, FS_IOC_GETVERSION
_GET_VERSION = 0x8008_7601
#: changes with each start of the machine
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Reception:
    """The three folders of one account that people look into."""

    def __init__(
        self,
        settings: AccountSettings,
        ledger: Ledger,
        log: Log,
        *,
        zone: tzinfo | None,
        asked: Callable[[Job], None],
        left: Callable[[], None] = lambda: None,
        not_yet: Callable[[int], bool] = lambda _number: False,
    ) -> None:
        """``asked`` is told of a job that people want cancelled, or sent all the same.

        ``left`` is called when there are slips that `show_left` is to write. ``not_yet`` says of
        a job that has ended that there is more to be said of it.
        """
        self._settings = settings
        self._account = settings.account
        self._ledger = ledger
        self._log = log
        self._zone = zone
        self._asked = asked
        self._left = left
        self._not_yet = not_yet
        self._lock = threading.RLock()
        self._desk = self._new_desk()
        self._is_open = False
        #: identity of the folder that the slips were laid out in; None before they were
        self._laid_in: str | None = None
        #: jobs whose slip this process has laid out, and those whose slip people have deleted
        self._laid: set[int] = set()
        self._deleted: set[int] = set()
        #: jobs whose slips may not be on the disk yet, and when others were made durable
        self._unsynced: set[int] = set()
        self._synced_at = -_SYNC
        #: there was trouble: what is not on the disk for good may have gone by itself
        self._shaken = False
        #: jobs whose slips could not be written when they were to be shown
        self._to_show: set[int] = set()
        self._queue_problem: Words | None = None
        #: not at once: a machine whose clock runs wrong has put it right by then
        self._tidied = steady()
        #: a slip could not be written, and does not tell of what is now
        self._is_behind = False
        #: why the folders cannot be used; None if they can
        self.problem: str | None = None

    def run(self) -> float:
        """Look at the slips, file what has ended, tidy; return the seconds until the next time."""
        pause = self._interval()
        try:
            self._lay_out()
            self._read_slips()
            self._give_up_unanswered()
            if self._file_some():
                pause = _NEXT
            elif not self._sync_slips():
                pause = min(pause, _SYNC)
            self._tidy()
        except (DeskUnusable, OutboxUnusable, OSError) as error:
            self._trouble(_said(error))
        except (sqlite3.Error, LedgerError) as error:
            self._trouble(f"the ledger cannot be used: {error}")
        else:
            if self.problem is not None:
                self._log.info("folders work again", was=self.problem)
            self.problem = None
        self.show_left()
        return self._settings.send.scan_interval if self.problem else pause

    def _interval(self) -> float:
        """Seconds between two looks at the slips."""
        watch = self._settings.send.watch
        network = watch == "auto" and is_network(self._settings.folder("sending"))
        return self._settings.send.scan_interval if network or watch == "scan" else _LOOK

    @property
    def has_looked(self) -> bool:
        """Whether it is known which slips people have deleted; also when that cannot be had."""
        return self._laid_in is not None or self.problem is not None

    def show(self, job: Job) -> None:
        """Write a job's slip, or replace it; trouble is told, and does not matter here.

        Who sends does not wait for who files, and writes no slips but that of its own job, or it
        would be overtaken: while another thread has the desk, the slip is left to `show_left`.
        """
        # Before the first look a slip that is laid out anew would hide that it was deleted.
        if self._laid_in and self._lock.acquire(blocking=False):
            try:
                self._show_all({job.id})
            finally:
                self._lock.release()
        else:
            self._to_show.add(job.id)
            self._left()

    def show_left(self) -> float:
        """Write the slips that could not be written at once; seconds until the next time."""
        if self._laid_in and self._to_show:
            left, self._to_show = self._to_show, set()
            with self._lock:
                self._show_all(left)
        return _LOOK

    # slips

    def _show_all(self, numbers: set[int]) -> None:
        try:
            with self._opened() as desk:
                for number in sorted(numbers):
                    self._show(desk, number)
        except (DeskUnusable, OSError) as error:
            self._is_behind = True
            self._trouble(_said(error))
        except (sqlite3.Error, LedgerError) as error:
            self._is_behind = True
            self._trouble(f"the ledger cannot be used: {error}")

    def _show(self, desk: Desk, number: int) -> None:
        # As it is by now: two threads may tell of one job in the wrong order.
        job = self._ledger.jobs.get(number)
        if job is None or job.state.is_end:
            return
        anew = number in self._deleted and not job.cancel
        if anew:
            self._deleted.discard(number)
        is_known = number in self._laid and not anew
        name = desk.show(job, queue_problem=self._queue_problem, is_known=is_known)
        if not is_known or name != job.slip:
            self._unsynced.add(number)
        self._laid.add(number)
        if name != job.slip:
            self._ledger.jobs.set_slip(number, name)

    def _lay_out(self) -> None:
        """Lay out all slips: at the start, in a new folder, and when sending stops or goes on."""
        problem = self._ledger.queue(self._account).problem
        with self._opened() as desk:
            folder = self._identity(desk)
            first = self._laid_in is None or (self._shaken and self._laid_in == folder)
            same = self._laid_in == folder and not first
            if same and problem == self._queue_problem and not self._is_behind:
                return
            self._is_behind = True
            self._queue_problem = problem
            if not same:
                self._begin_folder(desk, folder, first)
                self._shaken = False
        for number in self._ledger.jobs.numbers(self._account, _UNDER_WAY):
            with self._opened() as desk:
                self._show(desk, number)
        self._is_behind = False

    def _begin_folder(self, desk: Desk, folder: str, first: bool) -> None:
        """Find out which slips people have deleted while nobody looked, if that can be told.

        In another folder, or after a power cut, a missing one says nothing; nor does one that may
        not have been on the disk when its power went.
        """
        fact, now = f"slips of {self._account}", f"{_boot_id()} {folder}"
        if first and self._ledger.fact(fact, "") == now:
            self._laid = self._ledger.jobs.synced_slips(self._account)
            self._read_slips()
        else:
            self._laid.clear()
        desk.sweep()
        self._remove_stale(desk)
        self._ledger.set_fact(fact, now)
        self._laid_in = folder

    def _remove_stale(self, desk: Desk) -> None:
        """Remove slips of jobs that are filed, or of a ledger that was lost.

        A power cut may bring back what was removed.
        """
        under_way = {name for _, name in self._ledger.jobs.slips(self._account)}
        for name in desk.slips() - under_way:
            # By the name, too: of another ledger there may be slips with the same numbers.
            job = self._ledger.jobs.last_with_slip(self._account, name)
            if job is not None and job.filed:
                desk.remove_slip(job)
            elif job is None:
                desk.remove_foreign(name, self._ledger.born)

    def _sync_slips(self) -> bool:
        """Make new slips durable, all together and not too often; False if there are some left."""
        if not self._unsynced:
            return True
        if 0 <= steady() - self._synced_at < _SYNC:
            return False
        with self._opened() as desk:
            numbers, self._unsynced = self._unsynced, set()
            desk.sync_slips()
        self._ledger.jobs.slips_synced(numbers)
        self._synced_at = steady()
        return True

    def _read_slips(self) -> None:
        """Find slips that people have deleted or renamed."""
        with self._opened() as desk:
            present = desk.slips()
            # Asked afterwards: the folder may just have been removed with all that was in it.
            if self._laid_in is not None and self._identity(desk) != self._laid_in:
                return  # another folder is there: they are laid out anew
            missing = [
                number
                for number, slip in self._ledger.jobs.slips(self._account)
                if slip not in present and number in self._laid and number not in self._deleted
            ]
            for number in missing:
                job = self._ledger.jobs.get(number)
                if job is not None and not job.state.is_end and job.slip not in present:
                    self._read_answer(desk, job, present)

    def _read_answer(self, desk: Desk, job: Job, present: set[str]) -> None:
        answer = desk.answered(job, present)
        other = None if answer else desk.renamed(job, present)
        if other is not None:
            # Not deleted, only called something else: so it is, then.
            self._ledger.jobs.set_slip(job.id, other)
            return
        if answer is None:
            self._deleted.add(job.id)
            if self._ledger.jobs.ask_to_cancel(job.id):
                self._log.info("job to be cancelled, its slip was deleted", job=job.id)
            cancelled = self._ledger.jobs.get(job.id)
            if cancelled is not None:
                self._asked(cancelled)
            return
        if job.state is JobState.HELD and job.hold is Hold.SAME:
            # First this: a slip that is gone before the answer is recorded would mean "no".
            with suppress(Changed):
                job = release(self._ledger, job, "people want it sent all the same")
                self._log.info("job to be sent all the same", job=job.id)
        desk.remove_answer(job, answer)
        self._laid.discard(job.id)
        self._show(desk, job.id)
        if job.state in {JobState.PREPARING, JobState.WAITING}:
            self._asked(job)

    def _give_up_unanswered(self) -> None:
        """End held jobs that nobody has answered for."""
        limit = utc_now() - timedelta(seconds=self._settings.send.give_up_after)
        for job in self._ledger.jobs.held(self._account, Hold.SAME, limit=_BATCH):
            if job.created_at < limit:
                self._ledger.jobs.move(
                    job,
                    JobState.FAILED,
                    "nobody answered whether to send it all the same",
                    problem=texts.NOT_ANSWERED,
                    ended_at=utc_now(),
                    due_at=None,
                )

    def _identity(self, desk: Desk) -> str:
        """What tells the folder of slips from another that is put in its place."""
        return f"{desk.identity()}-{_generation(self._settings.folder('sending')):x}"

    # filing

    def _file_some(self) -> bool:
        """File some of what has ended; whether there may be more."""
        jobs = self._ledger.jobs.open(self._account, _ENDS, limit=_BATCH)
        if not jobs:
            return False
        trouble: OSError | None = None
        with open_claims(self._settings, self._ledger) as outbox:
            for job in jobs:
                if self._not_yet(job.id):
                    continue
                try:
                    self._file(outbox, job)
                except (OSError, OutboxUnusable) as error:
                    trouble = trouble or OSError(f"job {job.id} cannot be filed: {_said(error)}")
        if trouble is not None:
            raise trouble
        return len(jobs) == _BATCH

    def _file(self, outbox: Outbox, job: Job) -> None:
        with self._opened() as desk:
            # As it is by now: its slip may have had a name only after it was looked up.
            job = self._ledger.jobs.get(job.id) or job
            if not job.filed_as:
                job = self._ledger.jobs.note(job, filed_as=desk.choose(job))
            with self._claim_of(outbox, job) as folder:
                desk.file(job, folder)
            self._ledger.jobs.filed(job)
            self._laid.discard(job.id)
            self._deleted.discard(job.id)

    @contextmanager
    def _claim_of(self, outbox: Outbox, job: Job) -> Iterator[Folder]:
        """The folder that holds a job's files, which is removed at the end.

        Raises:
            OutboxUnusable: it is gone; after a day without it an empty one must do.
        """
        with ExitStack() as stack:
            try:
                hidden, folder = stack.enter_context(claim_of(job, outbox.root.path))
            except OutboxUnusable:
                if job.filed_as and not self._is_long_over(job) and not self._is_filed(job):
                    raise
                hidden = outbox.hidden
                folder = stack.enter_context(hidden.child(job.claim, mode=0o700))
            yield folder
            for name in filter(is_made, folder.names()):
                folder.remove(name)  # of no use: of a try that a death has ended, or never sent
            left = folder.names()
            if left:
                self._log.error("files left in a claim", job=job.id, claim=str(folder.path))
            else:
                hidden.remove_folder(job.claim)

    def _is_long_over(self, job: Job) -> bool:
        ended = job.ended_at or job.created_at
        return utc_now() - ended > timedelta(seconds=self._settings.send.give_up_after)

    def _is_filed(self, job: Job) -> bool:
        """Whether a job's files were filed, and only the ledger does not know it."""
        with self._opened() as desk:
            return desk.has_report(job)

    def _tidy(self) -> None:
        """Remove what is older than the settings want it kept."""
        if steady() - self._tidied < _TIDY:
            return
        self._tidied = steady()
        send, now = self._settings.send, utc_now()
        for states, days in (
            ((JobState.DONE,), send.keep_sent_days),
            ((JobState.FAILED, JobState.CANCELLED), send.keep_failed_days),
        ):
            if days:
                self._remove(states, now - timedelta(days=days))
        if send.keep_records_days:
            # What has no record can be found by nobody who is to remove it.
            days = max(send.keep_records_days, send.keep_sent_days, send.keep_failed_days)
            before = now - timedelta(days=days)
            number = self._ledger.jobs.forget(self._account, before)
            if number:
                self._log.info("old records removed", jobs=number)

    def _remove(self, states: tuple[JobState, ...], before: datetime) -> None:
        while jobs := self._ledger.jobs.old(self._account, states, before):
            for job in jobs:
                with self._opened() as desk:
                    # The ledger keeps no protocol once it is filed; its file is to go as well.
                    files = desk.remove_filed(replace(job, protocol=b"filed"))
                self._ledger.jobs.removed(job)
                self._log.info("old documents removed", job=job.id, files=files)

    # the desk

    def _new_desk(self) -> Desk:
        settings = self._settings
        return Desk(
            settings.folder("sending"),
            settings.folder("sent"),
            settings.folder("failed"),
            mode=settings.file_mode,
            folder_mode=settings.folder_mode,
            gid=settings.gid,
            language=settings.send.language,
            zone=self._zone,
        )

    @contextmanager
    def _opened(self) -> Iterator[Desk]:
        """The desk, for this thread alone; opened anew, as folders may be replaced."""
        with self._lock:
            if self._is_open:
                yield self._desk
                return
            desk = self._desk
            with desk:
                self._is_open = True
                try:
                    yield desk
                finally:
                    self._is_open = False

    def _trouble(self, problem: str) -> None:
        if problem != self.problem:
            self._log.error("slips and reports cannot be written", problem=problem)
        self.problem = problem
        self._shaken = True


def release(ledger: Ledger, job: Job, text: str) -> Job:
    """Let a held job go on.

    Raises:
        Changed: it is not held any more.
    """
    state = JobState.PREPARING if job.is_unprepared else JobState.WAITING
    return ledger.jobs.move(job, state, text, hold=None, problem=None, due_at=None)


def _said(error: Exception) -> str:
    """What is told of trouble: the same each time, so without names that are made by chance."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _generation(path: Path) -> int:
    """What differs between two folders of the same inode number; 0 where that cannot be had.

    ext4 and XFS give the number of a folder that was removed to the next one that is made.
    """
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return int.from_bytes(fcntl.ioctl(fd, _GET_VERSION, bytes(8))[:4], sys.byteorder)
    except OSError:
        return 0
    finally:
        os.close(fd)


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return secrets.token_hex(8)  # nothing can be told over a restart, then
