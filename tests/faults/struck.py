"""Kills and errors at each system call by which faxd changes something, put there by strace."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import partial

from tests.end_to_end.strikes import strace
from tests.faults.line import Found, Line, series, spread
from tests.faults.office import Office

#: by which files and folders are changed, and the server is spoken to
CALLS = (
    *("openat", "write", "pwrite64", "fsync", "fdatasync", "syncfs", "ftruncate"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir"),
    *("mkdir", "mkdirat", "fchmod", "fchown", "utimensat", "flock", "connect", "sendto", "sendmsg"),
)
#: what may go wrong with a disk, with rights, and with the process
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EACCES", "EMFILE", "EINTR")
_CREATES = re.compile(r"O_(CREAT|WRONLY|RDWR)")
_CALL = re.compile(r"^(?:\d+ +)?([a-z_0-9]+)\(")

#: for strace: files by their names, and enough of what is sent
PATHS = ["-y", "-s", "2000"]

#: a call, and which of its kind it is
Point = tuple[str, int]


def missing() -> str:
    """Why nothing can be struck here; empty if it can."""
    return "" if shutil.which("strace") else "strace is not installed (package strace)"


def points(beside: tuple[str, ...] = ()) -> list[Point]:
    """Every such call that changes something, of a run that nothing disturbs."""
    with Office() as office:
        office.drop_all()
        trace = office.root / "trace"
        watched = ",".join((*CALLS, "getpgid"))
        status = office.run(strace(office.command(), *beside, watched=watched, trace=trace))
        assert status == 0, office.output
        assert office.after("undisturbed").is_well
        return list(_in(trace.read_text(errors="replace")))


def _in(trace: str) -> Iterator[Point]:
    counts: dict[str, int] = {}
    begun = False
    for line in trace.splitlines():
        found = _CALL.match(line)
        if found is None:
            continue
        call = found[1]
        if call == "getpgid":
            begun = True
        counts[call] = counts.get(call, 0) + 1
        if begun and call in CALLS and (call != "openat" or _CREATES.search(line)):
            yield call, counts[call]


def kills(*, most: int, budget: float, beside: tuple[str, ...] = ()) -> Line:
    """SIGKILL at each of them, or at so many of them as are wanted."""
    every = points(beside)
    if beside:
        every = [point for point in every if point[0].startswith("link")]
    name = "kill" if not beside else "kill, no rename without link"
    return series(
        name,
        spread(every, most),
        len(every),
        partial(_strike, how="signal=KILL", beside=beside),
        budget=budget,
    )


def errors(*, most: int, budget: float) -> Line:
    """Each error at each of them, or at so many of these as are wanted."""
    every = [(point, error) for point in points() for error in ERRORS]
    return series("errors", spread(every, most), len(every), _fail, budget=budget)


def _fail(point: tuple[Point, str]) -> Found:
    where, error = point
    return _strike(where, how=f"error={error}", beside=())


def _strike(point: Point, how: str, beside: tuple[str, ...]) -> Found:
    call, number = point
    name = f"{how} at {call} {number}"
    with Office() as office:
        office.drop_all()
        trace = office.root / "trace"
        injected = f"{call}:{how}:when={number}"
        watched = "" if "signal" in how else "fsync,renameat2,linkat,sendto,openat"
        command = strace(
            office.command(), injected, *beside, watched=watched, trace=trace if watched else None
        )
        if watched:
            command[1:1] = PATHS
        status = office.run(command)
        found = office.after(name, slips_may_stay="EACCES" in how)
        found.survived += status == 0
        if status is None:
            found.wrong.append(f"{name}: hangs")
        if watched and trace.exists():
            found.wrong += [
                f"{name}: {what}" for what in undurable(trace.read_text(errors="replace"))
            ]
        return found


_SYNCED = re.compile(r"fsync\(\d+<([^>]*)>\) = 0$")
_RENAMED = re.compile(
    r"(?:renameat2|linkat)\(\d+<([^>]*)>, \"([^\"]*)\", \d+<([^>]*)>, \"([^\"]*)\", [^)]*\) = 0$"
)
_DELETED = re.compile(r"sendto\(.*DeleteReceived.*<FaxId[^>]*>(\d+)<")


def undurable(trace: str) -> list[str]:
    """Faxes of which DeleteReceived was called before they were durable, by a trace with paths.

    Durable: its part was synced, then given its name, then the folder was synced, all of it well.
    """
    synced, named, durable = set[str](), dict[str, set[str]](), 0
    deleted, wrong = set[str](), []
    for line in trace.splitlines():
        if found := _SYNCED.search(line):
            path = found[1]
            durable += len(named.pop(path, ()))
            synced.add(path)
        elif (found := _RENAMED.search(line)) and found[2].endswith(".part"):
            if f"{found[1]}/{found[2]}" in synced:
                named.setdefault(found[3], set()).add(found[4])
        elif found := _DELETED.search(line):
            deleted.add(found[1])  # a call may be repeated
            if len(deleted) > durable:
                wrong.append(f"DeleteReceived of fax {len(deleted)} with {durable} durable")
    return wrong
