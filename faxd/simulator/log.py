"""What happened at the stand-in, in order, for tests to look at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One request, as far as it has come. Never holds a password."""

    #: Counts from 1 in the order in which the requests arrived.
    sequence: int
    #: Arrival, aware, UTC.
    time: datetime
    #: Name of the operation, "WSDL" for the description, "connect" for a refused connection,
    #: "" as long as it is not known.
    call: str
    account: str = ""
    #: The fax handed over or to be deleted.
    fax_id: int | None = None
    #: The job ordered, asked for or cancelled; text, as JobStatus takes it.
    job_id: str | None = None
    #: The remaining text parts of the request, the password excepted.
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: The return code that the answer states; None as long as there is none.
    code: int | None = None
    #: Name of the FaultKind that struck, or the text of a SOAP fault of the server's own.
    fault: str | None = None
    #: The server's own logic ran and settled the code: with 0 the work is done.
    completed: bool = False
    #: An HTTP answer was written to its last byte.
    answered: bool = False


class Log:
    """The list of entries; safe to use from several threads."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[LogEntry] = []

    def open(self, call: str) -> int:
        """Begin an entry and return its sequence number."""
        with self._lock:
            sequence = len(self._entries) + 1
            self._entries.append(LogEntry(sequence=sequence, time=self._clock(), call=call))
            return sequence

    def note(self, sequence: int, **changes: Any) -> LogEntry:
        """Add to what is known of an entry; returns it as it stands now."""
        with self._lock:
            entry = replace(self._entries[sequence - 1], **changes)
            self._entries[sequence - 1] = entry
            return entry

    def entries(self) -> list[LogEntry]:
        """All entries in the order of arrival, as a copy."""
        with self._lock:
            return list(self._entries)
