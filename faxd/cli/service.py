"""Commands of the service itself: run, check, status."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from faxd.cli.common import EX_FAILED, holder_of, main, reading, require_owner, sole, with_config

if TYPE_CHECKING:
    from datetime import datetime

    from faxd.config import Config


@main.command()
@with_config
def run(config: Config, path: Path) -> None:
    """Run the daemon: fetch faxes until told to stop (SIGTERM); SIGHUP reads the configuration."""
    from faxd.daemon import Daemon
    from faxd.wiring import set_up_log

    set_up_log(config)
    with sole(config):
        Daemon(path, config).run()


@main.command()
@with_config
def check(config: Config, path: Path) -> None:
    """Try configuration, logins and folders; print what was found and what to do."""
    from faxd import log
    from faxd.checkup import check as findings
    from faxd.text import table

    log.configure(level="critical")
    require_owner(config)
    rows, good = [("good", "configuration", str(path))], True
    for finding in findings(config):
        rows.append(("good" if finding.good else "BAD", finding.subject, finding.detail))
        good = good and finding.good
    click.echo(table(("", "what", "found"), rows))
    if not good:
        sys.exit(EX_FAILED)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@with_config
def status(config: Config, path: Path, as_json: bool) -> None:
    """Show whether the daemon runs and how each account is doing."""
    from faxd.condition import statuses
    from faxd.text import local_time, plural, table

    pid = holder_of(config)
    with reading(config) as ledger:
        rows = statuses(config, ledger)
    if as_json:
        click.echo(json.dumps({"pid": pid, "accounts": rows}, indent=2, default=str))
        return
    click.echo("faxd does not run" if pid is None else f"faxd runs (pid {pid or 'unknown'})")
    cells = [
        (
            row["account"],
            local_time(row["last_success"], config.zone),
            plural(row["received"], "fax", "faxes"),
            _under_way(row["jobs"]),
            _state(row, pid),
        )
        for row in rows
    ]
    click.echo(table(("account", "last good poll", "received", "being sent", "state"), cells))
    if any(cell[-1] != _ALL_WELL for cell in cells):
        sys.exit(EX_FAILED)


_ALL_WELL = "all well"


def _under_way(jobs: Mapping[str, int]) -> str:
    """``2 waiting, 1 accepted``; a hyphen for an account that does not send."""
    found = [f"{count} {state}" for state, count in jobs.items() if count]
    return ", ".join(found) or ("nothing" if jobs else "-")


def _state(row: Mapping[str, Any], pid: int | None) -> str:
    """What is wrong with an account's receiving and its sending."""
    receiving = row["problem"] or _well(pid, row["last_poll"], row["overdue"])
    if row["send_problem"] is None:
        return str(receiving)
    sending = f"sending: {row['send_problem']}"
    return sending if receiving == _ALL_WELL else f"{receiving}; {sending}"


def _well(pid: int | None, last_poll: datetime | None, overdue: bool) -> str:
    """What to say of an account that has no problem of its own."""
    if pid is None:
        return "not polled: faxd does not run"
    if last_poll is None:
        return "not polled yet"
    return "no poll has ended for long: does its inbox hang?" if overdue else _ALL_WELL
