"""Codes are covered before a document is sent, and it is proven that they are.

Three ways, the gentlest first: the text is taken out of the page; a white patch is put there
besides; the page becomes a picture with white patches. Each result is opened again, and only one
that shows nothing of the codes, and the rest of the page as it was, leaves this module.
"""

from __future__ import annotations

import contextlib
import ctypes
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image, ImageChops, ImageDraw
from pypdfium2 import raw

from faxd.documents.apart import survives
from faxd.documents.drawing import open_page
from faxd.documents.errors import BadDocument
from faxd.documents.notes import flatten
from faxd.documents.pagetext import Box, box_of, read_all, read_page
from faxd.documents.pdfs import open_pages, open_structure
from faxd.documents.proof import (
    as_box,
    bare,
    holds,
    is_blank,
    is_silent,
    is_unchanged,
    is_within,
    region,
    render,
    wider,
    within,
)
from faxd.words import Words

#: at which pages are compared
_PROOF_DPI = 150
#: of a page that becomes a picture: what is printed in an office
_PICTURE_DPI = 300
#: points that a patch reaches beyond the characters' boxes
_MARGIN = 0.5
#: points around a patch in which edges may have been smoothed otherwise
_SEAM = 1.0
#: points by which a page's picture is smaller than the page
_HAIR = 0.01
#: of the page's area: more than that is no code
_MAX_SHARE = 0.25
#: levels of dictionaries within each other
_MAX_DEPTH = 50

_UNCOVERED = Words(
    "Der Code auf der ersten Seite (@@FAX …@@ oder ein ähnlicher) lässt sich nicht abdecken, ohne"
    " anderes auf der Seite zu verändern. Damit der Empfänger ihn nicht sieht, wurde nichts"
    " gesendet. Bitte setzen Sie den Code in eine eigene Zeile auf weißem Grund, oder schreiben Sie"
    " die Nummer in den Dateinamen.",
    "The code on the first page (@@FAX …@@ or the like) cannot be covered without changing other"
    " things on the page. Nothing was sent, so that the recipient does not see it. Please put the"
    " code on a line of its own on a white background, or write the number into the file's name.",
)


@dataclass(frozen=True, kw_only=True)
class _Task:
    source: str
    target: str
    boxes: Sequence[Box]
    #: the codes as they are written on the page (`bare`)
    said: frozenset[str]


