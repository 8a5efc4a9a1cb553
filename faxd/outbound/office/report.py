"""The report on a job that has ended, and the list of those who did not get it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo

from faxd.documents import report_words
from faxd.job import Job, JobState, Kind, Recipient
from faxd.outbound.office import layout
from faxd.outbound.office.layout import harmless, when
from faxd.outbound.office.outcome import Ending, ending_of, missed
from faxd.outbound.office.results import is_silent, meaning_of
from faxd.words import Language, Words

_NAME = Words(de="Empfängername", en="Recipient's name")
_SENT_AT = Words(de="Gesendet", en="Sent")
_TRIED_AT = Words(de="Letzter Versuch", en="Last attempt")
_ENDED_AT = Words(de="Beendet", en="Ended")
_REPEATS = Words(de="Wiederholungen", en="Repetitions")
_DOCUMENTS = Words(de="Dokument", en="Document")
_DROPPED_AS = Words(de="In „{}“ als", en='In "{}" as')
_NUMBER_UNKNOWN = Words(
    de="unbekannt (die Antwort mit der Nummer ging verloren)",
    en="unknown (the answer that held the number was lost)",
)
_HEAD = (
    report_words.RECIPIENT,
    Words(de="Name", en="Name"),
    report_words.REFERENCE,
    report_words.RESULT,
    report_words.PAGES,
    Words(de="Zeit", en="Time"),
    report_words.DURATION,
    report_words.STATION,
)
_LIMITS = (40, 24, 24, 20, 7, 26, 8, 24)
#: columns that are left out if they are empty
_OPTIONAL = {1, 2, 4, 5, 6, 7}

_SUMMARIES = {
    Ending.SILENT: Words(
        de="FAX.de hat den Auftrag angenommen, aber nicht mitgeteilt, ob er ausgeführt wurde."
        " Er gilt als gesendet. Bitte fragen Sie im Zweifel den Empfänger, bevor Sie ihn noch"
        " einmal senden.",
        en="FAX.de has accepted the job; whether it was carried out was not told. It counts as"
        " sent. If in doubt, please ask the recipient before you send it again.",
    ),
    Ending.CANCELLED: Words(
        de="Der Auftrag wurde zurückgezogen.",
        en="The job was withdrawn.",
    ),
    Ending.UNCLEAR: Words(
        de="Es ist nicht sicher, ob der Auftrag gesendet wurde. Bitte fragen Sie den Empfänger,"
        " bevor Sie ihn noch einmal senden.",
        en="It is not certain whether the job was sent. Please ask the recipient before you send"
        " it again.",
    ),
    Ending.NOT_SENT: Words(de="Es wurde nichts gesendet.", en="Nothing was sent."),
}


def render_report(
    job: Job, language: Language, zone: tzinfo | None, *, beside: Sequence[str] = ()
) -> str:
    """What people read when a job has ended; with Windows' line ends, see layout.as_file.

    ``beside`` are the names of the job file and the list that are filed with the document and name
    its recipients. The same text whenever the same job is given.
    """

    def say(words: Words) -> str:
        return words.in_(language)

    ending = ending_of(job)
    lines = [layout.first_line(say(ending.value), job.id, language), ""]
    for words in _summary(job, ending):
        lines += layout.advice(say(words))
    if job.problem is not None:
        lines += layout.quoted(say(job.problem))
    lines.append("")
    lines += layout.field(say(layout.KIND), say(layout.KINDS[job.kind]))
    lines += layout.field(say(layout.TITLE), harmless(job.title))
    if len(job.recipients) == 1:
        lines += _one(job, job.recipients[0], language, zone)
    else:
        lines += layout.pages_field(job, language)
    if job.at is not None:
        lines += layout.field(say(layout.PLANNED), when(job.at, zone, language))
    if job.ended_at is not None:
        lines += layout.field(say(_ENDED_AT), when(job.ended_at, zone, language, seconds=True))
    if job.tries:
        lines += layout.field(say(layout.TRIES), str(job.tries))
    if job.repeats:
        lines += layout.field(say(_REPEATS), str(job.repeats))
    lines += layout.field(say(layout.JOB_ID), _number(job, language))
    lines += layout.field(say(layout.OWN_ID), str(job.id))
    names = [harmless(name) for name in (job.documents or job.companions)]
    if names:
        lines += layout.field(say(_DOCUMENTS), names[0]) + layout.more(names[1:])
    if source := harmless(job.source, 240):
        as_called = say(_DROPPED_AS).format(layout.outbox_of(job))
        lines += layout.field(as_called, source) if source not in names else []
    if len(job.recipients) > 1:
        lines += ["", *_totals(job, language), "", *_table(job, language, zone), ""]
        if _ended_by_results(job):
            lines += [line for words in _legend(job) for line in layout.quoted(say(words))]
    lines.append("")
    for words in _again(job, ending, beside):
        lines += layout.advice(say(words))
    return layout.joined(lines)


def undelivered(job: Job) -> bytes | None:
    """The list of just those who certainly did not get it, to be dropped again with the document.

    None if the job had one recipient, or everybody may have got it. Spreadsheets must find no
    formula in it, and dropped again it must be what it was: a telephone number stays ``+49...``
    (a plus and digits are a number, not a formula), a blank before anything else disarms it and
    is not part of the cell.
    """
    recipients = missed(job)
    if len(job.recipients) < 2 or not recipients or job.kind.is_letter:
        return None
    rows = [
        ",".join(_cell(text) for text in (recipient.address, recipient.reference) if text.strip())
        for recipient in recipients
    ]
    return "".join(f"{row}\r\n" for row in rows).encode("utf-8-sig", "replace")


def _cell(text: str) -> str:
    """A cell of the list: quoted unless it is plain, so that no spreadsheet makes more of it.

    Excel in German separates by semicolons: it takes the whole line for one cell, in which a
    reference would be the end of a formula that the plus of the number begins.
    """
    text = harmless(text, 1000)
    if re.fullmatch(r"[+-]?[0-9]+|[^\W_][\w ./-]*", text):
        return text
    blank = " " if re.match(r"[=+\-@|%'\"]", text) else ""
    doubled = text.replace('"', '""')
    return f'"{blank}{doubled}"'


def _ended_by_results(job: Job) -> bool:
    """Whether FAX.de has tried, and its results tell how it ended."""
    tried = bool(job.recipients) and all(one.result is not None for one in job.recipients)
    return job.state is JobState.DONE or tried


def _summary(job: Job, ending: Ending) -> list[Words]:
    """What happened, in a sentence or two."""
    said: list[Words] = []
    only = job.recipients[0] if len(job.recipients) == 1 else None
    if _ended_by_results(job) and only is not None and not is_silent(only.result):
        said.append(meaning_of(only.result, job.kind).means)
    elif ending in _SUMMARIES:
        said.append(_SUMMARIES[ending])
    return said


def _one(job: Job, recipient: Recipient, language: Language, zone: tzinfo | None) -> list[str]:
    """The fields of a single recipient."""

    def say(words: Words) -> str:
        return words.in_(language)

    lines = layout.field(say(layout.RECIPIENT), harmless(recipient.address))
    lines += layout.field(say(_NAME), harmless(recipient.name))
    lines += layout.field(say(report_words.REFERENCE), harmless(recipient.reference))
    if recipient.result is not None:
        lines += layout.field(say(report_words.RESULT), say(meaning_of(recipient.result).name))
    lines += layout.field(say(report_words.STATION), harmless(recipient.station_id))
    lines += layout.pages_field(job, language, recipient.pages)
    if recipient.sent_at is not None:
        label = _SENT_AT if recipient.is_ok else _TRIED_AT
        lines += layout.field(say(label), when(recipient.sent_at, zone, language, seconds=True))
    if recipient.duration is not None:
        lines += layout.field(say(report_words.DURATION), _seconds(recipient.duration))
    return lines


def _number(job: Job, language: Language) -> str:
    if job.job_id is not None:
        return str(job.job_id)
    lost = job.state is JobState.DONE or job.doubt
    return _NUMBER_UNKNOWN.in_(language) if lost else ""


def _totals(job: Job, language: Language) -> list[str]:
    reached = sum(recipient.is_ok for recipient in job.recipients)
    certain = len(missed(job))
    unknown = len(job.recipients) - reached - certain
    lines = layout.field(layout.RECIPIENTS.in_(language), str(len(job.recipients)))
    for count, words in (
        (reached, Words(de="gesendet", en="sent")),
        (certain, Words(de="nicht gesendet", en="not sent")),
        (unknown, Words(de="unbekannt", en="unknown")),
    ):
        lines += layout.field(f"  {words.in_(language)}", str(count))
    return lines


def _table(job: Job, language: Language, zone: tzinfo | None) -> list[str]:
    """All recipients, those who did not get it first."""

    def row(recipient: Recipient) -> list[str]:
        said = recipient.result
        sent_at = recipient.sent_at
        return [
            recipient.address,
            recipient.name,
            recipient.reference,
            "-" if said is None else meaning_of(said).name.in_(language),
            "" if recipient.pages is None else str(recipient.pages),
            "" if sent_at is None else when(sent_at, zone, language, seconds=True),
            "" if recipient.duration is None else _seconds(recipient.duration),
            recipient.station_id,
        ]

    rows = [row(recipient) for recipient in sorted(job.recipients, key=lambda found: found.is_ok)]
    shown = [
        column
        for column in range(len(_HEAD))
        if column not in _OPTIONAL or any(cells[column].strip() for cells in rows)
    ]
    lines = layout.table(
        [_HEAD[column].in_(language) for column in shown],
        [[cells[column] for column in shown] for cells in rows],
        [_LIMITS[column] for column in shown],
    )
    return [f"  {line}" for line in lines]


def _again(job: Job, ending: Ending, beside: Sequence[str]) -> list[Words]:
    """What to do now."""
    if ending is Ending.SENT:
        return []
    said: list[Words] = []
    if _ended_by_results(job):
        if len(job.recipients) == 1 and not is_silent(job.recipients[0].result):
            said.append(meaning_of(job.recipients[0].result).advice)
        elif any(is_silent(recipient.result) for recipient in job.recipients[1:]):
            said.append(
                Words(
                    de="Wo eine Rückmeldung fehlt, fragen Sie bitte den Empfänger, bevor Sie noch"
                    " einmal senden.",
                    en="Where there is no word, please ask the recipient before you send it again.",
                )
            )
    if ending in {Ending.SILENT, Ending.UNCLEAR}:
        return said
    folder = harmless(job.source.rpartition("/")[0], 120)
    outbox = layout.outbox_of(job)
    into = Words(
        de=f"in den Ordner „{folder}“ in „{outbox}“" if folder else f"in den Ordner „{outbox}“",
        en=f'to the folder "{folder}" in "{outbox}"' if folder else f'to the folder "{outbox}"',
    )
    if undelivered(job) is not None and ending is not Ending.CANCELLED:
        said.append(
            Words(
                de="Noch einmal senden: Verschieben Sie das Dokument zusammen mit der Liste"
                f" (.csv), die neben ihm liegt, {into.de}. Die Liste nennt nur die, die es nicht"
                " bekommen haben.",
                en="To send it again, move the document together with the list (.csv) that lies"
                f" beside it {into.en}. The list has only those who did not get it.",
            )
        )
    elif job.kind is not Kind.SMS or job.documents or job.companions:
        what = _to_move(job, beside)
        said.append(
            Words(
                de=f"Noch einmal senden: Verschieben Sie {what.de} {into.de}, wenn nötig"
                " berichtigt oder umbenannt. Diesen Bericht lassen Sie hier.",
                en=f"To send it again, move {what.en} {into.en}, corrected or renamed if need"
                " be. Leave this report here.",
            )
        )
    return said


def _to_move(job: Job, beside: Sequence[str]) -> Words:
    """The document, and what says whom it goes to; that alone, if there is no document."""
    if not beside:
        return Words(de="das Dokument", en="the document")
    first, *more = (harmless(name, 260) for name in beside)
    names = Words(de=f"„{first}“", en=f'"{first}"')
    for name in more:
        names = Words(de=f"{names.de} und „{name}“", en=f'{names.en} and "{name}"')
    if not job.documents and len(beside) == len(job.companions):
        return names
    return Words(
        de=f"das Dokument zusammen mit {names.de}", en=f"the document together with {names.en}"
    )


def _legend(job: Job) -> list[Words]:
    """What the words in the table mean and ask for, each once."""
    said = {}
    for result in sorted({recipient.result or "" for recipient in job.failed_recipients}):
        if not is_silent(result):
            meaning = meaning_of(result)
            said[meaning.name] = Words(
                de=f"{meaning.name.de}: {meaning.means.de} {meaning.advice.de}",
                en=f"{meaning.name.en}: {meaning.means.en} {meaning.advice.en}",
            )
    return list(said.values())[:12]


def _seconds(count: int) -> str:
    return f"{count} s" if count < 120 else f"{count // 60}:{count % 60:02} min"
