"""The image's text: decoded strictly, however it is cut; a defect, never a wrong image."""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.faxde.errors import TooLarge
from faxd.faxde.image import _BLOCK, Decoded, Verbatim

LIMIT = 1 << 30


def written(sink: Decoded | Verbatim, text: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    for start, end in itertools.pairwise(edges):
        sink.write(text[start:end])
    sink.close()


def decoded(text: bytes, cuts: list[int] | None = None) -> tuple[bytes, str | None]:
    file = io.BytesIO()
    sink = Decoded(file, limit=LIMIT)
    written(sink, text, cuts or [])
    raw = file.getvalue()
    assert (sink.size, sink.sha256) == (len(raw), hashlib.sha256(raw).hexdigest())
    return raw, sink.defect


@given(st.binary(max_size=300), st.integers(1, 80), st.lists(st.integers(0), max_size=8))
def test_any_image_however_it_is_cut_and_wrapped(raw: bytes, width: int, cuts: list[int]) -> None:
    text = base64.b64encode(raw)
    lines = b"\r\n".join(text[i : i + width] for i in range(0, len(text), width))
    assert decoded(b"\t " + lines + b"\n", cuts) == (raw, None)


@given(st.binary(max_size=100), st.lists(st.integers(0), max_size=8))
def test_no_text_gives_a_wrong_image(text: bytes, cuts: list[int]) -> None:
    raw, defect = decoded(text, cuts)
    assert (raw, defect) == decoded(text)
    if defect is None:
        plain = bytes(byte for byte in text if byte not in b" \t\r\n")
        assert raw == binascii.a2b_base64(plain)
        assert len(raw) == len(plain) // 4 * 3 - plain.count(b"=")


@given(st.binary(min_size=1, max_size=60), st.integers(0), st.integers(0, 255))
def test_a_foreign_character_anywhere_is_a_defect(raw: bytes, place: int, byte: int) -> None:
    text = bytearray(base64.b64encode(raw))
    text.insert(place % (len(text) + 1), byte)
    _, defect = decoded(bytes(text))
    assert (defect is None) == (byte in b" \t\r\n")


@pytest.mark.parametrize(
    "text", [b"QUJD=", b"QUJD==", b"QUJD====", b"=", b"====", b"QUJDQ===", b"A=A="]
)
def test_padding_that_pads_nothing(text: bytes) -> None:
    assert decoded(text)[1]


@pytest.mark.parametrize("length", [_BLOCK - 4, _BLOCK, _BLOCK + 4, 3 * _BLOCK])
@pytest.mark.parametrize(
    "tail", [b"!", b"=", b"QQ==QQ==", b"QQ==\n=", b"Q", b"QQ", b"QQQ", b"QQ=A"]
)
def test_defects_around_the_edge_of_a_block(length: int, tail: bytes) -> None:
    for cut in (length - 1, length, length + 1, 1):
        raw, defect = decoded(b"A" * length + tail, [cut])
        assert defect
        assert defect.startswith("bad base64 (")
        whole = length // 4 * 3
        assert raw[:whole] == bytes(len(raw[:whole]))


@pytest.mark.parametrize("tail", [b"", b"\r\n", b"QQ==", b"QQ==\r\n ", b"Q\nQ\n=\n=\n"])
def test_sound_ends(tail: bytes) -> None:
    raw, defect = decoded(b"A" * _BLOCK + tail)
    assert (raw, defect) == (bytes(_BLOCK // 4 * 3) + (b"A" if b"Q" in tail else b""), None)


def test_what_is_written_before_a_defect_does_not_depend_on_the_cuts() -> None:
    text = b"A" * (2 * _BLOCK + 8) + b"!" + b"A" * 99
    once = decoded(text)
    assert once == decoded(text, list(range(0, len(text), 1001)))
    assert len(once[0]) == 2 * _BLOCK // 4 * 3


@pytest.mark.parametrize(("size", "limit"), [(10, 9), (_BLOCK * 3, _BLOCK * 2)])
def test_the_limit(size: int, limit: int) -> None:
    text = base64.b64encode(bytes(size))
    file = io.BytesIO()
    with pytest.raises(TooLarge, match=f"more than {limit} bytes"):
        written(Decoded(file, limit=limit), text, [])
    assert len(file.getvalue()) <= limit
    written(Decoded(io.BytesIO(), limit=size), text, [])


def test_verbatim_keeps_the_text() -> None:
    for text, sound in ((b"QU\r\nJD", True), (b"QU!D \n", False), (b"\xff<>", False), (b"", True)):
        file = io.BytesIO()
        sink = Verbatim(file, limit=LIMIT)
        written(sink, text, [2])
        assert file.getvalue() == text
        assert (sink.size, sink.sha256) == (len(text), hashlib.sha256(text).hexdigest())
        assert (sink.defect is None) == sound


def test_verbatim_is_bounded_too() -> None:
    sink = Verbatim(io.BytesIO(), limit=10)
    sink.write(b"A" * 20)
    with pytest.raises(TooLarge, match="20 bytes"):
        sink.write(b"A")


class FullDisk(io.BytesIO):
    def write(self, _data: object, /) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("kind", [Decoded, Verbatim])
def test_a_full_disk_is_no_error_of_the_network(kind: type[Decoded] | type[Verbatim]) -> None:
    with pytest.raises(OSError, match="No space") as error:
        written(kind(FullDisk(), limit=LIMIT), b"QUJD", [])
    assert error.value.errno == errno.ENOSPC
