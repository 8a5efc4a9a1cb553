"""Numbers: as people write them, as they are sent, and those that are never called."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxd.outbound.addressing import NumberRules, Refused
from faxd.outbound.addressing.numbers import at_beginning, number
from tests.outbound.addressing.support import NUMBERS


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("+4940123456", "+4940123456"),
        ("+49 40 123456", "+4940123456"),
        ("0049 40 123456", "+4940123456"),
        ("+49 (0)40 123456", "+4940123456"),
        ("0049 (0) 40 / 12 34 56", "+4940123456"),
        ("040-123456", "+4940123456"),
        ("(040) 123456", "+4940123456"),
        ("040/123456", "+4940123456"),
        ("040.123.456", "+4940123456"),
        ("040 123456-78", "+494012345678"),
        ("\u202a+49 40 123456\u202c", "+4940123456"),  # from a telephone's contacts
        ("+49\u00a040\u2011123456", "+4940123456"),  # from a web page
        ("0171 1234567", "+491711234567"),
        ("0171 99 1234567", "+49171991234567"),  # fax box of a mobile phone
        ("089 12345678901", "+498912345678901"),  # a long extension, not in the plan
        ("0800 1234567", "+498001234567"),
        ("032 221234567", "+4932221234567"),
        ("+43 1 234567", "+431234567"),
        ("+39 06 12345678", "+390612345678"),  # Italian zeros stay
        ("+1 212 555 0100", "+12125550100"),
    ],
)
def test_as_it_is_written_and_as_it_is_sent(written: str, sent: str) -> None:
    """ITU E.123 knows some of these spellings, offices know all of them."""
    assert number(written, NUMBERS) == sent
    assert number(sent, NUMBERS) == sent


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "not a telephone number"),
        ("Meier", "not a telephone number"),
        ("040 FAX", "not a telephone number"),
        ("٠٤٠١٢٣٤٥٦", "not a telephone number"),  # Arabic digits
        ("40123456", "lacks its area code"),  # Excel
        ("20260301", "lacks its area code"),
        ("+49 4", "too short"),
        ("+49 40 12345678901234567", "too long"),
        ("+999 12345678", "cannot exist"),
        ("+49 115 12345", "cannot exist"),
        ("+33 1 2345", "too short"),
        ("110", "emergency"),
        ("112", "emergency"),
        ("+49112", "emergency"),
        ("0900 1234567", "costs extra"),
        ("+49 900 1 123456", "costs extra"),
        ("0137 7123456", "costs extra"),
        ("0138 1234567", "costs extra"),
        ("0180 5 123456", "costs extra"),
        ("0190 123456", "costs extra"),
        ("11880", "costs extra"),
        ("0118 80", "costs extra"),
        ("118000", "costs extra"),
        ("+881 6 12345678", "costs extra"),  # Iridium
        ("+870 773 111 632", "costs extra"),  # Inmarsat
        ("+979 1 2345 6789", "costs extra"),
        ("+1 900 555 0100", "costs extra"),
        ("+44 909 879 0000", "costs extra"),
    ],
)
def test_never_called(written: str, says: str) -> None:
    """Each refusal says why."""
    with pytest.raises(Refused, match=says):
        number(written, NUMBERS)


@pytest.mark.parametrize(
    ("rules", "written", "says"),
    [
        (NumberRules(countries=frozenset({49, 43})), "+41 44 123 45 67", r"\+43, \+49"),
        (NumberRules(blocked=("+4932",)), "032 221234567", r"begin with \+4932"),
        (NumberRules(blocked=("0049 40",)), "040 123456", "blocked"),
    ],
)
def test_what_the_settings_forbid(rules: NumberRules, written: str, says: str) -> None:
    """Countries that are not allowed, prefixes that are blocked."""
    with pytest.raises(Refused, match=says):
        number(written, rules)
    assert number("089 123456", rules) == "+4989123456"


@pytest.mark.parametrize(
    ("region", "written", "sent"),
    [
        ("AT", "01 234567", "+431234567"),
        ("CH", "044 123 45 67", "+41441234567"),
        ("US", "212 555 0100", "+12125550100"),
        ("IT", "06 12345678", "+390612345678"),
    ],
)
def test_another_region(region: str, written: str, sent: str) -> None:
    """Numbers without a country code belong to the office's country."""
    assert number(written, NumberRules(region=region)) == sent


def test_an_sms_needs_a_mobile_number() -> None:
    """A landline would swallow it; where numbers do not tell, it may go."""
    assert number("0171 1234567", NUMBERS, sms=True) == "+491711234567"
    assert number("+1 212 555 0100", NUMBERS, sms=True) == "+12125550100"
    with pytest.raises(Refused, match="not a mobile number"):
        number("040 123456", NUMBERS, sms=True)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("040 123456 Rechnung 4711", "040 123456"),
        ("040-123456_4711", "040-123456"),
        ("040 123456-Rechnung", "040 123456"),
        ("040 123456, 089 123456", "040 123456"),
        ("040 123456[4711]", "040 123456"),
        ("040 123456 2026-03-01 Befund", "040 123456"),
        ("040 123456 01.03.2026", "040 123456"),
        ("+4940123456Rechnung", "+4940123456"),
        ("+49 4", "+49 4"),  # meant as one, and refused as one
        ("01 Befund", None),
        ("002", None),
        ("00012345", None),
        ("0815 Befund", None),
        ("2026-03-01 Befund", None),
        ("01.03.2026 Befund", None),
        ("01.03.26 Befund", None),
        ("01-03-2026", None),
        ("20260301_120000", None),
        ("4711 Rechnung", None),
        ("01234567ab", None),
        ("Rechnung 040 123456", None),
        ("", None),
    ],
)
def test_where_a_number_ends(text: str, written: str | None) -> None:
    """Counters, dates and what programs call their files are no numbers."""
    found = at_beginning(text, NUMBERS)
    assert (found and found.text) == written


@given(
    st.one_of(
        st.text(max_size=60),
        st.text("+0123456789 ()-./\u202e\u0660", max_size=40),
        st.from_regex(r"(\+|00)[1-9][0-9]{4,16}", fullmatch=True),
        st.from_regex(r"0[1-9][0-9]{3,14}", fullmatch=True),
    ),
    st.sampled_from(["DE", "AT", "US", "IT", "XX", ""]),
    st.booleans(),
)
@example("0" * 65536, "DE", False)
@example("+49" + " 1" * 32768, "DE", False)
def test_whatever_is_written(text: str, region: str, sms: bool) -> None:
    """What is sent is canonical, and stays what it is; all else is refused."""
    rules = NumberRules(region=region)
    at_beginning(text, rules)
    try:
        sent = number(text, rules, sms=sms)
    except Refused:
        return
    assert re.fullmatch(r"\+[0-9]{6,15}", sent)
    assert number(sent, rules, sms=sms) == sent
