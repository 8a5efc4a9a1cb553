"""One answer, however it is cut into pieces and whatever is in it."""

from __future__ import annotations

import base64
import gc
import io
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxd.faxde.answer import SMALL_LIMIT, AnswerReader, Parts, read_answer
from faxd.faxde.errors import (
    BadAnswer,
    BadPart,
    CutOff,
    Fault,
    FaxdeError,
    ForbiddenXml,
    NotSoap,
    TooLarge,
)
from faxd.faxde.image import Decoded

from .support import answer, envelope

IMAGE = bytes(range(256)) * 40
TEXT = base64.b64encode(IMAGE).decode()
PARTS = {
    "FaxId": "3000000001",
    "Originator": "+49 <&> Ü",
    "FaxImage": TEXT,
    "Pages": "2",
    "return": "0",
}


def xml(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;")


def parts_xml(names: list[str]) -> str:
    return "".join(f"<{name}>{xml(PARTS[name])}</{name}>" for name in names)


def read(
    document: bytes, *, size: int = 4096, limit: int = 1 << 24
) -> tuple[Parts, bytes, Decoded]:
    file = io.BytesIO()
    sink = Decoded(file, limit=limit)
    pieces = (document[start : start + size] for start in range(0, len(document), size))
    parts = read_answer(pieces, AnswerReader("FaxImage", sink))
    return parts, file.getvalue(), sink


@given(st.permutations(list(PARTS)), st.integers(1, 700))
@settings(max_examples=60, deadline=None)
def test_any_order_in_any_pieces(names: list[str], size: int) -> None:
    parts, image, sink = read(answer(parts_xml(names)), size=size)
    assert (image, sink.defect) == (IMAGE, None)
    assert {name: parts[name] for name in names if name != "FaxImage"} == {
        name: value for name, value in PARTS.items() if name != "FaxImage"
    }


@given(st.lists(st.sampled_from(list(PARTS)), unique=True))
def test_any_part_may_be_missing(names: list[str]) -> None:
    parts, image, _ = read(answer(parts_xml(names)))
    assert set(parts) == set(names)
    assert image == (IMAGE if "FaxImage" in names else b"")


def test_references_are_followed() -> None:
    body = (
        '<n:AResponse xmlns:n="urn:x"><return>0</return><FaxImage href="#1"/><Pages href="#2"/>'
        f'</n:AResponse><m id="2">7</m><m id="1">{TEXT}</m>'
    )
    parts, image, _ = read(envelope(body))
    assert (parts["Pages"], image) == ("7", IMAGE)
    with pytest.raises(BadPart, match="Pages"):
        read(answer('<return>0</return><Pages href="#9"/>'))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ('<RemoteId xsi:nil="true"/>', None),
        ("<RemoteId/>", ""),
        ("<RemoteId></RemoteId>", ""),
        ("<RemoteId><![CDATA[a<b]]></RemoteId>", "a<b"),
        ("<RemoteId>a<!-- b -->c<?d e?></RemoteId>", "ac"),
        ("<RemoteId>&#65;&amp;&quot;</RemoteId>", 'A&"'),
    ],
)
def test_ways_to_write_a_text(part: str, value: str | None) -> None:
    parts, _, _ = read(answer(f"<return>0</return>{part}"))
    assert parts["RemoteId"] == value


