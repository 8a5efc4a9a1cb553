"""SOAP 1.1, rpc/encoded: reading a request as it comes in, and writing an answer as a stream.

Source: SOAP 1.1 (W3C Note, 2000), sections 4, 5 and 7; the look of the answers is Delphi's.
"""

from __future__ import annotations

import binascii
import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.parsers import expat
from xml.sax.saxutils import escape

from faxd.simulator.streams import Base64, InMemory, Joined, Stream
from faxd.simulator.wsdl import OPERATIONS

_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
_XSI_NIL = "http://www.w3.org/2001/XMLSchema-instance nil"

#: Most text that a part other than a file may hold.
_MOST_TEXT = 4 * 1024 * 1024


class SoapFault(Exception):
    """The request cannot be understood; the message becomes the fault's text."""


@dataclass(frozen=True)
class Upload:
    """A file that came with a request, decoded; `path` is None when it was empty."""

    size: int = 0
    sha256: str = hashlib.sha256().hexdigest()
    path: Path | None = None


@dataclass(frozen=True)
class Request:
    """A call as it was read: the parts that were there, files apart from texts."""

    namespace: str
    operation: str
    texts: dict[str, str] = field(repr=False)
    files: dict[str, Upload] = field(default_factory=dict)


class _Decoder:
    """Decodes base64 as it arrives into a temporary file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting = b""
        self._digest = hashlib.sha256()
        self._size = 0
        self._ended = False
        self._file: IO[bytes] | None = None

    def feed(self, text: str) -> None:
        block = self._waiting + b"".join(text.encode("ascii", "replace").split())
        whole = len(block) // 4 * 4
        self._waiting = block[whole:]
        if not whole:
            return
        if self._ended:
            raise SoapFault("characters after the end of base64")
        try:
            raw = binascii.a2b_base64(block[:whole], strict_mode=True)
        except binascii.Error as error:
            raise SoapFault(f"invalid base64: {error}") from None
        self._ended = block[whole - 1 : whole] == b"="
        if self._file is None:
            self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115 (closed in `close`)
                dir=self._folder, delete=False
            )
        self._file.write(raw)
        self._digest.update(raw)
        self._size += len(raw)

    def close(self) -> Upload:
        path = None
        if self._file is not None:
            path = Path(self._file.name)
            self._file.close()
        if self._waiting:
            raise SoapFault("base64 ends within a group")
        return Upload(self._size, self._digest.hexdigest(), path)


class _Reader:
    """Turns the parser's events into a Request."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._depth = 0
        self._in_body = False
        self._types: dict[str, str] = {}
        self._part = ""
        self._text: list[str] = []
        self._length = 0
        self._decoder: _Decoder | None = None
        self.wrapper = ""
        self.texts: dict[str, str] = {}
        self.files: dict[str, Upload] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and name != f"{_ENVELOPE} Envelope":
            raise SoapFault("not a SOAP 1.1 envelope")
        if self._depth == 2:
            self._in_body = name == f"{_ENVELOPE} Body"
        elif self._in_body and self._depth == 3 and not self.wrapper:
            self.wrapper = name
            operation = OPERATIONS.get(name.rpartition(" ")[2])
            self._types = dict(operation.inputs) if operation else {}
        elif self._in_body and self._depth == 4:
            self._part, self._text, self._length = name, [], 0
            if "href" in attributes:
                raise SoapFault("references are not accepted in requests")
            if self._types.get(name) == "base64Binary" and attributes.get(_XSI_NIL) != "true":
                self._decoder = _Decoder(self._folder)
        elif self._in_body and self._depth > 4:
            raise SoapFault("a part is not a simple value")

    def text(self, text: str) -> None:
        if self._decoder is not None:
            self._decoder.feed(text)
        elif self._part:
            self._length += len(text)
            if self._length > _MOST_TEXT:
                raise SoapFault(f"part {self._part} is too long")
            self._text.append(text)

    def end(self, _name: str) -> None:
        if self._depth == 4 and self._part:
            if self._decoder is not None:
                self.files[self._part] = self._decoder.close()
                self._decoder = None
            else:
                self.texts[self._part] = "".join(self._text)
            self._part = ""
        self._depth -= 1

    def abandon(self) -> None:
        """Close what a broken request left open; its file is never used."""
        if self._decoder is not None:
            try:
                self.files["?"] = self._decoder.close()
            except SoapFault:
                return


