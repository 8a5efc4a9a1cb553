"""The figures beside their goals, as a table, with what they are figures of."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.measure import Compared, Idle, OneFax
from benchmarks.papers import Long, Rates
from benchmarks.sending import PATIENCE, Drop
from faxd.text import table

_KIB = 1024
_MB = 1_000_000

#: goals of the project
GROWTH = 8.0  # MB above idle, at any size
RATIO, RATIO_FROM = 0.6, 50 * _MB  # of plain zeep's time, from that size on
RESIDENT = 70.0  # MB
READY = 1.0  # seconds
FLAT = 24.0  # MB that thousands of files may add to the daemon's memory
DELAY = 1.5  # seconds from the close of a file until SendJob

_MORE = f"at most {GROWTH:g} MB more"

SENDING = f"""\
Sending: the real daemon (`faxd run`) beside four threads of plain zeep, with a stand-in of its own
for each run. The plain client reads a folder and sends; faxd waits until each file has stood still,
takes it, keeps its ledger (each record synced before what it is for), shows a slip of each job, and
after 30 s begins to ask for each job's status and to file what is through (a job takes a minute).

drop     small files renamed into the outbox at once, from before the first rename until the
         stand-in has accepted the last; the plain client's time is that of its loop. "overtaken":
         how many later files arrived before an earlier one, at the most.
memory   of the daemon, resident, once its first job was sent: before, at the peak, at the end.
delay    from the close of a file until its SendJob arrives, with the default settings; files
         are written one by one at random intervals, so several are on their way at a time.
Given up when nothing has arrived for {PATIENCE:g} s. The guard against cost is out of the way."""

PAPERS = """\
PDFs: faxd beside the plain way, which is Pillow's own saving of a TIFF as PDF, and a page of
reportlab with a picture and the same lines. Both sides make the files and check none; each run is a
process that has made one before, and so has imported everything.

copies   of faxes of text (Group 4, 204 x 196 dpi); of many short ones, and of a few long ones.
reports  transmission reports, each with its own picture of a document's first page.
  "a child for each" is what the daemon does: it opens no document itself, and a child that is
  started for one piece of work, with limits, does. "in one process" are the same functions without
  that, which tells what the child costs.
pages    memory of the daemon (`faxd run`) while one long fax is fetched and copied, or one long PDF
         is sent and proved; and of the largest child that was started for it, as seen from outside
         while it ran."""

EXPLANATION = """\
faxd beside a client of plain zeep (`Settings(xml_huge_tree=True)`), each in a fresh process, with
the stand-in for FAX.de in a process of its own, over HTTP on the loopback interface.

Both fetch until the server has nothing more. For each fax: RequestReceived; a file written in a
hidden folder, file and folder synced; a rename; the final folder synced; DeleteReceived. So does
benchmarks/plain.py, and nothing else. faxd does more in the same time: it checks base64 and TIFF,
computes the SHA-256, and keeps its ledger (two synced transactions a fax).

loop     the receiving loop in a process that has imported everything, read the WSDL and polled
         once in vain, so that both have their connection: from before the first RequestReceived
         until the last answer ("nothing there"); faxd's time includes recording the poll.
command  the whole process from its start, `python -m faxd poll` or the plain client, imports,
         configuration, ledger and the reading of a kept WSDL included.
idle     greatest resident memory after the empty poll; "grown" is how much more at the peak, the
         greater of loop and command. All sizes decimal: 1 MB is 1,000,000 bytes.

Medians of {repeat} turns, in each of which both run once and take turns in who begins; the disk is
synced before each run. "ratio" is faxd's to plain zeep's in the same turn: the median, and in
brackets the smallest and the greatest. rich, which only the tools of the tests bring along, is
hidden from both sides. After each run the faxes in the folder are counted and measured, and
the server's queue must be empty."""


