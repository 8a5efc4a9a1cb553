"""The settings of what becomes of received faxes: rules, and the mail server that they use."""

from __future__ import annotations

import re
from datetime import time
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from faxd import naming
from faxd.config.fields import (
    AbsolutePath,
    Credential,
    Section,
    Template,
    Variable,
    written_as,
)
from faxd.config.password import PasswordSource

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
#: in their order, as `datetime.weekday` counts them
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_NUMBER = re.compile(r"\+?[0-9*?][0-9*? ./()-]*")
_MAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,187})")
_HERE = ("localhost", "127.0.0.1", "::1")


def several(value: Any) -> Any:
    """One text is a list of one."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _number(pattern: str) -> str:
    if pattern != naming.NOBODY and not _NUMBER.fullmatch(pattern):
        raise ValueError(
            f'must be a number, with * for any digits, such as "+4940123456" or "+4940*"; or'
            f' "{naming.NOBODY}" for faxes that came without one'
        )
    return pattern


def _hours(text: str) -> str:
    try:
        begin, end = hours_of(text)
        if begin == end:
            raise ValueError(text)
    except ValueError:
        raise ValueError(
            'must be two times of the day, such as "07:00-18:30" or "22:00-06:00"'
        ) from None
    return text


def hours_of(text: str) -> tuple[time, time | None]:
    """Beginning and end of a span of the day; None is midnight at its end.

    Raises:
        ValueError: it is none.
    """
    begin, _, end = text.partition("-")
    if not re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", text, re.ASCII):
        raise ValueError(text)
    return time.fromisoformat(begin), None if end == "24:00" else time.fromisoformat(end)


def _folder(folder: str) -> str:
    naming.check_template(f"{folder}/{naming.DEFAULT_TEMPLATE}")
    return folder


def program(command: tuple[str, ...]) -> tuple[str, ...]:
    """A program that can be run, and its arguments.

    Raises:
        ValueError: it is none.
    """
    if not command or not PurePosixPath(command[0]).is_absolute() or "\0" in "".join(command):
        raise ValueError(
            'must be the whole path of a program and its arguments, such as ["/usr/local/bin/file",'
            ' "--quick"]; no shell reads it'
        )
    return command


def mail_address(address: str) -> str:
    """An address that a mail can go to or come from.

    Raises:
        ValueError: it is none.
    """
    if not _MAIL.fullmatch(address) or ".." in address:
        raise ValueError("must be an e-mail address, such as fax@example.org")
    return address


Numbers = Annotated[tuple[Annotated[str, AfterValidator(_number)], ...], BeforeValidator(several)]
Texts = Annotated[tuple[str, ...], BeforeValidator(several)]
MailAddress = Annotated[str, AfterValidator(mail_address)]


class RuleSettings(Section):
    """Which received faxes it is for, and what becomes of them; what is not given is not asked."""

    # which: all of these that are given must be true

    #: numbers of senders, with * for any digits
    originator: Numbers = ()
    #: station ids that senders' machines give, with * and ?; large and small letters are the same
    station_id: Texts = ()
    min_pages: int | None = Field(default=None, ge=1)
    max_pages: int | None = Field(default=None, ge=1)
    weekday: Annotated[tuple[Weekday, ...], BeforeValidator(several)] = ()
    #: span of the day in the office's time; it may reach over midnight
    hours: Annotated[str, AfterValidator(_hours)] | None = None

    # what

    #: below the inbox; may hold the fields of file_name
    folder: Annotated[str, AfterValidator(_folder)] | None = None
    #: instead of the account's
    file_name: Template | None = None
    #: whom a mail tells of the fax
    mail_to: Annotated[tuple[MailAddress, ...], BeforeValidator(several)] = ()
    #: what is attached to it
    mail_attach: Literal["pdf", "tiff", "none"] = "pdf"
    #: name of a printer
    print: (
        Annotated[
            str,
            written_as(
                r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,126}",
                "the name of a printer as lpstat -e shows it: letters, digits and _ . @ -, such as"
                ' "laser"',
            ),
        ]
        | None
    ) = None
    #: for lp -o, such as "media=A4"
    print_options: tuple[
        Annotated[
            str,
            written_as(
                r"[A-Za-z0-9][A-Za-z0-9_.-]*(=[!-~]*)?",
                'an option of lp -o, such as "media=A4" or "landscape", without blanks',
            ),
        ],
        ...,
    ] = ()
    #: a program and its arguments
    command: Annotated[tuple[str, ...], AfterValidator(program)] | None = None
    #: seconds after which the program is ended
    command_seconds: float = Field(default=60.0, ge=1, le=3600)
    #: false: nobody is told of the fax by mail, whatever other rules say
    notice: bool = True

    @model_validator(mode="after")
    def _fits_together(self) -> RuleSettings:
        if not self.notice and self.mail_to:
            raise ValueError("notice = false means that no mail is sent, so mail_to cannot be")
        if self.min_pages and self.max_pages and self.min_pages > self.max_pages:
            raise ValueError("min_pages is more than max_pages, so no fax would ever fit")
        if self.print_options and self.print is None:
            raise ValueError("print_options needs print, the name of a printer")
        return self


class SharedRuleSettings(RuleSettings):
    """A rule that is for several accounts; it comes behind their own."""

    #: names of the accounts it is for; none given: all
    accounts: Texts = ()


class MailSettings(Section):
    """The mail server that notices of received faxes go through."""

    host: Annotated[
        str,
        written_as(
            r"[A-Za-z0-9:._-]{1,253}",
            'the name or address of a mail server, such as "mail.example.org"; its port goes into'
            " port",
        ),
    ]
    #: None: as usual for ``tls``
    port: int | None = Field(default=None, ge=1, le=65535)
    #: encryption that begins with a command, from the start, or not at all
    tls: Literal["starttls", "tls", "none"] = "starttls"
    #: certificates of a private authority, trusted in addition
    ca_file: AbsolutePath | None = None
    user: str | None = Field(default=None, min_length=1, max_length=256)
    password_file: AbsolutePath | None = None
    #: name of a systemd credential
    password_credential: Credential | None = None
    #: name of an environment variable
    password_env: Variable | None = None
    #: whom the mails are from
    sender: MailAddress
    #: bytes: a larger attachment is left out, and the mail says so
    max_attachment: int = Field(default=15 << 20, ge=0, le=1 << 30)

    @model_validator(mode="after")
    def _one_password(self) -> MailSettings:
        given = (self.password_file, self.password_credential, self.password_env)
        count = sum(source is not None for source in given)
        if count != (self.user is not None):
            raise ValueError(
                "needs user and exactly one of password_file, password_credential and"
                " password_env, or none of them"
            )
        if self.user is not None and self.tls == "none" and self.host not in _HERE:
            raise ValueError('tls = "none" would send the password in clear text over the network')
        return self

    @property
    def port_used(self) -> int:
        """The port that is spoken to."""
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.tls]

    def password(self) -> str:
        """The password, read anew at each call.

        Raises:
            PasswordError: it cannot be had.
        """
        return PasswordSource(
            file=self.password_file, credential=self.password_credential, env=self.password_env
        ).read()
