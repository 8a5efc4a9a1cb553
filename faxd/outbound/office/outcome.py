"""How a job ended, and where its files belong. Pure."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from faxd.job import Job, JobState, Recipient
from faxd.outbound.office.results import is_silent, meaning_of
from faxd.words import Words


class Ending(Enum):
    """What became of a job, in the words that head its report."""

    SENT = Words(de="GESENDET", en="SENT")
    #: to some of its recipients
    PARTLY = Words(de="TEILWEISE GESENDET", en="PARTLY SENT")
    #: FAX.de took it and never said what became of it
    SILENT = Words(de="ANGENOMMEN, AUSGANG UNBEKANNT", en="ACCEPTED, OUTCOME UNKNOWN")
    NOT_SENT = Words(de="NICHT GESENDET", en="NOT SENT")
    CANCELLED = Words(de="ZURÜCKGEZOGEN", en="WITHDRAWN")
    #: it may or may not have been sent
    UNCLEAR = Words(de="UNKLAR", en="UNCLEAR")


def ending_of(job: Job) -> Ending:
    """How a job ended."""
    reached = sum(recipient.is_ok for recipient in job.recipients)
    if job.state is JobState.CANCELLED:
        return Ending.CANCELLED
    if reached:
        return Ending.SENT if reached == len(job.recipients) else Ending.PARTLY
    if job.state is not JobState.DONE:
        return Ending.UNCLEAR if job.doubt else Ending.NOT_SENT
    if not job.recipients or any(is_silent(recipient.result) for recipient in job.recipients):
        return Ending.SILENT
    if all(meaning_of(recipient.result).is_failure for recipient in job.recipients):
        return Ending.NOT_SENT
    return Ending.UNCLEAR


def place_of(job: Job) -> Literal["sent", "failed"]:
    """The folder for its documents and report.

    What FAX.de took and reached somebody with, or never spoke of again, counts as sent; all that
    people may have to do something about is in failed.
    """
    accepted = {Ending.SENT, Ending.PARTLY, Ending.SILENT}
    return "sent" if job.state is JobState.DONE and ending_of(job) in accepted else "failed"


def missed(job: Job) -> tuple[Recipient, ...]:
    """Those who certainly did not get it: whoever may have got it is not to get it twice."""
    if job.state is JobState.DONE:
        return tuple(
            recipient
            for recipient in job.failed_recipients
            if meaning_of(recipient.result).is_failure
        )
    return () if ending_of(job) is Ending.UNCLEAR else job.failed_recipients
