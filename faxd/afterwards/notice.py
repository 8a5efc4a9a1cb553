"""The mail that tells of a fax: its subject and its text. Pure."""

from __future__ import annotations

from enum import Enum

from faxd.ledger import Received
from faxd.naming import Facts
from faxd.text import plural, printable
from faxd.words import Words

_LONGEST = 80


class Attached(Enum):
    """What lies in the mail."""

    YES = "yes"
    NO = "no"  # it was not asked for
    TOO_LARGE = "too large"
    #: no PDF could be made of the fax, and its TIFF is attached
    TIFF = "tiff"


def subject(fax: Received, facts: Facts) -> Words:
    """One line, whatever the sender's machine has written."""
    who = sender(facts)
    if fax.damage is not None:
        return Words(
            f"Beschädigtes Fax von {who.de}",
            f"Damaged fax from {who.en}",
        )
    pages = facts.pages
    return Words(
        f"Fax von {who.de}, {plural(pages, 'Seite', 'Seiten')}",
        f"Fax from {who.en}, {plural(pages, 'page')}",
    )


def sender(facts: Facts) -> Words:
    """Whom a fax is from: name and number, or what is known of them."""
    name, number = line(facts.originator_name), line(facts.originator)
    if name:
        both = f"{name} ({number})" if number else name
        return Words(both, both)
    known = number or line(facts.station_id)
    return Words(known or "unbekannt", known or "unknown sender")


def body(fax: Received, facts: Facts, attached: Attached) -> Words:
    """The text of the mail."""
    rows = [
        (Words("Von", "From"), _known(facts.originator_name)),
        (Words("Nummer", "Number"), _known(facts.originator)),
        (Words("Kennung", "Station id"), _known(facts.station_id)),
        (
            Words("Empfangen", "Received"),
            Words(
                facts.received.strftime("%d.%m.%Y, %H:%M Uhr"),
                facts.received.strftime("%Y-%m-%d, %H:%M"),
            ),
        ),
        (Words("Seiten", "Pages"), _known(str(facts.pages) if facts.pages else "")),
        (Words("Ablage", "Filed as"), _known(fax.path, 500)),
    ]
    return Words(
        _german(rows, fax, facts, attached),
        _english(rows, fax, facts, attached),
    )


def _german(
    rows: list[tuple[Words, Words | None]], fax: Received, facts: Facts, attached: Attached
) -> str:
    what = "Es ist ein Fax angekommen."
    if fax.damage is not None:
        what = (
            "Es ist ein Fax angekommen, aber beschädigt. Bitte bitten Sie den Absender, es noch"
            " einmal zu senden."
        )
    elif fax.warning is not None:
        what += (
            " Der Anbieter nennt eine andere Zahl von Seiten, als angekommen sind. Bitte prüfen"
            " Sie, ob es vollständig ist."
        )
    where = {
        Attached.YES: "Das Fax ist angehängt.",
        Attached.TIFF: "Das Fax ist angehängt, und zwar als TIFF: Ein PDF ließ sich nicht machen.",
        Attached.NO: "Das Fax finden Sie in der Ablage.",
        Attached.TOO_LARGE: "Das Fax ist zu groß für eine E-Mail. Sie finden es in der Ablage.",
    }[attached]
    lines = [f"{name.de + ':':<12}{value.de}" for name, value in rows if value is not None]
    return "\n".join(
        ["Guten Tag,", "", what, "", *lines, "", where, "", _FOOT.de.format(facts.account), ""]
    )


def _english(
    rows: list[tuple[Words, Words | None]], fax: Received, facts: Facts, attached: Attached
) -> str:
    what = "A fax has arrived."
    if fax.damage is not None:
        what = "A fax has arrived, but damaged. Please ask the sender to send it again."
    elif fax.warning is not None:
        what += (
            " The provider states another number of pages than have arrived. Please see whether it"
            " is complete."
        )
    where = {
        Attached.YES: "The fax is attached.",
        Attached.TIFF: "The fax is attached, as a TIFF: no PDF could be made of it.",
        Attached.NO: "You find the fax where it is filed.",
        Attached.TOO_LARGE: "The fax is too large for a mail. You find it where it is filed.",
    }[attached]
    lines = [f"{name.en + ':':<12}{value.en}" for name, value in rows if value is not None]
    return "\n".join(
        ["Hello,", "", what, "", *lines, "", where, "", _FOOT.en.format(facts.account), ""]
    )


def line(text: str, longest: int = _LONGEST) -> str:
    """A stranger's text as one short line, in which nothing can begin another.

    An encoded word (RFC 2047) would be decoded when it becomes a header, line ends and all.
    """
    return printable(" ".join(text.split())[:longest]).strip().replace("=?", "= ?")


def _known(text: str, longest: int = _LONGEST) -> Words | None:
    """A row's value; None leaves the row out."""
    text = line(text, longest)
    return Words(text, text) if text else None


_FOOT = Words(
    "Diese E-Mail hat faxd von selbst verschickt (Faxeingang „{}“). Bitte antworten Sie nicht"
    " darauf.",
    'This mail was sent by faxd, by itself (fax account "{}"). Please do not answer it.',
)
