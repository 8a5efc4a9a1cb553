"""The phone book: how it is read, and whom a name means."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxd.job import Kind
from faxd.outbound.addressing import PhoneBook, Refused
from faxd.outbound.addressing.phonebook import Doubt, Entry
from tests.outbound.addressing.support import NUMBERS

TEXT = """Name;Nummer;Art;Optionen
Praxis Dr. Müller;040 123456;;
Praxis Dr. Schulz;040 223456;fax;station_id=Praxis;retries=2
Labor;089 123456
Labor Nord;089 223456
Labor Nord GmbH & Co;089 323456
Doppelt;040 323456
DOPPELT;040 423456
Handy;0171 1234567;sms;flash
Rechnungen;buchhaltung@example.org;qsign
Post;post@example.org
"""
BOOK = PhoneBook.read(TEXT.encode(), NUMBERS)


def found(name: str, kind: Kind | None = None) -> str | None:
    """The address that a name means; "?" and the candidates if it is doubtful."""
    entry = BOOK.look_up(name, kind)
    if isinstance(entry, Doubt):
        return "?" + ",".join(one.name for one in entry.candidates)
    return entry and entry.address


def test_a_phone_book_without_problems() -> None:
    """Everything in it is read."""
    assert BOOK.problems == ()
    entry = BOOK.look_up("Praxis Dr. Schulz", None)
    assert isinstance(entry, Entry)
    assert (entry.kind, dict(entry.options)) == (Kind.FAX, {"station_id": "Praxis", "retries": 2})
    assert [entry.kind for entry in BOOK.entries[-3:]] == [Kind.SMS, Kind.QSIGN, Kind.EMAIL]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("cp1252"),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode("utf-16"),
        TEXT.replace("Name;Nummer;Art;Optionen\n", "").encode(),
        TEXT.replace("station_id=Praxis;retries=2", '"station_id=Praxis;retries=2"')
        .replace(";retries", "~").replace(";", ",").replace("~", ";retries").encode(),
    ],
)  # fmt: skip
def test_spellings_of_a_phone_book(content: bytes) -> None:
    """The same entries, however they are written."""
    book = PhoneBook.read(content, NUMBERS)
    assert book.problems == () and book.entries == BOOK.entries


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Praxis Dr. Müller", "+4940123456"),
        ("praxis dr mueller Befund 4711", "+4940123456"),
        ("PRAXIS_DR._MÜLLER_Befund", "+4940123456"),
        ("Praxis-Dr-Mu\u0308ller-Befund", "+4940123456"),
        ("Praxis Dr. Müllers Befund", "?Praxis Dr. Müller,Praxis Dr. Schulz"),
        ("Praxis Befund", "?Praxis Dr. Müller,Praxis Dr. Schulz"),
        ("Labor", "+4989123456"),
        ("Labor Befund", "+4989123456"),
        ("Labor Nord Befund", "+4989223456"),
        ("Labor Nord GmbH & Co. KG", "+4989323456"),
        ("Labor Nord GmbH", "?Labor Nord GmbH & Co"),
        ("Laborbefund", None),
        ("Doppelt", "?Doppelt,DOPPELT"),
        ("Befund Labor", None),
        ("", None),
        ("...", None),
    ],
)
def test_whom_a_name_means(name: str, address: str | None) -> None:
    """Whole words, the longest name; what is doubtful is left to people."""
    assert found(name) == address


def test_the_kind_chooses() -> None:
    """Among those that a job of that kind can reach."""
    book = PhoneBook.read(b"Meier,040 123456\nMeier,meier@example.org\n", NUMBERS)
    assert isinstance(book.look_up("Meier", None), Doubt)
    for kind, address in ((Kind.FAX, "+4940123456"), (Kind.EMAIL, "meier@example.org")):
        entry = book.look_up("Meier", kind)
        assert isinstance(entry, Entry) and entry.address == address
    book = PhoneBook.read(b"Meier,0171 1234567,sms\nMeier,040 123456,fax\n", NUMBERS)
    entry = book.look_up("Meier", Kind.SMS)
    assert isinstance(entry, Entry) and entry.address == "+491711234567"


def test_the_same_line_twice_is_no_doubt() -> None:
    """Both mean the same."""
    book = PhoneBook.read(b"Meier,040 123456\nMEIER,040/123456\n", NUMBERS)
    assert isinstance(book.look_up("Meier", None), Entry)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Meier;", "not a telephone number"),
        ("Meier", "not a telephone number"),
        (";040 123456", "name is missing"),
        ("Meier;0900 123456", "costs extra"),
        ("Meier;40123456", "area code"),
        ("Meier;040 123456;sms", "mobile"),
        ("Meier;040 123456;letter", "letters need no number"),
        ("Meier;040 123456;Brief", "cannot be here"),
        ("Meier;040 123456;email", "not an e-mail address"),
        ("Meier;040 123456;;retrys=2", 'Did you mean "retries"'),
        ("Meier;040 123456;;retries=viele", "number"),
        ("Meier;040 123456;;station_id", "20 letters"),
    ],
)
def test_bad_lines(line: str, says: str) -> None:
    """They are named with their number, and the others count."""
    book = PhoneBook.read(f"Labor;089 123456\n{line}\nPost;040 223456".encode(), NUMBERS)
    (problem,) = book.problems
    assert says in problem.en and "line 2:" in problem.en and "Zeile 2:" in problem.de
    for name in ("Labor", "Post"):
        entry = book.look_up(name, None)
        assert isinstance(entry, Entry) and entry.address


@given(st.binary(max_size=200) | st.text('Meier;,"\n+0491=aä.@', max_size=200).map(str.encode))
@example(b'"' * 65536)
@example(b"," * 1_000_000)
@example(b"\xd8" * 100_000)
def test_whatever_a_phone_book_is(content: bytes) -> None:
    """It is read, and each of its names means itself or is doubtful."""
    book = PhoneBook.read(content, NUMBERS)
    for entry in book.entries:
        assert book.look_up(entry.name, None) is not None


@given(st.text())
@example("Labor " * 10_000)
@example("\u0301\u0323" * 499)
def test_whatever_is_looked_up(name: str) -> None:
    """There is an answer."""
    try:
        BOOK.look_up(name, None)
    except Refused:
        return
