"""The child process: what comes back, and that its limits hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from faxd.documents import BadDocument, MemoryLimit, TimeLimit, Workshop, WorkshopError

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
    with pytest.raises(WorkshopError, match="tell: cannot be started"):
        Workshop(scratch=tmp_path / "none", program=_ILL).do("tell")


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
