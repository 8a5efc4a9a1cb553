"""The configuration: the one source of defaults, checks and meanings.

Every error names file, key and what is allowed; an unknown key gets a suggestion.
"""

from __future__ import annotations

import difflib
import grp
import os
import re
import stat
import tomllib
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from faxd import naming

DEFAULT_PATH = Path("/etc/faxd/config.toml")
DEFAULT_WSDL = "https://ccs.fax.de/xmlws.exe?wsdl/IntfXMLWS"


#: bytes; whatever is longer is another file
_LONGEST_PASSWORD = 4096


class ConfigError(Exception):
    """The configuration cannot be used; the message has a line for each error."""


class PasswordError(Exception):
    """An account's password cannot be had; the message says why and what to do."""


def _absolute(path: Path) -> Path:
    if not path.is_absolute() or "\0" in str(path):
        raise ValueError("must be an absolute path, such as /srv/fax/inbox")
    return path


def _mode(value: object, least: int, example: str) -> object:
    if isinstance(value, str) and re.fullmatch(r"0?[0-7]{3}", value):
        mode = int(value, 8)
        # Without this faxd could not read what it has written.
        if mode & least == least:
            return mode
    raise ValueError(f"must be an octal mode in quotes that faxd itself can use, such as {example}")


def _file_mode(value: object) -> object:
    return _mode(value, 0o400, '"0660"')


def _folder_mode(value: object) -> object:
    return _mode(value, 0o700, '"0770"')


def _in_inbox(name: str) -> str:
    if name in {"", ".", ".."} or "/" in name or "\0" in name or len(name.encode()) > 255:
        raise ValueError('must be the name of a file in the inbox, such as "mounted"')
    return name


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError('must be a time zone, such as "Europe/Berlin"') from None
    return name


def _group(name: str) -> str:
    try:
        grp.getgrnam(name)
    except KeyError:
        raise ValueError(f"there is no group {name!r} on this machine") from None
    return name


def _template(template: str) -> str:
    naming.check_template(template)
    return template


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ServiceSettings(_Section):
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


class AccountSettings(_Section):
    """One account at FAX.de and its folders."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")
    #: customer number
    account: str = Field(pattern=r"^[A-Za-z0-9._@-]{1,64}$")
    password_file: AbsolutePath | None = None
    #: name of a systemd credential
    password_credential: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,255}$")
    #: name of an environment variable
    password_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    #: seconds between two polls
    poll_interval: float = Field(default=60.0, ge=1, le=86400)
    inbox: AbsolutePath
    outbox: AbsolutePath | None = None
    #: a file that must exist in the inbox (it shows that the disk or share is mounted)
    inbox_marker: Annotated[str, AfterValidator(_in_inbox)] | None = None
    file_name: Annotated[str, AfterValidator(_template)] = naming.DEFAULT_TEMPLATE
    #: write what is known of a fax beside it, as .json
    sidecar: bool = False
    file_mode: Annotated[int, BeforeValidator(_file_mode)] = 0o660
    folder_mode: Annotated[int, BeforeValidator(_folder_mode)] = 0o770
    group: Annotated[str, AfterValidator(_group)] | None = None
    #: after a damaged fax was kept: delete the server's copy, or hold it
    damaged: Literal["delete", "hold"] = "delete"
    #: bytes: the largest image that is fetched
    max_fax_size: int = Field(default=1 << 30, ge=1 << 20)
    #: bytes that must be free in the inbox before a fax is fetched
    min_free: int = Field(default=64 << 20, ge=0)

    @model_validator(mode="after")
    def _one_password(self) -> AccountSettings:
        given = (self.password_file, self.password_credential, self.password_env)
        if sum(source is not None for source in given) != 1:
            raise ValueError(
                "needs exactly one of password_file, password_credential and password_env"
            )
        return self

    @property
    def gid(self) -> int | None:
        """Group that files are given to; None leaves it as it comes."""
        return grp.getgrnam(self.group).gr_gid if self.group else None

    def password(self) -> str:
        """The password, read anew at each call, so that a corrected one counts at once.

        Raises:
            PasswordError: it cannot be had.
        """
        if self.password_env is not None:
            password = os.environ.get(self.password_env, "")
            if not password:
                # Not by its name: somebody may have written the password in its place.
                raise PasswordError("the environment variable named in password_env is not set")
            if not password.isprintable():
                raise PasswordError("the variable named in password_env holds no password")
            return password
        path = self._password_path()
        try:
            with open(path, "rb", opener=_without_waiting) as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read(_LONGEST_PASSWORD)
        except OSError as error:
            raise PasswordError(f"{path}: {error.strerror}") from None
        if self.password_file is not None and mode & stat.S_IRWXO:
            raise PasswordError(f"{path} can be read by everybody; chmod 0640 {path}")
        try:
            password = text.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            password = ""
        if not password.isprintable() or not 0 < len(text) < _LONGEST_PASSWORD or not password:
            raise PasswordError(f"{path} must hold the password in one line of UTF-8 text")
        return password

    def password_changed(self) -> datetime | None:
        """When the password was last changed (aware, UTC), if that can be told."""
        if self.password_file is None:
            return None  # systemd makes a credential anew at each start
        try:
            status = self._password_path().stat()
            # A file that is moved or copied into place may bring an old mtime along.
            return datetime.fromtimestamp(max(status.st_mtime, status.st_ctime), UTC)
        except (OSError, PasswordError):
            return None

    def _password_path(self) -> Path:
        if self.password_file is not None:
            return self.password_file
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise PasswordError(
                f"the credential {self.password_credential} is there only under systemd"
                " (LoadCredential= in the unit)"
            )
        return Path(folder) / str(self.password_credential)


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for whoever may write into a pipe of that name."""
    return os.open(path, flags | os.O_NONBLOCK)


