"""What `faxd send` asks for, decided by the very rules that decide on a drop. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from faxd import naming
from faxd.job import Kind
from faxd.outbound.addressing import (
    Drop,
    PhoneBook,
    Plan,
    Refused,
    Rules,
    decide,
    title_of,
)
from faxd.outbound.addressing.jobfile import MAX_JOINED, inside, too_many_files
from faxd.outbound.addressing.message import is_text_file, read_text
from faxd.outbound.addressing.names import label_of, reference
from faxd.outbound.addressing.switches import Value, read_pairs
from faxd.words import Words

#: the job file that stands for the command; nobody gets to see it
_NAME = "order.json"
_NO_TEXT = Words(
    "Der Text ist leer; es gibt nichts zu senden.", "The text is empty; there is nothing to send."
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """A command's options, as they were typed."""

    kind: Kind = Kind.FAX
    #: numbers or addresses, each with its reference in square brackets if it has one
    to: tuple[str, ...] = ()
    text: str | None = None
    #: ``2026-12-24 0800``, ``08:00``, with an offset or without
    at: str | None = None
    #: each ``name=value``
    options: tuple[str, ...] = ()
    #: of all recipients that have none of their own
    reference: str = ""


def plan_of(
    order: Order,
    heads: Mapping[str, bytes],
    content: bytes | None,
    rules: Rules,
    now: datetime,
) -> Plan:
    """What is to be sent.

    Args:
        order: what is asked for.
        heads: the beginnings (4 KiB) of the files, by their names, in order.
        content: of the file that `text_file` names; None if there is none, or it is too large.
        rules: the account's.
        now: aware.

    Raises:
        Refused: it cannot be sent as it is.
    """
    names, text = list(heads), order.text
    message = text_file(order, heads)
    if message is not None:
        text = read_text(message, content)
        names.remove(message)
    if not names and not (text or "").strip():
        raise Refused(_NO_TEXT)
    if len(names) > MAX_JOINED:
        raise Refused(too_many_files(len(names)))
    title = _title(order, list(heads), text)
    to = list(order.to) or ([label_of(title) or "Brief"] if order.kind.is_letter else [])
    asked = {
        "kind": order.kind.value,
        "to": to,
        "files": names,
        "text": text,
        "at": order.at,
        "options": _options(order.options),
    }
    written = json.dumps({name: value for name, value in asked.items() if value}).encode()
    drop = Drop(document=None, job_file=(_NAME, written), others=tuple(names), heads=heads)
    try:
        plan = decide(drop, rules, PhoneBook(), now)
    except Refused as refused:
        raise Refused(_outside(refused.words)) from None
    recipients = plan.recipients
    if order.reference:
        common = reference(order.reference)
        recipients = tuple(
            one if one.reference else replace(one, reference=common) for one in recipients
        )
    # What it is about is not what the job file that nobody sees is called.
    return replace(plan, title=title, subject=title, recipients=recipients)


def text_file(order: Order, heads: Mapping[str, bytes]) -> str | None:
    """The one file that is the message itself, as a .txt in the outbox is."""
    found = [name for name, head in heads.items() if is_text_file(name, head)]
    return found[0] if order.text is None and len(found) == 1 else None


def distinct_names(names: list[str]) -> list[str]:
    """Names that files can lie under side by side, in the same order.

    They come from anywhere, and two folders may hold a file of the same name.
    """
    used: set[str] = set()
    found = []
    for name in map(naming.clean_component, names):
        free = next(other for other in naming.alternatives(name) if other.casefold() not in used)
        used.add(free.casefold())
        found.append(free)
    return found


def _title(order: Order, names: list[str], text: str | None) -> str:
    """What people call it: its first file, or how its text begins."""
    if names:
        return title_of(names[0])
    first = next((line for line in (text or "").splitlines() if line.strip()), "")
    return naming.clean_value(first[:200]) or order.kind.value


def _options(pairs: tuple[str, ...]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for pair in pairs:
        found |= read_pairs(pair)
    return found


def _outside(words: Words) -> Words:
    """What is wrong, without the words that it is in a job file: there is none."""
    prefix = inside(_NAME, Words("", ""))
    return Words(words.de.removeprefix(prefix.de), words.en.removeprefix(prefix.en))
