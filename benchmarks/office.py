"""What both clients work with: the stand-in, folders on one file system, settings, faxes.

Imported by the parent too, whose memory must stay below its children's: the kernel counts a
child's peak from before its exec on (``ru_maxrss``), so nothing heavy is imported here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.process import command

ACCOUNT = "123456"
PASSWORD = "of-the-stand-in"
_NO_LIMIT = 1_000_000_000


@dataclass(frozen=True)
class Office:
    """The folders below ``root``, and the way to the stand-in."""

    root: Path
    standin: subprocess.Popen[str]

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def outbox(self) -> Path:
        """Where faxd takes from, if it sends (see `opened`)."""
        return self.root / "out" / "outbox"

    @property
    def wsdl(self) -> Path:
        """The plain client's kept copy; faxd keeps its own in its state folder."""
        return self.root / "wsdl.xml"

    @property
    def log(self) -> Path:
        """What the children write to their standard error."""
        return self.root / "log"

    def inbox(self, side: str) -> Path:
        return self.root / side

    @property
    def sides(self) -> dict[str, Sequence[str]]:
        """The modules and arguments of the two that are compared, as commands."""
        return {
            "faxd": ("faxd", "poll", "-v", "-c", str(self.config)),
            "plain": ("benchmarks.plain", str(self.wsdl), str(self.inbox("plain"))),
        }

    @property
    def loops(self) -> dict[str, Sequence[str]]:
        """The same as loops that a parent steps (see `stepped`)."""
        return {
            "faxd": ("benchmarks.receiving", str(self.config)),
            "plain": (*self.sides["plain"], "--stepped"),
        }

    def ask(self, *words: object) -> int:
        """Tell the stand-in something; its answer."""
        assert self.standin.stdin and self.standin.stdout
        self.standin.stdin.write(json.dumps(words) + "\n")
        self.standin.stdin.flush()
        return int(self.standin.stdout.readline())

    def settle(self) -> None:
        """Have the disk at rest before something is measured."""
        os.sync()

    def take(self, side: str, count: int, size: int) -> None:
        """Make sure that exactly these faxes came, whole and deleted at the server; remove them.

        Raises:
            RuntimeError: the measured run was none.
        """
        files = [path for path in self.inbox(side).iterdir() if path.is_file()]
        sizes = {path.stat().st_size for path in files}
        contents = {_digest(path) for path in files}
        good = len(files) == count and sizes <= {size} and len(contents) <= 1
        if not good or self.ask("waiting"):
            raise RuntimeError(f"{side} did not receive {count} faxes of {size} bytes")
        for path in files:
            path.unlink()


@contextlib.contextmanager
def opened(root: Path, *, sends: bool = False) -> Iterator[Office]:
    """An office in the folder ``root``, and its stand-in; ``sends``: faxd has an outbox."""
    root.mkdir(exist_ok=True)
    child = subprocess.Popen(
        command("benchmarks.standin"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        try:
            assert child.stdout
            office = Office(root, child)
            _furnish(office, json.loads(child.stdout.readline()), sends)
            yield office
        finally:
            child.kill()


def _furnish(office: Office, wsdl_url: str, sends: bool) -> None:
    for side in office.sides:
        office.inbox(side).mkdir()
    with urllib.request.urlopen(wsdl_url) as answer:
        office.wsdl.write_bytes(answer.read())
    secret = office.root / "password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD)
    settings: dict[str, Any] = {
        "name": "bench",
        "account": ACCOUNT,
        "password_file": str(secret),
        "poll_interval": 60 if sends else 1,
        "inbox": str(office.inbox("faxd")),
    }
    if sends:
        office.outbox.mkdir(parents=True)
        # The guard against cost is not what is measured.
        guard = dict.fromkeys(("max_jobs_per_hour", "max_pages_per_day"), _NO_LIMIT)
        settings |= {"outbox": str(office.outbox)}
        settings |= {f"send.{key}": value for key, value in guard.items()}
    # JSON's strings and numbers are TOML's, too.
    lines = [
        f"state_dir = {json.dumps(str(office.root / 'state'))}",
        "[service]",
        f"wsdl = {json.dumps(wsdl_url)}",
        "[[accounts]]",
        *(f"{key} = {json.dumps(value)}" for key, value in settings.items()),
    ]
    office.config.write_text("\n".join(lines) + "\n")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
