"""What can go wrong, and when: faults are put in a book and strike the calls they match."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum


class FaultKind(Enum):
    """What goes wrong. In brackets what `Fault.value` means to the kind, and its default."""

    # The connection
    REFUSED = "connection reset as soon as it is accepted; `call` does not matter"
    RESET_READING = "reset while the request comes in, after part of its body [share]"
    RESET_BEFORE = "request read, nothing done, connection reset"

    # Something else answers, and the work is not done
    HTTP_500 = "status 500 with an empty body"
    HTTP_503 = "status 503 with an empty body"
    SOAP_FAULT = "a SOAP fault with status 500 [text]"
    SOAP_FAULT_200 = "a SOAP fault with status 200 [text]"
    HTML = "a proxy's page with status 200 [HTML]"
    REDIRECT = "status 302 [address]"
    HANG = "no answer for [seconds; until released]; then the connection is closed"
    UNKNOWN_CODE = "an answer with return code [number; 99], its other parts empty"
    FORCED_CODE = "the same, for codes that the document has [number]"
    KEEP_AFTER_DELETE = "DeleteReceived says 0, but the fax stays"
    WSDL_503 = "status 503 instead of the description"
    WSDL_HTML = "a proxy's page with status 200 instead of the description [HTML]"

    # The work is done; the answer's way back
    LOST = "reset without a byte of the answer"
    CUT = "closed after part of the answer's body [share]"
    RESET_MIDDLE = "reset after part of the answer's body [share]"
    DRIP = "the answer's body trickles [bytes per second; 1000]"
    DRIP_HEADERS = "header and body of the answer trickle [bytes per second; 1000]"
    WRONG_TYPE = "another Content-Type [text]"
    LENGTH_TOO_LONG = "Content-Length states more than comes [how many bytes; 100]"
    LENGTH_TOO_SHORT = "Content-Length states less than comes [how many bytes; 100]"
    CHUNKED = "chunked transfer encoding, no Content-Length"
    GZIP = "the body compressed with gzip, chunked"

    # The image
    BAD_BASE64 = "an invalid character in the middle of the base64"
    BAD_PADDING = "the last character of the base64 is missing"
    DAMAGED_IMAGE = "only the first part of the TIFF, in sound base64 [share]"
    VARYING_IMAGE = "the same with an end that is another one at each fetch [share]"
    EMPTY_IMAGE = "an image of no bytes"

    # The other parts
    MISSING_PART = "a part is not there [its name; the first]"
    NIL_PART = "a part is nil [its name; the first]"
    ONLY_RETURN = "no part but the return code"
    REVERSED_PARTS = "parts in reversed order, the return code first"
    HREF = "the parts refer to values behind the wrapper"
    DATE = "another text as ReceiveDate [text; 0000-00-00T00:00:00]"
    DTD = "a document type whose entities explode in a text part"
    HUGE_PART = "an oversized Originator [bytes; 20,000,000]"
    DEEP = "elements nested in a text part [depth; 100,000]"
    WRONG_FAX_ID = "another FaxId [number; one more]"
    WRONG_PAGES = "another number of pages [number; one more]"


class Stage(Enum):
    """Points in the handling of a request at which faults strike."""

    CONNECT = "accepted, or the next request on a kept connection"
    HEADERS = "header read; account unknown"
    BEFORE = "request read, nothing done"
    AFTER = "work done, nothing answered"


#: The log's name for a fetch of the description.
WSDL = "WSDL"

_STAGES = {FaultKind.REFUSED: Stage.CONNECT, FaultKind.RESET_READING: Stage.HEADERS}

_WITHOUT_WORK = frozenset(
    {
        FaultKind.RESET_BEFORE,
        FaultKind.HTTP_500,
        FaultKind.HTTP_503,
        FaultKind.SOAP_FAULT,
        FaultKind.SOAP_FAULT_200,
        FaultKind.HTML,
        FaultKind.REDIRECT,
        FaultKind.HANG,
        FaultKind.UNKNOWN_CODE,
        FaultKind.FORCED_CODE,
        FaultKind.KEEP_AFTER_DELETE,
        FaultKind.WSDL_503,
        FaultKind.WSDL_HTML,
    }
)

_OPERATIONS = frozenset({"SendJob", "JobStatus", "CancelJob", "RequestReceived", "DeleteReceived"})
_WITH_FILE = frozenset({"RequestReceived", "JobStatus"})
_FAX = frozenset({"RequestReceived"})
_DELETE = frozenset({"DeleteReceived"})
_DESCRIPTION = frozenset({WSDL})

#: Kinds that change the answer of certain calls only; all others strike the description too.
_CALLS = {
    FaultKind.WSDL_503: _DESCRIPTION,
    FaultKind.WSDL_HTML: _DESCRIPTION,
    FaultKind.KEEP_AFTER_DELETE: _DELETE,
    FaultKind.UNKNOWN_CODE: _OPERATIONS,
    FaultKind.FORCED_CODE: _OPERATIONS,
    FaultKind.BAD_BASE64: _WITH_FILE,
    FaultKind.BAD_PADDING: _WITH_FILE,
    FaultKind.DAMAGED_IMAGE: _WITH_FILE,
    FaultKind.VARYING_IMAGE: _WITH_FILE,
    FaultKind.EMPTY_IMAGE: _WITH_FILE,
    FaultKind.MISSING_PART: _OPERATIONS,
    FaultKind.NIL_PART: _OPERATIONS,
    FaultKind.ONLY_RETURN: _OPERATIONS,
    FaultKind.REVERSED_PARTS: _OPERATIONS,
    FaultKind.HREF: _OPERATIONS,
    FaultKind.DATE: _FAX,
    FaultKind.DTD: _OPERATIONS,
    FaultKind.HUGE_PART: _OPERATIONS,
    FaultKind.DEEP: _OPERATIONS,
    FaultKind.WRONG_FAX_ID: _FAX,
    FaultKind.WRONG_PAGES: _FAX,
}

#: These spoil what only an answer with code 0 holds, and wait for one.
_ON_SUCCESS = frozenset(kind for kind, calls in _CALLS.items() if calls in (_WITH_FILE, _FAX)) | {
    FaultKind.MISSING_PART,
    FaultKind.NIL_PART,
    FaultKind.ONLY_RETURN,
}

#: These need the answer of done work; without it there is nothing to spoil.
_NEEDS_WORK = frozenset(kind for kind, calls in _CALLS.items() if calls in (_WITH_FILE, _FAX))


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault, and which calls it strikes. Raises ValueError for what cannot be."""

    kind: FaultKind
    #: Name of the call, "WSDL" for the description, "*" for any.
    call: str = "*"
    #: How many requests it strikes; None: all, until the book is cleared.
    times: int | None = 1
    #: How many matching requests it lets pass first.
    skip: int = 0
    #: What the kind makes of it stands there; None is its default. A share is a number of
    #: bytes (int) or a fraction of the whole (float, below 1); its default is one half.
    value: int | float | str | None = None
    #: Only calls of this account.
    account: str | None = None
    #: Whether the call's work is done all the same; None: as the kind usually has it.
    work: bool | None = None
    #: Strike only when the server's own return code is this one. None: any, except for kinds
    #: that spoil what only an answer with code 0 holds (images, dates, missing parts).
    on_code: int | None = None

    def __post_init__(self) -> None:
        if self.account is not None and self.stage in (Stage.CONNECT, Stage.HEADERS):
            raise ValueError(f"{self.kind.name} strikes before the account is known")
        if self.call != "*" and self.call not in _CALLS.get(self.kind, (self.call,)):
            raise ValueError(f"{self.kind.name} is not for {self.call}")
        if self.kind in _NEEDS_WORK and (self.work is False or self.on_code not in (None, 0)):
            raise ValueError(f"{self.kind.name} needs the answer of a successful call")

    @property
    def stage(self) -> Stage:
        """When it strikes."""
        if self.kind in _STAGES:
            return _STAGES[self.kind]
        work = self.kind not in _WITHOUT_WORK if self.work is None else self.work
        return Stage.AFTER if work else Stage.BEFORE

    def text(self, default: str = "") -> str:
        """The value as a text."""
        return default if self.value is None else str(self.value)

    def number(self, default: int) -> int:
        """The value as a whole number. Raises ValueError for a text that is none."""
        return default if self.value is None else int(self.value)

    def bytes_of(self, whole: int) -> int:
        """How many bytes of the whole are meant."""
        share = 0.5 if self.value is None else self.value
        if isinstance(share, float) and share < 1:
            return int(whole * share)
        return min(whole, int(share))

    def matches(self, call: str, account: str | None, code: int | None) -> bool:
        """Whether a request is one of those it strikes, by what is known so far (None: not)."""
        if self.kind is FaultKind.REFUSED:
            return True
        if self.call not in ("*", call) or call not in _CALLS.get(self.kind, (call,)):
            return False
        if self.account is not None and account != self.account:
            return False
        wanted = 0 if self.on_code is None and self.kind in _ON_SUCCESS else self.on_code
        return code is None or wanted is None or code == wanted


