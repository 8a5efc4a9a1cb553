"""What a job is: kinds, recipients, states and the transitions between them. Pure.

A job is one SendJob: one document set and text, to one recipient or many. The ledger keeps it;
every transition is one transaction there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from faxd.words import Words


class Kind(Enum):
    """What FAX.de can send; the value is the name of the kind's folder in the outbox."""

    FAX = "fax"
    SMS = "sms"
    EMAIL = "email"
    LETTER = "letter"  # iLetter, black and white
    LETTER_COLOR = "letter-color"  # iLetter, colour
    QSIGN = "qsign"  # invoice with a qualified signature, by e-mail

    @property
    def by_number(self) -> bool:
        """Whether it goes to a telephone number."""
        return self in {Kind.FAX, Kind.SMS}

    @property
    def by_mail(self) -> bool:
        """Whether it goes to an e-mail address."""
        return self in {Kind.EMAIL, Kind.QSIGN}

    @property
    def is_letter(self) -> bool:
        """Whether its address is on its first page."""
        return self in {Kind.LETTER, Kind.LETTER_COLOR}


class JobState(Enum):
    """Where a job is between the outbox and its end."""

    PREPARING = "preparing"  # taken; its documents are made ready to be sent (`Step`)
    WAITING = "waiting"  # taken from the outbox; nothing was sent
    HELD = "held"  # as waiting, but something must happen first: an answer, or an hour's passing
    SENDING = "sending"  # SendJob is under way
    UNCERTAIN = "uncertain"  # SendJob was sent and not answered: it may have been accepted
    ACCEPTED = "accepted"  # FAX.de has taken it, and is at it
    DONE = "done"  # sent (for many recipients: FAX.de is through with all)
    FAILED = "failed"  # not sent
    CANCELLED = "cancelled"  # withdrawn

    @property
    def is_end(self) -> bool:
        """Whether nothing more will happen at FAX.de."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


#: to which states each state may change; a job begins as PREPARING, WAITING, HELD or FAILED
TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.PREPARING: frozenset({JobState.WAITING, JobState.FAILED, JobState.CANCELLED}),
    JobState.WAITING: frozenset(
        {JobState.HELD, JobState.SENDING, JobState.FAILED, JobState.CANCELLED}
    ),
    # PREPARING: what asks for an answer is not made ready before it has one.
    JobState.HELD: frozenset(
        {JobState.PREPARING, JobState.WAITING, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.SENDING: frozenset(
        # WAITING: nothing went out, or FAX.de asked to come again. DONE: see UNCERTAIN.
        {
            JobState.WAITING,
            JobState.UNCERTAIN,
            JobState.ACCEPTED,
            JobState.DONE,
            JobState.FAILED,
        }
    ),
    # DONE comes by SENDING: a repetition that is a duplicate means that the first one counted.
    JobState.UNCERTAIN: frozenset({JobState.SENDING, JobState.FAILED}),
    # WAITING: a recipient was busy, and is tried again.
    JobState.ACCEPTED: frozenset(
        {JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.WAITING}
    ),
    JobState.DONE: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


class Step(Enum):
    """What is to be done to a job's documents before they are sent."""

    COVER_CODES = "cover codes"  # by which its recipient was found: there must be some
    COVER_ANY = "cover any codes"  # if there are some
    PDF = "pdf"  # what FAX.de does not take becomes a PDF
    JOIN = "join"  # all become one PDF
    LETTERHEAD = "letterhead"
    COVER_PAGE = "cover page"
    COVER_TEXT = "cover text"  # done: the text stands on the cover page, and is not sent besides


class Hold(Enum):
    """Why a job is held."""

    SAME = "same"  # the same document went to the same recipient a moment ago: sent all the same?
    GUARD = "guard"  # more jobs an hour or pages a day than the settings allow


