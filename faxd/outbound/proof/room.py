"""Where transmission reports are made: a private folder, and a workshop in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from faxd.documents import Workshop

_FOLDER = "reports"
_SHELF = "account-"


class Room:
    """One for the whole process, which holds the lock of the state folder."""

    def __init__(self, state: Path) -> None:
        """``state`` is the state folder; what a death has left in the room is removed.

        Raises:
            OSError: the folder cannot be made.
        """
        self._folder = state / _FOLDER
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._folder.chmod(0o700)
        for shelf in self._folder.glob(f"{_SHELF}*"):
            shutil.rmtree(shelf, ignore_errors=True)
        self.workshop = Workshop(scratch=self._folder)
        self.workshop.tidy()

    def shelf(self, account: str) -> Path:
        """A folder for one account, there from now on.

        Raises:
            OSError: it cannot be made.
        """
        shelf = self._folder / f"{_SHELF}{account}"
        shelf.mkdir(mode=0o700, exist_ok=True)
        return shelf

    def close(self) -> None:
        """End what is running, and refuse more: faxd stops."""
        self.workshop.close()
