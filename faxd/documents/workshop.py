"""Where the daemon has work done on documents: a child process for each piece of it.

The child is not trusted: a document may have taken it over. What it answers is checked for form
and length, and everything that it started is ended with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from faxd.documents.errors import (
    BadDocument,
    CannotWork,
    MemoryLimit,
    TimeLimit,
    WorkshopError,
)
from faxd.documents.limits import Limits
from faxd.text import printable
from faxd.words import Words

#: Isolated (-I): neither the environment nor the folder it runs in says what is imported.
_PROGRAM = ("-I", "-m", "faxd.documents")
_ROOM = "work-"
_MAX_ANSWER = 1 << 20
_MAX_COMPLAINT = 400
_MAX_WORDS = 2000


@dataclass(frozen=True)
class Held:
    """A file that is open in the daemon; as a fact of `Workshop.do` it is that file's path there.

    The child is handed the descriptor: its name in a folder of the office's may be another file's
    by then, or a link to a secret one.
    """

    fd: int

    @property
    def path(self) -> Path:
        """By which it is opened once more, here as in the child."""
        return Path(f"/proc/self/fd/{self.fd}")


class Workshop:
    """Does one piece of work at a time for each thread that asks.

    ``seconds`` and ``memory`` (bytes of address space) limit one piece; ``scratch`` is a folder
    of its own for what is left behind, and must be there.
    """

    def __init__(
        self,
        *,
        seconds: float = 60,
        memory: int = 1 << 30,
        scratch: Path,
        program: Sequence[str] = _PROGRAM,
    ) -> None:
        self._limits = Limits(seconds=seconds, memory=memory)
        self._scratch = scratch
        self._program = program
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._closed = False

    def do(self, work: str, **facts: Any) -> dict[str, Any]:
        """Have a work of faxd.documents.__main__ done; facts and result are JSON.

        Paths are given as str, and absolute, or as `Held`, alone or in a list. What it writes is
        for its owner alone, and not durable.

        Raises:
            BadDocument: the document is at fault.
            CannotWork: it cannot even be tried now; the document is not at fault.
            WorkshopError: it cannot be done now: time, memory, a crash, a missing program.
        """
        try:
            with self._room() as room, _file(room) as answer, _file(room) as complaint:
                held: set[int] = set()
                plain = {key: _plain(fact, held) for key, fact in facts.items()}
                request = self._request(room, work, plain, held)
                status = self._run(room, request, answer, complaint, held)
                return self._result(work, status, _beginning(answer), _end(complaint))
        except OSError as error:
            raise CannotWork(f"{work}: cannot be started: {error}") from error

    def tidy(self) -> None:
        """Remove what pieces of work left behind when this daemon was killed; at its start."""
        for room in self._scratch.glob(f"{_ROOM}*"):
            shutil.rmtree(room, ignore_errors=True)

    def close(self) -> None:
        """End what is running, and refuse more: the daemon stops."""
        with self._lock:
            self._closed = True
            for pid in self._running:
                _kill(pid)

    @contextlib.contextmanager
    def _room(self) -> Iterator[Path]:
        """A folder for one piece of work, removed with all that is in it."""
        room = tempfile.mkdtemp(prefix=_ROOM, dir=self._scratch)
        try:
            yield Path(room)
        finally:
            shutil.rmtree(room, ignore_errors=True)

    def _request(
        self, room: Path, work: str, facts: Mapping[str, Any], held: set[int]
    ) -> IO[bytes]:
        request = _file(room)
        asked = {
            "work": work,
            "facts": facts,
            "held": sorted(held),
            "limits": self._limits.to_json(),
            "parent": os.getpid(),
        }
        request.write(json.dumps(asked).encode())
        request.seek(0)
        return request

    def _run(
        self,
        room: Path,
        request: IO[bytes],
        answer: IO[bytes],
        complaint: IO[bytes],
        held: set[int],
    ) -> int | None:
        """Exit status of the child, None if its time was up.

        It writes into files, not pipes: nothing has to be read while it runs, and nothing that
        it leaves running can keep a pipe open.
        """
        with self._lock, request:
            if self._closed:
                raise WorkshopError("the daemon stops")
            child = subprocess.Popen(  # noqa: S603
                [sys.executable, *self._program],
                stdin=request,
                stdout=answer,
                stderr=complaint,
                pass_fds=sorted(held),
                cwd=room,
                env={
                    "PATH": os.environ.get("PATH", os.defpath),
                    "HOME": str(room),
                    "TMPDIR": str(room),
                    "LANG": "C.UTF-8",
                },
                start_new_session=True,
            )
            self._running.add(child.pid)
        try:
            in_time = _ended(child.pid, self._limits.seconds)
        finally:
            # Before its number is given back: it may not be another's that is killed.
            with self._lock:
                self._running.discard(child.pid)
                _kill(child.pid)
            status = child.wait()
        return status if in_time else None

    def _result(
        self, work: str, status: int | None, answer: bytes, complaint: str
    ) -> dict[str, Any]:
        if self._closed and status != 0:
            raise WorkshopError("the daemon stops")
        if status is None or status == -signal.SIGXCPU:
            raise TimeLimit(f"{work}: not done within {self._limits.seconds:g} seconds")
        try:
            told = json.loads(answer)
            if status != 0 or not isinstance(told, dict):
                raise ValueError
        except (ValueError, RecursionError):
            said = f": {complaint}" if complaint else ""
            raise WorkshopError(f"{work}: ended with status {status}{said}") from None
        if "time" in told:
            raise TimeLimit(f"{work}: a part of it was not done in its time")
        if "memory" in told:
            raise MemoryLimit(f"{work}: needs more than {self._limits.memory} bytes of memory")
        match told:
            case {"result": dict(result)}:
                return result
            case {"bad": {"de": str(de), "en": str(en)}}:
                raise BadDocument(Words(de=de[:_MAX_WORDS], en=en[:_MAX_WORDS]))
        if "cannot" in told:
            raise CannotWork(f"{work}: {printable(str(told['cannot']))[:_MAX_COMPLAINT]}")
        raise WorkshopError(f"{work}: {printable(str(told.get('error')))[:_MAX_COMPLAINT]}")


def _plain(fact: Any, held: set[int]) -> Any:
    """A fact as JSON has it; ``held`` gets the descriptors that are in it."""
    if isinstance(fact, Held):
        held.add(fact.fd)
        return str(fact.path)
    return [_plain(one, held) for one in fact] if isinstance(fact, list) else fact


def _file(room: Path) -> IO[bytes]:
    return tempfile.TemporaryFile(dir=room)


def _beginning(answer: IO[bytes]) -> bytes:
    answer.seek(0)
    return answer.read(_MAX_ANSWER)


def _end(complaint: IO[bytes]) -> str:
    """The last of what the child complained of, in one line."""
    size = complaint.seek(0, os.SEEK_END)
    complaint.seek(max(0, size - _MAX_COMPLAINT))
    return printable(" ".join(complaint.read().decode("utf-8", "replace").split()))


def _ended(pid: int, seconds: float) -> bool:
    """Wait for the end of a child without taking note of it; False if it does not come in time."""
    fd = os.pidfd_open(pid)
    try:
        poll = select.poll()  # not select, which knows no descriptor above 1023
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(fd)


def _kill(group: int) -> None:
    """End a child that was not waited for, and all of its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
