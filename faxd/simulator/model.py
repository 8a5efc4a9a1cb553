"""What the provider's state is made of: customers, faxes, orders, jobs, and its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from faxd.simulator.documents import Document
from faxd.simulator.recipients import JOB_TYPES, MAIL, Recipient
from faxd.simulator.report import Outcome
from faxd.simulator.streams import Stream


@dataclass(frozen=True, kw_only=True)
class Account:
    """A customer. The flags are the states in which the provider refuses him something."""

    number: str
    password: str = field(repr=False)
    #: The test period is over: 3.
    expired: bool = False
    #: Locked: 4, for SendJob 1 (not authorised), for CancelJob -3.
    locked: bool = False
    #: In the test period: documents of more than 3 pages are refused with -1309.
    trial: bool = False
    #: SendJob: the account is empty, 2.
    empty: bool = False
    #: SendJob: the first direct debit is less than 14 days old, 6.
    credit_pending: bool = False
    #: SendJob: no payment has come in yet, 54.
    unpaid: bool = False
    #: SendJob: not enough credit for a letter, 7.
    low_credit: bool = False
    #: SendJob: the package of prepaid transmissions is used up, 61.
    package_used_up: bool = False
    #: Job types the account may order, -8 for the others. E-mail must be asked for.
    job_types: frozenset[int] = frozenset(JOB_TYPES) - {MAIL}
    #: May send abroad, otherwise -8.
    abroad: bool = True
    #: May send to several recipients at once, otherwise 1. A new customer must ask for it.
    bulk: bool = True


@dataclass(frozen=True, kw_only=True)
class ReceivedFax:
    """A fax that waits for its customer."""

    fax_id: int
    received: datetime
    originator: str
    remote_id: str
    pages: int
    image: Stream = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What SendJob asks for, with the documents already judged."""

    job_type: int
    recipients: tuple[Recipient, ...]
    text: str = field(default="", repr=False)
    documents: tuple[Document, ...] = ()
    pages: int = 0
    #: Not before this time, aware; None means at once.
    scheduled: datetime | None = None
    options: str = ""
    #: What the converter or the reader of the recipients' file said; 0 is good.
    document_code: int = 0
    recipients_code: int = 0

    def same_work(self, other: Order) -> bool:
        """Whether both would send the same to the same; time and options do not count."""
        return self._work() == other._work()

    def _work(self) -> tuple[object, ...]:
        contents = tuple(document.sha256 for document in self.documents)
        return self.job_type, self.recipients, self.text, contents


@dataclass(frozen=True, kw_only=True)
class Job:
    """An order that was taken."""

    job_id: int
    account: str
    created: datetime
    #: When it is through, whatever its result.
    due: datetime
    order: Order
    cancelled: bool = False


@dataclass(kw_only=True)
class Rules:
    """How the provider behaves; every field may be changed while it runs."""

    #: Seconds from a job's (scheduled) beginning until it is through.
    job_seconds: float = 0.2
    #: Seconds during which a repeated identical job is refused with -77; 0 switches it off.
    duplicate_seconds: float = 600.0
    #: Most pages in the test period.
    trial_pages: int = 3
    #: Numbers that nobody may dial, -5.
    barred: set[str] = field(default_factory=set)
    #: Numbers on the blacklist, 9.
    blacklist: set[str] = field(default_factory=set)
    #: What becomes of a recipient, by address: the result's word or all of it; anybody else
    #: receives it.
    results: dict[str, str | Outcome] = field(default_factory=dict)
    #: Form of JobStatus' SendDateTime, which the document leaves open.
    status_time: str = "%Y-%m-%d %H:%M:%S"
    #: Character encoding of the status file, which the document leaves open.
    status_encoding: str = "utf-8"
    #: Keep the documents of jobs in files, to be read by tests.
    keep_documents: bool = False


@dataclass(frozen=True)
class Sent:
    """The answer to SendJob."""

    code: int
    job_id: int = 0
    recipients: int = 0
    pages: int = 0
