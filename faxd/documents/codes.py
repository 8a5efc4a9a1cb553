"""The grammar of codes in a document's text: whom it goes to, and when. Pure.

Whoever prints into the outbox cannot choose a name, and writes into the letter instead::

    @@FAX 040 123456[RE-4711], 089 123456@@   @@SMS 0171 1234567@@
    @@MAIL meier@example.org@@                @@AT 2026-12-24 0800@@

or, where the settings allow it, what was written for another fax server: data fields of ActiveFax
(ActFax User's Manual, chapter "Data Fields"), ``::`` lines of GFI FaxMaker (its manual, "Creating
TextAPIs"), or what matches the administrator's own pattern.

Text from a PDF has blanks, line ends and invisible characters in odd places: it is squashed
before anything is looked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

#: name, subject: what ActiveFax and FaxMaker say besides. other: theirs, and of no use here, but
#: nobody's business who gets the fax. broken: begins like a code and does not end.
Kind = Literal["fax", "sms", "mail", "at", "name", "subject", "other", "broken"]

#: more on one page is no letter
MAX_CODES = 50
_MAX_BODY = 400
#: how far down "a first line" may be: below a letterhead
_FIRST_LINES = 8

_WORDS: dict[str, Kind] = {
    "FAX": "fax", "SMS": "sms", "MAIL": "mail", "EMAIL": "mail", "AT": "at",
}  # fmt: skip
_WORD = r"F\s?A\s?X|S\s?M\s?S|(?:E\s?-?\s?)?M\s?A\s?I\s?L|A\s?T"
_OPEN = re.compile(rf"@\s?@\s?(?P<word>{_WORD})(?=[\s:+(\[0-9@])", re.IGNORECASE)
#: what ends one code and begins the next one: the first was never closed
_REOPEN = re.compile(rf"@\s?@(?:{_WORD})(?=[\s:+(\[0-9])", re.IGNORECASE)
_BODY = re.compile(rf"\s?:?\s?(?P<body>(?:[^@]|@(?!\s?@)){{0,{_MAX_BODY}}})(?P<close>@\s?@)")

_FIELDS: dict[str, Kind] = {"211": "fax", "212": "mail", "201": "name", "307": "subject"}
#: the fields that hold an e-mail address need no backslash before its @ (section 5.2.1)
_ACTIVEFAX = re.compile(
    r"@\s?F\s?(?:"
    rf"(?P<mail>111|212|607)\s?(?P<address>[^@\s]{{1,64}}@[^@]{{1,{_MAX_BODY}}})"
    rf"|(?P<field>[0-9]{{3}})\s?(?P<body>(?:\\@|[^@]){{0,{_MAX_BODY}}}))@"
)

_LINE = re.compile(r"\s?:\s?:(?P<body>[^\n]{1,1000})")
_NUMBER = re.compile(r"\+?[0-9(][0-9 ()/.-]{2,40}")
_OPTION = re.compile(r"(?P<key>[A-Za-z]{1,20})\s?=\s?(?P<value>.*)")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}")
_DAY_AND_CLOCK = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}):([0-9]{2}:[0-9]{2}):[0-9]{2}")

_GROUPS: dict[str, Kind] = {
    "fax": "fax", "sms": "sms", "mail": "mail", "at": "at", "name": "name", "subject": "subject",
}  # fmt: skip
_MAX_PATTERN = 300


@dataclass(frozen=True, kw_only=True)
class Code:
    """What one code says, and where in the text it stands."""

    kind: Kind
    #: addresses with references in brackets, or a time, as a job file would have them
    text: str
    #: first character, and the one after the last
    start: int
    end: int


def find(
    text: str,
    *,
    activefax: bool = False,
    faxmaker: bool = False,
    own: re.Pattern[str] | None = None,
) -> tuple[Code, ...]:
    """The codes in a page's text, in their order; one more than `MAX_CODES` means too many.

    A line of FaxMaker that says several things is several codes at the same place.
    """
    squashed, places = _squash(text)
    found = list(_own_codes(squashed))
    if activefax:
        found += _fields(squashed)
    if faxmaker:
        found += _lines(squashed)
    if own is not None:
        found += _matches(squashed, own)
    found.sort(key=lambda code: code.start)
    kept: list[Code] = []
    for code in found[: MAX_CODES * 4]:
        last = kept[-1] if kept else None
        if last and code.start < last.end and (code.start, code.end) != (last.start, last.end):
            continue  # part of another one
        kept.append(code)
    return tuple(
        Code(
            kind=code.kind,
            text=unicodedata.normalize("NFC", code.text),
            start=places[code.start],
            end=places[code.end - 1] + 1,
        )
        for code in kept[: MAX_CODES + 1]
    )


def own_pattern(source: str) -> re.Pattern[str]:
    """The administrator's pattern, ready for use.

    It is matched against squashed text: every run of blanks is one, dashes are hyphens. What its
    groups ``fax``, ``sms``, ``mail``, ``at``, ``name`` and ``subject`` match is what the code
    says, ``reference`` goes with the address; without such names the first group is a fax number.

    Raises:
        ValueError: what is wrong with it and what is allowed.
    """
    if len(source) > _MAX_PATTERN:
        raise ValueError(f"the pattern has more than {_MAX_PATTERN} characters")
    try:
        pattern = re.compile(source)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{source!r} is no regular expression: {error}") from None
    if not pattern.groups:
        raise ValueError(f"{source!r} needs a group in round brackets around the fax number")
    unknown = set(pattern.groupindex) - set(_GROUPS) - {"reference"}
    if unknown:
        allowed = ", ".join([*_GROUPS, "reference"])
        raise ValueError(f"{source!r}: no group is called {min(unknown)}; allowed are {allowed}")
    if pattern.match(""):
        raise ValueError(f"{source!r} matches where nothing is written")
    if _may_explode(source):
        # No proof of the contrary: the workshop's clock holds for the rest.
        raise ValueError(
            f"{source!r} repeats what is itself repeated, or refers back to a group, and could"
            " take for ever; write [0-9 ]+ instead of ([0-9]+ ?)+"
        )
    return pattern


def _squash(text: str) -> tuple[str, list[int]]:
    """The text in one kind of blank, line end and hyphen; and where each character stood."""
    chars: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for one in unicodedata.normalize("NFKC", char):
            category = unicodedata.category(one)
            if one in "\r\n\v\f" or category in {"Zl", "Zp"}:
                one = "\n"
            elif one == "\t" or category == "Zs":
                one = " "
            elif category == "Pd":
                one = "-"
            elif category.startswith("C"):
                continue
            if one in " \n" and chars and chars[-1] in " \n":
                chars[-1] = "\n" if one == "\n" else chars[-1]
                continue
            chars.append(one)
            places.append(place)
    return "".join(chars), places


def _own_codes(text: str) -> Iterator[Code]:
    at = 0
    while opened := _OPEN.search(text, at):
        body = _BODY.match(text, opened.end())
        if body is None or _REOPEN.match(text, body.start("close")):
            at = body.start("close") if body else opened.end()
            said = " ".join(text[opened.start() : opened.end() + 30].split())
            yield Code(kind="broken", text=said, start=opened.start(), end=opened.end())
            continue
        at = body.end()
        kind = _WORDS[re.sub(r"[\s-]", "", opened["word"]).upper()]
        yield Code(kind=kind, text=_said(kind, body["body"]), start=opened.start(), end=at)


def _fields(text: str) -> Iterator[Code]:
    for found in _ACTIVEFAX.finditer(text):
        number = found["mail"] or found["field"]
        body = (found["address"] or found["body"] or "").replace("\\@", "@")
        kind = _FIELDS.get(number, "other")
        said = _said(kind, body) if kind != "other" else f"@F{number} {' '.join(body.split())}@"
        yield Code(kind=kind, text=said, start=found.start(), end=found.end())


def _lines(text: str) -> Iterator[Code]:
    at, seen = 0, 0
    for line in text.split("\n"):
        begin, at = at, at + len(line) + 1
        if not line.strip():
            continue
        seen += 1
        if seen > _FIRST_LINES:
            return
        found = _LINE.match(line)
        if found is None:
            continue
        end = begin + len(line.rstrip())
        begin += len(line) - len(line.lstrip())
        for kind, said in _of_line(found["body"]):
            yield Code(kind=kind, text=said, start=begin, end=end)


def _of_line(body: str) -> Iterator[tuple[Kind, str]]:
    """``first name, company, last name, department, e-mail, fax number``, or options."""
    cells = [cell.strip() for cell in body.split(",")]
    numbers = [cell for cell in cells if _NUMBER.fullmatch(cell)]
    if numbers:
        yield "fax", ", ".join(numbers)
        if len(cells) == 6 and (name := f"{cells[0]} {cells[2]}".strip() or cells[1]):
            yield "name", name
        return
    for cell in cells:
        option = _OPTION.fullmatch(cell)
        if _CLOCK.fullmatch(cell):
            yield "at", cell
        elif moment := _DAY_AND_CLOCK.fullmatch(cell):
            yield "at", f"{moment[1]} {moment[2]}"
        elif option:
            is_subject = option["key"].casefold() in {"s", "subject"}
            yield ("subject", option["value"]) if is_subject else ("other", f"::{cell}")


def _matches(text: str, pattern: re.Pattern[str]) -> Iterator[Code]:
    for count, found in enumerate(pattern.finditer(text)):
        if count > MAX_CODES:
            return
        groups = found.groupdict()
        reference = groups.pop("reference", None)
        said = {_GROUPS[name]: value for name, value in groups.items() if value is not None}
        if not pattern.groupindex:
            said = {"fax": found[1] or ""}
        for kind, value in said.items():
            addressed = reference is not None and kind in {"fax", "sms", "mail"}
            value = _said(kind, f"{value}[{reference}]" if addressed else value)
            if found.end() > found.start():
                yield Code(kind=kind, text=value, start=found.start(), end=found.end())


def _said(kind: Kind, body: str) -> str:
    """A body as a job file would have it: on one line; addresses of e-mail without blanks."""
    body = " ".join(body.split())
    if kind != "mail":
        return body
    pieces = re.split(r"(\[[^\]]*\])", body)
    return "".join(piece if piece.startswith("[") else piece.replace(" ", "") for piece in pieces)


def _may_explode(source: str) -> bool:
    """Whether a group with an endless repetition in it is itself repeated, or is referred to."""
    source = re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "x", source)
    if re.search(r"\\[1-9]|\(\?P=", source):
        return True
    source = re.sub(r"\\.", "x", source, flags=re.DOTALL)
    endless = [False]
    for place, char in enumerate(source):
        repeats = re.match(r"[*+]|\{[0-9]*,[0-9]*\}", source[place:])
        if char == "(":
            endless.append(False)
        elif char == ")" and len(endless) > 1:
            inner = endless.pop()
            if inner and re.match(r"[*+{]", source[place + 1 :]):
                return True
            endless[-1] |= inner
        elif repeats:
            endless[-1] = True
    return False
