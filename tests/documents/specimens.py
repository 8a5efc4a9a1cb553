"""Documents for tests: faxes as TIFF in every coding, PDFs, and what is hostile."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image, ImageChops, ImageDraw

Entries = dict[int, object]

#: what Pillow is told (compression, entries), by the name of a coding; 292 is T4Options
CODINGS: dict[str, tuple[str, Entries]] = {
    "group 4": ("group4", {}),
    "group 3": ("group3", {}),
    "group 3, two-dimensional": ("group3", {292: 1}),
    "group 3, filled": ("group3", {292: 4}),
    "group 3, two-dimensional and filled": ("group3", {292: 5}),
    "Huffman": ("tiff_ccitt", {}),
    "group 4, reversed bits": ("group4", {266: 2}),
    "group 3, reversed bits": ("group3", {266: 2}),
    "uncompressed": ("raw", {}),
    "LZW": ("tiff_lzw", {}),
    "PackBits": ("packbits", {}),
    "deflated": ("tiff_adobe_deflate", {}),
}
#: those whose data a PDF can hold as they are
CARRIED = [name for name, (kind, _) in CODINGS.items() if kind.startswith(("group", "tiff_cc"))]


def drawing(size: tuple[int, int] = (1728, 1146), number: int = 1) -> Image.Image:
    """A page with writing, lines and a filled square, black on white."""
    image = Image.new("1", size, 255)
    draw = ImageDraw.Draw(image)
    for y in range(60, size[1] - 60, 40):
        draw.text((100, y), f"page {number}: the quick brown fox jumps", fill=0)
    draw.line((20, 20, size[0] - 20, size[1] - 20), fill=0)
    draw.rectangle((size[0] - 300, 100, size[0] - 200, 200), fill=0)
    return image


def fax(
    path: Path,
    pages: Sequence[Image.Image],
    coding: str = "group 4",
    dpi: tuple[float, float] | None = (204, 98),
    *,
    strip_size: int = 1 << 31,
    entries: Entries | None = None,
) -> Path:
    """A TIFF; one strip a page unless ``strip_size`` (bytes) says otherwise."""
    compression, more = CODINGS[coding]
    first, *others = pages
    resolution = {} if dpi is None else {"dpi": dpi}
    first.save(
        path,
        "TIFF",
        compression=compression,
        strip_size=strip_size,
        tiffinfo={**more, **(entries or {})},
        save_all=True,
        append_images=others,
        **resolution,
    )
    return path


def picture_on(page: pypdfium2.PdfPage) -> Image.Image:
    """The only picture on a page, as it is in the PDF, decoded by pdfium."""
    (picture,) = page.get_objects()
    image: Image.Image = picture.get_bitmap().to_pil()
    return image


def same(one: Image.Image, other: Image.Image) -> bool:
    """Whether two pictures are the same in black and white."""
    if one.size != other.size:
        return False
    return ImageChops.logical_xor(one.convert("1"), other.convert("1")).getbbox() is None


def darkness(image: Image.Image) -> float:
    """How much of it is black, 0 to 1."""
    histogram = image.convert("L").histogram()
    total = sum(count * (255 - grey) for grey, count in enumerate(histogram))
    return total / (255 * image.width * image.height)


def pdf(
    path: Path, boxes: Sequence[tuple[float, float]] = ((595, 842),), content: bytes = b""
) -> Path:
    """A PDF with a page of each size, a black square of 100 points at the lower left of each."""
    with pikepdf.new() as made:
        for box in boxes:
            page = made.add_blank_page(page_size=box)
            page.contents_add(made.make_stream(b"0 g 0 0 100 100 re f\n" + content))
        made.save(path)
    return path


def encrypted(path: Path, *, user: str, owner: str = "owner") -> Path:
    """A PDF that needs the password ``user`` (none if it is empty) to be read."""
    plain = pdf(path.with_suffix(".plain.pdf"))
    with pikepdf.open(plain) as made:
        made.save(path, encryption=pikepdf.Encryption(user=user, owner=owner))
    return path


def raw_pdf(path: Path, objects: Sequence[bytes], *, root: int = 1) -> Path:
    """A PDF of objects as they are, numbered from 1."""
    whole = io.BytesIO()
    whole.write(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(whole.tell())
        whole.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    table = whole.tell()
    whole.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        whole.write(b"%010d 00000 n \n" % place)
    whole.write(b"trailer\n<< /Size %d /Root %d 0 R >>\n" % (len(objects) + 1, root))
    whole.write(b"startxref\n%d\n%%%%EOF\n" % table)
    path.write_bytes(whole.getvalue())
    return path


def tiff_of(path: Path, pages: Sequence[dict[int, int]], data: bytes = b"\0" * 64) -> Path:
    """A TIFF of pages with just these entries (all LONG); strips lie at 8, where ``data`` is."""
    whole = bytearray(b"II*\0" + struct.pack("<I", 8 + len(data)) + data)
    for number, entries in enumerate(pages, 1):
        whole += struct.pack("<H", len(entries))
        for tag, value in sorted(entries.items()):
            whole += struct.pack("<HHII", tag, 4, 1, value)
        following = len(whole) + 4 if number < len(pages) else 0
        whole += struct.pack("<I", following)
    path.write_bytes(whole)
    return path
