"""A recorded job is brought on its way: by the daemon if one runs, else by this very command."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

import click

from faxd.cli.common import EX_FAILED, holder_of
from faxd.cli.watching import ProgressLine, doing, result_of

if TYPE_CHECKING:
    from faxd.config import AccountSettings, Config
    from faxd.job import Job
    from faxd.ledger import Ledger

#: seconds between two looks at a job
_PACE = 0.2
#: seconds in which a call that is under way must have ended after Ctrl-C
_STOP = 9.0


def carry_on(
    config: Config, settings: AccountSettings, ledger: Ledger, job: Job, *, wait: bool
) -> NoReturn:
    """Bring a recorded job on its way, tell of it, and end."""
    whom = ", ".join(one.address for one in job.recipients[:3] if one.address)
    more = f" and {len(job.recipients) - 3} more" if len(job.recipients) > 3 else ""
    click.echo(f"job {job.id}: {job.kind.value}{f' to {whom}' if whom else ''}{more}")
    pid = holder_of(config)
    if pid is not None and not wait:
        click.echo(f"faxd (pid {pid or 'unknown'}) sends it; see faxd job {job.id}")
        problem = ledger.queue(job.account).problem
        if problem is not None:
            click.echo(f"faxd: {problem.en}", err=True)
        sys.exit(0)
    line = ProgressLine(sys.stderr)
    try:
        job = _waited(config, settings, ledger, job, wait, line)
    except KeyboardInterrupt:
        line.clear()
        left = as_now(ledger, job)
        click.echo(
            f"faxd: job {job.id} stays in the ledger ({doing(left, config.zone)}); the daemon goes"
            f" on with it. To stop it: faxd cancel {job.id}",
            err=True,
        )
        sys.exit(EX_FAILED)
    line.clear()
    _tell_sent(ledger, job, wait=wait)


def _waited(
    config: Config,
    settings: AccountSettings,
    ledger: Ledger,
    job: Job,
    wait: bool,
    line: ProgressLine,
) -> Job:
    """The job when nothing more is to be waited for: a daemon may come or go meanwhile."""
    from faxd.lock import Busy, Lock
    from faxd.outbound.byhand import is_settled

    tried = False
    while not (is_settled(ledger, job, to_end=wait) and (tried or job.state.is_end)):
        if holder_of(config) is not None:
            tried = True
            job = _by_daemon(ledger, job.id, line, config) or job
            continue
        try:
            with Lock(config.state_dir):
                tried = True
                problem = _by_hand(config, settings, ledger, job.id, to_end=wait, line=line)
        except Busy:
            continue  # a daemon has just started
        if problem is not None:
            line.clear()
            click.echo(f"faxd: slips and reports cannot be written: {problem}", err=True)
        job = as_now(ledger, job)
    return job


def _tell_sent(ledger: Ledger, job: Job, *, wait: bool) -> NoReturn:
    from faxd.job import JobState
    from faxd.outbound.byhand import needs_somebody
    from faxd.outbound.office.outcome import Ending, ending_of

    if wait:
        good = job.state is JobState.DONE and ending_of(job) is Ending.SENT
    else:
        good = job.state in {JobState.ACCEPTED, JobState.DONE}
    click.echo(result_of(job), err=not good)
    if job.state is JobState.HELD:
        click.echo(f"faxd: to send it all the same: faxd retry {job.id}", err=True)
    elif needs_somebody(ledger, job):
        click.echo("faxd: when that is put right, faxd check lets it go on at once", err=True)
    elif job.state is JobState.ACCEPTED:
        click.echo("the daemon follows it; it does not run now, so start it, or use --wait")
    sys.exit(0 if good else EX_FAILED)


def _by_daemon(ledger: Ledger, number: int, line: ProgressLine, config: Config) -> Job | None:
    """Look at a job that a daemon works on, and show it; None if it is not there any more."""
    job = ledger.jobs.get(number)
    if job is not None:
        line.show(job, config.zone)
    time.sleep(_PACE)
    return job


def _by_hand(
    config: Config,
    account: AccountSettings,
    ledger: Ledger,
    number: int,
    *,
    to_end: bool,
    line: ProgressLine,
) -> str | None:
    """Send a job, and follow it with ``to_end``, while this process holds the lock.

    Returns what is wrong with the folders that people look into; None if nothing is. After
    Ctrl-C a call that is under way is ended, and the ledger knows what that means.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        LedgerError, sqlite3.Error: the ledger cannot be used.
    """
    from faxd.outbound.byhand import carry
    from faxd.outbound.preparing.bench import Bench
    from faxd.outbound.proof import Room
    from faxd.wiring import connect, dispatch_for

    service = connect(config)
    room, bench = Room(config.state_dir), Bench(config.state_dir)
    ended = threading.Event()
    errors: list[Exception] = []
    try:
        dispatch = dispatch_for(config, account, service, ledger, reports=room, bench=bench)

        def work() -> None:
            try:
                carry(dispatch, ledger, number, to_end=to_end, ended=ended)
            except Exception as error:
                errors.append(error)
            finally:
                done.set()

        # Not joined: an interrupted join takes a thread that runs for one that has ended.
        done = threading.Event()
        threading.Thread(target=work, daemon=True).start()
        try:
            while not done.wait(_PACE):
                job = ledger.jobs.get(number)
                if job is not None:
                    line.show(job, config.zone)
        except KeyboardInterrupt:
            ended.set()
            dispatch.retire(None)
            room.close()
            bench.close()
            service.close()
            done.wait(_STOP)
            raise
    finally:
        service.close()
    if errors:
        raise errors[0]
    return dispatch.reception.problem


def as_now(ledger: Ledger, job: Job) -> Job:
    """The job as it is by now."""
    return ledger.jobs.get(job.id) or job
