"""An office with a stand-in for FAX.de, folders, a configuration, and the real program."""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from faxd.simulator import Account, Job, Simulator, SyntheticImage

PASSWORD = "geheim-und-lang"
PYTHON = sys.executable


@dataclass
class Site:
    """One office; ``extra`` are lines for its first account, ``service`` for the service.

    ``send`` are lines for what each account sends; None: none has an outbox. ``told`` has the
    stand-in tell when a job is through, so that nobody waits for the first look at it. ``wsdl`` is
    another way to the stand-in than its own.
    """

    root: Path
    server: Simulator
    names: Sequence[str] = ("praxis",)
    interval: float = 1
    extra: str = ""
    service: str = ""
    send: str | None = None
    told: bool = True
    wsdl: str = ""
    images: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.status_port = free_port()
        for index, name in enumerate(self.names):
            self.inbox(name).mkdir(parents=True, exist_ok=True)
            if self.send is not None:
                self.outbox(name).mkdir(exist_ok=True)
            self.server.set_account(Account(number=self.number(index), password=PASSWORD))
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(PASSWORD + "\n")
        self.write_config()

    def number(self, index: int = 0) -> str:
        return str(100_000 + index)

    def inbox(self, name: str = "praxis") -> Path:
        return self.root / name / "inbox"

    def outbox(self, name: str = "praxis") -> Path:
        return self.root / name / "outbox"

    def folder(self, folder: str, name: str = "praxis") -> Path:
        """``sending``, ``sent`` or ``failed``."""
        return self.root / name / folder

    @property
    def password_file(self) -> Path:
        return self.root / "password"

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def state(self) -> Path:
        return self.root / "state"

    def write_config(self) -> None:
        accounts = "".join(
            f'[[accounts]]\nname = "{name}"\naccount = "{self.number(index)}"\n'
            f'password_file = "{self.password_file}"\npoll_interval = {self.interval}\n'
            f'inbox = "{self.inbox(name)}"\n'
            + (self.extra if index == 0 else "")
            + self._sending(name)
            for index, name in enumerate(self.names)
        )
        address = f"127.0.0.1:{self.status_port}"
        told = f'[status_receiver]\nlisten = "{address}"\nurl = "http://{address}/s"\n'
        self.config.write_text(
            f'state_dir = "{self.state}"\ntimezone = "Europe/Berlin"\n'
            f'[service]\nwsdl = "{self.wsdl or self.server.wsdl_url}"\n{self.service}'
            + (told if self.told and self.send is not None else "")
            + accounts
        )

    def _sending(self, name: str) -> str:
        if self.send is None:
            return ""
        # Transmission reports have tests of their own; here they would only take the processors.
        reports = "" if "reports" in self.send else 'reports = "none"\n'
        return f'outbox = "{self.outbox(name)}"\n[accounts.send]\n{reports}{self.send}'

    # faxes

    def add_faxes(self, count: int, index: int = 0, size: int = 20_000) -> None:
        """Let faxes arrive, each with another content."""
        for number in range(count):
            image = SyntheticImage(size + 216 * number, 2)
            fax_id = self.server.add_fax(self.number(index), image, originator="+493023125042")
            self.images[fax_id] = b"".join(image.pieces())

    def found(self, *places: Path) -> list[bytes]:
        """What the office sees of faxes in its folders."""
        return [
            path.read_bytes()
            for place in places or (self.inbox(),)
            for path in sorted(place.rglob("*"))
            if path.is_file() and ".faxd" not in path.parts
        ]

    def waiting(self, index: int = 0) -> set[int]:
        """Ids of the faxes that the server still has."""
        return {fax.fax_id for fax in self.server.queue(self.number(index))}

    def require_each_once(self, *places: Path) -> None:
        """All faxes are here, each once, whole, and none is left on the server."""
        assert sorted(self.found(*places)) == sorted(self.images.values())
        assert not self.waiting()

    # documents

    def drop(self, name: str, content: bytes | None = None, account: str = "praxis") -> bytes:
        """Save a document in the outbox, by default one of its own; returns its content."""
        content = pdf(name) if content is None else content
        path = self.outbox(account) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return content

    def jobs(self, index: int = 0) -> list[Job]:
        """What the stand-in has accepted."""
        return self.server.jobs(self.number(index))

    def hashes(self, index: int = 0) -> list[str]:
        """Of the documents that the stand-in has accepted, in the order of their arrival."""
        return [document.sha256 for job in self.jobs(index) for document in job.order.documents]

    def require_sent_once(self, *contents: bytes, index: int = 0) -> None:
        """The stand-in has accepted each of these documents once, whole, and no other."""
        assert sorted(self.hashes(index)) == sorted(map(sha256, contents))

    def slips(self, account: str = "praxis") -> list[str]:
        """Names of the slips that lie there."""
        return visible(self.folder("sending", account))

    def slip_path(self, title: str, account: str = "praxis") -> Path | None:
        """The slip with this in its name; None if there is none."""
        folder = self.folder("sending", account)
        return next((folder / name for name in visible(folder) if title in name), None)

    def slip(self, title: str, account: str = "praxis") -> str:
        """The text of the slip with this in its name; empty if there is none."""
        path = self.slip_path(title, account)
        with suppress(FileNotFoundError):
            return path.read_text("utf-8-sig") if path else ""
        return ""

    def delete_slip(self, title: str, account: str = "praxis") -> None:
        """Delete it, as people do to cancel a job."""
        path = self.slip_path(title, account)
        assert path is not None
        path.unlink()

    def report(self, folder: str, beginning: str, account: str = "praxis") -> str:
        """The text of the report for a document of that name, in ``sent`` or ``failed``."""
        found = [path for path in self._filed(folder, account) if beginning in path.name]
        reports = [path for path in found if path.name.endswith(" - Bericht.txt")]
        return reports[0].read_text("utf-8-sig") if reports else ""

    def filed(self, folder: str, account: str = "praxis") -> list[bytes]:
        """The documents that lie in ``sent`` or ``failed``, without reports and protocols."""
        return [
            path.read_bytes()
            for path in self._filed(folder, account)
            if not path.name.endswith((" - Bericht.txt", " - Protokoll.csv"))
        ]

    def _filed(self, folder: str, account: str) -> list[Path]:
        place = self.folder(folder, account)
        return [place / name for name in visible(place)]

    def claimed(self, account: str = "praxis") -> list[bytes]:
        """The documents that are on their way."""
        hidden = self.outbox(account) / ".faxd"
        return [path.read_bytes() for path in sorted(hidden.rglob("*")) if path.is_file()]

    def let_time_pass(self, seconds: float) -> None:
        """Have everything that the ledger has planned come so much earlier; no faxd may run."""
        with closing(sqlite3.connect(self.state / "ledger.sqlite")) as ledger, ledger:
            for table, column in (("jobs", "due_at"), ("queues", "paused_until")):
                for row, at in ledger.execute(
                    f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL"
                ).fetchall():
                    earlier = datetime.fromisoformat(at) - timedelta(seconds=seconds)
                    ledger.execute(
                        f"UPDATE {table} SET {column} = ? WHERE rowid = ?",
                        (earlier.astimezone(UTC).isoformat(), row),
                    )

    # the program

    def command(self, *arguments: str) -> list[str]:
        return [PYTHON, "-m", "faxd", *arguments, "-c", str(self.config)]

    def faxd(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=timeout, check=False
        )

    @contextmanager
    def daemon(self, env: dict[str, str] | None = None) -> Iterator[Daemon]:
        """The daemon, from its readiness on."""
        daemon = Daemon(self, env or {})
        try:
            daemon.wait_for("READY=1")
            yield daemon
        finally:
            daemon.end()


