"""What is released: the same bytes each time, complete, and a program where it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
_WHEN = "1767225600"


def built(folder: Path, kind: str) -> Path:
    """A wheel or source archive, made as `make dist` does."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)],
        cwd=PROJECT,
        env={**os.environ, "SOURCE_DATE_EPOCH": _WHEN},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.iterdir()
    return made


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_the_same_bytes_each_time(tmp_path: Path, kind: str) -> None:
    one, two = (built(tmp_path / name, kind) for name in ("one", "two"))
    assert one.name == two.name
    assert one.read_bytes() == two.read_bytes()


def test_the_source_archive_is_the_project(tmp_path: Path) -> None:
    """All that a packager needs: what git has, tests and pages included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("no git, or no clone: what belongs to the project is not known")
    files = {name.decode() for name in listed.stdout.split(b"\0") if name}
    files = {name for name in files if (PROJECT / name).exists()}
    with tarfile.open(built(tmp_path / "sdist", "sdist")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert files - {".gitignore"} <= names
    assert not [name for name in names if name.startswith((".cache", ".venv", "dist"))]


@pytest.mark.timeout(280)
def test_pipx_installs_it(tmp_path: Path) -> None:
    """On a machine that has nothing but pipx: the program is there, and shows what it does."""
    wheel = built(tmp_path / "wheel", "wheel")
    environment = {
        **os.environ,
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "PIPX_MAN_DIR": str(tmp_path / "man"),
    }
    installed = subprocess.run(
        [sys.executable, "-m", "pipx", "install", "--python", sys.executable, str(wheel)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if "No matching distribution" in installed.stderr or "ConnectionError" in installed.stderr:
        pytest.skip("no package index can be reached from here")
    assert installed.returncode == 0, installed.stderr
    program = tmp_path / "bin" / "faxd"
    shown = subprocess.run(
        [str(program), "demo", "--once"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
