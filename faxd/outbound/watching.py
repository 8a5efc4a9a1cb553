"""Has what happens in one account's folders wake who looks after them.

As a task of its own: a share that does not answer must keep nobody else waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from faxd.config import AccountSettings
from faxd.log import Log
from faxd.outbound.intake.watch import Watcher

#: seconds between two looks whether everything is still watched
_EVERY = 1.0


class Watching:
    """Watches outbox and slips of one account, unless they are only to be scanned."""

    def __init__(
        self,
        settings: AccountSettings,
        log: Log,
        *,
        dropped: Callable[[], None],
        answered: Callable[[], None],
    ) -> None:
        """``dropped`` hears of the outbox, ``answered`` of the slips; often, and in any thread."""
        if settings.outbox is None:
            raise ValueError(f"{settings.name} has no outbox")
        self.is_wanted = settings.send.watch != "scan"
        self._folders: list[tuple[Path, Callable[[], None], bool]] = [
            (settings.outbox, dropped, True),
            (settings.folder("sending"), answered, False),
        ]
        self._watcher = Watcher(log)
        self._begun = False
        self._retired = False

    def run(self) -> float:
        """Begin to watch, or see to it that it goes on; seconds until the next time."""
        if not self._begun:
            for path, wake, recursive in self._folders:
                self._watcher.watch(path, wake, recursive=recursive)
            self._begun = True
        elif not self._retired:
            self._watcher.supervise()
        if self._retired:
            self._watcher.stop()
        return _EVERY

    def retire(self) -> None:
        """Watch nothing any more."""
        self._retired = True
        # Not here: it waits for whoever is just looking into a folder that does not answer.
        threading.Thread(target=self._watcher.stop, daemon=True).start()
