"""Works that go wrong, run by a Workshop in place of the real ones."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from faxd.documents.__main__ import main
from faxd.documents.errors import BadDocument, TimeLimit, WorkshopError
from faxd.documents.privileges import has_network
from faxd.words import Words


def tell(**facts: Any) -> dict[str, Any]:
    """Say what was asked and how it runs, noisily."""
    print("a library says hello")
    os.write(1, b"and a C library too\n")
    return {
        "facts": facts,
        "environment": sorted(os.environ),
        "folder": str(Path.cwd()),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "nice": os.nice(0),
        "leader": os.getsid(0) == os.getpid(),
    }


def privileges() -> dict[str, Any]:
    """What the kernel says that this process, and one that it starts, may do."""
    # Not /proc/self of a program: what it would get by being started is asked for too.
    started = subprocess.run(
        [sys.executable, "-I", "-c", "print(open('/proc/self/status').read())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        "own": _status(Path("/proc/self/status").read_text()),
        "started": _status(started.stdout),
        "interfaces": [name for _, name in socket.if_nameindex()],
        "granted": not has_network(),
        "user": os.geteuid(),
    }


def _status(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, _, value in pairs}


def connect(port: int) -> dict[str, Any]:
    """Whether this machine's own ports can be reached."""
    with socket.socket() as found:
        return {"error": found.connect_ex(("127.0.0.1", port))}


def read(source: str) -> dict[str, Any]:
    return {"content": Path(source).read_text(), "source": source}


def read_all(sources: list[str]) -> dict[str, Any]:
    return {"contents": [Path(source).read_text() for source in sources]}


def leave(path: str) -> dict[str, Any]:
    """Write a file, and litter the folder."""
    Path(path).write_text("here")
    Path("litter").write_text("here")
    return {"mode": Path(path).stat().st_mode & 0o777}


def refuse() -> dict[str, Any]:
    raise BadDocument(Words("Das ist schlecht.", "That is bad."))


def stumble() -> dict[str, Any]:
    raise KeyError("a defect\x1b[31m")


def lack() -> dict[str, Any]:
    raise WorkshopError("there is no LibreOffice")


def dawdle() -> dict[str, Any]:
    raise TimeLimit


def hog() -> dict[str, Any]:
    return {"size": len(bytearray(4 << 30))}


def loop() -> dict[str, Any]:
    while True:
        pass


def sleep(path: str) -> dict[str, Any]:
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)
    return {}


def flood(path: str) -> dict[str, Any]:
    with Path(path).open("wb") as file:
        file.truncate(1 << 40)
    return {}


def crash() -> dict[str, Any]:
    sys.stderr.write("something is very wrong\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def lie() -> dict[str, Any]:
    """Answer something else than the protocol knows, as a taken over child would."""
    os.write(os.dup(3), b"[1, 2")
    os._exit(0)


def breed(path: str) -> dict[str, Any]:
    """Leave a process behind that holds everything open."""
    if os.fork() == 0:
        Path(path).write_text(str(os.getpid()))
        time.sleep(600)
    while not Path(path).exists() or not Path(path).read_text():
        time.sleep(0.01)
    return {}


if __name__ == "__main__":
    main(dict.fromkeys([name for name in dir() if name.islower()], "__main__"))
