"""Who calls: the name that an account's phone book has for a number.

The phone book lies in an outbox, which may be a share that does not answer. It is read in a thread
of its own, so that no fax has to wait for it: what was read last is good until it is read again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from faxd.config import AccountSettings
from faxd.durable import Folder
from faxd.outbound.addressing import NumberRules, PhoneBook, Refused
from faxd.outbound.addressing.lists import MAX_LIST
from faxd.outbound.addressing.numbers import number

_PHONE_BOOK = "phonebook.csv"
#: seconds that a fax waits for a new look into the phone book; none while an earlier look hangs
PATIENCE = 1.0


class Callers:
    """Names for the numbers that call one account."""

    def __init__(self, settings: AccountSettings) -> None:
        # What must not be called may call all the same: no other rules than where numbers are.
        self._rules = NumberRules(region=settings.send.region)
        self._book = _book(settings.outbox, settings.send.region) if settings.outbox else None

    def name_of(self, originator: str) -> str:
        """The name for a number, the first if there are several; empty if none is known.

        It comes within `PATIENCE`, and nothing is raised: a phone book that cannot be read costs
        names, and no fax.
        """
        if self._book is None or not originator.strip():
            return ""
        with suppress(Exception):
            return self._book.names().get(self._sent(originator), "")
        return ""

    def _sent(self, originator: str) -> str:
        """The number as a phone book's are kept."""
        with suppress(Refused):
            return number(originator, self._rules)
        return originator


class _Book:
    """One phone book, looked into by one thread at a time, whoever wants to know."""

    def __init__(self, folder: Path, rules: NumberRules) -> None:
        self._folder = folder
        self._rules = rules
        self._lock = threading.Lock()
        #: set when the look that is under way has ended; None: there is none
        self._look: threading.Event | None = None
        #: seconds that the next one may wait for that
        self._patience = PATIENCE
        self._names: Mapping[str, str] = {}
        self._stamp: tuple[int, int, int] | None = None

    def names(self) -> Mapping[str, str]:
        """Names by number, as they are now or, if that cannot be known soon, as they were."""
        with self._lock:
            look = self._look
            if look is None:
                look = threading.Event()
                threading.Thread(
                    target=self._look_into_it, args=(look,), name="phone book", daemon=True
                ).start()
                self._look, self._patience = look, PATIENCE
            patience = self._patience
        if not look.wait(patience):
            self._patience = 0.0
        return self._names

    def _look_into_it(self, look: threading.Event) -> None:
        try:
            # What cannot be read now, on a share that is away, is as it was.
            with suppress(Exception):
                self._read_again()
        finally:
            with self._lock:
                self._look = None
            look.set()

    def _read_again(self) -> None:
        with Folder.open(self._folder) as folder:
            found = folder.status(_PHONE_BOOK)
            if found is None:
                self._names, self._stamp = {}, None
                return
            stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
            if stamp == self._stamp:
                return
            with folder.read(_PHONE_BOOK) as file:
                content = file.read(MAX_LIST + 1)
        names: dict[str, str] = {}
        with suppress(Refused, ValueError):  # a bad one has no names
            for entry in PhoneBook.read(content, self._rules).entries:
                if entry.address and "@" not in entry.address:
                    names.setdefault(entry.address, entry.name)
        self._names, self._stamp = names, stamp


@cache
def _book(outbox: Path, region: str) -> _Book:
    """The same for receiving and for what comes afterwards, and after each SIGHUP.

    So a share that hangs holds one thread, and not one more each time.
    """
    return _Book(outbox, NumberRules(region=region))
