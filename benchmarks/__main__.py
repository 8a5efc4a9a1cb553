"""Measure, and print the figures."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import faxd
from benchmarks import measure, papers, report, sending
from benchmarks.office import Office, opened

_MB = 1_000_000
#: bytes of each of the many small faxes
_SMALL = 50_000
#: polls that an idle daemon makes before its memory is read
_POLLS = 5
_SENDING = ("drop", "large", "delay")
_PAPERS = ("copies", "reports", "pages")
_PARTS = ("receiving", *_SENDING, *_PAPERS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(_PARTS)} [all]"
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes, for trying")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each [5]")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("/var/tmp"),
        help="where to write; on a disk, or syncing costs nothing [/var/tmp]",
    )
    arguments = parser.parse_args()
    parts = arguments.parts or _PARTS
    if not set(parts) <= set(_PARTS):
        parser.error(f"a part is one of {', '.join(_PARTS)}")
    with tempfile.TemporaryDirectory(prefix="faxd-bench-", dir=arguments.folder) as folder:
        print(report.machine(Path(folder)), end="\n\n")
        before = _program()
        if "receiving" in parts:
            print(report.EXPLANATION.format(repeat=arguments.repeat), end="\n\n", flush=True)
            with opened(Path(folder, "receiving")) as office:
                _receive(office, quick=arguments.quick, repeat=arguments.repeat)
                print()
        if {*parts} & {*_SENDING}:
            print(report.SENDING, end="\n\n", flush=True)
            _send(Path(folder), parts, quick=arguments.quick, repeat=arguments.repeat)
        if {*parts} & {*_PAPERS}:
            print(report.PAPERS, end="\n\n", flush=True)
            _make(Path(folder), parts, quick=arguments.quick, repeat=arguments.repeat)
        if _program() != before:
            print("\nNOT VALID: faxd's source was changed while it was measured.")


def _receive(office: Office, *, quick: bool, repeat: int) -> None:
    sizes, count = ((1, 10), 50) if quick else ((1, 10, 50, 200), 500)
    results = {}
    for size in sizes:
        _progress(f"one fax of {size} MB ...")
        results[size * _MB] = measure.one_fax(office, size * _MB, repeat)
    _progress(f"{count} faxes ...")
    many = measure.many_faxes(office, count, _SMALL, repeat)
    _progress("idle daemon ...")
    idle = measure.idle_daemon(office, _POLLS, repeat)
    _progress("")
    print(report.one_fax_table(results), end="\n\n")
    print(report.other_table(many, count, _SMALL, idle, _POLLS))


def _send(folder: Path, parts: Sequence[str], *, quick: bool, repeat: int) -> None:
    count, size, delayed = (500, 10 * _MB, 20) if quick else (10_000, 100 * _MB, 200)
    for part in parts:
        root = folder / part
        root.mkdir(exist_ok=True)
        _progress(f"{part} ...")
        match part:
            case "drop":
                table = report.drop_table(sending.drop(root, count), count)
            case "large":
                table = report.large_table(sending.large(root, size, repeat), size)
            case "delay":
                table = report.delay_table(sending.delay(root, delayed))
            case _:
                continue
        _progress("")
        print(table, end="\n\n", flush=True)


def _make(folder: Path, parts: Sequence[str], *, quick: bool, repeat: int) -> None:
    short, long, many = (10, 1, 10) if quick else (50, 3, 50)
    pages = 200
    for part in parts:
        root = folder / part
        root.mkdir(exist_ok=True)
        _progress(f"{part} ...")
        match part:
            case "copies":
                rates = [papers.copies(root, 1, short, repeat)]
                rates.append(papers.copies(root, pages, long, repeat))
                table = report.rates_table("PDF copies", rates)
            case "reports":
                table = report.rates_table("reports", [papers.reports(root, many, repeat)])
            case "pages":
                found = papers.long_fax(root, pages, repeat)
                # Each waits for the first question after a job, which comes after half a minute.
                sent = papers.long_document(root, pages, 1)
                table = report.long_table(found, sent, pages)
            case _:
                continue
        _progress("")
        print(table, end="\n\n", flush=True)


def _program() -> str:
    """What tells one state of faxd's source from another."""
    digest = hashlib.sha256()
    for path in sorted(Path(faxd.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
