"""All that one account does to send, as tasks that are run again and again.

Four rooms work side by side: files are taken, jobs are sent (several at a time), followed, and
told of in the folders. None waits for another; what they share is the ledger, and each wakes the
one whose turn it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from faxd.config import AccountSettings
from faxd.faxde import Client
from faxd.job import Job, JobState
from faxd.ledger import Ledger
from faxd.log import Log
from faxd.outbound.intake.taker import Taker
from faxd.outbound.reception import Reception
from faxd.outbound.sending.follower import Follower
from faxd.outbound.sending.sender import Sender

Task = Callable[[], float]
#: seconds in which the folders should have been looked into at the start
_FIRST_LOOK = 1.0


class Dispatch:
    """The way out of one account."""

    def __init__(
        self,
        settings: AccountSettings,
        client: Client,
        ledger: Ledger,
        log: Log,
        *,
        zone: tzinfo | None,
        wake: Callable[[str], None] = lambda _name: None,
        status_url: Callable[[str], str] | None = None,
    ) -> None:
        """``wake`` has one of `tasks` run at once; ``status_url`` makes the STATURL of a secret."""
        self._account = settings.account
        self._lanes = [f"{self._account}/send/{number}" for number in range(settings.send.parallel)]
        self._wake = wake
        self.reception = Reception(settings, ledger, log, zone=zone, asked=self._asked)
        self.taker = Taker(settings, ledger, log, zone=zone, changed=self._changed)
        self.sender = Sender(
            settings, client, ledger, log, changed=self._changed, status_url=status_url
        )
        self.follower = Follower(settings, client, ledger, log, changed=self._changed)

    @property
    def take(self) -> str:
        """Name of the task that takes files."""
        return f"{self._account}/take"

    @property
    def follow(self) -> str:
        """Name of the task that follows and cancels jobs."""
        return f"{self._account}/follow"

    @property
    def tell(self) -> str:
        """Name of the task that keeps the folders of slips and reports."""
        return f"{self._account}/tell"

    def tasks(self) -> dict[str, Task]:
        """What is to be run again and again: each returns the seconds until the next time."""
        return {
            self.tell: self._tell,
            self.take: self.taker.run,
            **dict.fromkeys(self._lanes, self._send),
            self.follow: self.follower.run,
        }

    def retire(self, successor: Dispatch | None) -> None:
        """Start nothing more: the settings are others, or faxd ends."""
        self.sender.retire(successor.sender if successor else None)

    def _tell(self) -> float:
        looked = self.reception.has_looked
        pause = self.reception.run()
        if not looked:
            self.wake_all()
        return pause

    def _send(self) -> float:
        # Somebody may have deleted a slip while faxd did not run.
        return self.sender.run() if self.reception.has_looked else _FIRST_LOOK

    def wake_all(self) -> None:
        """Have everything look at the ledger again: somebody else has changed it."""
        for name in (self.tell, self.follow, *self._lanes):
            self._wake(name)

    def _changed(self, job: Job) -> None:
        """A job has another state: show it, and wake whose turn it is."""
        if job.state.is_end:
            self._wake(self.tell)
            return
        self.reception.show(job)
        if job.problem is not None:
            self._wake(self.tell)  # it may be the whole queue's, of which all slips tell
        if job.state in {JobState.WAITING, JobState.UNCERTAIN}:
            for lane in self._lanes:
                self._wake(lane)
        if job.state is not JobState.SENDING:
            # Also for one that waits again: its slip may have been deleted while it was sent.
            self._wake(self.follow)

    def _asked(self, job: Job) -> None:
        """Somebody in the office has answered, or deleted a slip."""
        if job.cancel:
            self._wake(self.follow)
        else:
            self._changed(job)
