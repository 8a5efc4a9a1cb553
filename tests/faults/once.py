"""All that faxd does, once: fetches what waits, sends what lies in the outbox, and ends.

The real parts, one after the other in one thread, so that the same run makes the same system calls.
What would have to be waited for (a look at a job, another try) is due at once. Run as a program it
is what the faults strike at: ``python -m tests.faults.once CONFIG``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from faxd.config import Config, load
from faxd.inbound.poller import Outcome
from faxd.job import JobState
from faxd.ledger import Health, Ledger, Queue
from faxd.outbound.dispatch import Dispatch
from faxd.wiring import connect, dispatch_for, make_state_dir, open_ledger, poller_for

#: seconds until a run gives up, and between two rounds
_PATIENCE = 3.0
_PAUSE = 0.02


def once(config: Config, patience: float = _PATIENCE) -> bool:
    """Fetch and send all that there is for the first account; whether nothing is left to do."""
    make_state_dir(config)
    ledger = open_ledger(config)
    service = connect(config)
    try:
        account = config.accounts[0]
        poller = poller_for(config, account, service, ledger)
        dispatch = dispatch_for(config, account, service, ledger)
        return _all(config, ledger, patience, dispatch, lambda: _is_well(poller.run().outcome))
    finally:
        service.close()
        ledger.close()


def _is_well(outcome: Outcome) -> bool:
    return outcome is Outcome.GOOD


def _all(
    config: Config, ledger: Ledger, patience: float, dispatch: Dispatch, poll: Callable[[], bool]
) -> bool:
    account = config.accounts[0]
    dispatch.sender.recover()
    rooms: tuple[Callable[[], object], ...] = (
        dispatch.reception.run,
        dispatch.taker.run,
        dispatch.sender.run,
        dispatch.follower.run,
        dispatch.reception.run,
    )
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        received = poll()
        for room in rooms:
            room()
        assert account.outbox is not None
        left = [path for path in account.outbox.rglob("*") if path.is_file()]
        if received and not left and not ledger.jobs.open(account.account):
            return True
        _hurry(ledger, account.account)
        time.sleep(_PAUSE)
    return False


def _hurry(ledger: Ledger, account: str) -> None:
    """Have everything due that is planned."""
    if ledger.health(account).stopped_until is not None:
        ledger.set_health(Health(account=account))
    if ledger.queue(account).paused_until is not None:
        ledger.set_queue(Queue(account=account))
    for job in ledger.jobs.open(account):
        if job.state is JobState.ACCEPTED:
            ledger.jobs.look_now(job.secret)
        elif job.due_at is not None and not job.state.is_end:
            ledger.jobs.note(job, due_at=None)


if __name__ == "__main__":
    configuration = load(Path(sys.argv[1]))
    os.getpgid(0)  # by this a trace's reader knows where imports end and work begins
    sys.exit(0 if once(configuration) else 1)
