"""What is seen and read where codes were: the proof that they are covered."""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Sequence

import pypdfium2
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from pypdfium2 import raw

from faxd.documents.pagetext import Box, PageText

_POINTS_PER_INCH = 72
_MAX_PIXELS = 25_000_000
#: of 255: what a region of one colour may differ in itself; what a pixel may differ from before
_SAME = 12
_CHANGED = 20
#: pixels; edges that are smoothed otherwise are no change, a hairline or a light grey area is
_BLUR = 2
#: pixels that may have changed: none but for rounding; in a picture the edges of fine lines
_MAX_CHANGED = 5
_MAX_CHANGED_SHARE = 0.005

#: left, top, right, bottom in pixels of a rendered page
Region = tuple[int, int, int, int]


def is_silent(readings: Sequence[PageText], boxes: Sequence[Box], said: frozenset[str]) -> bool:
    """Whether nothing can be read where the codes were, and they can be read nowhere else."""
    return not any(within(reading, boxes) or holds(reading.text, said) for reading in readings)


def is_blank(image: Image.Image, regions: Sequence[Region]) -> bool:
    """Whether each region is of one colour."""
    for left, top, right, bottom in regions:
        if left >= right or top >= bottom:
            continue  # beside the paper
        for band in image.crop((left, top, right, bottom)).split():
            values = [value for value, count in enumerate(band.histogram()) if count]
            if values[-1] - values[0] > _SAME:
                return False
    return True


def is_unchanged(
    before: Image.Image, after: Image.Image, patches: Sequence[Region], *, is_picture: bool
) -> bool:
    """Whether the page looks as it did, but for the patches."""
    if before.size != after.size:
        return False
    # The patches first: what is gone from there must not be smeared over their edges.
    before, after = before.copy(), after.copy()
    for image in (before, after):
        draw = ImageDraw.Draw(image)
        for patch in patches:
            draw.rectangle(patch, fill="white")
    where = ImageChops.difference(before, after).getbbox()
    if where is None:
        return True
    left, top, right, bottom = where
    where = (left - _BLUR, top - _BLUR, right + _BLUR, bottom + _BLUR)
    blur = ImageFilter.BoxBlur(_BLUR)
    changes = ImageChops.difference(*(one.crop(where).filter(blur) for one in (before, after)))
    red, green, blue = changes.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    changed = sum(most.histogram()[_CHANGED:])
    pixels = before.width * before.height
    return changed <= (pixels * _MAX_CHANGED_SHARE if is_picture else _MAX_CHANGED)


def render(page: pypdfium2.PdfPage, dpi: int) -> Image.Image:
    """The page in colour, notes and forms too, as people see it; large ones less finely."""
    width, height = page.get_size()
    scale = dpi / _POINTS_PER_INCH
    scale = min(scale, (_MAX_PIXELS / (width * height)) ** 0.5)
    image: Image.Image = page.render(scale=scale).to_pil()
    return image.convert("RGB")


def region(page: pypdfium2.PdfPage, image: Image.Image, box: Box) -> Region:
    """Where a box of the page is in its picture, whatever way the page is turned."""
    left, bottom, right, top = box
    corners = [_pixel(page, image, x, y) for x in (left, right) for y in (bottom, top)]
    across, down = [x for x, _ in corners], [y for _, y in corners]
    left_edge, top_edge = max(min(across), 0), max(min(down), 0)
    return (
        left_edge,
        top_edge,
        # Beside the paper there is nothing.
        max(min(max(across) + 1, image.width), left_edge),
        max(min(max(down) + 1, image.height), top_edge),
    )


def _pixel(page: pypdfium2.PdfPage, image: Image.Image, x: float, y: float) -> tuple[int, int]:
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, image.width, image.height, 0, x, y, across, down)
    return across.value, down.value


def within(reading: PageText, boxes: Sequence[Box]) -> str:
    """The characters that stand in the boxes."""
    pairs = zip(reading.text, reading.boxes, strict=True)
    return "".join(char for char, box in pairs if box and is_within(box, boxes))


def holds(text: str, said: frozenset[str]) -> bool:
    """Whether one of the codes is in the text, whatever blanks are in it."""
    spelt = bare(text)
    return any(one in spelt for one in said)


def bare(text: str) -> str:
    """A text without blanks and what is not seen, by which codes are compared."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in text if unicodedata.category(char)[0] not in "ZC")


def is_within(box: Box, boxes: Sequence[Box]) -> bool:
    """Whether the middle of a character is in one of the boxes."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in boxes)


def wider(box: Box, margin: float) -> Box:
    """The box and a margin around it, in points."""
    left, bottom, right, top = box
    return (left - margin, bottom - margin, right + margin, top + margin)


def as_box(values: Sequence[float]) -> Box:
    """A box that has been JSON."""
    left, bottom, right, top = values
    return (left, bottom, right, top)