@dataclass(frozen=True)
class Strike:
    """A fault at work, and the how-manieth strike it is since the server began."""

    fault: Fault
    number: int


@dataclass
class _Line:
    fault: Fault
    left: int | None
    skip: int


class FaultBook:
    """The faults that wait, in the order they were added; safe to use from several threads.

    A request is struck by one fault at most: the first one that matches. Faults added one
    after the other therefore strike requests one after the other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[_Line] = []
        self._strikes = 0

    def add(self, fault: Fault) -> None:
        """Let a fault wait for the requests it matches."""
        with self._lock:
            self._lines.append(_Line(fault, fault.times, fault.skip))

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._lines.clear()

    def waiting(self) -> list[Fault]:
        """The faults that have not struck as often as they shall."""
        with self._lock:
            return [line.fault for line in self._lines]

    def take(
        self, stage: Stage, call: str, account: str | None = None, code: int | None = None
    ) -> Strike | None:
        """The fault that strikes now, if any; it is used up once by that."""
        with self._lock:
            for line in self._lines:
                if not line.fault.matches(call, account, code):
                    continue
                mine = line.fault.stage is stage
                if line.skip:
                    line.skip -= mine
                    continue
                if mine:
                    return self._strike(line)
                if Stage.CONNECT not in (stage, line.fault.stage):
                    # An earlier line waits for a later stage of this very request.
                    return None
            return None

    def _strike(self, line: _Line) -> Strike:
        if line.left is not None:
            line.left -= 1
            if line.left <= 0:
                self._lines.remove(line)
        self._strikes += 1
        return Strike(line.fault, self._strikes)
