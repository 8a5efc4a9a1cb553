"""What is started for received faxes: found by the same PATH, tried with real programs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from faxd.checkup.finding import Finding, Grade
from faxd.checkup.helpers import helpers, interpreter_problem, program_problem
from tests.afterwards.bureau import program

from .conftest import Configure


@pytest.fixture
def bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def only(configure: Configure, **account: object) -> Finding:
    (finding,) = helpers(configure(**account))
    return finding


def test_who_asks_for_nothing_is_told_nothing(configure: Configure, bin: Path) -> None:
    assert list(helpers(configure(searchable=True))) == []  # without PDF copies


def test_ocr(configure: Configure, bin: Path) -> None:
    wanted = {"formats": ["tiff", "pdf"], "searchable": True}
    finding = only(configure, **wanted)
    assert finding.grade is Grade.WARN
    assert "ocrmypdf is not installed" in finding.detail
    put(bin, "ocrmypdf", "")
    assert "tesseract, by which it reads, does not run" in only(configure, **wanted).detail
    put(bin, "tesseract", "echo 'List of available languages (2):'; echo eng; echo osd")
    finding = only(configure, **wanted)
    assert finding.grade is Grade.WARN
    assert "does not know deu" in finding.detail
    assert "apt install tesseract-ocr-deu" in finding.detail
    assert only(configure, **wanted, send={"language": "en"}).grade is Grade.GOOD
    put(bin, "tesseract", "echo deu; echo eng")
    assert only(configure, **wanted).grade is Grade.GOOD


def test_printers(configure: Configure, bin: Path) -> None:
    rules = [{"print": "laser"}, {"print": "laser"}, {"print": "flur"}]
    finding = only(configure, rules=rules)
    assert finding.grade is Grade.BAD
    assert "lp is not installed" in finding.detail
    assert "praxis: rules[1], praxis: rules[2], praxis: rules[3]" in finding.detail
    put(bin, "lp", "")
    put(bin, "lpstat", "echo 'lpstat: Bad file descriptor' >&2; exit 1")
    assert "CUPS does not name its printers" in only(configure, rules=rules).detail
    put(bin, "lpstat", '[ "$1" = -e ] && echo laser && echo "büro"')
    laser, flur = helpers(configure(rules=rules))
    assert (laser.grade, flur.grade) == (Grade.GOOD, Grade.BAD)
    assert "knows no printer flur (praxis: rules[3]); it knows laser, büro." in flur.detail
    put(bin, "lpstat", "")
    (flur, _) = helpers(configure(rules=[{"print": "flur"}, {"print": "laser"}]))
    assert "it knows none." in flur.detail


def test_programs_of_rules(configure: Configure, tmp_path: Path) -> None:
    mine = program(tmp_path / "mine", "pass")
    rules = [{"command": [str(mine), "-x"]}, {"command": ["/no/such"]}]
    shared = [{"command": ["/no/such", "y"]}]
    good, bad = helpers(configure(rules=rules, whole={"rules": shared}))
    assert (good.grade, good.detail) == (Grade.GOOD, str(mine))
    assert bad.grade is Grade.BAD
    assert bad.detail.startswith("/no/such (praxis: rules[2], [[rules]] 1): is not there")


def test_what_is_wrong_with_a_program(tmp_path: Path) -> None:
    path = tmp_path / "program"
    assert "is no file" in str(program_problem(tmp_path))
    path.write_text("#!/bin/sh\n")
    path.chmod(0o644)
    assert f"chmod +x {path}" in str(program_problem(path))
    path.chmod(0o755)
    assert program_problem(path) is None
    path.write_bytes(b"#!/bin/sh\r\nexit 0\r\n")
    assert "as on Windows" in str(program_problem(path))
    assert program_problem(Path(os.path.realpath("/bin/sh"))) is None


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (b"\x7fELF", None),
        (b"", None),
        (b"#!/bin/sh -e\n", None),
        (b"#! /bin/sh\n", None),
        (b"#!\n", "names no interpreter"),
        (b"#!/no/such -x\n", "names /no/such, which is not there"),
        (b"#!/bin/sh\r\n", "as on Windows"),
        (b"#!/\xff\n", "which is not there"),
    ],
)
def test_first_lines(first: bytes, said: str | None) -> None:
    problem = interpreter_problem(first)
    assert problem is None if said is None else said in str(problem)
