"""All that one account does to send, as tasks that are run again and again.

Four rooms work side by side: files are taken, jobs are sent (several at a time), followed, and
told of in the folders. None waits for another; what they share is the ledger, and each wakes the
one whose turn it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from functools import partial

from faxd.config import AccountSettings
from faxd.faxde import Client
from faxd.job import Job, JobState
from faxd.ledger import Ledger
from faxd.log import Log
from faxd.outbound.intake.codereader import CodeReader
from faxd.outbound.intake.taker import Taker
from faxd.outbound.preparing.bench import Bench
from faxd.outbound.preparing.explain import explain
from faxd.outbound.preparing.preparer import Preparer
from faxd.outbound.proof import Reporter, Room
from faxd.outbound.reception import Reception
from faxd.outbound.sending.follower import Follower
from faxd.outbound.sending.sender import Sender
from faxd.outbound.watching import Watching

Task = Callable[[], float]
#: seconds by which many events in a folder become one look into it
_GATHER = 0.02
#: faxd itself changes the folder of slips most of the time
_GATHER_OWN = 0.5
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
        wake: Callable[..., None] = lambda _name, _within=0.0: None,
        status_url: Callable[[str], str] | None = None,
        reports: Room | None = None,
        bench: Bench | None = None,
    ) -> None:
        """``wake`` has one of `tasks` run at once, or within the seconds that are its second
        argument; ``status_url`` makes the STATURL of a secret.

        Transmission reports are made in the room ``reports``, documents made ready on the
        ``bench``; None: that is left to others.
        """
        self._account = settings.account
        self._lanes = [f"{self._account}/send/{number}" for number in range(settings.send.parallel)]
        self._wake = wake
        self.reception = Reception(
            settings,
            ledger,
            log,
            zone=zone,
            asked=self._asked,
            left=lambda: self._wake(self.show),
            not_yet=lambda number: number in self.sender.looking_into,
        )
        self.codes = (
            CodeReader(
                settings,
                bench,
                log,
                asked=lambda: self._wake(self.read),
                found=lambda: self._wake(self.take),
            )
            if bench
            else None
        )
        self.taker = Taker(
            settings, ledger, log, zone=zone, changed=self._changed, codes=self.codes
        )
        self.preparer = (
            Preparer(settings, ledger, log, bench=bench, zone=zone, changed=self._changed)
            if bench
            else None
        )
        self.sender = Sender(
            settings,
            client,
            ledger,
            log,
            changed=self._changed,
            status_url=status_url,
            explain=partial(explain, bench.workshop) if bench else None,
        )
        self.follower = Follower(settings, client, ledger, log, changed=self._changed)

        self.reporter = Reporter(settings, ledger, log, reports, zone=zone) if reports else None
        self.watching = Watching(
            settings,
            log,
            dropped=lambda: self._wake(self.take, _GATHER),
            answered=lambda: self._wake(self.tell, _GATHER_OWN),
        )

    @property
    def watch(self) -> str:
        """Name of the task that has folders watched."""
        return f"{self._account}/watch"

    @property
    def take(self) -> str:
        """Name of the task that takes files."""
        return f"{self._account}/take"

    @property
    def read(self) -> str:
        """Name of the task that looks for codes in documents."""
        return f"{self._account}/read"

    @property
    def prepare(self) -> str:
        """Name of the task that makes documents ready."""
        return f"{self._account}/prepare"

    @property
    def follow(self) -> str:
        """Name of the task that follows and cancels jobs."""
        return f"{self._account}/follow"

    @property
    def tell(self) -> str:
        """Name of the task that keeps the folders of slips and reports."""
        return f"{self._account}/tell"

    @property
    def show(self) -> str:
        """Name of the task that writes the slips for which there was no time."""
        return f"{self._account}/show"

    @property
    def report(self) -> str:
        """Name of the task that makes transmission reports."""
        return f"{self._account}/report"

    def tasks(self) -> dict[str, Task]:
        """What is to be run again and again: each returns the seconds until the next time."""
        return {
            **({self.watch: self.watching.run} if self.watching.is_wanted else {}),
            self.tell: self._tell,
            self.show: self.reception.show_left,
            self.take: self.taker.run,
            **dict.fromkeys(self._lanes, self._send),
            self.follow: self.follower.run,
            **({self.report: self._report} if self.reporter else {}),
            **({self.read: self.codes.run} if self.codes else {}),
            **({self.prepare: self.preparer.run} if self.preparer else {}),
        }

    def retire(self, successor: Dispatch | None) -> None:
        """Start nothing more: the settings are others, or faxd ends."""
        self.watching.retire()
        self.sender.retire(successor.sender if successor else None)
        if self.reporter is not None:
            self.reporter.retire()
        if self.codes is not None:
            self.codes.retire()
        if self.preparer is not None:
            self.preparer.retire()

    def _tell(self) -> float:
        looked = self.reception.has_looked
        pause = self.reception.run()
        if self.reporter is not None:
            self._wake(self.report)  # something may have been filed
        if not looked:
            self.wake_all()
        return pause

    def _send(self) -> float:
        # Somebody may have deleted a slip while faxd did not run.
        return self.sender.run() if self.reception.has_looked else _FIRST_LOOK

    def _report(self) -> float:
        # The first look removes temporary files from the folders that reports are put into.
        if self.reporter is None or not self.reception.has_looked:
            return _FIRST_LOOK
        return self.reporter.run()

    def wake_all(self) -> None:
        """Have everything look at the ledger again: somebody else has changed it."""
        for name in (self.tell, self.prepare, self.follow, *self._lanes):
            self._wake(name)

    def _changed(self, job: Job) -> None:
        """A job has another state: show it, and wake whose turn it is."""
        if job.state.is_end:
            self._wake(self.tell)
            return
        self.reception.show(job)
        if job.problem is not None:
            self._wake(self.tell)  # it may be the whole queue's, of which all slips tell
        if job.state is JobState.PREPARING and job.due_at is None:
            self._wake(self.prepare)
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
