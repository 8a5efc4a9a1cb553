"""One faxd per state folder."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from faxd.lock import Busy, Lock, holder

from .places import child, disk, open_descriptors

HOLD = """if True:
    import sys
    from pathlib import Path
    from faxd.lock import Lock
    with Lock(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
    """


def test_held_once(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    with Lock(tmp_path):
        assert holder(tmp_path) == os.getpid()
        with (
            pytest.raises(Busy, match=rf"pid {os.getpid()}\) works with {tmp_path}"),
            Lock(tmp_path),
        ):
            pass
        with pytest.raises(Busy) as caught:
            Lock(tmp_path).__enter__()
        assert caught.value.pid == os.getpid()
    assert holder(tmp_path) is None
    with Lock(tmp_path):
        pass


@pytest.mark.parametrize("end", ["kill", "leave"])
def test_death_lets_it_go(tmp_path: Path, end: str) -> None:
    with child(HOLD, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert holder(tmp_path) == process.pid
        with pytest.raises(Busy, match=f"pid {process.pid}"), Lock(tmp_path):
            pass
        if end == "kill":
            process.send_signal(signal.SIGKILL)
        process.communicate()
    assert (tmp_path / "faxd.lock").exists()
    assert holder(tmp_path) is None
    with Lock(tmp_path):
        assert holder(tmp_path) == os.getpid()


def test_a_look_keeps_nobody_out(tmp_path: Path) -> None:
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            holder(tmp_path)

    thread = threading.Thread(target=look)
    with Lock(tmp_path):
        pass
    thread.start()
    try:
        for _ in range(200):
            with Lock(tmp_path):
                pass
    finally:
        stop.set()
        thread.join()


def test_garbage_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "faxd.lock").write_bytes(b"\xffabc\n")
    assert holder(tmp_path) is None
    with Lock(tmp_path):
        (tmp_path / "faxd.lock").write_bytes(b"\xff")
        assert holder(tmp_path) == 0
        with pytest.raises(Busy, match="pid unknown"), Lock(tmp_path):
            pass


def test_a_state_folder_that_cannot_be_used(tmp_path: Path) -> None:
    before = open_descriptors()
    with pytest.raises(FileNotFoundError), Lock(tmp_path / "gone"):
        pass
    (tmp_path / "faxd.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"), Lock(tmp_path):
        pass
    with disk(tmp_path / "disk") as folder:
        (folder / "faxd.lock").touch()
        with pytest.raises(OSError, match="No space"):
            (folder / "full").write_bytes(bytes(2 << 20))
        with pytest.raises(OSError, match="No space"), Lock(folder):
            pass
        assert open_descriptors() == before
        (folder / "full").unlink()
        with Lock(folder):
            pass
    assert open_descriptors() == before
