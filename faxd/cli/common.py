"""What the commands share: exit statuses, the configuration, the lock, the ledger."""

from __future__ import annotations

import functools
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from faxd import __version__

if TYPE_CHECKING:
    from faxd.config import AccountSettings, Config
    from faxd.job import Job
    from faxd.ledger import Ledger

#: exit statuses (sysexits.h): the unit file keeps systemd from starting anew after the first
EX_CONFIG = 78
EX_BUSY = 75
EX_FAILED = 1
#: as config.example.toml has it
_STATE_DIR = "/var/lib/faxd"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="faxd")
def main() -> None:
    """A daemon that turns a FAX.de account into folders."""


def fail(message: str, status: int = EX_FAILED) -> NoReturn:
    """Say what went wrong, and end."""
    for line in message.splitlines():
        click.echo(f"faxd: {line}", err=True)
    sys.exit(status)


with_path = click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path, readable=False),
    default=Path("/etc/faxd/config.toml"),
    envvar="FAXD_CONFIG",
    show_default=True,
    help="The configuration file.",
)


def with_config(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command ``-c/--config``, and the configuration as its first argument."""

    @with_path
    @functools.wraps(command)
    def run(path: Path, **arguments: Any) -> None:
        from faxd.config import ConfigError, load

        try:
            command(load(path), path=path, **arguments)
        except ConfigError as error:
            fail(what_is_bad(path, str(error)), EX_CONFIG)

    return run


def what_is_bad(path: Path, message: str) -> str:
    """What is wrong with a configuration, and what that means for a daemon that runs."""
    message = message if message.startswith(str(path)) else f"{path}: {message}"
    return f"{message}{_of_a_daemon(path)}"


def _of_a_daemon(path: Path) -> str:
    """That one runs on with the configuration it has read, if that can be told of a bad one."""
    from faxd.lock import holder

    # It may be bad in any way: what it says of state_dir is looked for as text.
    with suppress(OSError, ValueError):
        found = re.search(r"^\s*state_dir\s*=\s*[\"']([^\"']+)", path.read_text(), re.MULTILINE)
        pid = holder(Path(found[1] if found else _STATE_DIR))
        if pid is not None:
            return (
                f"\nfaxd (pid {pid or 'unknown'}) runs on with the configuration that it has; when"
                " this one is mended, SIGHUP (systemctl reload faxd) has it read"
            )
    return ""


@contextmanager
def sole(config: Config) -> Iterator[None]:
    """Be the only one, and the right one, that works with the state folder."""
    from faxd.ledger import LedgerError
    from faxd.lock import Busy, Lock
    from faxd.wiring import make_state_dir

    require_owner(config)
    try:
        with Lock(make_state_dir(config)):
            yield
    except Busy as error:
        fail(str(error), EX_BUSY)
    except LedgerError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or config.state_dir}: {error.strerror or error}")


def require_owner(config: Config) -> None:
    """Refuse to work as root in another user's folders: the daemon could not use the files."""
    import pwd

    if os.geteuid() != 0:
        return
    folders = [account.inbox for account in config.accounts]
    folders += [account.outbox for account in config.accounts if account.outbox is not None]
    place = next((place for place in (config.state_dir, *folders) if place.exists()), None)
    owner = place.stat().st_uid if place else 0
    if place and owner != 0:
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = f"#{owner}"
        fail(f"{place} belongs to {name}: run this as that user (runuser -u {name} -- faxd ...)")


@contextmanager
def reading(config: Config) -> Iterator[Ledger]:
    """The ledger, for a command that only looks."""
    with _ledger(config, existing=True) as ledger:
        yield ledger


@contextmanager
def writing(config: Config, *, existing: bool = True) -> Iterator[Ledger]:
    """The ledger, for a command that writes into it beside a daemon, or without one."""
    from faxd.wiring import make_state_dir

    require_owner(config)
    try:
        make_state_dir(config)
    except OSError as error:
        fail(f"{config.state_dir}: {error.strerror or error}")
    with _ledger(config, existing=existing) as ledger:
        yield ledger


@contextmanager
def _ledger(config: Config, *, existing: bool) -> Iterator[Ledger]:
    from faxd.ledger import LedgerError
    from faxd.wiring import open_ledger

    try:
        ledger = open_ledger(config, existing=existing)
    except LedgerError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{config.state_dir}: {error.strerror}; only root and its owner may look")
    try:
        yield ledger
    except sqlite3.Error as error:
        fail(f"the ledger in {config.state_dir} cannot be used: {error}")
    except LedgerError as error:
        fail(str(error))
    finally:
        ledger.close()


def holder_of(config: Config) -> int | None:
    """Pid of the faxd that works with the state folder (0: unknown); None if there is none."""
    from faxd.lock import holder

    try:
        return holder(config.state_dir)
    except OSError as error:
        fail(f"{config.state_dir}: {error.strerror}; only root and its owner may look")


def account_named(config: Config, name: str) -> AccountSettings:
    """The account of that name."""
    for account in config.accounts:
        if account.name == name:
            return account
    known = ", ".join(account.name for account in config.accounts)
    fail(f"there is no account {name!r}; the configuration knows {known}")


def account_that_sends(config: Config, name: str | None) -> AccountSettings:
    """The account of that name; with none given, the one that can send, if there is only one."""
    if name is not None:
        account = account_named(config, name)
        if account.outbox is None:
            fail(f"{name} only receives; to send, give it an outbox in the configuration")
        return account
    able = [account for account in config.accounts if account.outbox is not None]
    if not able:
        fail("no account sends; give one an outbox in the configuration")
    if len(able) > 1:
        fail(f"which account? --account {' or '.join(account.name for account in able)}")
    return able[0]


def job_of(config: Config, ledger: Ledger, number: int) -> tuple[Job, AccountSettings | None]:
    """The job of that number, and its account if the configuration still knows it."""
    job = ledger.jobs.get(number)
    if job is None:
        fail(f"there is no job {number}; faxd jobs lists them")
    account = next((one for one in config.accounts if one.account == job.account), None)
    return job, account


def job_to_change(config: Config, ledger: Ledger, number: int) -> tuple[Job, AccountSettings]:
    """The job of that number, of an account that sends."""
    job, account = job_of(config, ledger, number)
    if account is None or account.outbox is None:
        fail(f"job {number} is of account {job.account}, which has no outbox in the configuration")
    return job, account


@contextmanager
def told() -> Iterator[None]:
    """Errors of the user's or the machine's, in words."""
    from faxd.config import ConfigError, PasswordError

    try:
        yield
    except ConfigError as error:
        fail(str(error), EX_CONFIG)
    except PasswordError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or 'this machine'}: {error.strerror or error}")
