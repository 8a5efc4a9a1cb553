"""The five calls of FAX.de, one method each, with typed arguments and results."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, IntEnum
from pathlib import Path
from typing import IO, Any

from faxd.faxde.answer import AnswerReader, Parts, read_answer
from faxd.faxde.codes import Asks, Code, lookup
from faxd.faxde.errors import BadPart, Fault, FaxdeError, Rejected
from faxd.faxde.image import Decoded, ImageSink, Verbatim
from faxd.faxde.options import Options
from faxd.faxde.service import Service
from faxd.faxde.wire import Body, Progress

#: bytes of a document encoded at a time; a multiple of three, so that pieces join seamlessly
_ENCODE = 3 * 64 * 1024


class JobType(IntEnum):
    """JobType of SendJob."""

    FAX = 0
    SMS = 1
    EMAIL = 2
    LETTER = 3  # iLetter, black and white
    LETTER_COLOR = 4  # iLetter, colour
    QSIGN = 8  # invoice with a qualified signature


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file to send: SendFilenameN and SendFileN. Read while it is sent, never held in memory."""

    #: the name that the provider sees; its extension tells the format
    name: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class SentJob:
    """The answer to SendJob."""

    job_id: int
    #: number of valid recipients
    recipients: int
    #: pages per recipient; for SMS the number of messages of 160 characters
    pages: int


class JobState(Enum):
    """What JobStatus says of a job."""

    FINISHED = "finished"
    IN_PROGRESS = "in progress"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """The answer to JobStatus."""

    state: JobState
    #: OK, Busy, No Answer, ..., or multi for several recipients; empty until finished
    result: str = ""
    #: when it was sent (aware, UTC)
    sent_at: datetime | None = None
    #: station id of the receiving machine
    remote_id: str = ""
    #: the protocol as CSV, byte for byte
    status_file: bytes = b""


class CancelResult(Enum):
    """What became of a CancelJob."""

    CANCELLED = "cancelled"
    TOO_LATE = "too late"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class ReceivedFax:
    """The answer to RequestReceived; the image itself is in the file that was given."""

    fax_id: int
    #: when the provider received it (aware, UTC); None if the answer does not say so legibly
    received: datetime | None
    #: the sender's number, as the network transmitted it; chosen by a stranger
    originator: str
    #: the sending machine's station id; chosen by a stranger
    remote_id: str
    #: number of pages that the provider states; None if it does not say so legibly
    pages: int | None
    #: bytes in the file
    size: int
    #: SHA-256 of these bytes, in hexadecimal
    sha256: str
    #: why the image could not be decoded; None if it could
    defect: str | None


