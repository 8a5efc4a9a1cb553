"""The unit as it is written: sound, confined, and sayings of its comments that can be checked."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .machine import PROJECT

SYSTEMD = PROJECT / "systemd"
UNIT = SYSTEMD / "faxd.service"

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyze(*arguments: str) -> str:
    """What systemd-analyze says."""
    done = subprocess.run(
        ["systemd-analyze", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"},
    )
    return done.stdout


def unit_with(folder: Path, drop_in: str) -> Path:
    """The unit with another program, which is there on every machine, and with a drop-in."""
    unit = folder / "faxd.service"
    unit.write_text(UNIT.read_text().replace("/opt/faxd/bin/faxd", "/bin/sh"))
    place = folder / "faxd.service.d"
    place.mkdir()
    (place / "drop.conf").write_text(drop_in)
    return unit


@pytest.mark.parametrize("example", ["", "folders.conf.example", "programs.conf.example"])
@pytest.mark.parametrize("everything", [False, True])
def test_systemd_has_nothing_to_say(tmp_path: Path, example: str, everything: bool) -> None:
    """Neither of the unit nor of the examples, with all that they have commented out."""
    text = (SYSTEMD / example).read_text() if example else ""
    if everything:
        text = re.sub(r"^#(?=[A-Z]\w+=)", "", text, flags=re.MULTILINE)
    assert analyze("verify", str(unit_with(tmp_path, text))) == ""


def test_it_is_confined() -> None:
    printed = analyze("security", "--offline=true", str(UNIT))
    found = re.search(r"exposure level for faxd.service: ([\d.]+)", printed)
    assert found, printed
    assert float(found[1]) <= 1.1, printed


def test_what_it_is_not_confined_by_has_a_reason() -> None:
    """Each directive that systemd-analyze misses is spoken of in a comment."""
    comments = "\n".join(
        line for line in UNIT.read_text().splitlines() if line.startswith(("#", "UMask"))
    )
    printed = analyze("security", "--offline=true", str(UNIT))
    missed = re.findall(r"^✗ (\w+)=", printed, flags=re.MULTILINE)
    assert missed
    assert [each for each in missed if f"{each}=" not in comments] == []


def test_what_others_are_told_of_it() -> None:
    """docs/install.md names files that are there."""
    text = (PROJECT / "docs/install.md").read_text()
    for name in re.findall(r"(?<![\w/])systemd/([\w.]+\w)", text):
        assert (SYSTEMD / name).is_file(), name
