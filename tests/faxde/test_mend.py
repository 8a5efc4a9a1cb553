"""What XML forbids does not cost a fax."""

from __future__ import annotations

from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.faxde.mend import Mender


def mended(document: bytes, size: int = 7) -> bytes:
    mender = Mender()
    return b"".join(mender.feed(document[i : i + size]) for i in range(0, len(document), size))


def text_of(document: bytes) -> str:
    parts: list[str] = []
    parser = expat.ParserCreate()
    parser.CharacterDataHandler = parts.append
    parser.Parse(document, True)
    return "".join(parts)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"plain", "plain"),
        ("Überweisung €".encode(), "Überweisung €"),
        ("M\u00dcLLER".encode("cp1252"), "M\u00dcLLER"),
        (b"a\x00b\x1b[31mc\x7f", "a\ufffdb\ufffd[31mc\x7f"),
        (b"&#0;&#27;&#x1B;&#xD800;&#xFFFF;&#1114112;&#99999999;", "\ufffd" * 7),
        (b"&#13;&#x20AC;&amp;&lt;", "\r\u20ac&<"),
        (b"a\tb\nc", "a\tb\nc"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize(
    "head", [b"", b'<?xml version="1.0"?>', b'<?xml version="1.0" encoding="utf-8"?>']
)
def test_text(content: bytes, text: str, size: int, head: bytes) -> None:
    assert text_of(mended(head + b"<a>" + content + b"</a>", size)) == text


def test_other_encodings_are_left_as_they_are() -> None:
    document = '<?xml version="1.0" encoding="iso-8859-1"?><a>M\u00dcL\x1bLER</a>'.encode("latin-1")
    assert text_of(mended(document)) == "M\u00dcL?LER"


@given(st.binary(), st.integers(1, 9))
def test_no_content_is_refused_by_a_parser(content: bytes, size: int) -> None:
    # As a server writes it that escapes what is markup, and nothing else.
    escaped = content.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    text_of(mended(b"<a>" + escaped + b"</a>", size))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="&<\ufffe\uffff")))
def test_what_is_sound_stays(text: str) -> None:
    assert text_of(mended(f"<a>{text}</a>".encode())) == text
