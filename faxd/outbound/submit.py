"""New jobs that commands make: files are copied into a claim of their own, then recorded.

A daemon may run or start beside it; it sees the job once it is recorded. A death before that
leaves a claim that no job knows, which the daemon removes a day later (`Taker.recover`).
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import IO

from faxd.clock import utc_now
from faxd.config import AccountSettings
from faxd.durable import Folder
from faxd.job import Job
from faxd.ledger import Ledger
from faxd.outbound.addressing import Refused
from faxd.outbound.addressing.message import MAX_TEXT
from faxd.outbound.intake import claim as claims
from faxd.outbound.intake import texts
from faxd.outbound.intake.account import claim_of_command, open_claims, rules_of
from faxd.outbound.intake.newjob import planned
from faxd.outbound.intake.outbox import Outbox
from faxd.outbound.intake.reading import HEAD, check_whole
from faxd.outbound.order import Order, distinct_names, plan_of, text_file

#: bytes that are copied at a time
_CHUNK = 1 << 20


class SentAlready(Refused):
    """The same went to the same a moment ago."""


def submit(
    settings: AccountSettings,
    ledger: Ledger,
    order: Order,
    files: Sequence[Path],
    *,
    zone: tzinfo | None,
    again: bool = False,
) -> Job:
    """Record a new job; the files stay where they are.

    Args:
        settings: of an account that has an outbox.
        ledger: where it is recorded.
        order: what is asked for.
        files: its documents, or the text that is the message.
        zone: the office's.
        again: although the same job was recorded a moment ago.

    Raises:
        SentAlready: it was.
        Refused: it cannot be sent as it is.
        OutboxUnusable, OSError: a file cannot be read, or not be copied.
    """
    names = distinct_names([path.name for path in files])
    with open_claims(settings, ledger) as outbox, new_claim(outbox, ledger) as folder:
        for path, name in zip(files, names, strict=True):
            with _document(path) as file:
                copy(file, folder, name)
        now = utc_now()
        heads = {name: _beginning(folder, name, HEAD) for name in names}
        message = text_file(order, heads)
        content = _beginning(folder, message, MAX_TEXT + 1) if message is not None else None
        plan = plan_of(order, heads, content, rules_of(settings, zone), now)
        check_whole(folder, plan.documents)
        job = Job(
            account=settings.account,
            kind=plan.kind,
            title=plan.title,
            source=f"{plan.kind.value}/{names[0] if names else plan.title}",
            folder=str(settings.outbox),
            claim=folder.path.name,
            companions=tuple(names),
            size=sum(_size(folder, name) for name in names),
            created_at=now,
        )
        job = planned(job, plan, folder)
        within = 0.0 if again else settings.send.same_within
        return _record(ledger, job, now - timedelta(seconds=within), zone, within > 0)


def _record(ledger: Ledger, job: Job, since: datetime, zone: tzinfo | None, asks: bool) -> Job:
    # One transaction: of two commands at the same time only one may find nothing.
    with ledger.transaction():
        same = ledger.jobs.same(job, since) if asks else None
        if same is not None:
            raise SentAlready(texts.same(same, zone))
        before = ledger.jobs.last_failed(job.account, job.content)
        job = replace(job, previous=before.id if before else None)
        (job,) = ledger.jobs.add([job], "recorded by faxd send")
    return job


@contextmanager
def new_claim(outbox: Outbox, ledger: Ledger) -> Iterator[Folder]:
    """A new, empty claim, which is removed again if no job is recorded that knows it.

    Raises:
        OSError: it cannot be made.
    """
    name = claim_of_command(ledger)
    try:
        with outbox.hidden.fresh(name) as folder:
            outbox.hidden.sync()
            yield folder
    except BaseException:
        # An interruption may come just after the record was made.
        if not ledger.jobs.knows_claim(name):
            claims.remove(outbox, name)
        raise


def copy(file: IO[bytes], folder: Folder, name: str) -> None:
    """Copy an open file into a claim, durably.

    Raises:
        OSError: it cannot be read or written.
    """
    with folder.part("copy") as part:
        shutil.copyfileobj(file, part.file, _CHUNK)
        part.sync(mode=0o600, mtime=os.fstat(file.fileno()).st_mtime)
        part.publish(folder, name)


def move_out(folder: Folder, names: Iterable[str]) -> None:
    """Remove files whose copies are recorded.

    Raises:
        OSError: not all could be removed.
    """
    for name in names:
        folder.remove(name)
    folder.sync()


@contextmanager
def _document(path: Path) -> Iterator[IO[bytes]]:
    """A file that somebody has named; who opens a pipe would wait for ever."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(22, "not a file that could be sent", str(path))
        yield file


def _beginning(folder: Folder, name: str, limit: int) -> bytes:
    with folder.read(name) as file:
        return file.read(limit)


def _size(folder: Folder, name: str) -> int:
    found = folder.status(name)
    return found.st_size if found else 0
