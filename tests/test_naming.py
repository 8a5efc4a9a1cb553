"""Names: what strangers write must become a legal, distinct place below the inbox."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from faxd.naming import (
    DEFAULT_TEMPLATE,
    FIELDS,
    NOBODY,
    Facts,
    alternatives,
    check_template,
    clean_component,
    clean_value,
    path_of,
    split_suffix,
)

FACTS = Facts(
    received=datetime(2026, 3, 1, 13, 5, 9, tzinfo=ZoneInfo("Europe/Berlin")),
    originator="+493023125042",
    station_id="MUSTER",
    fax_id=3_000_000_001,
    account="praxis",
    pages=2,
)
TEMPLATES = (
    DEFAULT_TEMPLATE,
    "{fax_id}.TIFF",
    "{received:%Y/%m}/{originator}_{fax_id}.tif",
    "{account}/{originator}/{station_id} {fax_id} ({pages} S.).tif",
    "{originator}{station_id}{fax_id}.tif",
    "{fax_id}/{originator}.tif",
    "con/{fax_id}/{station_id}.tif",
    ". {fax_id} /x.{originator}.tif",
)

#: Windows: learn.microsoft.com, "Naming Files, Paths, and Namespaces"
DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"
}
FORBIDDEN = set('<>:"/\\|?*') | {chr(number) for number in range(32)} | {"\x7f"}

hostile = st.one_of(
    st.text(),
    st.text(
        st.sampled_from('../\\\0\n\r\t ~:*?"<>|\u202e\u2066\u200b\ud800\udfff.-_aA'), max_size=40
    ),
    st.sampled_from(sorted(DEVICES)).flatmap(
        lambda name: st.sampled_from(
            [name, name.lower(), f"{name}.tif", f"{name} .x", f" {name}. "]
        )
    ),
    st.text(
        st.sampled_from("e\u0301\u0338=<\u1100\u1161\u11a8\u0958\U0001d160😀👩\u200d🔬"),
        max_size=300,
    ),
    st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=3), st.just(200)),
)
numbers = st.integers(-(2**63), 2**63 - 1)
facts = st.builds(
    Facts,
    received=st.datetimes(timezones=st.just(UTC)),
    originator=hostile,
    station_id=hostile,
    fax_id=numbers,
    account=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", fullmatch=True),
    pages=st.integers(-9, 9999),
)


def legal(component: str) -> None:
    """One component of a path, on Linux and on Windows."""
    assert component == unicodedata.normalize("NFC", component)
    assert 0 < len(component.encode()) <= 255
    assert len(component.encode("utf-16-le")) // 2 <= 255
    assert not FORBIDDEN & set(component)
    assert not any(unicodedata.category(char).startswith("C") for char in component)
    assert component[0] not in ". ~"
    assert component[-1] not in ". "
    assert component.split(".")[0].rstrip(" ").upper() not in DEVICES


@pytest.mark.parametrize("template", TEMPLATES)
@given(facts=facts)
@example(facts=replace(FACTS, originator="../../etc/passwd", station_id="..\\..\\x"))
@example(facts=replace(FACTS, originator="\0\ud800\u202e", station_id="con"))
@example(facts=replace(FACTS, originator="é" * 300, station_id="e\u0301" * 300))
@settings(max_examples=60)
def test_every_name_is_legal_and_below_the_inbox(template: str, facts: Facts) -> None:
    check_template(template)
    *folders, name = path_of(template, facts)
    assert len(folders) == template.replace("%Y/%m", "%Y-%m").count("/") + ("%Y/%m" in template)
    for folder in folders:
        legal(folder)
    assert name.lower().endswith((".tif", ".tiff"))
    inbox = Path("/srv/fax/inbox")
    assert Path(os.path.normpath(inbox.joinpath(*folders, name))).parts[:4] == inbox.parts
    others = list(alternatives(name))
    for other in (*others[:2], others[-1]):
        stem, _ = split_suffix(other)
        for companion in (other, f"{stem}.json", f"{other}.txt"):
            legal(companion)
    # Damaged faxes whose text could not be decoded have the longest names.
    longest = list(alternatives(f"{name}.base64"))[-1]
    assert longest.endswith(".base64")
    legal(f"{longest}.txt")


@pytest.mark.parametrize("template", TEMPLATES)
@given(one=facts, other=facts)
@settings(max_examples=40)
def test_different_faxes_have_different_names(template: str, one: Facts, other: Facts) -> None:
    same = one.fax_id == other.fax_id
    folded = [[part.casefold() for part in path_of(template, fact)] for fact in (one, other)]
    assert same or folded[0] != folded[1]


@given(facts=facts)
def test_names_are_the_same_whenever_they_are_made(facts: Facts) -> None:
    first = path_of(DEFAULT_TEMPLATE, facts)
    assert path_of(DEFAULT_TEMPLATE, facts) == first
    assert [clean_component(part) for part in first] == first


@given(text=hostile)
def test_a_value_is_short_and_cannot_lead_elsewhere(text: str) -> None:
    value = clean_value(text)
    assert len(value.encode()) <= 60
    assert value == clean_value(value)
    assert not FORBIDDEN & set(value)


@pytest.mark.parametrize(
    ("template", "changes", "path"),
    [
        (DEFAULT_TEMPLATE, {}, "2026-03-01_130509_+493023125042_3000000001.tif"),
        (DEFAULT_TEMPLATE, {"originator": " . "}, "2026-03-01_130509_anonym_3000000001.tif"),
        ("{received:%Y/%m}/{fax_id}.tif", {}, "2026/03/3000000001.tif"),
        ("{received}_{fax_id}.tif", {}, "2026-03-01_130509_3000000001.tif"),
        ("{received:%d.%m.%Y}/{fax_id}.tif", {}, "01.03.2026/3000000001.tif"),
        (
            "{account}/{station_id}_{fax_id}.tif",
            {"station_id": "a/b\\c"},
            "praxis/a-b-c_3000000001.tif",
        ),
        ("{originator}/{fax_id}.tif", {"originator": "nul"}, "_nul/3000000001.tif"),
        ("{originator}/{fax_id}.tif", {"originator": "COM¹.x"}, "_COM¹.x/3000000001.tif"),
        ("{originator}/{fax_id}.tif", {"originator": "concert"}, "concert/3000000001.tif"),
        ("{originator}/{fax_id}.tif", {"originator": ".faxd"}, "faxd/3000000001.tif"),
        ("{fax_id}.tif", {"fax_id": 0}, "0.tif"),
        ("{fax_id}.tif", {"fax_id": -5}, "-5.tif"),
        ("{originator}_{fax_id}.tif", {"originator": "a\u202eb\u0007c"}, "abc_3000000001.tif"),
        ("{originator}_{fax_id}.tif", {"originator": "A  \t B\u3000C"}, "A B C_3000000001.tif"),
        ("{originator}_{fax_id}.tif", {"originator": "Mu\u0308ster"}, "Müster_3000000001.tif"),
        # What a value begins with may join with what stands before it.
        ("={originator}_{fax_id}.tif", {"originator": "\u0338x"}, "≠x_3000000001.tif"),
        ("{{{fax_id}}}.tif", {}, "{3000000001}.tif"),
    ],
)
def test_names(template: str, changes: dict[str, Any], path: str) -> None:
    check_template(template)
    assert "/".join(path_of(template, replace(FACTS, **changes))) == path


def test_the_time_is_the_offices() -> None:
    moment = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    for zone, year in ((UTC, "2026"), (timezone(timedelta(hours=1)), "2027")):
        local = replace(FACTS, received=moment.astimezone(zone))
        assert path_of("{received:%Y}/{fax_id}.tif", local)[0] == year


@pytest.mark.parametrize(
    ("template", "wrong"),
    [
        ("{sender}_{fax_id}.tif", r"\{sender\} is no field.*\{originator\}"),
        ("{}_{fax_id}.tif", r"\{\} is no field"),
        ("{0}_{fax_id}.tif", "is no field"),
        ("{originator.__class__}_{fax_id}.tif", "is no field"),
        ("{fax_id!r}.tif", "is no field"),
        ("{fax_id:05}.tif", r"only \{received\} takes a format"),
        ("{originator}.tif", r"needs \{fax_id\}"),
        ("{{fax_id}}.tif", r"needs \{fax_id\}"),
        ("{fax_id}.pdf", "must end in .tif or .tiff"),
        ("{fax_id}", "must end in .tif or .tiff"),
        ("", "must end in .tif or .tiff"),
        ("{fax_id}/.tif", "needs a name before"),
        ("/{fax_id}.tif", "below the inbox"),
        ("../{fax_id}.tif", "below the inbox"),
        ("a/../{fax_id}.tif", "below the inbox"),
        ("./{fax_id}.tif", "below the inbox"),
        ("a//{fax_id}.tif", "below the inbox"),
        ("a/" * 8 + "{fax_id}.tif", "more than 7 sub-folders"),
        ("{received:%D/%D/%D}/{fax_id}.tif", "more than 7 sub-folders"),
        ("{fax_id}{.tif", "a brace itself is written twice"),
        ("{fax_id}}.tif", "a brace itself is written twice"),
        ("x" * 220 + "{fax_id}.tif", "longer than 230 bytes"),
        ("{received:\0}{fax_id}.tif", "cannot be seen"),
    ],
)
def test_bad_templates(template: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        check_template(template)


def test_the_longest_useful_template_is_taken() -> None:
    # The name stands for the number.
    useful = [field for field in FIELDS if field != "originator_name"]
    check_template("_".join(f"{{{field}}}" for field in useful) + ".tif")
    assert set(useful) == {"received", "originator", "station_id", "fax_id", "account", "pages"}


@given(template=st.text(st.sampled_from("{}:!%Y/.ftiax_d0\0")))
@settings(max_examples=200)
def test_a_template_is_refused_or_names_a_fax(template: str) -> None:
    try:
        check_template(template)
    except ValueError as error:
        assert str(error)
        return
    for component in path_of(template, FACTS):
        legal(component)


def test_alternatives_count_before_the_extension() -> None:
    names = list(alternatives("a.b.tif"))
    assert names[:3] == ["a.b.tif", "a.b (2).tif", "a.b (3).tif"]
    assert len(names) == len(set(names)) == 999
    table = {"a.tif": ("a", ".tif"), "a": ("a", ""), ".a": (".a", ""), "a.": ("a.", "")}
    table |= {"a.b.base64": ("a.b", ".base64"), "a.verylongx": ("a.verylongx", "")}
    assert {name: split_suffix(name) for name in table} == table


def test_nobody_is_a_name() -> None:
    legal(NOBODY)
    assert re.fullmatch("[a-z]+", NOBODY)
