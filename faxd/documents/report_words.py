"""What stands in a transmission report, in German and in English. Pure."""

from __future__ import annotations

from faxd.words import Words

TITLE = Words("Sendebericht", "Transmission report")

OK = Words("OK – gesendet", "OK – sent")
NOT_SENT = Words("NICHT GESENDET", "NOT SENT")
UNCLEAR = Words("UNKLAR", "UNCLEAR")

#: by the value of faxd.job.Kind
KINDS = {
    "fax": Words("Fax", "Fax"),
    "sms": Words("SMS", "Text message"),
    "email": Words("E-Mail", "E-mail"),
    "letter": Words("Brief, schwarz-weiß", "Letter, black and white"),
    "letter-color": Words("Brief, farbig", "Letter, colour"),
    "qsign": Words("Rechnung mit Signatur (QSign)", "Signed invoice (QSign)"),
}
ANY_KIND = Words("Sendung", "Job")
#: between the kind and the recipient
TO = Words("an", "to")

SENDER = Words("Absender", "Sender")
RECIPIENT = Words("Empfänger", "Recipient")
NAME = Words("Name", "Name")
STATION = Words("Stationskennung", "Station id")
NO_STATION = Words("nicht übermittelt", "not transmitted")
REFERENCE = Words("Referenz", "Reference")
PAGES = Words("Seiten", "Pages")
MESSAGES = Words("Nachrichten", "Messages")
STARTED = Words("Beginn", "Start")
SENT_AT = Words("Zeitpunkt", "Time")
DURATION = Words("Dauer", "Duration")
TRIES = Words("Versuche", "Tries")
RESULT = Words("Ergebnis", "Result")
JOB = Words("Auftrag bei FAX.de", "Job at FAX.de")
OWN_JOB = Words("Auftrag in faxd", "Job in faxd")

PICTURE = Words("Erste Seite des Dokuments, verkleinert", "First page of the document, reduced")
NO_PICTURE = Words(
    "Von diesem Dokument lässt sich kein Bild zeigen.",
    "No picture of this document can be shown.",
)

DIGEST = Words("Prüfsumme des Dokuments (SHA-256)", "Checksum of the document (SHA-256)")
DIGESTS = Words("Prüfsummen der Dokumente (SHA-256)", "Checksums of the documents (SHA-256)")
DIGEST_MEANS = Words(
    "Eine Datei mit derselben Prüfsumme ist Byte für Byte das Dokument dieses Auftrags.",
    "A file with the same checksum is, byte for byte, the document of this job.",
)
PROTOCOL = Words("Zeile im Protokoll von FAX.de, wörtlich", "Line in FAX.de's protocol, verbatim")
ONLY_PAGE = Words("Seite 1 von 1", "Page 1 of 1")
WHAT_IT_PROVES = Words("Was dieser Bericht belegt", "What this report proves")


def more(count: int) -> Words:
    """Documents that are not shown."""
    return Words(f"und {count} weitere", f"and {count} more")


def foot(own_number: str) -> Words:
    """Whom it was made by."""
    return Words(f"Erstellt von faxd · Auftrag {own_number}", f"Made by faxd · job {own_number}")


def duration(seconds: int) -> str:
    """``47 s``, ``1 min 12 s``, ``1 h 02 min``; the same in both languages."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def honest(kind: str, is_ok: bool | None) -> Words:
    """What a report of that kind proves, and what it does not."""
    if is_ok is None:
        return Words(
            "FAX.de hat nicht bestätigt, was aus diesem Auftrag geworden ist. Dieser Bericht"
            " belegt weder, dass das Dokument angekommen ist, noch das Gegenteil. Bitte fragen"
            " Sie den Empfänger, bevor Sie es noch einmal senden.",
            "FAX.de has not confirmed what became of this job. This report proves neither that"
            " the document arrived nor that it did not. Please ask the recipient before you send"
            " it again.",
        )
    if not is_ok:
        return Words(
            "Das Dokument wurde nicht gesendet. Dieser Bericht belegt nur, dass es versucht wurde,"
            " und wie der Versuch ausging.",
            "The document was not sent. This report proves only that it was tried, and how the"
            " attempt ended.",
        )
    if kind == "fax":
        return Words(
            "Der Bericht belegt die Übertragung an die Gegenstelle, die den Anruf angenommen hat."
            " Er belegt nicht, dass jemand das Fax gelesen hat.",
            "The report proves the transmission to the station that answered the call. It does not"
            " prove that anybody read the fax.",
        )
    if kind.startswith("letter"):
        return Words(
            "Der Bericht belegt, dass FAX.de den Brief als versandt meldet. Er belegt nicht, dass"
            " der Brief zugestellt oder gelesen wurde.",
            "The report proves that FAX.de reports the letter as posted. It does not prove that"
            " it was delivered or read.",
        )
    return Words(
        "Der Bericht belegt, dass FAX.de die Nachricht als gesendet meldet. Er belegt nicht, dass"
        " jemand sie gelesen hat.",
        "The report proves that FAX.de reports the message as sent. It does not prove that anybody"
        " read it.",
    )