def _distinct(accounts: tuple[AccountSettings, ...]) -> tuple[AccountSettings, ...]:
    if not accounts:
        raise ValueError("at least one is needed, under the heading [[accounts]]")
    for key in ("name", "account"):
        values = [getattr(account, key) for account in accounts]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ValueError(f"two accounts have the same {key} {twice[0]!r}")
    # Accounts may share an inbox: names that clash get a number.
    outboxes = {account.outbox for account in accounts}
    for account in accounts:
        if account.inbox in outboxes:
            raise ValueError(
                f"{account.inbox} is both an inbox and an outbox, so what comes in would go out"
                " again; give each a folder of its own"
            )
    return accounts


class Config(_Section):
    """All of it."""

    state_dir: AbsolutePath
    #: of file names and of what people read; None is the machine's
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    service: ServiceSettings = ServiceSettings()
    accounts: Annotated[tuple[AccountSettings, ...], AfterValidator(_distinct)]

    @property
    def zone(self) -> tzinfo | None:
        """The office's time zone; None is the machine's."""
        return ZoneInfo(self.timezone) if self.timezone else None


def load(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        ConfigError: with a line for each error.
    """
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name another with -c") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        lines = [_explain(item) for item in error.errors(include_url=False, include_input=False)]
        raise ConfigError("\n".join(f"{path}: {line}" for line in lines)) from None


def _explain(error: Any) -> str:
    """One of pydantic's errors, in words for an administrator; never with the value."""
    key = ""
    for step in error["loc"]:
        key += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if key else str(step)
    kind, message = error["type"], error["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        name = str(error["loc"][-1])
        known = _known_keys(error["loc"][:-1])
        near = ["password_file"] if name == "password" else []
        near = near or difflib.get_close_matches(name, known, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(known)}"
        return f"{key}: there is no such setting; {hint}"
    if kind == "missing":
        return f"{key}: this setting is needed"
    if kind in {"tuple_type", "model_type"}:
        heading = "[[accounts]]" if str(error["loc"][0]) == "accounts" else f"[{key}]"
        return f"{key}: must be written as a section, under the heading {heading}"
    if kind == "string_pattern_mismatch":
        return f"{key}: must match {error['ctx']['pattern']}"
    return f"{key}: {message[:1].lower()}{message[1:]}" if key else message


def _known_keys(location: tuple[str | int, ...]) -> list[str]:
    section: type[BaseModel] = Config
    if location[:1] == ("service",):
        section = ServiceSettings
    elif location[:1] == ("accounts",):
        section = AccountSettings
    return list(section.model_fields)