@pytest.mark.parametrize(
    "text",
    [
        "\r\n".join(TEXT[i : i + 76] for i in range(0, len(TEXT), 76)),
        f"<![CDATA[{TEXT}]]>",
        f"{TEXT[:500]}<!-- a -->{TEXT[500:]}",
        f"{TEXT[:501]}<?a b?>{TEXT[501:]}",
        f"{TEXT[:502]}&#13;&#10;{TEXT[502:]}",
        "".join(f"&#{ord(char)};" for char in TEXT[:300]) + TEXT[300:],
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_ways_to_write_the_image(text: str, size: int) -> None:
    parts, image, sink = read(answer(f"<FaxImage>{text}</FaxImage><return>0</return>"), size=size)
    assert (image, sink.defect, parts["return"]) == (IMAGE, None, "0")


@given(st.integers(0, len(TEXT) - 1), st.sampled_from("*!~-_.,\u00e4"))
@settings(max_examples=60, deadline=None)
def test_a_bad_character_anywhere_is_a_defect(at: int, char: str) -> None:
    text = TEXT[:at] + char + TEXT[at + 1 :]
    parts, image, sink = read(answer(f"<FaxImage>{text}</FaxImage><return>0</return>"))
    assert sink.defect is not None
    assert IMAGE.startswith(image)
    assert parts["return"] == "0"  # the rest is still understood


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b"", NotSoap),
        (b"hello", NotSoap),
        (b"<html><body>Login</body></html>", NotSoap),
        (b"<!DOCTYPE html><html></html>", NotSoap),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', ForbiddenXml),
        (answer("<return>0</return>", declaration='<!DOCTYPE x SYSTEM "y">'), ForbiddenXml),
        (answer("<return>0</return>").decode().encode("utf-16"), ForbiddenXml),
        (
            answer("<return>0</return>", declaration='<?xml version="1.0" encoding="ebcdic"?>'),
            ForbiddenXml,
        ),
        (answer("<return>0</return>", ns="urn:other"), NotSoap),
        (answer("<return>0</return>")[:-30], CutOff),
        (answer(f"<FaxImage>{TEXT}")[: -len(TEXT) // 2], CutOff),
        (answer("<return>0</other>"), BadAnswer),
        (answer("<a>" * 100_000), BadPart),
        (b"<a>" * 100_000, NotSoap),
        (envelope("<a>" * 100_000), FaxdeError),
        (answer(f"<return>0</return><a>{'x' * (SMALL_LIMIT + 1)}</a>"), TooLarge),
        (answer(f"<return>0</return><a {'b' * SMALL_LIMIT}='1'/>"), TooLarge),
        (answer(f"<FaxImage>{TEXT}</FaxImage><FaxImage>{TEXT}</FaxImage>"), BadPart),
        (answer(f"<FaxImage><a>{TEXT}</a></FaxImage>"), BadPart),
        (
            envelope(
                "<s:Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring></s:Fault>"
            ),
            Fault,
        ),
        (envelope("<s:Fault/>"), Fault),
    ],
)
@pytest.mark.parametrize("size", [1000, 1 << 20])
def test_refused(document: bytes, error: type[FaxdeError], size: int) -> None:
    with pytest.raises(error) as caught:
        read(document, size=size)
    assert len(str(caught.value)) < 400


def test_an_image_beyond_its_limit_is_refused() -> None:
    with pytest.raises(TooLarge, match="max_fax_size"):
        read(answer(f"<FaxImage>{TEXT}</FaxImage>"), limit=len(IMAGE) - 1)


def test_what_follows_the_envelope_is_not_read() -> None:
    def pieces() -> object:
        yield answer("<return>0</return>") + b"<rubbish"
        raise AssertionError("read on")

    reader = AnswerReader()
    assert read_answer(pieces(), reader) == {"return": "0"}  # type: ignore[arg-type]


@given(st.binary(max_size=400))
def test_rubbish_raises_nothing_else(rubbish: bytes) -> None:
    for document in (rubbish, answer("<return>0</return>").replace(b"0", rubbish)):
        try:
            read(document)
        except FaxdeError as error:
            assert str(error)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_spoiled_answer_is_never_a_wrong_image(data: st.DataObject) -> None:
    document = bytearray(answer(parts_xml(list(PARTS))))
    for _ in range(data.draw(st.integers(1, 3))):
        document[data.draw(st.integers(0, len(document) - 1))] = data.draw(st.integers(0, 255))
    try:
        parts, image, sink = read(bytes(document))
    except FaxdeError:
        return
    if parts.get("return") == "0" and sink.defect is None and "FaxImage" in parts:
        # A byte of base64 that became another one cannot be found here; its length can.
        assert len(image) in {len(IMAGE), 0} or abs(len(image) - len(IMAGE)) <= 3


def test_a_reader_goes_when_nobody_has_it_any_more() -> None:
    """Without a collector's run: thousands of calls would be held until then."""
    reader = AnswerReader("FaxImage", Decoded(io.BytesIO(), limit=1 << 20))
    read_answer([answer(parts_xml(list(PARTS)))], reader)
    gone = weakref.ref(reader)
    gc.disable()
    try:
        del reader
        assert gone() is None
    finally:
        gc.enable()
