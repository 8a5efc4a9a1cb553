"""The desk of one account: slips are laid out, and what has ended is filed. The only I/O here."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from datetime import datetime, tzinfo
from pathlib import Path

from faxd import naming
from faxd.clock import utc_now
from faxd.durable import Folder, Part
from faxd.job import Job
from faxd.outbound.office import layout
from faxd.outbound.office.names import FiledNames, beginnings, filed_names, slip_name
from faxd.outbound.office.outcome import place_of
from faxd.outbound.office.placing import PART, Placing
from faxd.outbound.office.report import render_report, undelivered
from faxd.outbound.office.slip import answer_of, render_slip, says_yes
from faxd.words import Language, Words

#: bytes: of a slip or report what tells whose it is; more than any slip has
_HEAD, _LARGEST = 1024, 1 << 16
#: trouble of the disk or of this process, which says nothing of the file
_PASSING = {errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


class DeskUnusable(Exception):
    """A folder cannot be used; the message says which, why and what to do (for administrators)."""


class Desk:
    """The folders sending, sent and failed of one account. Use it in a ``with`` block."""

    def __init__(
        self,
        sending: Path,
        sent: Path,
        failed: Path,
        *,
        mode: int,
        folder_mode: int,
        gid: int | None,
        language: Language,
        zone: tzinfo | None,
    ) -> None:
        self._paths = {"sending": sending, "sent": sent, "failed": failed}
        self._mode = mode
        self._folder_mode = folder_mode
        self._gid = gid
        self._placing = Placing(mode=mode, gid=gid)
        self._language: Language = language
        self._zone = zone
        self._folders: dict[str, Folder] = {}
        #: beginnings of names that were chosen and whose files may not be there yet, by job
        self._chosen: dict[int, tuple[str, str]] = {}

    def open(self) -> None:
        """Open the three folders; make them, durably, where their parent is there.

        Raises:
            DeskUnusable: one of them cannot be used.
        """
        try:
            for key, path in self._paths.items():
                self._folders[key] = self._open(path)
        except BaseException:
            self.close()
            raise

    def _open(self, path: Path) -> Folder:
        try:
            if path.is_dir():
                folder = Folder.open(path)
            else:
                with Folder.open(path.parent) as parent:
                    folder = parent.child(path.name, mode=self._folder_mode, gid=self._gid)
        except OSError as error:
            raise DeskUnusable(
                f"{path}: {error.strerror}; make this folder, or let faxd make it in {path.parent}"
            ) from error
        if not os.access(path, os.W_OK | os.X_OK, effective_ids=True):
            folder.close()
            raise DeskUnusable(f"{path}: faxd may not write there; give its user the right to")
        return folder

    def close(self) -> None:
        for folder in self._folders.values():
            folder.close()
        self._folders.clear()

    def __enter__(self) -> Desk:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sweep(self) -> None:
        """Remove temporary files that a death has left; only while nobody else is at this desk."""
        for folder in self._folders.values():
            for name in folder.names():
                if name.startswith(f"{PART}-") and name.endswith(".part"):
                    folder.remove(name)

    def identity(self) -> str:
        """What tells the folder of slips from another that is put in its place."""
        return self._folders["sending"].identity()

    # -- slips

    def show(
        self,
        job: Job,
        *,
        queue_problem: Words | None = None,
        offline: bool = False,
        is_known: bool = False,
    ) -> str:
        """Write a job's slip, or replace it whole, and return its name, to be recorded.

        What lies there says it all: nothing is written where the same lies already. A slip that
        ``is_known`` to have lain there and is gone stays gone, since somebody has deleted it.

        Raises:
            OSError: it could not be written.
        """
        text = render_slip(
            job,
            self._language,
            self._zone,
            utc_now(),
            queue_problem=queue_problem,
            offline=offline,
            sent=self._paths["sent"].name,
            failed=self._paths["failed"].name,
        )
        data, name, folder = layout.as_file(text), job.slip, self._folders["sending"]
        there = self._content(name) if name else None
        is_ours = there is not None and _is_of(there, job.id)
        if there == data:
            return name
        if is_known and name and not is_ours and not folder.has(name):
            return name
        with folder.part(PART) as part:
            part.file.write(data)
            # Not synced: slips are written again at each start, and there are many of them.
            part.dress(mode=self._mode, gid=self._gid)
            if is_ours and part.swap(name):
                return name
            if is_known and name and not folder.has(name):
                return name  # it went meanwhile
            return self._lay(part, name or slip_name(job), job.id)

    def _lay(self, part: Part, wanted: str, job_id: int) -> str:
        """Give a new slip a free name, or the one that it had before a death."""
        folder = self._folders["sending"]
        names = [*itertools.islice(naming.alternatives(wanted), 20)]
        stem, suffix = naming.split_suffix(wanted)
        for name in [*names, f"{stem} (Nr. {job_id}){suffix}", f"Nr. {job_id}{suffix}"]:
            if folder.has(name) and self._is_slip_of(name, job_id) and part.swap(name):
                return name
            with contextlib.suppress(FileExistsError):
                part.give_name(folder, name)
                return name
        raise FileExistsError(errno.EEXIST, "no name is free for a slip", str(folder.path / wanted))

    def remove_slip(self, job: Job) -> None:
        """Remove a job's slip, if it is there.

        Raises:
            OSError: it could not be removed.
        """
        if job.slip and self._is_slip_of(job.slip, job.id):
            self._folders["sending"].remove(job.slip)

    def sync_slips(self) -> None:
        """Make all slips durable that there are.

        Raises:
            OSError: they could not be.
        """
        self._folders["sending"].sync_all()

    def remove_foreign(self, name: str, born: datetime) -> None:
        """Remove a slip that is older than the ledger, which does not know it.

        Raises:
            OSError: it could not be removed.
        """
        folder = self._folders["sending"]
        found = folder.status(name)
        if found and found.st_mtime < born.timestamp() and self.owner(name) is not None:
            folder.remove(name)

    def _is_slip_of(self, name: str, job_id: int) -> bool:
        """Whether what has the name of a job's slip is that.

        Raises:
            OSError: it cannot be told now.
        """
        content = self._content(name)
        return content is not None and _is_of(content, job_id)

    def slips(self) -> set[str]:
        """Names of the files in the folder of slips."""
        return {name for name in self._folders["sending"].names() if not name.startswith(".")}

    def answered(self, job: Job, present: set[str]) -> str | None:
        """Which of the files that are present is this job's slip, renamed to say yes.

        Its content tells whose it is; so ``ja.txt`` will do, and nobody else's slip is taken for
        an answer.
        """
        for name in present - {job.slip}:
            if (says_yes(name) or answer_of(job.slip, name)) and self.owner(name) == job.id:
                return name
        return None

    def renamed(self, job: Job, present: set[str]) -> str | None:
        """Which of the files that are present is this job's slip under another name."""
        return next((name for name in present if self.owner(name) == job.id), None)

    def has_report(self, job: Job) -> bool:
        """Whether a job's report is where it is to be filed."""
        folder = self._folders[place_of(job)]
        report = filed_names(job, job.filed_as, self._language).report
        return bool(job.filed_as) and self.owner(report, folder) == job.id

    def remove_answer(self, job: Job, name: str) -> None:
        """Remove a slip that was renamed as an answer; `show` then lays out a new one.

        Raises:
            OSError: it could not be removed.
        """
        if self.owner(name) == job.id:
            self._folders["sending"].remove(name)

    def owner(self, name: str, folder: Folder | None = None) -> int | None:
        """Number of the job that a slip or report tells of; None if the file is no such thing.

        Raises:
            OSError: it cannot be told now.
        """
        head = self._content(name, folder, _HEAD)
        return None if head is None else layout.job_of(head)

    def _content(
        self, name: str, folder: Folder | None = None, limit: int = _LARGEST
    ) -> bytes | None:
        """The beginning of a slip or report; None if there is no file of that name to be read.

        Raises:
            OSError: it cannot be told now.
        """
        try:
            with (folder or self._folders["sending"]).read(name) as file:
                return file.read(limit)
        except OSError as error:
            if error.errno in _PASSING:
                raise
            return None

    # -- filing

    def choose(self, job: Job) -> str:
        """The beginning of its files' names, free in sent/ or failed/; to be recorded as filed_as.

        Raises:
            OSError: the folder cannot be read.
        """
        place = place_of(job)
        folder = self._folders[place]
        taken = {value for key, value in self._chosen.items() if key != job.id}
        beginning = ""
        for beginning in beginnings(job, self._zone):
            names = filed_names(job, beginning, self._language).all()
            if (place, beginning) not in taken and not any(folder.has(name) for name in names):
                break
        self._chosen[job.id] = (place, beginning)
        return beginning

    def file(self, job: Job, claim: Folder) -> None:
        """Put a job's documents and report where people look for them, and remove its slip.

        Nothing is ever replaced. After a death at any point the same call completes what was
        begun, and doubles nothing.

        Raises:
            OSError: it is not complete; call again with the same job.
        """
        if not job.filed_as:
            raise ValueError("choose a name for it first")
        place = self._folders[place_of(job)]
        names = filed_names(job, job.filed_as, self._language)
        for old, new in (*names.moved, *names.prepared):
            self._placing.move(claim, old, place, new)
        # The moves must be on the disk before anything says that they were made.
        place.sync()
        claim.sync()
        text = render_report(job, self._language, self._zone, beside=names.beside)
        if names.undelivered is not None:
            self._placing.add(place, names.undelivered, undelivered(job) or b"")
        if names.protocol is not None:
            self._placing.add(place, names.protocol, job.protocol)
        self._placing.add(place, names.report, layout.as_file(text))
        place.sync()
        self.remove_slip(job)
        self._chosen.pop(job.id, None)

    def remove_filed(self, job: Job) -> int:
        """Remove what was filed for a job, and return how many files that were.

        Only while its report is where it was put: without it nobody could tell whether files of
        these names are still the same.

        Raises:
            OSError: not all could be removed; call again.
        """
        folder = self._folders[place_of(job)]
        names: FiledNames = filed_names(job, job.filed_as, self._language)
        if not job.filed_as or self.owner(names.report, folder) != job.id:
            return 0
        # Somebody else's may have had the name of a transmission report first.
        there = [
            name
            for name in names.all()
            if (self.owner(name, folder) == job.id if name in names.proofs else folder.has(name))
        ]
        for name in there:
            folder.remove(name)
        folder.sync()
        return len(there)


def _is_of(content: bytes, job_id: int) -> bool:
    """Whether a slip is a job's: it says so, or a power cut has left nothing of it but its name."""
    return not content.strip(b"\0") or layout.job_of(content[:_HEAD]) == job_id
