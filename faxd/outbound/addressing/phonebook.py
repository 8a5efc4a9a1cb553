"""The office's phone book, ``phonebook.csv`` in the outbox. Pure.

``name, number, kind, options``, the last two optional. A file or folder whose name begins with
a name in it goes there. Better no fax than one to the wrong Dr. Meier: what is doubtful is
refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from faxd.job import Kind
from faxd.outbound.addressing.lists import MAX_LIST
from faxd.outbound.addressing.mail import mail_address
from faxd.outbound.addressing.names import check_length
from faxd.outbound.addressing.numbers import looks_like_number, number
from faxd.outbound.addressing.plain import MAX_NAME, fold, plain, shown
from faxd.outbound.addressing.plan import NumberRules, Refused
from faxd.outbound.addressing.switches import Value, read_pairs
from faxd.outbound.addressing.tables import Row, read_table
from faxd.words import Words

#: candidates that are named
_NAMED = 6


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the phone book."""

    name: str
    #: as it is sent; empty if there is a problem
    address: str = ""
    #: what is sent there where nothing else says it
    kind: Kind | None = None
    options: Mapping[str, Value] = field(default_factory=dict)
    #: why nothing can be sent there
    problem: Words | None = None

    def suits(self, kind: Kind) -> bool:
        """Whether such a job can go there."""
        return self.problem is not None or kind.by_mail == ("@" in self.address)


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Whom a name may have meant."""

    candidates: tuple[Entry, ...]
    #: it begins with their whole name, and not just with a word of it
    is_whole: bool


class PhoneBook:
    """Names and where they are reached."""

    def __init__(self, entries: Iterable[Entry] = (), problems: Iterable[Words] = ()) -> None:
        self.entries = tuple(entries)
        #: what is wrong with its lines, each of them named; the others count all the same
        self.problems = tuple(problems)
        #: by the first word of their names
        self._by_word: dict[str, list[tuple[tuple[str, ...], Entry]]] = defaultdict(list)
        for entry in self.entries:
            words = fold(entry.name)
            self._by_word[words[0]].append((words, entry))

    @classmethod
    def read(cls, content: bytes, rules: NumberRules) -> PhoneBook:
        """Read a phone book; what is wrong in it becomes its `problems`."""
        if len(content) > MAX_LIST:
            return cls(problems=[_TOO_LONG])
        rows = read_table(content, _is_good)
        if rows and _is_heading(rows[0]):
            rows = rows[1:]
        entries, problems = [], []
        for row in rows:
            entry, problem = _entry(row, rules)
            if entry is not None:
                entries.append(entry)
            if problem is not None:
                problems.append(
                    Words(
                        f"Telefonbuch, Zeile {row.line}: {problem.de}",
                        f"Phone book, line {row.line}: {problem.en}",
                    )
                )
        return cls(entries, problems)

    def look_up(self, name: str, kind: Kind | None) -> Entry | Doubt | None:
        """Whom ``name`` begins with; ``kind`` where the folder or a job file has said it.

        The longest name wins. It is doubtful if there are two of them with different addresses,
        or if ``name`` has more words in common with another one than with the one it begins with.

        Raises:
            Refused: the name is too long to be one.
        """
        check_length(name)
        words = fold(name)
        listed = self._by_word.get(words[0], []) if words else []
        near = [
            (_common(words, entry_words), len(entry_words), entry)
            for entry_words, entry in listed
            if kind is None or entry.suits(kind)
        ]
        if not near:
            return None
        most = max(common for common, _, _ in near)
        best = [(length, entry) for common, length, entry in near if common == most]
        whole = [entry for length, entry in best if length == most]
        if not whole:
            return Doubt(candidates=tuple(entry for _, entry in best), is_whole=False)
        if kind is not None and (same_kind := [one for one in whole if one.kind is kind]):
            whole = same_kind
        if len({(entry.address, entry.kind) for entry in whole}) > 1:
            return Doubt(candidates=tuple(whole), is_whole=True)
        return whole[0]


def candidates(entries: Iterable[Entry]) -> str:
    """Their names and addresses, for a sentence."""
    found = [f"{shown(entry.name)} ({entry.address or '?'})" for entry in entries]
    more = ["…"] if len(found) > _NAMED else []
    return ", ".join(found[:_NAMED] + more)


def _common(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """How many words both begin with."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _entry(row: Row, rules: NumberRules) -> tuple[Entry | None, Words | None]:
    """What a line says, and what is wrong with it."""
    cells = row.cells + ("",) * (3 - len(row.cells))
    name = plain(cells[0][:MAX_NAME])
    if not fold(name):
        return None, Words("Der Name fehlt.", "The name is missing.")
    try:
        return _sound_entry(name, cells, rules), None
    except Refused as refused:
        return Entry(name=name, problem=refused.words), refused.words


def _sound_entry(name: str, cells: tuple[str, ...], rules: NumberRules) -> Entry:
    # The options of a table with semicolons spread over the cells behind.
    options = read_pairs(";".join(cells[3:])[:MAX_NAME])
    where = plain(cells[1][:MAX_NAME])
    kind = _kind(cells[2]) if cells[2] else None
    if kind is None and "@" in where:
        kind = Kind.EMAIL
    if kind is not None and kind.by_mail:
        address = mail_address(where)
    else:
        address = number(where, rules, sms=kind is Kind.SMS)
    return Entry(name=name, address=address, kind=kind, options=options)


def _kind(cell: str) -> Kind:
    try:
        kind = Kind(cell.casefold())
    except ValueError:
        kind = Kind.LETTER
    if kind.is_letter:
        raise Refused(
            Words(
                f"Die Art „{shown(cell)}“ geht hier nicht. Erlaubt sind: fax, sms, email, qsign"
                " (Briefe brauchen keine Nummer).",
                f'The kind "{shown(cell)}" cannot be here. Allowed are: fax, sms, email, qsign'
                " (letters need no number).",
            )
        )
    return kind


def _is_good(cells: tuple[str, ...]) -> bool:
    return len(cells) > 1 and ("@" in cells[1] or looks_like_number(plain(cells[1][:MAX_NAME])))


def _is_heading(row: Row) -> bool:
    """``Name;Nummer``: the second cell is neither an address nor an attempt at one."""
    return len(row.cells) > 1 and not any(char.isdigit() or char == "@" for char in row.cells[1])


_TOO_LONG = Words(
    f"Das Telefonbuch ist größer als {MAX_LIST >> 20} MB und wird nicht gelesen.",
    f"The phone book is larger than {MAX_LIST >> 20} MB and is not read.",
)
