"""What each fault does: a table of changes to answers, and a table of changes to replies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from faxd.simulator.faults import Fault, FaultKind, Strike
from faxd.simulator.reply import End, Reply
from faxd.simulator.soap import Answer, Markup, Part, render_fault
from faxd.simulator.streams import Base64, Clipped, Filler, InMemory, Patched, Stream

_PAGE = "<html><head><title>Proxy</title></head><body><h1>Please sign in</h1></body></html>"

_BOMB = (
    '<!DOCTYPE bomb [<!ENTITY e0 "boom">'
    + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    + "]>\n"
)

AnswerChange = Callable[[Answer, Strike], Answer]
PartChange = Callable[[Part, Strike], Part]


def _meant(answer: Answer, name: str, kind: str) -> str:
    """The part of that name if there is one, else the first of that type but `return`."""
    if name in [part.name for part in answer.parts]:
        return name
    names = [p.name for p in answer.parts if p.name != "return" and kind in ("", p.kind)]
    return names[0] if names else "return"


def _part(change: PartChange, kind: str = "") -> AnswerChange:
    """Change the first part of a type; without one, the part that the fault's value names."""

    def spoil(answer: Answer, strike: Strike) -> Answer:
        name = _meant(answer, "" if kind else strike.fault.text(), kind)
        parts = tuple(change(p, strike) if p.name == name else p for p in answer.parts)
        return replace(answer, parts=parts)

    return spoil


def _image(change: Callable[[Stream, Strike], Stream]) -> AnswerChange:
    """Change the bytes of the image; the base64 is made from what comes out."""

    def spoil(part: Part, strike: Strike) -> Part:
        assert isinstance(part.content, Stream)
        return replace(part, content=change(part.content, strike))

    return _part(spoil, "base64Binary")


def _base64(change: Callable[[Stream], Stream]) -> AnswerChange:
    """Change the characters of the base64."""

    def spoil(answer: Answer, strike: Strike) -> Answer:
        def encode(part: Part, _strike: Strike) -> Part:
            assert isinstance(part.content, Stream)
            text = change(Base64(part.content, answer.base64_lines))
            return replace(part, content=text, encoded=True)

        return _part(encode, "base64Binary")(answer, strike)

    return spoil


def _bad_character(text: Stream) -> Stream:
    middle = text.size // 2
    # Not on the CRLF behind each 76 characters: replacing white space would go unnoticed.
    return Patched(text, middle - 2 if middle % 78 >= 76 else middle, b"!")


def _damaged(image: Stream, strike: Strike) -> Stream:
    return Clipped(image, strike.fault.bytes_of(image.size))


def _varying(image: Stream, strike: Strike) -> Stream:
    """Let what is left of the image end with the number of the strike."""
    part = _damaged(image, strike)
    return Patched(part, max(part.size - 4, 0), strike.number.to_bytes(4, "big"))


def _date(part: Part, strike: Strike) -> Part:
    return replace(part, content=strike.fault.text("0000-00-00T00:00:00"))


def _stated(name: str) -> AnswerChange:
    """State another number in a part; without one in the fault, one more than the true one."""

    def spoil(answer: Answer, strike: Strike) -> Answer:
        def change(part: Part) -> Part:
            number = strike.fault.number(int(str(part.content)) + 1)
            return replace(part, content=str(number))

        parts = tuple(change(p) if p.name == name else p for p in answer.parts)
        return replace(answer, parts=parts)

    return spoil


def _return(code: int | None) -> AnswerChange:
    def spoil(answer: Answer, strike: Strike) -> Answer:
        stated = strike.fault.number(99) if code is None else code
        return replace(
            answer,
            parts=tuple(
                replace(p, content=str(stated)) if p.name == "return" else p for p in answer.parts
            ),
        )

    return spoil


def _missing(answer: Answer, strike: Strike) -> Answer:
    name = _meant(answer, strike.fault.text(), "")
    return replace(answer, parts=tuple(p for p in answer.parts if p.name != name))


def _only_return(answer: Answer, _strike: Strike) -> Answer:
    return replace(answer, parts=tuple(p for p in answer.parts if p.name == "return"))


def _nested(part: Part, strike: Strike) -> Part:
    depth = strike.fault.number(100_000)
    return replace(part, content=Markup("<x>" * depth + "</x>" * depth))


def _bomb(answer: Answer, strike: Strike) -> Answer:
    filled = _part(lambda part, _: replace(part, content=Markup("&e9;")), "string")
    return replace(filled(answer, strike), doctype=_BOMB)


