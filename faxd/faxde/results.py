"""What is handed to the calls and what they give back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum
from pathlib import Path


class JobType(IntEnum):
    """JobType of SendJob."""

    FAX = 0
    SMS = 1
    EMAIL = 2
    LETTER = 3  # iLetter, black and white
    LETTER_COLOR = 4  # iLetter, colour
    QSIGN = 8  # invoice with a qualified signature


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file to send: SendFilenameN and SendFileN. Read while it is sent, never held in memory."""

    #: the name that the provider sees; its extension tells the format
    name: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class SentJob:
    """The answer to SendJob."""

    job_id: int
    #: number of valid recipients
    recipients: int
    #: pages per recipient; for SMS the number of messages of 160 characters
    pages: int


class JobState(Enum):
    """What JobStatus says of a job."""

    FINISHED = "finished"
    IN_PROGRESS = "in progress"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """The answer to JobStatus."""

    state: JobState
    #: OK, Busy, No Answer, ..., or multi for several recipients; empty until finished
    result: str = ""
    #: when it was sent (aware, UTC); None if the answer does not say so legibly
    sent_at: datetime | None = None
    #: station id of the receiving machine
    remote_id: str = ""
    #: the protocol as CSV, byte for byte
    status_file: bytes = b""


class CancelResult(Enum):
    """What became of a CancelJob."""

    CANCELLED = "cancelled"
    TOO_LATE = "too late"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class ReceivedFax:
    """The answer to RequestReceived; the image itself is in the file that was given."""

    fax_id: int
    #: when the provider received it (aware, UTC); None if the answer does not say so legibly
    received: datetime | None
    #: the sender's number, as the network transmitted it; chosen by a stranger
    originator: str
    #: the sending machine's station id; chosen by a stranger
    remote_id: str
    #: number of pages that the provider states; None if it does not say so legibly
    pages: int | None
    #: bytes in the file; none when the answer held no image
    size: int
    #: SHA-256 of these bytes, in hexadecimal
    sha256: str
    #: why the image could not be decoded; None if it could
    defect: str | None
