"""The provider's protocol (StatusFile of JobStatus), and what it says of whom. Pure.

It comes from outside and decides what people are told, never what is sent or deleted: whatever
is wrong with it, what can be read is read, and nothing is raised.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from faxd.job import Recipient
from faxd.outbound.office.results import is_multi, is_silent

#: bytes, lines and characters of a cell; whatever is longer is no protocol
_LONGEST = 64 * 1024 * 1024
_MOST_LINES = 200_000
_LONGEST_CELL = 300
#: characters of a line that is quoted
_LONGEST_LINE = 2000
#: others cannot be shown in every time zone
_POSSIBLE_YEARS = range(1980, 3000)


@dataclass(frozen=True, kw_only=True)
class Line:
    """What the protocol says of one recipient; what it does not say is empty or None."""

    recipient: str = ""
    result: str = ""
    station_id: str = ""
    pages: int | None = None
    #: aware, UTC
    sent_at: datetime | None = None
    #: seconds of transmission
    duration: int | None = None
    reference: str = ""
    #: the line itself, without its end
    verbatim: str = field(default="", compare=False)


def read_protocol(data: bytes) -> tuple[Line, ...]:
    """The protocol's lines; none if it cannot be read."""
    text = _decoded(data[:_LONGEST])
    first = next((line for line in text.splitlines() if line.strip()), "")
    # As Excel in German writes it back.
    delimiter = ";" if first.count(";") > first.count(",") else ","
    read: list[str] = []
    rows = csv.reader(_noted(io.StringIO(text, newline=""), read), delimiter=delimiter)
    lines: list[Line] = []
    try:
        head = next((row for row in rows if any(cell.strip() for cell in row)), [])
        columns = {name.strip().upper(): number for number, name in reversed([*enumerate(head)])}
        if not columns.keys() & {"RECIPIENT", "RESULT"}:
            return ()
        read.clear()
        for row in itertools.islice(rows, _MOST_LINES):
            if any(cell.strip() for cell in row):
                verbatim = "".join(read).strip("\r\n")[:_LONGEST_LINE]
                lines.append(replace(_line(row, columns), verbatim=verbatim))
            read.clear()
    except csv.Error:  # a cell without an end
        pass
    return tuple(lines)


def settle_recipients(
    recipients: tuple[Recipient, ...],
    result: str,
    sent_at: datetime | None,
    remote_id: str,
    lines: Sequence[Line],
) -> tuple[Recipient, ...]:
    """What became of each recipient, by JobStatus's answer and its protocol.

    Who was reached by an earlier transmission stays as he is. Of whom nothing is said has the
    result "" (or the one of an earlier transmission): no word from the provider.
    """
    if len(recipients) == 1:
        only = recipients[0]
        found = _match(recipients, lines)
        line = found.get(0) or (lines[0] if len(lines) == 1 else Line())
        said = "" if is_multi(result) else result
        return (
            replace(
                only,
                result=said.strip() or line.result,
                station_id=remote_id.strip() or line.station_id,
                sent_at=sent_at or line.sent_at,
                pages=line.pages,
                duration=line.duration,
            ),
        )
    open_ = [number for number, recipient in enumerate(recipients) if not recipient.is_ok]
    found = _match([recipients[number] for number in open_], lines)
    settled = list(recipients)
    for place, number in enumerate(open_):
        recipient = recipients[number]
        if place not in found:
            settled[number] = replace(recipient, result=recipient.result or "")
            continue
        line = found[place]
        settled[number] = replace(
            recipient,
            result="" if is_silent(line.result) else line.result,
            station_id=line.station_id,
            pages=line.pages,
            sent_at=line.sent_at,
            duration=line.duration,
        )
    return tuple(settled)


def quoted_lines(recipients: Sequence[Recipient], lines: Sequence[Line]) -> tuple[str, ...]:
    """The protocol's own line about each recipient; empty where it has none that fits.

    One who was reached by an earlier transmission is not in the protocol of the last: of several
    recipients, a line counts only if it says what is known of him.
    """
    if len(recipients) == 1 and len(lines) == 1:
        return (lines[0].verbatim,)
    found = _match(recipients, lines)

    def quoted(place: int, recipient: Recipient) -> str:
        line = found.get(place, Line())
        said = "" if is_silent(line.result) else line.result
        alone = len(recipients) == 1
        fits = alone or (said, line.sent_at) == (recipient.result, recipient.sent_at)
        return line.verbatim if fits else ""

    return tuple(quoted(place, recipient) for place, recipient in enumerate(recipients))


def _noted(lines: Iterable[str], read: list[str]) -> Iterator[str]:
    """The lines, each of which is also put into ``read`` when it is asked for."""
    for line in lines:
        read.append(line)
        yield line


def _match(recipients: Sequence[Recipient], lines: Sequence[Line]) -> dict[int, Line]:
    """The lines by the places of the recipients that they tell of; each is used once."""
    found: dict[int, Line] = {}
    left = dict(enumerate(lines))
    exact: tuple[_Spell, _Spell] = (_whole, _whole)
    loose: tuple[_Spell, _Spell] = (_national, _without_country)
    for (spell_line, spell_recipient), by_reference in itertools.product(
        (exact, loose), (True, False)
    ):
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for place, recipient in enumerate(recipients):
            if place not in found:
                reference = _folded(recipient.reference) if by_reference else ""
                for spelling in spell_recipient(recipient.address):
                    waiting[spelling, reference].append(place)
        for number, line in list(left.items()):
            reference = _folded(line.reference) if by_reference else ""
            places = [
                place
                for spelling in spell_line(line.recipient)
                for place in waiting.get((spelling, reference), ())
                if place not in found
            ]
            # A national number that could be in two countries says nothing of either.
            if len({_folded(recipients[place].address) for place in places}) == 1:
                found[places[0]] = left.pop(number)
    return found


#: the spellings of an address by which it may be found
_Spell = Callable[[str], Iterable[str]]


def _whole(address: str) -> Iterable[str]:
    """Digits with the country's code, or the folded address."""
    number = _digits(address)
    if number is None:
        return (f"={_folded(address)}",)
    if number.startswith("00"):
        number = number[2:]
    return (number,)


def _national(address: str) -> Iterable[str]:
    """The digits behind a single leading zero, if that is how it is written."""
    number = _digits(address)
    if number is None or not number.startswith("0") or number.startswith("00"):
        return ()
    return (number[1:],)


def _without_country(address: str) -> Iterable[str]:
    """The digits without a country's code, which has one, two or three."""
    number = _digits(address)
    return () if number is None else (number[1:], number[2:], number[3:])


def _digits(address: str) -> str | None:
    """The digits of a telephone number; None if it is none."""
    address = address.replace("(0)", "")
    if not re.fullmatch(r"[+0-9\s()/.\-]{3,60}", address):
        return None
    return re.sub(r"[^0-9]", "", address, flags=re.ASCII) or None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _line(row: Sequence[str], columns: dict[str, int]) -> Line:
    def cell(name: str) -> str:
        number = columns.get(name, len(row))
        return row[number].strip()[:_LONGEST_CELL] if number < len(row) else ""

    return Line(
        recipient=cell("RECIPIENT"),
        result=cell("RESULT"),
        station_id=cell("REMOTEID"),
        pages=_number(cell("PAGES")),
        sent_at=_time(cell("SENDDATETIME")),
        duration=_number(cell("DURATION")),
        reference=cell("REFID"),
    )


def _number(cell: str) -> int | None:
    return int(cell) if re.fullmatch(r"[0-9]{1,9}", cell) else None


def _time(cell: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(cell)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in _POSSIBLE_YEARS else None
