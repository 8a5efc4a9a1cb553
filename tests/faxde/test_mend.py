"""What XML forbids does not cost a fax."""

from __future__ import annotations

from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.faxde.errors import ForbiddenXml
from faxd.faxde.mend import Mender


def mended(document: bytes, size: int = 7) -> bytes:
    mender = Mender()
    return b"".join(mender.feed(document[i : i + size]) for i in range(0, len(document), size))


def text_of(document: bytes) -> str:
    parts: list[str] = []
    parser = expat.ParserCreate("utf-8")
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
        (b"A & B &copy; C&&amp;", "A & B &copy; C&&"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize(
    "head", [b"", b'<?xml version="1.0"?>', b'<?xml version="1.0" encoding="utf-8"?>']
)
def test_text(content: bytes, text: str, size: int, head: bytes) -> None:
    assert text_of(mended(head + b"<a>" + content + b"</a>", size)) == text


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("declared", "codec", "content", "text"),
    [
        ("ISO-8859-1", "latin-1", "M\u00dcL\x1bLER", "M\u00dcL\ufffdLER"),
        ("iso-8859-15", "iso-8859-15", "10 \u20ac", "10 \u20ac"),
        (
            "Windows-1252",
            "cp1252",
            "\u201eM\u00fcller\u201c &#8364;",
            "\u201eM\u00fcller\u201c \u20ac",
        ),
        ("us-ascii", "cp1252", "M\u00fcller", "M\u00fcller"),
        ("UTF8", "utf-8", "M\u00fcller \u20ac", "M\u00fcller \u20ac"),
    ],
)
def test_declared_encodings(declared: str, codec: str, content: str, text: str, size: int) -> None:
    document = f'<?xml version="1.0" encoding="{declared}"?><a>{content}</a>'.encode(codec)
    assert text_of(mended(document, size)) == text


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    "document",
    [
        *("<a>x</a>".encode(codec) for codec in ("utf-16", "utf-16-be", "utf-16-le", "utf-32")),
        *(
            f'<?xml version="1.0" encoding="{name}"?><a>x</a>'.encode()
            for name in ("utf-16", "utf-7", "cp037", "shift_jis", "ISO-2022-JP", "x" * 40)
        ),
    ],
)
def test_encodings_that_nobody_needs(document: bytes, size: int) -> None:
    with pytest.raises(ForbiddenXml, match="UTF-8"):
        mended(document, size)


def test_only_a_declaration_at_the_beginning_counts() -> None:
    document = b'<a><![CDATA[<?xml version="1.0" encoding="utf-16"?>]]></a>'
    assert text_of(mended(document)) == '<?xml version="1.0" encoding="utf-16"?>'
    assert mended(b"x" * 1000) == b""
    assert mended(b"x" * 1030) == b"x" * 1030


@given(st.binary(), st.integers(1, 9))
def test_no_content_is_refused_by_a_parser(content: bytes, size: int) -> None:
    # As a server writes it that escapes what is markup, and nothing else.
    escaped = content.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    text_of(mended(b"<a>" + escaped + b"</a>", size))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="&<\ufffe\uffff")))
def test_what_is_sound_stays(text: str) -> None:
    assert text_of(mended(f"<a>{text}</a>".encode())) == text
