"""A machine with a real systemd: a tree of Debian's packages, booted by systemd-nspawn.

The tree is made once and kept; each machine is an overlay on it, so that what was written can be
looked at afterwards. It shares this machine's network, on which the stand-in listens.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.places import ROOT

PROJECT = Path(__file__).parents[2]
_SUITE = "bookworm"
_PACKAGES = "systemd,systemd-sysv,dbus,python3,python3-venv,ca-certificates"
#: kept between runs, as making it takes some minutes
_CACHE = PROJECT / ".cache/systemd"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing() -> str:
    """Why no machine can be booted here; empty if all that is needed is there."""
    if not os.environ.get("FAXD_TEST_SYSTEMD"):
        return "takes minutes; make test-systemd boots a systemd"
    if not ROOT:
        return "needs root to boot a systemd"
    for program in ("debootstrap", "systemd-nspawn", "nsenter"):
        if shutil.which(program) is None:
            return f"{program} is not installed (packages debootstrap and systemd-container)"
    return ""


def make_tree() -> Path:
    """A Debian with the libraries that faxd needs in /opt/faxd, by the commands of the manual."""
    lock = PROJECT / "requirements.lock"
    about = f"{_SUITE} {_PACKAGES}".encode() + lock.read_bytes()
    tree = _CACHE / hashlib.sha256(about).hexdigest()[:16]
    if tree.is_dir():
        return tree
    # One of another lock is not needed any more, nor one that was not finished.
    shutil.rmtree(_CACHE, ignore_errors=True)
    _CACHE.mkdir(parents=True)
    making = tree.with_suffix(".part")
    _call("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, str(making))
    wheels = making / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    download = [*pip, "download", "--only-binary=:all:", "--require-hashes"]
    _call(*download, "--python-version=3.11", "-r", str(lock), "-d", str(wheels))
    shutil.copy(lock, wheels)
    _call("chroot", str(making), "python3", "-m", "venv", "/opt/faxd")
    install = [
        "/opt/faxd/bin/pip",
        "--isolated",
        "--quiet",
        "install",
        "--no-index",
        "--find-links=/wheels",
    ]
    _call("chroot", str(making), *install, "--require-hashes", "-r", "/wheels/requirements.lock")
    shutil.rmtree(wheels)
    making.rename(tree)
    return tree


def make_wheel(folder: Path) -> Path:
    """faxd as it is handed out."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    _call(*build, cwd=PROJECT)
    return next(folder.glob("*.whl"))


class Machine:
    """One that runs; ``log`` is its console."""

    def __init__(self, folder: Path) -> None:
        """``folder`` takes what it writes."""
        self.root = folder / "root"
        self.written = folder / "written"
        self._log = folder / "console.log"
        self._work = folder / "work"
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def __enter__(self) -> Self:
        for place in (self.root, self.written, self._work):
            place.mkdir()
        layers = f"lowerdir={make_tree()},upperdir={self.written},workdir={self._work}"
        _call("mount", "-t", "overlay", "-o", layers, "overlay", str(self.root))
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            # The leader's own way to be told to go at once; nspawn ends with it.
            with suppress(ProcessLookupError):
                os.kill(self._leader or self._process.pid, signal.SIGKILL)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        subprocess.run(["umount", "--lazy", str(self.root)], check=False)

    def boot(self) -> None:
        """Have systemd run, with all that it starts."""
        command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"]
        command += ["--link-journal=no", "--resolv-conf=off", "-D", str(self.root)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(lambda: self._find_leader() > 0, "systemd has started", self.console)
        self._leader = self._find_leader()

        def booted() -> bool:
            state = self.status("systemctl", "is-system-running")[1].strip()
            return state in {"running", "degraded"}

        wait_until(booted, "systemd has booted", self.console, timeout=120)

    def console(self) -> str:
        """What stands on the machine's console."""
        return self._log.read_text(errors="replace")

    def run(self, *command: str, timeout: float = 60) -> str:
        """What a command on the machine prints."""
        status, printed = self.status(*command, timeout=timeout)
        assert status == 0, f"{command}: {status}\n{printed}\n{self.journal()[-6000:]}"
        return printed

    def status(self, *command: str, timeout: float = 60) -> tuple[int, str]:
        """Exit status of a command on the machine, and what it prints."""
        done = subprocess.run(
            [*self.enter(), *command],
            env={"PATH": _PATH, "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
        return done.returncode, done.stdout

    def enter(self) -> list[str]:
        """What a command is put behind to run on the machine."""
        return ["nsenter", f"--target={self._leader}", "--mount", "--uts", "--ipc", "--pid", "--"]

    def show(self, name: str, unit: str = "faxd") -> str:
        """A property of the unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def journal(self) -> str:
        """What the unit has logged, and what systemd has to say of it, with all fields."""
        return self.status("journalctl", "-u", "faxd", "--no-pager", "-o", "short-monotonic")[1]

    def drop_in(self, name: str, text: str) -> None:
        """Write a drop-in of the unit (empty: remove it), and have systemd read it."""
        path = self.root / f"etc/systemd/system/faxd.service.d/{name}.conf"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        self.run("systemctl", "daemon-reload")

    def _find_leader(self) -> int:
        """Its systemd, as this machine numbers it."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(self.console())
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                with suppress(OSError):
                    if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                        return int(child)
        return 0


def wait_until(
    condition: Callable[[], bool],
    what: str,
    explain: Callable[[], str] = lambda: "",
    timeout: float = 60,
) -> None:
    """Wait until something is so, or fail."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}\n{explain()[-8000:]}"
        time.sleep(0.1)


def _call(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PATH": f"{os.environ['PATH']}:{_PATH}", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}"
    return done.stdout


def cannot_contain(tree: Path) -> str:
    """Why no container runs on this machine at all, as within another one; empty if it does."""
    done = subprocess.run(
        [
            *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--volatile=overlay"),
            *("-D", str(tree), "/bin/true"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return (done.stderr.strip() or f"status {done.returncode}") if done.returncode else ""


if __name__ == "__main__":
    made = make_tree()
    print(f"a Debian to boot: {made}")
    if why := cannot_contain(made):
        sys.exit(f"no container runs here: {why}")
