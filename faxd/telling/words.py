"""What people are told, in German and in English. Pure."""

from __future__ import annotations

from datetime import tzinfo

from faxd.ledger.incidents import Recorded
from faxd.text import printable
from faxd.words import Language, Words

_WHAT = {
    "stopped": Words(
        "FAX.de lehnt das Konto ab. Es kommen keine Faxe an, und es wird nichts gesendet.",
        "FAX.de refuses the account. No faxes arrive, and nothing is sent.",
    ),
    "receiving": Words(
        "Seit längerer Zeit konnten keine Faxe abgeholt werden.",
        "No faxes could be fetched for some time.",
    ),
    "sending": Words(
        "Es kann nichts gesendet werden. Was abgelegt wurde, bleibt in der Warteschlange.",
        "Nothing can be sent. What was dropped stays in the queue.",
    ),
    "disk": Words(
        "Ein Datenträger ist voll, fast voll oder nicht erreichbar.",
        "A disk is full, nearly full, or cannot be reached.",
    ),
    "damaged": Words(
        "Ein Fax ist beschädigt angekommen. Bitte lassen Sie es sich vom Absender noch einmal"
        " senden.",
        "A fax has arrived damaged. Please ask the sender to send it again.",
    ),
    "held": Words(
        "Aufträge sind angehalten und warten auf eine Antwort oder auf Ihre Freigabe.",
        "Jobs are held, and wait for an answer or for your release.",
    ),
    "actions": Words(
        "Was mit empfangenen Faxen geschehen soll (PDF, E-Mail, Druck, Programm), gelingt nicht."
        " Die Faxe selbst sind sicher abgelegt.",
        "What is to become of received faxes (PDF, mail, print, program) does not succeed. The"
        " faxes themselves are safe.",
    ),
    "hangs": Words(
        "Ein Ordner oder ein Vorgang antwortet nicht.",
        "A folder, or a piece of work, does not answer.",
    ),
    "ledger": Words(
        "Die Aufzeichnungen von faxd waren beschädigt und wurden neu begonnen. Was gerade unterwegs"
        " war, liegt mit einem Bericht bei den nicht gesendeten Dokumenten. Faxe gingen keine"
        " verloren.",
        "The records of faxd were damaged, and new ones were begun. What was on its way lies, with"
        " a report, among the documents that were not sent. No fax was lost.",
    ),
    "test": Words(
        "Dies ist ein Test: So sieht eine Nachricht aus, wenn etwas nicht in Ordnung ist.",
        "This is a test: a message looks like this when something is wrong.",
    ),
}
_HEAD = {
    "stopped": Words("Konto abgelehnt", "account refused"),
    "receiving": Words("kein Faxempfang", "no faxes received"),
    "sending": Words("kein Faxversand", "nothing sent"),
    "disk": Words("Datenträger", "disk"),
    "damaged": Words("beschädigtes Fax", "damaged fax"),
    "held": Words("Aufträge angehalten", "jobs held"),
    "actions": Words("Nachbearbeitung", "what becomes of faxes"),
    "hangs": Words("antwortet nicht", "does not answer"),
    "ledger": Words("Aufzeichnungen beschädigt", "records damaged"),
    "test": Words("Test", "test"),
}
_OVER = Words("Erledigt", "Over")
_IS_OVER = Words("Das ist wieder in Ordnung.", "That is well again.")
_WAS = Words("Es ging um Folgendes:", "It was about this:")
_SAID = Words("Meldung", "Message")
_ACCOUNT = Words("Konto", "Account")
_SERVER = Words("Server", "Server")
_SINCE = Words("Seit", "Since")
_UNTIL = Words("Bis", "Until")
_ONCE = Words(
    "Sie bekommen eine weitere Nachricht, wenn es wieder in Ordnung ist, und bis dahin keine mehr.",
    "You get one more message when it is well again, and none until then.",
)
_LOOK = Words(
    "Wie es steht, zeigt auf dem Server der Befehl: faxd status",
    "How things are is shown on the server by the command: faxd status",
)
_FOOT = Words(
    "Diese E-Mail wurde von faxd automatisch verschickt. Bitte antworten Sie nicht darauf.",
    "This mail was sent by faxd, by itself. Please do not answer it.",
)
_LANGUAGES: tuple[Language, Language] = ("de", "en")
_LONGEST = 1000


def subject(incident: Recorded, host: str) -> Words:
    """The subject of a mail."""
    who = incident.account or host
    head = _HEAD[incident.occasion]
    over = incident.over_at is not None
    de, en = (
        ": ".join([f"faxd {who}", *([_OVER.in_(language)] if over else []), head.in_(language)])
        for language in _LANGUAGES
    )
    return Words(de=de, en=en)


def body(incident: Recorded, host: str, zone: tzinfo | None) -> Words:
    """The text of a mail."""
    return Words(*(_body(incident, host, zone, language) for language in _LANGUAGES))


def _body(incident: Recorded, host: str, zone: tzinfo | None, language: Language) -> str:
    form = "%d.%m.%Y %H:%M" if language == "de" else "%Y-%m-%d %H:%M"
    rows = [(_ACCOUNT, incident.account), (_SERVER, host)]
    rows.append((_SINCE, incident.began_at.astimezone(zone).strftime(form)))
    if incident.over_at is not None:
        rows.append((_UNTIL, incident.over_at.astimezone(zone).strftime(form)))
    # For administrators, as in the log: in English.
    rows.append((_SAID, printable(incident.text)[:_LONGEST]))
    lines = [f"{name.in_(language) + ':':<10}{value}" for name, value in rows if value]
    what = _WHAT[incident.occasion].in_(language)
    if incident.over_at is None:
        paragraphs = [what, "\n".join(lines), _LOOK.in_(language), _ONCE.in_(language)]
    else:
        paragraphs = [f"{_IS_OVER.in_(language)} {_WAS.in_(language)}", what, "\n".join(lines)]
    return "\n\n".join([*paragraphs, _FOOT.in_(language)]) + "\n"
