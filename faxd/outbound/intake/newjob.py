"""What a new job is, by what was decided of its drop."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from faxd.durable import Folder
from faxd.job import Job, JobState, Kind, Proof
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
        state=JobState.PREPARING if plan.steps else job.state,
        documents=plan.documents,
        steps=plan.steps,
        subject=plan.subject,
        companions=tuple(name for name in job.companions if name not in plan.documents),
        text=plan.text,
        at=plan.at,
        options=dict(plan.options),
        title=plan.title,
        secret=secrets.token_hex(_SECRET),
    )
    hashes = tuple(sha256_of(name, folder) for name in job.documents)
    content = _content(job.text, hashes)
    return replace(
        job, hashes=hashes, content=content, digest=_digest(job, content), proof=Proof.WANTED
    )


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
    return replace(job, content=_content("", (sha256_of(document.name, folder),)))


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


def _content(text: str, hashes: Iterable[str]) -> str:
    """Of text and documents, in their order."""
    whole = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    for each in hashes:
        whole.update(bytes.fromhex(each))
    return whole.hexdigest()


def sha256_of(name: str, folder: Folder) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    with folder.read(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
