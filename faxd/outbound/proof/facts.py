"""What a transmission report says of a job and one of its recipients. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING

from faxd.job import Job, JobState, Kind, Recipient
from faxd.outbound.office.layout import harmless, when
from faxd.outbound.office.results import is_silent, meaning_of
from faxd.words import Language, Words

if TYPE_CHECKING:  # the module itself is for the child, with all that it imports
    from faxd.documents.report import Digest, ReportFacts

#: characters of a text that stands where a document has its picture
_SHOWN_TEXT = 400

#: the option that says whom a job comes from
_SENDERS = {
    Kind.FAX: "caller_id",
    Kind.SMS: "sms_from",
    Kind.EMAIL: "mail_from",
    Kind.QSIGN: "mail_from",
}
_NOTHING_SENT = Words(de="Es wurde nichts gesendet.", en="Nothing was sent.")
_NUMBER_UNKNOWN = Words(
    de="unbekannt (die Antwort von FAX.de ging verloren)",
    en="unknown (the answer of FAX.de was lost)",
)


def is_owed(job: Job) -> bool:
    """Whether there is something to prove of a job that has ended.

    Not of what was withdrawn, nor of what was refused here: then there was no try, and the report
    in words says all. A job that was tried and came to nothing is proved not to be sent.
    """
    if not job.recipients or job.state is JobState.CANCELLED:
        return False
    return job.state is JobState.DONE or job.tries > 0


def was_sent(job: Job, recipient: Recipient) -> bool | None:
    """Whether a recipient of an ended job got it; None: nobody knows."""
    if recipient.is_ok:
        return True
    if recipient.result is not None and not is_silent(recipient.result):
        return False if meaning_of(recipient.result).is_failure else None
    return None if job.state is JobState.DONE or job.doubt else False


def report_facts(
    job: Job,
    recipient: Recipient,
    *,
    language: Language,
    zone: tzinfo | None,
    account: str,
    sender: tuple[str, ...],
    protocol_line: str = "",
    made: Mapping[str, str] | None = None,
    picture: str = "",
    note: Words | None = None,
) -> ReportFacts:
    """The facts for `faxd.documents.report.transmission_report`.

    ``account`` is its name and ``sender`` are the lines of the settings. ``made`` says what
    documents that were made for sending are called where they are filed, by their names in the
    claim.
    ``picture`` is the path of a PNG, ``note`` what stands under it, or in its place.
    """
    sent = was_sent(job, recipient)
    pages = recipient.pages
    if pages is None and sent is True:
        pages = job.pages
    started = recipient.sent_at
    return {
        "language": language,
        "kind": job.kind.value,
        "is_ok": sent,
        "result": recipient.result or "",
        "result_words": _result(job, recipient, zone).in_(language),
        "account": sender[0] if sender else account,
        "sender": _sender(job, sender),
        "recipient": recipient.address,
        "recipient_name": recipient.name,
        "reference": recipient.reference,
        "station_id": recipient.station_id,
        "pages": pages,
        "started": when(started, zone, language, seconds=True) if started is not None else "",
        "duration": recipient.duration,
        "tries": job.tries or None,
        "job_number": _number(job).in_(language),
        "own_number": str(job.id),
        "sha256": _digests(job, made or {}),
        "protocol_line": protocol_line,
        "picture": picture,
        "note": note.in_(language) if note is not None else "",
    }


def text_note(text: str) -> Words:
    """What stands where a document has its picture, if only a text was sent."""
    shown = harmless(text, _SHOWN_TEXT)
    return Words(de=f"Gesendet wurde der Text „{shown}“.", en=f'The text "{shown}" was sent.')


def _result(job: Job, recipient: Recipient, zone: tzinfo | None) -> Words:
    """What became of it, in a sentence or two, and when, if no other line says that."""
    if recipient.result is not None and not is_silent(recipient.result):
        said = meaning_of(recipient.result, job.kind).means
    elif job.problem is not None:
        said = job.problem
    elif was_sent(job, recipient) is None:
        said = meaning_of(None).means
    else:
        said = _NOTHING_SENT
    if recipient.sent_at is not None or job.ended_at is None:
        return said
    # Before the words: of a long sentence only the beginning is shown.
    ended = Words(*(when(job.ended_at, zone, language, seconds=True) for language in ("de", "en")))
    return Words(de=f"Beendet {ended.de}. {said.de}", en=f"Ended {ended.en}. {said.en}")


def _sender(job: Job, lines: tuple[str, ...]) -> str:
    """What it was sent from: by its own options, else by the settings."""
    option = _SENDERS.get(job.kind)
    number = str(job.options.get(option, "")) if option is not None else ""
    number = number or (lines[1] if len(lines) > 1 else "")
    station = str(job.options.get("station_id", "")) if job.kind is Kind.FAX else ""
    return f"{number} ({station})" if number and station else number or station


def _number(job: Job) -> Words:
    if job.job_id is not None:
        return Words(str(job.job_id), str(job.job_id))
    lost = job.state is JobState.DONE or job.doubt
    return _NUMBER_UNKNOWN if lost else Words("", "")


def _digests(job: Job, made: Mapping[str, str]) -> list[Digest]:
    names = job.sent_documents
    if len(job.hashes) != len(names):
        return []
    return [
        {"name": made.get(name, name), "sha256": sha256}
        for name, sha256 in zip(names, job.hashes, strict=True)
    ]