def machine(folder: Path) -> str:
    """What this was measured on."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python"
        f" {platform.python_version()}; files on {_file_system(folder)}"
    )


def one_fax_table(results: Mapping[int, OneFax]) -> str:
    """Memory and time by size."""
    return table(
        ("one fax of", "", "faxd", "plain zeep", "ratio", "goal", ""),
        [row for size, fax in results.items() for row in _one_fax(size, fax)],
    )


def _one_fax(size: int, fax: OneFax) -> Iterator[tuple[str, ...]]:
    yield (f"{size / _MB:g} MB", "idle", *_both(fax.idle, _mb), "", "", "")
    grown = max(fax.grown, fax.whole_grown, key=lambda compared: compared.median("faxd"))
    met = _in_mb(grown.median("faxd")) <= GROWTH
    goal = _goal(met, _MORE)
    yield ("", "grown at the peak", *_both(grown, _mb), "", *goal)
    goal = ("", "")
    if size >= RATIO_FROM:
        goal = _goal(statistics.median(fax.seconds.ratios) <= RATIO, f"ratio at most {RATIO:g}")
    yield ("", "time of the loop", *_both(fax.seconds, _s), _ratio(fax.seconds), *goal)
    times = _both(fax.whole_seconds, _s)
    yield ("", "time of the command", *times, _ratio(fax.whole_seconds), "", "")


def other_table(many: Compared, count: int, size: int, idle: Idle, polls: int) -> str:
    """Many small faxes, and a daemon with nothing to do."""
    return table(
        ("", "faxd", "plain zeep", "ratio", "goal", ""),
        [
            (
                f"{count} faxes of {size // 1000} kB, faxes per second",
                *_both(many, lambda rate: f"{rate:.0f}"),
                _ratio(many),
                *_goal(statistics.median(many.ratios) >= 1, "ratio at least 1"),
            ),
            (
                f"idle daemon, resident after {polls} polls",
                *(_mb(idle.resident), "", ""),
                *_goal(_in_mb(idle.resident) <= RESIDENT, f"at most {RESIDENT:g} MB"),
            ),
            (
                "daemon, from its start until READY=1",
                *(_s(idle.ready), "", ""),
                *_goal(idle.ready <= READY, f"at most {READY:g} s"),
            ),
        ],
    )


def drop_table(found: Drop, count: int) -> str:
    """Many files dropped at once."""
    before, peak, after = found.memory
    once = found.missing == 0 and found.doubled == 0
    return table(
        (f"{count} files dropped at once", "faxd", "plain zeep", "ratio", "goal", ""),
        [
            (
                "files per second",
                *_both(found.rate, lambda rate: f"{rate:.0f}"),
                f"{found.rate.ratios[0]:.2f}",
                "",
                "",
            ),
            (
                "sent more than once, or never",
                f"{found.doubled}, {found.missing}",
                *("", "", *_goal(once, "none")),
            ),
            ("overtaken by at most", str(found.overtaken), "", "", "", ""),
            ("memory before, at the peak", f"{_mb(before)}, {_mb(peak)}", "", "", "", ""),
            (
                "memory at the end",
                *(_mb(after), "", ""),
                *_goal(_in_mb(after - before) <= FLAT, f"at most {FLAT:g} MB more"),
            ),
        ],
    )


def large_table(grown: Compared, size: int) -> str:
    """Memory for one large document."""
    return table(
        (f"a PDF of {size / _MB:g} MB sent", "faxd", "plain zeep", "goal", ""),
        [
            (
                "grown at the peak",
                *_both(grown, _mb),
                *_goal(_in_mb(grown.median("faxd")) <= GROWTH, _MORE),
            )
        ],
    )


def delay_table(seconds: list[float]) -> str:
    """How soon a file goes; ``seconds`` smallest first."""
    return table(
        (f"from close to SendJob, {len(seconds)} files", "median", "worst", "goal", ""),
        [
            (
                "time",
                _s(statistics.median(seconds)),
                _s(seconds[-1]),
                *_goal(seconds[-1] <= DELAY, f"worst at most {DELAY:g} s"),
            )
        ],
    )


def rates_table(what: str, results: list[Rates]) -> str:
    """Pages per second."""
    rows = []
    for rates in results:
        name = f"of {rates.pages} page{'s' * (rates.pages > 1)}" if len(results) > 1 else ""
        for way, figure in (
            ("a child for each", rates.children),
            ("in one process", rates.within),
        ):
            rows.append((name, way, *_both(figure, lambda rate: f"{rate:.0f}"), _ratio(figure)))
            name = ""
    return table((f"{what}, pages per second", "", "faxd", "plain", "ratio"), rows)


def long_table(fax: Long, document: Long, pages: int) -> str:
    """Memory for long documents."""
    return table(
        (f"memory for {pages} pages", "daemon grown", "largest child", "goal", ""),
        [
            (
                name,
                _mb(statistics.median(found.grown)),
                _mb(statistics.median(found.child)),
                *_goal(_in_mb(statistics.median(found.grown)) <= GROWTH, _MORE),
            )
            for name, found in (
                ("a fax, fetched and copied as PDF", fax),
                ("a PDF, sent and proved", document),
            )
        ],
    )


def _both(figure: Compared, form: Callable[[float], str]) -> tuple[str, str]:
    return form(figure.median("faxd")), form(figure.median("plain"))


def _ratio(figure: Compared) -> str:
    """The median of the turns' ratios, the smallest and the greatest."""
    ratios = figure.ratios
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"


def _goal(met: bool, goal: str) -> tuple[str, str]:
    return goal, "met" if met else "MISSED"


def _in_mb(kib: float) -> float:
    return kib * _KIB / _MB


def _mb(kib: float) -> str:
    return f"{_in_mb(kib):.1f} MB"


def _s(seconds: float) -> str:
    return f"{seconds:.3f} s"


def _file_system(folder: Path) -> str:
    """Type of the file system that ``folder`` is on."""
    best = (0, "an unknown file system")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind, *_ = line.split()
        if folder.resolve().is_relative_to(point):
            best = max(best, (len(point), kind))
    return best[1]
