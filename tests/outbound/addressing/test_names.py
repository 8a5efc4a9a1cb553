"""The grammar of names: addresses, references, times, and the rest."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxd.job import Kind
from faxd.outbound.addressing import Refused, title_of
from faxd.outbound.addressing.mail import mail_address
from faxd.outbound.addressing.names import (
    MAX_REFERENCE,
    label_of,
    read_addresses,
    read_name,
    reference,
)
from tests.outbound.addressing.support import NUMBERS


@pytest.mark.parametrize(
    ("kind", "title", "addresses", "label"),
    [
        (Kind.FAX, "+49 40 123456 Rechnung 4711", ["+4940123456"], "Rechnung 4711"),
        (Kind.FAX, "040-123456_Rechnung", ["+4940123456"], "Rechnung"),
        (Kind.FAX, "+4940123456[RE-4711] Rechnung", ["+4940123456[RE-4711]"], "Rechnung"),
        (Kind.FAX, "040 123456", ["+4940123456"], ""),
        (
            Kind.FAX,
            "040 123456, 089 123456[B 2],+43 1 234567 An alle",
            ["+4940123456", "+4989123456[B 2]", "+431234567"],
            "An alle",
        ),
        (Kind.FAX, "040 123456; 089 123456", ["+4940123456", "+4989123456"], ""),
        (Kind.FAX, "040 123456, 040/123456 doppelt", ["+4940123456"], "doppelt"),
        (Kind.FAX, "040 123456[A],040 123456[B]", ["+4940123456[A]", "+4940123456[B]"], ""),
        (Kind.FAX, "040 123456, Rechnung", ["+4940123456"], "Rechnung"),
        (Kind.FAX, "040 123456[] Rechnung", ["+4940123456"], "Rechnung"),
        (Kind.FAX, "040 123456 [Entwurf] Rechnung", ["+4940123456"], "[Entwurf] Rechnung"),
        (Kind.FAX, "@0800 040 123456 Rechnung", ["+4940123456"], "Rechnung"),
        (Kind.FAX, "040 123456 @0800 22 Seiten", ["+4940123456"], "22 Seiten"),
        (Kind.FAX, "Rechnung 040 123456", [], "Rechnung 040 123456"),
        (Kind.FAX, "Bericht@Home", [], "Bericht@Home"),
        (Kind.SMS, "0171 1234567 Termin", ["+491711234567"], "Termin"),
        (Kind.EMAIL, "meier@example.org Rechnung", ["meier@example.org"], "Rechnung"),
        (Kind.EMAIL, "Meier@Example.ORG", ["Meier@example.org"], ""),
        (Kind.EMAIL, "a_b@example.org_Rechnung", ["a_b@example.org"], "Rechnung"),
        (Kind.EMAIL, "a@example.org[1], b@example.org", ["a@example.org[1]", "b@example.org"], ""),
        (Kind.EMAIL, "+49 40 123456 Rechnung", [], "+49 40 123456 Rechnung"),
        (Kind.QSIGN, "meier@example.org[4711]", ["meier@example.org[4711]"], ""),
        (Kind.LETTER, "+49 40 123456 Rechnung", [], "+49 40 123456 Rechnung"),
    ],
)
def test_whom_a_name_begins_with(kind: Kind, title: str, addresses: list[str], label: str) -> None:
    """Addresses, each with its reference; what follows is for people."""
    found = read_name(title, kind, NUMBERS)
    written = [
        one.address + (f"[{one.reference}]" if one.reference else "") for one in found.recipients
    ]
    assert (written, found.label) == (addresses, label)


@pytest.mark.parametrize(
    ("kind", "title", "says"),
    [
        (Kind.FAX, "040 123456[RE-4711 Rechnung", "closing bracket"),
        (Kind.FAX, "040 123456[a,b]", "reference"),
        (Kind.FAX, f"040 123456[{'x' * 65}]", "64"),
        (Kind.FAX, "040 123456, 654321 Rechnung", "not a whole address"),
        (Kind.FAX, "040 123456, 2. Mahnung", "not a whole address"),
        (Kind.FAX, "040 123456 4711 0815 4711 Rechnung", "too long"),
        (Kind.FAX, "meier@example.org Rechnung", 'folder "email"'),
        (Kind.FAX, "040 123456, meier@example.org", 'folder "email"'),
        (Kind.SMS, "meier@example.org Rechnung", 'folder "email"'),
        (Kind.SMS, "040 123456 Termin", "mobile"),
        (Kind.EMAIL, "müller@example.org Rechnung", "umlauts"),
        (Kind.EMAIL, "meier@example Rechnung", "not an e-mail address"),
        (Kind.EMAIL, "a@example.org, b@example Rechnung", "not an e-mail address"),
        (Kind.FAX, "040 123456 @2500 Rechnung", "not a time"),
        (Kind.FAX, "x" * 65536, "too long"),
    ],
)
def test_what_is_wrong_in_a_name(kind: Kind, title: str, says: str) -> None:
    """No recipient is passed over in silence."""
    with pytest.raises(Refused, match=says):
        read_name(title, kind, NUMBERS)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("+4940123456", 1),
        ("+49 40 123456 [RE-1]", 1),
        ("+4940123456[RE-1],+4989123456", 2),
        ("+4940123456,", 1),
    ],
)
def test_a_text_of_addresses(text: str, count: int) -> None:
    """As job files have it."""
    assert len(read_addresses(text, Kind.FAX, NUMBERS)) == count


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a telephone number"),
        ("40123456", "area code"),
        ("+4940123456 Praxis", "belongs to no recipient"),
        ("040123456abc", "not a telephone number"),
        ("meier@example.org", "e-mail"),
        ("+49 40 123456," * 1000, "belongs to no recipient"),
    ],
)
def test_a_text_that_is_more_than_addresses(text: str, says: str) -> None:
    """Programs write nothing by accident: what is not understood is refused."""
    with pytest.raises(Refused, match=says):
        read_addresses(text, Kind.FAX, NUMBERS)


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("Befund.pdf", "Befund"),
        ("Befund.PDF", "Befund"),
        ("Befund.pdf.toml", "Befund"),
        ("Befund.PDF.tif", "Befund"),
        ("meier@example.org", "meier@example.org"),
        ("meier@example.org.pdf", "meier@example.org"),
        ("040.123456.pdf", "040.123456"),
        ("Mu\u0308ller.pdf", "Müller"),
        (".pdf", ".pdf"),
        ("", ""),
    ],
)
def test_titles(file: str, title: str) -> None:
    """What people call a document."""
    assert title_of(file) == title


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("Mustermann @2026-12-24 0800 Rechnung", "Mustermann Rechnung"),
        ("Meier, Max [4711]", "Meier Max 4711"),
        ("@0800", ""),
        ("x" * 100, "x" * 60),
    ],
)
def test_labels_of_letters(title: str, label: str) -> None:
    """No time, no comma, no brackets; sixty characters."""
    assert label_of(title) == label


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org",
        "first.last+tag@sub.example.co",
        "x" * 64 + "@example.org",
        "a@xn--mller-kva.xn--p1ai",
    ],
)
def test_mail_addresses(address: str) -> None:
    """What goes."""
    assert mail_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "@", "a@", "@example.org", "a@b", "a b@example.org", "a@@example.org"),
        *("a@example..org", "a@-example.org", "a.@example.org", ".a@example.org", "a@1.2.3.4"),
        *("a@example.org\n", "a,b@example.org", "a@exämple.org", "x" * 65 + "@example.org"),
        *("a@" + "x" * 64 + ".org", "a@" + "x." * 200 + "org", "a[1]@example.org"),
        *("<a@example.org>", "a\0@example.org"),
    ],
)  # fmt: skip
def test_no_mail_addresses(address: str) -> None:
    """What does not."""
    with pytest.raises(Refused, match="not an e-mail address"):
        mail_address(address)


hostile = st.one_of(
    st.text(max_size=80),
    st.text("+049123 ,;[]@_.-()Ae\u202e\0\u0308\ud800", max_size=60),
    st.from_regex(r"(\+4940[0-9]{6}(\[[A-Z,]{0,9}\]?)?,? ?){1,4}[a-z]*", fullmatch=True),
    st.from_regex(r"([a-z]{1,5}@[a-z]{1,5}\.org(\[x\])?,? ?){1,4}[a-z]*", fullmatch=True),
)


@given(hostile, st.sampled_from(Kind))
@example("[" * 1000, Kind.FAX)
@example("040 123456," * 90, Kind.FAX)
@example("\u0301\u0323" * 500, Kind.FAX)
@example("a@" * 500, Kind.EMAIL)
@example("@2026-12-24 " * 80, Kind.FAX)
@example("+" + "(" * 999, Kind.FAX)
@example("\0" * 1000, Kind.SMS)
def test_whatever_a_name_is(title: str, kind: Kind) -> None:
    """It is read or refused; addresses are canonical, and labels can be shown."""
    for read in (read_name, read_addresses):
        try:
            found = read(title, kind, NUMBERS)
        except Refused as refused:
            assert len(refused.words.de) < 700
            continue
        recipients = found if isinstance(found, tuple) else found.recipients
        for one in recipients:
            pattern = r"[^@\s,\[\]]+@[^@\s,\[\]A-Z]+" if kind.by_mail else r"\+[0-9]{6,15}"
            assert kind.is_letter or re.fullmatch(pattern, one.address)
            assert len(one.reference) <= MAX_REFERENCE
            assert reference(one.reference) == one.reference


@given(st.text())
def test_labels_have_nothing_that_ends_them(title: str) -> None:
    """A letter's Recipient is one, and can be written as UTF-8."""
    try:
        label = label_of(title_of(title))
    except Refused:
        return
    assert not set(label) & set(",[];") and len(label) <= 60
    label.encode()
