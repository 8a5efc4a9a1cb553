"""The mail that tells of a fax: its subject and its text. Pure."""

from __future__ import annotations

from enum import Enum

from faxd.ledger import Received
from faxd.naming import Facts
from faxd.text import plural, printable
from faxd.words import Language, Words

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
    return Words(*(_letter(rows, fax, facts, attached, language) for language in _LANGUAGES))


def _letter(
    rows: list[tuple[Words, Words | None]],
    fax: Received,
    facts: Facts,
    attached: Attached,
    language: Language,
) -> str:
    what = [_DAMAGED if fax.damage is not None else _ARRIVED]
    if fax.damage is None and fax.warning is not None:
        what.append(_OTHER_COUNT)
    lines = [
        f"{name.in_(language) + ':':<12}{value.in_(language)}"
        for name, value in rows
        if value is not None
    ]
    paragraphs = (
        _GREETING.in_(language),
        " ".join(each.in_(language) for each in what),
        "\n".join(lines),
        _WHERE[attached].in_(language),
        _FOOT.in_(language).format(facts.account),
    )
    return "\n\n".join(paragraphs) + "\n"


def line(text: str, longest: int = _LONGEST) -> str:
    """A stranger's text as one short line, in which nothing can begin another.

    An encoded word (RFC 2047) would be decoded when it becomes a header, line ends and all.
    """
    return printable(" ".join(text.split())[:longest]).strip().replace("=?", "= ?")


def _known(text: str, longest: int = _LONGEST) -> Words | None:
    """A row's value; None leaves the row out."""
    text = line(text, longest)
    return Words(text, text) if text else None


_LANGUAGES: tuple[Language, Language] = ("de", "en")
_GREETING = Words("Guten Tag,", "Hello,")
_ARRIVED = Words("Es ist ein Fax angekommen.", "A fax has arrived.")
_DAMAGED = Words(
    "Es ist ein Fax angekommen, aber beschädigt. Bitte lassen Sie es sich vom Absender noch einmal"
    " senden.",
    "A fax has arrived, but damaged. Please ask the sender to send it again.",
)
_OTHER_COUNT = Words(
    "Der Anbieter nennt eine andere Zahl von Seiten, als angekommen sind. Bitte prüfen Sie, ob es"
    " vollständig ist.",
    "The provider states another number of pages than have arrived. Please see whether it is"
    " complete.",
)
_WHERE = {
    Attached.YES: Words("Das Fax ist angehängt.", "The fax is attached."),
    Attached.TIFF: Words(
        "Das Fax ist angehängt, und zwar als TIFF: Ein PDF ließ sich daraus nicht erzeugen.",
        "The fax is attached, as a TIFF: no PDF could be made of it.",
    ),
    Attached.NO: Words("Das Fax finden Sie in der Ablage.", "You find the fax where it is filed."),
    Attached.TOO_LARGE: Words(
        "Das Fax ist zu groß für eine E-Mail. Sie finden es in der Ablage.",
        "The fax is too large for a mail. You find it where it is filed.",
    ),
}
_FOOT = Words(
    "Diese E-Mail wurde von faxd automatisch verschickt (Faxeingang „{}“). Bitte antworten Sie"
    " nicht darauf.",
    'This mail was sent by faxd, by itself (fax account "{}"). Please do not answer it.',
)
