"""What is measured of PDFs: copies of faxes, transmission reports, and the memory for a long fax.

Copies and reports are made as the daemon has them made, in a child process for each piece of work,
and by the same functions called one after the other in one process: what the children cost is the
price of opening strangers' documents where nothing can be harmed. Beside them the plain way: Pillow
saves a TIFF as PDF, reportlab draws a page.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Compared, ready
from benchmarks.office import Office, opened
from benchmarks.process import Stepped, command, forget_peak, peak_of, resident, stepped

#: seconds within which a PDF must be there
_PATIENCE = 180.0
#: seconds between two looks at the children's memory
_LOOK = 0.003
_RECIPIENT = "+493023125042"


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Pages per second."""

    #: pages of each document
    pages: int
    #: a child for each, beside the plain way
    children: Compared
    #: all in one process, beside the plain way
    within: Compared


@dataclass(frozen=True, kw_only=True)
class Long:
    """Memory for a long document, KiB, run by run."""

    #: of the daemon, at its peak more than before
    grown: list[int]
    #: of the largest child, at its peak
    child: list[int]


def copies(root: Path, pages: int, count: int, repeat: int) -> Rates:
    """PDF copies of ``count`` faxes of ``pages`` pages each."""
    return _rates(root, "copies", pages, count, repeat)


def reports(root: Path, count: int, repeat: int) -> Rates:
    """Transmission reports, each with the picture of a document's first page."""
    return _rates(root, "reports", 1, count, repeat)


def long_fax(root: Path, pages: int, repeat: int) -> Long:
    """A fax of so many pages that comes, and gets a PDF copy."""
    turns = []
    for turn in range(repeat):
        with opened(root / f"fax-{turn}") as office:
            _set(office, 'formats = ["tiff", "pdf"]')
            short = _make("tiff", office.root / "short.tif", 1)
            long = _make("tiff", office.root / "long.tif", pages)
            made = _Made(office, office.inbox("faxd"), "*.pdf")
            with ready(office) as (daemon, _):
                office.ask("file", str(short))
                made.wait_for(1)
                with _watched(office, daemon) as turned:
                    office.ask("file", str(long))
                    made.wait_for(2)
            made.check_last(pages)
        turns.append(turned)
    return Long(grown=[turn.grown for turn in turns], child=[turn.child for turn in turns])


def long_document(root: Path, pages: int, repeat: int) -> Long:
    """A PDF of so many pages that is sent, and proved by a transmission report."""
    turns = []
    for turn in range(repeat):
        with opened(root / f"document-{turn}", sends=True) as office:
            office.ask("job_seconds", 1)
            prepared = office.root / "prepared"
            prepared.mkdir()
            short = _make("pdf", prepared / f"{_RECIPIENT} kurz.pdf", 1)
            long = _make("pdf", prepared / f"{_RECIPIENT} lang.pdf", pages)
            made = _Made(office, office.outbox.parent / "sent", "*Sendebericht.pdf")
            with ready(office) as (daemon, _):
                short.rename(office.outbox / short.name)
                made.wait_for(1)
                with _watched(office, daemon) as turned:
                    long.rename(office.outbox / long.name)
                    made.wait_for(2)
            made.check_last(1)
        turns.append(turned)
    return Long(grown=[turn.grown for turn in turns], child=[turn.child for turn in turns])


def _rates(root: Path, work: str, pages: int, count: int, repeat: int) -> Rates:
    fax = _make("tiff", root / f"{pages}.tif", pages)
    ways = ("children", "within", "plain")
    turns: list[dict[str, Stepped]] = []
    for turn in range(repeat):
        runs = {}
        for way in ways if turn % 2 == 0 else reversed(ways):
            folder = root / f"{work}-{pages}-{turn}-{way}"
            folder.mkdir()
            arguments = (str(fax), str(folder), str(count), work)
            module = "benchmarks.plain_papers" if way == "plain" else "benchmarks.papermaking"
            more = () if way == "plain" else (way,)
            runs[way] = stepped((module, *arguments, *more), root / "log", lambda: None)
        turns.append(runs)
    return Rates(
        pages=pages,
        children=_compared(turns, "children", pages * count),
        within=_compared(turns, "within", pages * count),
    )


def _compared(turns: Sequence[dict[str, Stepped]], way: str, pages: int) -> Compared:
    return Compared(
        [
            {"faxd": pages / turn[way].seconds, "plain": pages / turn["plain"].seconds}
            for turn in turns
        ]
    )


@dataclass
class _Turn:
    """KiB; see `Long`."""

    grown: int = 0
    child: int = 0


@contextmanager
def _watched(office: Office, daemon: subprocess.Popen[bytes]) -> Iterator[_Turn]:
    """What the daemon grows by while the block runs, and its largest child's peak."""
    office.settle()
    before = resident(daemon.pid)
    forget_peak(daemon.pid)
    ended = threading.Event()
    peaks: dict[int, int] = {}
    thread = threading.Thread(target=_look_at_children, args=(daemon.pid, peaks, ended))
    thread.start()
    turn = _Turn()
    try:
        yield turn
    finally:
        ended.set()
        thread.join()
    turn.grown = peak_of(daemon.pid) - before
    turn.child = max(peaks.values(), default=0)


def _look_at_children(pid: int, peaks: dict[int, int], ended: threading.Event) -> None:
    """Note the greatest memory of each child, as often as can be, until it is ended.

    The kernel counts it from a child's exec on; only what comes in its last moments is missed.
    """
    while not ended.wait(_LOOK):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found = [int(number) for number in task.read_text().split()]
            except OSError:  # a thread that has ended
                continue
            for number in found:
                try:
                    # Before its exec it is a copy of the daemon, or the daemon's very memory.
                    if b"faxd.documents" in Path(f"/proc/{number}/cmdline").read_bytes():
                        peaks[number] = peak_of(number)
                except (OSError, RuntimeError):  # it has ended
                    continue


def _set(office: Office, line: str) -> None:
    """Add a setting to the account, which is the last table of the configuration."""
    with office.config.open("a") as file:
        file.write(line + "\n")


def _make(kind: str, path: Path, pages: int) -> Path:
    """Make a document in a child: what that imports would count as memory of the others."""
    _run("make", kind, str(path), str(pages))
    return path


@dataclass(frozen=True)
class _Made:
    """The PDFs that the daemon makes."""

    office: Office
    folder: Path
    pattern: str

    def wait_for(self, count: int) -> None:
        """Wait until so many are there.

        Raises:
            RuntimeError: they do not come.
        """
        deadline = time.monotonic() + _PATIENCE
        while len(list(self.folder.glob(self.pattern))) < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"no PDF comes:\n{self.office.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def check_last(self, pages: int) -> None:
        """Make sure that the last has so many pages.

        Raises:
            RuntimeError: the measured run was none.
        """
        path = max(self.folder.glob(self.pattern), key=lambda path: path.stat().st_mtime_ns)
        if (found := int(_run("count", str(path)))) != pages:
            raise RuntimeError(f"{path.name} has {found} pages and not {pages}")


def _run(*words: str) -> str:
    done = subprocess.run(
        command("benchmarks.paper_tools", *words), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{words}: {done.stderr[-2000:]}")
    return done.stdout
