"""What a new job is, by what was decided of its drop."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from faxd.durable import Folder
from faxd.job import Job, JobState, Kind
from faxd.outbound.addressing.plan import Plan
from faxd.outbound.intake.seen import Seen
from faxd.words import Words

#: bytes of a job's secret, by which STATURL calls are told
_SECRET = 16


def planned(job: Job, plan: Plan, folder: Folder) -> Job:
    """The job that carries out a plan; ``folder`` is the claim that holds its files.

    Raises:
        OSError: a document cannot be read.
    """
    job = replace(
        job,
        kind=plan.kind,
        recipients=plan.recipients,
        by_list=plan.by_list,
        documents=plan.documents,
        companions=tuple(name for name in job.companions if name not in plan.documents),
        text=plan.text,
        at=plan.at,
        options=dict(plan.options),
        title=plan.title,
        secret=secrets.token_hex(_SECRET),
    )
    content = _content(job.text, job.documents, folder)
    return replace(job, content=content, digest=_digest(job, content))


def refused(
    job: Job,
    words: Words,
    now: datetime,
    document: Seen | None = None,
    folder: Folder | None = None,
) -> Job:
    """The job that came to nothing before it began.

    By its document in ``folder`` a new try is known, when its name has been corrected.

    Raises:
        OSError: the document cannot be read.
    """
    job = replace(job, state=JobState.FAILED, problem=words, ended_at=now)
    if document is None or folder is None or not document.size:
        return job
    return replace(job, content=_content("", (document.name,), folder))


def kind_of_folders(folders: tuple[str, ...]) -> Kind:
    """The kind that lies in such a folder of the outbox."""
    for kind in Kind:
        if folders and folders[0].casefold() == kind.value:
            return kind
    return Kind.FAX


def _digest(job: Job, content: str) -> str:
    """What "the same job" means: kind, recipients with their references, content."""
    recipients = sorted((one.address, one.reference) for one in job.recipients)
    parts = (job.kind.value, repr(recipients), content)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _content(text: str, documents: Iterable[str], folder: Folder) -> str:
    """Of text and documents, in their order."""
    whole = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    for name in documents:
        with folder.read(name) as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
