"""What JobStatus tells of a finished job: the values for one recipient, and the CSV for all."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from faxd.simulator.recipients import FAX, JOB_TYPES, Recipient

#: Columns of the status file, as the document has them.
COLUMNS = (
    "RECIPIENT",
    "JOBTYPE",
    "RESULT",
    "REMOTEID",
    "PAGES",
    "SENDDATETIME",
    "DURATION",
    "REFID",
)


@dataclass(frozen=True)
class Outcome:
    """What became of a fax: the document's word for it, the other station, the duration."""

    result: str = "OK"
    remote_id: str = "MUSTER-STATION"
    seconds: int = 19


def as_outcome(result: str | Outcome) -> Outcome:
    """Make the whole of a word: where nothing was transmitted, no station answered."""
    if isinstance(result, Outcome):
        return result
    return Outcome() if result == "OK" else Outcome(result, remote_id="", seconds=0)


@dataclass(frozen=True)
class Status:
    """The answer to JobStatus; the fields are empty unless the code is 0."""

    code: int
    result: str = ""
    sent: str = ""
    remote_id: str = ""
    file: bytes = b""


def status_of(
    job_type: int,
    recipients: Sequence[Recipient],
    outcomes: Sequence[Outcome],
    pages: int,
    sent: datetime,
    time_format: str,
    encoding: str,
) -> Status:
    """Report a finished job. Only a fax has results other than OK, a station and a duration."""
    is_fax = job_type == FAX
    told = [outcome if is_fax else Outcome("OK", "", 0) for outcome in outcomes]
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for recipient, outcome in zip(recipients, told, strict=True):
        writer.writerow(
            (
                recipient.address,
                JOB_TYPES[job_type],
                outcome.result,
                outcome.remote_id,
                pages,
                sent.strftime("%Y-%m-%d %H:%M:%S"),
                outcome.seconds if is_fax else "",
                recipient.reference,
            )
        )
    file = text.getvalue().encode(encoding, "replace")
    when = sent.strftime(time_format)
    if len(told) > 1:
        return Status(0, "multi", when, "", file)
    only = told[0] if told else Outcome("OK", "", 0)
    return Status(0, only.result, when, only.remote_id, file)
