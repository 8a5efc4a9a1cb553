"""A child process that has PDFs made as the daemon does.

Either by a child for each piece of work (`children`), or by the same functions in this very process
(`within`), which the daemon does not do. Nothing is synced and nothing recorded, as on the other
side.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.paper_tools import count
from benchmarks.process import steps
from faxd.documents import Workshop
from faxd.documents.first_page import first_page
from faxd.documents.received import tiff_to_pdf
from faxd.documents.report import transmission_report

#: pixels of a report's picture
BOX = {"width": 900, "height": 1300}
#: what a report says, but for its picture
FACTS: dict[str, Any] = {
    "language": "de",
    "kind": "fax",
    "is_ok": True,
    "result": "OK",
    "result_words": "Das Fax wurde vollständig an das Gerät des Empfängers übertragen.",
    "account": "Praxis Muster",
    "sender": "+494066969017",
    "recipient": "+493023125042",
    "recipient_name": "Praxis Dr. Meier",
    "reference": "RE-4711",
    "station_id": "MUSTER-STATION",
    "pages": 1,
    "started": "25.11.2026 09:15:00",
    "duration": 19,
    "tries": 1,
    "job_number": "70000001",
    "own_number": "1",
    "sha256": [{"name": "Rechnung.pdf", "sha256": "0123456789abcdef" * 4}],
    "protocol_line": '"+493023125042","FAX","OK","MUSTER-STATION","1","2026-11-25 09:15:00","19"',
    "note": "",
}

Do = Callable[..., object]


def _within(work: str, **facts: Any) -> object:
    works: dict[str, Do] = {
        "tiff_to_pdf": tiff_to_pdf,
        "first_page": first_page,
        "transmission_report": transmission_report,
    }
    return works[work](**facts)


def copies(do: Do, fax: str, folder: Path, number: int) -> None:
    """PDF copies of a fax."""
    for index in range(number):
        do("tiff_to_pdf", source=fax, target=str(folder / f"{index}.pdf"), title="Fax")


def reports(do: Do, fax: str, folder: Path, number: int) -> None:
    """Transmission reports, each with a picture of a fax's first page."""
    for index in range(number):
        picture = str(folder / f"{index}.png")
        do("first_page", source=fax, target=picture, **BOX)
        target = str(folder / f"{index}.pdf")
        do("transmission_report", facts=FACTS | {"picture": picture}, target=target)


def main(fax: str, folder: Path, number: int, work: str, way: str) -> None:
    make = copies if work == "copies" else reports
    scratch = folder / "scratch"
    scratch.mkdir()
    do: Do = Workshop(scratch=scratch).do if way == "children" else _within
    # The empty run makes one: what is imported late is imported with it.
    numbers = iter((1, number))
    steps(lambda: make(do, fax, folder, next(numbers)))
    check(fax, folder, number, work)


def check(fax: str, folder: Path, number: int, work: str) -> None:
    """Make sure that everything was made.

    Raises:
        RuntimeError: it was not.
    """
    with Image.open(fax) as picture:
        pages = getattr(picture, "n_frames", 1) if work == "copies" else 1
    made = sorted(folder.glob("*.pdf"))
    if len(made) != number or count(made[-1]) != pages:
        raise RuntimeError(f"{len(made)} PDFs, the last of {count(made[-1])} pages")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
