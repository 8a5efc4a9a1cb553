"""What a PDF shows, read by a library that has not made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image, ImageSequence, ImageStat

_MM_PER_POINT = 25.4 / 72
#: of 1: what the ink of a page may differ by when it is drawn smaller
_TOLERANCE = 0.15
#: millimetres of a sheet of A4, and by how much a fax's paper differs from it
_A4 = (210.0, 297.0)
_ABOUT = 8.0


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A PDF, looked at."""

    #: millimetres across and down, page by page
    sizes: tuple[tuple[float, float], ...]
    #: what can be read on it
    text: str
    #: of 1, how much of each page is black
    ink: tuple[float, ...]

    @property
    def pages(self) -> int:
        return len(self.sizes)

    @property
    def is_a4(self) -> bool:
        """Whether all pages are about that large: a fax's are a little wider."""
        return all(
            abs(across - _A4[0]) < _ABOUT and abs(down - _A4[1]) < _ABOUT
            for across, down in self.sizes
        )


def look_at(pdf: Path | bytes) -> Paper | None:
    """Open a PDF and draw all its pages; None if that cannot be done.

    From one thread only, as pdfium wants it.
    """
    try:
        with pypdfium2.PdfDocument(pdf) as document:
            pages = list(document)
            return Paper(
                sizes=tuple(
                    (_in_mm(page.get_width()), _in_mm(page.get_height())) for page in pages
                ),
                text="\n".join(page.get_textpage().get_text_range() for page in pages),
                ink=tuple(_ink(page.render(grayscale=True).to_pil()) for page in pages),
            )
    except (pypdfium2.PdfiumError, OSError):
        return None


def shows_fax(paper: Paper, tiff: Path) -> bool:
    """Whether it has the pages of a TIFF, each as black as there and none of them empty."""
    with Image.open(tiff) as picture:
        wanted = [_ink(page) for page in ImageSequence.Iterator(picture)]
    return len(wanted) == paper.pages and all(
        have > 0 and abs(have - want) <= _TOLERANCE * want
        for have, want in zip(paper.ink, wanted, strict=True)
    )


def _ink(picture: Image.Image) -> float:
    mean: float = ImageStat.Stat(picture.convert("L")).mean[0]
    return 1 - mean / 255


def _in_mm(points: float) -> float:
    return points * _MM_PER_POINT
