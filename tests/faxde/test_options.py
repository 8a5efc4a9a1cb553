"""Options: the documented limits, and nothing that could smuggle in a switch."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.faxde import Options

ALL = Options(
    caller_id="+4940123456",
    station_id="PRAXIS 1",
    header="Praxis am Markt = gut",
    busy_retries=3,
    retries=0,
    mail_from="praxis@faxd.example",
    flash=True,
    sms_from="Praxis1",
    status_url="www.faxd.example/status&JOBID=$JID&STAT=$STAT",
)
RENDERED = (
    "CALLERID=+4940123456;STATIONID=PRAXIS 1;FAXHEADER=Praxis am Markt = gut;FAXRETRY=3;RETRY=0;"
    "MAILFROM=praxis@faxd.example;SMSFROM=Praxis1;"
    "STATURL=www.faxd.example/status&JOBID=$JID&STAT=$STAT;FLASHSMS"
)
NAMES = {
    "caller_id": "CALLERID",
    "station_id": "STATIONID",
    "header": "FAXHEADER",
    "busy_retries": "FAXRETRY",
    "retries": "RETRY",
    "mail_from": "MAILFROM",
    "sms_from": "SMSFROM",
    "status_url": "STATURL",
}
TEXTS = [name for name in NAMES if "retries" not in name]


def make(**fields: Any) -> Options:
    return Options(**fields)


def test_rendering() -> None:
    assert Options().render() == ""
    assert ALL.render() == RENDERED


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("caller_id", "4" * 20, "4" * 21),
        ("caller_id", "+49", "0049 40"),
        ("station_id", "A" * 20, "A" * 21),
        ("station_id", "+49 40 12-34", "#1"),
        ("station_id", "Müller & Söhne", "a=b"),
        ("header", "ü" * 30, "ü" * 31),
        ("busy_retries", 0, -1),
        ("busy_retries", 99, 100),
        ("retries", 99, 100),
        ("mail_from", "a@faxd.example", "a@b@faxd.example"),
        ("mail_from", "a.b+c@faxd.example", "faxd.example"),
        ("sms_from", "4" * 16, "4" * 17),
        ("sms_from", "A" * 11, "A" * 12),
        ("sms_from", "+" + "4" * 16, "A-1"),
        ("status_url", "u" * 128, "u" * 129),
        ("status_url", "a.example/$JID", "a.example/ü"),
    ],
)
def test_limits(name: str, good: object, bad: object) -> None:
    assert make(**{name: good}).render() == f"{NAMES[name]}={good}"
    with pytest.raises(ValueError, match=name):
        make(**{name: bad})


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    "evil",
    [
        "",
        " ",
        "1;RETRY=9",
        ";",
        "1\n2",
        "1\r2",
        "1\0",
        "1\x7f",
        "1\x85",
        "\u202e1",
        "1\u2028",
        "\ufffe",
    ],
)
def test_nothing_ends_a_value(name: str, evil: str) -> None:
    with pytest.raises(ValueError, match=name):
        make(**{name: evil})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            **{name: st.text(max_size=40) for name in TEXTS},
            "busy_retries": st.integers(),
            "retries": st.integers(),
            "flash": st.booleans(),
        },
    )
)
def test_what_is_rendered_parses_back(fields: dict[str, Any]) -> None:
    try:
        rendered = make(**fields).render()
    except ValueError:
        return
    check(fields, rendered)


@given(
    st.fixed_dictionaries(
        {
            "station_id": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ().&/-]{0,19}", fullmatch=True),
            "header": st.text(
                st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30
            ),
            "flash": st.booleans(),
        }
    )
)
def test_what_is_likely_parses_back(fields: dict[str, Any]) -> None:
    if ";" not in fields["header"]:
        check(fields, make(**fields).render())


def check(fields: dict[str, Any], rendered: str) -> None:
    switches = dict(switch.partition("=")[::2] for switch in rendered.split(";") if rendered)
    expected = {NAMES[name]: str(value) for name, value in fields.items() if name in NAMES}
    if fields.get("flash"):
        expected["FLASHSMS"] = ""
    assert switches == expected
    assert rendered.isprintable()
