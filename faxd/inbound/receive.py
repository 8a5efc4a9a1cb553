"""The way of a fax: request, check, save, record, delete.

The order is the promise. A fax is deleted on the server only after it is durable under its final
name and recorded. A crash anywhere leaves it on the server, or safe in the inbox, or both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import tzinfo

from faxd.clock import utc_now
from faxd.config import AccountSettings
from faxd.durable import Part
from faxd.faxde import Client, ReceivedFax
from faxd.inbound.inbox import Inbox, open_inbox
from faxd.inbound.save import Saver, Stuck
from faxd.inbound.tiff import Damaged, count_pages
from faxd.inbound.verdict import Fetched, Verdict, judge
from faxd.ledger import Ledger, Received
from faxd.log import Log, bound_contextvars
from faxd.naming import Facts

#: how often the server is asked to delete the same fax in one run
_DELETES = 3
#: fetchings in a row that may bring nothing, whatever their FaxIds: no busy loop
_AGAIN = 10

#: told (bytes so far, bytes in all or None) while a fax arrives
Progress = Callable[[int, int | None], None]


class Receiver:
    """Fetches one account's faxes into its inbox."""

    def __init__(
        self,
        settings: AccountSettings,
        client: Client,
        ledger: Ledger,
        log: Log,
        *,
        zone: tzinfo | None = None,
        progress: Progress | None = None,
        saved: Callable[[Received], None] | None = None,
        path_of: Callable[[Facts], list[str]] | None = None,
    ) -> None:
        """``zone`` is the office's (None: the machine's); ``saved`` is told of every new fax.

        ``path_of`` says where below the inbox a fax goes; None, or an error: as in ``file_name``.
        """
        self.settings = settings
        self.client = client
        self.ledger = ledger
        self.log = log
        self.zone = zone
        self.progress = progress
        self.saved = saved
        self.path_of = path_of

    def poll(self) -> int:
        """Fetch until the server has nothing more; return the number of faxes saved.

        Raises:
            InboxUnusable: nothing was fetched, because it could not be kept.
            PasswordError: nothing was fetched, because there is no password.
            FaxdeError, OSError, sqlite3.Error, LedgerError: what had been saved stays so.
            Stuck: the fax at the head of the queue needs a person.
        """
        with open_inbox(self.settings, self.ledger.mark) as inbox:
            run = _Run(self, inbox)
            run.saver.recover()
            while run.take():
                pass
            return run.saved


class _Run:
    """One run over the queue, with what must be remembered between its fetchings."""

    def __init__(self, receiver: Receiver, inbox: Inbox) -> None:
        self.saver = Saver(
            receiver.settings,
            inbox,
            receiver.ledger,
            receiver.log,
            receiver.zone,
            receiver.path_of,
        )
        self.saved = 0
        self._receiver = receiver
        self._settings = receiver.settings
        self._client = receiver.client
        self._ledger = receiver.ledger
        self._log = receiver.log
        self._inbox = inbox
        self._attempts: list[Fetched] = []
        self._again = 0
        self._verbatim = False
        self._deletes: Counter[int] = Counter()

    def take(self) -> bool:
        """Take the next fax; False if there is none."""
        self._inbox.require_room()
        with self._inbox.part() as part:
            fax = self._request(part)
            if fax is None:
                return False
            with bound_contextvars(fax_id=fax.fax_id):
                record = self._take(part, fax)
        if record is not None:
            self._attempts.clear()
            self._again = 0
            self._verbatim = False
            with bound_contextvars(fax_id=fax.fax_id):
                self._delete(record)
        return True

    def _take(self, part: Part, fax: ReceivedFax) -> Received | None:
        """Save what came, unless it is here already; None if it must be fetched again."""
        record = self._ledger.find(self._settings.account, fax.fax_id, fax.sha256)
        if record is not None and not record.tentative:
            return record
        fetched = self._check(part, fax)
        verdict = self._judge(fetched)
        if verdict in {Verdict.FETCH_AGAIN, Verdict.FETCH_VERBATIM}:
            self._verbatim = verdict is Verdict.FETCH_VERBATIM
            self._again += 1
            if self._again > _AGAIN:
                raise Stuck("the server hands over another doubtful fax each time")
            return None
        return self._keep(part, fax, fetched, verdict, record)

    def _request(self, part: Part) -> ReceivedFax | None:
        return self._client.request_received(
            part.file,
            limit=self._settings.max_fax_size,
            verbatim=self._verbatim,
            progress=self._receiver.progress,
        )

    def _check(self, part: Part, fax: ReceivedFax) -> Fetched:
        """Look at what came."""
        part.file.flush()
        pages: int | None = None
        damage = fax.defect
        if damage is None and not self._verbatim:
            try:
                pages = count_pages(part.file, fax.size)
            except Damaged as error:
                damage = str(error)
        return Fetched(
            fax_id=fax.fax_id,
            sha256=fax.sha256,
            size=fax.size,
            pages=pages,
            stated=fax.pages,
            damage=damage,
            undecodable=fax.defect is not None,
            verbatim=self._verbatim,
        )

    def _judge(self, fetched: Fetched) -> Verdict:
        if self._attempts and self._attempts[-1].fax_id != fetched.fax_id:
            self._attempts.clear()
        self._attempts.append(fetched)
        verdict = judge(self._attempts)
        if verdict is not Verdict.KEEP and fetched.damage:
            self._log.warning("damaged fax", fax_id=fetched.fax_id, damage=fetched.damage)
        return verdict

    def _keep(
        self,
        part: Part,
        fax: ReceivedFax,
        fetched: Fetched,
        verdict: Verdict,
        known: Received | None,
    ) -> Received:
        """Save what came, and go on only if the server's copy is not needed any more."""
        if verdict is Verdict.LEAVE_EMPTY:
            raise Stuck(
                f"fax {fax.fax_id} is empty on the server and holds up all later ones; ask FAX.de,"
                f" or give it up with: faxd discard {self._settings.name} {fax.fax_id}"
            )
        if verdict is Verdict.LEAVE:
            copies = self._ledger.find_id(self._settings.account, fax.fax_id)
            if not any(copy.tentative for copy in copies):
                self._told(self.saver.save(part, fax, fetched, tentative=True))
            raise Stuck(
                f"fax {fax.fax_id} came damaged and different each time; a copy is in the folder"
                " damaged, and it is fetched again until it comes whole; give it up with:"
                f" faxd discard {self._settings.name} {fax.fax_id}"
            )
        if known is not None:  # a tentative copy that now came the same each time
            return self._ledger.confirm(known)
        return self._told(self.saver.save(part, fax, fetched))

    def _told(self, record: Received) -> Received:
        self.saved += 1
        if self._receiver.saved is not None:
            self._receiver.saved(record)
        return record

    def _delete(self, record: Received) -> None:
        """Have the server delete what is safe here."""
        fax_id = record.fax_id
        if record.damage is not None and self._settings.damaged == "hold":
            raise Stuck(
                f'fax {fax_id} is damaged and held on the server (damaged = "hold"); it is kept in'
                f" {record.path}; let later ones come with:"
                f" faxd discard {self._settings.name} {fax_id}"
            )
        if self._deletes[fax_id] == _DELETES:
            raise Stuck(
                f"the server still hands over fax {fax_id}, which it said to have deleted"
                f" {_DELETES} times; it is safe in {record.path}"
            )
        self._deletes[fax_id] += 1
        gone = not self._client.delete_received(fax_id)
        self._ledger.deleted(record, utc_now())
        self._log.info("fax deleted on the server", fax_id=fax_id, already_gone=gone)
