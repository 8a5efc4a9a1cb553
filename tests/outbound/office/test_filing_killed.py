"""Filing dies at every system call, and is called again: everything is there, and once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from faxd.durable import Folder
from faxd.outbound.office.filing import Desk
from tests.places import disk

from .jobs import BERLIN, DONE, MUSTER, SENT

AT = "2026-11-24_0915 Befund"
JOB = replace(
    DONE,
    filed_as=AT,
    protocol=b"RECIPIENT\r\n",
    recipients=(SENT, replace(MUSTER, result="Busy")),
    documents=("Befund.pdf", "Anlage.pdf"),
    companions=("Befund.pdf.csv",),
    slip="Befund.txt",
)
CONTENT = {"Befund.pdf": b"%PDF" * 1000, "Anlage.pdf": b"%PDF", "Befund.pdf.csv": b"all"}
EXPECTED = {
    f"{AT}.pdf",
    f"{AT}_2.pdf",
    f"{AT}.pdf.csv",
    f"{AT} - ganze Liste.csv",
    f"{AT} - Protokoll.csv",
    f"{AT} - Bericht.txt",
}
CALLS = ("renameat2", "linkat", "unlinkat", "fsync", "write")
CODE = """if True:
    import sys
    from pathlib import Path
    from tests.outbound.office.test_filing_killed import run
    run(Path(sys.argv[1]))
    """


def run(path: Path) -> None:
    with (
        Desk(
            path / "sending",
            path / "sent",
            path / "failed",
            mode=0o660,
            folder_mode=0o770,
            gid=None,
            language="de",
            zone=BERLIN,
        ) as desk,
        Folder.open(path / "claim") as claim,
    ):
        desk.sweep()
        desk.show(JOB)
        desk.file(JOB, claim)


def killed(path: Path, *options: str) -> bool:
    """Whether a process that files, under strace, did not get to its end."""
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", *options]
    done = subprocess.run(
        [*strace, sys.executable, "-c", CODE, str(path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode != 0


@pytest.mark.parametrize("where", ["here", "without renameat2", "another file system"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.timeout(300)
def test_killed_at_every(call: str, where: str, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (package strace)")
    if call == ("renameat2" if where == "without renameat2" else "linkat"):
        pytest.skip("is not called here")
    for kills in count(1):
        with ExitStack() as stack:
            path = tmp_path / str(kills)
            (path / "claim").mkdir(parents=True)
            for name, data in CONTENT.items():
                (path / "claim" / name).write_bytes(data)
            options = ["-e", f"inject={call}:signal=KILL:when={kills}"]
            if where == "another file system":
                stack.enter_context(disk(path / "sent"))
            elif where == "without renameat2":
                options += ["-e", "inject=renameat2:error=EINVAL"]
            died = killed(path, *options)
            everywhere = [file.read_bytes() for file in path.rglob("*") if file.is_file()]
            for data in CONTENT.values():
                assert data in everywhere
            run(path)
            sets = {file.name: file.read_bytes() for file in (path / "sent").iterdir()}
            assert sets.keys() == EXPECTED
            assert sets[f"{AT}.pdf"] == CONTENT["Befund.pdf"]
            assert sets[f"{AT}_2.pdf"] == CONTENT["Anlage.pdf"]
            assert sets[f"{AT} - ganze Liste.csv"] == CONTENT["Befund.pdf.csv"]
            assert not list((path / "claim").iterdir())
            assert not list((path / "sending").iterdir())
            assert (path / "sent" / f"{AT}.pdf").stat().st_nlink == 1
        if not died:
            break
    print(f"killed at {kills - 1} calls of {call}")
