"""A command's options, decided by the rules of a drop."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.job import Kind
from faxd.outbound.addressing import Plan, Refused, Rules
from faxd.outbound.order import Order, distinct_names, plan_of, text_file

NOW = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
PDF = b"%PDF-1.4\n"


def plan(order: Order, *names: str, content: bytes | None = None) -> Plan:
    heads = dict.fromkeys(names, content if content is not None else PDF)
    return plan_of(order, heads, content, Rules(), NOW)


def test_a_name_says_nothing_where_a_command_does() -> None:
    """No time, number or reference is read out of it."""
    found = plan(Order(to=("+4940123456",)), "+49 30 999999[x] @0800 Rechnung.pdf")
    assert [one.address for one in found.recipients] == ["+4940123456"]
    assert (found.at, found.title) == (None, "+49 30 999999[x] @0800 Rechnung")
    assert found.subject == found.title
    assert found.documents == ("+49 30 999999[x] @0800 Rechnung.pdf",)


@pytest.mark.parametrize(
    ("order", "addresses", "references"),
    [
        (Order(to=("040 123456[RE-1]",)), ["+4940123456"], ["RE-1"]),
        (Order(to=("040 123456, 030 1234567",)), ["+4940123456", "+49301234567"], ["", ""]),
        (
            Order(to=("040 123456[own]", "030 1234567"), reference="all"),
            ["+4940123456", "+49301234567"],
            ["own", "all"],
        ),
        (Order(kind=Kind.LETTER), ["Befund"], [""]),
        (Order(kind=Kind.LETTER, to=("Mustermann",), reference="1"), ["Mustermann"], ["1"]),
        (Order(kind=Kind.QSIGN, to=("name@example.org",)), ["name@example.org"], [""]),
    ],
)
def test_whom_it_goes_to(order: Order, addresses: list[str], references: list[str]) -> None:
    found = plan(order, "Befund.pdf").recipients
    assert [one.address for one in found] == addresses
    assert [one.reference for one in found] == references


def test_a_text_file_is_the_message() -> None:
    order = Order(kind=Kind.SMS, to=("0171 1234567",))
    found = plan(order, "Termin.txt", content="Grüße".encode())
    assert (found.text, found.documents, found.title) == ("Grüße", (), "Termin")
    assert text_file(order, {"Termin.txt": b"x"}) == "Termin.txt"
    assert text_file(Order(text="x"), {"Termin.txt": b"x"}) is None


@pytest.mark.parametrize(
    ("text", "title"),
    [("Guten Tag\nIhr Termin", "Guten Tag"), ("\n a/b:c", "a-b-c"), ("...", "sms")],
)
def test_a_text_is_called_by_its_beginning(text: str, title: str) -> None:
    assert plan(Order(kind=Kind.SMS, to=("0171 1234567",), text=text)).title == title


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (Order(to=("12",)), "12"),
        (Order(to=("+4940123456",), at="@noon"), "is not a time"),
        (Order(to=("+4940123456",), at="2500"), 'written as "2026-12-24 08:00" or "08:00"'),
        (Order(to=("+4940123456",), options=("retries=drei",)), "Allowed: a number from 0 to 99."),
        (Order(to=("+4940123456",), options=("flash=x",)), "Allowed: true or false."),
        (Order(kind=Kind.SMS, to=("040 123456",)), "(in job files and commands: kind fax)"),
        (Order(to=("+4940123456",), options=("retries",)), 'of "retries" cannot be used'),
        (Order(to=("+4940123456",), reference="[x]"), "square brackets"),
    ],
)
def test_refusals_do_not_speak_of_a_job_file(order: Order, said: str) -> None:
    with pytest.raises(Refused) as refused:
        plan(order, "Befund.pdf")
    words = refused.value.words
    assert said in words.en
    assert not words.en.startswith("In the job file")
    assert not words.de.startswith("In der Auftragsdatei")


@given(st.lists(st.text(min_size=1), max_size=4))
def test_names_lie_side_by_side(names: list[str]) -> None:
    found = distinct_names(names)
    assert len({name.casefold() for name in found}) == len(names)
    assert all("/" not in name and 0 < len(name.encode()) <= 255 for name in found)


@given(st.lists(st.text(), max_size=2), st.text() | st.none(), st.text() | st.none())
def test_whatever_is_typed_is_a_plan_or_refused_in_words(
    to: list[str], text: str | None, at: str | None
) -> None:
    try:
        plan(Order(to=tuple(to), text=text, at=at), "Befund.pdf")
    except Refused as refused:
        assert refused.words.de
        assert refused.words.en
