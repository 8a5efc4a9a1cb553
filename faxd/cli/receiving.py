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
    from datetime import tzinfo

    from faxd.config import Config
    from faxd.ledger import Action, Received


@main.command()
@click.option("-v", "--verbose", is_flag=True, help="Show the log.")
@with_config
def poll(config: Config, path: Path, verbose: bool) -> None:
    """Fetch every account's faxes once; the exit status is 0 if all went well."""
    from faxd import log
    from faxd.progress import PollProgress
    from faxd.wiring import poll_once

    log.configure(
        level=config.log_level if verbose else "critical", hide_numbers=config.log_hides_numbers
    )
    good = True
    with sole(config):
        for account, report in poll_once(config, PollProgress(sys.stderr)):
            if report.problem is not None:
                good = False
                click.echo(f"faxd: {account.name}: {report.problem}", err=True)
    if not good:
        sys.exit(EX_FAILED)


@main.command()
@click.argument("which", required=False, metavar="[ACCOUNT|N]")
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
def received(config: Config, path: Path, which: str | None, limit: int, as_json: bool) -> None:
    """List received faxes, of all accounts or of ACCOUNT (its name); or show all of fax N."""
    from faxd.text import local_time, size, table

    names = {each.account: each.name for each in config.accounts}
    if which is not None and which.isdecimal() and which not in names.values():
        _show(config, names, int(which), as_json)
        return
    number = account_named(config, which).account if which else None
    with reading(config) as ledger:
        faxes = ledger.received(number, limit)
    if as_json:
        for fax in faxes:
            click.echo(json.dumps({"number": fax.id} | fax.as_dict(), ensure_ascii=False))
        return
    rows = [
        (
            str(fax.id),
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
    head = ("fax", "received", "account", "from", "station id", "pages", "size", "state", "file")
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


def _show(config: Config, names: dict[str, str], number: int, as_json: bool) -> None:
    """All that is known of one fax, and what became of it."""
    from faxd.text import local_time, printable, size, table

    with reading(config) as ledger:
        # A larger number than any row has is none.
        fax = ledger.fax(number) if number < 1 << 63 else None
        if fax is None:
            fail(f"there is no fax {number}; faxd received lists them")
        actions = ledger.actions.of_fax(number)
    if as_json:
        told = [_as_dict(action) for action in actions]
        whole = {"number": fax.id} | fax.as_dict() | {"planned": fax.planned, "actions": told}
        click.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    zone = config.zone
    facts = [
        ("fax", str(fax.id)),
        ("account", names.get(fax.account, fax.account)),
        ("number at FAX.de", str(fax.fax_id)),
        ("received", local_time(fax.received_at, zone)),
        ("from", fax.originator),
        ("station id", fax.station_id),
        ("pages", str(fax.pages) if fax.pages is not None else "?"),
        ("size", size(fax.size)),
        ("sha256", fax.sha256),
        ("damage", fax.damage or ""),
        ("warning", fax.warning or ""),
        ("state", _state(fax)),
        ("saved", local_time(fax.saved_at, zone) if fax.saved_at else ""),
        ("deleted at FAX.de", local_time(fax.deleted_at, zone) if fax.deleted_at else ""),
        ("file", f"{fax.folder}/{fax.path}"),
    ]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        if value:
            click.echo(f"{name.ljust(width)}  {printable(value)}")
    click.echo()
    if actions:
        head = ("action", "what", "state", "tries", "when", "problem")
        click.echo(table(head, [_action(action, zone) for action in actions]))
    else:
        click.echo("Nothing else was to be done." if fax.planned else "Not looked at yet.")


def _action(action: Action, zone: tzinfo | None) -> tuple[str, ...]:
    from faxd.text import local_time

    if action.ended_at is not None:
        when = local_time(action.ended_at, zone)
    else:
        when = f"due {local_time(action.due_at, zone)}"
    return (
        action.kind.value,
        _what(action) or "-",
        action.state.value,
        str(action.tries),
        when,
        action.problem or "-",
    )


def _what(action: Action) -> str:
    """Whom or what it is for."""
    settings = action.settings
    given = settings.get("to") or settings.get("printer") or " ".join(settings.get("argv", ()))
    return str(given)


def _as_dict(action: Action) -> dict[str, object]:
    from faxd.ledger.database import to_row

    row = to_row(action) | {"settings": dict(action.settings)}
    return {name: value for name, value in row.items() if name not in {"id", "fax", "account"}}


def _state(fax: Received) -> str:
    here = "damaged" if fax.damage else "fetched"
    return here if fax.deleted_at else f"{here}, still at FAX.de"
