"""All settings together, and what they must not be together."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from faxd.config.account import AccountSettings
from faxd.config.fields import AbsolutePath, Section, Zone, written_as
from faxd.config.rules import MailSettings, RuleSettings, SharedRuleSettings
from faxd.config.tell import TellSettings

DEFAULT_WSDL = "https://ccs.fax.de/xmlws.exe?wsdl/IntfXMLWS"


class ServiceSettings(Section):
    """Where FAX.de is and how long to wait for it."""

    wsdl: str = DEFAULT_WSDL
    #: certificates of a private authority, trusted in addition
    ca_file: AbsolutePath | None = None
    #: allow http:// to a host that is not this machine
    allow_http: bool = False
    #: seconds for a connection, for the next byte, for a whole call
    connect_timeout: float = Field(default=10.0, gt=0, le=300)
    read_timeout: float = Field(default=60.0, gt=0, le=3600)
    call_timeout: float = Field(default=1800.0, gt=0, le=86400)


def _listen(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError('must be an address and a port, such as "127.0.0.1:8025"')
    return address


class StatusReceiverSettings(Section):
    """A small HTTP server that FAX.de tells when a job is through (STATURL); off by default."""

    #: address and port to listen on
    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8025"
    #: how FAX.de reaches it from outside (usually by a reverse proxy): http(s)://host/path, at
    #: most 86 characters, as a STATURL has 128 with what is put behind
    url: Annotated[
        str,
        written_as(
            r"https?://[!-:<-~]{1,86}",
            "an address that begins with http:// or https://, such as"
            ' "https://fax.example.org/status", without blanks, umlauts and semicolons',
        ),
        Field(max_length=86),
    ]


class MetricsSettings(Section):
    """Figures for Prometheus; off by default."""

    #: address and port to listen on; figures are no secret, but nobody else's business
    listen: Annotated[str, AfterValidator(_listen)] | None = None
    #: a file for node_exporter's textfile collector, written every 15 s
    textfile: AbsolutePath | None = None

    @model_validator(mode="after")
    def _for_somebody(self) -> MetricsSettings:
        if self.listen is None and self.textfile is None:
            raise ValueError('needs listen (such as "127.0.0.1:9751"), textfile, or both')
        if self.textfile is not None and self.textfile.suffix != ".prom":
            raise ValueError("textfile: node_exporter reads only files whose name ends in .prom")
        return self


def _distinct(accounts: tuple[AccountSettings, ...]) -> tuple[AccountSettings, ...]:
    if not accounts:
        raise ValueError("at least one is needed, under the heading [[accounts]]")
    for key in ("name", "account"):
        values = [getattr(account, key) for account in accounts]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ValueError(f"two accounts have the same {key} {twice[0]!r}")
    _require_apart(accounts)
    return accounts


def _require_apart(accounts: tuple[AccountSettings, ...]) -> None:
    """Refuse folders that would feed each other, or two accounts with the same one."""
    places: dict[Path, str] = {}
    for account in accounts:
        if account.outbox is None:
            continue
        own = {"outbox": account.outbox}
        own |= {name: account.folder(name) for name in ("sending", "sent", "failed")}
        for name, path in own.items():
            label = f"{account.name}'s {name}"
            if path in places:
                raise ValueError(
                    f"{path} is both {places[path]} and {label}; give each a folder of its own"
                    f" (settings outbox, sending, sent, failed)"
                )
            places[path] = label
    for account in accounts:  # accounts may share an inbox: names that clash get a number
        if account.inbox in places:
            raise ValueError(
                f"{account.inbox} is both {account.name}'s inbox and {places[account.inbox]}, so"
                " what comes in would go out again; give each a folder of its own"
            )
    outboxes = [account.outbox for account in accounts if account.outbox is not None]
    inboxes = {account.inbox: f"{account.name}'s inbox" for account in accounts}
    for path, label in (places | inboxes).items():
        for outbox in outboxes:
            if outbox in path.parents:
                raise ValueError(
                    f"{path} ({label}) lies inside the outbox {outbox}, so what appears there"
                    " would be sent; give it a folder beside it"
                )


class Config(Section):
    """All of it."""

    state_dir: AbsolutePath
    #: of file names and of what people read; None is the machine's
    timezone: Zone | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    #: "auto": coloured on a terminal, entries with fields in systemd's journal, else logfmt
    log_format: Literal["auto", "terminal", "logfmt", "json", "journald"] = "auto"
    #: show no more of phone numbers in the log than their last three digits
    log_hides_numbers: bool = False
    service: ServiceSettings = ServiceSettings()
    status_receiver: StatusReceiverSettings | None = None
    mail: MailSettings | None = None
    tell: TellSettings | None = None
    metrics: MetricsSettings | None = None
    #: for several accounts, behind their own
    rules: tuple[SharedRuleSettings, ...] = ()
    accounts: Annotated[tuple[AccountSettings, ...], AfterValidator(_distinct)]

    @model_validator(mode="after")
    def _rules_can_be_carried_out(self) -> Config:
        names = {account.name for account in self.accounts}
        for number, rule in enumerate(self.rules, 1):
            for unknown in sorted(set(rule.accounts) - names):
                raise ValueError(
                    f"rules[{number}].accounts: there is no account {unknown!r}; the configuration"
                    f" knows {', '.join(sorted(names))}"
                )
        own = [rule for account in self.accounts for rule in account.rules]
        if self.mail is None and any(rule.mail_to for rule in (*own, *self.rules)):
            raise ValueError("mail_to needs a mail server; name it under the heading [mail]")
        if self.mail is None and self.tell is not None and self.tell.to:
            raise ValueError("tell.to needs a mail server; name it under the heading [mail]")
        return self

    def rules_of(self, account: AccountSettings) -> tuple[RuleSettings, ...]:
        """The rules for an account's received faxes, in their order: its own, then the shared."""
        shared = [rule for rule in self.rules if account.name in (rule.accounts or (account.name,))]
        return (*account.rules, *shared)

    @property
    def zone(self) -> tzinfo | None:
        """The office's time zone; None is the machine's."""
        return ZoneInfo(self.timezone) if self.timezone else None
