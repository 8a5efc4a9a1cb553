"""Any system call of taking, sending and filing is the last one, or fails.

No document is lost, and none is accepted twice: each lies in the outbox, on its way, or in sent;
and after a run that nothing disturbs all have gone out once and are reported.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from faxd.config import load
from faxd.simulator import Simulator

from .send_all import send_all
from .site import Site, each_once, pdf
from .strikes import LONG, points, require_strace, strace

#: all by which a run changes files and folders or speaks to the server
CALLS = (
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "renameat2",
    "unlinkat",
    "unlink",
    "mkdirat",
    "fchmod",
    "ftruncate",
    "sendto",
    "connect",
)
#: a disk that gives up, one that is full, rights that are not there, a network that breaks
FAILURES = (
    ("openat", "EACCES"),
    ("openat", "EIO"),
    ("openat", "EMFILE"),
    ("write", "ENOSPC"),
    ("pwrite64", "ENOSPC"),
    ("fsync", "EIO"),
    ("fdatasync", "EIO"),
    ("renameat2", "EIO"),
    ("renameat2", "EACCES"),
    ("unlinkat", "EIO"),
    ("mkdirat", "ENOSPC"),
    ("fchmod", "EPERM"),
    ("sendto", "EPIPE"),
    ("connect", "ETIMEDOUT"),
)
#: what is opened is mostly only read, and SQLite's many writes are SQLite's to survive
STEP = {"openat": 4, "pwrite64": 6}

JOB_FILE = """\
to = [{ number = "030 23125001", reference = "RE-4711" }]
station_id = "Praxis Dr. Meier"
"""
LIST = "+49 30 23125002,A1\r\n+49 40 66969003,B2\r\n"


class Office:
    """An outbox with a fax that has a job file, an SMS, and a fax that has a list."""

    def __init__(self, root: Path) -> None:
        #: of the last run
        self.output = ""
        self.server = Simulator().start()
        self.server.rules.job_seconds = 0
        self.site = Site(root, self.server, send="settle = 0.1\nparallel = 1\n", told=False)
        self.contents = [
            self.site.drop("Befund Müller.pdf", pdf("Befund")),
            self.site.drop("Befund Müller.pdf.toml", JOB_FILE.encode()),
            self.site.drop("sms/+49 171 3920001 Termin.txt", b"Ihr Termin: morgen"),
            self.site.drop("Rundschreiben.pdf", pdf("Rundschreiben")),
            self.site.drop("Rundschreiben.pdf.csv", LIST.encode()),
        ]

    def run(self, *injected: str, watched: str = "", trace: Path | None = None) -> bool:
        """A process of its own under strace; whether nothing was left to do."""
        program = [sys.executable, "-m", "tests.end_to_end.send_all", str(self.site.config)]
        done = subprocess.run(
            strace(program, *injected, watched=watched, trace=trace),
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        self.output = done.stdout
        return done.returncode == 0

    def require_nothing_lost(self) -> None:
        """Each file is in one of the three places, whole."""
        outbox = self.site.outbox()
        found = [path.read_bytes() for path in outbox.rglob("*") if path.is_file()]
        found += self.site.filed("sent") + self.site.filed("failed")
        missing = [content for content in self.contents if content not in found]
        assert not missing, (missing, list(self.site.root.rglob("*")))
        self.require_none_doubled()

    def require_none_doubled(self) -> None:
        works = [(job.order.recipients, job.order.text) for job in self.server.jobs("100000")]
        assert len(works) == len(set(works)) <= 3, works

    def require_all_sent(self, *, slips_may_stay: bool = False) -> None:
        """A run that nothing disturbs brings everything to its end."""
        assert send_all(load(self.site.config), patience=20), self.told()
        assert len(self.server.jobs("100000")) == 3, self.told()
        self.require_none_doubled()
        assert each_once(self.site.filed("sent"), self.contents), self.told()
        assert all(self.site.report("sent", title) for title in ("Befund", "Termin", "Rundsch"))
        assert not self.site.filed("failed"), self.told()
        assert slips_may_stay or not self.site.slips(), self.told()
        assert not self.site.claimed()
        hidden = self.site.outbox() / ".faxd"
        assert not list(hidden.iterdir())

    def told(self) -> str:
        paths = [str(path.relative_to(self.site.root)) for path in self.site.root.rglob("*")]
        return "\n".join([*sorted(paths), self.site.report("failed", "")])

    def close(self) -> None:
        self.server.stop()


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int]]:
    """By call: how many come before the work begins, and how many belong to it."""
    require_strace()
    names = {*CALLS, *(call for call, _ in FAILURES)}
    return counted(tmp_path_factory.mktemp("whole"), *names)


def counted(root: Path, *names: str, beside: str = "") -> dict[str, tuple[int, int]]:
    office = Office(root)
    trace = root / "trace"
    watched = ",".join((*names, "getpgid"))
    try:
        assert office.run(*filter(None, [beside]), watched=watched, trace=trace), office.output
        office.require_all_sent()
    finally:
        office.close()
    before, _, after = trace.read_text(errors="replace").partition("getpgid(")
    return {name: (before.count(f" {name}("), after.count(f" {name}(")) for name in names}


def disturb(root: Path, *inject: str) -> bool:
    """One run with a disturbance, and one without; whether the first came to its end."""
    office = Office(root)
    try:
        survived = office.run(*inject)
        office.require_nothing_lost()
        # What may not be read counts as somebody else's, and is not removed.
        office.require_all_sent(slips_may_stay="EACCES" in inject[0])
    except Exception as error:
        error.add_note(f"{' '.join(inject)}\n{office.output}")
        raise
    finally:
        office.close()
    shutil.rmtree(root)
    return survived


def disturb_at_each(root: Path, call: str, how: str, place: tuple[int, int], *beside: str) -> None:
    before, number = place
    where = points(number, before=before, step=STEP.get(call, 1))
    survived = sum(
        disturb(root / str(when), f"{call}:{how}:when={when}", *beside) for when in where
    )
    assert "signal" not in how or survived < len(where), "nothing was killed"
    print(f"{how} at {len(where)} of {number} calls of {call}, {survived} runs came through")


@pytest.mark.parametrize("call", CALLS)
@LONG
def test_killed_at_every(call: str, tmp_path: Path, calls: dict[str, tuple[int, int]]) -> None:
    disturb_at_each(tmp_path, call, "signal=KILL", calls[call])


@pytest.mark.parametrize(("call", "error"), FAILURES)
@LONG
def test_failing_at_every(
    call: str, error: str, tmp_path: Path, calls: dict[str, tuple[int, int]]
) -> None:
    disturb_at_each(tmp_path, call, f"error={error}", calls[call])


@pytest.mark.parametrize("how", ["signal=KILL", "error=ENOSPC"])
@LONG
def test_where_files_cannot_be_renamed_without_replacing(how: str, tmp_path: Path) -> None:
    """As on some network mounts: a name is given by a link, and the old one is then removed."""
    require_strace()
    beside = "renameat2:error=EINVAL"
    place = counted(tmp_path / "whole", "linkat", beside=beside)["linkat"]
    disturb_at_each(tmp_path, "linkat", how, place, beside)
