"""The grammar of a file's or folder's name. Pure.

::

    name    = [ address { ("," | ";") address } ] label
    address = (number | e-mail address) [ "[" reference "]" ]

with a time (`times`) anywhere as a word of its own. A number ends where something else than
digits and ``( ) . / -`` and blanks follows; an underscore ends it for certain.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from faxd.job import Kind, Recipient
from faxd.outbound.addressing.mail import is_mail_address, mail_address
from faxd.outbound.addressing.numbers import at_beginning, number
from faxd.outbound.addressing.plain import MAX_NAME, has_controls, plain, shown
from faxd.outbound.addressing.plan import NumberRules, Refused
from faxd.outbound.addressing.times import When, take_time
from faxd.words import Words

MAX_REFERENCE = 64
#: what is no part of a title; others, such as the .org of an address, are
_EXTENSIONS = frozenset(
    {
        *("pdf", "tif", "tiff", "bmp", "htm", "html", "doc", "dot", "xls", "xlt"),
        *("txt", "toml", "json", "csv"),
        *("docx", "docm", "xlsx", "xlsm", "odt", "ods", "rtf", "ppt", "pptx", "jpg", "jpeg"),
        *("png", "gif", "heic", "webp", "xps", "oxps", "ps", "eps", "zip", "msg", "eml", "xml"),
    }
)
_MAX_LABEL = 60
_FILED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{4} )+")


@dataclass(frozen=True, kw_only=True)
class Name:
    """What a name says."""

    recipients: tuple[Recipient, ...] = ()
    when: When | None = None
    #: the rest
    label: str = ""


def unfiled(name: str) -> str:
    """A name without the date that faxd has put before it when it filed it in sent or failed."""
    found = _FILED.match(name)
    return name[found.end() :] if found and found.end() < len(name) else name


def title_of(file: str) -> str:
    """A file's name as people call it: without the extensions of documents and companions.

    A document that is moved back from where it was filed is called what it was called before.
    """
    file = unfiled(file[: 2 * MAX_NAME])
    stem, dot, extension = file.rpartition(".")
    while stem and dot and extension.casefold() in _EXTENSIONS:
        file = stem
        stem, dot, extension = file.rpartition(".")
    return unicodedata.normalize("NFC", file[:MAX_NAME])


def check_length(name: str) -> None:
    """Refuse what is longer than any file system's name.

    Raises:
        Refused: it is.
    """
    if len(name) > MAX_NAME:
        raise Refused(
            Words(
                f"Der Name „{shown(name)}“ ist zu lang. Erlaubt sind {MAX_NAME} Zeichen.",
                f'The name "{shown(name)}" is too long. Allowed are {MAX_NAME} characters.',
            )
        )


def read_name(title: str, kind: Kind, rules: NumberRules) -> Name:
    """Read a name without its extension as one of that kind.

    Raises:
        Refused: an address, reference or time in it is wrong.
    """
    check_length(title)
    when, text = take_time(plain(title))
    text = text.lstrip(" _")
    recipients: tuple[Recipient, ...] = ()
    if not kind.is_letter:
        recipients, text = _addresses(text, kind, rules)
    return Name(recipients=recipients, when=when, label=text.replace("_", " ").strip(" -,;"))


def read_addresses(text: str, kind: Kind, rules: NumberRules) -> tuple[Recipient, ...]:
    """Read a text that is addresses and nothing else, as a job file has it.

    Raises:
        Refused: it is not.
    """
    if len(text) > MAX_NAME * 4:
        raise Refused(_too_much(text))
    spelt = plain(text).replace(" [", "[")
    recipients, rest = _addresses(spelt, kind, rules)
    if not recipients:
        address(spelt.partition("[")[0], kind, rules)  # says what is wrong with it
    if not recipients or rest.strip(" ,;"):
        raise Refused(_too_much(rest))
    return recipients


def address(text: str, kind: Kind, rules: NumberRules) -> str:
    """One address of that kind, as it is sent.

    Raises:
        Refused: it is none.
    """
    if kind.by_mail:
        return mail_address(text.strip())
    _check_kind(text, kind)
    return number(text, rules, sms=kind is Kind.SMS)


def reference(text: str) -> str:
    """The sender's own reference for a recipient.

    Raises:
        Refused: it holds what would end it on the wire, or is too long.
    """
    text = text.strip()
    if len(text) > MAX_REFERENCE or has_controls(text) or set("[],") & set(text):
        raise Refused(
            Words(
                f"Die Referenz „{shown(text)}“ geht so nicht. Erlaubt sind"
                f" {MAX_REFERENCE} Zeichen, ohne Komma und eckige Klammern.",
                f'The reference "{shown(text)}" cannot be used. Allowed are {MAX_REFERENCE}'
                " characters without comma and square brackets.",
            )
        )
    return text


def label_of(title: str) -> str:
    """A letter's Recipient: the name without time, with nothing that would end it."""
    text = take_time(plain(title))[1].replace("_", " ")
    text = re.sub(r" +", " ", re.sub(r"[\[\],;]", " ", text))
    return text.strip(" -")[:_MAX_LABEL].strip()


