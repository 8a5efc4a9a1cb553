"""Reading a configuration file; every error names file, key and what is allowed."""

from __future__ import annotations

import difflib
import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from faxd.config.account import AccountSettings
from faxd.config.rules import MailSettings, RuleSettings, SharedRuleSettings
from faxd.config.send import SendSettings
from faxd.config.settings import (
    Config,
    MetricsSettings,
    ServiceSettings,
    StatusReceiverSettings,
)
from faxd.config.tell import TellSettings

DEFAULT_PATH = Path("/etc/faxd/config.toml")


_TYPES = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a text in quotes",
    "path_type": 'an absolute path in quotes, such as "/srv/fax/inbox"',
    "dict_type": "a section or table, such as { retries = 3 }",
    "finite_number": "a finite number",
}


#: sections by their headings
_HEADINGS: dict[str, type[BaseModel]] = {
    "[service]": ServiceSettings,
    "[status_receiver]": StatusReceiverSettings,
    "[[accounts]]": AccountSettings,
    "[accounts.send]": SendSettings,
    "[mail]": MailSettings,
    "[tell]": TellSettings,
    "[metrics]": MetricsSettings,
    "[[accounts.rules]]": RuleSettings,
}
#: of a job, by the names of a job file; what may be in them is checked where jobs are made
_OPTIONS = frozenset(
    {
        *("caller_id", "station_id", "header", "busy_retries", "retries"),
        *("mail_from", "flash", "sms_from", "status_url"),
    }
)
#: likeness of two keys: surely one letter too many or too few; and below this, what is suggested
#: is more often wrong than right
_SLIP, _NEAR = 0.9, 0.75


class ConfigError(Exception):
    """The configuration cannot be used; the message has a line for each error."""


def load(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        ConfigError: with a line for each error.
    """
    try:
        with path.open("rb") as file:
            # Some editors put a byte order mark before the text.
            table = tomllib.loads(file.read().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name another with -c") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    try:
        # Strict: true is no number of seconds, and "60" neither. By way of JSON, of which pydantic
        # makes paths and tuples all the same.
        return Config.model_validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as error:
        lines = [_explain(item) for item in error.errors(include_url=False, include_input=False)]
        raise ConfigError("\n".join(f"{path}: {line}" for line in lines)) from None


def _explain(error: Any) -> str:
    """One of pydantic's errors, in words for an administrator; never with the value."""
    key = ""
    for step in error["loc"]:
        key += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if key else str(step)
    kind, message = error["type"], error["msg"].removeprefix("Value error, ")
    message = message.replace("Input should be", "must be")
    if kind == "extra_forbidden":
        name = str(error["loc"][-1])
        known = _known_keys(error["loc"][:-1])
        return f"{key}: there is no such setting; {_hint(name, known)}"
    if kind == "missing":
        return f"{key}: this setting is needed"
    names = ".".join(step for step in error["loc"] if isinstance(step, str))
    several = names in {"accounts", "rules", "accounts.rules"}
    if kind in {"tuple_type", "frozen_set_type"} and not several:
        return f'{key}: must be a list, such as ["..."]'
    if kind in {"tuple_type", "model_type"}:
        heading = f"[[{names}]]" if several else f"[{names}]"
        return f"{key}: must be written as a section, under the heading {heading}"
    if kind in _TYPES:
        return f"{key}: must be {_TYPES[kind]}"
    return f"{key}: {message[:1].lower()}{message[1:]}" if key else message


def _hint(name: str, known: list[str]) -> str:
    """What may have been meant by a key that is not among ``known``."""
    if name == "password" and "password_file" in known:
        return "did you mean password_file?"
    # A slip of the finger, such as account in a rule, is no key of another section.
    if near := difflib.get_close_matches(name, known, 1, _SLIP):
        return f"did you mean {near[0]}?"
    if name in _OPTIONS:
        return f"it is an option of jobs: options = {{ {name} = ... }} under [accounts.send]"
    places = [heading for heading, model in _HEADINGS.items() if name in model.model_fields]
    if places:
        return f"it belongs under {' or '.join(places)}"
    near = difflib.get_close_matches(name, known, 1, _NEAR)
    return f"did you mean {near[0]}?" if near else f"allowed are {', '.join(known)}"


def _known_keys(location: tuple[str | int, ...]) -> list[str]:
    """The settings of the section that a path of keys leads to."""
    sections = {heading.strip("[]").split(".")[-1]: each for heading, each in _HEADINGS.items()}
    names = [step for step in location if isinstance(step, str)]
    if names == ["rules"]:
        return list(SharedRuleSettings.model_fields)
    return list((sections[names[-1]] if names else Config).model_fields)
