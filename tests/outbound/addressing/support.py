"""What the tests of addressing share: one office, one moment, and documents that are some."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from faxd.outbound.addressing import Drop, NumberRules, PhoneBook, Plan, Refused, Rules, decide

BERLIN = ZoneInfo("Europe/Berlin")
#: a Tuesday in summer, 12:00 in Berlin
NOW = datetime(2026, 7, 14, 10, 0, tzinfo=UTC)
RULES = Rules(zone=BERLIN)
NUMBERS = NumberRules()
PDF = b"%PDF-1.4\n"
NOBODY = PhoneBook()


def ask(
    document: str | None, *, rules: Rules = RULES, book: PhoneBook = NOBODY, **fields: Any
) -> Plan:
    """What is decided of a drop; documents and others are PDFs unless ``heads`` says otherwise."""
    names = (document, *fields.get("others", ()))
    heads = {name: PDF for name in names if name is not None and not name.lower().endswith(".txt")}
    fields["heads"] = heads | fields.get("heads", {})
    return decide(Drop(document=document, **fields), rules, book, NOW)


def refusal(*args: Any, **fields: Any) -> Refused:
    """How it is refused; its words are in both languages."""
    with pytest.raises(Refused) as caught:
        ask(*args, **fields)
    words = caught.value.words
    assert words.de.strip() and words.en.strip() and words.de != words.en
    assert words.de.isprintable() or "\n" in words.de
    return caught.value


def to(plan: Plan) -> list[tuple[str, str]]:
    """Addresses and references."""
    return [(one.address, one.reference) for one in plan.recipients]
