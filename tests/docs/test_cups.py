"""A real CUPS server with the backend and the queue of docs/cups.md."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from faxd.simulator import Simulator
from tests.end_to_end.site import Site
from tests.places import ROOT

from .pages import DOCS, commands
from .printing import CUPSD, Printing

BACKEND = DOCS / "cups/faxd"
#: whom the outbox belongs to
OWNER = 65534


@pytest.fixture(scope="module")
def printing() -> Iterator[Printing]:
    (install,) = commands("cups.md", "apt install")
    if CUPSD is None or shutil.which("lp") is None:
        pytest.skip(f"CUPS is not installed (packages {' '.join(install[2:])})")
    if not ROOT:
        pytest.skip("needs root to run a CUPS server that starts backends as root")
    printing = Printing()
    try:
        yield printing
    finally:
        printing.stop()


@pytest.fixture
def outbox(tmp_path: Path, printing: Printing) -> Path:
    """The queue's outbox, with a blank in its path and another owner than root."""
    path = tmp_path / "an outbox"
    path.mkdir()
    make_owned(path)
    printing.make_queue(Path(str(path).replace(" ", "%20")))
    return path


def make_owned(path: Path) -> None:
    os.chown(path, OWNER, OWNER)
    path.chmod(0o2770)
    for folder in path.parents:
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o055)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "Brief.txt"
    path.write_text("Sehr geehrte Frau Mustermann\n")
    return path


def test_the_title_is_the_name(printing: Printing, outbox: Path, document: Path) -> None:
    """Made a PDF on its way, as the owner of the outbox, and nothing else is left there."""
    job = printing.print("+49 40 123456 Brief", document)
    wait_until(lambda: printing.is_printed(job), printing)
    (path,) = outbox.iterdir()
    assert path.name == "+49 40 123456 Brief.pdf"
    assert path.read_bytes().startswith(b"%PDF-")
    about = path.stat()
    assert (about.st_uid, about.st_gid, about.st_mode & 0o777) == (OWNER, OWNER, 0o660)


def test_a_name_that_is_taken(printing: Printing, outbox: Path, document: Path) -> None:
    jobs = [printing.print("040 123456 Brief.pdf", document) for _ in range(3)]
    wait_until(lambda: all(map(printing.is_printed, jobs)), printing)
    assert {path.name for path in outbox.iterdir()} == {
        "040 123456 Brief.pdf",
        "040 123456 Brief (2).pdf",
        "040 123456 Brief (3).pdf",
    }
    assert all(path.read_bytes().startswith(b"%PDF-") for path in outbox.iterdir())


def test_an_outbox_that_is_not_there(printing: Printing, outbox: Path, document: Path) -> None:
    """The job waits in the queue, and goes when the disk is mounted."""
    away = outbox.rename(outbox.with_name("away"))
    job = printing.print("040 123456 Brief", document)
    wait_until(lambda: "tried again later" in printing.log, printing)
    assert printing.is_waiting(job)
    away.rename(outbox)
    wait_until(lambda: printing.is_printed(job), printing)
    assert [path.name for path in outbox.iterdir()] == ["040 123456 Brief.pdf"]


def test_it_is_sent(printing: Printing, tmp_path: Path) -> None:
    """A PDF, from ``lp`` to FAX.de's stand-in."""
    with Simulator() as server:
        site = Site(tmp_path / "office", server, send="settle = 0.3\n")
        printing.make_queue(site.outbox())
        path = tmp_path / "Befund.pdf"
        page = Canvas(str(path))
        page.drawString(100, 700, "Befund")
        page.save()
        with site.daemon():
            job = printing.print("+49 40 123456 Befund", path)
            wait_until(lambda: printing.is_printed(job), printing)
            wait_until(lambda: site.report("sent", "Befund") != "", printing)
        (sent,) = site.jobs()
        assert [one.address for one in sent.order.recipients] == ["+4940123456"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("+49 40 123456 Brief", "+49 40 123456 Brief.pdf"),
        ("040/123456 Brief.PDF", "040-123456 Brief.pdf"),
        ("../../etc/passwd", "-..-etc-passwd.pdf"),
        (".faxd", "faxd.pdf"),
        ("~$Brief", "$Brief.pdf"),
        ("C:\\Briefe\\Müller.docx", "C--Briefe-Müller.docx.pdf"),
        ("Zeile\neins\x00\x1b[31m", "Zeile eins [31m.pdf"),
        ("Gr\u006f\u0308ße", "Größe.pdf"),
        ("kaputt \udcff", "kaputt -.pdf"),
        ("", "Print 17.pdf"),
        (" . ", "Print 17.pdf"),
        ("ä" * 300, "ä" * 100 + ".pdf"),
    ],
)
def test_names(tmp_path: Path, title: str, name: str) -> None:
    """Whatever the title is, the file has a name that is safe in an outbox."""
    status, printed = backend(tmp_path, title)
    assert (status, printed) == (0, f"INFO: {name} is in the outbox\n")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"%PDF-1.4"


def test_a_queue_without_a_folder_is_stopped(tmp_path: Path) -> None:
    status, printed = backend(tmp_path, "Brief", uri="faxd:outbox")
    assert status == 4
    assert "faxd:/srv/fax/outbox" in printed


def test_a_link_in_the_place_of_the_hidden_file_is_not_followed(tmp_path: Path) -> None:
    outbox, other = tmp_path / "outbox", tmp_path / "other"
    outbox.mkdir()
    other.write_text("mine")
    (outbox / ".cups-17").symlink_to(other)
    assert backend(outbox, "Brief")[0] == 6
    assert other.read_text() == "mine"


def test_it_tells_cups_which_devices_there_are() -> None:
    done = subprocess.run(
        [sys.executable, str(BACKEND)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("direct faxd ")


def backend(outbox: Path, title: str, uri: str = "") -> tuple[int, str]:
    """Exit status of the backend, and what it tells CUPS, for a job of PDF."""
    done = subprocess.run(
        [
            *(sys.executable, str(BACKEND), "17", "anna"),
            *(title.replace("\0", " ").encode("utf-8", "surrogateescape"), "1", ""),
        ],
        env={"DEVICE_URI": uri or f"faxd:{outbox}", "LC_ALL": "C.UTF-8"},
        input=b"%PDF-1.4",
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stderr.decode()


def wait_until(happened: Callable[[], bool], printing: Printing, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not happened():
        assert time.monotonic() < deadline, f"it did not happen in time\n{printing.log}"
        time.sleep(0.2)
