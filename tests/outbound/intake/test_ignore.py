"""Names that are nobody's documents, whatever their case."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.outbound.intake.ignore import Ignored, is_readable

LEFT_ALONE = [
    *(".hidden", ".faxd", "..", "._Befund.pdf", ".DS_Store", "~$Brief.docx"),
    *("Thumbs.db", "THUMBS.DB", "desktop.ini", "Desktop.ini"),
    *("Befund.pdf.tmp", "Befund.TMP", "Befund.pdf.part", "Befund.pdf.crdownload", "a.filepart"),
]

TAKEN = [
    *("Befund.pdf", "~Befund.pdf", "$Befund.pdf", "+4940123456[RE-4711]"),
    *("tmp", "part.pdf", "Befund.tmp.pdf", "mythumbs.db", "desktop.ini.pdf", "thumbs.db.pdf"),
]


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    assert Ignored()(name)


@pytest.mark.parametrize("name", TAKEN)
def test_taken(name: str) -> None:
    assert not Ignored()(name)


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*.bak", "Brief.BAK", True),
        ("*.bak", "Brief.bak.pdf", False),
        ("scan??.pdf", "Scan01.pdf", True),
        ("scan??.pdf", "Scan001.pdf", False),
        ("Entw[uü]rfe*", "entwürfe 2026", True),
        ("entwürfe", unicodedata.normalize("NFD", "Entwürfe"), True),
        ("a\nb*", "a\nb.pdf", True),
    ],
)
def test_what_a_setting_adds(pattern: str, name: str, matches: bool) -> None:
    assert Ignored([pattern])(name) == matches
    assert Ignored([pattern])("Thumbs.db"), "the usual ones stay"
    assert not Ignored()(name)


@given(st.text(st.characters(exclude_categories=[], exclude_characters="/\0"), max_size=50))
def test_any_name_is_understood(name: str) -> None:
    assert Ignored()(name) == Ignored()(unicodedata.normalize("NFD", name))
    assert Ignored()("." + name)
    assert Ignored()(name + ".tmp")


@given(st.binary(max_size=50))
def test_bytes_that_are_no_text_are_told(raw: bytes) -> None:
    name = raw.decode("utf-8", "surrogateescape")
    Ignored()(name)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        assert not is_readable(name)
    else:
        assert is_readable(name)