ANSWERS: dict[FaultKind, AnswerChange] = {
    FaultKind.UNKNOWN_CODE: _return(None),
    FaultKind.FORCED_CODE: _return(None),
    FaultKind.KEEP_AFTER_DELETE: _return(0),
    FaultKind.BAD_BASE64: _base64(_bad_character),
    FaultKind.BAD_PADDING: _base64(lambda text: Clipped(text, text.size - 1)),
    FaultKind.DAMAGED_IMAGE: _image(_damaged),
    FaultKind.VARYING_IMAGE: _image(_varying),
    FaultKind.EMPTY_IMAGE: _image(lambda _image, _strike: InMemory(b"")),
    FaultKind.MISSING_PART: _missing,
    FaultKind.NIL_PART: _part(lambda part, _: replace(part, content=None)),
    FaultKind.ONLY_RETURN: _only_return,
    FaultKind.REVERSED_PARTS: lambda a, _: replace(a, parts=a.parts[::-1]),
    FaultKind.HREF: lambda a, _: replace(a, multiref=True),
    FaultKind.DATE: _part(_date, "dateTime"),
    FaultKind.DTD: _bomb,
    FaultKind.HUGE_PART: _part(
        lambda part, s: replace(part, content=Filler(s.fault.number(20_000_000)), encoded=True),
        "string",
    ),
    FaultKind.DEEP: _part(_nested, "string"),
    FaultKind.WRONG_FAX_ID: _stated("FaxId"),
    FaultKind.WRONG_PAGES: _stated("Pages"),
}


def _soap_fault(status: int) -> Callable[[Reply, Fault], Reply]:
    return lambda _reply, fault: Reply(
        status=status, body=render_fault("Server", fault.text("Access violation"))
    )


def _html(_reply: Reply, fault: Fault) -> Reply:
    return Reply(content_type="text/html", body=InMemory(fault.text(_PAGE).encode()))


def _redirect(_reply: Reply, fault: Fault) -> Reply:
    address = fault.text("http://127.0.0.1:9/elsewhere")
    return Reply(status=302, content_type="text/html", headers=(("Location", address),))


def _length(sign: int) -> Callable[[Reply, Fault], Reply]:
    def change(reply: Reply, fault: Fault) -> Reply:
        stated = max(reply.body.size + sign * fault.number(100), 0)
        return replace(reply, stated_length=stated, end=End.CLOSE)

    return change


def _stopped(end: End) -> Callable[[Reply, Fault], Reply]:
    return lambda r, fault: replace(r, stop_after=fault.bytes_of(r.body.size), end=end)


def _hang(_reply: Reply, fault: Fault) -> Reply:
    return Reply(hold=float(fault.value or 0), silent=True, end=End.CLOSE)


def _silent(reply: Reply, _fault: Fault) -> Reply:
    return replace(reply, silent=True, end=End.RESET)


REPLIES: dict[FaultKind, Callable[[Reply, Fault], Reply]] = {
    FaultKind.RESET_BEFORE: _silent,
    FaultKind.HTTP_500: lambda _reply, _fault: Reply(status=500),
    FaultKind.HTTP_503: lambda _reply, _fault: Reply(status=503),
    FaultKind.WSDL_503: lambda _reply, _fault: Reply(status=503),
    FaultKind.SOAP_FAULT: _soap_fault(500),
    FaultKind.SOAP_FAULT_200: _soap_fault(200),
    FaultKind.HTML: _html,
    FaultKind.WSDL_HTML: _html,
    FaultKind.REDIRECT: _redirect,
    FaultKind.HANG: _hang,
    FaultKind.LOST: _silent,
    FaultKind.CUT: _stopped(End.CLOSE),
    FaultKind.RESET_MIDDLE: _stopped(End.RESET),
    FaultKind.DRIP: lambda r, f: replace(r, rate=max(f.number(1000), 1)),
    FaultKind.DRIP_HEADERS: lambda r, f: replace(r, rate=max(f.number(1000), 1), slow_header=True),
    FaultKind.WRONG_TYPE: lambda r, f: replace(r, content_type=f.text("application/octet-stream")),
    FaultKind.LENGTH_TOO_LONG: _length(+1),
    FaultKind.LENGTH_TOO_SHORT: _length(-1),
    FaultKind.CHUNKED: lambda r, _: replace(r, chunked=True),
    FaultKind.GZIP: lambda r, _: replace(r, gzip=True),
}


def spoil_answer(answer: Answer, strike: Strike | None) -> Answer:
    """What a fault makes of an answer; kinds that concern the reply leave it as it is."""
    change = ANSWERS.get(strike.fault.kind) if strike else None
    return change(answer, strike) if strike and change else answer


def spoil_reply(reply: Reply, strike: Strike | None) -> Reply:
    """What a fault makes of a reply; kinds that concern the answer leave it as it is."""
    change = REPLIES.get(strike.fault.kind) if strike else None
    return change(reply, strike.fault) if strike and change else reply
