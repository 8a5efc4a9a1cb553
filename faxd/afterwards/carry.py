"""Carry out what is due of one lane of one account."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta

from faxd.afterwards import retry
from faxd.afterwards.child import Closed
from faxd.afterwards.post import ServerTrouble
from faxd.afterwards.retry import Held, Hopeless, Trouble
from faxd.afterwards.turns import Turns
from faxd.clock import steady, utc_now
from faxd.config import AccountSettings
from faxd.ledger import Action, Ledger
from faxd.ledger.actions import Lane
from faxd.log import Log

#: seconds between two looks for what nobody has told of
LOOK = 60.0
#: seconds until it is tried again when others are at work
_SOON = 1.0
#: seconds after which an account lets others work that want to
_LONG = 5.0
#: accounts that work at the same time, for all of faxd: receiving and sending need processor and
#: threads, too. Who waits for somebody else needs few of either.
_TURNS = {
    Lane.COPIES: Turns(2),
    Lane.MAILS: Turns(4),
    Lane.COMMANDS: Turns(16),
    Lane.SEARCHABLE: Turns(1),
}


class Carrier:
    """Tries the actions of one lane, one after the other."""

    def __init__(
        self,
        lane: Lane,
        settings: AccountSettings,
        ledger: Ledger,
        log: Log,
        *,
        do: Callable[[Action], None],
        is_over: Callable[[], bool],
        tidy: Callable[[], None],
    ) -> None:
        """``do`` tries one, and raises what is wrong; when it ``is_over``, no other is begun.

        ``tidy`` is called when some were tried.
        """
        self._lane = lane
        self._settings = settings
        self._account = settings.account
        self._ledger = ledger
        self._log = log
        self._do = do
        self._is_over = is_over
        self._tidy = tidy
        #: until then none of this lane can be done, by the steady clock
        self._rest_until = 0.0

    def run(self) -> float:
        """Try what is due; the seconds until the next time.

        Raises:
            Closed: faxd ends.
            OSError, sqlite3.Error: nothing can be done now.
        """
        turns = _TURNS[self._lane]
        rest = self._rest_until - steady()
        if rest > 0:
            return rest
        # Who has nothing to do takes nobody's turn.
        pause = self._pause()
        if pause > 0 or self._is_over():
            return pause or LOOK
        with turns.turn(self._account) as is_in:
            if not is_in:
                return _SOON
            try:
                self._work(turns)
            except ServerTrouble as error:
                self._rest_until = steady() + error.rest
                return error.rest
            finally:
                self._tidy()
        return max(self._pause(), _SOON if turns.is_wanted else 0.0)

    def _work(self, turns: Turns) -> None:
        """Try what is due, until the others want to."""
        until = steady() + _LONG
        while not self._is_over():
            action = self._ledger.actions.take(self._account, utc_now(), self._lane)
            if action is None:
                return
            try:
                self._try(action)
            finally:
                self._ledger.actions.leave(action)
            if steady() > until and turns.is_wanted:
                return

    def _pause(self) -> float:
        """Seconds until an action is due."""
        now = utc_now()
        due = self._ledger.actions.next_due(self._account, now, self._lane)
        if due is None:
            return LOOK
        return min(LOOK, max(0.0, (due - now).total_seconds()))

    def _try(self, action: Action) -> None:
        """One try of one action.

        Raises:
            ServerTrouble: others of its lane need not be tried now.
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
            self._again(action, str(error), log, is_held=isinstance(error, Held))
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

    def _again(self, action: Action, problem: str, log: Log, *, is_held: bool = False) -> None:
        """Another try comes, unless its time is up."""
        limit = self._settings.actions_give_up_after
        if retry.is_given_up(action.tries, action.created_at, utc_now(), limit):
            self._give_up(action, problem, log)
            return
        self._ledger.actions.failed_once(action, problem)
        # Told once: the ledger (`faxd received N`) knows how it goes on.
        tell = log.debug
        if action.tries == 1:
            tell = log.error if is_held else log.warning
        wait: timedelta = retry.again_after(action.tries)
        event = "action held, is tried again" if is_held else "action failed, is tried again"
        tell(event, problem=problem, seconds=round(wait.total_seconds()))

    def _give_up(self, action: Action, problem: str, log: Log) -> None:
        self._ledger.actions.give_up(action, problem, utc_now())
        log.error("action given up", problem=problem, tries=action.tries)
