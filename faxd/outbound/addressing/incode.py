"""Whom the codes on a document's first page name (`faxd.documents.codes`). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from faxd.job import Kind, Recipient
from faxd.outbound.addressing.names import read_addresses
from faxd.outbound.addressing.plain import plain, shown
from faxd.outbound.addressing.plan import Codes, NumberRules, Refused
from faxd.outbound.addressing.times import When, when_of
from faxd.words import Words

_KINDS: Mapping[str, Kind] = {"fax": Kind.FAX, "sms": Kind.SMS, "mail": Kind.EMAIL}
_MAX_NAME = 60
_MAX_SUBJECT = 200


@dataclass(frozen=True, kw_only=True)
class Coded:
    """What codes say."""

    kind: Kind
    recipients: tuple[Recipient, ...]
    when: When | None = None
    subject: str = ""


def read_codes(codes: Codes, wanted: Kind | None, numbers: NumberRules) -> Coded | None:
    """Whom codes name; None if they name nobody.

    ``wanted`` is the kind that a job file or a folder has named. One code may name several
    recipients, with commas between them; two codes must say the same.

    Raises:
        Refused: one is broken or wrong, two contradict each other, or they contradict ``wanted``.
    """
    broken = next((text for kind, text in codes.found if kind == "broken"), None)
    if broken is not None:
        raise Refused(_broken(broken))
    said = {
        (_KINDS[kind], _recipients(text, _KINDS[kind], numbers)): text
        for kind, text in codes.found
        if kind in _KINDS
    }
    if not said:
        return None
    if len(said) > 1:
        one, other, *_ = said.values()
        raise Refused(_two(one, other))
    ((kind, recipients),) = said
    names = _distinct("name", codes)
    if len(recipients) == len(names) == 1:
        recipients = (replace(recipients[0], name=plain(names[0])[:_MAX_NAME].strip()),)
    return Coded(
        kind=_agreed(kind, wanted),
        recipients=recipients,
        when=_when(codes),
        subject=" ".join(_distinct("subject", codes))[:_MAX_SUBJECT],
    )


def _recipients(text: str, kind: Kind, numbers: NumberRules) -> tuple[Recipient, ...]:
    try:
        return read_addresses(text, kind, numbers)
    except Refused as refused:
        raise Refused(_inside(refused.words)) from None


def _agreed(kind: Kind, wanted: Kind | None) -> Kind:
    if wanted is None or wanted is kind or (wanted is Kind.QSIGN and kind is Kind.EMAIL):
        return wanted or kind
    raise Refused(
        _inside(
            Words(
                f"Er verlangt die Versandart {kind.value}, der Ordner (oder die Auftragsdatei) aber"
                f" {wanted.value}. Bitte legen Sie das Dokument in den Ordner {kind.value}, oder"
                " ändern Sie den Code.",
                f"It asks for the kind {kind.value}, but the folder (or the job file) for"
                f" {wanted.value}. Please put the document into the folder {kind.value}, or change"
                " the code.",
            )
        )
    )


def _when(codes: Codes) -> When | None:
    times = _distinct("at", codes)
    if len(times) > 1:
        raise Refused(_two(times[0], times[1]))
    try:
        return when_of(times[0]) if times else None
    except Refused as refused:
        raise Refused(_inside(refused.words)) from None


def _distinct(kind: str, codes: Codes) -> list[str]:
    return list(dict.fromkeys(text.strip() for found, text in codes.found if found == kind))


def _inside(words: Words) -> Words:
    return Words(
        f"Im Code auf der ersten Seite des Dokuments: {words.de}",
        f"In the code on the document's first page: {words.en}",
    )


def _broken(text: str) -> Words:
    return Words(
        f"Der Code „{shown(text)}“ auf der ersten Seite des Dokuments hat kein Ende; es fehlen die"
        " beiden @@ am Schluss. Erlaubt ist zum Beispiel @@FAX 040 123456@@. Bitte ergänzen Sie"
        " ihn, oder schreiben Sie die Nummer an den Anfang des Dateinamens.",
        f'The code "{shown(text)}" on the document\'s first page has no end; the @@ behind it are'
        " missing. Allowed is, for example, @@FAX 040 123456@@. Please complete it, or write the"
        " number at the beginning of the file's name.",
    )


def _two(one: str, other: str) -> Words:
    return Words(
        "Auf der ersten Seite des Dokuments widersprechen sich zwei Codes:"
        f" „{shown(one)}“ und „{shown(other)}“. Bitte lassen Sie nur einen stehen. Mehrere"
        " Empfänger gehören in einen Code: @@FAX 040 123456, 089 123456@@.",
        "Two codes on the document's first page contradict each other:"
        f' "{shown(one)}" and "{shown(other)}". Please leave only one. Several recipients belong'
        " into one code: @@FAX 040 123456, 089 123456@@.",
    )
