"""Folders that really fail: small disks, read-only ones, and processes without privileges."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = os.geteuid() == 0
#: where processes run, so that they find these tests
_HERE = Path(__file__).parents[1]


@contextmanager
def disk(path: Path, options: str = "size=1m") -> Iterator[Path]:
    """A tmpfs of its own at ``path``."""
    if not ROOT:
        pytest.skip("needs root to mount a tmpfs")
    path.mkdir(exist_ok=True)
    mounted = _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path))
    if mounted.returncode:
        pytest.skip(f"a tmpfs with the options {options} cannot be mounted on this machine")
    try:
        yield path
    finally:
        _run("umount", "--lazy", str(path))


def remount(path: Path, options: str) -> None:
    """Change the options of a disk, for instance to ``ro``."""
    done = _run("mount", "-o", f"remount,{options}", str(path))
    assert done.returncode == 0, done.stderr


def nobody(code: str, *arguments: object) -> str:
    """What Python code prints when an unprivileged process runs it."""
    if not ROOT or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv to run a process as somebody else")
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c"]
    if _run(*command, "import faxd.inbound").returncode:
        pytest.skip("needs an installation that an unprivileged process can read")
    return _printed([*command, code, *map(str, arguments)])


def traced(options: list[str], code: str, *arguments: object) -> tuple[str, list[str]]:
    """What Python code prints under strace, and strace's lines."""
    strace = shutil.which("strace")
    if not strace:
        pytest.skip("needs strace")
    log = Path(str(arguments[0])) / "strace.log"
    # With --seccomp-bpf only the calls that are asked for are slow.
    command = [strace, "-f", "--seccomp-bpf", "-y", "-qq", "-o", str(log), *options]
    command += [sys.executable, "-c", code]
    printed = _printed([*command, *map(str, arguments)])
    return printed, log.read_text(errors="replace").splitlines()


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Python code in a process of its own, with pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=_HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def open_descriptors() -> int:
    """How many files this process has open."""
    return len(os.listdir("/proc/self/fd"))


def _printed(command: list[str]) -> str:
    done = _run(*command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=_HERE, capture_output=True, text=True, check=False)
