"""Job files: TOML and JSON, what they say, and what is refused in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxd.job import Kind
from faxd.outbound.addressing import Refused
from faxd.outbound.addressing.jobfile import JobFile, read_job_file, recipients
from tests.outbound.addressing.support import BERLIN, NOW, NUMBERS

FULL = """
kind = "fax"
to = ["+49 40 123456[RE-1]", {number = "089 123456", reference = "RE-2", name = "Praxis Dr. Meier"}]
files = ["Befund.pdf", "Anlage.pdf"]
text = "Guten Tag"
at = 2026-12-24T08:00:00
station_id = "Praxis"
retries = 2
[options]
header = "Befund"
flash = true
"""


def both(content: dict[str, Any]) -> JobFile:
    """A job file in JSON."""
    return read_job_file("x.json", json.dumps(content).encode())


def test_a_full_job_file() -> None:
    """Everything that it can say."""
    job = read_job_file("Befund.pdf.toml", FULL.encode())
    assert job.kind is Kind.FAX
    assert job.files == ("Befund.pdf", "Anlage.pdf")
    assert job.text == "Guten Tag"
    assert job.when is not None
    assert job.when.after(NOW, BERLIN) == datetime(2026, 12, 24, 7, tzinfo=UTC)
    assert job.options == {
        "station_id": "Praxis", "retries": 2, "header": "Befund", "flash": True
    }  # fmt: skip
    found = recipients(job.to, Kind.FAX, NUMBERS)
    assert [(one.address, one.reference, one.name) for one in found] == [
        ("+4940123456", "RE-1", ""),
        ("+4989123456", "RE-2", "Praxis Dr. Meier"),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.toml", b"\xef\xbb\xbfto = '040 123456'\r\n"),
        ("x.toml", "to = '040 123456' # für Müller".encode("cp1252")),
        ("x.JSON", b'\xef\xbb\xbf{"to": "040 123456"}'),
        ("x.json", '{"to": "040 123456"}'.encode("utf-16")),
        ("x.json", b'{"to": {"to": "040 123456"}}'),
        ("x.json", b'{"to": {"address": "040 123456"}}'),
        ("x.json", b'{"to": ["040 123456", "040/123456"]}'),
    ],
)
def test_spellings(name: str, content: bytes) -> None:
    """Marks, Windows-1252, and the names an address can have."""
    found = recipients(read_job_file(name, content).to, Kind.FAX, NUMBERS)
    assert [one.address for one in found] == ["+4940123456"]


def test_what_is_not_said() -> None:
    """Comes from elsewhere."""
    assert read_job_file("x.toml", b"") == JobFile()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"tos": "x"}, 'Did you mean "to"'),
        ({"station": "x"}, 'Did you mean "station_id"'),
        ({"options": {"sms_form": "x"}}, 'Did you mean "sms_from"'),
        ({"options": {"to": "x"}}, "not known"),
        ({"kind": "brief"}, "no kind"),
        ({"kind": 3}, "no kind"),
        ({"kind": []}, "no kind"),
        ({"to": ""}, '"to" has a value'),
        ({"to": []}, '"to" has a value'),
        ({"to": None}, '"to" has a value'),
        ({"to": 4940123456}, '"to" has a value'),
        ({"files": []}, '"files" has a value'),
        ({"files": [1]}, '"files" has a value'),
        ({"files": [str(number) for number in range(31)]}, "up to 30"),
        ({"subject": 1}, '"subject" has a value'),
        ({"subject": "a\nb"}, "on one line"),
        ({"letterhead": "yes"}, "true or false"),
        ({"cover_page": 1}, "true or false"),
        ({"files": ["../a.pdf"]}, "no paths"),
        ({"files": ["a\\b.pdf"]}, "no paths"),
        ({"files": "/etc/passwd"}, "no paths"),
        ({"files": [".."]}, "no paths"),
        ({"files": ["a\0"]}, "no paths"),
        ({"files": ["a.pdf", "A.PDF"]}, "twice"),
        ({"text": 1}, '"text" has a value'),
        ({"text": "a\0b"}, "control characters"),
        ({"text": "\ud800"}, "control characters"),
        ({"at": "morgen"}, "not a time"),
        ({"at": 800}, "not a time"),
        ({"options": []}, '"options" has a value'),
        ({"caller_id": 4940123456}, "quotation marks"),
        ({"retries": "2"}, "without quotation marks"),
        ({"retries": True}, "without quotation marks"),
        ({"retries": 100}, "0 to 99"),
        ({"flash": 1}, "true or false"),
        ({"flash": True, "options": {"flash": True}}, "twice"),
        ({"flash_sms": True}, 'mean "flash"'),
        ({"flash_sms": True}, "sms_from, status_url."),
        ({"header": "x", "options": {"header": "y"}}, "twice"),
        ({"header": "x" * 31}, "30 characters"),
        ({"header": "a;b"}, "30 characters"),
        ({"header": ""}, "30 characters"),
        ({"station_id": "x" * 21}, "20 letters"),
        ({"mail_from": "x"}, "one e-mail address"),
        ({"sms_from": "Praxis Meier"}, "11 letters"),
        ({"status_url": "http://example.org/ ü"}, "128"),
    ],
)
def test_what_is_refused(content: dict[str, Any], says: str) -> None:
    """By its name, with what is allowed; in both languages."""
    with pytest.raises(Refused, match=says) as caught:
        both(content)
    assert 'In the job file "x.json"' in caught.value.words.en
    assert "In der Auftragsdatei „x.json“" in caught.value.words.de


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.toml", b"to = ", "cannot be read"),
        ("x.toml", b"to = 1\nto = 2", "cannot be read"),
        ("x.toml", b"\xff\xff\0", "cannot be read"),
        ("x.toml", b"a = " + b"[" * 50_000, "cannot be read"),
        ("x.toml", b"a." * 500_000, "too many parts"),
        ("x.json", b"{", "cannot be read"),
        ("x.json", b"[" * 100_000, "cannot be read"),
        ("x.json", b'{"retries": ' + b"9" * 5000 + b"}", "cannot be read"),
        ("x.json", b'{"retries": NaN}', "a number"),
        ("x.json", b"[]", "names and values"),
        ("x.json", b'{"to": "a", "to": "b"}', "twice"),
        ("x.json", b" " * (1024 * 1024 + 1), "larger than 1 MB"),
    ],
)
def test_what_cannot_be_read(name: str, content: bytes, says: str) -> None:
    """Says where."""
    with pytest.raises(Refused, match=says):
        read_job_file(name, content)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.json", b'{"to": "040 123456" "at": 1}', "nicht lesbar: Fehler in Zeile 1, Spalte 21."),
        ("x.toml", b"a = 1\nto = x\n", "nicht lesbar: Fehler in Zeile 2, Spalte 6."),
        ("x.toml", b"to = [1", "nicht lesbar: Fehler am Ende der Datei."),
        ("x.json", b"[" * 100_000, "nicht lesbar: Klammern sind zu tief verschachtelt."),
        ("x.toml", b"a." * 500_000, "nicht lesbar: sie ist falsch aufgebaut."),
    ],
)
def test_where_it_cannot_be_read_in_german(name: str, content: bytes, says: str) -> None:
    """Without the English of a parser."""
    with pytest.raises(Refused) as caught:
        read_job_file(name, content)
    assert says in caught.value.words.de


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ({"numbr": "x"}, 'Did you mean "number"'),
        ({"number": 1}, '"number" has a value'),
        ({"reference": "x"}, '"to" has a value'),
        ({"number": "040 123456", "to": "040 123456"}, '"to" has a value'),
        ({"number": "040 123456", "reference": "a,b"}, "reference"),
        ({"number": "040 123456", "name": "x" * 2000}, "short text"),
        ([["040 123456"]], '"to" has a value'),
        (["40123456"], "area code"),
    ],
)
def test_recipients_that_are_refused(to: Any, says: str) -> None:
    """As any other value."""
    with pytest.raises(Refused, match=says):
        recipients(to, Kind.FAX, NUMBERS)


def test_a_letters_recipient_is_a_label() -> None:
    """With its reference."""
    (one,) = recipients("Mustermann, Max[RE-1]", Kind.LETTER, NUMBERS)
    assert (one.address, one.reference) == ("Mustermann Max", "RE-1")
    (one,) = recipients({"name": "Mustermann"}, Kind.LETTER, NUMBERS)
    assert one.address == "Mustermann"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["number", "to", "name", "reference"]), inner, max_size=3)
    ),
    max_leaves=8,
)
keys = st.sampled_from(
    ["kind", "to", "files", "text", "at", "options", "header", "retries", "flash", "x"]
)


@given(st.dictionaries(keys, values, max_size=4), st.sampled_from(Kind))
def test_whatever_json_holds(content: dict[str, Any], kind: Kind) -> None:
    """It is read or refused."""
    try:
        job = both(content)
        recipients(job.to, kind, NUMBERS)
    except Refused:
        return


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
@example(b"x." * 500_000)
@example(b"'x' . " * 170_000)
@example(b"x." * 49 + b"x = 1")
@example(b"x = {" + b"x." * 500_000 + b"x = 1}")
@example(b"x" * 1_000_000)
@example(b'"' * 1_000_000)
@example(b'{"' + b"k" * 1_000_000 + b'": 1}')
def test_whatever_bytes(content: bytes) -> None:
    """In both formats."""
    for name in ("x.toml", "x.json"):
        try:
            read_job_file(name, content)
        except Refused:
            continue