class Client:
    """FAX.de on behalf of one account.

    Every method raises `Rejected` for a return code that asks for something else than going on,
    and another `FaxdeError` when the call did not come through.
    """

    def __init__(self, service: Service, account: str, password: Callable[[], str]) -> None:
        """``password`` is asked at each call, so that a corrected one counts at once."""
        self._service = service
        self._account = account
        self._password = password

    def send_job(
        self,
        job_type: JobType,
        *,
        recipient: str = "",
        recipient_file: bytes = b"",
        text: str = "",
        documents: Sequence[Document] = (),
        at: datetime | None = None,
        options: Options | None = None,
        progress: Progress | None = None,
    ) -> SentJob:
        """Send a fax, SMS, e-mail, letter or invoice (section "SendJob").

        ``recipient`` may carry a reference: ``+4940123456[RE-4711]``; ``recipient_file`` is a
        CSV for many recipients; ``at`` (aware) is the time not before which it is sent.

        Raises:
            ValueError: more than three documents, or a naive time.
            OSError: a document cannot be read.
        """
        if len(documents) > 3:
            raise ValueError(f"{len(documents)} documents; SendJob takes three at most")
        parts: dict[str, Any] = {
            "JobType": int(job_type),
            "Recipient": recipient,
            "RecipientFile": recipient_file,
            "SendText": text,
            "Options": options.render() if options else "",
        }
        streams: dict[bytes, Path] = {}
        for number in (1, 2, 3):
            document = documents[number - 1] if number <= len(documents) else None
            parts[f"SendFilename{number}"] = document.name if document else ""
            mark = secrets.token_bytes(24) if document else b""
            parts[f"SendFile{number}"] = mark
            if document:
                streams[base64.b64encode(mark)] = document.path
        if at is not None:
            # The document names this part in two ways; the WSDL decides.
            names = self._service.interface().parts("SendJob")
            name = "SendeDateTime" if "SendeDateTime" in names else "SendDateTime"
            parts[name] = at.astimezone(UTC).replace(microsecond=0)
            if at.tzinfo is None:
                raise ValueError("a time with its zone is needed")
        answer = self._call("SendJob", parts, streams=streams, progress=progress)
        _require(answer, Asks.DONE)
        return SentJob(
            job_id=_integer(answer.parts, "JobId"),
            recipients=_integer(answer.parts, "RecipientsCount", default=1),
            pages=_integer(answer.parts, "PageCount", default=0),
        )

    def job_status(self, job_id: int | str) -> JobResult:
        """Ask what became of a job (section "JobStatus").

        An id that cannot exist makes this a login check that changes nothing: it answers
        `JobState.UNKNOWN` for a good login.
        """
        answer = self._call("JobStatus", {"JobId": str(job_id)})
        if answer.code.asks is Asks.NOTHING:
            return JobResult(state=JobState.UNKNOWN)
        if answer.code.number == 6:
            return JobResult(state=JobState.IN_PROGRESS)
        _require(answer, Asks.DONE)
        return JobResult(
            state=JobState.FINISHED,
            result=_text(answer.parts, "SendResult"),
            sent_at=parse_time(_text(answer.parts, "SendDateTime")),
            remote_id=_text(answer.parts, "RemoteId"),
            status_file=_binary(answer.parts, "StatusFile"),
        )

    def cancel_job(self, job_id: int | str) -> CancelResult:
        """Cancel a job (section "CancelJob")."""
        answer = self._call("CancelJob", {"JobId": str(job_id)})
        if answer.code.asks is Asks.NOTHING:
            return CancelResult.UNKNOWN
        if answer.code.asks is Asks.REFUSED:
            return CancelResult.TOO_LATE
        _require(answer, Asks.DONE)
        return CancelResult.CANCELLED

    def request_received(
        self,
        file: IO[bytes],
        *,
        limit: int,
        verbatim: bool = False,
        progress: Progress | None = None,
    ) -> ReceivedFax | None:
        """Fetch the oldest waiting fax into ``file`` (section "RequestReceived"); None: there is none.

        ``limit`` is the greatest size of the image in bytes. With ``verbatim`` the image's
        base64 text is written as it came instead of decoded.

        Raises:
            OSError: ``file`` cannot be written.
        """
        sink = Verbatim(file, limit=limit) if verbatim else Decoded(file, limit=limit)
        answer = self._call("RequestReceived", {}, image="FaxImage", sink=sink, progress=progress)
        if answer.code.asks is Asks.NOTHING:
            return None
        _require(answer, Asks.DONE)
        return ReceivedFax(
            fax_id=_integer(answer.parts, "FaxId"),
            received=parse_time(_text(answer.parts, "ReceiveDate")),
            originator=_text(answer.parts, "Originator"),
            remote_id=_text(answer.parts, "RemoteId"),
            pages=_optional_integer(answer.parts, "Pages"),
            size=sink.size,
            sha256=sink.sha256,
            defect=sink.defect,
        )

    def delete_received(self, fax_id: int) -> bool:
        """Delete a fax on the server; False if it was already gone (section "DeleteReceived")."""
        answer = self._call("DeleteReceived", {"FaxId": fax_id})
        if answer.code.asks is Asks.NOTHING:
            return False
        _require(answer, Asks.DONE)
        return True

    def _call(
        self,
        call: str,
        parts: dict[str, Any],
        *,
        image: str = "",
        sink: ImageSink | None = None,
        streams: dict[bytes, Path] | None = None,
        progress: Progress | None = None,
    ) -> _Answer:
        parts = {"Account": self._account, "Password": self._password(), **parts}
        interface = self._service.interface()
        # A job must never be sent twice by a repetition that its sender knows nothing of.
        repeatable = call != "SendJob"
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{interface.action(call)}"',
        }
        body = _body(interface.message(call, parts), streams or {})
        reader = AnswerReader(image, sink)
        try:
            with self._service.wire.post(
                interface.path, headers, body, repeatable=repeatable, progress=progress
            ) as pieces:
                values = read_answer(pieces, reader)
        except Fault as fault:
            if fault.hints_at_changed_interface:
                self._renew(interface)
            raise
        return _Answer(call, lookup(call, _integer(values, "return")), values)

    def _renew(self, interface: Any) -> None:
        """Have the next call use a new WSDL; the fault that led here is what is reported."""
        try:
            self._service.renewed(interface)
        except FaxdeError:
            return


