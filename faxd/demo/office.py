"""The office of the demo: its folders, its configuration, and the daemon that serves it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from faxd.config import AccountSettings, Config, RuleSettings, SendSettings, load

#: seconds between two polls of the demo's daemon
_INTERVAL = 2
PASSWORD = "demo-password"  # noqa: S105 (of the stand-in on this machine)
#: whom the demo's office tells of a fax, and whom the mail is from
READER, SENDER = "empfang@praxis-muster.example", "fax@praxis-muster.example"
#: whom the demo's office knows: two of those who send the samples
_PHONE_BOOK = "Praxis Dr. Meier,+49 30 23125042\r\nLabor Muster,+49 40 66969017\r\n"

#: the program, in a process that ends with the one that started it, even if that is killed
_DAEMON = """
import sys
from faxd.documents.limits import die_with
die_with(int(sys.argv.pop(1)))
from faxd.cli import main
main(prog_name="faxd")
"""

#: settings of a given configuration that lead out of the demo, or that it makes itself
_OWN = frozenset(
    {
        *("name", "account", "poll_interval", "inbox", "inbox_marker", "group"),
        *("outbox", "sending", "sent", "failed", "send", "rules"),
    }
)
#: of a rule, what leads out of the demo: into a printer, or into a program
_OUT = frozenset({"print", "print_options", "command", "command_seconds"})
#: settings that make it wait for longer than anybody looks on
_SLOW = frozenset(
    {
        "searchable",
        *("watch", "scan_interval", "settle", "settle_blind", "patience", "give_up_after"),
        *("repeat_on", "repeat", "repeat_after"),
        *("keep_sent_days", "keep_failed_days", "keep_records_days"),
    }
)


@dataclass(frozen=True)
class Office:
    """The folders of the demo."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def ledger(self) -> Path:
        return self.state / "ledger.sqlite"

    @property
    def log(self) -> Path:
        return self.root / "faxd.log"

    def set_up(
        self, wsdl: str, given: Config | None, names: list[str], *, mail_port: int = 25
    ) -> Config:
        """Make folders, password and configuration, and return that.

        ``mail_port`` is that of a mail server on this machine.

        Raises:
            ConfigError: the settings of ``given`` cannot be used here.
            OSError: something cannot be made.
        """
        for name in names:
            for folder in ("inbox", "outbox"):
                (self.root / name / folder).mkdir(parents=True, exist_ok=True)
        secret = self.root / "password"
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD + "\n")
        port = _free_port()
        lines = [f"state_dir = {toml(self.state)}"]
        if given and given.timezone:
            lines.append(f"timezone = {toml(given.timezone)}")
        lines += ["[service]", f"wsdl = {toml(wsdl)}"]
        lines += [
            "[status_receiver]",
            f"listen = {toml(f'127.0.0.1:{port}')}",
            f"url = {toml(f'http://127.0.0.1:{port}')}",
        ]
        lines += [
            "[mail]",
            'host = "127.0.0.1"',
            f"port = {mail_port}",
            'tls = "none"',
            f"sender = {toml(given.mail.sender if given and given.mail else SENDER)}",
        ]
        for index, name in enumerate(names):
            account = given.accounts[index] if given else None
            rules = given.rules_of(account) if given and account else ()
            lines += self._account(name, secret, account, rules)
        self.config.write_text("\n".join(lines) + "\n")
        return load(self.config)

    def _account(
        self,
        name: str,
        secret: Path,
        given: AccountSettings | None,
        rules: Sequence[RuleSettings],
    ) -> Iterator[str]:
        yield "[[accounts]]"
        yield f"name = {toml(name)}"
        yield f"account = {toml(given.account if given else '123456')}"
        yield f"password_file = {toml(secret)}"
        yield f"poll_interval = {_INTERVAL}"
        yield f"inbox = {toml(self.root / name / 'inbox')}"
        yield f"outbox = {toml(self.root / name / 'outbox')}"
        if given:
            yield from _tried(given)
            yield f"rules = {toml([_tried_rule(rule) for rule in rules])}"
            yield "[accounts.send]"
            yield from _tried_send(given.send)
        else:
            yield 'formats = ["tiff", "pdf"]'
            yield f"rules = [{{mail_to = {toml(READER)}}}]"
            (self.root / name / "outbox/phonebook.csv").write_text(_PHONE_BOOK)


def _tried(account: AccountSettings) -> Iterator[str]:
    """The settings of a given configuration that do not lead out of the demo."""
    for key in sorted(account.model_fields_set - _OWN - _SLOW):
        if key.startswith("password"):
            continue
        value = getattr(account, key)
        yield f"{key} = {toml(oct(value)[2:].zfill(4) if key.endswith('_mode') else value)}"


def _tried_send(send: SendSettings) -> Iterator[str]:
    for key in sorted(send.model_fields_set - _SLOW):
        value = getattr(send, key)
        if key == "options":
            value = {name: what for name, what in value.items() if name != "status_url"}
        yield f"{key} = {toml(value)}"


def _tried_rule(rule: RuleSettings) -> dict[str, object]:
    return {key: getattr(rule, key) for key in sorted(rule.model_fields_set - _OUT - {"accounts"})}


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml(key)} = {toml(what)}" for key, what in value.items()) + "}"
    if isinstance(value, tuple | list | frozenset):
        return "[" + ", ".join(toml(what) for what in value) + "]"
    # A text is written as in JSON, which lets one character pass that TOML does not.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _free_port() -> int:
    """A port of the loopback interface that nobody has, for the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def daemon(office: Office) -> Iterator[subprocess.Popen[bytes]]:
    """The real daemon, as a process of its own."""
    with office.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-c", _DAEMON, str(os.getpid()), "run", "-c", str(office.config)],
            stderr=log,
            # Ctrl-C is for the demo, which ends the daemon in its own way.
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Have the daemon end, if it runs."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(12)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
