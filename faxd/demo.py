"""`faxd demo`: the stand-in server and the real daemon together, told in plain words."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from pathlib import Path

from faxd.config import AccountSettings, Config, load
from faxd.ledger import FaxState, Ledger
from faxd.simulator import Account, LogEntry, Simulator
from faxd.simulator.samples import Sample, all_samples
from faxd.text import plural, size

#: seconds between two polls of the demo's daemon
_INTERVAL = 2
#: seconds between two arrivals, and between them once the first three have come
_BETWEEN, _LATER = 1.5, 20.0
#: seconds in which all faxes must be there with --once
_PATIENCE = 20.0
_PASSWORD = "demo-password"  # noqa: S105 (of the stand-in on this machine)


@dataclass(frozen=True)
class _Share:
    """The folders of the demo."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def state(self) -> Path:
        return self.root / "state"

    def inbox(self, name: str) -> Path:
        return self.root / name / "inbox"

    def outbox(self, name: str) -> Path:
        return self.root / name / "outbox"


def run(folder: Path | None, *, once: bool, path: Path | None) -> str | None:
    """Show faxes arrive until Ctrl-C; with ``once`` three of them, and return what is missing.

    ``folder`` holds everything (None: a new temporary folder, which stays); ``path`` names a
    configuration whose settings are tried, with other folders and without its passwords.

    Raises:
        ConfigError: ``path`` cannot be used.
        OSError: the folders cannot be made.
    """
    given = load(path) if path else None
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Ended however: the daemon must not be left behind.
        signal.signal(number, signal.default_int_handler)
    root = folder.absolute() if folder else Path(tempfile.mkdtemp(prefix="faxd-demo-"))
    share = _Share(root)
    names = [account.name for account in given.accounts] if given else ["demo"]
    numbers = [account.account for account in given.accounts] if given else ["123456"]
    accounts = [Account(number=number, password=_PASSWORD) for number in numbers]
    with Simulator(accounts=accounts) as server:
        _write_share(share, server.wsdl_url, given, names)
        _say(f"A stand-in for FAX.de listens at {server.base_url}")
        _say(f"The office's folders are in   {share.root}")
        for name in names:
            _say(f"Received faxes appear in      {share.inbox(name)}")
        server.on_completed(lambda entry: _tell(entry, share))
        with _daemon(share) as process:
            try:
                return _show(server, process, share, numbers[0], names[0], once=once)
            except KeyboardInterrupt:
                _say("")
                _say(
                    f"Ended. The faxes stay in {share.root} (a temporary folder: delete it freely)."
                )
                return None


def _show(
    server: Simulator,
    process: subprocess.Popen[bytes],
    share: _Share,
    number: str,
    name: str,
    *,
    once: bool,
) -> str | None:
    samples = all_samples()
    sent: list[tuple[int, Sample]] = []
    for count, sample in enumerate(cycle(samples)):
        if count >= len(samples):
            if once:
                break
            if count == len(samples):
                _say("Another fax arrives every 20 seconds. Ctrl-C ends the demo.")
            time.sleep(_LATER)
        else:
            time.sleep(_BETWEEN)
        if process.poll() is not None:
            return f"the daemon ended by itself; see {share.root / 'faxd.log'}"
        fax_id = server.add_fax(
            number, sample.path, originator=sample.originator, remote_id=sample.remote_id
        )
        sent.append((fax_id, sample))
        _say(
            f"Somebody sends a fax of {plural(sample.pages, 'page')} from {sample.originator}:"
            " it waits at FAX.de."
        )
    deadline = time.monotonic() + _PATIENCE
    while server.queue(number) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
    _end(process)
    missing = _missing(share, number, name, sent)
    if missing is None:
        _say(f"All {len(sent)} faxes are in {share.inbox(name)}, byte for byte. Look at them.")
    return missing


def _missing(share: _Share, number: str, name: str, sent: list[tuple[int, Sample]]) -> str | None:
    """What the inbox or the ledger lacks; None if nothing."""
    ledger = Ledger(share.state / "ledger.sqlite")
    try:
        for fax_id, sample in sent:
            records = ledger.find_id(number, fax_id)
            if [record.state for record in records] != [FaxState.DELETED]:
                return f"fax {fax_id} was not saved, recorded and deleted on the server"
            file = share.inbox(name) / records[0].path
            if not file.is_file() or file.read_bytes() != sample.path.read_bytes():
                return f"{file} is not the fax that was sent"
    finally:
        ledger.close()
    files = [file for file in share.inbox(name).rglob("*.tif*") if ".faxd" not in file.parts]
    return None if len(files) == len(sent) else f"{len(sent)} faxes, but {len(files)} files"


