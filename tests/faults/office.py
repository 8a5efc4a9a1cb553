"""An office with three faxes to fetch and three documents to send, and how it must end."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import TracebackType

from faxd.config import load
from faxd.simulator import Simulator
from tests.end_to_end.site import PASSWORD, Site, pdf
from tests.faults.line import Found
from tests.faults.once import once

PROJECT = Path(__file__).parents[2]
FAXES = 3
JOB_FILE = """\
to = [{ number = "030 23125001", reference = "RE-4711" }]
station_id = "Praxis Dr. Meier"
"""
LIST = "+49 30 23125002,A1\r\n+49 40 66969003,B2\r\n"


class Office:
    """A fax with a job file, an SMS, and a fax with a list; in a folder that goes at the end."""

    def __init__(self, root: Path | None = None) -> None:
        self._temporary = root is None
        self.root = root or Path(tempfile.mkdtemp(prefix="faxd-faults-"))
        self.server = Simulator().start()
        self.server.rules.job_seconds = 0
        self.site = Site(
            self.root,
            self.server,
            send="settle = 0.1\nparallel = 1\n",
            extra="min_free = 0\n",
            told=False,
        )
        self.site.add_faxes(FAXES)
        self.contents: list[bytes] = []
        #: of the last run
        self.output = ""

    def __enter__(self) -> Office:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.server.stop()
        if self._temporary:
            shutil.rmtree(self.root, ignore_errors=True)

    def drop_all(self) -> None:
        """What people drop."""
        site = self.site
        self.contents = [
            site.drop("Befund Müller.pdf", pdf("Befund")),
            site.drop("Befund Müller.pdf.toml", JOB_FILE.encode()),
            site.drop("sms/+49 171 3920001 Termin.txt", b"Ihr Termin: morgen"),
            site.drop("Rundschreiben.pdf", pdf("Rundschreiben")),
            site.drop("Rundschreiben.pdf.csv", LIST.encode()),
        ]

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.faults.once", str(self.site.config)]

    def run(self, wrapped: list[str] | None = None, timeout: float = 60) -> int | None:
        """Exit status of a process of its own, perhaps under another; None if it hangs."""
        try:
            done = subprocess.run(
                wrapped or self.command(),
                cwd=PROJECT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        self.output = done.stdout
        return done.returncode

    # what must be so

    def lost(self) -> int:
        """Faxes and files that are nowhere whole, neither here nor at FAX.de."""
        site = self.site
        here = site.found()
        faxes = sum(
            fax not in site.waiting() and image not in here for fax, image in site.images.items()
        )
        places = [
            path.read_bytes() for path in site.outbox().rglob("*") if path.is_file()
        ]  # in the outbox, or on their way below it
        places += site.filed("sent") + site.filed("failed")
        return faxes + sum(content not in places for content in self.contents)

    def doubled(self) -> int:
        """Faxes that lie there twice, and jobs that were accepted twice."""
        faxes = Counter(self.site.found())
        works = Counter(
            (job.order.recipients, job.order.text) for job in self.server.jobs(self.site.number())
        )
        return sum(count - 1 for count in (*faxes.values(), *works.values()))

    def told(self) -> list[Path]:
        """Files that hold the password, but its own."""
        return [
            path
            for path in self.root.rglob("*")
            if path.is_file()
            and path != self.site.password_file
            and path.suffix != ".image"
            and path.name != "trace"  # of all that went over the line
            and PASSWORD.encode() in path.read_bytes()
        ]

    def wrong_modes(self) -> list[Path]:
        """What faxd has made, and is not for whom the settings say."""
        site, shared = self.site, list[Path]()
        for folder in (site.inbox(), *map(site.folder, ("sending", "sent", "failed"))):
            shared += [path for path in folder.glob("*") if not path.name.startswith(".")]
        wrong = [path for path in shared if path.is_file() and _mode(path) != 0o660]
        wrong += [path for path in site.state.glob("ledger.sqlite*") if _mode(path) != 0o600]
        hidden = (site.inbox() / ".faxd", site.outbox() / ".faxd")
        return wrong + [path for path in hidden if path.is_dir() and _mode(path) != 0o700]

    def after(self, point: str, *, slips_may_stay: bool = False) -> Found:
        """What is found after a fault, and after a run that nothing disturbs."""
        found = Found(lost=self.lost(), doubled=self.doubled())
        try:
            is_done = once(load(self.site.config), patience=30)
        except Exception as error:
            found.wrong.append(f"{point}: {type(error).__name__}: {error}")
            return found
        found.lost += self.lost()
        found.doubled += self.doubled()
        site = self.site
        unlike = {
            "not all is done": not is_done,
            "faxes are left on the server": bool(site.waiting()),
            "a fax is missing": Counter(site.found()) != Counter(site.images.values()),
            "another number of jobs": len(self.server.jobs(site.number())) != 3,
            "not all lie in sent": Counter(site.filed("sent")) != Counter(self.contents),
            "something lies in failed": bool(site.filed("failed")),
            "a report is missing": not all(
                site.report("sent", title) for title in ("Befund", "Termin", "Rundsch")
            ),
            "a slip is left": bool(site.slips()) and not slips_may_stay,
            "something is left on its way": bool(list((site.outbox() / ".faxd").iterdir())),
            "a secret was written": PASSWORD in self.output or bool(self.told()),
            "a mode is not what was set": bool(self.wrong_modes()),
            "something is left beside the inbox": bool(
                [*(site.inbox() / ".faxd").iterdir()] if (site.inbox() / ".faxd").is_dir() else []
            ),
        }
        wrong = [what for what, is_so in unlike.items() if is_so]
        if wrong:
            said = re.sub(r"\s+", " ", self.output)[-300:]
            found.wrong.append(f"{point}: {', '.join(wrong)} | {said}")
        return found


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
