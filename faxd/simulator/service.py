"""From a request to a reply: the five calls spelled out, with log, faults and hooks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from faxd.simulator import documents as converter
from faxd.simulator import recipients as people
from faxd.simulator.documents import Document
from faxd.simulator.faults import WSDL, FaultBook, FaultKind, Stage, Strike
from faxd.simulator.log import Log, LogEntry
from faxd.simulator.model import Order
from faxd.simulator.reply import Reply
from faxd.simulator.soap import (
    Answer,
    Content,
    Request,
    SoapFault,
    Upload,
    blank,
    render,
    render_fault,
)
from faxd.simulator.spoil import spoil_answer, spoil_reply
from faxd.simulator.state import Provider
from faxd.simulator.streams import InMemory
from faxd.simulator.wsdl import OPERATIONS, Wire, description

NO_DOCUMENT, FILE_MISSING, NOTHING_TO_SEND, BAD_RECIPIENTS = -3, 15, 75, -65


#: With these the answer's code is not the work's, and it is the answer's that the log names.
_STATES_A_CODE = (FaultKind.UNKNOWN_CODE, FaultKind.FORCED_CODE, FaultKind.KEEP_AFTER_DELETE)


@dataclass(frozen=True)
class _Done:
    """What a call came to: its code, the parts beside it, and ids that the log shall name."""

    code: int
    parts: dict[str, Content] = field(default_factory=dict)
    named: dict[str, int | str] = field(default_factory=dict)


def _number(request: Request, name: str) -> int:
    text = request.texts.get(name, "")
    if (number := _whole(text)) is None:
        raise SoapFault(f"{name}: {text!r} is not a valid integer value")
    return number


def _whole(text: str) -> int | None:
    """A whole number, None where there is none."""
    text = text.strip()
    return int(text) if text.isascii() and text.lstrip("-").isdigit() else None


def _moment(text: str) -> datetime | None:
    """Read an xs:dateTime; without offset it is UTC, as the document has it."""
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SoapFault(f"{text!r} is not a valid date and time") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Service:
    """The web service apart from HTTP."""

    def __init__(self, provider: Provider, wire: Wire, log: Log, keep_in: Path) -> None:
        self.provider = provider
        self.wire = wire
        self.log = log
        self.faults = FaultBook()
        self.on_completed: list[Callable[[LogEntry], None]] = []
        self._keep_in = keep_in
        self._calls: dict[str, Callable[[Request, str, str], _Done]] = {
            "SendJob": self._send_job,
            "JobStatus": self._job_status,
            "CancelJob": self._cancel_job,
            "RequestReceived": self._request_received,
            "DeleteReceived": self._delete_received,
        }

    def describe(self, sequence: int, host: str) -> Reply:
        """Reply to a request for the description."""
        content = description(self.wire, self.wire.endpoint(host))
        self.log.note(sequence, completed=True)
        strike = self.faults.take(Stage.BEFORE, WSDL) or self.faults.take(Stage.AFTER, WSDL)
        self._note_fault(sequence, strike)
        return spoil_reply(Reply(body=InMemory(content)), strike)

    def refuse(self, sequence: int, text: str) -> Reply:
        """Reply with a SOAP fault: the sender did something wrong."""
        self.log.note(sequence, fault=text)
        return Reply(status=500, body=render_fault("Client", text))

    def call(self, sequence: int, request: Request, action: str | None) -> Reply:
        """Reply to a call: struck by a fault before, do the work, struck after, answer.

        `action` is the SOAPAction without quotes, None when there was none.
        """
        number = request.texts.get("Account", "")
        name, namespace = request.operation, self.wire.namespace
        shown = {
            part: text
            for part, text in request.texts.items()
            if part not in ("Account", "Password", "FaxId", "JobId")
        }
        self.log.note(
            sequence,
            call=name,
            account=number,
            parameters=shown,
            fax_id=_whole(request.texts.get("FaxId", "")),
            job_id=request.texts.get("JobId"),
        )
        strike = self.faults.take(Stage.BEFORE, name, number)
        known = name in OPERATIONS and request.namespace == namespace
        if strike:
            self._note_fault(sequence, strike)
            empty = blank(name if name in OPERATIONS else "CancelJob", namespace, -4)
            return self._reply(sequence, empty, strike)
        if not known or action not in (None, "", f"{namespace}#{name}"):
            stated = action or f"{request.namespace}#{name}"
            return self.refuse(sequence, f"{stated} is not an action of this interface")
        try:
            done = self._calls[name](request, number, request.texts.get("Password", ""))
        except SoapFault as fault:
            return self.refuse(sequence, str(fault))
        strike = self.faults.take(Stage.AFTER, name, number, done.code)
        self._note_fault(sequence, strike)
        entry = self.log.note(sequence, code=done.code, completed=True, **done.named)
        for callback in tuple(self.on_completed):
            callback(entry)
        answer = blank(name, namespace, done.code, self.wire.base64_lines)
        parts = (replace(p, content=done.parts.get(p.name, p.content)) for p in answer.parts)
        return self._reply(sequence, replace(answer, parts=tuple(parts)), strike)

    def _reply(self, sequence: int, answer: Answer, strike: Strike | None) -> Reply:
        answer = spoil_answer(answer, strike)
        if strike and strike.fault.kind in _STATES_A_CODE:
            (stated,) = (part.content for part in answer.parts if part.name == "return")
            self.log.note(sequence, code=int(str(stated)))
        return spoil_reply(Reply(body=render(answer)), strike)

    def _note_fault(self, sequence: int, strike: Strike | None) -> None:
        if strike:
            self.log.note(sequence, fault=strike.fault.kind.name)

    # The five calls

    def _request_received(self, _request: Request, number: str, password: str) -> _Done:
        code, fax = self.provider.request_received(number, password)
        if fax is None:
            return _Done(code)
        parts: dict[str, Content] = {
            "FaxId": str(fax.fax_id),
            "ReceiveDate": fax.received.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Originator": fax.originator,
            "RemoteId": fax.remote_id,
            "Pages": str(fax.pages),
            "FaxImage": fax.image,
        }
        return _Done(code, parts, {"fax_id": fax.fax_id})

    def _delete_received(self, request: Request, number: str, password: str) -> _Done:
        fax_id = _number(request, "FaxId")
        return _Done(self.provider.delete_received(number, password, fax_id))

    def _job_status(self, request: Request, number: str, password: str) -> _Done:
        job_id = request.texts.get("JobId", "")
        status = self.provider.job_status(number, password, job_id)
        parts: dict[str, Content] = {
            "SendResult": status.result,
            "SendDateTime": status.sent,
            "RemoteId": status.remote_id,
            "StatusFile": InMemory(status.file),
        }
        return _Done(status.code, parts)

    def _cancel_job(self, request: Request, number: str, password: str) -> _Done:
        job_id = request.texts.get("JobId", "")
        return _Done(self.provider.cancel_job(number, password, job_id))

    def _send_job(self, request: Request, number: str, password: str) -> _Done:
        sent = self.provider.send_job(number, password, self._order(request))
        parts: dict[str, Content] = {
            "JobId": str(sent.job_id),
            "RecipientsCount": str(sent.recipients),
            "PageCount": str(sent.pages),
        }
        return _Done(sent.code, parts, {"job_id": str(sent.job_id)} if sent.job_id else {})

    # What SendJob is made of

    def _order(self, request: Request) -> Order:
        job_type = _number(request, "JobType")
        text = request.texts.get("SendText", "")
        listed, list_code = _recipients(request, job_type)
        code, pages, documents = self._documents(request)
        if not code:
            code = _missing(job_type, text, documents)
        if job_type == people.SMS:
            pages = -(-len(text) // 160)
        elif job_type == people.FAX and text:
            pages += 1
        return Order(
            job_type=job_type,
            recipients=tuple(listed),
            text=text,
            documents=tuple(documents),
            pages=max(pages, 1),
            scheduled=_moment(request.texts.get(self.wire.time_part, "")),
            options=request.texts.get("Options", ""),
            document_code=code,
            recipients_code=list_code,
        )

    def _documents(self, request: Request) -> tuple[int, int, list[Document]]:
        """The first code against the documents, all their pages, and the documents."""
        code, pages, documents = 0, 0, []
        for number in (1, 2, 3):
            name = request.texts.get(f"SendFilename{number}", "").strip()
            upload = request.files.get(f"SendFile{number}", Upload())
            if upload.path is None:
                code = code or (FILE_MISSING if name else 0)
                continue
            verdict = converter.examine(name, upload.path)
            code, pages = code or verdict.code, pages + verdict.pages
            documents.append(Document(name, upload.size, upload.sha256, self._kept(upload.path)))
        return code, pages, documents

    def _kept(self, path: Path) -> Path | None:
        if not self.provider.rules.keep_documents:
            return None
        return Path(shutil.move(path, self._keep_in / path.name))


def _recipients(request: Request, job_type: int) -> tuple[list[people.Recipient], int]:
    """The recipients, and a code when their file cannot be read."""
    upload = request.files.get("RecipientFile", Upload())
    # Only fax, SMS and e-mail take a list by file.
    if upload.path is None or job_type not in (people.FAX, people.SMS, people.MAIL):
        return people.from_list(request.texts.get("Recipient", "")), 0
    try:
        return people.from_csv(upload.path.read_bytes()), 0
    except ValueError:
        return [], BAD_RECIPIENTS


def _missing(job_type: int, text: str, documents: list[Document]) -> int:
    """The code against an order in which what is to be sent is missing; 0 for a whole one."""
    if job_type == people.SMS:
        return 0 if text else NOTHING_TO_SEND
    if not documents and not text:
        return NOTHING_TO_SEND
    # Letters and signed invoices consist of their document; a text alone is none.
    needs_file = job_type in (*people.LETTERS, people.QSIGN)
    return NO_DOCUMENT if needs_file and not documents else 0
