"""The provider itself: accounts, received faxes, jobs, and which return code answers what.

Pure apart from the clock that is handed in; knows neither HTTP nor SOAP. Source: the FAX.de web
service document; where it leaves a choice, a comment says how it was read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from faxd.simulator import recipients as people
from faxd.simulator.documents import pages_of_image
from faxd.simulator.model import Account, Job, Order, ReceivedFax, Rules, Sent
from faxd.simulator.recipients import JOB_TYPES, LETTERS, QSIGN, SMS
from faxd.simulator.report import Outcome, Status, as_outcome, status_of
from faxd.simulator.streams import Stream


class Provider:
    """All accounts with what belongs to them; safe to use from several threads."""

    def __init__(self, rules: Rules, clock: Callable[[], datetime]) -> None:
        self.rules = rules
        self._clock = clock
        self._lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self._queues: dict[str, list[ReceivedFax]] = {}
        self._jobs: dict[int, Job] = {}
        #: ids of jobs with a STATURL that is still to be called
        self._to_call: set[int] = set()
        #: set when a job may have come to its end, or will
        self.news = threading.Event()
        self._next_fax = 3_000_000_001
        self._next_job = 70_000_001

    # What tests and the demo do to it

    def set_account(self, account: Account) -> None:
        """Add a customer, or change one of the same number."""
        with self._lock:
            self.accounts[account.number] = account

    def add_fax(
        self,
        number: str,
        image: Stream,
        *,
        originator: str,
        remote_id: str,
        pages: int | None,
        received: datetime | None,
        fax_id: int | None,
    ) -> int:
        """Let a fax arrive and return its id. Raises KeyError for an unknown account."""
        counted = pages_of_image(image) if pages is None else pages
        moment = (received or self._clock()).astimezone(UTC)
        with self._lock:
            queue = self._queue(number)
            if fax_id is None:
                fax_id, self._next_fax = self._next_fax, self._next_fax + 1
            fax = ReceivedFax(
                fax_id=fax_id,
                received=moment,
                originator=originator,
                remote_id=remote_id,
                pages=counted,
                image=image,
            )
            queue.append(fax)
        return fax_id

    def queue(self, number: str) -> list[ReceivedFax]:
        """The faxes still waiting, oldest first."""
        with self._lock:
            return list(self._queue(number))

    def jobs(self, number: str) -> list[Job]:
        """All jobs of an account, cancelled ones included, in the order of their ids."""
        with self._lock:
            return [job for job in self._jobs.values() if job.account == number]

    def finish(self, job_id: int) -> None:
        """Let a job be through now. Raises KeyError for an unknown id."""
        with self._lock:
            self._jobs[job_id] = replace(self._jobs[job_id], due=self._clock())
        self.news.set()

    # What STATURL is made of

    def is_quiet(self) -> bool:
        """Whether no job is under way whose end somebody wants to be told of."""
        with self._lock:
            return not self._to_call

    def through(self) -> list[tuple[Job, list[Outcome]]]:
        """Jobs with a STATURL that have come to their end, each of them once."""
        with self._lock:
            now, found = self._clock(), []
            for job_id in sorted(self._to_call):
                job = self._jobs[job_id]
                if job.cancelled or now >= job.due:
                    self._to_call.discard(job_id)
                    if not job.cancelled:
                        found.append((job, self._outcomes(job)))
            return found

    # The five calls

    def request_received(self, number: str, password: str) -> tuple[int, ReceivedFax | None]:
        """Code 0 and the oldest fax, or another code and None."""
        with self._lock:
            if code := self._login(number, password):
                return code, None
            queue = self._queue(number)
            return (0, queue[0]) if queue else (5, None)

    def delete_received(self, number: str, password: str, fax_id: int) -> int:
        """Take a fax out of the queue, wherever in it it stands."""
        with self._lock:
            if code := self._login(number, password):
                return code
            queue = self._queue(number)
            for fax in queue:
                if fax.fax_id == fax_id:
                    queue.remove(fax)
                    return 0
            return 5

    def send_job(self, number: str, password: str, order: Order) -> Sent:
        """Take an order, or refuse it."""
        with self._lock:
            account = self.accounts.get(number)
            if account is None:
                return Sent(-2)
            if account.password != password:
                return Sent(-1)
            valid = tuple(r for r in order.recipients if r.valid(order.job_type))
            order = replace(order, recipients=valid)
            if code := self._refusal(account, order):
                return Sent(code)
            job = self._new_job(number, order)
            return Sent(0, job.job_id, len(valid), order.pages)

    def job_status(self, number: str, password: str, job_id: str) -> Status:
        """What became of a job."""
        with self._lock:
            if code := self._login(number, password):
                return Status(code)
            job = self._job(number, job_id)
            if job is None:
                return Status(5)
            if self._clock() < job.due:
                return Status(6)
            rules = self.rules
            return status_of(
                job.order.job_type,
                job.order.recipients,
                self._outcomes(job),
                job.order.pages,
                job.due,
                rules.status_time,
                rules.status_encoding,
            )

    def cancel_job(self, number: str, password: str, job_id: str) -> int:
        """Cancel a job that is not yet through."""
        with self._lock:
            account = self.accounts.get(number)
            # The document has no code for a wrong password here: read as "customer unknown".
            if account is None or account.password != password:
                return -2
            if account.locked:
                return -3
            job = self._job(number, job_id)
            if job is None:
                return -1
            if self._clock() >= job.due:
                return 1
            self._jobs[job.job_id] = replace(job, cancelled=True)
            return 0

    # How it decides

    def _login(self, number: str, password: str) -> int:
        account = self.accounts.get(number)
        if account is None:
            return 1
        if account.password != password:
            return 2
        return 3 if account.expired else 4 if account.locked else 0

    def _queue(self, number: str) -> list[ReceivedFax]:
        """Raises KeyError for an unknown account."""
        return self._queues.setdefault(self.accounts[number].number, [])

    def _job(self, number: str, job_id: str) -> Job | None:
        """A job that this account may know of; a cancelled one has no entry any more."""
        text = job_id.strip()
        job = self._jobs.get(int(text)) if text.isascii() and text.isdigit() else None
        return job if job and job.account == number and not job.cancelled else None

    def _refusal(self, account: Account, order: Order) -> int:
        """The first reason against an order; 0 when there is none."""
        letter = order.job_type in LETTERS
        several = len(order.recipients) > 1
        checks: Sequence[tuple[bool, int]] = (
            (account.locked, 1),
            (account.expired, 3),
            (account.empty, 2),
            (account.credit_pending, 6),
            (account.unpaid, 54),
            (order.job_type not in JOB_TYPES, 4),
            (order.job_type not in account.job_types, -8),
            (letter and account.low_credit, 7),
            (account.package_used_up, 61),
            (bool(order.recipients_code), order.recipients_code),
            # A letter finds its recipient in the window of the envelope.
            (not order.recipients and not letter, 8),
            (several and order.job_type == QSIGN, 11),
            (several and not account.bulk, 1),
        )
        for applies, code in checks:
            if applies:
                return code
        if code := self._refused_recipient(account, order):
            return code
        if order.document_code:
            return order.document_code
        if account.trial and order.job_type != SMS and order.pages > self.rules.trial_pages:
            return -1309
        return -77 if self._repeated(account.number, order) else 0

    def _refused_recipient(self, account: Account, order: Order) -> int:
        """The code against the recipients: that of the first when all of them are refused.

        The document does not say what one bad number does to a list; here it is taken along
        and reported as "Black-List" in the status file.
        """
        if order.job_type not in (people.FAX, SMS):
            return 0
        codes = [self._number_code(account, r.address) for r in order.recipients]
        return codes[0] if all(codes) else 0

    def _number_code(self, account: Account, address: str) -> int:
        if code := people.premium_code(address):
            return code
        if people.abroad(address) and not account.abroad:
            return -8
        if _listed(address, self.rules.barred):
            return -5
        return 9 if _listed(address, self.rules.blacklist) else 0

    def _repeated(self, number: str, order: Order) -> bool:
        since = self._clock() - timedelta(seconds=self.rules.duplicate_seconds)
        return any(
            job.account == number
            and not job.cancelled
            and job.created > since
            and job.order.same_work(order)
            for job in self._jobs.values()
        )

    def _new_job(self, number: str, order: Order) -> Job:
        now = self._clock()
        begin = max(now, order.scheduled or now)
        job = Job(
            job_id=self._next_job,
            account=number,
            created=now,
            due=begin + timedelta(seconds=self.rules.job_seconds),
            order=order,
        )
        self._next_job += 1
        self._jobs[job.job_id] = job
        if "STATURL=" in order.options.upper():
            self._to_call.add(job.job_id)
            self.news.set()
        return job

    def _outcomes(self, job: Job) -> list[Outcome]:
        return [self._outcome(recipient.address) for recipient in job.order.recipients]

    def _outcome(self, address: str) -> Outcome:
        if _listed(address, self.rules.barred | self.rules.blacklist):
            return Outcome("Black-List", remote_id="", seconds=0)
        if people.premium_code(address):
            return Outcome("Black-List", remote_id="", seconds=0)
        for other, result in self.rules.results.items():
            if people.same(address, other):
                return as_outcome(result)
        return Outcome()


def _listed(address: str, numbers: set[str]) -> bool:
    return any(people.same(address, number) for number in numbers)
