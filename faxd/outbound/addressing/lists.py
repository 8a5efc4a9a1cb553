"""Many recipients: lists that people drop, and how recipients are written on the wire. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from faxd.job import Kind, Recipient
from faxd.outbound.addressing.names import address, reference, without_doubles
from faxd.outbound.addressing.numbers import looks_like_number
from faxd.outbound.addressing.plain import MAX_NAME, plain, shown
from faxd.outbound.addressing.plan import NumberRules, Refused
from faxd.outbound.addressing.tables import Row, read_table
from faxd.words import Words

MAX_LIST = 10 * 1024 * 1024
#: more would not be read by anyone
_NAMED = 20


def read_list(name: str, content: bytes, kind: Kind, rules: NumberRules) -> tuple[Recipient, ...]:
    """The recipients of a list: one in each line, with an optional reference.

    A line that says exactly the same as one before it is passed over.

    Raises:
        Refused: there are none, or a line is bad; every bad line is named.
    """
    if len(content) > MAX_LIST:
        raise Refused(_too_long(name))
    rows = read_table(content, _is_good)
    if rows and _is_heading(rows[0]):
        rows = rows[1:]
    recipients, problems = [], []
    for row in rows:
        try:
            recipients.append(_recipient(row, kind, rules))
        except Refused as refused:
            problems.append((row.line, refused.words))
    if problems:
        raise Refused(_bad_lines(name, problems))
    if not recipients:
        raise Refused(_empty(name))
    return without_doubles(recipients)


def render(recipients: Iterable[Recipient]) -> str:
    """SendJob's Recipient: ``+4940123456[RE-4711],+4989123456``."""
    return ",".join(
        one.address + (f"[{one.reference}]" if one.reference else "") for one in recipients
    )


def render_list(recipients: Iterable[Recipient]) -> bytes:
    """SendJob's RecipientFile, which can be dropped as a list again."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for one in recipients:
        writer.writerow([one.address, one.reference] if one.reference else [one.address])
    return text.getvalue().encode()


def _recipient(row: Row, kind: Kind, rules: NumberRules) -> Recipient:
    if any(len(cell) > MAX_NAME for cell in row.cells):
        raise Refused(Words("Die Zeile ist zu lang.", "The line is too long."))
    first, *others = row.cells
    if len([cell for cell in others if cell]) > 1:
        raise Refused(
            Words(
                "Es sind mehr als zwei Spalten. Erlaubt sind Empfänger und Referenz; steht im"
                " Text ein Trennzeichen, gehört er in Anführungszeichen.",
                "There are more than two columns. Allowed are recipient and reference; a text"
                " that holds a separator must stand in quotation marks.",
            )
        )
    where = address(plain(first), kind, rules)
    return Recipient(address=where, reference=reference(next(filter(None, others), "")))


def _is_good(cells: tuple[str, ...]) -> bool:
    return _is_address(cells[0])


def _is_address(cell: str) -> bool:
    cell = plain(cell[:MAX_NAME])
    return looks_like_number(cell) or ("@" in cell and not set(cell) & set(" ,;"))


def _is_heading(row: Row) -> bool:
    """``Empfänger;Referenz``: words, and neither an address nor an attempt at one."""
    cell = row.cells[0]
    return (
        any(char.isalpha() for char in cell)
        and "@" not in cell
        and sum(char.isdigit() for char in cell) < 3
    )


def _bad_lines(name: str, problems: list[tuple[int, Words]]) -> Words:
    count = len(problems)
    which = (
        Words("eine Zeile", "one line is")
        if count == 1
        else Words(f"in {count} Zeilen etwas", f"{count} lines are")
    )
    said = [
        Words(
            f"In der Liste „{shown(name)}“ stimmt {which.de} nicht; gesendet wurde nichts.",
            f'In the list "{shown(name)}" {which.en} wrong; nothing was sent.',
        )
    ]
    said += [
        Words(f"Zeile {line}: {words.de}", f"Line {line}: {words.en}")
        for line, words in problems[:_NAMED]
    ]
    if (more := count - _NAMED) > 0:
        said.append(Words(f"… und {more} weitere Zeilen.", f"… and {more} more lines."))
    said.append(_CORRECT)
    return Words("\n".join(each.de for each in said), "\n".join(each.en for each in said))


_CORRECT = Words(
    "Bitte berichtigen Sie die Liste und legen Sie alles noch einmal ab.",
    "Please correct the list and drop everything again.",
)


def _empty(name: str) -> Words:
    return Words(
        f"In der Liste „{shown(name)}“ steht kein Empfänger. Erlaubt ist je Zeile ein Empfänger"
        " und, durch Komma oder Semikolon getrennt, eine Referenz: 040 123456;RE-4711.",
        f'There is no recipient in the list "{shown(name)}". Each line may hold one recipient'
        " and, behind a comma or semicolon, a reference: 040 123456;RE-4711.",
    )


def _too_long(name: str) -> Words:
    return Words(
        f"Die Liste „{shown(name)}“ ist größer als {MAX_LIST >> 20} MB. Bitte teilen Sie sie.",
        f'The list "{shown(name)}" is larger than {MAX_LIST >> 20} MB. Please split it.',
    )
