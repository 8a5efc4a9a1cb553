"""A job that came to nothing is put back as a new one, with the documents that were filed for it.

The documents are copied first and removed from the folder only when the new job is recorded: a
death in between leaves one too many, never one too few.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import tzinfo

from faxd.clock import utc_now
from faxd.config import AccountSettings
from faxd.durable import Folder
from faxd.job import Job, JobState, Step
from faxd.ledger import Ledger
from faxd.log import Log
from faxd.outbound.addressing import Plan, Refused, decide
from faxd.outbound.intake import texts
from faxd.outbound.intake.account import open_claims, rules_of
from faxd.outbound.intake.grouping import groups
from faxd.outbound.intake.newjob import planned
from faxd.outbound.intake.outbox import Outbox
from faxd.outbound.intake.reading import PhoneBookFile, drop_of
from faxd.outbound.intake.seen import Seen
from faxd.outbound.office.layout import outbox_of
from faxd.outbound.office.names import filed_names
from faxd.outbound.office.outcome import Ending, ending_of, place_of
from faxd.outbound.submit import copy, move_out, new_claim
from faxd.words import Words

_RETRIABLE = frozenset({JobState.FAILED, JobState.CANCELLED})


def may_be_sent_already(job: Job) -> bool:
    """Whether nobody knows if an ended job was sent: a new try might send it twice."""
    return ending_of(job) is Ending.UNCLEAR or job.problem == texts.LEDGER_LOST


def try_again(
    settings: AccountSettings, ledger: Ledger, old: Job, log: Log, *, zone: tzinfo | None
) -> Job:
    """Record a new job that does what ``old`` was to do.

    One that was refused before it began is decided on anew: the phone book may be right by now.

    Raises:
        Refused: its documents are not there any more, or it cannot be sent as it is.
        OutboxUnusable, OSError: the documents cannot be read, or not be copied.
    """
    if old.state not in _RETRIABLE:
        raise ValueError(f"job {old.id} is {old.state.value}")
    with (
        Folder.open(settings.folder(place_of(old))) as place,
        open_claims(settings, ledger) as outbox,
        new_claim(outbox, ledger) as folder,
    ):
        copied = _copy(settings, old, place, folder)
        now = utc_now()
        job = Job(
            account=old.account,
            kind=old.kind,
            title=old.title,
            source=old.source,
            folder=str(settings.outbox),
            claim=folder.path.name,
            companions=tuple(copied),
            size=sum(found.st_size for name in copied if (found := folder.status(name))),
            previous=old.id,
            created_at=now,
        )
        # Only what was decided on has a digest.
        plan = (
            _same_plan(old) if old.digest else _new_plan(settings, outbox, folder, old, log, zone)
        )
        job = planned(job, plan, folder)
        with ledger.transaction():
            other = ledger.jobs.try_of(old.id)
            if other is not None:
                raise Refused(_under_way(old, other))
            (job,) = ledger.jobs.add([job], f"a new try of job {old.id}")
    with suppress(OSError), Folder.open(settings.folder(place_of(old))) as place:
        move_out(place, (*copied.values(), *_made_of(settings, old)))
    return job


def _copy(settings: AccountSettings, old: Job, place: Folder, folder: Folder) -> dict[str, str]:
    """Copy what was filed; the files' names in the claim, and in the folder."""
    moved = filed_names(old, old.filed_as, settings.send.language).moved if old.filed_as else ()
    copied = {}
    for name, filed in moved:
        try:
            with place.read(filed) as file:
                copy(file, folder, name)
        except FileNotFoundError:
            continue
        copied[name] = filed
    missing = [name for name in old.documents if name not in copied]
    if missing or not (copied or old.text):
        raise Refused(_gone(old, missing[0] if missing else old.title, str(place.path)))
    return copied


def _made_of(settings: AccountSettings, old: Job) -> list[str]:
    """Names in the folder of what was sent instead of documents: it is made anew."""
    if not old.filed_as:
        return []
    return [name for _, name in filed_names(old, old.filed_as, settings.send.language).prepared]


def _same_plan(old: Job) -> Plan:
    now = utc_now()
    return Plan(
        kind=old.kind,
        recipients=tuple(
            replace(one, result=None, station_id="", pages=None, sent_at=None, duration=None)
            for one in old.recipients
        ),
        by_list=old.by_list,
        documents=old.documents,
        steps=tuple(step for step in old.steps if step is not Step.COVER_TEXT),
        subject=old.subject,
        text=old.text,
        at=old.at if old.at is not None and old.at > now else None,
        options=old.options,
        title=old.title,
    )


def _new_plan(
    settings: AccountSettings,
    outbox: Outbox,
    folder: Folder,
    old: Job,
    log: Log,
    zone: tzinfo | None,
) -> Plan:
    """Decide as if its files had been dropped again, where they were."""
    folders = tuple(old.source.split("/")[:-1])
    files = []
    for name in sorted(folder.names()):
        found = folder.status(name)
        if found is not None:
            files.append(_seen(folders, name, found.st_size, found.st_mtime_ns))
    rules = rules_of(settings, zone)
    book = PhoneBookFile(rules.numbers, log)
    listed = outbox.look(lambda name: False).files
    book.refresh(outbox, {file.path: file for file in listed}, listed)
    main = next((one for one in groups(files) if one.files[0].path == old.source), None)
    if main is None:
        main = groups(files)[0]
    names = tuple(file.name for file in files)
    return decide(drop_of(folder, main, names), rules, book.book, utc_now())


def _seen(folders: tuple[str, ...], name: str, size: int, mtime_ns: int) -> Seen:
    return Seen(folders, name, size, mtime_ns, mtime_ns, (0, 0))


def _under_way(job: Job, other: Job) -> Words:
    return Words(
        f"Auftrag {job.id} wird schon noch einmal versucht, als Auftrag {other.id}.",
        f"Job {job.id} is being tried again already, as job {other.id}.",
    )


def _gone(job: Job, name: str, place: str) -> Words:
    return Words(
        f"„{name}“ von Auftrag {job.id} liegt nicht mehr in {place}. Bitte legen Sie das Dokument"
        f" selbst in den Ordner „{outbox_of(job)}“.",
        f'"{name}" of job {job.id} is not in {place} any more. Please put the document into the'
        f' folder "{outbox_of(job)}" yourself.',
    )
