"""The grammar of codes in a document's text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxd.documents.codes import MAX_CODES, Code, find, own_pattern


def said(codes: tuple[Code, ...]) -> list[tuple[str, str]]:
    return [(code.kind, code.text) for code in codes]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("@@FAX 040 123456@@", [("fax", "040 123456")]),
        ("Sehr geehrte @@FAX 040 123456[RE-4711]@@ Damen", [("fax", "040 123456[RE-4711]")]),
        ("@@FAX 040 123456, 089 123456[B 2]@@", [("fax", "040 123456, 089 123456[B 2]")]),
        ("@@fax: +49 (40) 12-34@@", [("fax", "+49 (40) 12-34")]),
        ("@@FAX(040) 1234@@", [("fax", "(040) 1234")]),
        ("@@SMS 0171 1234567@@", [("sms", "0171 1234567")]),
        ("@@MAIL meier@example.org@@", [("mail", "meier@example.org")]),
        ("@@E-Mail meier@example.org@@", [("mail", "meier@example.org")]),
        (
            "@@MAIL a@example.org[RE 1], b@example.org@@",
            [("mail", "a@example.org[RE 1],b@example.org")],
        ),
        ("@@AT 0800@@", [("at", "0800")]),
        ("@@AT 2026-12-24 0800@@", [("at", "2026-12-24 0800")]),
        ("@@FAX 040 1@@ @@AT 0800@@", [("fax", "040 1"), ("at", "0800")]),
        ("@@FAX 040 1@@@@AT 0800@@", [("fax", "040 1"), ("at", "0800")]),
        # as PDFs break them
        ("@ @FAX 040\r\n12 34 56@\r\n@", [("fax", "040 12 34 56")]),
        ("@@F AX\t040\u00a0123\u00ad456@@", [("fax", "040 123456")]),
        ("@@FAX 040\u2011123\ufffe456@@", [("fax", "040-123456")]),
        ("@@MAIL mei er@exam\nple.org@@", [("mail", "meier@example.org")]),
        ("＠＠ＦＡＸ ０４０ １２３＠＠", [("fax", "040 123")]),
        ("@@FAX 040 1@@\nFax an Dr. Meier", [("fax", "040 1")]),
        # no codes
        ("@@ -1,3 +4,5 @@", []),
        ("@@FAXE 040 1@@", []),
        ("@@ATTENTION@@", []),
        ("meier@example.org FAX 040 1", []),
        # for the caller to refuse
        ("@@FAX@@", [("fax", "")]),
        ("@@FAX 040 1@", [("broken", "@@FAX 040 1@")]),
        ("@@FAX 040 1 @@FAX 089 2@@", [("broken", "@@FAX 040 1 @@FAX 089 2@@"), ("fax", "089 2")]),
        ("@@FAX " + "1" * 500 + "@@", [("broken", "@@FAX " + "1" * 29)]),
    ],
)  # fmt: skip
def test_own_codes(text: str, codes: list[tuple[str, str]]) -> None:
    """Whatever blanks, line ends and invisible characters stand between."""
    assert said(find(text)) == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("@F211 0401234567@", [("fax", "0401234567")]),
        ("@F2110401234567@", [("fax", "0401234567")]),
        ("@F 211 040 12@", [("fax", "040 12")]),
        ("@F201 Praxis Dr. Meier@@F211 040 1@", [("name", "Praxis Dr. Meier"), ("fax", "040 1")]),
        ("@F212 meier@example.org@ Text", [("mail", "meier@example.org")]),
        ("@F212 meier\\@example.org@ Text", [("mail", "meier@example.org")]),
        ("@F307 a\\@b@", [("subject", "a@b")]),
        ("@F301 VERY URGENT@", [("other", "@F301 VERY URGENT@")]),
        ("@F211 0401234567", []),
        ("meier@F21 example@", []),
    ],
)
def test_data_fields_of_activefax(text: str, codes: list[tuple[str, str]]) -> None:
    """Only where the settings say so."""
    assert said(find(text, activefax=True)) == codes
    assert find(text) == ()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("::0401234567\nText", [("fax", "0401234567")]),
        (":: 040 1234567 \nText", [("fax", "040 1234567")]),
        ("::0401\n::0892\nText", [("fax", "0401"), ("fax", "0892")]),
        ("Praxis Dr. Meier\n\n::0401\n", [("fax", "0401")]),
        (
            "::Max, Beispiel GmbH, Mustermann, Einkauf, max@example.org, 040 123",
            [("fax", "040 123"), ("name", "Max Mustermann")],
        ),
        (
            "::0401\n::s=Rechnung 12,23:15,c=cover1",
            [("fax", "0401"), ("subject", "Rechnung 12"), ("at", "23:15"), ("other", "::c=cover1")],
        ),
        ("::0401\n::2026-12-24:08:00:00", [("fax", "0401"), ("at", "2026-12-24 08:00")]),
        ("Text\n" * 10 + "::0401", []),
        ("std::0401", []),
        ("::: Hinweis", []),
        ("Text ::0401", []),
    ],
)
def test_lines_of_faxmaker(text: str, codes: list[tuple[str, str]]) -> None:
    """Only in the first lines, and only where the settings say so."""
    assert said(find(text, faxmaker=True)) == codes
    assert find(text) == ()


@pytest.mark.parametrize(
    ("pattern", "text", "codes"),
    [
        (r"Telefax:? ([0-9/ -]{5,20})#", "Telefax: 040/12345# hier", [("fax", "040/12345")]),
        (r"\{(?P<sms>01[0-9]+)\}", "{01711234567}", [("sms", "01711234567")]),
        (
            r"<<(?P<fax>[0-9 ]+);(?P<reference>[^>]*);(?P<name>[^>]*)>>",
            "<<040  123;RE 1;Dr. Meier>>",
            [("fax", "040 123[RE 1]"), ("name", "Dr. Meier")],
        ),
        (r"(?m)^FAXNR ([0-9]+)$", "Brief\nFAXNR 0401\n", [("fax", "0401")]),
    ],
)
def test_own_pattern(pattern: str, text: str, codes: list[tuple[str, str]]) -> None:
    """One more that the administrator has written."""
    assert said(find(text, own=own_pattern(pattern))) == codes


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "no regular expression"),
        ("FAX [0-9]+", "round brackets"),
        ("(?P<telefon>[0-9]+)", "telefon"),
        ("([0-9]*)", "nothing is written"),
        ("(x" + "y" * 300 + ")", "300"),
        ("(([0-9]+ ?)+)#", "for ever"),
        ("((?:[0-9 ]*-?){2,})#", "for ever"),
        ("(.)\\1", "for ever"),
        ("(?P<fax>.)(?P=fax)", "for ever"),
    ],
)
def test_patterns_that_are_not_taken(pattern: str, says: str) -> None:
    """With the reason."""
    with pytest.raises(ValueError, match=re.escape(says)):
        own_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"(\(+[0-9]+)", r"([(+*]+)x", r"(?:FAX|TEL) ([0-9]+)?x"])
def test_patterns_that_only_look_dangerous(pattern: str) -> None:
    """Brackets in classes, escaped ones, and repetitions side by side are harmless."""
    assert own_pattern(pattern)


@given(st.text(st.sampled_from("@ \nFAXSMTILE:+0[]1a.,-\\\u00ad"), max_size=80) | st.text())
@example("@@FAX 1@@" * (MAX_CODES + 5))
def test_every_code_stands_where_it_says(text: str) -> None:
    """Places are within the text, in order, and from mark to mark."""
    codes = find(text, activefax=True, faxmaker=True)
    assert len(codes) <= MAX_CODES + 1
    for code in codes:
        assert 0 <= code.start < code.end <= len(text)
        assert "\n" not in code.text
    assert [code.start for code in codes] == sorted(code.start for code in codes)
    for code in find(text):
        assert text[code.start] in "@＠﹫"


@given(
    st.lists(st.sampled_from(["040 123456", "+49 89 1[RE-1]", "0301234"]), min_size=1, max_size=4),
    st.text(st.sampled_from("abc DEF.,\n"), max_size=40),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_line_ends_and_invisible_characters_do_not_matter(
    numbers: list[str], before: str, places: list[int]
) -> None:
    """A code is found however its characters are torn apart."""
    code = f"@@FAX {', '.join(numbers)}@@"
    torn = code
    for place in places:
        place %= len(torn)
        torn = torn[:place] + "\u200b" + torn[place:].replace(" ", "\r\n", 1)
    (found,) = find(before + torn)
    assert (found.kind, found.text) == ("fax", ", ".join(numbers))
    assert (before + torn)[found.start : found.end].strip("\u200b").startswith("@")


@pytest.mark.parametrize(
    "text",
    ["@" * 200_000, "@@FAX " * 30_000, "@F211 \\" * 25_000, "::" * 100_000, "@ " * 100_000],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    """Linear, or near it."""
    start = time.monotonic()
    find(text, activefax=True, faxmaker=True)
    assert time.monotonic() - start < 5
