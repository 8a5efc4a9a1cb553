"""Lists of recipients: as Excel and others write them, and as they go on the wire."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxd.job import Kind, Recipient
from faxd.outbound.addressing import Refused, render, render_list
from faxd.outbound.addressing.lists import read_list
from faxd.simulator import recipients as simulator
from tests.outbound.addressing.support import NUMBERS

TWO = [("+4940123456", "RE-1"), ("+4989123456", "")]


def read(content: bytes, kind: Kind = Kind.FAX) -> list[tuple[str, str]]:
    """Addresses and references of a list."""
    return [(one.address, one.reference) for one in read_list("x.csv", content, kind, NUMBERS)]


@pytest.mark.parametrize(
    "content",
    [
        b"+4940123456,RE-1\n+4989123456\n",
        b"040 123456;RE-1\r\n089 123456;\r\n",
        b"040 123456\tRE-1\r089 123456",
        b"\xef\xbb\xbf040 123456;RE-1\n089 123456\n",
        "Empfänger;Referenz\n040 123456;RE-1\n\n089 123456;;;\n".encode("cp1252"),
        "sep=;\nFax-Nr.;Zeichen\n040 123456;RE-1\n089 123456".encode("utf-16"),
        b'"040 123456","RE-1"\n"089 123456",""\n',
        b"040/123456 , RE-1\n040-123456, RE-1\n089 123456\n040 123456,RE-1\n",  # once each
    ],
)
def test_spellings_of_a_list(content: bytes) -> None:
    """Comma, semicolon, tab; LF, CRLF, CR; marks, Windows-1252, UTF-16; with a heading."""
    assert read(content) == TWO


def test_references_are_read_as_they_are() -> None:
    """Umlauts, and separators in quotes that are not the wire's."""
    content = '040 123456;"Müller; München"\n'.encode("cp1252")
    assert read(content) == [("+4940123456", "Müller; München")]


def test_mail_and_sms() -> None:
    """Each kind has its own addresses."""
    assert read(b"A@Example.org,1\nb@example.org", Kind.EMAIL) == [
        ("A@example.org", "1"),
        ("b@example.org", ""),
    ]
    with pytest.raises(Refused, match="Line 1: "):
        read(b"040 123456", Kind.SMS)


def test_every_bad_line_is_named() -> None:
    """With its number as editors count, and why."""
    content = b"Nummer;Referenz\n040 123456;ok\n\nMeier;x\n40123456\n089 1;a;b\n089 123456;[x]\n"
    with pytest.raises(Refused) as caught:
        read(content)
    words = caught.value.words
    for text, line in ((words.de, "Zeile"), (words.en, "Line")):
        named = [one.split(":")[0] for one in text.split("\n") if one.startswith(line)]
        assert named == [f"{line} {number}" for number in (4, 5, 6, 7)]
    assert "zwei Spalten" in words.de and "Vorwahl" in words.de


def test_of_many_bad_lines_twenty_are_named() -> None:
    """Nobody reads ten thousand."""
    with pytest.raises(Refused, match="and 9980 more lines") as caught:
        read(b"040 123456\n" + b"Meier;1\n" * 10_000)
    assert caught.value.words.de.count("Zeile ") == 20


@pytest.mark.parametrize("content", [b"", b"\n\n;;\n", b"\xef\xbb\xbf", b"Empf\xe4nger;Referenz\n"])
def test_an_empty_list(content: bytes) -> None:
    """Says so."""
    with pytest.raises(Refused, match="no recipient in the list"):
        read(content)


def test_a_list_beyond_all_measure() -> None:
    """Is not read."""
    with pytest.raises(Refused, match="larger than 10 MB"):
        read(b"\n" * (10 * 1024 * 1024 + 1))


def test_an_open_quote_spoils_one_line() -> None:
    """And not all that follow."""
    with pytest.raises(Refused) as caught:
        read(b'040 123456,a\n"089 1,b\n089 123456,c\n')
    assert caught.value.words.en.count("\nLine ") == 1


references = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="[],"), max_size=20
)
recipients = st.lists(
    st.builds(
        Recipient, address=st.from_regex(r"\+4940[1-9][0-9]{5,7}", fullmatch=True),
        reference=references,
    ),
    min_size=1, max_size=20, unique_by=lambda one: (one.address, one.reference),
)  # fmt: skip


@given(recipients)
def test_what_is_written_is_what_the_provider_reads(found: list[Recipient]) -> None:
    """Both ways in which recipients go on the wire; and the list can be dropped again."""
    pairs = [(one.address, one.reference) for one in found]
    assert [(r.address, r.reference) for r in simulator.from_list(render(found))] == pairs
    assert [(r.address, r.reference) for r in simulator.from_csv(render_list(found))] == pairs
    assert read(render_list(found)) == pairs


def test_how_recipients_are_written() -> None:
    """To the letter."""
    found = (Recipient(address="+491", reference='a "b"'), Recipient(address="+492"))
    assert render(found) == '+491[a "b"],+492'
    assert render_list(found) == b'+491,"a ""b"""\r\n+492\r\n'
    assert render((Recipient(address=""),)) == ""


@given(
    st.binary(max_size=300)
    | st.text('+049123 ,;\t"\n\r@[].aÄ', max_size=200).map(lambda text: text.encode()),
    st.sampled_from([Kind.FAX, Kind.SMS, Kind.EMAIL]),
)
@example(b'"' * 65536, Kind.FAX)
@example(b"," * 1_000_000, Kind.FAX)
@example(b"0" * 1_000_000, Kind.FAX)
@example(b"\xff\xfe" + b"\xd8" * 1001, Kind.EMAIL)
@example("\u0301\u0323".encode() * 100_000, Kind.FAX)
def test_whatever_a_list_is(content: bytes, kind: Kind) -> None:
    """It is read or refused."""
    try:
        assert read(content, kind)
    except Refused:
        return
