"""The provider's protocol: read as it comes, and each recipient finds his line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxd.job import Recipient
from faxd.outbound.office.protocol import Line, read_protocol, settle_recipients
from faxd.simulator.recipients import Recipient as Addressee
from faxd.simulator.report import Outcome, status_of

from .jobs import MEIER, NOW, SENT

DOCUMENTED = (
    '"RECIPIENT","JOBTYPE","RESULT","REMOTEID","PAGES","SENDDATETIME","DURATION","REFID"\r\n'
    '"+4940123456789","FAX","OK","Max Mustermann","2","2017-06-01 15:53:06","19",""\r\n'
)
LINE = Line(
    recipient="+4940123456789",
    result="OK",
    station_id="Max Mustermann",
    pages=2,
    sent_at=datetime(2017, 6, 1, 15, 53, 6, tzinfo=UTC),
    duration=19,
)


def test_the_document_s_own_example() -> None:
    assert read_protocol(DOCUMENTED.encode()) == (LINE,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DOCUMENTED.replace("\r\n", "\n"), LINE),
        (DOCUMENTED.replace(",", ";"), LINE),
        ("\ufeff" + DOCUMENTED, LINE),
        ("\r\n\r\n" + DOCUMENTED + "\r\n", LINE),
        ("Result, recipient ,new\nBusy,+4940,x\n", Line(recipient="+4940", result="Busy")),
        ("RECIPIENT\n+4940\n", Line(recipient="+4940")),
        ("RECIPIENT,PAGES,DURATION\n+4940,viele,-3\n", Line(recipient="+4940")),
        ("RECIPIENT,RESULT\n+4940\n", Line(recipient="+4940")),
        ("RESULT,SENDDATETIME\nOK,gestern\n", Line(result="OK")),
        ("RESULT,SENDDATETIME\nOK,0001-01-01T00:00:00+14:00\n", Line(result="OK")),
        (
            "RESULT,SENDDATETIME\nOK,2026-11-24T09:15:30+01:00\n",
            Line(result="OK", sent_at=NOW),
        ),
    ],
)
def test_as_it_may_come(text: str, expected: Line) -> None:
    assert read_protocol(text.encode()) == (expected,)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_umlauts(encoding: str) -> None:
    (line,) = read_protocol("RECIPIENT,REMOTEID\n+4940,PRAXIS MÜLLER\n".encode(encoding))
    assert line.station_id == "PRAXIS MÜLLER"


@pytest.mark.parametrize("data", [b"", b"\0", b"<html>", b"a,b\n1,2\n", b"\xff\xfe"])
def test_what_is_no_protocol(data: bytes) -> None:
    assert read_protocol(data) == ()


def test_what_can_be_read_before_it_breaks_off() -> None:
    data = DOCUMENTED + '"' + "x" * 200_000
    assert read_protocol(data.encode()) == (LINE,)


@given(data=st.binary())
@example(data=b'RECIPIENT\n"')
def test_nothing_is_ever_raised(data: bytes) -> None:
    read_protocol(data)
    read_protocol(b"RECIPIENT,RESULT,SENDDATETIME,PAGES\n" + data)


@given(text=st.text(st.sampled_from('0123456789-: TZ+",;\n²٣')))
def test_nothing_is_raised_by_cells(text: str) -> None:
    for line in read_protocol(f"SENDDATETIME,PAGES,RESULT\n{text},{text},x".encode()):
        assert line.sent_at is None or line.sent_at.tzinfo is UTC
        settle_recipients((MEIER, MEIER), "multi", None, "", [line])


def test_one_recipient_has_the_answer_and_the_line_s_numbers() -> None:
    line = Line(recipient="040/123456", result="Busy", pages=2, duration=19)
    assert settle_recipients((MEIER,), "OK", NOW, "Max Mustermann", [line]) == (SENT,)
    (settled,) = settle_recipients((MEIER,), "No Answer", None, "", [])
    assert (settled.result, settled.pages, settled.sent_at) == ("No Answer", None, None)


def test_one_recipient_by_list() -> None:
    line = Line(recipient="040123456", result="Busy", sent_at=NOW)
    (settled,) = settle_recipients((MEIER,), "multi", NOW, "", [line])
    assert settled.result == "Busy"
    (settled,) = settle_recipients((MEIER,), "multi", NOW, "", [])
    assert settled.result == ""


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("+4940123456", "+4940123456"),
        ("+4940123456", "+49 40 123456"),
        ("+4940123456", "+49 (0)40 / 123-456"),
        ("+4940123456", "004940123456"),
        ("+4940123456", "4940123456"),
        ("+4940123456", "040123456"),
        ("+4940123456", "040 12.34.56"),
        ("+431234567", "01234567"),
        ("+3531234567", "01234567"),
        ("praxis@example.org", "Praxis@EXAMPLE.org "),
        ("Müller, Straße 1", "müller,  STRASSE 1"),
    ],
)
def test_spellings(address: str, written: str) -> None:
    recipients = (Recipient(address=address), Recipient(address="+4999999999"))
    settled = settle_recipients(
        recipients, "multi", NOW, "", [Line(recipient=written, result="OK")]
    )
    assert [recipient.result for recipient in settled] == ["OK", ""]


@pytest.mark.parametrize(
    "written", ["123456", "40123456", "+4340123456", "140123456", "", "praxis", "+49 40 12345"]
)
def test_other_numbers(written: str) -> None:
    recipients = (MEIER, Recipient(address="+4999999999"))
    settled = settle_recipients(
        recipients, "multi", NOW, "", [Line(recipient=written, result="OK")]
    )
    assert [recipient.result for recipient in settled] == ["", ""]


def test_a_national_number_in_two_countries_says_nothing() -> None:
    recipients = (Recipient(address="+4940123456"), Recipient(address="+4340123456"))
    lines = [Line(recipient="040123456", result="OK")]
    assert [r.result for r in settle_recipients(recipients, "multi", None, "", lines)] == ["", ""]


def test_the_same_number_twice_is_told_apart_by_its_reference() -> None:
    recipients = tuple(Recipient(address="+4940123456", reference=f"R{n}") for n in range(3))
    lines = [
        Line(recipient="040123456", result="Busy", reference="R2"),
        Line(recipient="040123456", result="OK", reference="r1"),
    ]
    settled = settle_recipients(recipients, "multi", None, "", lines)
    assert [recipient.result for recipient in settled] == ["", "OK", "Busy"]


def test_who_was_reached_before_stays_so() -> None:
    waiting = Recipient(address=SENT.address, reference=SENT.reference)
    lines = [Line(recipient=SENT.address, result="Busy", reference=SENT.reference)]
    settled = settle_recipients((SENT, waiting), "multi", None, "", lines)
    assert settled[0] == SENT
    assert settled[1].result == "Busy"


@given(numbers=st.lists(st.integers(10**6, 10**9), unique=True, min_size=2), data=st.data())
def test_the_stand_in_s_protocol_is_understood(numbers: list[int], data: st.DataObject) -> None:
    words = data.draw(
        st.lists(
            st.sampled_from(["OK", "Busy", "No Answer", "Voice", "Send-Fail"]),
            min_size=len(numbers),
            max_size=len(numbers),
        )
    )
    outcomes = [Outcome(word, "STATION", 7) for word in words]
    addressees = [Addressee(f"+49{number}", f"R{number}") for number in numbers]
    told = status_of(0, addressees, outcomes, 3, NOW, "%Y", "utf-8")
    recipients = tuple(Recipient(address=f"+49{n}", reference=f"R{n}") for n in numbers)
    lines = data.draw(st.permutations(read_protocol(told.file)))
    settled = settle_recipients(recipients, told.result, NOW, "", lines)
    assert [recipient.result for recipient in settled] == words
    assert {(r.pages, r.duration, r.sent_at) for r in settled} == {(3, 7, NOW)}
