"""The check of a TIFF: finds what is lost, believes nothing, never takes long."""

from __future__ import annotations

import contextlib
import io
import struct
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from faxd.inbound.tiff import MAX_PAGES, MAX_STRIPS, Damaged, count_pages
from faxd.simulator import SyntheticImage
from faxd.simulator.samples import all_samples

SHORT, LONG, LONG8 = 3, 4, 16
WIDTH, LENGTH, OFFSETS, COUNTS, TILE_OFFSETS, TILE_COUNTS = 256, 257, 273, 279, 324, 325


def pages_of(data: bytes) -> int:
    return count_pages(io.BytesIO(data), len(data))


def damage_of(data: bytes) -> str:
    with pytest.raises(Damaged) as caught:
        pages_of(data)
    return str(caught.value)


def pillow(pages: int, **options: Any) -> bytes:
    """A fax as libtiff writes it."""
    images = []
    for number in range(pages):
        image = Image.new("1", (1728, 400), 1)
        image.paste(0, (100 * number + 10, 20, 100 * number + 90, 380))
        images.append(image)
    file = io.BytesIO()
    images[0].save(file, "TIFF", save_all=True, append_images=images[1:], **options)
    return file.getvalue()


@cache
def sound() -> dict[str, tuple[bytes, int]]:
    """Sound faxes of several makers, and their numbers of pages."""
    faxes = {sample.name: (sample.path.read_bytes(), sample.pages) for sample in all_samples()}
    for compression in ("group3", "group4", "tiff_ccitt", "packbits", "tiff_lzw", "raw"):
        faxes[compression] = pillow(3, compression=compression), 3
    faxes["big"] = pillow(2, compression="group4", big_tiff=True), 2
    faxes["one line a strip"] = pillow(2, compression="group4", strip_size=1), 2
    faxes["MM"] = pillow_big_endian(), 1
    faxes["tiles"] = crafted([page(tiled=True, strips=6)]), 1
    faxes["synthetic"] = b"".join(SyntheticImage(5000, 4).pieces()), 4
    faxes["crafted MM"] = crafted([page(), page(strips=3)], order=">"), 2
    faxes["crafted BigTIFF"] = crafted([page(), page(strips=3)], big=True), 2
    faxes["crafted BigTIFF MM"] = crafted([page(strips=9)], order=">", big=True), 1
    return faxes


def pillow_big_endian() -> bytes:
    file = io.BytesIO()
    image = Image.new("I;16B", (300, 200), 9)
    image.save(file, "TIFF")
    assert file.getvalue()[:2] == b"MM"
    return file.getvalue()


# TIFFs made entry by entry

Entry = tuple[int, int, list[int]]


def page(*, strips: int = 1, tiled: bool = False, kind: int = LONG) -> dict[int, Entry]:
    """The entries of a page whose strips are of 10 bytes each and lie at the file's beginning."""
    at, long = (TILE_OFFSETS, TILE_COUNTS) if tiled else (OFFSETS, COUNTS)
    return {
        WIDTH: (WIDTH, SHORT, [1728]),
        LENGTH: (LENGTH, LONG, [1000]),
        at: (at, kind, [16 + 10 * number for number in range(strips)]),
        long: (long, SHORT, [10] * strips),
    }


def crafted(
    pages: list[dict[int, Entry]],
    *,
    order: str = "<",
    big: bool = False,
    last: Callable[[list[int]], int] = lambda _: 0,
) -> bytes:
    """A TIFF of these pages; ``last`` tells where the last one leads to."""
    count, offset, first = ("Q", "Q", 16) if big else ("H", "I", 8)
    word = struct.calcsize(order + offset)
    data = bytearray(16 + 10 * max(len(entry[2]) for p in pages for entry in p.values()))
    places, ends = [], []
    for entries in pages:
        packed = bytearray()
        for tag, kind, numbers in entries.values():
            letter = {SHORT: "H", LONG: "I", LONG8: "Q"}.get(kind, "I")
            values = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
            if len(values) > word:
                values, data[len(data) :] = struct.pack(order + offset, len(data)), values
            packed += struct.pack(f"{order}HH{offset}", tag, kind, len(numbers))
            packed += values.ljust(word, b"\0")
        places.append(len(data))
        data += struct.pack(order + count, len(entries)) + packed
        ends.append(len(data))
        data += bytes(word)
    head = (
        struct.pack(f"{order}2sHHHQ", b"", 43, 8, 0, places[0])
        if big
        else (struct.pack(f"{order}2sHI", b"", 42, places[0]))
    )
    data[:first] = (b"II" if order == "<" else b"MM") + head[2:first]
    for end, following in zip(ends, [*places[1:], last(places)], strict=True):
        data[end : end + word] = struct.pack(order + offset, following)
    return bytes(data)


