"""Children: how they are started, stepped and measured."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: `python -m MODULE ...`, without what the tools of the tests bring along: structlog imports rich
#: where it is installed, and the runtime lock does not have it.
_PRELUDE = (
    "import runpy, sys; sys.modules['rich'] = None;"
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module as `python -m` does, with rich out of sight."""
    return [sys.executable, "-c", _PRELUDE, module, *arguments]


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a run took."""

    #: wall time, seconds
    seconds: float
    #: greatest resident memory of the process, KiB
    peak: int


@dataclass(frozen=True, kw_only=True)
class Stepped(Usage):
    """What a run of a stepped child took."""

    #: greatest resident memory after all imports and an empty run, KiB
    idle: int


def whole(arguments: Sequence[str], log: Path) -> Usage:
    """Run a module from the start of its process to its end.

    Raises:
        RuntimeError: it failed.
    """
    with log.open("ab") as out:
        begin = time.perf_counter()
        child = subprocess.Popen(command(*arguments), stdout=out, stderr=out)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    _require(child, log)
    return Usage(seconds=seconds, peak=usage.ru_maxrss)


def stepped(arguments: Sequence[str], log: Path, prepare: Callable[[], None]) -> Stepped:
    """Run a module that calls `steps`; ``prepare`` is called between its empty run and the next.

    Raises:
        RuntimeError: it failed.
    """
    with log.open("ab") as out:
        child = subprocess.Popen(
            command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out
        )
    with child:
        assert child.stdin and child.stdout
        idle = child.stdout.readline()
        prepare()
        answer, _ = child.communicate(b"\n")
    _require(child, log)
    seconds, peak = json.loads(answer)
    return Stepped(seconds=seconds, peak=peak, idle=json.loads(idle))


def steps(run: Callable[[], object]) -> None:
    """In the child: an empty run, a wait for a word from the parent, and the run that counts."""
    run()
    print(json.dumps(_peak()), flush=True)
    sys.stdin.readline()
    begin = time.perf_counter()
    run()
    seconds = time.perf_counter() - begin
    print(json.dumps([seconds, _peak()]), flush=True)


@contextmanager
def started(arguments: Sequence[str], log: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A module that runs on until the block is left.

    Raises:
        RuntimeError: it failed.
    """
    with log.open("ab") as out:
        child = subprocess.Popen(command(*arguments), stdout=out, stderr=out, env=os.environ | env)
    with child:
        try:
            yield child
            child.terminate()
            child.wait(15)
        finally:
            child.kill()
    _require(child, log)


def resident(pid: int) -> int:
    """Resident memory of a process now, KiB."""
    return _status(pid, "VmRSS")


def peak_of(pid: int) -> int:
    """Greatest resident memory of a process since its start or `forget_peak`, KiB."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    """Have `peak_of` begin anew (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _status(pid: int, figure: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{figure}:"):
            return int(line.split()[1])
    raise RuntimeError(f"no process {pid}")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _require(child: subprocess.Popen[bytes], log: Path) -> None:
    if child.returncode:
        words = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{child.args!r} ended with {child.returncode}:\n{words}")
