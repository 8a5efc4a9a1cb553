"""Printing and the office's own programs: real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .bureau import NAMES, Bureau, on_path, program

SPY = """
out=$(dirname "$0")/out
mkdir -p "$out"
printf '%s\\n' "$@" > "$out/arguments"
env > "$out/environment"
cat > "$out/input"
"""


@pytest.fixture
def spy(tmp_path: Path) -> Path:
    """A program that notes what it is given."""
    return program(tmp_path / "bin" / "spy", SPY)


def out(tmp_path: Path, name: str) -> str:
    return (tmp_path / "bin" / "out" / name).read_text()


# printing


@pytest.fixture
def lp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    return program(tmp_path / "bin" / "lp", SPY + 'eval last=\\${$#}; cp "$last" "$out/paper"')


def test_a_fax_is_printed(bureau: Bureau, lp: Path, tmp_path: Path) -> None:
    bureau.rules = [{"print": "laser", "print_options": ["media=A4", "fit-to-page"]}]
    fax = bureau.add()
    bureau.run()
    assert bureau.states(fax) == {"print": "done"}
    *before, file = out(tmp_path, "arguments").split("\n")[:-1]
    assert before == [
        *("-d", "laser", "-o", "media=A4", "-o", "fit-to-page", "-t", f"Fax {fax.id}", "--")
    ]
    assert file.endswith(".pdf")
    assert (tmp_path / "bin" / "out" / "paper").read_bytes().startswith(b"%PDF")
    assert bureau.left_behind() == []


def test_what_makes_no_pdf_is_printed_as_it_is(bureau: Bureau, lp: Path, tmp_path: Path) -> None:
    bureau.rules = [{"print": "laser"}]
    bureau.add(image=b"II*\0 no fax")
    bureau.run()
    assert (tmp_path / "bin" / "out" / "paper").read_bytes() == b"II*\0 no fax"


def test_a_printer_that_is_not_there(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    bureau.rules = [{"print": "laser"}]
    fax = bureau.add()
    bureau.run()
    assert bureau.states(fax) == {"print": "waiting"}
    assert bureau.problem(fax) == "printer laser: lp cannot be started: No such file or directory"
    program(tmp_path / "bin" / "lp", "echo 'lp: The printer does not exist.' >&2; exit 1")
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    bureau.let_time_pass(minutes=2)
    bureau.run()
    assert bureau.problem(fax) == (
        "printer laser: lp ended with status 1: lp: The printer does not exist."
    )


# commands


def test_a_program_gets_the_facts(bureau: Bureau, spy: Path, tmp_path: Path) -> None:
    os.environ["FAXD_PASSWORD_PRAXIS"] = "geheim"
    try:
        bureau.rules = [{"command": [str(spy), "--quick", "two words", "$HOME;`id`"]}]
        fax = bureau.add("Labor/Befund.tif")
        bureau.run()
    finally:
        del os.environ["FAXD_PASSWORD_PRAXIS"]
    assert bureau.states(fax) == {"command": "done"}
    assert out(tmp_path, "arguments") == "--quick\ntwo words\n$HOME;`id`\n"
    environment = out(tmp_path, "environment").splitlines()
    assert f"FAXD_FILE={bureau.inbox}/Labor/Befund.tif" in environment
    assert f"FAXD_ORIGINATOR_NAME={NAMES[fax.originator]}" in environment
    assert "FAXD_DAMAGE=" in environment
    assert not any("geheim" in line for line in environment)
    known = json.loads(out(tmp_path, "input"))
    assert known["received"] == "2026-03-01T13:30:05+01:00"
    assert (known["number"], known["pages"], known["damage"]) == (fax.id, 2, None)
    assert {f"FAXD_{name.upper()}" for name in known} == {
        line.partition("=")[0] for line in environment if line.startswith("FAXD_")
    }
    assert known["copy"].startswith(str(bureau.root / "own"))


def test_a_strangers_text_is_one_line(bureau: Bureau, spy: Path, tmp_path: Path) -> None:
    bureau.rules = [{"command": [str(spy)]}]
    fax = bureau.add(originator="a\nFAXD_FILE=/etc/passwd\0\ud800", station_id="$(reboot)")
    bureau.run()
    assert bureau.states(fax) == {"command": "done"}
    environment = out(tmp_path, "environment").splitlines()
    assert "FAXD_ORIGINATOR=a FAXD_FILE=/etc/passwd ?" in environment
    assert "FAXD_STATION_ID=$(reboot)" in environment


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("echo one; echo two >&2; exit 7", "program ended with status 7: one two"),
        ("kill -9 $$", "program ended with signal 9"),
        ("yes | head -c 3000000; exit 1", "status 1: y y"),
        ("printf 'a\\033[31mb'; exit 1", "status 1: a?[31mb"),
    ],
)
def test_a_program_that_fails(bureau: Bureau, tmp_path: Path, body: str, problem: str) -> None:
    bureau.rules = [{"command": [str(program(tmp_path / "program", body))]}]
    fax = bureau.add()
    bureau.run()
    assert problem in bureau.problem(fax)
    assert len(bureau.problem(fax)) < 500
    assert bureau.states(fax) == {"command": "waiting"}
    assert bureau.files() == ["Befund.tif"]


def test_no_such_program(bureau: Bureau) -> None:
    bureau.rules = [{"command": ["/nowhere/program"]}]
    fax = bureau.add()
    bureau.run()
    assert bureau.problem(fax) == "/nowhere/program cannot be started: No such file or directory"


def alive(path: Path) -> bool:
    """Whether the process runs whose number is in a file."""
    state = Path(f"/proc/{path.read_text().strip()}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def test_the_time_limit_ends_all_that_was_started(bureau: Bureau, tmp_path: Path) -> None:
    body = f"sleep 60 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/parent; sleep 60"
    path = program(tmp_path / "program", body)
    bureau.rules = [{"command": [str(path)], "command_seconds": 1}]
    fax = bureau.add()
    began = time.monotonic()
    bureau.run()
    assert time.monotonic() - began < 10
    assert "not done within 1 seconds" in bureau.problem(fax)
    time.sleep(0.1)
    assert not alive(tmp_path / "child")
    assert not alive(tmp_path / "parent")


def test_what_a_program_leaves_running_holds_nothing_up(bureau: Bureau, tmp_path: Path) -> None:
    path = program(tmp_path / "program", f"sleep 60 & echo $! > {tmp_path}/child")
    bureau.rules = [{"command": [str(path)]}]
    fax = bureau.add()
    began = time.monotonic()
    bureau.run()
    assert time.monotonic() - began < 10
    assert bureau.states(fax) == {"command": "done"}
    time.sleep(0.1)
    assert not alive(tmp_path / "child")


def test_closing_ends_a_program_which_is_run_again(bureau: Bureau, tmp_path: Path) -> None:
    path = program(tmp_path / "program", f"echo $$ > {tmp_path}/begun; sleep 60")
    bureau.rules = [{"command": [str(path)]}]
    fax = bureau.add()
    afterwards = bureau.afterwards
    thread = threading.Thread(target=afterwards.run)
    thread.start()
    deadline = time.monotonic() + 10
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    afterwards.close()
    thread.join(10)
    assert not thread.is_alive()
    (action,) = bureau.actions(fax)
    assert (action.state.value, action.tries, action.problem) == ("waiting", 0, None)
    program(path, "exit 0")
    bureau.run()
    assert bureau.states(fax) == {"command": "done"}


def test_a_program_hears_of_a_damaged_fax(bureau: Bureau, spy: Path, tmp_path: Path) -> None:
    bureau.rules = [{"command": [str(spy)], "print": "laser"}]
    fax = bureau.add("damaged/x.tif", image=b"nothing", damage="not a TIFF file", pages=None)
    bureau.run()
    assert bureau.states(fax) == {"command": "done"}
    known: dict[str, Any] = json.loads(out(tmp_path, "input"))
    assert (known["damage"], known["pages"]) == ("not a TIFF file", None)


#: runs a program as faxd does, in a process that is killed
FAXD = """
import sys
from pathlib import Path
from faxd.afterwards.child import Children
Children().run(sys.argv[1:], folder=Path("/"), seconds=60)
"""


def test_a_program_ends_with_a_killed_faxd(tmp_path: Path) -> None:
    """Without systemd, too, and with all that it has started."""
    path = program(
        tmp_path / "program",
        f"sleep 60 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/parent; wait",
    )
    faxd = subprocess.Popen([sys.executable, "-c", FAXD, str(path)])
    try:
        wait_for(lambda: (tmp_path / "parent").exists() and alive(tmp_path / "parent"))
        assert alive(tmp_path / "child")
    finally:
        faxd.kill()
        faxd.wait()
    wait_for(lambda: not alive(tmp_path / "parent") and not alive(tmp_path / "child"))


def test_a_program_is_on_its_own(bureau: Bureau, tmp_path: Path) -> None:
    """In its own session, with nothing of faxd open, and with no signal ignored."""
    body = f"""cat /proc/self/stat > {tmp_path}/stat
