"""Pictures and scans on sheets of A4."""

from __future__ import annotations

import contextlib
import io

import pikepdf
from PIL import Image

from faxd.documents import pictures

_POINTS_PER_INCH = 72
#: points
_A4 = (595.276, 841.89)
_MARGIN = 28.35  # 10 mm, within which printers and fax machines keep
#: pixels per inch; more is of no use on paper
_MAX_DPI = 300
#: of a picture that does not say, or says nonsense: a screen's
_SCREEN_DPI = 96
_PLAUSIBLE_DPI = (50, 2400)
#: what differs from A4 by no more than this is a scanned page, and goes to its edges
_LIKE_A4 = 0.04
#: wider than high by this factor, and than the sheet: that is turned
_WIDE = 1.2
#: EXIF: how the camera was held (CIPA DC-008, 4.6.4), and how to turn it back
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
#: bytes; a larger page is a photograph, which nobody misses anything of
_MAX_LOSSLESS = 2_000_000
_QUALITY = 88


def picture_to_pdf(source: str, target: str, most_pages: int) -> int:
    """Put each page of a picture on a sheet of A4, and return their number.

    Upright as the camera was held, no larger than it is, within the margins; a scanned page of
    A4 to the edges. What moves is shown as it begins.

    Raises:
        BadDocument: it is broken or too large, or has too many pages.
    """
    pdf = pikepdf.new()
    with contextlib.closing(pictures.open_picture(source)) as picture:
        is_photograph = picture.format in {"JPEG", "WEBP"}
        # Pillow turns the pages of a TIFF by itself.
        turn = None if picture.format == "TIFF" else _TURNS.get(_orientation(picture))
        for number in pictures.pages(picture, most_pages):
            dpi = _dpi(picture)
            image = pictures.decoded(picture, number)
            if turn is not None:
                image = image.transpose(turn)
                if turn >= Image.Transpose.ROTATE_90 and turn != Image.Transpose.ROTATE_180:
                    dpi = dpi[::-1]
            _add(pdf, image, dpi, is_photograph=is_photograph)
    pdf.save(target, deterministic_id=True)
    return len(pdf.pages)


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # whatever Pillow stumbles over: the picture is shown as it is
        return 1


def _dpi(picture: Image.Image) -> tuple[float, float]:
    low, high = _PLAUSIBLE_DPI
    try:
        across, down = (float(value) for value in picture.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return (_SCREEN_DPI, _SCREEN_DPI)
    if low <= across <= high and low <= down <= high:
        return (across, down)
    return (_SCREEN_DPI, _SCREEN_DPI)


def _add(
    pdf: pikepdf.Pdf, image: Image.Image, dpi: tuple[float, float], *, is_photograph: bool
) -> None:
    width, height = (
        pixels / resolution * _POINTS_PER_INCH
        for pixels, resolution in zip(image.size, dpi, strict=True)
    )
    is_wide = width > _WIDE * height and width > _A4[0] - 2 * _MARGIN
    sheet = _A4[::-1] if is_wide else _A4
    is_page = all(
        abs(own - whole) <= _LIKE_A4 * whole
        for own, whole in zip((width, height), sheet, strict=True)
    )
    room = sheet if is_page else (sheet[0] - 2 * _MARGIN, sheet[1] - 2 * _MARGIN)
    scale = min(room[0] / width, room[1] / height)
    scale = scale if is_page else min(scale, 1)
    width, height = width * scale, height * scale
    left = (sheet[0] - width) / 2
    bottom = (sheet[1] - height) / 2 if is_page else sheet[1] - _MARGIN - height
    image = _fine_enough(image, width, height)
    page = pdf.add_blank_page(page_size=sheet)
    page.Resources = pikepdf.Dictionary(
        XObject=pikepdf.Dictionary(Picture=_xobject(pdf, image, is_photograph=is_photograph))
    )
    drawn = f"q {width:.3f} 0 0 {height:.3f} {left:.3f} {bottom:.3f} cm /Picture Do Q"
    page.Contents = pdf.make_stream(drawn.encode())


def _fine_enough(image: Image.Image, width: float, height: float) -> Image.Image:
    """The picture, with no more pixels than paper of that size (points) shows."""
    most = [max(round(points / _POINTS_PER_INCH * _MAX_DPI), 1) for points in (width, height)]
    # A little more is left alone: resampling blurs.
    if image.width <= most[0] * 1.1 and image.height <= most[1] * 1.1:
        return image
    if image.mode == "1":
        image = image.convert("L")
    size = (min(image.width, most[0]), min(image.height, most[1]))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _xobject(pdf: pikepdf.Pdf, image: Image.Image, *, is_photograph: bool) -> pikepdf.Object:
    if is_photograph and image.mode != "1":
        return _jpeg(pdf, image)
    sheet = pictures.sheet_of(image, (_MAX_DPI, _MAX_DPI))
    if image.mode != "1" and len(sheet.data) > _MAX_LOSSLESS:
        return _jpeg(pdf, image)
    return _stream(pdf, image, sheet.coding(), sheet.data)


def _jpeg(pdf: pikepdf.Pdf, image: Image.Image) -> pikepdf.Object:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, subsampling=0)
    space = "/DeviceRGB" if image.mode == "RGB" else "/DeviceGray"
    coding = f"/ColorSpace {space} /BitsPerComponent 8 /Filter /DCTDecode"
    return _stream(pdf, image, coding, file.getvalue())


def _stream(pdf: pikepdf.Pdf, image: Image.Image, coding: str, data: bytes) -> pikepdf.Object:
    facts = f"<< /Type /XObject /Subtype /Image /Width {image.width} /Height {image.height}"
    return pikepdf.Stream(pdf, data, pikepdf.Object.parse(f"{facts} {coding} >>".encode()))
