"""The five calls of FAX.de, one method each, with typed arguments and results."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from faxd.faxde import values
from faxd.faxde.answer import AnswerReader, read_answer
from faxd.faxde.codes import Asks, Code, lookup
from faxd.faxde.errors import Fault, FaxdeError, Rejected
from faxd.faxde.image import Decoded, ImageSink, Verbatim
from faxd.faxde.options import Options
from faxd.faxde.request import Body, with_documents
from faxd.faxde.results import (
    CancelResult,
    Document,
    JobResult,
    JobState,
    JobType,
    ReceivedFax,
    SentJob,
)
from faxd.faxde.service import Service
from faxd.faxde.wire import Progress

#: A call that may be sent again, unknown to its caller, when a kept connection turns out to be
#: dead. A second SendJob would be a second fax; a second CancelJob would not know the job.
_REPEATABLE = frozenset({"JobStatus", "RequestReceived", "DeleteReceived"})


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
        CSV for many recipients; ``at`` (aware) is the time not before which it is sent;
        ``progress`` is told of the request's bytes as they are sent.

        Raises:
            ValueError: more than three documents, a naive time, or a character that XML lacks.
            OSError: a document cannot be read.
        """
        if len(documents) > 3:
            raise ValueError(f"{len(documents)} documents; SendJob takes three at most")
        if at is not None and at.tzinfo is None:
            raise ValueError("a time with its zone is needed")
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
        answer = self._call("SendJob", parts, streams=streams, progress=progress)
        _require(answer, Asks.DONE)
        return SentJob(
            job_id=values.integer(answer.parts, "JobId"),
            recipients=values.integer(answer.parts, "RecipientsCount", default=1),
            pages=values.integer(answer.parts, "PageCount", default=0),
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
            result=values.text_of(answer.parts, "SendResult"),
            sent_at=values.time_of(answer.parts, "SendDateTime"),
            remote_id=values.text_of(answer.parts, "RemoteId"),
            status_file=values.binary(answer.parts, "StatusFile"),
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
        """Fetch the oldest waiting fax into ``file`` (section "RequestReceived"); None: no fax.

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
            fax_id=values.integer(answer.parts, "FaxId"),
            received=values.time_of(answer.parts, "ReceiveDate"),
            originator=values.text_of(answer.parts, "Originator"),
            remote_id=values.text_of(answer.parts, "RemoteId"),
            pages=values.maybe_integer(answer.parts, "Pages"),
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
        """Make a call; what it waits for most, its answer or its documents, tells its progress."""
        password = self._password()
        interface = self._service.interface()
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{interface.action(call)}"',
        }
        login = {"Account": self._account, "Password": password}
        body = with_documents(interface.message(call, login | parts), streams or {})
        if progress is not None and sink is None:
            body, progress = _counted(body, progress), None
        # A server that repeats what it was sent must not bring the password into a message.
        reader = AnswerReader(image, sink, hide=password)
        try:
            with self._service.wire.post(
                interface.path,
                headers,
                body,
                repeatable=call in _REPEATABLE,
                progress=progress,
            ) as pieces:
                answered = read_answer(pieces, reader)
        except Fault as fault:
            if fault.hints_at_changed_interface:
                self._renew(interface)
            raise
        return _Answer(call, lookup(call, values.integer(answered, "return")), answered)

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
    parts: values.Parts


def _require(answer: _Answer, asks: Asks) -> None:
    if answer.code.asks is not asks:
        raise Rejected(answer.call, answer.code)


def _counted(body: Body, progress: Progress) -> Body:
    """The same body, telling how much of it has been sent."""

    def pieces() -> Iterator[bytes]:
        sent = 0
        for piece in body.pieces():
            yield piece
            sent += len(piece)
            progress(sent, body.length)

    return Body(length=body.length, pieces=pieces)
