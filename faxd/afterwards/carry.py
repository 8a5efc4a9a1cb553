"""One account's task: decide what becomes of new faxes, and carry out what is due."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from pathlib import Path

from faxd.afterwards import retry, rules
from faxd.afterwards.child import Children, Closed
from faxd.afterwards.command import Command
from faxd.afterwards.copy import Copies
from faxd.afterwards.mail import Mailer, ServerTrouble
from faxd.afterwards.pdf import PdfCopies
from faxd.afterwards.printing import Printer
from faxd.afterwards.retry import Hopeless, Trouble
from faxd.clock import utc_now
from faxd.config import AccountSettings, MailSettings, RuleSettings
from faxd.documents import Workshop
from faxd.ledger import Action, ActionKind, Ledger, Received
from faxd.log import Log
from faxd.naming import Facts

#: seconds between two looks for faxes that nobody has told of, such as those that were recovered
_LOOK = 60.0
#: faxes that are planned before an action is carried out
_AT_A_TIME = 50
#: seconds until it is tried again when others are at work, or when the disk fails
_SOON, _LATER = 1.0, 30.0
#: accounts that work at the same time: receiving and sending need processor and threads, too
_ROOM = threading.BoundedSemaphore(4)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one account's settings ask for."""

    settings: AccountSettings
    #: its own and the shared ones, in their order
    rules: Sequence[RuleSettings] = ()
    mail: MailSettings | None = None
    #: the office's; None is the machine's
    zone: tzinfo | None = None


