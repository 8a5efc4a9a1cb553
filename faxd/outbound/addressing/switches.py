"""The options of a job as job files and the phone book write them. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from faxd.faxde.options import Options
from faxd.outbound.addressing.plain import shown
from faxd.outbound.addressing.plan import Refused
from faxd.words import Words

Value = str | int | bool

_TYPES: Mapping[str, type[Value]] = {
    field.name: next(kind for kind in (bool, int, str) if str(field.type).startswith(kind.__name__))
    for field in fields(Options)
}
NAMES: tuple[str, ...] = tuple(_TYPES)

_A_TYPE: Mapping[type, Words] = {
    bool: Words("true oder false", "true or false"),
    int: Words("eine Zahl ohne Anführungszeichen", "a number without quotation marks"),
    str: Words("ein Text in Anführungszeichen", "a text in quotation marks"),
}
_COUNT = Words("eine Zahl von 0 bis 99", "a number from 0 to 99")
#: where nothing stands in quotation marks: in a phone book, and behind --option
_TYPED: Mapping[type, Words] = {bool: _A_TYPE[bool], int: _COUNT}
#: as `Options` checks them
_ALLOWED: Mapping[str, Words] = {
    "caller_id": Words("bis zu 20 Ziffern, mit oder ohne +", "up to 20 digits, with or without +"),
    "station_id": Words(
        "bis zu 20 Buchstaben, Ziffern, Leerzeichen und + ( ) . & / -",
        "up to 20 letters, digits, blanks and + ( ) . & / -",
    ),
    "header": Words("bis zu 30 Zeichen ohne Semikolon", "up to 30 characters, no semicolon"),
    "busy_retries": _COUNT,
    "retries": _COUNT,
    "mail_from": Words("eine E-Mail-Adresse", "one e-mail address"),
    "flash": _A_TYPE[bool],
    "sms_from": Words(
        "bis zu 16 Ziffern, oder bis zu 11 Buchstaben und Ziffern ohne Umlaute",
        "up to 16 digits, or up to 11 letters and digits without umlauts",
    ),
    "status_url": Words(
        "bis zu 128 Zeichen ohne Umlaute, Leerzeichen und Semikolon",
        "up to 128 characters without umlauts, blanks and semicolons",
    ),
}


def option(name: str, value: object) -> tuple[str, Value]:
    """One option with its value, checked.

    Raises:
        Refused: its value cannot be.
    """
    wanted = _TYPES[name]
    # True is an int, too.
    if type(value) is not wanted:
        raise Refused(_bad_value(name, value, _A_TYPE[wanted]))
    values: dict[str, Any] = {name: value}
    try:
        Options(**values)
    except ValueError:
        raise Refused(_bad_value(name, value, _ALLOWED[name])) from None
    return name, values[name]


def is_option(name: str) -> bool:
    """Whether `option` knows it."""
    return name in _TYPES


def read_pairs(text: str) -> dict[str, Value]:
    """``station_id=Praxis; retries=2; flash``.

    Raises:
        Refused: an option is unknown, or its value cannot be.
    """
    found: dict[str, Value] = {}
    for pair in text.split(";"):
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not name:
            continue
        if not is_option(name):
            raise Refused(unknown(name, NAMES))
        wanted = _TYPES[name]
        typed = _typed(name, "true" if wanted is bool and not equals else value)
        if type(typed) is not wanted:
            raise Refused(_bad_value(name, typed, _TYPED[wanted]))
        found[name] = option(name, typed)[1]
    return found


def unknown(name: str, known: Iterable[str]) -> Words:
    """What is said of a key that means nothing, with what may have been meant."""
    known = tuple(known)
    near = difflib.get_close_matches(name[:60].casefold(), known, n=1, cutoff=0.5)
    return Words(
        f"„{shown(name)}“ ist nicht bekannt."
        + (f" Ist „{near[0]}“ gemeint?" if near else "")
        + f" Erlaubt sind: {', '.join(known)}.",
        f'"{shown(name)}" is not known.'
        + (f' Did you mean "{near[0]}"?' if near else "")
        + f" Allowed are: {', '.join(known)}.",
    )


def _typed(name: str, value: str) -> object:
    wanted = _TYPES[name]
    if wanted is bool:
        words = {"true": True, "ja": True, "1": True, "false": False, "nein": False, "0": False}
        return words.get(value.casefold(), value)
    if wanted is int and value.isascii() and value.isdigit() and len(value) <= 9:
        return int(value)
    return value


def _bad_value(name: str, value: object, allowed: Words) -> Words:
    what = shown(value if isinstance(value, str) else repr(value)[:100])
    return Words(
        f"Der Wert „{what}“ von „{name}“ geht nicht. Erlaubt: {allowed.de}.",
        f'The value "{what}" of "{name}" cannot be used. Allowed: {allowed.en}.',
    )
