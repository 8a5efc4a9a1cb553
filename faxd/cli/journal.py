"""The journal of what came and went: journal."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from faxd.cli.common import EX_FAILED, account_named, fail, main, reading, with_config

if TYPE_CHECKING:
    from datetime import tzinfo

    from faxd.config import Config
    from faxd.ledger import Entry, Verdict

_HEAD = (
    *("entry", "account", "direction", "kind", "when", "number", "name", "reference"),
    *("pages", "result", "file", "sha256"),
)
#: what a spreadsheet takes for a formula, unless it is a number
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@main.command()
@click.argument("account", required=False)
@click.option(
    "--from", "begin", type=click.DateTime(["%Y-%m-%d"]), help="First day, such as 2026-01-01."
)
@click.option(
    "--to", "end", type=click.DateTime(["%Y-%m-%d"]), help="Last day, such as 2026-12-31."
)
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet (RFC 4180, UTF-8).")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, one entry a line.")
@click.option("--verify", is_flag=True, help="Check that no entry was changed or is missing.")
@with_config
def journal(
    config: Config,
    path: Path,
    account: str | None,
    begin: datetime | None,
    end: datetime | None,
    as_csv: bool,
    as_json: bool,
    verify: bool,
) -> None:
    """List what came and what went, in and out, of all accounts or of ACCOUNT (its name).

    The days are those of the office's time zone. What is listed was entered when it happened, and
    each entry is chained to the one before it: --verify finds one that was changed or taken out.
    """
    if as_csv and as_json:
        fail("--csv or --json, not both")
    number = account_named(config, account).account if account else None
    names = {each.account: each.name for each in config.accounts}
    with reading(config) as ledger:
        if verify:
            wanted = [number] if number else ledger.journal.accounts()
            _tell([ledger.journal.verify(each) for each in wanted], names)
            return
        found = ledger.journal.entries(
            number,
            _midnight(begin.date(), config.zone) if begin else None,
            _midnight(end.date() + timedelta(days=1), config.zone) if end else None,
        )
        if as_json:
            for entry in found:
                click.echo(json.dumps(_as_dict(entry, names), ensure_ascii=False))
        elif as_csv:
            _print_csv(found, names, config.zone)
        else:
            _print(found, names, config.zone)


def _midnight(day: date, zone: tzinfo | None) -> datetime:
    """When a day of the office begins."""
    return datetime(day.year, day.month, day.day).replace(tzinfo=zone).astimezone()


def _as_dict(entry: Entry, names: dict[str, str]) -> dict[str, object]:
    return {
        "entry": entry.number,
        "account": names.get(entry.account, entry.account),
        "record": entry.record,
        **entry.facts,
        "hash": entry.hash,
    }


def _print_csv(found: Iterable[Entry], names: dict[str, str], zone: tzinfo | None) -> None:
    # By this spreadsheets know that it is UTF-8.
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    sys.stdout.write("\ufeff")
    writer = csv.writer(sys.stdout)
    writer.writerow(_HEAD)
    for entry in found:
        writer.writerow([_harmless(cell) for cell in _cells(entry, names, zone)])


def _print(found: Iterable[Entry], names: dict[str, str], zone: tzinfo | None) -> None:
    from faxd.text import table

    rows = [_cells(entry, names, zone) for entry in found]
    for row in rows:
        row[-1] = row[-1][:12]
    click.echo(table(_HEAD, rows))


def _cells(entry: Entry, names: dict[str, str], zone: tzinfo | None) -> list[str]:
    from faxd.text import local_time

    facts = entry.facts
    return [
        str(entry.number),
        names.get(entry.account, entry.account),
        facts["direction"],
        facts["kind"],
        local_time(datetime.fromisoformat(facts["at"]), zone),
        facts["who"],
        facts["name"],
        facts["reference"],
        "" if facts["pages"] is None else str(facts["pages"]),
        facts["result"],
        facts["file"],
        " ".join(facts["sha256"]),
    ]


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: senders choose what stands in some."""
    plain = cell[1:].replace(" ", "").isdigit() and cell[0] == "+"
    return f"'{cell}" if cell.startswith(_FORMULA) and not plain else cell


def _tell(verdicts: list[Verdict], names: dict[str, str]) -> None:
    """Say what a check has found; the exit status is 1 if anything is wrong."""
    from faxd.text import plural

    for verdict in verdicts:
        name = names.get(verdict.account, verdict.account)
        entries = plural(verdict.entries, "entry", "entries")
        if verdict.problems:
            click.echo(f"{name}: NOT as it was written ({entries}):")
            for problem in verdict.problems:
                click.echo(f"  {problem}")
        else:
            click.echo(f"{name}: {entries}, unbroken; the last hash is {verdict.last}")
    if any(verdict.problems for verdict in verdicts):
        sys.exit(EX_FAILED)
    if not verdicts:
        click.echo("The journal is empty.")
