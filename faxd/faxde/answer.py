"""Reads one SOAP answer while it arrives.

What comes out is a plain table: part name to text, or None for a part that is nil. Parts are
known by their names in whatever order they come, as SOAP 1.1 section 7.1 has it for rpc; section
5 references (``href`` to a later ``id``) are followed. One part, the image, never becomes a
string: its text goes to a sink.

The image's text is most of the answer and needs no XML parser: once expat has announced the
image's start tag, the bytes up to the next ``<`` or ``&`` are the text itself, and go to the
sink directly. That is several times faster than a parser's callbacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.parsers import expat

from faxd.faxde.errors import BadAnswer, BadPart, CutOff, Fault, ForbiddenXml, NotSoap, TooLarge
from faxd.faxde.image import ImageSink

_SOAP = frozenset(
    {"http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"}
)
_NIL = "http://www.w3.org/2001/XMLSchema-instance nil"
_DEPTH_LIMIT = 32
#: all of an answer but its image; 1 MiB is 5,000 rows of a StatusFile
SMALL_LIMIT = 1 << 20
#: XML encodings in which the base64 alphabet, ``<`` and ``&`` are single ASCII bytes
_ASCII_BASED = frozenset({"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})
_MARKUP = re.compile(rb"[<&]")

#: the parts of an answer: name to text, None where the server sent nil
Parts = dict[str, str | None]


class AnswerReader:
    """Feed it the body of an HTTP answer, then ask for its parts."""

    def __init__(self, image_part: str = "", sink: ImageSink | None = None) -> None:
        self._image_part = image_part
        self._sink = sink
        self._path: list[str] = []
        self._text: list[str] = []
        self._id = ""
        self._parts: Parts = {}
        self._references: dict[str, str] = {}  # id -> part name
        self._by_id: Parts = {}
        self._fault: dict[str, str] = {}
        self._in_image = False
        self._image_seen = False
        self._small = 0
        self._started = False
        self._complete = False

        parser = expat.ParserCreate(namespace_separator=" ")
        # Newer versions of expat put off parsing what looks unfinished; the direct way needs
        # to hear of the image's start tag as soon as it is there.
        if hasattr(parser, "SetReparseDeferralEnabled"):
            parser.SetReparseDeferralEnabled(False)
        parser.XmlDeclHandler = self._on_declaration
        parser.StartDoctypeDeclHandler = self._on_doctype
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._on_text
        self._parser = parser

    @property
    def complete(self) -> bool:
        """Whether the envelope has been closed: all that matters is here."""
        return self._complete

    def feed(self, data: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            NotSoap, ForbiddenXml, BadAnswer, TooLarge: see their messages.
            OSError: the sink's file cannot be written.
        """
        if not self._started and b"\0" in data[:4]:
            raise ForbiddenXml("a character encoding other than UTF-8")
        while data:
            if self._in_image:
                markup = _MARKUP.search(data)
                end = markup.start() if markup else len(data)
                if end:
                    self._to_sink(data[:end])
                else:
                    end = _after_markup(data)
                    self._to_parser(data[:end])
            else:
                # While the image may begin, go tag by tag, so that none of its text is missed.
                waiting = self._sink is not None and not self._image_seen
                end = (data.find(b">") + 1 or len(data)) if waiting else len(data)
                self._to_parser(data[:end])
            data = data[end:]

    def parts(self) -> Parts:
        """The answer's parts, by name.

        Raises:
            CutOff: the answer ended in the middle.
            Fault: the answer is a SOAP fault.
            BadPart: it refers to a part that is not there.
        """
        if not self._complete:
            if not self._started:
                raise NotSoap("an empty or foreign answer")
            raise CutOff
        if self._fault:
            code = self._fault.get("faultcode") or self._fault.get("Value") or ""
            text = self._fault.get("faultstring") or self._fault.get("Text") or ""
            raise Fault(_one_line(code), _one_line(text))
        for reference, name in self._references.items():
            if reference not in self._by_id:
                raise BadPart(f"{name} refers to an element that is missing")
            self._parts[name] = self._by_id[reference]
        return self._parts

    # expat's side

    def _to_parser(self, data: bytes) -> None:
        if self._complete:
            return  # whatever follows the envelope is of no interest
        self._small += len(data)
        if self._small > SMALL_LIMIT:
            raise TooLarge(f"more than {SMALL_LIMIT} bytes beside the image")
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            if not self._started:
                raise NotSoap(f"not XML ({error})") from None
            raise BadAnswer(f"broken XML ({error})") from None

    def _on_declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ASCII_BASED:
            raise ForbiddenXml("a character encoding other than UTF-8")

    def _on_doctype(self, name: str, *_: object) -> None:
        if name.lower() == "html":
            raise NotSoap("an HTML page")
        raise ForbiddenXml("a document type declaration")

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if not self._started and (local != "Envelope" or namespace not in _SOAP):
            raise NotSoap(f"the outermost element is {_one_line(local)!r}")
        self._started = True
        if self._in_image:
            raise BadPart(f"{self._image_part} holds an element")
        self._path.append(local)
        self._text.clear()
        if len(self._path) > _DEPTH_LIMIT:
            raise ForbiddenXml(f"elements nested more than {_DEPTH_LIMIT} deep")
        if self._path[1:2] != ["Body"]:
            return
        part = ""
        if len(self._path) == 4:
            part = local
            reference = attributes.get("href", "")
            if reference.startswith("#"):
                self._references[reference[1:]] = local
            elif attributes.get(_NIL) in {"true", "1"}:
                self._parts[local] = None
            else:
                self._parts[local] = ""
        elif len(self._path) == 3:
            self._id = attributes.get("id", "")
            part = self._references.get(self._id, "")
        if self._sink is not None and part == self._image_part and "href" not in attributes:
            if self._image_seen:
                raise BadPart(f"{part} is there twice")
            self._in_image = self._image_seen = True

    def _on_text(self, text: str) -> None:
        if self._in_image:
            self._small -= len(text)  # what the sink takes is bounded by the sink
            # "replace" makes of a foreign character one that is not base64 either
            self._to_sink(text.encode("ascii", "replace"))
        elif len(self._path) >= 3:
            self._text.append(text)

    def _on_end(self, _name: str) -> None:
        depth, local = len(self._path), self._path[-1]
        text = "".join(self._text)
        if self._in_image:
            self._in_image = False
            if self._sink is not None:
                self._sink.close()
        if self._path[1:3] == ["Body", "Fault"]:
            if depth > 3 and text.strip():
                self._fault.setdefault(local, text)
            elif depth == 3:
                self._fault.setdefault("faultstring", "")
        elif depth == 4 and self._path[1] == "Body":
            if self._parts.get(local) is not None:
                self._parts[local] = text
        elif depth == 3 and self._id:
            self._by_id[self._id] = text
        self._text.clear()
        self._path.pop()
        if not self._path:
            self._complete = True

    def _to_sink(self, text: bytes) -> None:
        if self._sink is not None:
            self._sink.write(text)


def read_answer(pieces: Iterable[bytes], reader: AnswerReader) -> Parts:
    """Read pieces up to the end of the envelope, and no further; return the parts.

    Stopping there makes an answer understandable whose Content-Length promises more.
    """
    for piece in pieces:
        reader.feed(piece)
        if reader.complete:
            break
    return reader.parts()


def _after_markup(data: bytes) -> int:
    """Where the tag or reference that ``data`` begins with ends; all of it, if it does not."""
    end = data.find(b";" if data[:1] == b"&" else b">")
    return end + 1 or len(data)


def _one_line(text: str) -> str:
    """Foreign text made fit for a message: one line, printable, short."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in line)[:200]
