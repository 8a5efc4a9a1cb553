"""The command status: whether all is well, for people and for monitoring programs."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from faxd.cli.common import EX_CONFIG, fail, main, what_is_bad, with_path

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from faxd.config import Config
    from faxd.verdict import Disk, Facts, Verdict

_ALL_WELL = "all well"


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.option("--check", is_flag=True, help="One line with figures, for Nagios and its like.")
@click.option("--ignore-warnings", is_flag=True, help="Exit status 0 for warnings, too.")
@with_path
def status(path: Path, as_json: bool, check: bool, ignore_warnings: bool) -> None:
    """Show whether all is well; exit status 0 if so, 1 warning, 2 critical, 3 unknown."""
    from faxd.cli import plugin
    from faxd.clock import utc_now
    from faxd.config import ConfigError, load
    from faxd.verdict import Level, judge

    try:
        config = load(path)
    except ConfigError as error:
        said = what_is_bad(path, str(error))
        if check:
            click.echo(plugin.unknown(said))
            sys.exit(Level.UNKNOWN.value)
        fail(said, EX_CONFIG)
    facts, rows = _gathered(config)
    now = utc_now()
    verdict = judge(facts, now)
    if check:
        click.echo(plugin.line(facts, verdict, now))
    elif as_json:
        click.echo(json.dumps(_as_json(facts, verdict, rows, now), indent=2, default=str))
    else:
        click.echo(_screen(facts, verdict, rows, config.zone, now))
    if not (ignore_warnings and verdict.level is Level.WARNING):
        sys.exit(verdict.level.value)


def _gathered(config: Config) -> tuple[Facts, list[dict[str, Any]]]:
    """What can be known, and each account's row."""
    from faxd.condition import disks, look, statuses
    from faxd.ledger import LedgerError
    from faxd.lock import held_since, holder
    from faxd.shares import Shares
    from faxd.verdict import Facts, Level
    from faxd.wiring import ledger_path, open_ledger

    pid: int | None = 0
    try:
        pid = holder(config.state_dir)
        since = None if pid is None else held_since(config.state_dir)
        ledger = open_ledger(config, existing=True)
        try:
            facts = look(config, ledger, shares=Shares(), pid=pid, since=since)
            return facts, statuses(config, ledger, facts)
        finally:
            ledger.close()
    except OSError as error:
        where = error.filename or config.state_dir
        unread = f"{where}: {error.strerror}; only root and the user that faxd runs as may look"
        return Facts(pid=pid, unread=unread), []
    except LedgerError as error:
        # Without a file it may never have run; any other one should be usable.
        level = Level.CRITICAL if ledger_path(config).exists() else Level.UNKNOWN
        unread = str(error)
    except sqlite3.Error as error:
        unread, level = f"the ledger in {config.state_dir} cannot be read: {error}", Level.CRITICAL
    return Facts(pid=pid, unread=unread, unread_level=level, disks=disks(config, Shares())), []


# for people


def _screen(
    facts: Facts,
    verdict: Verdict,
    rows: list[dict[str, Any]],
    zone: tzinfo | None,
    now: datetime,
) -> str:
    from faxd.text import local_time, plural, printable, table

    runs = "faxd does not run" if facts.pid is None else f"faxd runs (pid {facts.pid or 'unknown'})"
    if facts.since is not None:
        runs += f" since {local_time(facts.since, zone)}"
    parts = [printable(verdict.headline(now)), runs]
    if rows:
        shown = [
            (
                row["account"],
                local_time(row["last_success"], zone),
                plural(row["received"], "fax", "faxes"),
                _under_way(row["jobs"]),
                _state(row["account"], facts, verdict),
            )
            for row in rows
        ]
        head = ("account", "last good poll", "received", "being sent", "state")
        parts += ["", table(head, shown)]
    if facts.disks:
        head = ("folder", "account", "free", "of", "where")
        parts += ["", table(head, [_disk(disk) for disk in facts.disks])]
    if verdict.remarks:
        found = [(each.level.name, each.account, each.text) for each in verdict.remarks]
        parts += ["", table(("", "account", "what is wrong, and what to do"), found)]
    return "\n".join(parts)


def _under_way(jobs: Mapping[str, int]) -> str:
    """``2 waiting, 1 accepted``; a hyphen for an account that does not send."""
    found = [f"{count} {state}" for state, count in jobs.items() if count]
    return ", ".join(found) or ("nothing" if jobs else "-")


def _state(account: str, facts: Facts, verdict: Verdict) -> str:
    """What is wrong with an account, in short."""
    found = [each for each in verdict.remarks if each.account == account]
    words = [each.text.partition(";")[0] for each in found]
    if facts.pid is None:
        words.insert(0, "not polled: faxd does not run")
    return "; ".join(words) or _ALL_WELL


def _disk(disk: Disk) -> tuple[str, ...]:
    from faxd.text import size

    if disk.problem is not None:
        return disk.what, disk.account, "?", "?", disk.path
    return disk.what, disk.account, size(disk.free), size(disk.size), disk.path


# for programs


def _as_json(
    facts: Facts, verdict: Verdict, rows: list[dict[str, Any]], now: datetime
) -> dict[str, Any]:
    return {
        "verdict": verdict.level.name,
        "summary": verdict.headline(now),
        "pid": facts.pid,
        "since": facts.since,
        "remarks": [
            {
                "level": each.level.name,
                "kind": each.kind.value,
                "account": each.account or None,
                "text": each.text,
            }
            for each in verdict.remarks
        ],
        "accounts": rows,
        "disks": [
            {
                "folder": disk.what,
                "account": disk.account or None,
                "path": disk.path,
                "free": None if disk.problem else disk.free,
                "size": None if disk.problem else disk.size,
                "problem": disk.problem,
            }
            for disk in facts.disks
        ],
    }
