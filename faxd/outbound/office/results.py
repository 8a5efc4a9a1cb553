"""What the provider's words for a result mean, for people. Pure.

JobStatus writes "No Answer", STATURL writes NOANSWER for the same thing; capitals, blanks and
hyphens make no difference here. A word that the document does not have is shown as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from faxd.job import Kind
from faxd.outbound.office.layout import harmless
from faxd.words import Words

_NOTHING = Words(de="", en="")


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What one result is called, what it means and what to do about it."""

    name: Words
    #: a sentence
    means: Words
    #: what to do; empty if nothing is
    advice: Words = _NOTHING
    #: whether it says for certain that the recipient did not get it
    is_failure: bool = False


_CHECK_NUMBER = Words(
    de="Bitte prüfen Sie die Nummer, am besten durch einen Anruf beim Empfänger.",
    en="Please check the number, best by calling the recipient.",
)

#: by the documented word without blanks and hyphens, in lower case
_MEANINGS = {
    "busy": Meaning(
        name=Words(de="besetzt", en="busy"),
        means=Words(
            # FAX.de calls again as often as busy_retries says, after 1, 5 and 10 minutes by itself.
            de="Der Anschluss war bei jedem Versuch besetzt.",
            en="The line was busy at every try.",
        ),
        advice=Words(de="Bitte versuchen Sie es später noch einmal.", en="Please try again later."),
        is_failure=True,
    ),
    "noanswer": Meaning(
        name=Words(de="keine Antwort", en="no answer"),
        means=Words(de="Es klingelte, aber niemand nahm ab.", en="It rang, but nobody answered."),
        advice=Words(
            de="Das Faxgerät ist vielleicht ausgeschaltet: Bitte versuchen Sie es später noch"
            " einmal oder rufen Sie den Empfänger an.",
            en="The fax machine may be switched off: please try again later, or call the"
            " recipient.",
        ),
        is_failure=True,
    ),
    "voice": Meaning(
        name=Words(de="kein Faxgerät", en="no fax machine"),
        means=Words(
            de="Es meldete sich kein Faxgerät, sondern ein Mensch oder eine Ansage, oder die"
            " Geräte konnten sich nicht verständigen.",
            en="No fax machine answered but a person or an announcement, or the machines did"
            " not understand each other.",
        ),
        advice=_CHECK_NUMBER,
        is_failure=True,
    ),
    "noservice": Meaning(
        name=Words(de="kein Faxdienst", en="no service"),
        means=Words(
            de="Unter dieser Nummer gibt es keinen solchen Dienst.",
            en="There is no such service at this number.",
        ),
        advice=_CHECK_NUMBER,
        is_failure=True,
    ),
    "sendfail": Meaning(
        name=Words(de="abgebrochen", en="broken off"),
        means=Words(
            de="Die Verbindung kam zustande, aber die Übertragung brach ab, zum Beispiel wegen"
            " eines Papierstaus. Vielleicht sind einige Seiten angekommen.",
            en="The connection was made, but the transmission broke off, for instance because"
            " of a paper jam. Some pages may have arrived.",
        ),
        advice=Words(
            de="Bitte versuchen Sie es noch einmal; bricht es wieder ab, rufen Sie den Empfänger"
            " an.",
            en="Please try again; if it breaks off again, call the recipient.",
        ),
        is_failure=True,
    ),
    "callfailed": Meaning(
        name=Words(de="keine Verbindung", en="call failed"),
        means=Words(
            de="Es kam keine Verbindung zustande: Die Nummer ist zu kurz, falsch oder nicht"
            " vergeben, oder der Anschluss ist gestört.",
            en="No connection was made: the number is too short, wrong or not in use, or the"
            " line is out of order.",
        ),
        advice=_CHECK_NUMBER,
        is_failure=True,
    ),
    "blacklist": Meaning(
        name=Words(de="gesperrt", en="barred"),
        means=Words(
            de="Die Nummer steht auf der Sperrliste und darf nicht angewählt werden.",
            en="The number is on the black list and must not be called.",
        ),
        advice=Words(
            de="Ein neuer Versuch hilft nicht. Bitte senden Sie auf anderem Wege oder fragen Sie"
            " FAX.de.",
            en="Trying again does not help. Please send it another way, or ask FAX.de.",
        ),
        is_failure=True,
    ),
    "multi": Meaning(
        name=Words(de="je Empfänger", en="per recipient"),
        means=Words(
            de="Die Ergebnisse der einzelnen Empfänger stehen im Protokoll.",
            en="The results of the single recipients are in the protocol.",
        ),
    ),
    "": Meaning(
        name=Words(de="keine Rückmeldung", en="no word"),
        means=Words(
            de="FAX.de hat nicht mitgeteilt, ob es angekommen ist.",
            en="FAX.de did not say whether it arrived.",
        ),
        advice=Words(
            de="Bitte fragen Sie den Empfänger, bevor Sie es noch einmal senden.",
            en="Please ask the recipient before you send it again.",
        ),
    ),
}
#: STATURL's words that JobStatus does not have
_MEANINGS["noring"] = _MEANINGS["isdnerr"] = _MEANINGS["callfailed"]

