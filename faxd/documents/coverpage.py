"""A cover page, from a text that a secretary can write.

Why a text and not a PDF with form fields: every office has an editor for it, nothing in it can
break, and what does not change, such as the logo, is on the letterhead under it. An example::

    # Telefax

    An:      {name}
    Fax:     {recipient}
    Datum:   {date}
    Seiten:  {pages}
    ---
    Betreff: {subject}

    Sehr geehrte Damen und Herren,
    anbei die angekündigten Unterlagen.

Lines that begin with ``#`` are headings, ``---`` is a rule, ``word: text`` stands in two columns,
everything else is a paragraph as it is written. A line of two columns whose fields are all empty
is left out.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

#: what may stand in braces
FIELDS = (
    "recipient", "name", "date", "time", "pages", "subject", "reference", "sender", "text",
)  # fmt: skip
MAX_TEMPLATE = 10_000
_MAX_FIELD = 2000

_PAIR = re.compile(r"(?P<label>[^\s:{}][^:{}]{0,39}):[ \t]+(?P<value>\S.*)")
_RULE = re.compile(r"-{3,}|_{3,}|={3,}")
_HEADING = re.compile(r"(?P<level>#{1,2})\s*(?P<text>.*)")


@dataclass(frozen=True)
class Line:
    """One line of a cover page."""

    kind: Literal["heading", "subheading", "pair", "rule", "text", "blank"]
    text: str = ""
    #: of a pair
    label: str = ""


def check_template(template: str) -> None:
    """Refuse a template that could not make a cover page.

    Raises:
        ValueError: what is wrong, where, and what is allowed.
    """
    if len(template) > MAX_TEMPLATE:
        raise ValueError(f"the template has more than {MAX_TEMPLATE} characters")
    if not template.strip():
        raise ValueError("the template is empty")
    for number, line in enumerate(template.splitlines(), start=1):
        try:
            pieces = list(string.Formatter().parse(line))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}; a brace itself is written twice") from None
        for _, field, spec, conversion in pieces:
            if field is not None and (field not in FIELDS or spec or conversion):
                allowed = ", ".join(f"{{{name}}}" for name in FIELDS)
                raise ValueError(
                    f"line {number}: {{{field}}} is no field of a cover page; allowed are {allowed}"
                )


def filled(template: str, fields: Mapping[str, str]) -> Iterator[Line]:
    """The lines of a template with its fields filled in; those that are not given are empty.

    Raises:
        ValueError: as `check_template`.
    """
    check_template(template)
    for line in template.splitlines():
        line = line.rstrip()
        if not line:
            yield Line("blank")
        elif _RULE.fullmatch(line):
            yield Line("rule")
        elif heading := _HEADING.fullmatch(line):
            kind: Literal["heading", "subheading"] = (
                "heading" if len(heading["level"]) == 1 else "subheading"
            )
            yield Line(kind, _fill(heading["text"], fields))
        elif pair := _PAIR.fullmatch(line):
            text = _fill(pair["value"], fields)
            if text.strip() or not _names(pair["value"]):
                yield Line("pair", text, label=pair["label"])
        else:
            text = _fill(line, fields)
            if text.strip() or not _names(line):
                for piece in text.split("\n"):
                    yield Line("text" if piece.strip() else "blank", piece)


def _names(line: str) -> list[str]:
    return [field for _, field, _, _ in string.Formatter().parse(line) if field is not None]


def _fill(line: str, fields: Mapping[str, str]) -> str:
    filled = ""
    for literal, field, _, _ in string.Formatter().parse(line):
        filled += literal
        if field is not None:
            filled += fields.get(field, "")[:_MAX_FIELD].replace("\r\n", "\n")
    return filled


def cover_page(template: str, fields: Mapping[str, str], target: str) -> None:
    """Write a cover page of one sheet of A4; what is longer is cut at its foot.

    Raises:
        ValueError: as `check_template`.
    """
    # Only here: settings check a template in the daemon.
    from faxd.documents.coversheet import Sheet

    sheet = Sheet(target)
    for line in filled(template, fields):
        sheet.add(line)
    sheet.save()
