"""What stands on the cover page of a job. Pure."""

from __future__ import annotations

import string
from datetime import datetime, tzinfo

from faxd.job import Job
from faxd.outbound.preparing import texts
from faxd.words import Language, Words

_DATE = Words(de="%d.%m.%Y", en="%Y-%m-%d")


def cover_fields(
    job: Job, now: datetime, *, sender: str, language: Language, zone: tzinfo | None
) -> dict[str, str]:
    """The fields of `faxd.documents.coverpage`, but for its pages.

    One page goes to all: who else gets it is nobody's business. ``now`` is aware; a job that is
    planned for later carries that time.
    """
    local = max(now, job.at or now).astimezone(zone)
    fields = {
        "date": local.strftime(_DATE.in_(language)),
        "time": local.strftime("%H:%M"),
        "subject": job.subject,
        "sender": sender,
        "text": job.text,
    }
    if len(job.recipients) == 1:
        (one,) = job.recipients
        return fields | {
            "recipient": one.address, "name": one.name, "reference": one.reference,
        }  # fmt: skip
    return fields | {"name": texts.SEVERAL.in_(language)}


def shows_text(template: str) -> bool:
    """Whether a cover page has a place for the job's text."""
    return any(field == "text" for _, field, _, _ in string.Formatter().parse(template))