# Sound ones


def test_sound_faxes_of_other_makers_are_accepted() -> None:
    assert {name: pages_of(data) for name, (data, _) in sound().items()} == {
        name: pages for name, (_, pages) in sound().items()
    }


@pytest.mark.parametrize(
    "change",
    [
        {COUNTS: None},  # some writers leave the length of a single strip out
        {WIDTH: (WIDTH, LONG, [1728])},
        {COUNTS: (COUNTS, LONG, [10])},
        {999: (999, 65535, [1])},  # an unknown tag of an unknown type
        {282: (282, 5, [2**32 - 1])},  # what is not needed to see the page is not looked at
    ],
)
def test_sound_oddities(change: dict[int, Entry | None]) -> None:
    entries = {tag: entry for tag, entry in (page() | change).items() if entry}
    assert pages_of(crafted([entries, page()])) == 2


def test_the_longest_fax_is_accepted() -> None:
    assert pages_of(crafted([page()] * MAX_PAGES)) == MAX_PAGES
    assert pages_of(crafted([page(strips=MAX_STRIPS)])) == 1


# Damaged ones


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (b"", "the file is empty"),
        (b"II", "not a TIFF file"),
        (b"II*\0\0\0\0", "not a TIFF file"),
        (b"II*\0\0\0\0\0", "no pages"),
        (b"MM\0*\0\0\0\0", "no pages"),
        (b"%PDF-1.4 and so on", "not a TIFF file"),
        (b"II\0*\x08\0\0\0", "not a TIFF file"),
        (b"II+\0\x08\0\0\0", "not a TIFF file"),
        (b"II+\0\x04\0\0\0" + bytes(8), "not a TIFF file"),
        (b"II*\0\x08\0\0\0", "page 1 lies outside of the file"),
        (b"II*\0\xff\xff\xff\xff", "page 1 lies outside of the file"),
        (b"II*\0\x08\0\0\0\0\0", "page 1 has a directory of 0 entries"),
        (b"II*\0\x08\0\0\0\xff\xff", "page 1 has a directory of 65535 entries"),
    ],
)
def test_no_tiff_at_all(data: bytes, damage: str) -> None:
    assert damage in damage_of(data)


