"""All that becomes of one account's faxes after they are safe."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from faxd.afterwards.carry import LOOK, Carrier
from faxd.afterwards.child import Children, Closed
from faxd.afterwards.command import Command
from faxd.afterwards.copy import Copies
from faxd.afterwards.mail import Mailer
from faxd.afterwards.pdf import PdfCopies
from faxd.afterwards.planning import Order, Planner
from faxd.afterwards.printing import Printer
from faxd.afterwards.retry import Hopeless, Trouble
from faxd.documents import Workshop
from faxd.ledger import Action, ActionKind, Ledger
from faxd.ledger.actions import Lane
from faxd.log import Log

#: seconds until it is tried again when the disk or the ledger fails
_LATER = 30.0


class Afterwards:
    """What becomes of one account's faxes, in tasks that wait for nothing of one another."""

    def __init__(
        self,
        order: Order,
        ledger: Ledger,
        log: Log,
        *,
        folder: Path,
        name_of: Callable[[str], str] = lambda _number: "",
        wake: Callable[[str], None] = lambda _task: None,
    ) -> None:
        """``folder`` is faxd's own for this account; ``name_of`` knows names for numbers.

        ``wake`` is told the name of a task that has something to do now.
        """
        settings = order.settings
        self._folder = folder
        self._account = settings.account
        self._ledger = ledger
        self._log = log
        self._wake = wake
        self._lock = threading.Lock()
        self._workshop = Workshop(scratch=folder / "work")
        self._children = Children()
        self._copies = Copies(folder / "copies", self._workshop, settings.min_free)
        self._planner = Planner(order, ledger, log, self._copies, name_of)
        self._pdfs = PdfCopies(settings, self._copies, self._children, log, mark=ledger.mark)
        self._mailer = Mailer(settings, order.mail, self._copies, ledger.identity)
        self._printer = Printer(self._copies, self._children)
        self._command = Command(self._copies, self._children)
        self._carriers = {
            lane: Carrier(
                lane,
                settings,
                ledger,
                log,
                do=lambda action: self._do(action),
                is_over=lambda: self._is_retired,
                tidy=self._tidy,
            )
            for lane in Lane
        }
        self._is_ready = False
        self._is_retired = False
        #: what was wrong the last time, by task, which is told once
        self._problems: dict[str, str] = {}

    def tasks(self) -> dict[str, Callable[[], float]]:
        """What is to be run again and again, by name; each returns the seconds until then.

        What goes wrong with an action is recorded with it; nothing is raised for it.
        """
        tasks: dict[str, Callable[[], float]] = {task_of(self._account): self._plan}
        tasks |= {self._task(lane): carrier.run for lane, carrier in self._carriers.items()}
        return {name: partial(self._guarded, name, run) for name, run in tasks.items()}

    def run(self) -> float:
        """All the tasks, one after the other; the seconds until the first has something to do."""
        return min([run() for run in self.tasks().values()])

    def retire(self) -> None:
        """Begin nothing more, and let what is under way come to its end."""
        self._is_retired = True

    @property
    def is_busy(self) -> bool:
        """Whether an action of the account is under way."""
        return self._ledger.actions.is_busy(self._account)

    def close(self) -> None:
        """End what is under way, which is tried again the next time, and begin nothing more."""
        self._is_retired = True
        self._children.close()
        self._workshop.close()
        self._mailer.close()

    def _task(self, lane: Lane) -> str:
        return f"{task_of(self._account)}/{lane.value}"

    def _guarded(self, task: str, run: Callable[[], float]) -> float:
        """A task that raises nothing for what a disk or the ledger do."""
        problem = ""
        try:
            self._prepare()
            return run()
        except Closed:
            return _LATER
        except sqlite3.Error as error:
            problem = f"the ledger cannot be used: {error}"
        except OSError as error:
            problem = f"{error.filename or self._folder}: {error.strerror or error}"
        finally:
            with self._lock:
                is_new = problem not in {"", *self._problems.values()}
                self._problems[task] = problem
            if is_new:
                self._log.error("actions cannot be carried out", problem=problem)
        return _LATER

    def _prepare(self) -> None:
        """Have the folders, and nothing in them that a death has left behind."""
        with self._lock:
            for folder in (self._folder, self._folder / "copies", self._folder / "work"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # What an earlier configuration has begun may still be at work there.
            if not self._is_ready and not self.is_busy:
                self._workshop.tidy()
                self._tidy()
            self._is_ready = True

    def _plan(self) -> float:
        while not self._is_retired and self._planner.plan():
            for lane in self._carriers:
                self._wake(self._task(lane))
        return LOOK

    def _do(self, action: Action) -> None:
        """One action, to its end.

        Raises:
            Hopeless, Trouble: it cannot be done, ever or now.
            Closed: faxd ends.
        """
        try:
            self._done(action)
        except Trouble:
            if self._children.closed:
                # The workshop says no more than that it could not do it.
                raise Closed from None
            raise

    def _done(self, action: Action) -> None:
        fax = self._ledger.fax(action.fax)
        if fax is None:
            raise Hopeless("the fax is not in the ledger any more")
        settings = action.settings
        match action.kind:
            case ActionKind.PDF:
                self._pdfs.publish(fax, searchable=bool(settings["searchable"]))
            case ActionKind.MAIL:
                self._mailer.send(action, fax, self._planner.facts(fax))
            case ActionKind.PRINT:
                self._printer.print(fax, settings["printer"], settings["options"])
            case ActionKind.COMMAND:
                facts = self._planner.facts(fax)
                self._command.run(fax, facts, settings["argv"], settings["seconds"])

    def _tidy(self) -> None:
        """Remove the copies that nothing waits for."""
        self._copies.keep_only(lambda: self._ledger.actions.faxes_waiting(self._account))


def task_of(account: str) -> str:
    """Name of the task that is to be run at once when a fax of this customer number is safe."""
    return f"{account}/after"