class Proof(Enum):
    """What becomes of a job's transmission reports, the PDFs beside what was filed."""

    NONE = "none"  # there are none
    WANTED = "wanted"  # to be made once the job is filed, if there is anything to prove
    MADE = "made"  # there is one for each recipient
    GIVEN_UP = "given up"  # not all of them could be made


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """One addressee of a job, and what became of it."""

    #: ``+4940123456``, ``name@example.org``, or the label of a letter
    address: str
    #: the sender's own, shown in the provider's protocol; may be empty
    reference: str = ""
    #: from the phone book or the folder's name; may be empty
    name: str = ""
    #: the provider's word: OK, Busy, No Answer, ...; None while it is under way
    result: str | None = None
    #: station id that answered
    station_id: str = ""
    pages: int | None = None
    #: aware, UTC
    sent_at: datetime | None = None
    #: seconds of transmission, as the provider states them
    duration: int | None = None

    @property
    def is_ok(self) -> bool:
        """Whether it was sent."""
        return (self.result or "").strip().upper() == "OK"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job. A change makes a new value (dataclasses.replace)."""

    #: row number, by which people call it; 0 before it is recorded
    id: int = 0
    #: customer number at FAX.de
    account: str
    kind: Kind
    state: JobState = JobState.WAITING
    recipients: tuple[Recipient, ...] = ()
    #: whether they go as RecipientFile
    by_list: bool = False
    #: names of the documents in the claim, in their order, as they were dropped
    documents: tuple[str, ...] = ()
    #: what is done to them first; none for most jobs
    steps: tuple[Step, ...] = ()
    #: names in the claim of what is sent instead of them, at most three; empty before it is made
    prepared: tuple[str, ...] = ()
    #: names of the other files that were taken with it: job file, list
    companions: tuple[str, ...] = ()
    #: SendText
    text: str = ""
    #: for the cover page; may be empty
    subject: str = ""
    #: not before this time (aware, UTC)
    at: datetime | None = None
    #: by their readable names (station_id, header, ...)
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    #: what people call it: the name it was dropped under, without extension
    title: str
    #: where it was dropped, below the outbox: ``fax/Befund.pdf``
    source: str
    #: the outbox
    folder: str
    #: folder below the outbox's hidden one that holds its files
    claim: str
    #: of kind, recipients and content, hexadecimal: what "the same job" means
    digest: str = ""
    #: of text and documents alone: by which a new try is known, whatever was corrected in its name
    content: str = ""
    #: SHA-256 of each of `sent_documents`, when it was taken or made, hexadecimal; empty if unknown
    hashes: tuple[str, ...] = ()
    #: bytes of its documents
    size: int = 0
    #: SendJob was sent at least once without an answer
    doubt: bool = False
    hold: Hold | None = None
    #: what is wrong, for people; None if nothing is
    problem: Words | None = None
    #: SendJob calls so far
    tries: int = 0
    #: transmissions that were ordered again because a recipient was busy
    repeats: int = 0
    #: number at FAX.de; None before it is accepted, or if the answer was lost
    job_id: int | None = None
    #: pages per recipient, as FAX.de states them; for an SMS its number of messages
    pages: int | None = None
    #: JobStatus calls since it was accepted
    looks: int = 0
    #: people have asked to cancel it
    cancel: bool = False
    #: by which STATURL calls are told
    secret: str = ""
    #: the job that this is a new try of
    previous: int | None = None
    #: name of its slip in the folder of what is under way; empty before there is one
    slip: str = ""
    #: common beginning of its files' names in sent/ or failed/; empty before it is filed
    filed_as: str = ""
    #: its files are where people expect them, and nothing is left to do
    filed: bool = False
    created_at: datetime
    #: when to try or look again; None for at once
    due_at: datetime | None = None
    #: since when SendJob fails for reasons that may pass
    failing_since: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    #: the provider's protocol (CSV), byte for byte; kept until it is filed and reported
    protocol: bytes = b""
    proof: Proof = Proof.NONE
    #: since when its transmission reports cannot be made
    proof_failing_since: datetime | None = None

    @property
    def sent_documents(self) -> tuple[str, ...]:
        """Names in the claim of what is sent, in order."""
        return self.prepared or self.documents

    @property
    def is_unprepared(self) -> bool:
        """Whether something is to be done to its documents before they may be sent."""
        return bool(self.steps) and not self.prepared

    @property
    def failed_recipients(self) -> tuple[Recipient, ...]:
        """Those who did not get it, once it has ended."""
        return tuple(recipient for recipient in self.recipients if not recipient.is_ok)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of a job's history."""

    #: aware, UTC
    at: datetime
    state: JobState
    #: what happened, for administrators
    text: str
