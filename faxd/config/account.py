"""The settings of one account."""

from __future__ import annotations

import grp
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from faxd import naming
from faxd.config.fields import (
    AbsolutePath,
    Credential,
    FileMode,
    FolderMode,
    Group,
    NameInInbox,
    Section,
    Template,
    Variable,
    written_as,
)
from faxd.config.password import PasswordSource
from faxd.config.rules import RuleSettings, several
from faxd.config.send import SendSettings


def _formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    if "tiff" not in formats or len(set(formats)) != len(formats):
        raise ValueError('must be ["tiff"] or ["tiff", "pdf"]: the TIFF is the fax itself')
    return formats


class AccountSettings(Section):
    """One account at FAX.de and its folders."""

    name: Annotated[
        str,
        written_as(
            r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}",
            "up to 40 letters (no umlauts), digits, dots, dashes and underlines, such as"
            ' "praxis"; the first one a letter or digit',
        ),
    ]
    #: customer number
    account: Annotated[
        str,
        written_as(
            r"[A-Za-z0-9._@-]{1,64}",
            'the customer number at FAX.de in quotes, such as "123456", without blanks',
        ),
    ]
    password_file: AbsolutePath | None = None
    #: name of a systemd credential
    password_credential: Credential | None = None
    #: name of an environment variable
    password_env: Variable | None = None
    #: seconds between two polls
    poll_interval: float = Field(default=60.0, ge=1, le=86400)
    inbox: AbsolutePath
    #: where people drop what is to be sent; None for an account that only receives
    outbox: AbsolutePath | None = None
    #: slips of what is under way, and what was sent and what was not; None: beside the outbox
    sending: AbsolutePath | None = None
    sent: AbsolutePath | None = None
    failed: AbsolutePath | None = None
    send: SendSettings = SendSettings()
    #: a file that must exist in the inbox (it shows that the disk or share is mounted)
    inbox_marker: NameInInbox | None = None
    file_name: Template = naming.DEFAULT_TEMPLATE
    #: write what is known of a fax beside it, as .json
    sidecar: bool = False
    file_mode: FileMode = 0o660
    folder_mode: FolderMode = 0o770
    group: Group | None = None
    #: after a damaged fax was kept: delete the server's copy, or hold it
    damaged: Literal["delete", "hold"] = "delete"
    #: what a fax is kept as; "pdf" is a copy beside the TIFF
    formats: Annotated[
        tuple[Literal["tiff", "pdf"], ...], BeforeValidator(several), AfterValidator(_formats)
    ] = ("tiff",)
    #: let ocrmypdf, where it is installed, put the text into the PDF copies
    searchable: bool = False
    #: what becomes of received faxes
    rules: tuple[RuleSettings, ...] = ()
    #: whether only the first rule that fits counts, or all that do
    rules_apply: Literal["first", "all"] = "first"
    #: seconds after which what becomes of a fax (a copy, a mail, a print) is given up
    actions_give_up_after: float = Field(default=259200.0, ge=60, le=30 * 86400)
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

    def folder(self, name: Literal["sending", "sent", "failed"]) -> Path:
        """One of the three folders of an account that sends.

        Raises:
            ValueError: it has no outbox.
        """
        if self.outbox is None:
            raise ValueError(f"{self.name} has no outbox")
        given: Path | None = getattr(self, name)
        return given or self.outbox.parent / name

    def folders(self) -> list[Path]:
        """All folders of its own that may lie on a share."""
        if self.outbox is None:
            return [self.inbox]
        own = [self.folder(name) for name in ("sending", "sent", "failed")]
        return [self.inbox, self.outbox, *own]

    def password(self) -> str:
        """The password, read anew at each call, so that a corrected one counts at once.

        Raises:
            PasswordError: it cannot be had.
        """
        return self._password.read()

    def password_changed(self) -> datetime | None:
        """When the password was last changed (aware, UTC), if that can be told."""
        return self._password.changed()

    @property
    def _password(self) -> PasswordSource:
        return PasswordSource(
            file=self.password_file, credential=self.password_credential, env=self.password_env
        )