def _tell(entry: LogEntry, share: _Share) -> None:
    """Say what the daemon did, as the server saw it."""
    if entry.code != 0:
        return
    if entry.call == "RequestReceived":
        _say(f"  faxd fetches fax {entry.fax_id} ...")
    elif entry.call == "DeleteReceived":
        found = [
            file
            for file in share.root.rglob(f"*{entry.fax_id}*.tif*")
            if not any(part.startswith(".") for part in file.relative_to(share.root).parts)
        ]
        for file in found:
            _say(f"  ... and has it safe on the disk: {file.name}, {size(file.stat().st_size)}.")
        _say("  Only now faxd has FAX.de delete it there.")


def _write_share(share: _Share, wsdl: str, given: Config | None, names: list[str]) -> None:
    """Folders, password and configuration."""
    for name in names:
        for path in (share.inbox(name), share.outbox(name)):
            path.mkdir(parents=True, exist_ok=True)
    secret = share.root / "password"
    secret.touch(mode=0o600)
    secret.write_text(_PASSWORD + "\n")
    lines = [f"state_dir = {_toml(share.state)}"]
    if given and given.timezone:
        lines.append(f"timezone = {_toml(given.timezone)}")
    lines += ["[service]", f"wsdl = {_toml(wsdl)}"]
    for index, name in enumerate(names):
        account = given.accounts[index] if given else None
        lines += [
            "[[accounts]]",
            f"name = {_toml(name)}",
            f"account = {_toml(account.account if account else '123456')}",
            f"password_file = {_toml(secret)}",
            f"poll_interval = {_INTERVAL}",
            f"inbox = {_toml(share.inbox(name))}",
            f"outbox = {_toml(share.outbox(name))}",
            *(_tried_settings(account) if account else ()),
        ]
    share.config.write_text("\n".join(lines) + "\n")


def _tried_settings(account: AccountSettings) -> Iterator[str]:
    """The settings of a given configuration that do not lead out of the demo."""
    own = {"name", "account", "poll_interval", "inbox", "outbox", "inbox_marker", "group"}
    for key in sorted(account.model_fields_set - own):
        if key.startswith("password"):
            continue
        value = getattr(account, key)
        yield f"{key} = {_toml(oct(value)[2:].zfill(4) if key.endswith('_mode') else value)}"


def _toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@contextlib.contextmanager
def _daemon(share: _Share) -> Iterator[subprocess.Popen[bytes]]:
    """The real daemon, as a process of its own."""
    with (share.root / "faxd.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-m", "faxd", "run", "-c", str(share.config)],
            stderr=log,
            # Ctrl-C is for the demo, which ends the daemon in its own way.
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def serve(port: int, every: float, path: Path | None) -> None:
    """`faxd simulate`: the stand-in alone, until Ctrl-C.

    Raises:
        ConfigError, PasswordError: the accounts of ``path`` cannot be had.
        OSError: the port is taken.
    """
    if path:
        accounts = [
            Account(number=account.account, password=account.password())
            for account in load(path).accounts
        ]
    else:
        accounts = [Account(number="123456", password=_PASSWORD)]
    with Simulator(accounts=accounts, port=port) as server:
        _say(
            f"A stand-in for FAX.de listens. In the configuration:  wsdl = {_toml(server.wsdl_url)}"
        )
        if not path:
            _say(f"Its account is 123456, the password {_PASSWORD}")
        _say(f"A sample fax arrives every {every:g} seconds. Ctrl-C ends it.")
        server.on_completed(_tell_call)
        ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        with contextlib.suppress(KeyboardInterrupt):
            for sample in cycle(all_samples()):
                for account in accounts:
                    server.add_fax(
                        account.number,
                        sample.path,
                        originator=sample.originator,
                        remote_id=sample.remote_id,
                    )
                if ended.wait(every):
                    break


def _tell_call(entry: LogEntry) -> None:
    what = (
        f" fax {entry.fax_id}" if entry.fax_id else f" job {entry.job_id}" if entry.job_id else ""
    )
    _say(f"{entry.call}{what}, account {entry.account}: {entry.code}")


def _say(text: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S}  {text}", flush=True)