class Afterwards:
    """What becomes of one account's faxes after they are safe."""

    def __init__(
        self,
        order: Order,
        ledger: Ledger,
        log: Log,
        *,
        folder: Path,
        name_of: Callable[[str], str] = lambda _number: "",
    ) -> None:
        """``folder`` is faxd's own for this account; ``name_of`` knows names for numbers."""
        settings = order.settings
        self._folder = folder
        self._settings = settings
        self._order = order
        self._account = settings.account
        self._ledger = ledger
        self._log = log
        self._name_of = name_of
        self._workshop = Workshop(scratch=folder / "work")
        self._children = Children()
        self._copies = Copies(folder / "copies", self._workshop)
        self._pdfs = PdfCopies(settings, self._copies, self._children, log, mark=ledger.mark)
        self._mailer = Mailer(settings, order.mail, self._copies, ledger.identity)
        self._printer = Printer(self._copies, self._children)
        self._command = Command(self._copies, self._children)
        self._ready = False
        #: what was wrong the last time, which is told once
        self._problem: str | None = None
        #: faxes for which nothing could be decided, which is a defect and told once
        self._undecided: set[int] = set()

    def run(self) -> float:
        """Plan, and carry out all that is due; returns the seconds until the next time.

        What goes wrong with an action is recorded with it; nothing is raised for it.
        """
        if not _ROOM.acquire(blocking=False):
            return _SOON
        problem = None
        try:
            return self._run()
        except Closed:
            return _LATER
        except sqlite3.Error as error:
            problem = f"the ledger cannot be used: {error}"
        except OSError as error:
            problem = f"{error.filename or self._folder}: {error.strerror or error}"
        finally:
            _ROOM.release()
            if problem is not None and problem != self._problem:
                self._log.error("actions cannot be carried out", problem=problem)
            self._problem = problem
        return _LATER

    def close(self) -> None:
        """End what is under way, which is tried again the next time, and begin nothing more."""
        self._children.close()
        self._workshop.close()
        self._mailer.close()

    def _run(self) -> float:
        self._prepare()
        #: kinds that no other action can be done of now either
        blocked: set[ActionKind] = set()
        worked = False
        while True:
            self._plan()
            action = self._ledger.actions.due(self._account, utc_now(), blocked)
            if action is None:
                break
            worked = True
            try:
                self._try(action)
            except ServerTrouble:
                blocked.add(action.kind)
        if worked:
            self._tidy()
        due = self._ledger.actions.next_due(self._account)
        if due is None or blocked:
            return _LOOK
        return min(_LOOK, max(0.0, (due - utc_now()).total_seconds()))

    def _prepare(self) -> None:
        """Have the folders, and nothing in them that a death has left behind."""
        for folder in (self._folder, self._folder / "copies", self._folder / "work"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._ready:
            self._workshop.tidy()
            self._tidy()
        self._ready = True

    # planning

    def _plan(self) -> None:
        """Decide what becomes of the faxes that are new."""
        for fax in self._ledger.unplanned(self._account, _AT_A_TIME + len(self._undecided)):
            if fax.id in self._undecided:
                continue
            try:
                facts = self._facts(fax)
                found = rules.matching(self._order.rules, self._settings, facts)
                wanted = rules.wanted(found, self._settings, damaged=fax.damage is not None)
            except Exception:
                # A defect of faxd's own in one fax must not hold up the others.
                self._log.exception("fax not planned", fax=fax.id)
                self._undecided.add(fax.id)
                continue
            for action in self._ledger.actions.plan(fax, wanted, utc_now()):
                self._log.debug("action planned", fax=fax.id, action=action.kind.value)
            if wanted:
                with suppress(Hopeless, Trouble):  # each action sees to it again
                    self._copies.tiff(fax)

    def _facts(self, fax: Received) -> Facts:
        return Facts(
            received=fax.received_at.astimezone(self._order.zone),
            originator=fax.originator,
            station_id=fax.station_id,
            fax_id=fax.fax_id,
            account=self._settings.name,
            pages=fax.pages or fax.stated or 0,
            originator_name=self._name_of(fax.originator),
        )

    # carrying out

    def _try(self, action: Action) -> None:
        """One try of one action.

        Raises:
            ServerTrouble: others of its kind need not be tried now.
            Closed: faxd ends.
        """
        actions = self._ledger.actions
        action = actions.start(action, utc_now() + retry.again_after(action.tries + 1))
        log = self._log.bind(fax=action.fax, action=action.kind.value, number=action.id)
        try:
            self._do(action)
        except Closed:
            actions.release(action, utc_now())
            raise
        except Hopeless as error:
            self._give_up(action, str(error), log)
        except Trouble as error:
            self._again(action, str(error), log)
            if isinstance(error, ServerTrouble):
                raise
        except (sqlite3.Error, MemoryError):
            raise
        except Exception as error:
            log.exception("unexpected error")
            self._again(action, f"unexpected error ({type(error).__name__}), see the log", log)
        else:
            actions.done(action, utc_now())
            log.info("action done", tries=action.tries)

    def _do(self, action: Action) -> None:
        fax = self._ledger.fax(action.fax)
        if fax is None:
            raise Hopeless("the fax is not in the ledger any more")
        settings = action.settings
        match action.kind:
            case ActionKind.PDF:
                self._pdfs.publish(fax, searchable=bool(settings["searchable"]))
            case ActionKind.MAIL:
                self._mailer.send(action, fax, self._facts(fax))
            case ActionKind.PRINT:
                self._printer.print(fax, settings["printer"], settings["options"])
            case ActionKind.COMMAND:
                facts = self._facts(fax)
                self._command.run(fax, facts, settings["argv"], settings["seconds"])

    def _again(self, action: Action, problem: str, log: Log) -> None:
        """Another try comes, unless its time is up."""
        if self._children.closed:
            # The workshop says no more than that it could not do it.
            self._ledger.actions.release(action, utc_now())
            raise Closed
        limit = self._settings.actions_give_up_after
        if retry.is_given_up(action.tries, action.created_at, utc_now(), limit):
            self._give_up(action, problem, log)
            return
        self._ledger.actions.failed_once(action, problem)
        # Told once: the ledger (`faxd received N`) knows how it goes on.
        tell = log.warning if action.tries == 1 else log.debug
        wait: timedelta = retry.again_after(action.tries)
        tell("action failed, is tried again", problem=problem, seconds=round(wait.total_seconds()))

    def _give_up(self, action: Action, problem: str, log: Log) -> None:
        self._ledger.actions.give_up(action, problem, utc_now())
        log.error("action given up", problem=problem, tries=action.tries)

    def _tidy(self) -> None:
        """Remove the copies that nothing waits for."""
        self._copies.keep_only(self._ledger.actions.faxes_waiting(self._account))
