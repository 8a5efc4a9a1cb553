"""Telephone numbers: how people write them, what goes on the wire, which are never called. Pure.

A number must show where it begins: ``+49 40 ...``, ``0049 40 ...`` or ``040 ...``. Digits alone
would make a number in Wuppertal of ``2026-03-01``, or of one whose zero Excel has swallowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from faxd.outbound.addressing.plain import MAX_NAME, plain, shown
from faxd.outbound.addressing.plan import NumberRules, Refused
from faxd.words import Words

_GERMANY = 49
_DATE = r"(?:(?:19|20)[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}\.[0-9]{1,2}\.(?:19|20)[0-9]{2})"
#: digits with what stands between them; a date behind a blank is no part of it
_WRITTEN = re.compile(rf"\(?\+?\(?[0-9](?:(?! {_DATE}(?![0-9]))[ ()./-]{{0,3}}[0-9])*")
_DATED = re.compile(
    r"[0-3]?[0-9]([.-])[01]?[0-9]\1(?:(?:19|20)[0-9]{2}|[0-9]{2})(?![0-9])|"  # 01.03.2026
    r"(?:19|20)[0-9]{2}-"
)
#: shorter ones without a + are how people count their files: ``01 Befund.pdf``
_FEWEST_DIGITS = 6
#: "+49 (0)40": the 0 is for callers from within the country
_TRUNK_ZERO = re.compile(r"\(0\)")

_EMERGENCY = frozenset({"110", "112"})
#: beginnings of German numbers that cost extra (Bundesnetzagentur: Premium-Dienste, Massenverkehr,
#: Service-Dienste, Auskunft, and what they once were)
_PREMIUM = ("900", "190", "137", "138", "180", "118")
#: directory enquiries are called without a zero
_DIRECTORY = re.compile(r"118[0-9]{2,3}")
#: ITU E.164: satellites (870 to 874, 881), networks without a country (882, 883, 888),
#: shared cost (808) and premium rate (979)
_COSTLY_CODES = frozenset({870, 871, 872, 873, 874, 881, 882, 883, 888, 808, 979})
#: characters with the +; E.164 ends at 15 digits
_SHORTEST, _LONGEST = 7, 16
_MOBILE = ("15", "16", "17")


@dataclass(frozen=True)
class Written:
    """A number as it stands at the beginning of a text."""

    text: str
    end: int


def at_beginning(text: str, rules: NumberRules) -> Written | None:
    """What at the beginning of ``text`` (`plain`) is meant as a number; None if nothing is.

    ``2026-03-01 Befund``, ``01 Befund`` and ``01.03.2026`` are not: they count or date files.
    """
    match = _WRITTEN.match(text)
    if match is None or _DATED.match(text):
        return None
    written, after = match.group(), text[match.end() : match.end() + 1]
    digits = _digits(written)
    if "+" in written:
        return Written(written, match.end())
    if len(digits) < _FEWEST_DIGITS or digits.startswith("000"):
        return None
    # 01234567ab.pdf is what programs call their files.
    if after.isalnum() or not _is_whole(digits, rules.region):
        return None
    return Written(written, match.end())


def almost_a_number(text: str) -> str:
    """What at the beginning of ``text`` (`plain`) is as long as a number, and none as written.

    ``40 123456 Rechnung``: the zero of the area code may be missing. Empty if nothing is.
    """
    match = _WRITTEN.match(text)
    if match is None or _DATED.match(text) or "+" in match.group():
        return ""
    digits, after = _digits(match.group()), text[match.end() : match.end() + 1]
    is_long = len(digits) >= _FEWEST_DIGITS and not digits.startswith("0")
    return match.group() if is_long and not after.isalnum() else ""


def dated(text: str) -> str:
    """The date that ``text`` (`plain`) begins with; empty if it begins with none."""
    match = re.match(rf"{_DATE}(?![0-9])", text)
    return match.group() if match else ""


def is_region(region: str) -> bool:
    """Whether there are telephone numbers of that region (ISO 3166-1)."""
    import phonenumbers

    return region in phonenumbers.SUPPORTED_REGIONS


def looks_like_number(text: str) -> bool:
    """Whether a cell of a table holds nothing but what a number is written with."""
    return len(text) <= MAX_NAME and _WRITTEN.fullmatch(text) is not None and len(text) >= 3


def number(text: str, rules: NumberRules, *, sms: bool = False) -> str:
    """The number as it is sent, ``+4940123456``.

    Raises:
        Refused: it cannot be a number, or must not be called; for an SMS also if it is certainly
            no mobile number.
    """
    import phonenumbers  # who only receives faxes does without it

    try:
        parsed = phonenumbers.parse(_dialled(text, rules.region), rules.region)
    except phonenumbers.NumberParseException as error:
        raise Refused(_impossible(text, _LENGTHS.get(error.error_type))) from None
    sent = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    code = parsed.country_code or 0
    national = sent.removeprefix(f"+{code}")
    kinds, kind = phonenumbers.PhoneNumberType, phonenumbers.number_type(parsed)
    if code == _GERMANY and national in _EMERGENCY:
        raise Refused(_emergency(text))
    if code in _COSTLY_CODES or kind in {kinds.PREMIUM_RATE, kinds.SHARED_COST}:
        raise Refused(_premium(text))
    if code == _GERMANY and national.startswith(_PREMIUM):
        raise Refused(_premium(text))
    reasons = phonenumbers.ValidationResult
    possible = phonenumbers.is_possible_number_with_reason(parsed)
    if possible == reasons.TOO_SHORT:
        raise Refused(_impossible(text, _TOO_SHORT))
    if possible == reasons.TOO_LONG or len(sent) > _LONGEST:
        raise Refused(_impossible(text, _TOO_LONG))
    is_valid = phonenumbers.is_valid_number(parsed) or _may_exist(code, national)
    if possible != reasons.IS_POSSIBLE or len(sent) < _SHORTEST or not is_valid:
        raise Refused(_impossible(text))
    _check_rules(text, sent, code, rules)
    is_mobile = kind in {kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE}
    if sms and not is_mobile and not (code == _GERMANY and national.startswith(_MOBILE)):
        raise Refused(_not_mobile(text))
    return sent


def _dialled(text: str, region: str) -> str:
    """Its digits, with the + if there is one.

    Raises:
        Refused: it is no number, or one that needs no look at a numbering plan.
    """
    spelt = plain(text[:MAX_NAME])
    if len(text) > MAX_NAME or not _WRITTEN.fullmatch(spelt):
        raise Refused(_unreadable(text))
    digits = _digits(spelt)
    if digits in _EMERGENCY:
        raise Refused(_emergency(text))
    if region == "DE" and _DIRECTORY.fullmatch(digits):
        raise Refused(_premium(text))
    if "+" in spelt or digits.startswith("00"):
        spelt = _TRUNK_ZERO.sub("", spelt)
    elif not _is_whole(digits, region):
        raise Refused(_incomplete(text))
    return ("+" if "+" in spelt else "") + _digits(spelt)


def _may_exist(code: int, national: str) -> bool:
    """Whether a number that is in no numbering plan may exist all the same.

    German extensions are as long as their owner likes, and the fax boxes of mobile phones have
    digits in the middle (0171 99 ...); the plans of other countries are firm.
    """
    return code == _GERMANY and national.startswith((*"23456789", *_MOBILE))


def _check_rules(text: str, sent: str, code: int, rules: NumberRules) -> None:
    if rules.countries and code not in rules.countries:
        allowed = ", ".join(f"+{country}" for country in sorted(rules.countries))
        raise Refused(
            Words(
                f"Die Nummer „{shown(text)}“ liegt in einem Land (+{code}), in das nach den"
                f" Einstellungen nicht gesendet wird. Erlaubt: {allowed}. Wer faxd betreut, kann"
                " das ändern.",
                f'The number "{shown(text)}" is in a country (+{code}) to which the settings do'
                f" not allow sending. Allowed: {allowed}. Whoever looks after faxd can change"
                " this.",
            )
        )
    for prefix in rules.blocked:
        if sent.startswith("+" + _digits(prefix).removeprefix("00")):
            raise Refused(
                Words(
                    f"Nummern, die mit {shown(prefix)} beginnen, sind nach den Einstellungen"
                    f" gesperrt; „{shown(text)}“ ist so eine. Wer faxd betreut, kann das ändern.",
                    f"Numbers that begin with {shown(prefix)} are blocked by the settings;"
                    f' "{shown(text)}" is one. Whoever looks after faxd can change this.',
                )
            )


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def _is_whole(digits: str, region: str) -> bool:
    """Whether digits without a + begin with what a call to another town needs."""
    from phonenumbers import PhoneMetadata

    plan = PhoneMetadata.metadata_for_region(region, None)
    # Only where that is a 0 does everyone write it: Germany, but not Italy or the USA.
    return digits.startswith("0") or plan is None or plan.national_prefix != "0"


_TOO_SHORT, _TOO_LONG = Words("zu kurz", "too short"), Words("zu lang", "too long")
#: by the numbers of phonenumbers.NumberParseException
_LENGTHS = {2: _TOO_SHORT, 3: _TOO_SHORT, 4: _TOO_LONG}

_HOW = Words(
    "Bitte schreiben Sie die Nummer mit Vorwahl, zum Beispiel 040 123456 oder +49 40 123456",
    "Please write the number with its area code, such as 040 123456 or +49 40 123456",
)


def _unreadable(text: str) -> Words:
    return Words(
        f"„{shown(text)}“ ist keine Telefonnummer. {_HOW.de}.",
        f'"{shown(text)}" is not a telephone number. {_HOW.en}.',
    )


def _incomplete(text: str) -> Words:
    return Words(
        f"Der Nummer „{shown(text)}“ fehlt die Vorwahl oder ihre Null (Excel lässt führende Nullen"
        f" gern weg). {_HOW.de}.",
        f'The number "{shown(text)}" lacks its area code or its zero (Excel likes to drop leading'
        f" zeros). {_HOW.en}.",
    )


def _impossible(text: str, why: Words | None = None) -> Words:
    wrong = (
        Words(f"ist {why.de}", f"is {why.en}")
        if why
        else Words("kann es nicht geben", "cannot exist")
    )
    return Words(
        f"Die Nummer „{shown(text)}“ {wrong.de}. Bitte prüfen Sie sie. {_HOW.de}; was hinter der"
        " Nummer steht, trennt am besten ein Unterstrich: 040 123456_Rechnung 4711.pdf.",
        f'The number "{shown(text)}" {wrong.en}. Please check it. {_HOW.en}; what stands behind'
        " the number is best set off by an underscore: 040 123456_Invoice 4711.pdf.",
    )


def _premium(text: str) -> Words:
    return Words(
        f"„{shown(text)}“ ist eine Nummer mit besonderen Kosten (0900, 0137, 0180, Auskunft,"
        " Satellit). An solche Nummern wird nicht gesendet. Bitte nehmen Sie eine gewöhnliche"
        " Nummer des Empfängers.",
        f'"{shown(text)}" is a number that costs extra (0900, 0137, 0180, directory enquiries,'
        " satellite). Nothing is sent to such numbers. Please use an ordinary number of the"
        " recipient.",
    )


def _emergency(text: str) -> Words:
    return Words(
        f"„{shown(text)}“ ist eine Notrufnummer; dorthin wird nicht gesendet. Im Notfall rufen Sie"
        " bitte selbst an.",
        f'"{shown(text)}" is an emergency number; nothing is sent there. In an emergency, please'
        " call yourself.",
    )


def _not_mobile(text: str) -> Words:
    return Words(
        f"„{shown(text)}“ ist keine Mobilfunknummer, eine SMS käme dort nicht an. Bitte nehmen Sie"
        " eine Mobilfunknummer (0171 1234567), oder senden Sie es als Fax, im Ordner „fax“ (in"
        " Auftragsdateien und Befehlen: kind fax).",
        f'"{shown(text)}" is not a mobile number, an SMS would not arrive there. Please use a'
        ' mobile number (0171 1234567), or send it as a fax, in the folder "fax" (in job files and'
        " commands: kind fax).",
    )
