"""The documents of a job, where they lie while it is on its way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from faxd.durable import Folder
from faxd.outbound.intake.outbox import HIDDEN, OutboxUnusable


@contextmanager
def claim_folder(outbox: Path, claim: str) -> Iterator[Folder]:
    """The folder below an outbox that holds a job's files.

    Raises:
        OutboxUnusable: the outbox itself is gone, or not mounted.
        FileNotFoundError: there is no such claim.
    """
    with ExitStack() as stack:
        try:
            root = stack.enter_context(Folder.open(outbox))
            hidden = stack.enter_context(root.existing(HIDDEN))
        except OSError as error:
            raise OutboxUnusable(
                f"{outbox}: {error.strerror}; make the folder, or mount the disk that it is on"
            ) from None
        yield stack.enter_context(hidden.existing(claim))


@contextmanager
def claimed_documents(outbox: Path, claim: str, names: tuple[str, ...]) -> Iterator[list[Path]]:
    """Paths of a job's documents, in their order.

    Raises:
        OutboxUnusable: the outbox itself is gone, or not mounted.
        OSError: a document is not there, or cannot be read.
    """
    if not names:
        yield []
        return
    with claim_folder(outbox, claim) as folder:
        for name in names:
            folder.read(name).close()
        yield [folder.path / name for name in names]
