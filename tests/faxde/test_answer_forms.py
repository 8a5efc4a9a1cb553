"""The same answer in other words, answers that could mean two things, and any way to cut them."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.faxde.answer import SMALL_LIMIT, AnswerReader, Parts, read_answer
from faxd.faxde.errors import BadAnswer, BadPart, Fault, FaxdeError, ForbiddenXml, NotSoap, TooLarge
from faxd.faxde.image import Decoded

from .support import LIMIT, answer, envelope

RAW = b"II*\0 a fax, or what looks like one \xff\xfe"
IMAGE = base64.b64encode(RAW).decode()
VALUES = {"FaxId": "3000000001", "Originator": "+49401234567", "Pages": "2", "return": "0"}
ANSWERED = {**VALUES, "FaxImage": ""}

Read = tuple[Parts, bytes, str | None]


def read(pieces: Iterable[bytes]) -> Read:
    """The parts, and what became of the image."""
    file = io.BytesIO()
    sink = Decoded(file, limit=LIMIT)
    parts = read_answer(pieces, AnswerReader("FaxImage", sink))
    return parts, file.getvalue(), sink.defect


def outcome(pieces: Iterable[bytes]) -> Read | type[FaxdeError]:
    """What was read, or the kind of error: expat words one and the same mistake in many ways."""
    try:
        return read(pieces)
    except FaxdeError as error:
        return type(error)


def cut(document: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(document) + 1) for cut in cuts), len(document)]
    return [document[start:end] for start, end in itertools.pairwise(edges)]


def by_the_byte(document: bytes) -> list[bytes]:
    return [document[i : i + 1] for i in range(len(document))]


def plain(image: str = IMAGE) -> str:
    return f"<FaxImage>{image}</FaxImage>" + "".join(f"<{k}>{v}</{k}>" for k, v in VALUES.items())


SAME: dict[str, bytes] = {
    "plain": answer(plain()),
    "references for line ends": answer(plain(IMAGE[:8] + "&#13;\n&#xD;&#10;" + IMAGE[8:])),
    "references for letters": answer(plain("".join(f"&#{ord(c)};" for c in IMAGE))),
    "cdata in the middle": answer(plain(f"{IMAGE[:5]}<![CDATA[{IMAGE[5:9]}]]>{IMAGE[9:]}")),
    "base64 in a comment": answer(plain(f"{IMAGE[:5]}<!-- x>QUJD<y -->{IMAGE[5:]}")),
    "base64 in an instruction": answer(plain(f"<?x a>QUJD<b?>{IMAGE}<?y?>")),
    "an image in a comment": answer(f"<!-- <FaxImage>QUJD</FaxImage> -->{plain()}<!-- > -->"),
    "attributes": answer(plain().replace("<FaxImage>", "<FaxImage a='x>y' b=\"/FaxImage>\">")),
    "qualified": answer(plain())
    .replace(b"<FaxImage", b"<q:FaxImage xmlns:q='urn:q'")
    .replace(b"</FaxImage", b"</q:FaxImage"),
    "another prefix": answer(plain(), prefix="SOAP-ENV"),
    "soap 1.2": answer(plain(), ns="http://www.w3.org/2003/05/soap-envelope"),
    "no declaration": answer(plain(), declaration=""),
    "byte order mark": b"\xef\xbb\xbf" + answer(plain()),
    "latin-1": answer(plain(), declaration='<?xml version="1.0" encoding="ISO-8859-1"?>'),
    "after the end": answer(plain()) + b"\n\0 <x> & junk",
    "another envelope after it": answer(plain()) * 2,
    "an image in the header": answer(plain()).replace(
        b"<s:Body>", b"<s:Header><x><FaxImage>QUJD</FaxImage></x></s:Header><s:Body>"
    ),
    "white space": answer("\n " + plain().replace("><", ">\n<")),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_answer_in_other_words(name: str) -> None:
    assert read([SAME[name]]) == (ANSWERED, RAW, None)
    assert read(by_the_byte(SAME[name])) == (ANSWERED, RAW, None)
    for place in range(len(SAME[name])):
        assert read(cut(SAME[name], [place])) == (ANSWERED, RAW, None), place


@pytest.mark.parametrize(
    ("image", "defect"),
    [
        (IMAGE + "QQ==", True),
        (IMAGE + "\u00fc", True),
        ("&#0;" + IMAGE, True),
        (IMAGE + "&amp;", True),
        (IMAGE + ">", True),
        ("<![CDATA[QU>JD<x]]>", True),
        ("\r\n ", False),
        ("<!-- nothing -->", False),
    ],
)
def test_a_defect_never_a_wrong_image(image: str, defect: bool) -> None:
    document = answer(plain(image))
    parts, _, found = read([document])
    assert (parts, found is not None) == (ANSWERED, defect)
    assert outcome([document]) == outcome(by_the_byte(document))


def test_one_value_for_two_parts() -> None:
    shared = envelope(
        "<A><FaxImage href='#i'/><Originator href='#o'/><RemoteId href='#o'/><Pages href='#n'/>"
        f"</A><m id='o'>+49</m><m id='i'>{IMAGE}</m><m id='n' xsi:nil='true'/>"
    )
    expected = {"FaxImage": "", "Originator": "+49", "RemoteId": "+49", "Pages": None}
    for pieces in ([shared], by_the_byte(shared)):
        assert read(pieces) == (expected, RAW, None)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<A><FaxImage href='#1'/></A>", "missing"),
        ("<A><FaxImage href='cid:1'/></A>", "not in the answer"),
        ("<A><FaxImage href='#'/></A>", "not in the answer"),
        ("<A><FaxImage href='#1'/></A><m id='1' href='#2'/><m id='2'>QUJD</m>", "another"),
        ("<A><FaxImage href='#1'/></A><m id='1'>QUJD</m><m id='1'>QUJE</m>", "twice"),
        ("<m id='1'>QUJD</m><A><FaxImage href='#1'/></A>", "before"),
        ("<A><FaxImage>QUJD</FaxImage><FaxImage>QUJD</FaxImage></A>", "twice"),
        ("<A><FaxImage>QUJD</FaxImage><x:FaxImage xmlns:x='u'>QUJD</x:FaxImage></A>", "twice"),
        ("<A><FaxImage href='#1'/><FaxImage>QUJD</FaxImage></A><m id='1'>QUJE</m>", "twice"),
        ("<A><FaxId>1</FaxId><FaxId>2</FaxId></A>", "twice"),
        ("<A><FaxImage>QUJD<x/>QUJD</FaxImage></A>", "FaxImage holds an element"),
        ("<A><FaxImage><FaxImage>QUJD</FaxImage></FaxImage></A>", "holds an element"),
        ("<A><FaxId>1<x>2</x>3</FaxId></A>", "FaxId holds an element"),
        ("<A/><m id='1'><return>0</return></m>", "m holds an element"),
    ],
)
def test_parts_that_could_mean_two_things(body: str, text: str) -> None:
    for pieces in ([envelope(body)], by_the_byte(envelope(body))):
        with pytest.raises(BadPart, match=text):
            read(pieces)


@pytest.mark.parametrize(
    ("document", "kind", "text"),
    [
        (b"\x1f\x8b\x08 > gzip after all", NotSoap, "not XML"),
        (b"<Envelope/>", NotSoap, "'Envelope'"),
        (envelope("<A/><A/>"), BadAnswer, "two answers"),
        (answer(plain(f"<!-- {'x' * SMALL_LIMIT} -->")), TooLarge, "beside the image"),
        (answer("<?x " + "x" * SMALL_LIMIT), TooLarge, "beside the image"),
        (envelope("").replace(b"<s:Body>", b"<x>" * 40), ForbiddenXml, "deep"),
        (envelope("<s:Fault>" + "<x>" * 40), ForbiddenXml, "deep"),
    ],
)
def test_other_documents(document: bytes, kind: type[FaxdeError], text: str) -> None:
    for size in (4096, 70_000, len(document)):
        with pytest.raises(kind, match=text) as error:
            read(document[i : i + size] for i in range(0, len(document), size))
        assert type(error.value) is kind


@pytest.mark.parametrize(
    ("fault", "code", "text"),
    [
        ("<faultcode>s:Client</faultcode><faultstring> a\n b </faultstring>", "s:Client", "a b"),
        ("<faultstring>x</faultstring><detail><faultstring>y</faultstring></detail>", "", "x"),
        (
            "<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>t</s:Text></s:Reason>",
            "s:Sender",
            "t",
        ),
        ("", "", ""),
        (f"<faultstring>{'x' * 500}</faultstring>", "", "x" * 200),
        ("<faultstring>a&#x202E;\u0085b</faultstring>", "", "a? b"),
        (f"<faultstring>{'x' * 197} geheim</faultstring>", "", "x" * 197 + " **"),
    ],
)
def test_faults(fault: str, code: str, text: str) -> None:
    with pytest.raises(Fault) as error:
        read_answer(
            by_the_byte(envelope(f"<s:Fault>{fault}</s:Fault>")), AnswerReader(hide="geheim")
        )
    assert (error.value.code, error.value.text) == (code, text)


def test_an_image_that_is_larger_than_all_else_may_be() -> None:
    lines = "&#13;\n".join(["QUJD" * 19] * 20_000)  # the parser's way, 2 MB
    for image in (lines, "QUJD" * (SMALL_LIMIT // 2), f"<![CDATA[{'QUJD' * SMALL_LIMIT}]]>"):
        _, raw, defect = read([answer(plain(image))])
        assert (raw, defect) == (b"ABC" * image.count("QUJD"), None)


FRAGMENTS = [
    *(
        "<FaxImage>",
        "</FaxImage>",
        "<FaxImage/>",
        "<FaxImage href='#1'/>",
        "<x>",
        "</x>",
        "<Pages>",
    ),
    *(
        "</Pages>",
        "<return>0</return>",
        "<FaxId>1</FaxId>",
        "<!--",
        "-->",
        "<?p",
        "?>",
        "<![CDATA[",
    ),
    *("]]>", "&amp;", "&#13;", "&#0;", "&x;", "&", "<", ">", "QUJD", "\r\n", "</n:AResponse>", "A"),
    *("<m id='1'>", "</m>", "<s:Fault>", "</s:Fault>", "\u00fc", "\0", "=", "</s:Body>", IMAGE),
    *("</s:Envelope>", "<faultstring>", "</faultstring>", "<s:Body>"),
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12), st.lists(st.integers(0), max_size=6))
def test_any_chunking_gives_the_same(fragments: list[str], cuts: list[int]) -> None:
    document = answer("".join(fragments))
    whole = outcome([document])
    assert whole == outcome(cut(document, cuts))
    assert whole == outcome(by_the_byte(document))


@given(st.binary(max_size=200), st.lists(st.integers(0), max_size=6))
def test_random_bytes_raise_nothing_else(data: bytes, cuts: list[int]) -> None:
    outcome(cut(data, cuts))
    document = answer(plain(f"{IMAGE}@{IMAGE}"))
    outcome(cut(document[:90] + data, cuts))
    # Whatever stands between two images that end with padding, both together are none.
    result = outcome(cut(document.replace(b"@", data), cuts))
    assert not isinstance(result, tuple) or result[2] is not None or result[1] == RAW
