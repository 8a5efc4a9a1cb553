"""Who calls: the name that an account's phone book has for a number."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock

from faxd.config import AccountSettings
from faxd.durable import Folder
from faxd.outbound.addressing import NumberRules, PhoneBook, Refused
from faxd.outbound.addressing.lists import MAX_LIST
from faxd.outbound.addressing.numbers import number

_PHONE_BOOK = "phonebook.csv"


class Callers:
    """The phone book in an account's outbox, read again whenever it has changed."""

    def __init__(self, settings: AccountSettings) -> None:
        self._outbox = settings.outbox
        # What must not be called may call all the same: no other rules than where numbers are.
        self._rules = NumberRules(region=settings.send.region)
        self._lock = Lock()
        self._names: dict[str, str] = {}
        self._read: tuple[int, int, int] | None = None

    def name_of(self, originator: str) -> str:
        """The name for a number, the first if there are several; empty if there is none.

        Nothing is raised: a phone book that cannot be read costs names, and no fax.
        """
        if self._outbox is None or not originator.strip():
            return ""
        try:
            with self._lock:
                self._read_again()
                return self._names.get(self._sent(originator), "")
        except Exception:
            return ""

    def _read_again(self) -> None:
        assert self._outbox is not None
        with Folder.open(self._outbox) as folder:
            found = folder.status(_PHONE_BOOK)
            if found is None:
                self._names, self._read = {}, None
                return
            stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
            if stamp == self._read:
                return
            with folder.read(_PHONE_BOOK) as file:
                content = file.read(MAX_LIST + 1)
        names: dict[str, str] = {}
        for entry in PhoneBook.read(content, self._rules).entries:
            if entry.address and "@" not in entry.address:
                names.setdefault(entry.address, entry.name)
        self._names, self._read = names, stamp

    def _sent(self, originator: str) -> str:
        """The number as a phone book's are kept."""
        with suppress(Refused):
            return number(originator, self._rules)
        return originator
