"""Commands that look at what is sent: jobs, job."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from faxd.cli.common import account_named, job_of, main, reading, with_config

if TYPE_CHECKING:
    from datetime import tzinfo

    from faxd.config import Config
    from faxd.job import Event, Job, Recipient
    from faxd.words import Language

_STATES = (
    *("preparing", "waiting", "held", "sending", "uncertain", "accepted"),
    *("done", "failed", "cancelled"),
)
#: of no use to people, or not for them
_HIDDEN = frozenset({"secret", "protocol", "recipients"})


@main.command()
@click.argument("account", required=False)
@click.option(
    "--state",
    "states",
    type=click.Choice(_STATES),
    multiple=True,
    help="Only these; may be given several times.",
)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="How many, newest last.",
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, one job a line.")
@with_config
def jobs(
    config: Config,
    path: Path,
    account: str | None,
    states: tuple[str, ...],
    limit: int,
    as_json: bool,
) -> None:
    """List jobs, of all accounts or of ACCOUNT (its name)."""
    from faxd.job import JobState
    from faxd.text import local_time, table

    number = account_named(config, account).account if account else None
    names = {each.account: each.name for each in config.accounts}
    wanted = [JobState(state) for state in states] or list(JobState)
    with reading(config) as ledger:
        found = ledger.jobs.newest(number, wanted, limit)
    if as_json:
        for job in found:
            click.echo(json.dumps(as_dict(job, names), ensure_ascii=False))
        return
    rows = [
        (
            str(job.id),
            local_time(job.created_at, config.zone),
            names.get(job.account, job.account),
            job.kind.value,
            _whom(job.recipients),
            _state(job),
            job.title,
        )
        for job in found
    ]
    click.echo(table(("job", "taken", "account", "kind", "to", "state", "name"), rows))


@main.command()
@click.argument("number", type=click.IntRange(1), metavar="N")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@with_config
def job(config: Config, path: Path, number: int, as_json: bool) -> None:
    """Show all that is known of job N, and its whole history."""
    from faxd.text import printable, table

    names = {each.account: each.name for each in config.accounts}
    with reading(config) as ledger:
        found, account = job_of(config, ledger, number)
        history = ledger.jobs.history(number)
    if as_json:
        events = [
            {"at": event.at.isoformat(), "state": event.state.value, "text": event.text}
            for event in history
        ]
        whole = as_dict(found, names) | {"history": events}
        click.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    place = None
    if account is not None and account.outbox is not None and found.filed_as:
        from faxd.outbound.office.outcome import place_of

        place = account.folder(place_of(found))
    facts = _facts(found, names.get(found.account, found.account), place, config.zone)
    if account is not None:
        facts += _proof(found, account.send.language)
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        click.echo(f"{name.ljust(width)}  {printable(value)}".rstrip())
    if found.recipients:
        click.echo()
        head = ("to", "name", "reference", "result", "station id", "pages", "sent", "seconds")
        click.echo(table(head, [_row(one, config.zone) for one in found.recipients]))
    click.echo()
    click.echo(table(("when", "state", "what happened"), _lines(history, config.zone)))


def as_dict(job: Job, names: dict[str, str]) -> dict[str, Any]:
    """A job for machines; ``names`` are the accounts' by their customer numbers."""
    values = {
        each.name: _plain(getattr(job, each.name))
        for each in fields(job)
        if each.name not in _HIDDEN
    }
    recipients = [
        {each.name: _plain(getattr(one, each.name)) for each in fields(one)}
        for one in job.recipients
    ]
    return values | {"account_name": names.get(job.account), "recipients": recipients}


