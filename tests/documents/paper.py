"""Documents for tests: made by reportlab, looked at by pdfium."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

Draw = Callable[[Canvas], None]


def make_pdf(
    path: Path, *pages: Draw, size: tuple[float, float] = A4, title: str = "Brief"
) -> Path:
    """A PDF; each function draws one page, from whose bottom left corner it counts points."""
    canvas = Canvas(str(path), pagesize=size, invariant=True)
    canvas.setTitle(title)
    for draw in pages:
        canvas.setFont("Helvetica", 11)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return path


def lines(*texts: str, top: float = 760) -> Draw:
    """A page of lines, each drawn at once."""

    def draw(canvas: Canvas) -> None:
        for number, text in enumerate(texts):
            canvas.drawString(70, top - 20 * number, text)

    return draw


def look(path: Path, page: int = 0, dpi: int = 72) -> Image.Image:
    """A page as people see it, in colour."""
    with contextlib.closing(pypdfium2.PdfDocument(path)) as pdf:
        pdf.init_forms()
        image: Image.Image = pdf[page].render(scale=dpi / 72).to_pil()
        return image.convert("RGB")


def read(path: Path, page: int = 0) -> str:
    """The text of a page."""
    with contextlib.closing(pypdfium2.PdfDocument(path)) as pdf:
        return str(pdf[page].get_textpage().get_text_range())


def sizes(path: Path) -> list[tuple[int, int]]:
    """Width and height of the pages as they are shown, in whole points."""
    with contextlib.closing(pypdfium2.PdfDocument(path)) as pdf:
        return [
            (round(width), round(height))
            for width, height in map(pdf.get_page_size, range(len(pdf)))
        ]


def darkness(image: Image.Image) -> float:
    """Share of the picture that is ink."""
    histogram = image.convert("L").histogram()
    return sum(histogram[:128]) / (image.width * image.height)


def raw_bytes(path: Path) -> bytes:
    """All that is in a PDF, decompressed."""
    plain = path.with_name("plain.pdf")
    with pikepdf.open(path) as pdf:
        pdf.save(
            plain,
            stream_decode_level=pikepdf.StreamDecodeLevel.all,
            compress_streams=False,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return plain.read_bytes()
