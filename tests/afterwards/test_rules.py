"""Which rules fit a fax, and what follows from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.afterwards.retry import again_after, is_given_up
from faxd.afterwards.rules import fits, international, matching, path_of, wanted
from faxd.config import AccountSettings, RuleSettings
from faxd.naming import Facts

#: a Sunday
FACTS = Facts(
    received=datetime(2026, 3, 1, 13, 30, 5, tzinfo=UTC),
    originator="+4940123456",
    station_id="LABOR  Muster",
    fax_id=77,
    account="praxis",
    pages=3,
    originator_name="Labor Muster",
)


def rule(**fields: Any) -> RuleSettings:
    return RuleSettings.model_validate(fields)


def account(**fields: Any) -> AccountSettings:
    usual: dict[str, Any] = {
        "name": "praxis",
        "account": "123456",
        "password_env": "P",
        "inbox": Path("/srv/fax/inbox"),
        "file_name": "{fax_id}.tif",
    }
    return AccountSettings.model_validate(usual | fields)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, True),
        ({"originator": "+4940123456"}, True),
        ({"originator": "+494012345"}, False),
        ({"originator": "+4940*"}, True),
        ({"originator": "040*"}, True),
        ({"originator": "0049 (0)40 12 34 56"}, True),
        ({"originator": ["+4989*", "040 123-456"]}, True),
        ({"originator": "+4940123???"}, True),
        ({"originator": "+4940123??"}, False),
        ({"originator": "anonym"}, False),
        ({"station_id": "labor muster"}, True),
        ({"station_id": ["*praxis*", "LABOR*"]}, True),
        ({"station_id": "labor"}, False),
        ({"min_pages": 3}, True),
        ({"min_pages": 4}, False),
        ({"max_pages": 3}, True),
        ({"max_pages": 2}, False),
        ({"weekday": "sun"}, True),
        ({"weekday": ["mon", "sat"]}, False),
        ({"hours": "13:30-13:31"}, True),
        ({"hours": "08:00-13:30"}, False),
        ({"hours": "13:00-24:00"}, True),
        ({"hours": "22:00-14:00"}, True),
        ({"hours": "22:00-06:00"}, False),
        ({"originator": "040*", "station_id": "labor*", "weekday": "mon"}, False),
    ],
)
def test_conditions(conditions: dict[str, Any], expected: bool) -> None:
    assert fits(rule(**conditions), FACTS, "DE") is expected


@pytest.mark.parametrize("originator", ["", "  "])
def test_a_fax_without_a_number(originator: str) -> None:
    facts = replace(FACTS, originator=originator)
    assert fits(rule(originator="anonym"), facts, "DE")
    assert not fits(rule(originator="*"), facts, "DE")


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+49 40 123456", "DE", "+4940123456"),
        ("0049-40-123456", "DE", "+4940123456"),
        ("+49 (0)40 123456", "DE", "+4940123456"),
        ("040/123456", "DE", "+4940123456"),
        ("01 123456", "AT", "+431123456"),
        ("123456", "DE", "123456"),
        ("Praxis", "DE", ""),
        ("", "DE", ""),
    ],
)
def test_numbers_are_the_same_however_they_are_written(
    written: str, region: str, number: str
) -> None:
    assert international(written, region) == number


@given(text=st.text(), number=st.text())
def test_no_stranger_upsets_a_rule(text: str, number: str) -> None:
    facts = replace(FACTS, originator=number, station_id=text)
    rules = [rule(originator="+49*", folder="A"), rule(station_id="*[x-*", folder="B"), rule()]
    assert matching(rules, account(rules_apply="all"), facts)[-1] == rules[2]
    assert all(path_of(rules, account(), facts))


def test_first_or_all() -> None:
    rules = [rule(weekday="mon"), rule(weekday="sun"), rule()]
    assert matching(rules, account(), FACTS) == [rules[1]]
    assert matching(rules, account(rules_apply="all"), FACTS) == rules[1:]
    assert matching([], account(), FACTS) == []


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ([], "77.tif"),
        ([{"folder": "Labor"}], "Labor/77.tif"),
        ([{"folder": "Labor/{received:%Y}"}], "Labor/2026/77.tif"),
        ([{"file_name": "{originator_name}_{fax_id}.tif"}], "Labor Muster_77.tif"),
        ([{"folder": "A", "file_name": "B/{fax_id}.tif"}], "A/B/77.tif"),
        ([{"weekday": "mon", "folder": "A"}, {"folder": "B"}], "B/77.tif"),
        ([{"folder": "A"}, {"folder": "B", "file_name": "x{fax_id}.tif"}], "A/x77.tif"),
    ],
)
def test_where_a_fax_goes(rules: list[dict[str, Any]], path: str) -> None:
    made = [rule(**fields) for fields in rules]
    assert path_of(made, account(rules_apply="all"), FACTS) == path.split("/")


def test_whoever_has_no_name_is_called_by_his_number() -> None:
    facts = replace(FACTS, originator_name="")
    made = [rule(file_name="{originator_name}_{fax_id}.tif")]
    assert path_of(made, account(), facts) == ["+4940123456_77.tif"]
    facts = replace(facts, originator="")
    assert path_of(made, account(), facts) == ["anonym_77.tif"]


def kinds(rules: list[RuleSettings], *, damaged: bool = False, **fields: Any) -> list[str]:
    """What is wanted, and for whom."""
    return [
        f"{each.kind.value} {each.settings.get('to', '')}".strip()
        for each in wanted(rules, account(**fields), damaged=damaged)
    ]


def test_what_is_wanted() -> None:
    rules = [
        rule(mail_to=["a@example.org", "b@example.org"], print="laser", print_options=["media=A4"]),
        rule(mail_to="A@example.org", print="laser", print_options=["media=A4"]),
        rule(command=["/bin/true"]),
    ]
    assert kinds(rules) == ["mail a@example.org", "mail b@example.org", "print", "command"]
    assert kinds([], formats=["tiff", "pdf"]) == ["pdf"]
    assert kinds([]) == []


def test_of_a_damaged_fax_people_and_programs_hear_all_the_same() -> None:
    rules = [rule(mail_to="a@example.org", print="laser", command=["/bin/true"])]
    found = wanted(rules, account(formats=["tiff", "pdf"]), damaged=True)
    assert [each.kind.value for each in found] == ["mail", "command"]
    assert found[0].settings["attach"] == "none"


def test_no_notice_is_no_mail_from_any_rule() -> None:
    advertising = rule(originator="+4940*", folder="Werbung", notice=False, command=["/bin/true"])
    general = rule(mail_to="a@example.org", print="laser")
    assert kinds([advertising, general]) == ["command", "print"]
    assert kinds([general, advertising]) == ["print", "command"]


def test_pauses_double_up_to_an_hour() -> None:
    minutes = [again_after(tries).total_seconds() / 60 for tries in (1, 2, 3, 6, 7, 8, 10_000)]
    assert minutes == [1, 2, 4, 32, 60, 60, 60]


@pytest.mark.parametrize(
    ("tries", "hours", "expected"),
    [(1, 100, False), (3, 71, False), (3, 72, True), (99, -5, False)],
)
def test_after_three_days_it_is_given_up(tries: int, hours: float, expected: bool) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert is_given_up(tries, now - timedelta(hours=hours), now, 3 * 86400) is expected
