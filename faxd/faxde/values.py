"""The values of an answer's parts."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from faxd.faxde.errors import BadPart

#: the parts of an answer: name to text, None where the server sent nil
Parts = Mapping[str, str | None]

_LONG = 1 << 63
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", flags=re.ASCII
)


def http_date(text: str) -> datetime | None:
    """The Date of an HTTP answer, aware; None if it is not legible (RFC 9110, 5.6.7)."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def text_of(parts: Parts, name: str) -> str:
    """A text; empty if the part is missing or nil."""
    return parts.get(name) or ""


def maybe_integer(parts: Parts, name: str) -> int | None:
    """An xs:int or xs:long; None if there is no legible one."""
    text = text_of(parts, name).strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text, re.ASCII):
        return None
    value = int(text)
    return value if -_LONG <= value < _LONG else None


def integer(parts: Parts, name: str, *, default: int | None = None) -> int:
    """An xs:int or xs:long; ``default`` stands for one that is missing, nil or empty.

    Raises:
        BadPart: there is no legible one.
    """
    value = maybe_integer(parts, name)
    if value is not None:
        return value
    if default is not None and not text_of(parts, name).strip():
        return default
    raise BadPart(name)


def binary(parts: Parts, name: str) -> bytes:
    """An xs:base64Binary.

    Raises:
        BadPart: it is not base64.
    """
    try:
        return base64.b64decode("".join(text_of(parts, name).split()), validate=True)
    except ValueError:
        raise BadPart(f"{name} is not base64") from None


def time_of(parts: Parts, name: str) -> datetime | None:
    """A time (aware, UTC); None if there is no legible one."""
    return parse_time(text_of(parts, name))


def parse_time(text: str) -> datetime | None:
    """A time as the server writes it (xs:dateTime, or with a blank for the T); naive means UTC.

    None for what is empty or is no time that can be (``0000-00-00T00:00:00``).
    """
    match = _TIME.fullmatch(text.strip())
    if not match:
        return None
    date, clock, fraction, zone = match.groups()
    micro = (fraction or ".0")[1:7].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{date}T{clock}.{micro}{zone or 'Z'}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