_OK = Meaning(
    name=Words(de="gesendet", en="sent"),
    means=Words(de="Es wurde gesendet.", en="It was sent."),
)
#: OK says less of other kinds than of a fax (the document's section JobStatus)
_OK_MEANS = {
    Kind.FAX: Words(
        de="Das Fax wurde vollständig an das Gerät des Empfängers übertragen.",
        en="The whole fax was transmitted to the recipient's machine.",
    ),
    Kind.SMS: Words(
        de="Die SMS wurde an das Mobilfunknetz übergeben.",
        en="The text message was handed to the mobile network.",
    ),
    Kind.EMAIL: Words(
        de="Die E-Mail wurde an den Mailserver übergeben.",
        en="The e-mail was handed to the mail server.",
    ),
    Kind.QSIGN: Words(
        de="Die signierte Rechnung wurde als E-Mail an den Mailserver übergeben.",
        en="The signed invoice was handed to the mail server as an e-mail.",
    ),
    Kind.LETTER: Words(
        de="Der Brief wurde an das Briefversandzentrum übergeben.",
        en="The letter was handed to the centre that prints and posts it.",
    ),
}
_OK_MEANS[Kind.LETTER_COLOR] = _OK_MEANS[Kind.LETTER]


def meaning_of(result: str | None, kind: Kind | None = None) -> Meaning:
    """What a result means; None and the empty word mean that FAX.de said nothing."""
    if is_ok(result):
        if kind is None:
            return _OK
        return Meaning(name=_OK.name, means=_OK_MEANS[kind])
    found = _MEANINGS.get(_key(result))
    if found is not None:
        return found
    word = harmless(result or "", 40)
    return Meaning(
        name=Words(de=word, en=word),
        means=Words(
            de=f"FAX.de meldet „{word}“; was das bedeutet, ist nicht beschrieben.",
            en=f'FAX.de says "{word}"; what that means is not documented.',
        ),
        advice=Words(
            de="Bitte fragen Sie den Empfänger, bevor Sie es noch einmal senden.",
            en="Please ask the recipient before you send it again.",
        ),
    )


def is_ok(result: str | None) -> bool:
    """Whether it says "sent", as Recipient.is_ok reads it."""
    return (result or "").strip().upper() == "OK"


def is_multi(result: str | None) -> bool:
    """Whether the results are to be had from the protocol."""
    return _key(result) == "multi"


def is_silent(result: str | None) -> bool:
    """Whether it says nothing, or only where something is said."""
    return _key(result) in {"", "multi"}


def is_worth_repeating(result: str | None, settings: frozenset[str]) -> bool:
    """Whether a result is one of those that the settings send again for ("Busy", "No Answer")."""
    if is_ok(result) or is_silent(result):
        return False
    return _key(result) in {_key(word) for word in settings}


def _key(result: str | None) -> str:
    return re.sub(r"[\s_-]+", "", (result or "")[:100]).lower()
