"""Where documents are looked into and made ready: a private folder, and a workshop in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from faxd.documents import Workshop

_FOLDER = "preparing"


class Bench:
    """One for the whole process, which holds the lock of the state folder.

    There is one whatever the disk says when faxd begins: jobs that are to be made ready would have
    nobody otherwise. What cannot be done yet fails, and is tried again.
    """

    def __init__(self, state: Path) -> None:
        """``state`` is the state folder; what a death has left on the bench is removed."""
        self.scratch = state / _FOLDER
        self.workshop = Workshop(scratch=self.scratch)
        with suppress(OSError):
            self._make()
        self.workshop.tidy()

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A folder for one job or document, removed with all that is in it.

        Raises:
            OSError: it cannot be made.
        """
        self._make()
        # Named as the workshop's own rooms are, so that it is removed with them after a death.
        with tempfile.TemporaryDirectory(prefix="work-", dir=self.scratch) as room:
            yield Path(room)

    def close(self) -> None:
        """End what is running, and refuse more: faxd stops."""
        self.workshop.close()

    def _make(self) -> None:
        self.scratch.mkdir(mode=0o700, exist_ok=True)
        self.scratch.chmod(0o700)
