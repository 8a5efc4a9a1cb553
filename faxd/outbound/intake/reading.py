"""What is read of files while they still lie in the outbox, to decide whom they go to."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping

from faxd.durable import Folder
from faxd.log import Log
from faxd.outbound.addressing.formats import PDF_TAIL, cut_pdf, is_cut_pdf
from faxd.outbound.addressing.jobfile import read_job_file
from faxd.outbound.addressing.phonebook import PhoneBook
from faxd.outbound.addressing.plan import Drop, NumberRules, Refused
from faxd.outbound.intake import texts
from faxd.outbound.intake.grouping import Group, is_phone_book
from faxd.outbound.intake.outbox import Outbox
from faxd.outbound.intake.seen import Seen
from faxd.outbound.office.layout import is_ours

#: bytes: beginnings of documents, texts and job files, lists
HEAD, _TEXT, _LIST = 4096, 1 << 20, 11 << 20


def drop_of(folder: Folder, group: Group, others: tuple[str, ...]) -> Drop:
    """A group as it is asked about; ``others`` are the names of all files of its folder.

    Raises:
        Refused: it is a slip or report of faxd's own.
        OSError: it cannot be read.
    """

    def read(file: Seen | None, limit: int) -> bytes:
        if file is None:
            return b""
        with folder.read(file.name) as opened:
            return opened.read(limit)

    document, job_file, list_file = group.document, group.job_file, group.list_file
    head = read(document, HEAD)
    if is_ours(head):
        raise Refused(texts.OURS)
    heads: Mapping[str, bytes] = {document.name: head} if document else {}
    if job_file is not None:
        heads = _Heads(folder, others)
    is_text = document is not None and document.name.lower().endswith(".txt")
    return Drop(
        folders=group.folders,
        document=document.name if document else None,
        job_file=(job_file.name, read(job_file, _TEXT + 1)) if job_file else None,
        list_file=(list_file.name, read(list_file, _LIST)) if list_file else None,
        others=others if job_file else (),
        heads=heads,
        content=read(document, _TEXT + 1) if is_text else None,
    )


def check_whole(folder: Folder, names: Iterable[str]) -> None:
    """Refuse documents that somebody has not finished to copy or to print.

    Raises:
        Refused: one is cut off.
        OSError: it cannot be read.
    """
    for name in names:
        with folder.read(name) as opened:
            head = opened.read(HEAD)
            opened.seek(-min(PDF_TAIL, opened.seek(0, os.SEEK_END)), os.SEEK_END)
            if is_cut_pdf(head, opened.read(PDF_TAIL)):
                raise Refused(cut_pdf(name))


def names_in(folder: Folder, job_file: Seen) -> tuple[str, ...]:
    """The files that a job file names; none if it cannot be understood (yet).

    Raises:
        OSError: it cannot be read.
    """
    with folder.read(job_file.name) as opened:
        content = opened.read(_TEXT + 1)
    try:
        return read_job_file(job_file.name, content).files
    except Refused:
        return ()


class _Heads(Mapping[str, bytes]):
    """The beginnings of all files of a folder, each read when it is asked for."""

    def __init__(self, folder: Folder, names: tuple[str, ...]) -> None:
        self._folder = folder
        self._names = names

    def __getitem__(self, name: str) -> bytes:
        if name not in self._names:
            raise KeyError(name)
        with self._folder.read(name) as opened:
            return opened.read(HEAD)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class PhoneBookFile:
    """The outbox's phone book, read again when it has changed."""

    def __init__(self, rules: NumberRules, log: Log) -> None:
        self.book = PhoneBook()
        self._rules = rules
        self._log = log
        self._seen: Seen | None = None

    def refresh(self, outbox: Outbox, settled: Container[str], files: list[Seen]) -> None:
        """Take in a phone book that is new, was changed and stands still, or is gone.

        ``settled`` are the paths of what stands still.
        """
        found = next(filter(is_phone_book, files), None)
        if found == self._seen or (found is not None and found.path not in settled):
            return  # somebody may be saving it; the old one is as good until then
        self._seen, self.book = found, PhoneBook()
        if found is None:
            return
        try:
            with outbox.root.read(found.name) as file:
                self.book = PhoneBook.read(file.read(_LIST), self._rules)
        except OSError as error:
            self._seen = None
            self._log.error("phone book cannot be read", problem=error.strerror)
        for problem in self.book.problems:
            self._log.warning("phone book has a bad line", problem=problem.en)
