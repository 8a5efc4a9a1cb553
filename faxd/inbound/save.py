"""From a fetched file to a fax in the inbox: durable, under a name of its own, recorded.

The ledger is told beforehand which temporary file is to become which fax. So after a death at any
point the next run can tell whether the fax was published, even if the office has moved it away in
the meantime.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import tzinfo

from faxd import naming
from faxd.clock import utc_now
from faxd.config import AccountSettings
from faxd.durable import Folder, Part
from faxd.faxde import ReceivedFax
from faxd.inbound import texts
from faxd.inbound.inbox import DAMAGED, Inbox, holds
from faxd.inbound.verdict import Fetched
from faxd.ledger import Ledger, Received
from faxd.log import Log

#: others are a server's way to say that it knows none, and cannot be shown in every time zone
_POSSIBLE_YEARS = range(1980, 3000)


class Stuck(Exception):
    """The fax at the head of the queue cannot be taken; the message says why and what to do."""


class Saver:
    """Saves the faxes of one run."""

    def __init__(
        self,
        settings: AccountSettings,
        inbox: Inbox,
        ledger: Ledger,
        log: Log,
        zone: tzinfo | None,
        path_of: Callable[[naming.Facts], list[str]] | None = None,
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._ledger = ledger
        self._log = log
        self._zone = zone
        self._path_of = path_of

    def recover(self) -> None:
        """Find out what became of faxes that were being published when a run ended.

        Publishing is one rename, so either the temporary file is there (and the fax is not), or
        it is gone (and the fax was published). Where it is a link and an unlink, both names are
        there in between. Only in the very folder that it was in: another folder in its place
        proves nothing, and then the fax is fetched again.
        """
        inbox = self._inbox
        for fax in self._ledger.storing(self._settings.account):
            here = fax.folder == str(inbox.root.path) and fax.part_folder == inbox.hidden.identity()
            if not here or not inbox.was_published(fax.part, fax.path):
                self._ledger.abandon(fax)
                continue
            inbox.hidden.sync()
            *folders, _ = fax.path.split("/")
            inbox.sync_folder(folders)
            self._ledger.saved(fax, utc_now())
            self._log.info("fax recovered", fax_id=fax.fax_id, path=fax.path)
        inbox.sweep()

    def save(
        self, part: Part, fax: ReceivedFax, fetched: Fetched, *, tentative: bool = False
    ) -> Received:
        """Make a fetched file durable under its final name, and record it.

        Raises:
            OSError, sqlite3.Error, InboxUnusable: it is not saved, and must be fetched again.
            Stuck: no name is free.
        """
        record = self._describe(part, fax, fetched, tentative)
        *folders, name = self._path(record)
        if record.damage is not None:
            folders, name = [DAMAGED], name + (".base64" if fetched.verbatim else "")
        self._inbox.sync(part, mtime=record.received_at.timestamp())
        with ExitStack() as stack:
            try:
                folder = stack.enter_context(self._inbox.folder(folders))
            except (NotADirectoryError, PermissionError):
                # A stranger may choose the folder's name, or make one that only he can use, and
                # must not hold up the account.
                self._log.warning("no such folder possible", folder="/".join(folders))
                folder, folders = self._inbox.root, []
                name = f"{DAMAGED}_{name}" if record.damage is not None else name
            record = self._publish(part, folder, folders, name, record)
        self._report(record)
        return record

    def _publish(
        self, part: Part, folder: Folder, folders: list[str], wanted: str, record: Received
    ) -> Received:
        """Give it a name that is free, or find that it is there already."""
        for name in naming.alternatives(wanted):
            record = replace(record, path="/".join([*folders, name]))
            if folder.has(name):
                if holds(folder, name, record.size, record.sha256):
                    return self._adopt(folder, name, record)
                continue
            # From here on its absence means that it was published, even if `begin` fails: a
            # transaction that reports an error may be on the disk all the same.
            part.kept = True
            entry = self._ledger.begin(record)
            companion = self._companion(name, record)
            try:
                for beside, data in companion:
                    self._inbox.add(folder, beside, data)
                part.publish(folder, name)
            except OSError as error:
                if part.published:
                    # Not durable, and a second fsync would prove nothing: fetch it again. First
                    # of all it becomes a part again, since its absence means "published".
                    part.withdraw(folder, name)
                self._ledger.abandon(entry)
                part.kept = False
                for beside, data in companion:
                    if holds(folder, beside, len(data), hashlib.sha256(data).hexdigest()):
                        folder.remove(beside)
                if isinstance(error, FileExistsError):
                    continue
                raise
            return self._ledger.saved(entry, utc_now())
        raise Stuck(f"{folder.path} holds a thousand faxes of the name {wanted}; tidy it up")

    def _companion(self, name: str, record: Received) -> list[tuple[str, bytes]]:
        """Name and content of what lies beside the fax, and is published before it."""
        if record.damage is not None:
            deleted = self._settings.damaged == "delete" and not record.tentative
            return [(f"{name}.txt", texts.damage_note(record, deleted))]
        if self._settings.sidecar:
            stem, _ = naming.split_suffix(name)
            return [(f"{stem}.json", texts.sidecar(record, self._settings.name))]
        return []

    def _adopt(self, folder: Folder, name: str, record: Received) -> Received:
        """Record a fax that lies there already, as it does after a ledger was lost."""
        with folder.read(name) as file:
            os.fsync(file.fileno())
        folder.sync()
        return self._ledger.saved(self._ledger.begin(record), utc_now())

    def _describe(
        self, part: Part, fax: ReceivedFax, fetched: Fetched, tentative: bool
    ) -> Received:
        damage, warning = fetched.damage, None
        if fetched.verbatim or tentative:
            damage = damage or "it came different each time"
        if damage is None and fax.pages is not None and fetched.pages != fax.pages:
            warning = f"the provider states {fax.pages} pages, the file has {fetched.pages}"
        received = fax.received
        if received is not None and received.year not in _POSSIBLE_YEARS:
            received = None
        return Received(
            account=self._settings.account,
            fax_id=fax.fax_id,
            sha256=fax.sha256,
            size=fax.size,
            pages=fetched.pages,
            stated=fax.pages,
            originator=fax.originator,
            station_id=fax.remote_id,
            received_at=received or utc_now().replace(microsecond=0),
            is_arrival=received is None,
            damage=damage,
            warning=warning,
            tentative=tentative,
            folder=str(self._inbox.root.path),
            path="",
            part=part.name,
            part_folder=self._inbox.hidden.identity(),
        )

    def _path(self, record: Received) -> list[str]:
        facts = naming.Facts(
            received=record.received_at.astimezone(self._zone),
            originator=record.originator,
            station_id=record.station_id,
            fax_id=record.fax_id,
            account=self._settings.name,
            pages=record.pages or record.stated or 0,
        )
        if self._path_of is not None:
            try:
                return self._path_of(facts)
            except Exception:
                # How the office would have it named must never cost it a fax.
                self._log.exception("rules left aside for a name", fax_id=record.fax_id)
        return naming.path_of(self._settings.file_name, facts)

    def _report(self, record: Received) -> None:
        log = self._log.bind(fax_id=record.fax_id, path=record.path)
        if record.damage is not None:
            log.error("damaged fax kept", damage=record.damage)
        else:
            log.info("fax saved", pages=record.pages, bytes=record.size)
        if record.warning:
            log.warning("fax with a warning", warning=record.warning)
        if record.is_arrival:
            log.warning("fax without a legible date", taken=record.received_at.isoformat())