class Daemon:
    """`faxd run` as systemd would start it."""

    def __init__(self, site: Site, env: dict[str, str]) -> None:
        self._address = str(site.root / "notify")
        Path(self._address).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._address)
        self._socket.settimeout(0.1)
        self.notes: list[str] = []
        self._log = site.root / "log"
        self.started = time.monotonic()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                site.command("run"),
                stderr=log,
                env=os.environ | {"NOTIFY_SOCKET": self._address} | env,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_for(self, note: str, timeout: float = 45) -> None:
        """Wait for a word to systemd that begins like that; ``*`` is anything."""

        def came() -> bool:
            with suppress(TimeoutError):
                self.notes += self._socket.recv(4096).decode().splitlines()
            return any(fnmatchcase(line, f"{note}*") for line in self.notes)

        wait_until(lambda: came() or self.process.poll() is not None, timeout, pause=0)
        assert came(), self.log

    def forget(self) -> None:
        self.notes.clear()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def memory(self) -> int:
        """Resident, in bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def stop(self) -> float:
        """End it as systemd would; seconds that this took."""
        begin = time.monotonic()
        self.process.terminate()
        assert self.process.wait(30) == 0, self.log
        return time.monotonic() - begin

    def stop_anyway(self) -> float:
        """End it although something may be left undone; seconds that this took."""
        begin = time.monotonic()
        self.process.terminate()
        assert self.process.wait(30) in {0, 1}, self.log
        return time.monotonic() - begin

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._socket.close()


def wait_until(happened: Callable[[], bool], timeout: float = 45, pause: float = 0.03) -> None:
    """Wait for it; it is a failure if it does not come.

    Patiently: the machine may be busy, and a job of which FAX.de's word was missed (it came before
    the acceptance was recorded) is looked at after 30 s.
    """
    deadline = time.monotonic() + timeout
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)


def pdf(title: str, size: int = 0) -> bytes:
    """A document of one page that is like no other, of at least so many bytes."""
    body = f"%PDF-1.4\n% {title}\n1 0 obj <</Type /Page>> endobj\n".encode()
    return body + b"% filling\n" * -(-max(0, size - len(body)) // 10) + b"%%EOF\n"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def visible(folder: Path) -> list[str]:
    """Names of the files that people see in a folder; none if it is not there."""
    if not folder.is_dir():
        return []
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


def each_once(found: Iterable[bytes], contents: Iterable[bytes]) -> bool:
    """Whether all of these are there, each once, and nothing else."""
    return sorted(map(sha256, found)) == sorted(map(sha256, contents))


def free_port() -> int:
    """A port of this machine at which nobody listens.

    Below those that the kernel gives to outgoing connections, of which other tests make many:
    until the program listens there it must stay free.
    """
    while True:
        port = 10_000 + secrets.randbelow(22_000)
        with suppress(OSError), closing(socket.create_server(("127.0.0.1", port))):
            return port
