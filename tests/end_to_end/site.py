"""An office with a stand-in for FAX.de, folders, a configuration, and the real program."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from faxd.simulator import Account, Simulator, SyntheticImage

PASSWORD = "geheim-und-lang"
PYTHON = sys.executable


@dataclass
class Site:
    """One office; ``extra`` are lines for its first account, ``service`` for the service."""

    root: Path
    server: Simulator
    names: Sequence[str] = ("praxis",)
    interval: float = 1
    extra: str = ""
    service: str = ""
    images: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        for index, name in enumerate(self.names):
            self.inbox(name).mkdir(parents=True, exist_ok=True)
            self.server.set_account(Account(number=self.number(index), password=PASSWORD))
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(PASSWORD + "\n")
        self.write_config()

    def number(self, index: int = 0) -> str:
        return str(100_000 + index)

    def inbox(self, name: str = "praxis") -> Path:
        return self.root / name / "inbox"

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
            f'inbox = "{self.inbox(name)}"\n' + (self.extra if index == 0 else "")
            for index, name in enumerate(self.names)
        )
        self.config.write_text(
            f'state_dir = "{self.state}"\ntimezone = "Europe/Berlin"\n'
            f'[service]\nwsdl = "{self.server.wsdl_url}"\n{self.service}{accounts}'
        )

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

    def wait_for(self, note: str, timeout: float = 15) -> None:
        """Wait for a word to systemd that begins like that."""

        def came() -> bool:
            with suppress(TimeoutError):
                self.notes += self._socket.recv(4096).decode().splitlines()
            return any(line.startswith(note) for line in self.notes)

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

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._socket.close()


def wait_until(happened: Callable[[], bool], timeout: float = 15, pause: float = 0.03) -> None:
    """Wait for it; it is a failure if it does not come."""
    deadline = time.monotonic() + timeout
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)
