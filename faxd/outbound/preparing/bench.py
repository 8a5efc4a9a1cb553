"""Where documents are looked into and made ready: a private folder, and a workshop in it."""

from __future__ import annotations

from pathlib import Path

from faxd.documents import Workshop

_FOLDER = "preparing"


class Bench:
    """One for the whole process, which holds the lock of the state folder."""

    def __init__(self, state: Path) -> None:
        """``state`` is the state folder; what a death has left on the bench is removed.

        Raises:
            OSError: the folder cannot be made.
        """
        self.scratch = state / _FOLDER
        self.scratch.mkdir(mode=0o700, exist_ok=True)
        self.scratch.chmod(0o700)
        self.workshop = Workshop(scratch=self.scratch)
        self.workshop.tidy()

    def close(self) -> None:
        """End what is running, and refuse more: faxd stops."""
        self.workshop.close()
