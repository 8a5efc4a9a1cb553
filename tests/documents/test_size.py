"""A fax of 200 pages: the memory of one page, and how long it takes (printed, with -s)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pypdfium2
import pytest

from faxd.documents import Workshop
from faxd.documents.pictures import fax_sheet
from faxd.documents.sheets import TiffFile
from tests.documents import specimens
from tests.documents.specimens import drawing, fax

_PAGES = 200


def _long(path: Path, pages: int) -> Path:
    with path.open("w+b") as file:
        made = TiffFile(file)
        sheet = fax_sheet(drawing((1728, 2292)), (204, 196))
        for _ in range(pages):
            made.add(sheet)
        made.finish()
    return path


def _memory(work: str, module: str, **facts: str) -> int:
    """Most bytes that a process had in memory while it did a work."""
    program = (
        f"import json, resource; from faxd.documents.{module} import {work} as work\n"
        f"work(**json.loads({json.dumps(json.dumps(facts))}))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], check=True, capture_output=True, text=True
    )
    return int(done.stdout) * 1024


@pytest.mark.parametrize(
    ("work", "module", "strip_size"),
    [
        ("tiff_to_pdf", "received", 1 << 31),
        ("tiff_to_pdf", "received", 65536),
        ("fax_look", "fax_look", 1 << 31),
    ],
    ids=["carried over", "recompressed", "fax look"],
)
def test_two_hundred_pages_need_the_memory_of_ten(
    tmp_path: Path, work: str, module: str, strip_size: int
) -> None:
    target = str(tmp_path / "made.pdf")
    memory = {}
    for pages in (10, _PAGES):
        source = tmp_path / f"{pages}.tif"
        if strip_size == 1 << 31:
            _long(source, pages)
        else:
            fax(source, [drawing((1728, 2292))] * pages, dpi=(204, 196), strip_size=strip_size)
        memory[pages] = _memory(work, module, source=str(source), target=target)
    print(f"\n{work}: {memory[_PAGES] / 1e6:.0f} MB for {_PAGES} pages")
    assert memory[_PAGES] - memory[10] < 8_000_000


@pytest.mark.parametrize("work", ["tiff_to_pdf", "fax_look", "first_page", "inspect"])
def test_two_hundred_pages_are_done_in_time(tmp_path: Path, work: str) -> None:
    (tmp_path / "scratch").mkdir()
    workshop = Workshop(scratch=tmp_path / "scratch")
    source = _long(tmp_path / "fax.tif", _PAGES)
    facts: dict[str, object] = {"source": str(source)}
    if work != "inspect":
        facts["target"] = str(tmp_path / "made")
    if work == "first_page":
        facts |= {"width": 1000, "height": 1400}
    begun = time.monotonic()
    assert workshop.do(work, **facts)["pages"] == _PAGES
    took = time.monotonic() - begun
    print(f"\n{work}: {took:.2f} s, {_PAGES / took:.0f} pages/s")
    if work in {"tiff_to_pdf", "fax_look"}:
        with pypdfium2.PdfDocument(tmp_path / "made") as made:
            assert len(made) == _PAGES
            assert specimens.same(specimens.picture_on(made[_PAGES - 1]), drawing((1728, 2292)))
    assert took < 60
