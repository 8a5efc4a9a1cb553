"""The return codes of the five calls, as the provider's document lists them.

The same number means different things in different calls (5 is "no fax" in RequestReceived,
"no such job" in JobStatus), so there is one table per call. What a code *asks for* is decided
here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Asks(Enum):
    """What a return code asks the caller to do."""

    DONE = "done"  # carried out
    NOTHING = "nothing there"  # nothing to fetch, no such job, already gone
    LATER = "try again later"  # not the request's fault, and it may pass
    REFUSED = "refused for good"  # this request will never be accepted
    ACCOUNT = "the account's problem"  # stop this account's calls and tell somebody
    DUPLICATE = "duplicate"  # the same job is already there


@dataclass(frozen=True, kw_only=True)
class Code:
    """One return code of one call."""

    #: as the server sends it
    number: int
    #: the meaning as the provider's document words it (for office people)
    german: str
    #: the meaning in English (for administrators)
    english: str
    asks: Asks
    #: False for a number that the document does not list
    documented: bool = True


def _table(*rows: tuple[int, Asks, str, str]) -> Mapping[int, Code]:
    return {
        number: Code(number=number, asks=asks, german=german, english=english)
        for number, asks, german, english in rows
    }


#: section "Rückgabewerte der Funktion SendJob"
SEND_JOB = _table(
    (0, Asks.DONE, "Auftrag angenommen, wird ausgeführt", "job accepted"),
    (-1, Asks.ACCOUNT, "Passwort ungültig", "wrong password"),
    (-2, Asks.ACCOUNT, "Kunde nicht bekannt", "unknown account"),
    (-3, Asks.REFUSED, "Dokument nicht vorhanden", "no document"),
    (-4, Asks.LATER, "Serverfehler", "server error"),
    (-5, Asks.REFUSED, "Empfängernummer generell gesperrt", "recipient's number is barred"),
    (-6, Asks.REFUSED, "Dokumentenformat nicht unterstützt", "document format not supported"),
    (-7, Asks.REFUSED, "Dokument nicht konvertierbar", "document cannot be converted"),
    (
        -8,
        Asks.REFUSED,
        "Keine Autorisierung für Auslandsversand oder diese Jobart",
        "not authorised to send abroad or to send this type of job",
    ),
    (-14, Asks.REFUSED, "Dokument nicht konvertierbar", "document cannot be converted"),
    (
        -65,
        Asks.LATER,
        "Interner Fehler bei der Verarbeitung der Empfängerdatei",
        "internal error while the list of recipients was processed",
    ),
    (
        -66,
        Asks.LATER,
        "Interner Fehler bei der Verarbeitung des Sendedokuments",
        "internal error while the document was processed",
    ),
    (
        -77,
        Asks.DUPLICATE,
        "Ein gleicher Auftrag ist bereits eingerichtet (Doppelbeauftragung?)",
        "the same job is already there (ordered twice?)",
    ),
    (
        -1309,
        Asks.REFUSED,
        "Dokument hat mehr als 3 Seiten in der Testphase (vor Zahlungseingang)",
        "document has more than 3 pages during the trial period (before the first payment)",
    ),
    (1, Asks.ACCOUNT, "Nicht autorisiert", "not authorised"),
    (2, Asks.ACCOUNT, "Account ist leer", "account is empty"),
    (3, Asks.ACCOUNT, "Testzeitraum abgelaufen", "trial period is over"),
    (4, Asks.REFUSED, "Ungültiger JobType", "invalid job type"),
    (
        6,
        Asks.ACCOUNT,
        "Guthaben noch nicht verfügbar (erste Lastschrift + 14 Tage)",
        "credit is not available yet (first direct debit + 14 days)",
    ),
    (
        7,
        Asks.ACCOUNT,
        "Guthaben nicht ausreichend (nur iLetter, JobType=3,4)",
        "not enough credit (letters only)",
    ),
    (8, Asks.REFUSED, "Kein Empfänger angegeben", "no recipient given"),
    (9, Asks.REFUSED, "Empfänger ist auf der Blacklist", "recipient is on the blacklist"),
    (10, Asks.LATER, "QSign interner Fehler", "internal error of QSign"),
    (
        11,
        Asks.REFUSED,
        "QSign: iLetter als Massenversand nicht erlaubt",
        "QSign: letters to many recipients are not allowed",
    ),
    (15, Asks.REFUSED, "SendFile nicht vorhanden", "no SendFile"),
    *(
        (
            number,
            Asks.REFUSED,
            "Empfängernummer nicht zulässig (Premiumnummer)",
            "recipient's number is not allowed (premium rate)",
        )
        for number in (45, 46, 47)
    ),
    (54, Asks.ACCOUNT, "Noch kein Zahlungseingang (J5)", "no payment received yet (J5)"),
    (
        58,
        Asks.REFUSED,
        "Fehler beim Konvertieren des Dokuments",
        "error while the document was converted",
    ),
    (
        61,
        Asks.ACCOUNT,
        "Versandfreimenge nicht mehr ausreichend (bei Versandpaketen)",
        "the package's free quantity is used up",
    ),
    (
        75,
        Asks.REFUSED,
        "Keine Dateien und/oder Text zum Versand übergeben",
        "neither files nor text were given to send",
    ),
)

_WRONG_PASSWORD = (2, Asks.ACCOUNT, "Passwort stimmt nicht zum Account", "wrong password")
#: what JobStatus, RequestReceived and DeleteReceived have in common
_LOGIN = (
    (1, Asks.ACCOUNT, "Account nicht gefunden", "unknown account"),
    (3, Asks.ACCOUNT, "Konto Testzeitraum abgelaufen", "the account's trial period is over"),
    (4, Asks.ACCOUNT, "Account gesperrt", "account is locked"),
)

#: section "Rückgabewerte der Funktion JobStatus"
JOB_STATUS = _table(
    (
        0,
        Asks.DONE,
        "JobId gefunden, der Job ist abgeschlossen, siehe Protokoll Variablen",
        "the job is finished",
    ),
    *_LOGIN,
    _WRONG_PASSWORD,
    (5, Asks.NOTHING, "Kein Protokoll-Eintrag mit dieser JobId gefunden", "no such job"),
    (6, Asks.LATER, "Job ist noch in Bearbeitung", "the job is still being processed"),
)

#: section "Rückgabewerte der Funktion CancelJob"
CANCEL_JOB = _table(
    (0, Asks.DONE, "Der Job wurde storniert", "the job was cancelled"),
    (
        1,
        Asks.REFUSED,
        "Der Job ist bereits erledigt und kann nicht mehr storniert werden",
        "the job is already through and can no longer be cancelled",
    ),
    (-1, Asks.NOTHING, "JobId unbekannt", "no such job"),
    (-2, Asks.ACCOUNT, "Kundennummer unbekannt", "unknown account"),
    (-3, Asks.ACCOUNT, "Account gesperrt", "account is locked"),
)

#: section "Rückgabewerte der Funktion RequestReceived"
REQUEST_RECEIVED = _table(
    (0, Asks.DONE, "Empfangsfax gefunden, Datei wird als FaxImage übergeben", "a fax"),
    *_LOGIN,
    _WRONG_PASSWORD,
    (5, Asks.NOTHING, "Kein Fax im Fax-Eingang", "no fax waiting"),
)

#: section "Rückgabewerte der Funktion DeleteReceived"
DELETE_RECEIVED = _table(
    (0, Asks.DONE, "Fax wurde aus dem Eingangsspeicher gelöscht", "the fax was deleted"),
    *_LOGIN,
    (2, Asks.ACCOUNT, "Passwort falsch", "wrong password"),
    (5, Asks.NOTHING, "Faxdatei nicht gefunden", "no such fax (already deleted)"),
)

#: every table by the name of its call
TABLES: Mapping[str, Mapping[int, Code]] = {
    "SendJob": SEND_JOB,
    "JobStatus": JOB_STATUS,
    "CancelJob": CANCEL_JOB,
    "RequestReceived": REQUEST_RECEIVED,
    "DeleteReceived": DELETE_RECEIVED,
}


def lookup(call: str, number: int) -> Code:
    """The row for a return code; an unlisted number is "try again later".

    Raises:
        KeyError: there is no such call.
    """
    return TABLES[call].get(number) or Code(
        number=number,
        asks=Asks.LATER,
        german=f"Unbekannter Rückgabewert {number}",
        english=f"return code {number}, which the provider's document does not list",
        documented=False,
    )