@pytest.mark.parametrize(
    ("change", "damage"),
    [
        ({WIDTH: None}, "page 2 has no width"),
        ({LENGTH: None}, "page 2 has no length"),
        ({LENGTH: (LENGTH, LONG, [0])}, "page 2 has the length 0"),
        ({WIDTH: (WIDTH, 2, [7])}, "page 2 has a number of the unknown type 2"),
        ({WIDTH: (WIDTH, SHORT, [7, 7])}, "page 2 has 2 numbers where 1 to 1 can be"),
        ({OFFSETS: None}, "page 2 has no image"),
        ({OFFSETS: None, COUNTS: None}, "page 2 has no image"),
        ({OFFSETS: (OFFSETS, LONG, [16, 26]), COUNTS: None}, "does not say how long its strips"),
        ({OFFSETS: (OFFSETS, LONG, [16, 26])}, "page 2 has 2 strips and 1 lengths"),
        ({COUNTS: (COUNTS, LONG, [2**32 - 1])}, "page 2 ends outside of the file"),
        ({OFFSETS: (OFFSETS, LONG, [2**32 - 1])}, "page 2 ends outside of the file"),
        ({COUNTS: (COUNTS, LONG, [0])}, "page 2 has an image of no bytes"),
        ({OFFSETS: (OFFSETS, LONG, [])}, "page 2 has 0 numbers"),
        ({OFFSETS: (OFFSETS, LONG, [16] * (MAX_STRIPS + 1))}, "20001 numbers where 1 to 20000 can"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
def test_pages_that_cannot_be_seen(
    change: dict[int, Entry | None], damage: str, order: str, big: bool
) -> None:
    entries = {tag: entry for tag, entry in (page() | change).items() if entry}
    assert damage in damage_of(crafted([page(), entries], order=order, big=big))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("back", [0, 1, 2])
def test_loops_are_found(back: int, big: bool) -> None:
    data = crafted([page()] * 3, big=big, last=lambda places: places[back])
    assert damage_of(data) == "after page 3 the chain of pages leads back to an earlier page"


def test_numbers_beyond_64_bits_do_not_wrap() -> None:
    entries = page(kind=LONG8) | {OFFSETS: (OFFSETS, LONG8, [2**64 - 1])}
    assert "ends outside" in damage_of(crafted([entries], big=True))
    assert "lies outside" in damage_of(crafted([page()], big=True, last=lambda _: 2**64 - 8))


# Truncation


def cuts(data: bytes) -> Iterator[int]:
    """Lengths to cut a file to: every one near its ends and its directories, some between."""
    yield from range(min(len(data), 300))
    yield from range(300, len(data), max(1, len(data) // 400))
    yield from range(max(300, len(data) - 300), len(data))


def decoded(data: bytes) -> list[bytes] | None:
    """What a viewer shows of each page; None if it refuses."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            pages = []
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                pages.append(image.tobytes())
            return pages
    except (OSError, ValueError, SyntaxError, KeyError, EOFError, TypeError, struct.error):
        return None


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("name", sorted(sound()))
def test_every_truncation_that_loses_something_is_found(name: str) -> None:
    data, pages = sound()[name]
    whole = decoded(data)
    for length in cuts(data):
        try:
            assert pages_of(data[:length]) == pages
        except Damaged:
            continue
        # Only what no viewer needs was cut off.
        assert whole is not None, length
        assert decoded(data[:length]) == whole, length


@given(data=st.data())
@settings(max_examples=150)
def test_mutations_raise_nothing_but_damaged(data: st.DataObject) -> None:
    original, _ = sound()[data.draw(st.sampled_from(sorted(sound())))]
    mutated = bytearray(original)
    # Most of a file is image; what matters lies in few places.
    places = st.integers(0, min(400, len(mutated) - 1)) | st.integers(0, len(mutated) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=8)):
        value = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
        mutated[place] = value
    if data.draw(st.booleans()):
        del mutated[data.draw(st.integers(0, len(mutated))) :]
    try:
        assert 0 < pages_of(bytes(mutated)) <= MAX_PAGES
    except Damaged as error:
        assert str(error).isprintable()


@given(tail=st.binary(max_size=300), head=st.sampled_from([b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0"]))
@example(head=b"II*\0", tail=b"\x08\0\0\0" + b"\1\0" + b"\xff" * 12)
@settings(max_examples=150)
def test_garbage_raises_nothing_but_damaged(head: bytes, tail: bytes) -> None:
    try:
        pages_of(head + tail)
    except Damaged as error:
        assert str(error)


# Time


def hostile(name: str) -> bytes:
    shared = page(strips=MAX_STRIPS if name == "strips" else 99)
    if name == "entries":
        # Directories of 1,000 entries that lie upon one another, two bytes apart.
        entries = b"".join(struct.pack("<HHII", 256, 3, 1, 1) for _ in range(1000))
        return b"II*\0\x08\0\0\0" + struct.pack("<H", 1000) * 20_000 + entries
    filler = {1000 + number: (1000 + number, LONG, [0]) for number in range(44)}
    pages = MAX_PAGES if name == "everything" else 200
    return crafted([shared | filler] * pages if name == "everything" else [shared] * pages)


@pytest.mark.parametrize("name", ["strips", "everything", "entries"])
def test_no_file_takes_long(name: str) -> None:
    data = hostile(name)
    begin = time.process_time()
    with contextlib.suppress(Damaged):
        pages_of(data)
    # Measured: 0.1 to 0.6 s. A test of time, but of time that only a defect makes this long.
    assert time.process_time() - begin < 3


def test_a_chain_of_a_million_pages_ends_early() -> None:
    data = crafted([page()] * (MAX_PAGES + 1))
    assert damage_of(data) == "more than 10000 pages"


def test_what_cannot_be_read_is_told() -> None:
    data, _ = sound()["synthetic"]
    with pytest.raises(Damaged, match="cannot be read"):
        count_pages(io.BytesIO(data[:100]), len(data))
