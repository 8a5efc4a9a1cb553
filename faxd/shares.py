"""Folders whose server may not answer, asked so that nobody else waits.

Who looks into a share that does not answer waits in the kernel, for hours, and no signal ends that
(nfs(5), ``hard``). So each question is asked in a thread of its own, which is left there: never
more than one for a folder.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from faxd.clock import steady


class Shares:
    """Remembers which folders have not answered yet. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[Path, _Question] = {}

    def free(self, path: Path, *, patience: float) -> int:
        """Free bytes of the disk that a folder is on, as an ordinary user has them.

        Raises:
            TimeoutError: it has been asked for ``patience`` seconds, and does not answer.
            OSError: there is no such folder, or it cannot be asked.
        """
        question = self._ask(path)
        if not question.answered.wait(max(0.0, patience - question.age())):
            raise TimeoutError(f"{path} does not answer")
        if question.error is not None:
            raise question.error
        return question.free

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
        self.free = 0
        self.error: OSError | None = None
        self._path = path
        self._began = steady()

    def run(self) -> None:
        try:
            found = os.statvfs(self._path)
            self.free = found.f_bavail * found.f_frsize
        except OSError as error:
            self.error = error
        finally:
            self.answered.set()

    def age(self) -> float:
        """Seconds for which it has been open; 0 once it is answered."""
        return 0.0 if self.answered.is_set() else steady() - self._began