@dataclass(frozen=True)
class _Answer:
    call: str
    code: Code
    parts: Parts


def _require(answer: _Answer, asks: Asks) -> None:
    if answer.code.asks is not asks:
        raise Rejected(answer.call, answer.code)


def _body(message: bytes, streams: dict[bytes, Path]) -> Body:
    """The envelope with the marks in it replaced by the documents, encoded on their way."""
    if not streams:
        return Body.of(message)
    pattern = b"|".join(re.escape(mark) for mark in streams)
    pieces: list[bytes | tuple[Path, int]] = []
    length = 0
    for piece in re.split(b"(" + pattern + b")", message):
        path = streams.get(piece)
        if path is None:
            pieces.append(piece)
            length += len(piece)
        else:
            size = path.stat().st_size
            pieces.append((path, size))
            length += (size + 2) // 3 * 4

    def stream() -> Iterator[bytes]:
        for piece in pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from _encoded(*piece)

    return Body(length=length, pieces=stream)


def _encoded(path: Path, size: int) -> Iterator[bytes]:
    """A file in base64, exactly ``size`` bytes of it: what was announced must be kept."""
    with path.open("rb") as file:
        while size > 0:
            data = file.read(min(_ENCODE, size))
            if not data:
                raise OSError(f"{path.name} became shorter while it was sent")
            size -= len(data)
            # A short read in the middle would put padding into the text.
            while len(data) % 3 and size > 0:
                more = file.read(min(3 - len(data) % 3, size))
                if not more:
                    raise OSError(f"{path.name} became shorter while it was sent")
                size -= len(more)
                data += more
            yield base64.b64encode(data)


def _text(parts: Parts, name: str) -> str:
    return parts.get(name) or ""


def _optional_integer(parts: Parts, name: str) -> int | None:
    text = _text(parts, name).strip()
    if re.fullmatch(r"[+-]?[0-9]{1,19}", text, re.ASCII):
        return int(text)
    return None


def _integer(parts: Parts, name: str, *, default: int | None = None) -> int:
    value = _optional_integer(parts, name)
    if value is not None:
        return value
    if default is not None and not _text(parts, name).strip():
        return default
    raise BadPart(name)


def _binary(parts: Parts, name: str) -> bytes:
    try:
        return base64.b64decode("".join(_text(parts, name).split()), validate=True)
    except ValueError:
        raise BadPart(f"{name} is not base64") from None


def parse_time(text: str) -> datetime | None:
    """A time as the server writes it (xs:dateTime, or with a blank for the T); naive means UTC.

    None for what is empty or is no time that can be (``0000-00-00T00:00:00``).
    """
    match = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", text.strip(), re.ASCII
    )
    if not match:
        return None
    date, clock, fraction, zone = match.groups()
    micro = (fraction or ".0")[1:7].ljust(6, "0")
    try:
        value = datetime.fromisoformat(f"{date}T{clock}.{micro}{zone or 'Z'}")
        return value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
