"""The commands: parse, call, print. What is heavy is imported by the command that needs it."""

from __future__ import annotations

import functools
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from faxd import __version__

if TYPE_CHECKING:
    from datetime import datetime

    from faxd.config import AccountSettings, Config
    from faxd.ledger import Ledger, Received

#: exit statuses (sysexits.h): the unit file keeps systemd from starting anew after the first
EX_CONFIG = 78
EX_BUSY = 75
EX_FAILED = 1


def _fail(message: str, status: int = EX_FAILED) -> NoReturn:
    for line in message.splitlines():
        click.echo(f"faxd: {line}", err=True)
    sys.exit(status)


def _with_config(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command ``-c/--config``, and the configuration as its first argument."""

    @click.option(
        "-c",
        "--config",
        "path",
        type=click.Path(path_type=Path, readable=False),
        default=Path("/etc/faxd/config.toml"),
        envvar="FAXD_CONFIG",
        show_default=True,
        help="The configuration file.",
    )
    @functools.wraps(command)
    def run(path: Path, **arguments: Any) -> None:
        from faxd.config import ConfigError, load

        try:
            command(load(path), path=path, **arguments)
        except ConfigError as error:
            message = str(error)
            _fail(message if message.startswith(str(path)) else f"{path}: {message}", EX_CONFIG)

    return run


@contextmanager
def _sole(config: Config) -> Iterator[None]:
    """Be the only one, and the right one, that works with the state folder."""
    from faxd.ledger import LedgerError
    from faxd.lock import Busy, Lock
    from faxd.wiring import make_state_dir

    _require_owner(config)
    try:
        with Lock(make_state_dir(config)):
            yield
    except Busy as error:
        _fail(str(error), EX_BUSY)
    except LedgerError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or config.state_dir}: {error.strerror or error}")


def _require_owner(config: Config) -> None:
    """Refuse to work as root in another user's folders: the daemon could not use the files."""
    import pwd

    if os.geteuid() != 0:
        return
    places = (config.state_dir, *(account.inbox for account in config.accounts))
    place = next((place for place in places if place.exists()), None)
    owner = place.stat().st_uid if place else 0
    if place and owner != 0:
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = f"#{owner}"
        _fail(f"{place} belongs to {name}: run this as that user (runuser -u {name} -- faxd ...)")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="faxd")
def main() -> None:
    """A daemon that turns a FAX.de account into folders."""


@main.command()
@_with_config
def run(config: Config, path: Path) -> None:
    """Run the daemon: fetch faxes until told to stop (SIGTERM); SIGHUP reads the configuration."""
    from faxd import log
    from faxd.daemon import Daemon

    log.configure(level=config.log_level)
    with _sole(config):
        Daemon(path, config).run()


@main.command()
@click.option("-v", "--verbose", is_flag=True, help="Show the log.")
@_with_config
def poll(config: Config, path: Path, verbose: bool) -> None:
    """Fetch every account's faxes once; the exit status is 0 if all went well."""
    from faxd import log
    from faxd.progress import PollProgress
    from faxd.wiring import poll_once

    log.configure(level=config.log_level if verbose else "critical")
    good = True
    with _sole(config):
        for account, report in poll_once(config, PollProgress(sys.stderr)):
            if report.problem is not None:
                good = False
                click.echo(f"faxd: {account.name}: {report.problem}", err=True)
    if not good:
        sys.exit(EX_FAILED)


@main.command()
@_with_config
def check(config: Config, path: Path) -> None:
    """Try configuration, logins and folders; print what was found and what to do."""
    from faxd import log
    from faxd.checkup import check as findings
    from faxd.text import table

    log.configure(level="critical")
    _require_owner(config)
    rows, good = [("good", "configuration", str(path))], True
    for finding in findings(config):
        rows.append(("good" if finding.good else "BAD", finding.subject, finding.detail))
        good = good and finding.good
    click.echo(table(("", "what", "found"), rows))
    if not good:
        sys.exit(EX_FAILED)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@_with_config
