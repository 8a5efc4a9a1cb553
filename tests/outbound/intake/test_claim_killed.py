"""A claim ends at any system call, by a death or an error; each file is somewhere, whole, once."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from faxd.outbound.intake.claim import claims, give_back
from faxd.outbound.intake.outbox import open_outbox
from tests.places import traced

from .conftest import tree

WHAT = "claim, give back"
FILES = {"Befund.pdf": b"a" * 5000, "Befund.pdf.toml": b'to = "+4940123456"', "x.txt": b""}

#: the first argument is the outbox, the second one what is done
CODE = """if True:
    import os, sys
    from pathlib import Path
    from faxd.outbound.intake.claim import claim, give_back, sync
    from faxd.outbound.intake.ignore import Ignored
    from faxd.outbound.intake.outbox import open_outbox
    with open_outbox(Path(sys.argv[1]), mark="m") as outbox:
        os.getppid()  # seen in the trace: from here on, and up to the next one
        if "claim" in sys.argv[2]:
            files = sorted(outbox.look(Ignored()).files, key=lambda file: file.name)
            claimed = claim(outbox, files, "m-1")
            sync(outbox, [claimed])
        if "give back" in sys.argv[2]:
            give_back(outbox, "m-1", ("fax",))
        os.getppid()
        print("done")
    """


def prepared(path: Path) -> Path:
    """An outbox in which all is made that is made once."""
    path.mkdir(parents=True)
    with open_outbox(path, mark="m"):
        pass
    for name, content in FILES.items():
        (path / "fax" / name).write_bytes(content)
    return path


def run(path: Path, what: str, *injected: str) -> bool:
    """Whether it came to its end although strace injected something."""
    options = [option for inject in injected for option in ("-e", f"inject={inject}")]
    done = _strace(["-o", "/dev/null", *options], path, what)
    assert done.returncode in {0, 1, -signal.SIGKILL}, done.stderr
    return done.returncode == 0 and done.stdout == "done\n"


def calls_of(path: Path, what: str, call: str, *injected: str) -> range:
    """The numbers of such calls between opening the outbox and closing it."""
    log = path.parent / "log"
    options = [option for inject in injected for option in ("-e", f"inject={inject}")]
    options += ["-o", str(log), "-e", f"trace={call},renameat2,getppid"]
    assert _strace(options, path, what).stdout
    lines = log.read_text().splitlines()
    marks = [number for number, line in enumerate(lines) if "getppid(" in line]
    before = sum(f"{call}(" in line for line in lines[: marks[-2]])
    within = sum(f"{call}(" in line for line in lines[marks[-2] : marks[-1]])
    return range(before + 1, before + within + 1)


def _strace(options: list[str], path: Path, what: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (package strace)")
    command = ["strace", "-f", "-qq", *options, sys.executable, "-c", CODE, str(path), what]
    here = Path(__file__).parents[3]
    return subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)


def require_each_once_and_whole(path: Path) -> None:
    """A file may have two names where a rename cannot be had, but it is still one."""
    found = {(path / name).stat().st_ino: path / name for name in tree(path)}.values()
    assert sorted(p.name for p in found) == sorted(FILES)
    assert all(p.read_bytes() == FILES[p.name] for p in found)
    assert {str(p.parent.relative_to(path)) for p in found} <= {"fax", ".faxd/m-1"}


def require_all_come_back(path: Path) -> None:
    """As the daemon begins: what the ledger does not know goes back."""
    with open_outbox(path, mark="m") as outbox:
        for name in claims(outbox):
            give_back(outbox, name, ("fax",))
        assert claims(outbox) == []
    assert tree(path) == sorted(f"fax/{name}" for name in FILES)
    require_each_once_and_whole(path)


#: a file system that cannot rename without replacing (NFS)
LINKS = "renameat2:error=EINVAL"


@pytest.mark.parametrize(
    ("call", "always"),
    [
        *(("mkdirat", ()), ("renameat2", ()), ("fsync", ()), ("unlinkat", ())),
        *(("linkat", (LINKS,)), ("unlinkat", (LINKS,)), ("fsync", (LINKS,))),
    ],
)
@pytest.mark.timeout(200)
def test_killed_at_every(call: str, always: tuple[str, ...], tmp_path: Path) -> None:
    numbers = calls_of(prepared(tmp_path / "count" / "outbox"), WHAT, call, *always)
    for number in numbers:
        path = prepared(tmp_path / str(number) / "outbox")
        assert not run(path, WHAT, *always, f"{call}:signal=KILL:when={number}")
        require_each_once_and_whole(path)
        require_all_come_back(path)
    assert numbers


FAILURES = [
    *(("mkdirat", "ENOSPC"), ("renameat2", "EIO"), ("renameat2", "EPERM"), ("renameat2", "ENOENT")),
    *(("renameat2", "EINVAL"), ("fsync", "EIO"), ("unlinkat", "EIO"), ("openat", "EMFILE")),
    *(("openat", "EIO"), ("openat", "EACCES"), ("newfstatat", "EIO"), ("fcntl", "EACCES")),
]


@pytest.mark.parametrize(("call", "error"), FAILURES)
@pytest.mark.timeout(200)
def test_failing_at_every(call: str, error: str, tmp_path: Path) -> None:
    numbers = calls_of(prepared(tmp_path / "count" / "outbox"), WHAT, call)
    for number in numbers:
        path = prepared(tmp_path / str(number) / "outbox")
        run(path, WHAT, f"{call}:error={error}:when={number}")
        require_each_once_and_whole(path)
        require_all_come_back(path)
    assert numbers


def test_what_is_synced_and_in_which_order(tmp_path: Path) -> None:
    path = prepared(tmp_path / "outbox")
    options = ["-e", "trace=mkdirat,fsync,renameat2,getppid"]
    _, lines = traced(options, CODE.replace("[1]", "[1] + '/outbox'"), tmp_path, "claim")
    first, last = [number for number, line in enumerate(lines) if "getppid(" in line][-2:]
    calls = [line.split(maxsplit=1)[1] for line in lines[first + 1 : last]]
    folder = re.escape(str(path))
    names = sorted(FILES)
    expected = [
        rf'mkdirat\(\d+<{folder}/\.faxd>, "m-1", 0700\)',
        *(
            rf'renameat2\(\d+<{folder}/fax>, "{re.escape(name)}",'
            rf' \d+<{folder}/\.faxd/m-1>, "{re.escape(name)}", RENAME_NOREPLACE\)'
            for name in names
        ),
        *(rf"fsync\(\d+<{folder}/\.faxd/m-1/{re.escape(name)}>\)" for name in names),
        rf"fsync\(\d+<{folder}/\.faxd/m-1>\)",
        rf"fsync\(\d+<{folder}/\.faxd>\)",
        rf"fsync\(\d+<{folder}/fax>\)",
    ]
    assert len(calls) == len(expected), calls
    for pattern, call in zip(expected, calls, strict=True):
        assert re.match(pattern, call), (pattern, call)
