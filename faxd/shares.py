"""Folders whose server may not answer, asked so that nobody else waits.

Who looks into a share that does not answer waits in the kernel, for hours, and no signal ends that
(nfs(5), ``hard``). So each question is asked in a thread of its own, which is left there: never
more than one for a folder.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from faxd.clock import steady


@dataclass(frozen=True, kw_only=True)
class Room:
    """What is free on the disk that a folder is on."""

    #: number of its file system, by which folders on one disk are known
    device: int = 0
    #: bytes for an ordinary user, and in all
    free: int = 0
    size: int = 0
    #: files (inodes) likewise; 0 in all: it does not count them
    files_free: int = 0
    files: int = 0


class Shares:
    """Remembers which folders have not answered yet. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[Path, _Question] = {}

    def room(self, path: Path, *, patience: float) -> Room:
        """What is free on the disk that a folder is on.

        Raises:
            TimeoutError: it has been asked for ``patience`` seconds, and does not answer.
            OSError: there is no such folder, or it cannot be asked.
        """
        question = self._ask(path)
        if not question.answered.wait(max(0.0, patience - question.age())):
            raise TimeoutError(f"{path} does not answer")
        if question.error is not None:
            raise question.error
        return question.room

    def is_silent(self, path: Path, *, patience: float) -> bool:
        """Whether a folder has been asked for so many seconds without an answer.

        Returns at once; asks again where there was an answer: call it now and then.
        """
        return self._ask(path).age() > patience

    def _ask(self, path: Path) -> _Question:
        """The question that is open, or a new one."""
        with self._lock:
            question = self._asked.get(path)
            if question is None or question.answered.is_set():
                question = self._asked[path] = _Question(path)
                question.start()
            return question


class _Question(threading.Thread):
    def __init__(self, path: Path) -> None:
        super().__init__(name="share", daemon=True)
        self.answered = threading.Event()
        self.room = Room()
        self.error: OSError | None = None
        self._path = path
        self._began = steady()

    def run(self) -> None:
        try:
            found = os.statvfs(self._path)
            self.room = Room(
                device=self._path.stat().st_dev,
                free=found.f_bavail * found.f_frsize,
                size=found.f_blocks * found.f_frsize,
                files_free=found.f_favail,
                files=found.f_files,
            )
        except OSError as error:
            self.error = error
        finally:
            self.answered.set()

    def age(self) -> float:
        """Seconds for which it has been open; 0 once it is answered."""
        return 0.0 if self.answered.is_set() else steady() - self._began