def without_doubles(recipients: list[Recipient]) -> tuple[Recipient, ...]:
    """Each address and reference once, in the order of their first appearance."""
    found: dict[tuple[str, str], Recipient] = {}
    for one in recipients:
        found.setdefault((one.address, one.reference), one)
    return tuple(found.values())


def _addresses(text: str, kind: Kind, rules: NumberRules) -> tuple[tuple[Recipient, ...], str]:
    """What addresses ``text`` begins with, and the rest."""
    found: list[Recipient] = []
    rest = text
    while True:
        read = _mail(rest) if kind.by_mail else _number(rest, kind, rules)
        if read is None:
            if found and re.match(r"[+0-9]|[^ _]+@", rest):
                raise Refused(_broken_off(rest))
            return without_doubles(found), rest
        one, rest = read
        referred, rest = _reference(rest)
        found.append(Recipient(address=one, reference=referred))
        comma = re.match(r" ?[,;] ?", rest)
        if comma is None:
            return without_doubles(found), rest
        rest = rest[comma.end() :]


def _number(text: str, kind: Kind, rules: NumberRules) -> tuple[str, str] | None:
    _check_kind(text, kind)
    written = at_beginning(text, rules)
    if written is None:
        return None
    return number(written.text, rules, sms=kind is Kind.SMS), text[written.end :]


def _mail(text: str) -> tuple[str, str] | None:
    """An address ends at a blank, a comma, a bracket, or an underscore in its domain."""
    match = re.match(r"[^@ ,;\[\]]+@[^@ _,;\[\]]*", text)
    if match is None:
        return None
    return mail_address(match.group().rstrip(".-")), text[match.end() :]


def _check_kind(text: str, kind: Kind) -> None:
    """Refuse an e-mail address where a number should be: it would be passed over in silence."""
    match = re.match(r"[^@ ,;\[\]]+@[^@ _,;\[\]]*", text[:MAX_NAME])
    if kind.by_number and match and is_mail_address(match.group().rstrip(".-")):
        what = Words("ein Fax", "a fax") if kind is Kind.FAX else Words("eine SMS", "an SMS")
        raise Refused(
            Words(
                f"„{shown(match.group())}“ ist eine E-Mail-Adresse, das hier wird aber {what.de}."
                " Für eine E-Mail legen Sie die Datei bitte in den Ordner „email“ (in"
                " Auftragsdateien und Befehlen: kind email).",
                f'"{shown(match.group())}" is an e-mail address, but this is to be {what.en}. For'
                ' an e-mail, please put the file into the folder "email" (in job files and'
                " commands: kind email).",
            )
        )


def _reference(text: str) -> tuple[str, str]:
    if not text.startswith("["):
        return "", text
    inside, bracket, rest = text[1:].partition("]")
    if not bracket:
        raise Refused(
            Words(
                f"In „{shown(text)}“ fehlt die schließende Klammer ]. Erlaubt ist zum Beispiel"
                " +4940123456[RE-4711] Rechnung.pdf.",
                f'The closing bracket ] is missing in "{shown(text)}". Write, for example,'
                " +4940123456[RE-4711] Invoice.pdf.",
            )
        )
    return reference(inside), rest


def _broken_off(text: str) -> Words:
    return Words(
        f"Hinter dem Komma ist „{shown(text)}“ keine vollständige Adresse. Bitte schreiben Sie"
        " jede Nummer mit Vorwahl: 040 123456, 089 123456_Rechnung.pdf. Gehört der Text nicht mehr"
        " zu den Empfängern, trennen Sie ihn bitte mit einem Unterstrich statt mit einem Komma ab.",
        f'Behind the comma, "{shown(text)}" is not a whole address. Please write every number with'
        " its area code: 040 123456, 089 123456_Invoice.pdf. If the text is no longer part of the"
        " recipients, please set it off by an underscore instead of a comma.",
    )


def _too_much(text: str) -> Words:
    return Words(
        f"„{shown(text)}“ gehört zu keinem Empfänger. Erlaubt sind Adressen mit Komma dazwischen,"
        " jede mit ihrer Referenz in eckigen Klammern: +4940123456[RE-4711], +4989123456.",
        f'"{shown(text)}" belongs to no recipient. Allowed are addresses with commas between them,'
        " each with its reference in square brackets: +4940123456[RE-4711], +4989123456.",
    )
