"""Commands that send: send, retry, cancel; beside a running daemon, and without one."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from faxd.cli.carrying import as_now, carry_on
from faxd.cli.common import (
    account_that_sends,
    fail,
    holder_of,
    job_to_change,
    main,
    sole,
    with_config,
    writing,
)
from faxd.cli.watching import result_of

if TYPE_CHECKING:
    from faxd.config import AccountSettings, Config
    from faxd.job import Job
    from faxd.ledger import Ledger

_KINDS = ("fax", "sms", "email", "letter", "letter-color", "qsign")
#: seconds in which a daemon usually has cancelled a job, or filed it
_PATIENCE, _FILING = 10.0, 5.0


@main.command()
@click.option(
    "--to",
    multiple=True,
    metavar="NUMBER",
    help="Number or e-mail address, with a reference in brackets if need be:"
    " '+4940123456[RE-4711]'. May be given several times; a letter needs none.",
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--account", metavar="NAME", help="Which account, if several can send.")
@click.option(
    "--kind", type=click.Choice(_KINDS), default="fax", show_default=True, help="What it is."
)
@click.option("--text", help="The message of an SMS or e-mail, or a fax without a file.")
@click.option(
    "--at", metavar="TIME", help="Not before this time: '2026-12-24 0800', '0800', or with offset."
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="As in a job file: station_id, header, caller_id, retries, mail_from, flash, ...",
)
@click.option(
    "--reference", default="", help="Your reference, for all that have none of their own."
)
@click.option("--again", is_flag=True, help="Although the same was sent a moment ago.")
@click.option("--wait", is_flag=True, help="Wait until it is sent; the exit status is 0 if it was.")
@with_config
def send(
    config: Config,
    path: Path,
    to: tuple[str, ...],
    files: tuple[Path, ...],
    account: str | None,
    kind: str,
    text: str | None,
    at: str | None,
    options: tuple[str, ...],
    reference: str,
    again: bool,
    wait: bool,
) -> None:
    """Send FILES, or a text.

    The exit status is 0 if FAX.de (or the running daemon) has taken it.
    """
    from faxd import log
    from faxd.job import Kind
    from faxd.outbound.addressing import Refused
    from faxd.outbound.intake.outbox import OutboxUnusable
    from faxd.outbound.order import Order
    from faxd.outbound.submit import SentAlready, submit
    from faxd.wiring import check_options

    if not to and not Kind(kind).is_letter:
        raise click.UsageError("--to is missing: who is to get it?")
    if not files and text is None:
        raise click.UsageError("nothing to send: give a file, or --text")
    log.configure(level="critical")
    settings = account_that_sends(config, account)
    check_options(settings)
    order = Order(
        kind=Kind(kind), to=to, text=text, at=at, options=options, reference=reference.strip()
    )
    with writing(config, existing=False) as ledger:
        try:
            job = submit(settings, ledger, order, files, zone=config.zone, again=again)
        except SentAlready as error:
            fail(f"not sent. {error} (--again sends it all the same)")
        except (Refused, OutboxUnusable) as error:
            fail(f"not sent. {error}")
        except OSError as error:
            fail(f"not sent. {error.filename or settings.outbox}: {error.strerror or error}")
        carry_on(config, settings, ledger, job, wait=wait)


@main.command()
@click.argument("number", type=click.IntRange(1), metavar="N")
@click.option("--yes", is_flag=True, help="Do not ask, although it may have been sent already.")
@click.option("--wait", is_flag=True, help="Wait until it is sent; the exit status is 0 if it was.")
@with_config
def retry(config: Config, path: Path, number: int, yes: bool, wait: bool) -> None:
    """Try job N now: let go if it is held, at once if it waits, as a new job if it failed."""
    from faxd import log

    log.configure(level="critical")
    with writing(config) as ledger:
        job, settings = job_to_change(config, ledger, number)
        job = _retried(config, settings, ledger, job, yes)
        carry_on(config, settings, ledger, job, wait=wait)


@main.command()
@click.argument("number", type=click.IntRange(1), metavar="N")
@with_config
def cancel(config: Config, path: Path, number: int) -> None:
    """Cancel job N, at FAX.de too if it is there; the exit status is 0 if it is cancelled."""
    from faxd import log

    log.configure(level="critical")
    with writing(config) as ledger:
        job, settings = job_to_change(config, ledger, number)
        if not ledger.jobs.ask_to_cancel(number):
            _tell_cancelled(as_now(ledger, job))
        if holder_of(config) is None:
            with sole(config):
                _cancel_by_hand(config, settings, ledger, number)
        else:
            deadline = time.monotonic() + _PATIENCE
            while _is_open(as_now(ledger, job)) and time.monotonic() < deadline:
                time.sleep(0.1)
        _tell_cancelled(as_now(ledger, job))


# retrying


def _retried(config: Config, settings: AccountSettings, ledger: Ledger, job: Job, yes: bool) -> Job:
    """The job that is to be tried now: the same, or a new one."""
    from dataclasses import replace

    from faxd.ledger import Changed
    from faxd.outbound.reception import release

    state = job.state.value
    try:
        if state == "held":
            return release(ledger, job, "let go by faxd retry")
        if state in {"preparing", "waiting", "uncertain"}:
            queue = ledger.queue(job.account)
            if queue.paused_until is not None and not queue.is_stopped:
                ledger.set_queue(replace(queue, paused_until=None))
            return ledger.jobs.note(job, "to be tried at once, by faxd retry", due_at=None)
    except Changed as error:
        fail(f"{error}; see faxd job {job.id}")
    if state == "done" and job.recipients and all(one.is_ok for one in job.recipients):
        fail(f"job {job.id}: all got it; to send it once more: faxd send --again")
    said = {
        "sending": "is being sent just now",
        "accepted": "is at FAX.de already, which tries as often as its options say",
        "done": "was sent; to those who did not get it the list (.csv) beside its report leads",
    }
    if state in said:
        fail(f"job {job.id} {said[state]}; see faxd job {job.id}")
    return _new_try(config, settings, ledger, job, yes)


def _new_try(config: Config, settings: AccountSettings, ledger: Ledger, job: Job, yes: bool) -> Job:
    from faxd.log import get_logger
    from faxd.outbound.addressing import Refused
    from faxd.outbound.again import may_be_sent_already, try_again
    from faxd.outbound.intake.outbox import OutboxUnusable

    if may_be_sent_already(job) and not yes:
        words = f"{job.problem.en} " if job.problem is not None else ""
        click.confirm(f"{words}Send it again all the same?", abort=True)
    job = _filed(config, settings, ledger, job)
    try:
        return try_again(settings, ledger, job, get_logger(), zone=config.zone)
    except (Refused, OutboxUnusable) as error:
        fail(f"not sent. {error}")
    except OSError as error:
        fail(f"not sent. {error.filename or settings.outbox}: {error.strerror or error}")


def _filed(config: Config, settings: AccountSettings, ledger: Ledger, job: Job) -> Job:
    """An ended job, when its documents lie where people find them."""
    from faxd.wiring import connect, dispatch_for

    deadline = time.monotonic() + _FILING
    while not job.filed and time.monotonic() < deadline:
        if holder_of(config) is None:
            with sole(config):
                dispatch = dispatch_for(config, settings, connect(config), ledger)
                dispatch.reception.run()
            deadline = 0.0
        else:
            time.sleep(0.1)
        job = as_now(ledger, job)
    if not job.filed:
        fail(f"the documents of job {job.id} are not filed yet; see faxd status, then try again")
    return job


# cancelling


def _cancel_by_hand(config: Config, settings: AccountSettings, ledger: Ledger, number: int) -> None:
    from faxd.outbound.byhand import cancel as cancel_by_hand
    from faxd.wiring import connect, dispatch_for

    service = connect(config)
    try:
        cancel_by_hand(dispatch_for(config, settings, service, ledger), ledger, number)
    finally:
        service.close()


def _tell_cancelled(job: Job) -> NoReturn:
    """Say what became of a wish to cancel, and end."""
    words = f" {job.problem.en}" if job.problem is not None else ""
    if job.state.value == "cancelled":
        click.echo(f"job {job.id} is cancelled.{words}")
        sys.exit(0)
    if job.state.is_end:
        fail(f"job {job.id} has ended already. {result_of(job)}")
    if job.cancel:
        fail(f"job {job.id} is not cancelled yet; it is as soon as can be. See faxd job {job.id}")
    fail(f"job {job.id} is not cancelled.{words}")


def _is_open(job: Job) -> bool:
    """Whether a wish to cancel is still to be carried out."""
    return job.cancel and not job.state.is_end
