"""What a received fax is called: pure functions from what is known of it to a path.

Originator and station id come from strangers. A name must be legal on Windows too (names of
devices, trailing dots and blanks, ``<>:"/\\|?*``, control and direction characters), must not be
hidden, must stay in the inbox, and is Unicode NFC.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

DEFAULT_TEMPLATE = "{received:%Y-%m-%d_%H%M%S}_{originator}_{fax_id}.tif"
#: shown for an originator or station id that was not transmitted; understood in both languages
NOBODY = "anonym"

#: bytes in UTF-8, and so at most as many UTF-16 units; leaves room for " (999).base64.txt"
_MAX_COMPONENT = 230
_MAX_VALUE = 60
_MAX_COMPONENTS = 8
_DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\.|$)", re.IGNORECASE
)
_SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a name can be made of."""

    #: local time of the office (aware)
    received: datetime
    originator: str
    station_id: str
    fax_id: int
    #: the account's name in the configuration
    account: str
    pages: int
    #: from the phone book; empty if the number is not in it
    originator_name: str = ""


FIELDS = tuple(Facts.__annotations__)

#: makes the longest names
_LONGEST = Facts(
    received=datetime(2999, 9, 29, 22, 59, 59, tzinfo=UTC),  # a Wednesday in September
    originator="x" * _MAX_VALUE,
    station_id="x" * _MAX_VALUE,
    fax_id=-(2**63),
    account="x" * 40,
    pages=9999,
    originator_name="x" * _MAX_VALUE,
)


def check_template(template: str) -> None:
    """Refuse a template that could not name a fax.

    Raises:
        ValueError: what is wrong and what is allowed.
    """
    if not template.isprintable():
        raise ValueError(f"{template!r} holds characters that cannot be seen")
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"{template!r}: {error}; a brace itself is written twice") from None
    fields = set()
    for _, field, spec, conversion in pieces:
        if field is None:
            continue
        if field not in FIELDS or conversion:
            allowed = ", ".join(f"{{{name}}}" for name in FIELDS)
            raise ValueError(f"{{{field}}} is no field of a file name; allowed are {allowed}")
        if spec and field != "received":
            raise ValueError(f"{{{field}:{spec}}}: only {{received}} takes a format")
        fields.add(field)
    if not template.lower().endswith(_SUFFIXES):
        raise ValueError(f"{template!r} must end in .tif or .tiff")
    if {"", ".", ".."} & set(template.split("/")):
        raise ValueError(f"{template!r} must lead to a place below the inbox")
    if template.lower().startswith("damaged/"):
        raise ValueError(f"{template!r}: the folder damaged is for faxes that came broken")
    if "fax_id" not in fields:
        raise ValueError(f"{template!r} needs {{fax_id}}, by which faxes are told apart")
    try:
        components = _render(template, _LONGEST).split("/")
    except ValueError as error:
        raise ValueError(f"{template!r}: {error}") from None
    if len(components) > _MAX_COMPONENTS:
        raise ValueError(f"{template!r} has more than {_MAX_COMPONENTS - 1} sub-folders")
    if any(len(_legal(component).encode()) > _MAX_COMPONENT for component in components):
        raise ValueError(f"{template!r} can become longer than {_MAX_COMPONENT} bytes")
    if not clean_component(components[-1]).lower().endswith(_SUFFIXES):
        raise ValueError(f"{template!r} needs a name before its .tif or .tiff")


def path_of(template: str, facts: Facts) -> list[str]:
    """The components of a fax's path below the inbox; the last one is the file's name."""
    *folders, name = _render(template, facts).split("/")
    return [clean_component(folder) for folder in folders if folder] + [clean_component(name)]


def _render(template: str, facts: Facts) -> str:
    values = {
        "originator": clean_value(facts.originator) or NOBODY,
        "station_id": clean_value(facts.station_id) or NOBODY,
        "fax_id": str(facts.fax_id),
        "account": clean_value(facts.account) or NOBODY,
        "pages": str(facts.pages),
    }
    # Whoever is in no phone book is called by his number.
    values["originator_name"] = clean_value(facts.originator_name) or values["originator"]
    rendered = ""
    for literal, field, spec, _ in string.Formatter().parse(template):
        rendered += literal
        if field == "received":
            rendered += facts.received.strftime(spec or "%Y-%m-%d_%H%M%S")
        elif field is not None:
            rendered += values[field]
    return rendered


def clean_value(text: str) -> str:
    """A stranger's text as it may stand inside a name: no separators, no more than 60 bytes."""
    return _fit(_legal(text).lstrip(" .~"), _MAX_VALUE).rstrip(" .")


def clean_component(text: str) -> str:
    """One component of a path, legal on Linux and Windows, at most 230 bytes, never empty."""
    stem, suffix = split_suffix(_legal(text).rstrip(" ."))
    stem = _fit(stem.lstrip(" .~"), _MAX_COMPONENT - len(suffix.encode())).rstrip(" .")
    text = (stem or "_") + suffix
    return f"_{text}" if _DEVICES.match(text) else text


def alternatives(name: str) -> Iterator[str]:
    """The name, then ``name (2)``, ``name (3)`` and so on."""
    yield name
    stem, suffix = split_suffix(name)
    for number in range(2, 1000):
        yield f"{stem} ({number}){suffix}"


def split_suffix(name: str) -> tuple[str, str]:
    """Name and extension; the extension is short, or there is none."""
    stem, dot, suffix = name.rpartition(".")
    short = 0 < len(suffix.encode("utf-8", "replace")) <= 8
    return (stem, dot + suffix) if stem and short else (name, "")


def _legal(text: str) -> str:
    """NFC, without characters that no name may hold."""
    kept = []
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if char in '<>:"/\\|?*':
            kept.append("-")
        elif category.startswith("Z") or char in "\t\r\n":
            kept.append(" ")
        elif not category.startswith("C"):  # control, direction, surrogate, unassigned
            kept.append(char)
    return unicodedata.normalize("NFC", re.sub(" +", " ", "".join(kept)))


def _fit(text: str, limit: int) -> str:
    """As much of ``text`` as fits into ``limit`` bytes of UTF-8, cut between characters."""
    return text.encode()[:limit].decode("utf-8", "ignore")
