"""Commands for what is received: poll, received, discard."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from faxd.cli.common import (
    EX_FAILED,
    account_named,
    fail,
    main,
    reading,
    require_owner,
    sole,
    with_config,
)

if TYPE_CHECKING:
    from faxd.config import Config
    from faxd.ledger import Received


@main.command()
@click.option("-v", "--verbose", is_flag=True, help="Show the log.")
@with_config
def poll(config: Config, path: Path, verbose: bool) -> None:
    """Fetch every account's faxes once; the exit status is 0 if all went well."""
    from faxd import log
    from faxd.progress import PollProgress
    from faxd.wiring import poll_once

    log.configure(level=config.log_level if verbose else "critical")
    good = True
    with sole(config):
        for account, report in poll_once(config, PollProgress(sys.stderr)):
            if report.problem is not None:
                good = False
                click.echo(f"faxd: {account.name}: {report.problem}", err=True)
    if not good:
        sys.exit(EX_FAILED)


@main.command()
@click.argument("account", required=False)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="How many, newest last.",
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, one fax a line.")
@with_config
def received(config: Config, path: Path, account: str | None, limit: int, as_json: bool) -> None:
    """List received faxes, of all accounts or of ACCOUNT (its name)."""
    from faxd.text import local_time, size, table

    number = account_named(config, account).account if account else None
    names = {each.account: each.name for each in config.accounts}
    with reading(config) as ledger:
        faxes = ledger.received(number, limit)
    if as_json:
        for fax in faxes:
            click.echo(json.dumps(fax.as_dict(), ensure_ascii=False))
        return
    rows = [
        (
            local_time(fax.received_at, config.zone),
            names.get(fax.account, fax.account),
            fax.originator or "-",
            fax.station_id or "-",
            str(fax.pages) if fax.pages is not None else "?",
            size(fax.size),
            _state(fax),
            fax.path,
        )
        for fax in faxes
    ]
    head = ("received", "account", "from", "station id", "pages", "size", "state", "file")
    click.echo(table(head, rows))


@main.command()
@click.argument("account")
@click.argument("fax_id", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_config
def discard(config: Config, path: Path, account: str, fax_id: int, yes: bool) -> None:
    """Delete a fax on the server unseen: one that is empty or held there and blocks all others."""
    from faxd.config import PasswordError
    from faxd.faxde import FaxdeError
    from faxd.wiring import client_for, connect

    require_owner(config)
    settings = account_named(config, account)
    with reading(config) as ledger:
        copies = ledger.find_id(settings.account, fax_id)
    if copies:
        click.echo(f"A copy is here: {', '.join(copy.path for copy in copies)}")
    else:
        click.echo(f"faxd holds NO copy of fax {fax_id}: it was never saved here.")
    if not yes:
        click.confirm(f"Delete fax {fax_id} of {account} at FAX.de, for good?", abort=True)
    service = connect(config)
    try:
        was_there = client_for(service, settings).delete_received(fax_id)
    except (FaxdeError, PasswordError) as error:
        fail(f"not deleted: {error}")
    finally:
        service.close()
    click.echo(f"Fax {fax_id} {'is deleted' if was_there else 'was not there'} at FAX.de.")


def _state(fax: Received) -> str:
    here = "damaged" if fax.damage else "fetched"
    return here if fax.deleted_at else f"{here}, still at FAX.de"
