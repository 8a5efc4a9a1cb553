"""Commands of the service itself: run, check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from faxd.cli.common import EX_FAILED, main, require_owner, sole, with_config

if TYPE_CHECKING:
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
    from faxd.checkup import Grade
    from faxd.checkup import check as findings
    from faxd.text import table

    log.configure(level="critical")
    require_owner(config)
    rows, good = [("good", "configuration", str(path))], True
    for finding in findings(config):
        rows.append((finding.grade.value, finding.subject, finding.detail))
        good = good and finding.grade is not Grade.BAD
    click.echo(table(("", "what", "found"), rows))
    if not good:
        sys.exit(EX_FAILED)
