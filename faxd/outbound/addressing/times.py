"""Planned times: ``@2026-12-24 0800`` in names, ``at`` in job files. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from faxd.outbound.addressing.plain import shown
from faxd.outbound.addressing.plan import Refused
from faxd.words import Words

#: what lies further ahead is a slip of the pen
_FURTHEST = timedelta(days=366)

_DAY = r"(?P<day>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4})"
#: no full stop, which would make 12:10 of the twelfth of October
_CLOCK = r"(?P<clock>[0-9]{1,2}[:h-][0-9]{2}|[0-9]{4})"
_ZONE = r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})"
_BEGIN, _END = r"(?:(?<=[ _,;\]])|^)", r"(?=[ _,;]|$)"
_IN_NAME = re.compile(rf"{_BEGIN}@(?:{_DAY}[ _T]{{1,3}})?{_CLOCK}{_END}", re.ASCII)
#: begins like a time and is none
_LIKE_TIME = re.compile(rf"{_BEGIN}@[0-9][^ ]*")
_IN_TEXT = re.compile(rf"@?(?:{_DAY}[ _T]{{1,3}})?{_CLOCK}(?::[0-9]{{2}})?(?:\.[0-9]+)?\s?{_ZONE}?")


@dataclass(frozen=True, kw_only=True)
class When:
    """A time as it was written."""

    clock: time
    #: None for today, or tomorrow if that is past
    day: date | None = None
    #: None for the account's own time zone
    zone: tzinfo | None = None

    def after(self, now: datetime, zone: tzinfo | None) -> datetime | None:
        """When it is (aware, UTC); None for at once, because it is past.

        In the hour that there is twice in autumn it is the first one; in the hour that is left
        out in spring it is as long after midnight as it says.

        Raises:
            Refused: it is more than a year ahead.
        """
        zone = self.zone or zone
        today = now.astimezone(zone)
        if self.day is None:
            at = _in_zone(today.date(), self.clock, zone)
            return at if at > now else _in_zone(today.date() + timedelta(1), self.clock, zone)
        if self.day.year < today.year - 1:
            return None
        # Years are compared first: what is near the end of the calendar has no UTC.
        if (
            self.day.year > today.year + 1
            or (at := _in_zone(self.day, self.clock, zone)) > now + _FURTHEST
        ):
            raise Refused(
                Words(
                    f"Der Zeitpunkt {self.day:%d.%m.}{self.day.year} liegt mehr als ein Jahr in"
                    " der Zukunft. Bitte prüfen Sie das Datum.",
                    f"The time {self.day.isoformat()} is more than a year ahead. Please check the"
                    " date.",
                )
            )
        return at if at > now else None


def take_time(name: str) -> tuple[When | None, str]:
    """The time in a name (`plain`), and the name with an underscore in its place.

    Raises:
        Refused: it is no time, or there are several.
    """
    found = list(_IN_NAME.finditer(name))
    rest = _IN_NAME.sub("_", name)
    if wrong := _LIKE_TIME.search(rest):
        raise Refused(_no_time(wrong.group()))
    if not found:
        return None, name
    if len(found) > 1:
        raise Refused(
            Words(
                f"Im Namen „{shown(name)}“ stehen mehrere Zeitpunkte. Bitte lassen Sie nur einen"
                " stehen.",
                f'There are several times in the name "{shown(name)}". Please leave only one.',
            )
        )
    return _when(found[0], _no_time), rest


def when_of(value: object) -> When:
    """The time in a job file, or of a command: TOML's own, or a text.

    Raises:
        Refused: it is none.
    """
    # A datetime is a date, too.
    if isinstance(value, datetime):
        return When(day=value.date(), clock=value.time(), zone=value.tzinfo)
    if isinstance(value, time):
        return When(clock=value)
    if isinstance(value, str) and (match := _IN_TEXT.fullmatch(value[:100].strip())):
        return _when(match, _no_time_by_itself)
    raise Refused(_no_time_by_itself(str(value)[:100]))


def _when(match: re.Match[str], wrong: Callable[[str], Words]) -> When:
    found = match.groupdict()
    clock = re.sub("[^0-9]", "", found["clock"]).zfill(4)
    try:
        day = None
        if found["day"] and "-" in found["day"]:
            day = date(*map(int, found["day"].split("-")))
        elif found["day"]:
            day = date(*map(int, reversed(found["day"].split("."))))
        zone = None
        if found.get("zone"):
            zone = datetime.strptime(found["zone"], "%z").tzinfo
        return When(day=day, clock=time(int(clock[:2]), int(clock[2:])), zone=zone)
    except ValueError:
        raise Refused(wrong(match.group())) from None


def _in_zone(day: date, clock: time, zone: tzinfo | None) -> datetime:
    local = datetime.combine(day, clock.replace(fold=0))
    return (local.replace(tzinfo=zone) if zone else local).astimezone(UTC)


def _no_time_by_itself(text: str) -> Words:
    """What is said where it stands alone, and not in a name."""
    return Words(
        f"„{shown(text)}“ ist kein Zeitpunkt. Möglich sind zum Beispiel „2026-12-24 08:00“ oder"
        " „08:00“.",
        f'"{shown(text)}" is not a time. It can be written as "2026-12-24 08:00" or "08:00", for'
        " example.",
    )


def _no_time(text: str) -> Words:
    return Words(
        f"„{shown(text)}“ ist kein Zeitpunkt. Erlaubt sind zum Beispiel @2026-12-24 0800 oder"
        " @0800 (vier Ziffern, ohne Doppelpunkt); davor und dahinter steht ein Leerzeichen.",
        f'"{shown(text)}" is not a time. It can be written as @2026-12-24 0800 or @0800, for'
        " example (four digits, no colon), with a blank before and behind it.",
    )
