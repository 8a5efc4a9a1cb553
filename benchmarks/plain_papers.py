"""A child process: PDFs as one would write them in an hour, with Pillow and reportlab.

A TIFF is opened and saved as PDF, and a page is drawn with its picture and its lines, in Helvetica.
No limits, no process of its own, and resolutions are Pillow's guess.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from benchmarks.papermaking import BOX, FACTS, check
from benchmarks.process import steps


def copies(fax: str, folder: Path, number: int) -> None:
    """TIFFs saved as PDF."""
    for index in range(number):
        with Image.open(fax) as picture:
            picture.save(folder / f"{index}.pdf", "PDF", save_all=True)


def reports(fax: str, folder: Path, number: int) -> None:
    """A picture of the first page, and what is known beside it."""
    for index in range(number):
        picture = folder / f"{index}.png"
        with Image.open(fax) as page:
            page.convert("L").resize((BOX["width"], BOX["height"])).save(picture, optimize=True)
        canvas = Canvas(str(folder / f"{index}.pdf"), pagesize=A4)
        canvas.setFont("Helvetica", 9)
        for line, (name, value) in enumerate(FACTS.items()):
            canvas.drawString(62, 780 - 12 * line, f"{name}: {value}"[:60])
        canvas.drawImage(str(picture), 380, 480, 180, 260)
        canvas.showPage()
        canvas.save()


def main(fax: str, folder: Path, number: int, work: str) -> None:
    make = copies if work == "copies" else reports
    numbers = iter((1, number))
    steps(lambda: make(fax, folder, next(numbers)))
    check(fax, folder, number, work)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
