"""Streams, base64, TIFF and page counting, without a server."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faxd.simulator import SyntheticImage, tiff
from faxd.simulator.documents import Verdict, examine
from faxd.simulator.samples import all_samples
from faxd.simulator.streams import (
    PIECE,
    Base64,
    Clipped,
    Filler,
    FromFile,
    InMemory,
    Joined,
    Patched,
    Stream,
    as_stream,
)


def whole(stream: Stream) -> bytes:
    content = b"".join(stream.pieces())
    assert len(content) == stream.size
    return content


def lined(raw: bytes) -> bytes:
    return base64.encodebytes(raw).strip().replace(b"\n", b"\r\n")


@given(st.binary(max_size=400))
def test_base64_is_what_the_standard_library_makes(raw: bytes) -> None:
    assert whole(Base64(InMemory(raw))) == lined(raw)
    assert whole(Base64(InMemory(raw), lines=False)) == base64.b64encode(raw)


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, PIECE + 57, 2 * PIECE, 3 * PIECE])
def test_base64_at_the_borders_of_pieces(size: int) -> None:
    raw = b"".join(SyntheticImage(size).pieces())
    assert whole(Base64(SyntheticImage(size))) == lined(raw)


@given(st.binary(min_size=1, max_size=50), st.integers(0, 60), st.binary(max_size=8))
def test_patched_overwrites_and_keeps_the_size(raw: bytes, offset: int, patch: bytes) -> None:
    source = Joined(tuple(InMemory(raw[i : i + 7]) for i in range(0, len(raw), 7)))
    expected = (raw[:offset] + patch + raw[offset + len(patch) :])[: len(raw)]
    assert whole(Patched(source, offset, patch)) == (expected if offset < len(raw) else raw)


@given(st.binary(max_size=50), st.integers(-1, 60))
def test_clipped(raw: bytes, length: int) -> None:
    assert whole(Clipped(InMemory(raw), length)) == raw[: max(length, 0)]


def test_filler_and_files(tmp_path: Path) -> None:
    assert whole(Filler(PIECE + 5)) == b"x" * (PIECE + 5)
    (tmp_path / "a").write_bytes(b"abc")
    assert whole(FromFile(tmp_path / "a")) == b"abc"
    assert isinstance(as_stream(str(tmp_path / "a")), FromFile)
    with pytest.raises(FileNotFoundError):
        as_stream(tmp_path / "b")


@pytest.mark.parametrize(("size", "pages"), [(426, 1), (5000, 3), (1_234_567, 7)])
def test_synthetic_image_is_a_sound_tiff(size: int, pages: int) -> None:
    image = SyntheticImage(size, pages)
    content = b"".join(image.pieces())
    assert len(content) == size
    assert hashlib.sha256(content).hexdigest() == image.sha256()
    assert tiff.count_pages(io.BytesIO(content)) == pages
    with Image.open(io.BytesIO(content)) as opened:
        assert getattr(opened, "n_frames", 1) == pages
        for page in range(pages):
            opened.seek(page)
            opened.load()
            assert opened.mode == "1"
            assert opened.size[0] == 1728


@pytest.mark.parametrize(("size", "pages"), [(425, 1), (2**32, 1), (1000, 0)])
def test_synthetic_image_that_cannot_be(size: int, pages: int) -> None:
    with pytest.raises(ValueError, match="no TIFF"):
        SyntheticImage(size, pages)


def test_broken_chains_of_pages() -> None:
    circle = b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0"
    for content in (b"", b"GIF89a..", circle, b"II*\0\xff\xff\0\0", b"II*\0\0\0\0\0"):
        with pytest.raises(ValueError, match="TIFF"):
            tiff.count_pages(io.BytesIO(content))


def test_samples() -> None:
    for sample in all_samples():
        assert sample.path.stat().st_size < 60_000
        with sample.path.open("rb") as file:
            assert tiff.count_pages(file) == sample.pages
        with Image.open(sample.path) as image:
            assert image.size[0] == 1728
            assert image.info["compression"] == "group4"


PDF = b"%PDF-1.4\n1 0 obj<</Type/Pages>>\n2 0 obj<</Type /Page>>\n3 0 obj<</Type/Page\n>>%%EOF"


@pytest.mark.parametrize(
    ("name", "content", "verdict"),
    [
        ("a.pdf", PDF, Verdict(0, 2)),
        ("A.PDF", PDF.replace(b"/Page\n", b"/Page%" + b" " * PIECE), Verdict(0, 2)),
        ("C:\\a\\b.pdf", b"%PDF-1.4 no page in the open", Verdict(0, 1)),
        ("a.pdf", PDF + b"/Encrypt", Verdict(-14)),
        ("a.pdf", b"PK\3\4", Verdict(-7)),
        ("a.tif", b"%PDF-1.4", Verdict(-7)),
        ("a.tif", b"II*\0\xff\xff\0\0", Verdict(58)),
        ("a.tiff", b"".join(SyntheticImage(9000, 4).pieces()), Verdict(0, 4)),
        ("a.html", b"<p>x", Verdict(0, 1)),
        ("a.htm", b"\0", Verdict(-7)),
        ("a.bmp", b"BM..", Verdict(0, 1)),
        ("a.doc", b"\xd0\xcf\x11\xe0", Verdict(0, 1)),
        ("a.docx", b"PK\3\4", Verdict(-6)),
        ("", PDF, Verdict(-6)),
    ],
)
def test_converter(tmp_path: Path, name: str, content: bytes, verdict: Verdict) -> None:
    (tmp_path / "x").write_bytes(content)
    assert examine(name, tmp_path / "x") == verdict


@pytest.mark.parametrize("shift", range(-80, 10, 7))
def test_pages_of_a_pdf_across_pieces(tmp_path: Path, shift: int) -> None:
    content = b"%PDF-1.4" + b" " * (PIECE + shift - 8) + b"/Type /Page /Type   /Page>" + b" " * 99
    (tmp_path / "x").write_bytes(content)
    assert examine("x.pdf", tmp_path / "x") == Verdict(0, 2)
