"""Images made and run by buildah as the Dockerfile says, on a base made from Debian's packages.

Neither a registry of images nor an engine is needed: the base is a tree that debootstrap makes, and
what runs in a container is confined by chroot(2), sees this machine's network and processes, and
has the user, the program and the file system of the image.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.places import ROOT

PROJECT = Path(__file__).parents[2]
#: Debian's release that the base is made of, and what the Dockerfile asks of a base
_SUITE, _PACKAGES = "bookworm", "python3,python3-venv,ca-certificates"
#: kept between runs, as making it takes a minute
_BASE = PROJECT / f".cache/container/{_SUITE}.tar"
#: certificates of this machine, which may have more authorities than Debian's
_CERTIFICATES = Path("/etc/ssl/certs")


def missing() -> str:
    """Why nothing can be built here; empty if all that is needed is there."""
    if not os.environ.get("FAXD_TEST_CONTAINER"):
        return "takes minutes; make test-container builds and runs the container"
    if not ROOT:
        return "needs root to build a container"
    for program in ("buildah", "debootstrap"):
        if shutil.which(program) is None:
            return f"{program} is not installed (packages buildah and debootstrap)"
    return ""


class Images:
    """A store of images of its own, below ``root``."""

    def __init__(self, root: Path) -> None:
        self._begin = [
            *("buildah", "--storage-driver=vfs"),
            *(f"--root={root}/store", f"--runroot={root}/run"),
        ]
        self._env = os.environ | {"BUILDAH_ISOLATION": "chroot"}

    def call(self, *arguments: str, timeout: float = 600) -> str:
        """What a call of buildah prints."""
        done = subprocess.run(
            [*self._begin, *arguments],
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout.strip()

    def start(self, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
        """A call that goes on, with what it prints in a file."""
        with log.open("ab") as file:
            return subprocess.Popen(
                [*self._begin, *arguments],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def status(self, *arguments: str, timeout: float = 120) -> tuple[int, str]:
        """Exit status of a call, and what it prints."""
        done = subprocess.run(
            [*self._begin, *arguments],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return done.returncode, done.stdout

    def make_base(self, name: str) -> None:
        """An image with nothing but what the Dockerfile asks of its base."""
        container = self.call("from", "scratch")
        self.call("add", "--quiet", container, str(_base()), "/")
        self.call("commit", "--quiet", "--rm", container, name)

    def build(self, name: str, base: str, *arguments: str) -> str:
        """The image of the Dockerfile; what was printed."""
        return self.call(
            *("bud", "--format=docker", f"--volume={_CERTIFICATES}:{_CERTIFICATES}:ro"),
            *(f"--build-arg=BASE={base}", f"--tag={name}", *arguments, str(PROJECT)),
        )

    def config(self, name: str) -> dict[str, Any]:
        """What an image says of how it is run."""
        about = json.loads(self.call("inspect", "--type=image", name))
        config: dict[str, Any] = about["Docker"]["config"]
        return config

    def size(self, name: str) -> int:
        """Of an image with its base, in bytes, as they lie on a disk."""
        rows = json.loads(self.call("images", "--json", name))
        shown, unit = rows[0]["size"].split()
        return int(float(shown) * {"KB": 1e3, "MB": 1e6, "GB": 1e9}[unit])


class Container:
    """A container of an image; ``mounts`` are places of this machine, and where they are in it."""

    def __init__(self, images: Images, image: str, mounts: dict[Path, str], log: Path) -> None:
        self._images = images
        self._config = images.config(image)
        self._name = images.call("from", image)
        for mounted in {target.partition(":")[0] for target in mounts.values()}:
            if mounted in (self._config["Volumes"] or {}):
                # buildah would put a volume of its own over what is mounted there.
                images.call("config", f"--volume={mounted}-", self._name)
        self._mounts = [f"--volume={source}:{target}" for source, target in mounts.items()]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._images.call("rm", self._name)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def root(self) -> Path:
        """Its file system as this machine sees it."""
        return Path(self._images.call("mount", self._name))

    def start(self) -> None:
        """Run what the image runs."""
        command = [*self._config["Entrypoint"], *self._config["Cmd"]]
        self._process = self._images.start(*self._run(command), log=self._log)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Another command of faxd's in it: exit status, and what it prints."""
        return self._images.status(*self._run([*self._config["Entrypoint"], *arguments]))

    def is_healthy(self) -> tuple[bool, str]:
        """What the health check says, and prints."""
        form, *command = self._config["Healthcheck"]["Test"]
        assert form == "CMD", "a health check that needs a shell"
        status, printed = self._images.status(*self._run(command))
        return status == 0, printed

    def pid(self) -> int:
        """Of the daemon, as this machine counts; 0 if there is none."""
        assert self._process is not None
        return _daemon_of(self._process.pid, self._config["Entrypoint"][0])

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self._process is not None
        self._signal(signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        self._process.kill()

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid()
        if pid:
            os.kill(pid, number)

    def stop(self) -> tuple[float, int]:
        """End it as an engine would: seconds that this took, and the exit status."""
        assert self._process is not None
        begin = time.monotonic()
        self._signal(signal.Signals[self._config["StopSignal"]])
        status = self._process.wait(30)
        return time.monotonic() - begin, status

    def _run(self, command: Sequence[str]) -> list[str]:
        return ["run", *self._mounts, self._name, "--", *command]


def _base() -> Path:
    """The tree of the base in an archive; made if it is not there."""
    if not _BASE.exists():
        tree = _BASE.with_suffix(".tree")
        shutil.rmtree(tree, ignore_errors=True)
        tree.parent.mkdir(parents=True, exist_ok=True)
        for command in (
            ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, str(tree)],
            # What the base would not have if somebody published it.
            ["rm", "-rf", f"{tree}/var/cache/apt/archives", f"{tree}/var/lib/apt/lists"],
            ["tar", "-C", str(tree), "-cf", f"{_BASE}.part", "."],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        Path(f"{_BASE}.part").rename(_BASE)
        shutil.rmtree(tree)
    return _BASE


def _daemon_of(pid: int, program: str) -> int:
    """The process below ``pid`` that runs a program; 0 if there is none.

    There are helpers of buildah's between them, and the daemon may have children of its own.
    """
    parents: dict[int, int] = {}
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            # proc_pid_stat(5): the parent is the second field behind the name in brackets.
            behind = entry.joinpath("stat").read_text().rpartition(")")[2].split()
            parents[int(entry.name)] = int(behind[1])
            words = entry.joinpath("cmdline").read_text().split("\0")
            if program in words[:2] and not words[0].startswith("buildah"):
                found.append(int(entry.name))
    below = {one for one in found if pid in _line(one, parents)}
    return next((one for one in below if parents[one] not in below), 0)


def _line(pid: int, parents: dict[int, int]) -> list[int]:
    """The parents of a process, and theirs."""
    line = []
    while pid in parents:
        pid = parents[pid]
        line.append(pid)
    return line