ls -l /proc/self/fd > {tmp_path}/open
grep SigIgn /proc/self/status > {tmp_path}/ignored"""
    bureau.rules = [{"command": [str(program(tmp_path / "program", body))]}]
    fax = bureau.add()
    bureau.run()
    assert bureau.states(fax) == {"command": "done"}
    session = int((tmp_path / "stat").read_text().rpartition(")")[2].split()[3])
    assert session != os.getsid(0)
    assert "ledger" not in (tmp_path / "open").read_text()
    assert len((tmp_path / "open").read_text().splitlines()) <= 6
    ignored = int((tmp_path / "ignored").read_text().split()[1], 16)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM):
        assert not ignored >> (number - 1) & 1


@pytest.mark.parametrize("content", [b"\x7fELF nothing", b"no interpreter named"])
def test_what_is_no_program(bureau: Bureau, tmp_path: Path, content: bytes) -> None:
    path = program(tmp_path / "program", "")
    path.write_bytes(content)
    bureau.rules = [{"command": [str(path)]}]
    fax = bureau.add()
    bureau.run()
    assert bureau.problem(fax) == f"{path} cannot be started: Exec format error"


def test_a_program_ends_in_peace_when_settings_change(bureau: Bureau, tmp_path: Path) -> None:
    """SIGHUP: it is neither ended nor run a second time."""
    go, count = tmp_path / "go", tmp_path / "count"
    path = program(
        tmp_path / "program", f"echo x >> {count}; while ! test -e {go}; do sleep 0.05; done"
    )
    bureau.rules = [{"command": [str(path)]}]
    fax = bureau.add()
    old = bureau.afterwards
    thread = threading.Thread(target=old.run)
    thread.start()
    wait_for(count.exists)
    old.retire()
    assert old.is_busy
    new = bureau.afterwards
    new.run()
    assert bureau.states(fax) == {"command": "waiting"}
    assert f"{fax.id}.tif" in bureau.left_behind()
    go.touch()
    thread.join(10)
    assert not old.is_busy
    new.run()
    (action,) = bureau.actions(fax)
    assert (action.state.value, action.tries, count.read_text()) == ("done", 1, "x\n")


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
