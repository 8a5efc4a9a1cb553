"""The provider's words for a result."""

from __future__ import annotations

import pytest
from hypothesis import given

from faxd.job import Kind, Recipient
from faxd.outbound.office.results import (
    is_multi,
    is_ok,
    is_silent,
    is_worth_repeating,
    meaning_of,
)

from .jobs import hostile

FAILURES = [
    ("Busy", "besetzt", "busy"),
    ("BUSY", "besetzt", "busy"),
    ("No Answer", "keine Antwort", "no answer"),
    ("NOANSWER", "keine Antwort", "no answer"),
    ("Voice", "kein Faxgerät", "no fax machine"),
    ("No Service", "kein Faxdienst", "no service"),
    ("NOSERVICE", "kein Faxdienst", "no service"),
    ("Send-Fail", "abgebrochen", "broken off"),
    ("SENDFAIL", "abgebrochen", "broken off"),
    ("Call failed", "keine Verbindung", "call failed"),
    ("NORING", "keine Verbindung", "call failed"),
    ("ISDNERR", "keine Verbindung", "call failed"),
    ("Black-List", "gesperrt", "barred"),
    (" blacklist ", "gesperrt", "barred"),
]


@pytest.mark.parametrize(("word", "german", "english"), FAILURES)
def test_every_documented_failure(word: str, german: str, english: str) -> None:
    meaning = meaning_of(word)
    assert (meaning.name.de, meaning.name.en) == (german, english)
    assert meaning.is_failure
    for words in (meaning.means, meaning.advice):
        assert words.de.endswith(".")
        assert words.en.endswith(".")


@pytest.mark.parametrize("kind", Kind)
def test_ok_says_no_more_than_is_known(kind: Kind) -> None:
    meaning = meaning_of(" ok", kind)
    assert (meaning.name.de, meaning.is_failure, meaning.advice.de) == ("gesendet", False, "")
    assert ("übergeben" in meaning.means.de) == (kind is not Kind.FAX)


def test_silence() -> None:
    assert meaning_of(None) == meaning_of(" ")
    assert meaning_of("").name.de == "keine Rückmeldung"
    assert is_silent("multi")
    assert is_multi("MULTI")
    assert not is_silent("Busy")


def test_an_unknown_word_is_shown_as_it_is() -> None:
    meaning = meaning_of("Faxgerät brennt")
    assert meaning.name.de == "Faxgerät brennt"
    assert "Faxgerät brennt" in meaning.means.en
    assert not meaning.is_failure


@given(word=hostile)
def test_strangers_words(word: str) -> None:
    meaning = meaning_of(word)
    assert meaning.name.de.isprintable()
    assert len(meaning.name.de) <= 40
    assert is_ok(word) == Recipient(address="x", result=word).is_ok
    assert not is_worth_repeating(word, frozenset({"Busy"})) or meaning.name.en == "busy"


@pytest.mark.parametrize(
    ("word", "settings", "expected"),
    [
        ("Busy", {"Busy", "No Answer"}, True),
        ("NOANSWER", {"Busy", "No Answer"}, True),
        ("No Answer", {"busy"}, False),
        ("Busy", set(), False),
        ("Sonderfall", {"sonderfall"}, True),
        ("OK", {"OK"}, False),
        ("", {""}, False),
        ("multi", {"multi"}, False),
        (None, {"Busy"}, False),
    ],
)
def test_what_is_sent_again(word: str | None, settings: set[str], expected: bool) -> None:
    assert is_worth_repeating(word, frozenset(settings)) == expected
