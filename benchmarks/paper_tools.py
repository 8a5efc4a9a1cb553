"""A child process that makes documents to measure with, and counts pages of what came of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import pypdfium2
from PIL import Image, ImageSequence

from faxd.simulator.samples import all_samples

_FINE = (204, 196)


def sheets(pages: int) -> Iterator[Image.Image]:
    """Pages of text as faxes have them, the samples' in turn."""
    made = []
    for sample in all_samples():
        with Image.open(sample.path) as picture:
            made += [page.convert("1") for page in ImageSequence.Iterator(picture)]
    return islice(cycle(made), pages)


def make(kind: str, path: Path, pages: int) -> None:
    """Write a fax as TIFF (Group 4, one strip a page), or a PDF of the same pages."""
    first, *others = sheets(pages)
    if kind == "tiff":
        first.save(
            path,
            "TIFF",
            compression="group4",
            dpi=_FINE,
            strip_size=1 << 30,
            save_all=True,
            append_images=others,
        )
    else:
        first.save(path, "PDF", resolution=200, save_all=True, append_images=others)


def count(path: Path) -> int:
    """Pages of a PDF."""
    with pypdfium2.PdfDocument(path) as document:
        return len(document)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", kind, path, pages]:
            make(kind, Path(path), int(pages))
        case ["count", path]:
            print(count(Path(path)))
