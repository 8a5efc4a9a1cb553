"""`faxd tell`: what people are told of, and whether they would be reached."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from faxd.cli.common import EX_FAILED, fail, main, reading, with_config

if TYPE_CHECKING:
    from faxd.config import Config
    from faxd.ledger import Ledger


@main.command()
@click.option("--test", "is_test", is_flag=True, help="Tell everybody, by every way, of nothing.")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, show_default=True)
@with_config
def tell(config: Config, path: Path, is_test: bool, limit: int) -> None:
    """Show what people were told of, and what became of that; or try it with --test."""
    if config.tell is None:
        fail("nobody is told of anything: the configuration has no section [tell]")
    if is_test:
        _test(config)
        return
    with reading(config) as ledger:
        _show(config, ledger, limit)


def _test(config: Config) -> None:
    from faxd.telling.ways import test

    good = True
    for done in test(config):
        good = good and done.problem is None
        click.echo(f"{done.way}: {done.problem or 'told'}")
    if not good:
        sys.exit(EX_FAILED)


def _show(config: Config, ledger: Ledger, limit: int) -> None:
    from faxd.text import local_time, printable

    found = ledger.incidents.newest(limit)
    if not found:
        click.echo("Nothing has been wrong yet.")
    for incident in found:
        over = incident.over_at
        until = f"until {local_time(over, config.zone)}" if over else "still so"
        began = local_time(incident.began_at, config.zone)
        click.echo(f"{began}  {printable(incident.key)}, {until}")
        click.echo(f"    {printable(incident.text)}")
        for notice in ledger.incidents.of(incident.id):
            what = "that it is over" if notice.is_end else "that it began"
            problem = f": {printable(notice.problem)}" if notice.problem else ""
            who = notice.way or "the program"
            click.echo(f"    {who}, {what}: {notice.state.value}{problem}")
