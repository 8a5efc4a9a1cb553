"""Kinds of settings: what each may be, and what to say of what it may not."""

from __future__ import annotations

import grp
import re
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from faxd import naming


class Section(BaseModel):
    """A table of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def written_as(pattern: str, words: str) -> AfterValidator:
    """What a text must look like, and how that is said to people who read no regular expressions.

    The value is never shown: somebody may have written a password in the wrong place.
    """

    def check(text: Any) -> Any:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {words}")
        return text

    return AfterValidator(check)


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


Credential = Annotated[
    str,
    written_as(
        r"[A-Za-z0-9._-]{1,255}",
        "the name of a systemd credential: letters, digits, dots, dashes and underlines, such as"
        ' "praxis"; no path',
    ),
]
Variable = Annotated[
    str,
    written_as(
        r"[A-Za-z_][A-Za-z0-9_]*",
        "the name of an environment variable: letters, digits and underlines, such as"
        ' "FAXD_PASSWORD_PRAXIS"; not the password',
    ),
]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
FileMode = Annotated[int, BeforeValidator(_file_mode)]
FolderMode = Annotated[int, BeforeValidator(_folder_mode)]
NameInInbox = Annotated[str, AfterValidator(_in_inbox)]
Zone = Annotated[str, AfterValidator(_zone)]
Group = Annotated[str, AfterValidator(_group)]
Template = Annotated[str, AfterValidator(_template)]