def _plain(value: object) -> object:
    from faxd.words import Words

    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Words):
        return {"de": value.de, "en": value.en}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _facts(
    job: Job, account: str, place: Path | None, zone: tzinfo | None
) -> list[tuple[str, str]]:
    """What is known of a job, in the order in which people ask."""
    from faxd.job import Step
    from faxd.text import local_time, size

    def when(moment: datetime | None) -> str:
        return local_time(moment, zone) if moment is not None else ""

    facts = [
        ("job", str(job.id)),
        ("account", account),
        ("kind", job.kind.value),
        ("state", _state(job)),
        ("problem", job.problem.en if job.problem is not None else ""),
        ("name", job.title),
        ("taken as", job.source),
        ("documents", ", ".join(job.documents)),
        ("prepared", ", ".join(step.value for step in job.steps)),
        ("its subject", job.subject if Step.COVER_PAGE in job.steps else ""),
        ("with them", ", ".join(job.companions)),
        ("size", size(job.size) if job.size else ""),
        ("text", job.text[:200]),
        ("options", ", ".join(f"{name}={value}" for name, value in job.options.items())),
        ("new try of", f"job {job.previous}" if job.previous is not None else ""),
        ("taken", when(job.created_at)),
        ("planned for", when(job.at)),
        ("failing since", when(job.failing_since)),
        ("next look", when(job.due_at)),
        ("accepted", when(job.accepted_at)),
        ("ended", when(job.ended_at)),
        ("job at FAX.de", str(job.job_id) if job.job_id is not None else ""),
        ("pages", str(job.pages) if job.pages is not None else ""),
        ("tries", str(job.tries)),
        ("repetitions", str(job.repeats) if job.repeats else ""),
        ("looks", str(job.looks) if job.looks else ""),
        ("slip", job.slip if not job.state.is_end else ""),
        ("filed as", str(place / job.filed_as) if place is not None else job.filed_as),
    ]
    return [(name, value) for name, value in facts if value]


def _proof(job: Job, language: Language) -> list[tuple[str, str]]:
    """Where its transmission reports are, or why there are none."""
    from faxd.job import Proof
    from faxd.outbound.office.names import filed_names
    from faxd.outbound.proof.facts import is_owed

    said = ""
    if job.proof is Proof.MADE and job.filed_as:
        first, *more = filed_names(job, job.filed_as, language).proofs
        said = f"{first} and {len(more)} more" if more else first
    elif job.proof is Proof.WANTED and job.filed and is_owed(job):
        said = "to be made"
    elif job.proof is Proof.GIVEN_UP:
        said = "could not be made; the history says why"
    return [("transmission report", said)] if said else []


def _state(job: Job) -> str:
    from faxd.job import JobState

    words = [job.state.value]
    if job.hold is not None and job.state is JobState.HELD:
        words.append({"same": "sent just now already", "guard": "guard"}[job.hold.value])
    if job.doubt:
        words.append("in doubt")
    if job.cancel and not job.state.is_end:
        words.append("to be cancelled")
    if job.state.is_end and not job.filed:
        words.append("not filed yet")
    results = sorted({one.result for one in job.recipients if one.result})
    if job.state.is_end and results:
        words.append(results[0] if len(results) == 1 else "several results")
    return ", ".join(words)


def _whom(recipients: tuple[Recipient, ...]) -> str:
    if not recipients:
        return "-"
    more = f" and {len(recipients) - 1} more" if len(recipients) > 1 else ""
    return (recipients[0].address or "-") + more


def _row(one: Recipient, zone: tzinfo | None) -> tuple[str, ...]:
    from faxd.text import local_time

    return (
        one.address or "-",
        one.name or "-",
        one.reference or "-",
        one.result or "-",
        one.station_id or "-",
        str(one.pages) if one.pages is not None else "-",
        local_time(one.sent_at, zone) if one.sent_at is not None else "-",
        str(one.duration) if one.duration is not None else "-",
    )


def _lines(history: list[Event], zone: tzinfo | None) -> list[tuple[str, str, str]]:
    from faxd.text import local_time

    return [(local_time(event.at, zone), event.state.value, event.text) for event in history]
