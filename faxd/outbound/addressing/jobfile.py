"""The job file beside a document: what practice software and ERP systems write. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from faxd.job import Kind, Recipient
from faxd.outbound.addressing import switches
from faxd.outbound.addressing.names import (
    address,
    label_of,
    read_addresses,
    reference,
    without_doubles,
)
from faxd.outbound.addressing.plain import MAX_NAME, has_no_xml, plain, shown
from faxd.outbound.addressing.plan import NumberRules, Refused
from faxd.outbound.addressing.switches import Value
from faxd.outbound.addressing.tables import decode
from faxd.outbound.addressing.times import When, when_of
from faxd.words import Words

MAX_JOB_FILE = 1024 * 1024
#: that FAX.de takes in one job; more are joined into one
MAX_FILES = 3
MAX_JOINED = 30
#: a.a.a. ...: tomllib needs quadratic time for it, hours for 1 MB
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){50}""")
_KEYS = (
    *("kind", "to", "files", "text", "at", "subject", "letterhead", "cover_page"),
    *("options", *switches.NAMES),
)
_MAX_SUBJECT = 200
_TO_KEYS = ("number", "address", "to", "reference", "name")


@dataclass(frozen=True, kw_only=True)
class JobFile:
    """What a job file says; what it does not say is None or empty."""

    kind: Kind | None = None
    #: as it stands there; `recipients` reads it once the kind is known
    to: object = None
    files: tuple[str, ...] = ()
    text: str | None = None
    when: When | None = None
    subject: str | None = None
    #: whether it is to be put on the letterhead, and behind the cover page
    letterhead: bool | None = None
    cover_page: bool | None = None
    options: Mapping[str, Value] = field(default_factory=dict)


def read_job_file(name: str, content: bytes) -> JobFile:
    """Read a job file; ``name`` tells whether it is TOML or JSON.

    Raises:
        Refused: it cannot be read, or a key or value in it is wrong.
    """
    try:
        if len(content) > MAX_JOB_FILE:
            raise Refused(Words("Sie ist größer als 1 MB.", "It is larger than 1 MB."))
        return _read(_parse(name, content))
    except Refused as refused:
        raise Refused(inside(name, refused.words)) from None


def recipients(to: object, kind: Kind, rules: NumberRules) -> tuple[Recipient, ...]:
    """Whom its ``to`` names: a text, a table, or a list of both.

    Raises:
        Refused: an address or reference is wrong.
    """
    found: list[Recipient] = []
    for one in to if isinstance(to, list) else [to]:
        if isinstance(one, dict):
            found.append(_from_table(one, kind, rules))
        elif isinstance(one, str) and kind.is_letter:
            found.append(_label(one))
        elif isinstance(one, str):
            found.extend(read_addresses(one, kind, rules))
        else:
            raise Refused(_wrong_type("to", _A_RECIPIENT))
    return without_doubles(found)


def inside(name: str, words: Words) -> Words:
    """The same, saying that it is in the job file."""
    return Words(
        f"In der Auftragsdatei „{shown(name)}“: {words.de}",
        f'In the job file "{shown(name)}": {words.en}',
    )


def _parse(name: str, content: bytes) -> dict[str, Any]:
    text = decode(content)
    try:
        if name.casefold().endswith(".json"):
            found = json.loads(text, object_pairs_hook=_without_repetition)
        elif _LONG_KEY.search(text):
            raise ValueError("a key has too many parts")
        else:
            found = tomllib.loads(text)
    # RecursionError: ten thousand brackets.
    except (ValueError, RecursionError) as error:
        where = _where(error)
        raise Refused(
            Words(
                f"Sie ist nicht lesbar: {where.de}. Erlaubt ist TOML (.toml) oder JSON (.json).",
                f"It cannot be read: {where.en}. Allowed is TOML (.toml) or JSON (.json).",
            )
        ) from None
    if not isinstance(found, dict):
        raise Refused(
            Words(
                'Sie muss aus Namen und Werten bestehen, zum Beispiel {"to": "+4940123456"}.',
                'It must hold names and values, such as {"to": "+4940123456"}.',
            )
        )
    return found


def _where(error: Exception) -> Words:
    """Where a parser gave up; what it says besides is English, and for programmers."""
    if isinstance(error, RecursionError):
        return Words("Klammern sind zu tief verschachtelt", "brackets are nested too deeply")
    said = shown(str(error)) or "?"
    # As json and tomllib put it.
    if place := re.search(r"line ([0-9]+),? column ([0-9]+)", str(error)):
        return Words(f"Fehler in Zeile {place[1]}, Spalte {place[2]}", said)
    if "end of document" in str(error):
        return Words("Fehler am Ende der Datei", said)
    return Words("sie ist falsch aufgebaut", said)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Refused(_twice(name))
        found[name] = value
    return found


def _read(found: Mapping[str, Any]) -> JobFile:
    for name in found:
        if name not in _KEYS and not switches.is_option(name):
            raise Refused(switches.unknown(name, _KEYS))
    text = found.get("text")
    if "text" in found and not isinstance(text, str):
        raise Refused(_wrong_type("text", Words("ein Text", "a text")))
    if text is not None and has_no_xml(text):
        raise Refused(
            Words(
                "„text“ enthält Steuerzeichen, die nicht versendet werden können.",
                '"text" holds control characters that cannot be sent.',
            )
        )
    return JobFile(
        kind=_kind(found["kind"]) if "kind" in found else None,
        to=_to(found["to"]) if "to" in found else None,
        files=_files(found["files"]) if "files" in found else (),
        text=text,
        when=when_of(found["at"]) if "at" in found else None,
        subject=_subject(found["subject"]) if "subject" in found else None,
        letterhead=_switch("letterhead", found),
        cover_page=_switch("cover_page", found),
        options=_options(found),
    )