def status(config: Config, path: Path, as_json: bool) -> None:
    """Show whether the daemon runs and how each account is doing."""
    from faxd.condition import statuses
    from faxd.lock import holder
    from faxd.text import local_time, plural, table

    try:
        pid = holder(config.state_dir)
    except OSError as error:
        _fail(f"{config.state_dir}: {error.strerror}; only root and its owner may look")
    with _reading(config) as ledger:
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
            row["problem"] or _well(pid, row["last_poll"], row["overdue"]),
        )
        for row in rows
    ]
    click.echo(table(("account", "last good poll", "received", "state"), cells))
    if any(cell[-1] != _ALL_WELL for cell in cells):
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
@_with_config
def received(config: Config, path: Path, account: str | None, limit: int, as_json: bool) -> None:
    """List received faxes, of all accounts or of ACCOUNT (its name)."""
    from faxd.text import local_time, size, table

    number = _account(config, account).account if account else None
    names = {each.account: each.name for each in config.accounts}
    with _reading(config) as ledger:
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
@_with_config
def discard(config: Config, path: Path, account: str, fax_id: int, yes: bool) -> None:
    """Delete a fax on the server unseen: one that is empty or held there and blocks all others."""
    from faxd.config import PasswordError
    from faxd.faxde import FaxdeError
    from faxd.wiring import client_for, connect

    _require_owner(config)
    settings = _account(config, account)
    with _reading(config) as ledger:
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
        _fail(f"not deleted: {error}")
    finally:
        service.close()
    click.echo(f"Fax {fax_id} {'is deleted' if was_there else 'was not there'} at FAX.de.")


@main.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8800,
    show_default=True,
    help="Port on the loopback interface.",
)
@click.option(
    "--every",
    type=click.FloatRange(0.1),
    default=30.0,
    show_default=True,
    help="Seconds between two sample faxes.",
)
@click.option(
    "-c", "--config", "path", type=click.Path(path_type=Path), help="Serve the accounts of it."
)
def simulate(port: int, every: float, path: Path | None) -> None:
    """Run a stand-in for FAX.de on this machine, to try faxd without an account."""
    from faxd.demo import serve

    with _told():
        serve(port, every, path)


@main.command()
@click.option("--once", is_flag=True, help="End by itself when three faxes have arrived.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where to put the folders. [a temporary one]"
)
@click.option(
    "-c", "--config", "path", type=click.Path(path_type=Path), help="Try the settings of this one."
)
def demo(once: bool, folder: Path | None, path: Path | None) -> None:
    """Watch faxes arrive: the real daemon on a stand-in for FAX.de, in a folder of its own."""
    from faxd.demo import run as run_demo

    with _told():
        missing = run_demo(folder, once=once, path=path)
    if missing:
        _fail(missing)


_ALL_WELL = "all well"


def _well(pid: int | None, last_poll: datetime | None, overdue: bool) -> str:
    """What to say of an account that has no problem of its own."""
    if pid is None:
        return "not polled: faxd does not run"
    if last_poll is None:
        return "not polled yet"
    return "no poll has ended for long: does its inbox hang?" if overdue else _ALL_WELL


def _state(fax: Received) -> str:
    here = "damaged" if fax.damage else "fetched"
    return here if fax.deleted_at else f"{here}, still at FAX.de"


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the user's or the machine's, in words."""
    from faxd.config import ConfigError, PasswordError

    try:
        yield
    except ConfigError as error:
        _fail(str(error), EX_CONFIG)
    except PasswordError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'this machine'}: {error.strerror or error}")


@contextmanager
def _reading(config: Config) -> Iterator[Ledger]:
    """The ledger, for a command that only looks."""
    from faxd.ledger import LedgerError
    from faxd.wiring import open_ledger

    try:
        ledger = open_ledger(config, existing=True)
    except LedgerError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{config.state_dir}: {error.strerror}; only root and its owner may look")
    try:
        yield ledger
    except sqlite3.Error as error:
        _fail(f"the ledger in {config.state_dir} cannot be read: {error}")
    finally:
        ledger.close()


def _account(config: Config, name: str) -> AccountSettings:
    for account in config.accounts:
        if account.name == name:
            return account
    known = ", ".join(account.name for account in config.accounts)
    _fail(f"there is no account {name!r}; the configuration knows {known}")
