"""The child process: what comes back, and that its limits hold."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from faxd.documents import (
    BadDocument,
    CannotWork,
    Held,
    MemoryLimit,
    TimeLimit,
    Workshop,
    WorkshopError,
)

_ILL = ("-I", str(Path(__file__).parent / "ill_works.py"))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return scratch


@pytest.fixture
def ill(scratch: Path) -> Workshop:
    """A workshop of works that go wrong."""
    return Workshop(seconds=20, memory=512 << 20, scratch=scratch, program=_ILL)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder that every user may come to."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def _everybodys_python() -> Path | None:
    """A Python as new as this one, in no folder that is closed to other users."""
    for folder in (Path(sys.base_prefix) / "bin", Path("/usr/bin")):
        python = folder / f"python3.{sys.version_info.minor}"
        if python.exists() and all(one.stat().st_mode & 0o001 for one in python.parents):
            return python
    return None


def _gone(pid: int) -> bool:
    """Whether there is no such process, or only its entry."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def _soon(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def test_a_result_comes_back_whatever_libraries_print(ill: Workshop) -> None:
    told = ill.do("tell", word="Grüße", number=3, nothing=None)
    assert told["facts"] == {"word": "Grüße", "number": 3, "nothing": None}


def test_the_child_has_nothing_of_the_daemon(
    ill: Workshop, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAXD_PASSWORD", "secret")
    with (scratch / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        told = ill.do("tell")
    assert set(told["environment"]) <= {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE"}
    assert told["nice"] >= 10
    assert told["leader"]
    assert told["descriptors"] <= 6, "three, that of the answer, and that of the list itself"
    assert Path(told["folder"]).parent == scratch


def test_the_child_has_no_capability_and_gets_none(ill: Workshop) -> None:
    """Nor does what it starts; it is asked of the kernel."""
    told = ill.do("privileges")
    for who in ("own", "started"):
        status = told[who]
        assert status["NoNewPrivs"] == "1"
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(status[name], 16) == 0, f"{who}: {name}"
        if os.geteuid() == 0:
            assert int(status["CapBnd"], 16) == 0
    assert told["user"] == os.geteuid()
    assert told["granted"] == (told["interfaces"] == ["lo"])


def test_the_child_reaches_nobody(ill: Workshop) -> None:
    """Not even this machine's own ports, where the kernel grants it a network of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = ill.do("connect", port=server.getsockname()[1])
    if not ill.do("privileges")["granted"]:
        pytest.skip("the kernel grants no network namespace")
    assert told["error"] != 0


def test_a_service_with_a_capability_keeps_it_for_itself(elsewhere: Path) -> None:
    """As systemd starts faxd: a user without rights, and CAP_LEASE, which children inherit."""
    setpriv, python = shutil.which("setpriv"), _everybodys_python()
    if setpriv is None or python is None or os.geteuid() != 0:
        pytest.skip("takes setpriv, root, and a Python for everybody")
    root = str(Path(__file__).parents[2])
    ill = (
        f"import runpy, sys; sys.path.insert(0, {root!r});"
        f"runpy.run_path({_ILL[1]!r}, run_name='__main__')"
    )
    program = textwrap.dedent(f"""
        import json, sys
        sys.path.insert(0, {root!r})
        from pathlib import Path
        from faxd.documents import Held, Workshop
        print([line for line in open("/proc/self/status") if line.startswith("CapEff")])
        workshop = Workshop(scratch=Path({str(elsewhere)!r}), program=("-I", "-c", {ill!r}))
        told = workshop.do("privileges")
        with open({str(elsewhere / "private")!r}, "w+") as file:
            file.write("here")
            file.flush()
            told["held"] = workshop.do("read", source=Held(file.fileno()))["content"]
        print(json.dumps(told))
    """)
    done = subprocess.run(
        [
            *(setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"),
            *("--inh-caps=+lease", "--ambient-caps=+lease", "--bounding-set=-all,+lease"),
            *(str(python), "-I", "-c", program),
        ],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    if f"Permission denied: '{root}" in done.stderr or "No module named 'faxd" in done.stderr:
        pytest.skip("another user may not read this program")
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert "0000000010000000" in first, "CAP_LEASE"
    told = json.loads(last)
    assert told["held"] == "here" and told["user"] == 65534
    for status in (told["own"], told["started"]):
        held = ("CapInh", "CapPrm", "CapEff", "CapAmb")
        assert {int(status[name], 16) for name in held} == {0}
        assert status["NoNewPrivs"] == "1"


def test_a_file_is_handed_over_open(ill: Workshop, tmp_path: Path) -> None:
    """Whatever lies under its name by then; alone, and in a list beside others."""
    path, other = tmp_path / "letter", tmp_path / "other"
    path.write_text("the letter")
    other.write_text("the other")
    with path.open("rb") as file:
        path.unlink()
        path.symlink_to("/etc/passwd")
        file.read(3)  # wherever it stands, the child begins at its beginning
        assert ill.do("read", source=Held(file.fileno()))["content"] == "the letter"
        told = ill.do("read_all", sources=[str(other), Held(file.fileno())])
        assert told == {"contents": ["the other", "the letter"]}
        plain = str(Held(file.fileno()).path)
        with pytest.raises(WorkshopError):
            ill.do("read", source=plain)  # words of a document, which are no descriptor


def test_root_reads_for_a_child_that_is_none(ill: Workshop, tmp_path: Path) -> None:
    """A file of somebody else's: a container's root may read it, its child may not."""
    if os.geteuid() != 0:
        pytest.skip("takes root")
    path = tmp_path / "letter"
    path.write_text("the letter")
    path.chmod(0o600)
    os.chown(path, 12345, 12345)
    with path.open("rb") as file:
        told = ill.do("read", source=Held(file.fileno()))
    assert told["content"] == "the letter" and "held-" in told["source"]
    with pytest.raises(WorkshopError, match="Permission denied"):
        ill.do("read", source=str(path))


def test_what_it_writes_is_private_and_what_it_litters_is_removed(
    ill: Workshop, tmp_path: Path, scratch: Path
) -> None:
    assert ill.do("leave", path=str(tmp_path / "target")) == {"mode": 0o600}
    assert (tmp_path / "target").read_text() == "here"
    assert list(scratch.iterdir()) == []


def test_a_bad_document_is_told_from_a_defect(ill: Workshop) -> None:
    with pytest.raises(BadDocument) as bad:
        ill.do("refuse")
    assert (bad.value.words.de, bad.value.words.en) == ("Das ist schlecht.", "That is bad.")
    with pytest.raises(WorkshopError, match=r"stumble: KeyError: .*a defect") as error:
        ill.do("stumble")
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("work", "says"),
    [("crash", "status -11: something is very wrong"), ("lie", "status 0"), ("no", "KeyError")],
)
def test_a_child_that_dies_or_lies_is_an_error(ill: Workshop, work: str, says: str) -> None:
    with pytest.raises(WorkshopError, match=says):
        ill.do(work)


def test_what_a_work_finds_wrong_itself(ill: Workshop) -> None:
    with pytest.raises(WorkshopError, match=r"^lack: there is no LibreOffice$"):
        ill.do("lack")
    with pytest.raises(TimeLimit, match="dawdle: a part of it"):
        ill.do("dawdle")


def test_memory_is_limited(ill: Workshop) -> None:
    with pytest.raises(MemoryLimit, match="hog: needs more than 536870912 bytes"):
        ill.do("hog")


@pytest.mark.parametrize("work", ["loop", "sleep"])
def test_time_is_limited(scratch: Path, tmp_path: Path, work: str) -> None:
    workshop = Workshop(seconds=1, scratch=scratch, program=_ILL)
    facts = {"path": str(tmp_path / "pid")} if work == "sleep" else {}
    begun = time.monotonic()
    with pytest.raises(TimeLimit, match=f"{work}: not done within 1 seconds"):
        workshop.do(work, **facts)
    assert time.monotonic() - begun < 10


def test_a_huge_file_is_not_written(ill: Workshop, tmp_path: Path) -> None:
    with pytest.raises(WorkshopError, match="File too large"):
        ill.do("flood", path=str(tmp_path / "flood"))
    assert (tmp_path / "flood").stat().st_size == 0


def test_what_it_started_ends_with_it(ill: Workshop, tmp_path: Path) -> None:
    begun = time.monotonic()
    assert ill.do("breed", path=str(tmp_path / "pid")) == {}
    assert time.monotonic() - begun < 10, "the process left behind keeps nobody waiting"
    assert _soon(lambda: _gone(int((tmp_path / "pid").read_text())))


def test_it_dies_with_the_daemon(tmp_path: Path, scratch: Path) -> None:
    """Killed, so that the daemon itself can end nothing."""
    program = textwrap.dedent(f"""
        from pathlib import Path
        from faxd.documents import Workshop
        Workshop(scratch=Path({str(scratch)!r}), program={_ILL!r}).do(
            "sleep", path={str(tmp_path / "pid")!r})
    """)
    daemon = subprocess.Popen([sys.executable, "-c", program])
    try:
        path = tmp_path / "pid"
        assert _soon(lambda: path.exists() and path.read_text() != "")
    finally:
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
    assert _soon(lambda: _gone(int(path.read_text())))
    left = Workshop(scratch=scratch)
    assert list(scratch.iterdir()) != []
    left.tidy()
    assert list(scratch.iterdir()) == []


def test_closing_ends_what_runs_and_refuses_more(ill: Workshop, tmp_path: Path) -> None:
    seen: list[Exception] = []

    def work() -> None:
        try:
            ill.do("sleep", path=str(tmp_path / "pid"))
        except WorkshopError as error:
            seen.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    path = tmp_path / "pid"
    assert _soon(lambda: path.exists() and path.read_text() != "")
    ill.close()
    thread.join(10)
    assert [str(error) for error in seen] == ["the daemon stops"]
    with pytest.raises(WorkshopError, match="the daemon stops"):
        ill.do("tell")


def test_a_missing_scratch_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CannotWork, match="tell: cannot be started"):
        Workshop(scratch=tmp_path / "none", program=_ILL).do("tell")


def test_a_child_that_cannot_confine_itself_opens_nothing(scratch: Path) -> None:
    """No document is to be blamed for what the machine does not let a process do."""
    workshop = Workshop(scratch=scratch, program=_ILL)
    workshop._limits = replace(workshop._limits, files=-7)
    with pytest.raises(CannotWork, match="tell: "):
        workshop.do("tell")


def test_the_real_program_needs_no_environment_and_no_library_in_the_daemon(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faxd.py").write_text("raise SystemExit('the wrong faxd')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "note.txt").write_text("Guten Tag")
    workshop = Workshop(scratch=scratch)
    told = workshop.do("inspect", source=str(tmp_path / "note.txt"))
    assert told == {"format": "txt", "pages": None, "encrypted": False}
    with pytest.raises(WorkshopError, match="inspect: FileNotFoundError"):
        workshop.do("inspect", source=str(tmp_path / "none.txt"))
    libraries = {"PIL", "pypdfium2", "pikepdf", "reportlab", "faxd.documents.pictures"}
    code = f"import sys, faxd.documents; sys.exit(bool({libraries!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0