def _kind(value: object) -> Kind:
    kinds = ", ".join(kind.value for kind in Kind)
    try:
        return Kind(value.casefold() if isinstance(value, str) else value)
    except ValueError:
        what = shown(str(value)[:100])
        raise Refused(
            Words(
                f"Die Art „{what}“ (kind) gibt es nicht. Erlaubt sind: {kinds}.",
                f'There is no kind "{what}". Allowed are: {kinds}.',
            )
        ) from None


def _subject(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_SUBJECT or not value.isprintable():
        allowed = Words(
            f"ein Text in einer Zeile, bis zu {_MAX_SUBJECT} Zeichen",
            f"a text on one line, up to {_MAX_SUBJECT} characters",
        )
        raise Refused(_wrong_type("subject", allowed))
    return value.strip()


def _switch(name: str, found: Mapping[str, Any]) -> bool | None:
    value = found.get(name)
    if name in found and not isinstance(value, bool):
        raise Refused(_wrong_type(name, Words("true oder false", "true or false")))
    return value


def _to(value: object) -> object:
    """An empty list is a mistake; it does not mean that somebody else is to be asked."""
    if value in ("", [], {}) or not isinstance(value, str | list | dict):
        raise Refused(_wrong_type("to", _A_RECIPIENT))
    return value


def _files(value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise Refused(_wrong_type("files", Words("eine Liste von Dateinamen", "a list of names")))
    if len(names) > MAX_JOINED:
        raise Refused(too_many_files(len(names)))
    for name in names:
        if not name or len(name) > MAX_NAME or name in {".", ".."} or set("/\\\0") & set(name):
            raise Refused(
                Words(
                    f"„{shown(name)}“ (files) ist kein Dateiname. Erlaubt sind nur Namen von"
                    " Dateien im selben Ordner, keine Pfade.",
                    f'"{shown(name)}" (files) is not the name of a file. Allowed are only names'
                    " of files in the same folder, no paths.",
                )
            )
    if len({name.casefold() for name in names}) < len(names):
        raise Refused(_twice("files"))
    return tuple(names)


def _options(found: Mapping[str, Any]) -> dict[str, Value]:
    table = found.get("options", {})
    if not isinstance(table, dict):
        raise Refused(_wrong_type("options", Words("eine Tabelle", "a table")))
    options: dict[str, Value] = {}
    for name in table:
        if not switches.is_option(name):
            raise Refused(switches.unknown(name, switches.NAMES))
    beside = [(name, value) for name, value in found.items() if switches.is_option(name)]
    for name, value in [*table.items(), *beside]:
        field_name, checked = switches.option(name, value)
        if field_name in options:
            raise Refused(_twice(field_name))
        options[field_name] = checked
    return options


def _from_table(table: Mapping[str, Any], kind: Kind, rules: NumberRules) -> Recipient:
    for key, value in table.items():
        if key not in _TO_KEYS:
            raise Refused(switches.unknown(key, _TO_KEYS))
        if not isinstance(value, str):
            raise Refused(_wrong_type(key, Words("ein Text", "a text")))
        if len(value) > MAX_NAME:
            raise Refused(_wrong_type(key, Words("ein kurzer Text", "a short text")))
    where = [table[key] for key in ("number", "address", "to") if key in table]
    if kind.is_letter and not where and "name" in table:
        where = [table["name"]]
    if len(where) != 1:
        raise Refused(_wrong_type("to", _A_RECIPIENT))
    ref = reference(table.get("reference", ""))
    name = plain(table.get("name", ""))
    if kind.is_letter:
        return Recipient(address=_label(where[0]).address, reference=ref, name=name)
    return Recipient(address=address(plain(where[0]), kind, rules), reference=ref, name=name)


def _label(text: str) -> Recipient:
    """A letter's recipient, which is no more than a label: ``Mustermann[RE-4711]``."""
    label, bracket, rest = text[:MAX_NAME].partition("[")
    return Recipient(
        address=label_of(label), reference=reference(rest.removesuffix("]")) if bracket else ""
    )


def too_many_files(count: int) -> Words:
    """What is said of more documents than a job can hold."""
    return Words(
        f"Es sind {count} Dateien. Erlaubt sind bis zu {MAX_JOINED} in einem Auftrag; bitte fassen"
        " Sie sie in einer PDF-Datei zusammen.",
        f"There are {count} files. Allowed are up to {MAX_JOINED} in one job; please join them into"
        " one PDF file.",
    )


def _twice(name: str) -> Words:
    return Words(
        f"„{shown(name)}“ ist doppelt angegeben. Bitte lassen Sie es nur einmal stehen.",
        f'"{shown(name)}" is given twice. Please leave it only once.',
    )


def _wrong_type(name: str, wanted: Words) -> Words:
    return Words(
        f"„{shown(name)}“ hat einen Wert, der dort nicht geht. Erlaubt ist {wanted.de}.",
        f'"{shown(name)}" has a value that cannot be there. Allowed is {wanted.en}.',
    )


_A_RECIPIENT = Words(
    'eine Adresse ("+4940123456[RE-4711]"), eine Liste solcher Adressen oder Tabellen mit number,'
    " reference und name",
    'an address ("+4940123456[RE-4711]"), a list of such addresses, or of tables with number,'
    " reference and name",
)
