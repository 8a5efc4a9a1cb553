"""The documents of a job, where they lie while it is on its way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from faxd.documents import Held
from faxd.durable import Folder
from faxd.job import Job
from faxd.outbound.intake.outbox import HIDDEN, OutboxUnusable


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A document in a claim, open: what was checked is what is read, whatever its name becomes."""

    name: str
    held: Held

    @property
    def path(self) -> Path:
        """By which it is opened once more, as long as it is open."""
        return self.held.path


@contextmanager
def claims_folder(outbox: Path) -> Iterator[Folder]:
    """The folder below an outbox that holds the claims.

    Raises:
        OutboxUnusable: the outbox is gone, or not mounted.
    """
    with ExitStack() as stack:
        try:
            root = stack.enter_context(Folder.open(outbox))
            hidden = stack.enter_context(root.existing(HIDDEN))
        except OSError as error:
            raise OutboxUnusable(
                f"{outbox}: {error.strerror}; make the folder, or mount the disk that it is on"
            ) from None
        yield hidden


@contextmanager
def claim_of(job: Job, outbox: Path) -> Iterator[tuple[Folder, Folder]]:
    """The folder of claims that a job's is in, and the job's, which holds its files.

    Raises:
        OutboxUnusable: it is not there: the outbox is gone, or another one is in its place.
    """
    with ExitStack() as stack:
        hidden = stack.enter_context(claims_folder(outbox))
        if not hidden.has(job.claim) and job.folder != str(outbox):
            hidden = stack.enter_context(claims_folder(Path(job.folder)))
        try:
            folder = stack.enter_context(hidden.existing(job.claim))
        except FileNotFoundError:
            raise OutboxUnusable(
                f"{hidden.path.parent}: the documents that faxd has taken from there are not in it"
                " any more; is its disk mounted?"
            ) from None
        yield hidden, folder


@contextmanager
def claimed_documents(job: Job, outbox: Path) -> Iterator[list[Claimed]]:
    """The documents that a job sends, in their order, open until this is left.

    They lie below the outbox that the job was dropped into; should the administrator have moved
    that, below ``outbox``, the one of today.

    Raises:
        OutboxUnusable: the outbox is gone, or another one is in its place (not mounted?).
        OSError: a document is not there, or cannot be read.
    """
    if not job.sent_documents:
        yield []
        return
    with claim_of(job, outbox) as (_, folder), ExitStack() as stack:
        yield [claimed(stack.enter_context(folder.read(name)), name) for name in job.sent_documents]


def claimed(file: BufferedReader, name: str) -> Claimed:
    """A document that is open as ``file``; it has to stay open."""
    return Claimed(name=name, held=Held(file.fileno()))