def read_request(pieces: Iterable[bytes], folder: Path) -> Request:
    """Read a request as it arrives; files are decoded into `folder`.

    Memory stays the same whatever the size of the files. Raises SoapFault when the request is
    not well-formed, not a SOAP 1.1 call, has a document type, or holds invalid base64; errors
    of the `pieces` themselves pass through. Files already written are then left in `folder`.
    """
    reader = _Reader(folder)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.buffer_size = 256 * 1024
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise SoapFault(f"not well-formed: {error}") from None
    finally:
        reader.abandon()
    namespace, _, operation = reader.wrapper.rpartition(" ")
    if not operation:
        raise SoapFault("no call in the body")
    return Request(namespace, operation, reader.texts, reader.files)


def _refuse_doctype(*_: object) -> None:
    raise SoapFault("a document type is not allowed in SOAP")


@dataclass(frozen=True)
class Markup:
    """Text that goes into an answer as it is, unescaped."""

    xml: str


#: What a part of an answer holds: text, a file, ready markup, or nil.
Content = str | Stream | Markup | None


@dataclass(frozen=True)
class Part:
    """One value of an answer, with its type in XML Schema."""

    name: str
    kind: str
    content: Content
    #: The content is a stream of text that goes out as it is, base64 or not.
    encoded: bool = False


@dataclass(frozen=True)
class Answer:
    """What a call answers, before it becomes bytes."""

    operation: str
    namespace: str
    parts: tuple[Part, ...]
    base64_lines: bool = True
    #: Document type to put in front, for hostile answers.
    doctype: str = ""
    #: Put the values behind the wrapper and refer to them (SOAP 1.1, section 5.2.2).
    multiref: bool = False


def blank(operation: str, namespace: str, code: int, base64_lines: bool = True) -> Answer:
    """An answer that says nothing but its return code.

    The other parts are there and empty: numbers 0, dates nil, texts and files of no length.
    """
    empty: dict[str, Content] = {"int": "0", "long": "0", "dateTime": None}
    parts = tuple(
        Part(name, kind, str(code) if name == "return" else empty.get(kind, ""))
        for name, kind in OPERATIONS[operation].outputs
    )
    return Answer(operation, namespace, parts, base64_lines)


def _content(part: Part, base64_lines: bool) -> Stream:
    match part.content:
        case None:
            return InMemory(b"")
        case str(text):
            return InMemory(escape(text).encode())
        case Markup(xml):
            return InMemory(xml.encode())
        case stream if part.kind == "base64Binary" and not part.encoded:
            return Base64(stream, base64_lines)
        case stream:
            return stream


def _element(name: str, part: Part, base64_lines: bool, attributes: str = "") -> Stream:
    nil = ' xsi:nil="true"' if part.content is None else ""
    return Joined(
        (
            InMemory(f'<{name}{attributes} xsi:type="xsd:{part.kind}"{nil}>'.encode()),
            _content(part, base64_lines),
            InMemory(f"</{name}>".encode()),
        )
    )


def _envelope(doctype: str, body: tuple[Stream, ...]) -> Stream:
    head = (
        f'<?xml version="1.0"?>\n{doctype}'
        f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{_ENVELOPE}"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xmlns:SOAP-ENC="{_ENCODING}">'
        f'<SOAP-ENV:Body SOAP-ENV:encodingStyle="{_ENCODING}">'
    )
    tail = "</SOAP-ENV:Body></SOAP-ENV:Envelope>\n"
    return Joined((InMemory(head.encode()), *body, InMemory(tail.encode())))


def render(answer: Answer) -> Stream:
    """Write an answer out in Delphi's manner."""
    inline: list[Stream] = []
    behind: list[Stream] = []
    for number, part in enumerate(answer.parts, 1):
        if answer.multiref:
            inline.append(InMemory(f'<{part.name} href="#{number}"/>'.encode()))
            attributes = f' id="{number}" SOAP-ENC:root="0"'
            behind.append(_element("multiRef", part, answer.base64_lines, attributes))
        else:
            inline.append(_element(part.name, part, answer.base64_lines))
    wrapper = f"NS1:{answer.operation}Response"
    opening = InMemory(f'<{wrapper} xmlns:NS1="{answer.namespace}">'.encode())
    body = (opening, *inline, InMemory(f"</{wrapper}>".encode()), *behind)
    return _envelope(answer.doctype, body)


def render_fault(code: str, text: str) -> Stream:
    """Write a SOAP fault; `code` is "Client" or "Server"."""
    fault = (
        f"<SOAP-ENV:Fault><faultcode>SOAP-ENV:{code}</faultcode>"
        f"<faultstring>{escape(text)}</faultstring></SOAP-ENV:Fault>"
    )
    return _envelope("", (InMemory(fault.encode()),))
