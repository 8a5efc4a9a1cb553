"""faxd is killed at every step of making reports, and goes on: each is there, once and whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import structlog

from faxd.config import AccountSettings
from faxd.demo.pdf import page
from faxd.documents import Workshop
from faxd.durable import Folder
from faxd.job import Job, Proof
from faxd.ledger import Ledger
from faxd.ledger.jobs import Jobs
from faxd.outbound.proof import Reporter, Room
from tests.documents.paper import read
from tests.outbound.office.jobs import BERLIN, DONE, MUSTER, SENT

AT = "2026-11-24_0915 Befund"
EXPECTED = {f"{AT} - Sendebericht 1 +4940123456.pdf", f"{AT} - Sendebericht 2 +4930111111.pdf"}
#: what changes something, or takes its time
STEPS: tuple[tuple[type, str], ...] = (
    (Workshop, "do"),
    (Folder, "take"),
    (Folder, "sync"),
    (Jobs, "proved"),
)


def settings(root: Path) -> AccountSettings:
    return AccountSettings.model_validate(
        {
            "name": "praxis",
            "account": DONE.account,
            "password_file": root / "password",
            "inbox": root / "inbox",
            "outbox": root / "outbox",
        }
    )


def prepare(root: Path) -> None:
    """An office in which one job with two recipients is filed."""
    for name in ("outbox/.faxd", "sent", "failed", "state"):
        (root / name).mkdir(parents=True)
    content = page(["Befund"])
    (root / "sent" / f"{AT}.pdf").write_bytes(content)
    job = replace(
        DONE, id=0, proof=Proof.WANTED, filed=True, filed_as=AT, recipients=(SENT, MUSTER)
    )
    with closing(Ledger(root / "state/ledger.sqlite")) as ledger:
        ledger.jobs.add([job])


def work(root: Path, dies_at: int) -> None:
    """Make reports, and die before the step of that number."""
    steps = count(1)

    def deadly(step: Any) -> Any:
        def run(*args: Any, **fields: Any) -> Any:
            if next(steps) == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*args, **fields)

        return run

    for kind, name in STEPS:
        setattr(kind, name, deadly(getattr(kind, name)))
    with closing(Ledger(root / "state/ledger.sqlite")) as ledger:
        reporter = Reporter(
            settings(root), ledger, structlog.get_logger(), Room(root / "state"), zone=BERLIN
        )
        while reporter.run() < 1.0:
            pass


def recorded(root: Path) -> Job:
    with closing(Ledger(root / "state/ledger.sqlite")) as ledger:
        (job,) = ledger.jobs.newest()
        return job


def test_killed_at_every_step(tmp_path: Path) -> None:
    for dies_at in count(1):
        root = tmp_path / str(dies_at)
        prepare(root)
        killed = _run(root, dies_at) == -signal.SIGKILL
        if killed:
            made = {path.name for path in (root / "sent").glob("2026*Sendebericht*")}
            assert made <= EXPECTED
            assert _run(root, 0) == 0
        found = {path.name for path in (root / "sent").glob("2026*Sendebericht*")}
        assert found == EXPECTED
        assert recorded(root).proof is Proof.MADE
        for name in EXPECTED:
            assert "Sendebericht" in read(root / "sent" / name)
        assert not [*(root / "state/reports").rglob("*.p*")]
        if not killed:
            assert dies_at > 8
            return


def _run(root: Path, dies_at: int) -> int:
    code = "import sys, pathlib\nfrom tests.outbound.proof.test_killed import work\n"
    code += "work(pathlib.Path(sys.argv[1]), int(sys.argv[2]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(root), str(dies_at)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode
