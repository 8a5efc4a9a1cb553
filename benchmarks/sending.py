"""What is measured of sending: a great many small files, one large one, and how soon a file goes.

The daemon is `faxd run`; what arrived, and when, is asked of the stand-in. Every run has a stand-in
of its own, as one that has taken ten thousand jobs is slower.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import subprocess
import time
from bisect import bisect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import Compared, ready
from benchmarks.office import Office, opened
from benchmarks.process import Stepped, forget_peak, peak_of, resident, stepped

#: seconds from one look to the next at what the stand-in has
_LOOK = 0.25
#: seconds without an arrival after which nothing more is waited for
PATIENCE = 60.0
#: seconds between two files of `delay`: the least and the most
_APART = (0.05, 0.45)
_RECIPIENT = "+493023125042"
#: numbers of files that are not among the many
_FIRST, _LARGE = 9_000_001, 9_000_002


@dataclass(frozen=True, kw_only=True)
class Drop:
    """The figures of many files dropped at once."""

    #: files per second until all are accepted
    rate: Compared
    #: KiB resident of the daemon: before, at the peak, when all were accepted
    memory: tuple[int, int, int]
    #: files that did not arrive, and arrivals of a file that had arrived before
    missing: int
    doubled: int
    #: the greatest number of later files that arrived before an earlier one
    overtaken: int


def drop(root: Path, count: int) -> Drop:
    """Have ``count`` small files sent that are renamed into the folder at once."""
    with opened(root / "faxd", sends=True) as office, _daemon(office) as daemon:
        _send_first(office)
        files = _small_files(office.root / "prepared", count)
        office.settle()
        before = resident(daemon.pid)
        forget_peak(daemon.pid)
        begin = time.perf_counter()
        for path in files:
            path.rename(office.outbox / path.name)
        _wait_for(office, count + 1)
        seconds = time.perf_counter() - begin
        memory = before, peak_of(daemon.pid), resident(daemon.pid)
        arrived = [content for content, _ in _orders(office)][1:]
    with opened(root / "plain") as office:
        plain = _plain(office, partial(_small_files, office.inbox("plain"), count))
        if office.ask("jobs") != count:
            raise RuntimeError(f"plain did not send {count} files")
    places = {content: place for place, content in enumerate(files.values())}
    known = [places[content] for content in arrived if content in places]
    return Drop(
        rate=Compared([{"faxd": count / seconds, "plain": count / plain.seconds}]),
        memory=memory,
        missing=count - len(set(known)),
        doubled=len(arrived) - len(set(known)),
        overtaken=_overtaken(known),
    )


def large(root: Path, size: int, repeat: int) -> Compared:
    """KiB more at the peak than before, for one PDF of ``size`` bytes."""
    turns = []
    for turn in range(repeat):
        with opened(root / f"faxd-{turn}", sends=True) as office, _daemon(office) as daemon:
            _send_first(office)
            path = _large_file(office.root / "prepared", size)
            office.settle()
            before = resident(daemon.pid)
            forget_peak(daemon.pid)
            path.rename(office.outbox / path.name)
            _wait_for(office, 2)
            faxd = peak_of(daemon.pid) - before
        with opened(root / f"plain-{turn}") as office:
            inbox = office.inbox("plain")
            plain = _plain(office, partial(_large_file, inbox, size))
        turns.append({"faxd": float(faxd), "plain": float(plain.peak - plain.idle)})
    return Compared(turns)


def delay(root: Path, count: int) -> list[float]:
    """Seconds from the close of each of ``count`` files until its SendJob arrived, by size."""
    apart = random.Random(count)
    closed: dict[str, float] = {}
    with opened(root / "faxd", sends=True) as office, _daemon(office):
        for number in range(count):
            time.sleep(apart.uniform(*_APART))
            content = _pdf(number)
            (office.outbox / _name(number)).write_bytes(content)
            closed[hashlib.sha256(content).hexdigest()] = time.time()
        _wait_for(office, count)
        arrived = dict(reversed(_orders(office)))
    return sorted(arrived[content] - moment for content, moment in closed.items())


@contextmanager
def _daemon(office: Office) -> Iterator[subprocess.Popen[bytes]]:
    with ready(office) as (daemon, _):
        yield daemon


def _wait_for(office: Office, count: int) -> None:
    """Wait until the stand-in has accepted ``count`` jobs.

    Raises:
        RuntimeError: nothing arrives any more.
    """
    before, since = -1, time.monotonic()
    while (jobs := office.ask("jobs")) < count:
        if jobs != before:
            before, since = jobs, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            raise RuntimeError(f"{jobs} of {count} jobs arrived:\n{office.log.read_text()[-2000:]}")
        time.sleep(_LOOK)


def _orders(office: Office) -> list[tuple[str, float]]:
    """SHA-256 and arrival (seconds since 1970) of each SendJob, in the order of arrival."""
    path = office.root / "orders"
    office.ask("orders", str(path))
    return [(content, moment) for content, moment in json.loads(path.read_text())]


def _overtaken(places: list[int]) -> int:
    """The greatest number of later ones that come before an earlier one."""
    before: list[int] = []
    most = 0
    for place in places:
        index = bisect(before, place)
        most = max(most, len(before) - index)
        before.insert(index, place)
    return most


def _plain(office: Office, prepare: Callable[[], object]) -> Stepped:
    """What the plain client takes to send the files that ``prepare`` makes."""

    def prepared() -> None:
        prepare()
        office.settle()

    arguments = ("benchmarks.plain_sending", str(office.wsdl), str(office.inbox("plain")))
    return stepped(arguments, office.log, prepared)


def _send_first(office: Office) -> None:
    """Have one file sent: what is imported late is imported with it."""
    (office.outbox / _name(_FIRST)).write_bytes(_pdf(_FIRST))
    _wait_for(office, 1)


def _small_files(folder: Path, count: int) -> dict[Path, str]:
    """Make so many different documents; the SHA-256 of each."""
    folder.mkdir(exist_ok=True)
    files = {}
    for number in range(count):
        path, content = folder / _name(number), _pdf(number)
        path.write_bytes(content)
        files[path] = hashlib.sha256(content).hexdigest()
    return files


def _large_file(folder: Path, size: int) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / _name(_LARGE)
    piece = b"%" + b"x" * 998 + b"\n"
    with path.open("wb") as file:
        file.write(_pdf(_LARGE))
        file.writelines(itertools.repeat(piece, size // len(piece)))
        file.truncate(size)
    return path


def _name(number: int) -> str:
    return f"{_RECIPIENT} Rechnung {number:07}.pdf"


def _pdf(number: int) -> bytes:
    """What the stand-in takes for one page; no two are the same."""
    return b"%%PDF-1.4\n%% %d\n1 0 obj <</Type /Page>> endobj\n%%%%EOF\n" % number
