"""Whom a drop goes to, what it sends, and when: the one entrance to this package. Pure."""

from __future__ import annotations

from datetime import datetime

from faxd.job import Kind
from faxd.outbound.addressing import jobfile, whom
from faxd.outbound.addressing.jobfile import JobFile, read_job_file
from faxd.outbound.addressing.names import check_length, read_name, title_of
from faxd.outbound.addressing.phonebook import PhoneBook
from faxd.outbound.addressing.plain import plain, shown
from faxd.outbound.addressing.plan import Drop, NoRecipient, Plan, Refused, Rules
from faxd.outbound.addressing.steps import steps_of
from faxd.outbound.addressing.times import When, take_time
from faxd.outbound.addressing.what import check_format, contents
from faxd.words import Words


def decide(drop: Drop, rules: Rules, book: PhoneBook, now: datetime) -> Plan:
    """What is to be sent; ``now`` is aware.

    Raises:
        NoRecipient: nothing says whom it goes to, or a part of it is missing; that may still
            come.
        Refused: it cannot be sent as it is.
    """
    name = _name(drop)
    job = read_job_file(*drop.job_file) if drop.job_file is not None else JobFile()
    kind, folder = _folders(drop.folders)
    place = whom.Place(title=title_of(name), folder=folder, kind=job.kind or kind)
    try:
        to = whom.find(drop, job, place, rules, book)
    except NoRecipient:
        # Waiting is of no use for what could not be sent to anyone.
        check_format(drop, rules)
        raise
    sent = contents(drop, job, to.kind, rules)
    return Plan(
        kind=to.kind,
        recipients=to.recipients,
        by_list=to.by_list,
        documents=sent.documents,
        steps=steps_of(drop, job, to, sent, rules),
        companions=sent.companions,
        text=sent.text,
        subject=_subject(job, place, to, rules),
        at=_at(drop, job, place, to.when, rules, now),
        options={**rules.options, **to.options, **job.options},
        title=place.title,
    )


def _name(drop: Drop) -> str:
    name = drop.document
    if name is None and drop.job_file is not None:
        name = drop.job_file[0]
    if name is None:
        name = drop.list_file[0] if drop.list_file is not None else ""
        raise NoRecipient(
            Words(
                f"Zur Liste „{shown(name)}“ fehlt das Dokument. Es muss genauso heißen, ohne .csv:"
                " zu „Rundschreiben.pdf.csv“ gehört „Rundschreiben.pdf“.",
                f'The document for the list "{shown(name)}" is missing. It must have the same name'
                ' without .csv: "Circular.pdf" for "Circular.pdf.csv".',
            )
        )
    check_length(name)
    return name


def _folders(names: tuple[str, ...]) -> tuple[Kind | None, str | None]:
    """The kind whose folder it is, and the folder that may name a recipient."""
    kind = None
    rest = names
    if names:
        kind = next((kind for kind in Kind if kind.value == names[0].casefold().strip()), None)
        rest = names[1:] if kind else names
    if len(rest) > 1:
        path = shown("/".join(names))
        raise Refused(
            Words(
                f"Der Ordner „{path}“ liegt zu tief. Erlaubt sind ein Ordner für die Art (fax,"
                " sms, email, letter, letter-color, qsign) und darin einer für den Empfänger.",
                f'The folder "{path}" lies too deep. Allowed are one folder for the kind (fax,'
                " sms, email, letter, letter-color, qsign) and one for the recipient in it.",
            )
        )
    return kind, rest[0] if rest else None


def _subject(job: JobFile, place: whom.Place, to: whom.Whom, rules: Rules) -> str:
    """The job file's, else the code's, else what stands behind the recipients in the name."""
    if job.subject is not None or to.subject:
        return job.subject or to.subject
    try:
        return read_name(place.title, to.kind, rules.numbers).label
    except Refused:  # nobody has asked the name
        return place.title


def _at(
    drop: Drop, job: JobFile, place: whom.Place, of_other: When | None, rules: Rules, now: datetime
) -> datetime | None:
    """The job file's time, else that in the file's name, else that of what has named the recipient.

    That is the name of the folder, or a code in the document.
    """
    if job.when is not None and drop.job_file is not None:
        try:
            return job.when.after(now, rules.zone)
        except Refused as refused:
            raise Refused(jobfile.inside(drop.job_file[0], refused.words)) from None
    when = take_time(plain(place.title))[0] or of_other
    return when.after(now, rules.zone) if when is not None else None