def cover_codes(source: str, target: str, codes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Write ``source`` to ``target`` without the codes that `find_codes` has found in it.

    The result says ``by`` which way: ``removed``, ``patched`` or ``picture``.

    Raises:
        BadDocument: it is no sound PDF, or they cannot be covered.
    """
    if not any(code.get("is_flat") for code in codes):
        return _cover(source, target, codes)
    flat = f"{target}.flat"
    try:
        # What is in notes or fields is covered as a part of the page, which must look the same.
        if not flatten(source, flat) or not _look_alike(source, flat):
            raise BadDocument(_UNCOVERED)
        return _cover(flat, target, codes)
    finally:
        Path(flat).unlink(missing_ok=True)


def _cover(source: str, target: str, codes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    boxes = [as_box(box) for code in codes for box in code["boxes"]]
    with contextlib.closing(open_pages(source)) as pdf:
        page = open_page(pdf, 1)
        count = len(pdf)
        width, height = page.get_size()
        area = sum((right - left) * (top - bottom) for left, bottom, right, top in boxes)
        if not boxes or area > _MAX_SHARE * width * height:
            raise BadDocument(_UNCOVERED)
        said = frozenset(
            bare(within(reading, [as_box(box) for box in code["boxes"]]))
            for code in codes
            for reading in read_page(page)
        )
    task = _Task(source=source, target=target, boxes=boxes, said=said - {""})
    ways: dict[str, Callable[[_Task], bool]] = {
        "removed": _remove,
        "patched": _patch,
        "picture": _picture,
    }
    for name, way in ways.items():
        try:
            if not way(task):
                continue
        except (pikepdf.PdfError, RuntimeError):
            continue  # what is broken is seen only when it is written
        if _is_proven(task, count, is_picture=way is _picture):
            return {"by": name}
    Path(target).unlink(missing_ok=True)
    raise BadDocument(_UNCOVERED)


def _is_proven(task: _Task, count: int, *, is_picture: bool) -> bool:
    """Whether the target shows and says nothing of the codes, and all else as it was."""
    if not is_silent(read_all(task.target), task.boxes, task.said):
        return False
    # A picture is compared pixel by pixel: made smaller, its letters have other edges.
    dpi = _PICTURE_DPI if is_picture else _PROOF_DPI
    with contextlib.closing(open_pages(task.source)) as pdf:
        page = open_page(pdf, 1)
        before = render(page, dpi)
        regions = [region(page, before, box) for box in task.boxes]
        patches = [region(page, before, wider(box, _MARGIN + _SEAM)) for box in task.boxes]
    with contextlib.closing(open_pages(task.target)) as pdf:
        after = render(open_page(pdf, 1), dpi)
        if len(pdf) != count:
            return False
    return is_blank(after, regions) and is_unchanged(before, after, patches, is_picture=is_picture)


def _look_alike(one: str, other: str) -> bool:
    """Whether the first pages look the same, but for the edges of letters."""
    return is_unchanged(_look(one), _look(other), [], is_picture=True)


def _look(path: str) -> Image.Image:
    with contextlib.closing(open_pages(path)) as pdf:
        return render(open_page(pdf, 1), _PROOF_DPI)


def _remove(task: _Task) -> bool:
    """Take out the text objects of the codes; False if other text is in them too."""
    rewritten = Path(f"{task.target}.part")
    try:
        if not survives(lambda: _rewrite(task, rewritten)):
            return False
        with pikepdf.open(rewritten) as pdf:
            _save(pdf, task)
    finally:
        rewritten.unlink(missing_ok=True)
    return True


def _rewrite(task: _Task, rewritten: Path) -> bool:
    with contextlib.closing(open_pages(task.source)) as pdf:
        page = pdf[0]
        objects = _text_objects(page, task.boxes)
        for drawn in objects:
            if not raw.FPDFPage_RemoveObject(page, drawn):
                return False  # inside a form XObject, which pdfium does not write again
            raw.FPDFPageObj_Destroy(drawn)
        if not objects or not raw.FPDFPage_GenerateContent(page):
            return False
        pdf.save(rewritten)
    return True


def _patch(task: _Task) -> bool:
    """As `_remove`, and white patches on top of all that the page draws."""
    if not _remove(task):
        return False
    patches = "".join(
        f"{left:.3f} {bottom:.3f} {right - left:.3f} {top - bottom:.3f} re f\n"
        for left, bottom, right, top in (wider(box, _MARGIN) for box in task.boxes)
    )
    with pikepdf.open(task.target, allow_overwriting_input=True) as pdf:
        # Where a q of the page lacks its Q, the patches are misplaced, and the proof fails.
        pdf.pages[0].contents_add(b"q\n", prepend=True)
        pdf.pages[0].contents_add(f"\nQ q 1 g\n{patches}Q\n".encode())
        _save(pdf, task)
    return True


def _picture(task: _Task) -> bool:
    """Make the first page a picture with white patches; nothing else of it is left."""
    with contextlib.closing(open_pages(task.source)) as pages:
        page = pages[0]
        width, height = page.get_size()
        image = render(page, _PICTURE_DPI)
        draw = ImageDraw.Draw(image)
        for box in task.boxes:
            draw.rectangle(region(page, image, wider(box, _MARGIN)), fill="white")
    with open_structure(task.source) as pdf:
        first = pdf.pages[0].obj
        for key in set(first.keys()) - {"/Type", "/Parent"}:
            del first[key]
        first.MediaBox = pikepdf.Array([0, 0, round(width, 3), round(height, 3)])
        first.CropBox = first.MediaBox  # this and the next could be inherited
        first.Rotate = 0
        first.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Page=_xobject(pdf, image)))
        # A hair within the page: over its edge, it would be stretched by a row of pixels.
        drawn = (width - 2 * _HAIR, height - 2 * _HAIR, _HAIR, _HAIR)
        first.Contents = pdf.make_stream(b"q %.3f 0 0 %.3f %.3f %.3f cm /Page Do Q" % drawn)
        for key in ("/StructTreeRoot", "/MarkInfo"):  # told once more what the page says
            if key in pdf.Root:
                del pdf.Root[key]
        _save(pdf, task)
    return True


def _text_objects(page: pypdfium2.PdfPage, boxes: Sequence[Box]) -> list[Any]:
    """The text objects that draw the codes; none if one of them draws other characters too."""
    codes: dict[int, Any] = {}
    others: set[int] = set()
    with contextlib.closing(page.get_textpage()) as textpage:
        for index in range(textpage.count_chars()):
            drawn = raw.FPDFText_GetTextObject(textpage, index)
            box = box_of(textpage, index)
            if not drawn or box is None:
                continue
            address = ctypes.addressof(drawn.contents)
            if is_within(box, boxes):
                codes[address] = drawn
            elif not chr(raw.FPDFText_GetUnicode(textpage, index)).isspace():
                others.add(address)
    return [] if others & set(codes) else list(codes.values())


def _xobject(pdf: pikepdf.Pdf, image: Image.Image) -> pikepdf.Object:
    red, green, blue = image.split()
    is_grey = not any(ImageChops.difference(red, other).getbbox() for other in (green, blue))
    return pdf.make_stream(
        zlib.compress((red if is_grey else image).tobytes()),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=image.width,
        Height=image.height,
        ColorSpace=pikepdf.Name.DeviceGray if is_grey else pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.FlateDecode,
    )


def _save(pdf: pikepdf.Pdf, task: _Task) -> None:
    """Write what is referred to, and not what says the codes elsewhere: titles, alternatives."""
    for thing in pdf.objects:
        _forget(thing, task.said, _MAX_DEPTH)
    metadata = pdf.Root.get("/Metadata")
    if isinstance(metadata, pikepdf.Stream) and holds(
        metadata.read_bytes().decode("utf-8", "replace"), task.said
    ):
        del pdf.Root["/Metadata"]
    pdf.save(task.target, deterministic_id=True)


def _forget(thing: pikepdf.Object, said: frozenset[str], depth: int) -> None:
    """Remove strings that hold a code from a dictionary or array, and from what is inside it."""
    if isinstance(thing, pikepdf.Array):
        places: list[Any] = list(range(len(thing)))
    elif isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        places = list(thing.keys())
    else:
        return
    for place in places:
        value = thing[place]
        if isinstance(value, pikepdf.String) and holds(str(value), said):
            thing[place] = pikepdf.String("")
        elif isinstance(value, pikepdf.Object) and not value.is_indirect and depth:
            _forget(value, said, depth - 1)
