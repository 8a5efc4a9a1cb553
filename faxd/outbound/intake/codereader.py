"""Codes in documents that nothing else gives a recipient, looked for while they lie in the outbox.

That takes a child process and its time, and so has a task of its own: who takes files asks, and
asks again when it is told that there is an answer.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from faxd.clock import steady
from faxd.config import AccountSettings
from faxd.documents import BadDocument, WorkshopError
from faxd.durable import Folder
from faxd.log import Log
from faxd.outbound.addressing.plan import Codes
from faxd.outbound.intake.seen import Seen
from faxd.outbound.preparing import texts
from faxd.outbound.preparing.bench import Bench
from faxd.outbound.preparing.settings import templates_of

#: bytes: larger documents are not looked into
_LARGEST = 200_000_000
#: tries, after which a document has no codes
_TRIES = 6
#: seconds until a document is looked into again that could not be, doubled each time
_AGAIN = 2.5
#: seconds between two answers that are told of, while there are more to come
_TELL = 1.0
#: seconds until it is looked again when nothing calls for it earlier
_IDLE = 60.0
_CHUNK = 1 << 20


class CodeReader:
    """Looks for codes in one account's documents, and remembers what it has found."""

    def __init__(
        self,
        settings: AccountSettings,
        bench: Bench,
        log: Log,
        *,
        asked: Callable[[], None],
        found: Callable[[], None],
    ) -> None:
        """``asked`` is called when there is something to do, ``found`` when there are answers."""
        assert settings.outbox is not None
        self._outbox = settings.outbox
        self._templates = templates_of(settings.send)
        self._is_on = bool(settings.send.codes)
        self._bench = bench
        self._log = log
        self._asked = asked
        self._found = found
        self._lock = threading.Lock()
        #: by path: the file as it was, and what is in it; None while that is not known
        self._known: dict[str, tuple[Seen, Codes | None]] = {}
        self._tries: dict[str, int] = {}
        self._retired = False

    def of(self, file: Seen) -> Codes | None:
        """The codes in a document as it is now; None: it is being looked into, ask again."""
        if not self._is_on:
            return Codes()
        if file.size > _LARGEST:
            return Codes(problem=texts.not_searched())
        with self._lock:
            known = self._known.get(file.path)
            if known is not None and known[0].is_same(file):
                return known[1]
            self._known[file.path] = (file, None)
            self._tries.pop(file.path, None)
        self._asked()
        return None

    def is_looking(self, file: Seen) -> bool:
        """Whether there is no answer yet."""
        known = self._known.get(file.path)
        return known is not None and known[1] is None and known[0].is_same(file)

    @property
    def is_asked(self) -> bool:
        """Whether there is something to look into."""
        return self._next() is not None

    def keep_only(self, files: Iterable[Seen]) -> None:
        """Forget all others: they are not there any more."""
        if not self._known:
            return
        paths = {file.path for file in files}
        with self._lock:
            self._known = {path: one for path, one in self._known.items() if path in paths}
            self._tries = {path: tries for path, tries in self._tries.items() if path in paths}

    def retire(self) -> None:
        """Look into nothing more: the settings are others, or faxd ends."""
        self._retired = True

    def run(self) -> float:
        """Look into all that was asked about; return the seconds until the next time."""
        told, news = steady(), False
        while not self._retired and (file := self._next()) is not None:
            codes = self._look(file)
            if codes is None and file.path in self._tries:
                break  # it may pass; until then the others fare no better
            with self._lock:
                known = self._known.get(file.path)
                if known is not None and known[0] == file and codes is not None:
                    self._known[file.path] = (file, codes)
                    news = True
            if news and steady() - told > _TELL:
                self._found()
                told, news = steady(), False
        if news:
            self._found()
        failures = max(self._tries.values(), default=0)
        return _AGAIN * 2.0**failures if failures and self._next() is not None else _IDLE

    def _next(self) -> Seen | None:
        with self._lock:
            waiting = [file for file, codes in self._known.values() if codes is None]
        return waiting[0] if waiting else None

    def _look(self, file: Seen) -> Codes | None:
        """What is in a document; None: it is to be tried again, or is not there any more."""
        try:
            with self._bench.room() as room:
                copy = room / "document.pdf"
                self._copy(file, copy)
                done = self._bench.workshop.do(
                    "find_codes",
                    source=str(copy),
                    patterns=list(self._templates.patterns),
                    own=self._templates.own_pattern,
                )
            self._tries.pop(file.path, None)
            return Codes(found=tuple((code["kind"], code["text"]) for code in done["codes"]))
        except BadDocument as error:
            return Codes(problem=error.words)
        except (WorkshopError, OSError) as error:
            if self._retired:
                return None
            tries = self._tries[file.path] = self._tries.get(file.path, 0) + 1
            if tries < _TRIES:
                return None
            del self._tries[file.path]
            self._log.warning("document not looked into", path=file.path, problem=str(error))
            return Codes(problem=texts.not_searched())

    def _copy(self, file: Seen, copy: Path) -> None:
        """Copy it out of everybody's reach, without following links.

        Raises:
            OSError: it went, or cannot be read or written.
        """
        with ExitStack() as stack:
            folder = stack.enter_context(Folder.open(self._outbox))
            for name in file.folders:
                folder = stack.enter_context(folder.existing(name))
            source = stack.enter_context(folder.read(file.name))
            target = stack.enter_context(copy.open("wb"))
            shutil.copyfileobj(source, target, _CHUNK)
            found = os.fstat(source.fileno())
        as_read = replace(file, size=found.st_size, mtime_ns=found.st_mtime_ns)
        if not as_read.is_same(file):
            raise OSError(f"{file.path} has changed")
