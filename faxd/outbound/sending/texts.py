"""What is said of a job that did not go out, for people in the office."""

from __future__ import annotations

from faxd.faxde import Code
from faxd.job import Job, Kind
from faxd.words import Words

#: SendJob's code for an account that may not send abroad, or not jobs of that kind
_NOT_ENABLED = -8
_LETTERS = Words(de="den Versand von Briefen", en="sending letters")
_TO_ENABLE = {
    # All accounts may send faxes.
    Kind.FAX: Words(de="den Versand ins Ausland", en="sending abroad"),
    Kind.SMS: Words(de="den Versand von SMS", en="sending text messages"),
    Kind.EMAIL: Words(de="den Versand von E-Mails", en="sending e-mails"),
    Kind.LETTER: _LETTERS,
    Kind.LETTER_COLOR: _LETTERS,
    Kind.QSIGN: Words(de="QSign (Rechnungen mit Signatur)", en="QSign (signed invoices)"),
}

NUMBER_UNKNOWN = Words(
    de=(
        "FAX.de hat den Auftrag angenommen, die Antwort darauf ging aber verloren. Die"
        " Auftragsnummer ist deshalb unbekannt, und was aus der Sendung wurde, steht nur im"
        " Kundenbereich von FAX.de."
    ),
    en=(
        "FAX.de has accepted the job, but its answer was lost. Its number is therefore unknown,"
        " and what became of it can only be seen in the customer area of FAX.de."
    ),
)
NOT_REACHED = Words(
    de="FAX.de ist nicht erreichbar. Es wird von selbst wieder versucht.",
    en="FAX.de cannot be reached. It is tried again by itself.",
)
NO_ANSWER = Words(
    de=(
        "Der Auftrag wurde gesendet, aber die Antwort ging verloren. Derselbe Auftrag wird"
        " wiederholt; FAX.de erkennt, wenn es ihn schon hat, und sendet nicht doppelt."
    ),
    en=(
        "The job was sent, but the answer was lost. The same job is repeated; FAX.de notices when"
        " it already has it, and does not send it twice."
    ),
)
NO_PASSWORD = Words(
    de="Die Zugangsdaten zu FAX.de fehlen. Bitte sagen Sie es dem Administrator.",
    en="The password for FAX.de cannot be had. Please tell the administrator.",
)
GONE = Words(
    de="Das Dokument ist verschwunden, bevor es gesendet wurde.",
    en="The document disappeared before it was sent.",
)
UNREADABLE = Words(
    de="Das Dokument ist zurzeit nicht lesbar. Es wird von selbst wieder versucht.",
    en="The document cannot be read at the moment. It is tried again by itself.",
)
SEVERAL_NOT_AUTHORISED = Words(
    de=(
        "FAX.de hat den Auftrag abgelehnt: nicht autorisiert (1). Für den Versand an mehrere"
        " Empfänger muss das Konto bei FAX.de freigeschaltet sein; bitte sagen Sie es dem"
        " Administrator. Bis dahin senden Sie bitte an jeden Empfänger einzeln."
    ),
    en=(
        "FAX.de has refused the job: not authorised (1). To send to several recipients, the account"
        " must be enabled by FAX.de; please tell the administrator. Until then, please send to each"
        " recipient separately."
    ),
)
UNSENDABLE = Words(
    de=(
        "Text oder Namen enthalten Zeichen, die sich nicht übertragen lassen. Bitte entfernen Sie"
        " Sonderzeichen, und senden Sie das Dokument noch einmal."
    ),
    en=(
        "Text or names hold characters that cannot be transmitted. Please remove special"
        " characters, and send the document again."
    ),
)
WITHDRAWN_IN_DOUBT = Words(
    de=(
        "Zurückgezogen, während unklar war, ob FAX.de den Auftrag schon hat: Die Antwort ging"
        " verloren. Er kann gesendet worden sein. Bitte sehen Sie im Kundenbereich von FAX.de"
        " nach."
    ),
    en=(
        "Withdrawn while it was unclear whether FAX.de had the job already: the answer was lost."
        " It may have been sent. Please look into the customer area of FAX.de."
    ),
)
WITHDRAWN = Words(
    de="Auf Ihren Wunsch zurückgezogen; es wurde nichts gesendet.",
    en="Withdrawn as you wished; nothing was sent.",
)
CANCELLED = Words(
    de="Auf Ihren Wunsch bei FAX.de storniert.",
    en="Cancelled at FAX.de as you wished.",
)
NO_SUCH_JOB = Words(
    de=(
        "FAX.de kennt diesen Auftrag nicht (mehr). Ob er gesendet wurde, ist unklar. Bitte"
        " sehen Sie im Kundenbereich von FAX.de nach, bevor Sie es noch einmal senden."
    ),
    en=(
        "FAX.de does not know this job (any more). Whether it was sent is unclear. Please look into"
        " the customer area of FAX.de before you send it again."
    ),
)
NOT_ANSWERED = Words(
    de=(
        "Die Frage, ob dasselbe Dokument noch einmal gesendet werden soll, blieb"
        " unbeantwortet; deshalb wurde es nicht gesendet."
    ),
    en=("Nobody answered whether the same document shall be sent once more; so it was not sent."),
)

_EARLIER = Words(
    de=(
        "Ein früherer Versuch blieb ohne Antwort; bitte sehen Sie im Kundenbereich von FAX.de"
        " nach, ob er angenommen wurde."
    ),
    en=(
        "An earlier try was not answered; please look into the customer area of FAX.de to see"
        " whether it was accepted."
    ),
)


def refused(code: Code, kind: Kind, doubt: bool) -> Words:
    """FAX.de will never take this job."""
    said = Words(
        de=f"FAX.de hat den Auftrag abgelehnt: {code.german} ({code.number}).",
        en=f"FAX.de has refused the job: {code.english} ({code.number}).",
    )
    if code.number == _NOT_ENABLED:
        what = _TO_ENABLE[kind]
        said = Words(
            de=f"{said.de} Bitte lassen Sie {what.de} bei FAX.de für Ihren Anschluss freischalten.",
            en=f"{said.en} Please have {what.en} enabled for your account by FAX.de.",
        )
    if not doubt:
        return said
    return Words(de=f"{said.de} {_EARLIER.de}", en=f"{said.en} {_EARLIER.en}")


def account(code: Code) -> Words:
    """Something is wrong with the account, not with the document."""
    return Words(
        de=(
            f"Der Versand steht: {code.german} ({code.number}). Das liegt am FAX.de-Konto, nicht"
            " am Dokument. Bitte sagen Sie es dem Administrator; danach geht es von selbst weiter."
        ),
        en=(
            f"Sending has stopped: {code.english} ({code.number}). That is the account at FAX.de,"
            " not the document. Please tell the administrator; then it goes on by itself."
        ),
    )


def later(code: Code) -> Words:
    """FAX.de could not take it now."""
    return Words(
        de=(
            f"FAX.de konnte den Auftrag noch nicht annehmen: {code.german} ({code.number})."
            " Es wird von selbst wieder versucht."
        ),
        en=(
            f"FAX.de could not take the job yet: {code.english} ({code.number})."
            " It is tried again by itself."
        ),
    )


def given_up(problem: Words) -> Words:
    """It was tried for long enough."""
    return Words(
        de=f"Es wurde zu lange vergeblich versucht. Zuletzt: {problem.de}".replace(
            " Es wird von selbst wieder versucht.", ""
        ),
        en=f"It was tried in vain for too long. Last: {problem.en}".replace(
            " It is tried again by itself.", ""
        ),
    )


def unclear() -> Words:
    """Nobody knows whether it was accepted."""
    return Words(
        de=(
            "UNKLAR, ob gesendet wurde: Der Auftrag ging hinaus, aber FAX.de hat trotz vieler"
            " Wiederholungen nicht geantwortet. Bitte sehen Sie im Kundenbereich von FAX.de nach,"
            " bevor Sie es noch einmal senden."
        ),
        en=(
            "UNCLEAR whether it was sent: the job went out, but FAX.de did not answer in spite of"
            " many repetitions. Please look into the customer area of FAX.de before you send it"
            " again."
        ),
    )


def duplicate(same: Job | None) -> Words:
    """FAX.de says that it has the very same job already."""
    when = Words(de="", en="")
    if same is not None:
        at = (same.accepted_at or same.created_at).astimezone()
        number = same.job_id if same.job_id is not None else "?"
        when = Words(
            de=f" (Auftrag {number}, {at:%d.%m.%Y, %H:%M} Uhr)",
            en=f" (job {number}, {at:%Y-%m-%d %H:%M})",
        )
    return Words(
        de=(
            "FAX.de hat den Auftrag abgelehnt, weil dasselbe Dokument schon an denselben Empfänger"
            f" unterwegs ist oder gesendet wurde{when.de}. Soll es trotzdem gesendet werden, geben"
            " Sie ihm eine Referenz in eckigen Klammern, zum Beispiel +4940123456[2], und senden"
            " Sie es noch einmal."
        ),
        en=(
            "FAX.de has refused the job because the same document is already on its way, or was"
            f" sent, to the same recipient{when.en}. To send it all the same, give it a reference"
            " in square brackets, such as +4940123456[2], and send it again."
        ),
    )


def same_or_earlier(same: Job) -> Words:
    """FAX.de has the same job, but that may be an earlier one."""
    return Words(
        de=(
            f"UNKLAR, ob dies gesendet wurde: Die Antwort ging verloren, und dasselbe Dokument war"
            f" schon vorher an denselben Empfänger aufgegeben (Nr. {same.id}). Bitte sehen"
            " Sie im Kundenbereich von FAX.de nach. Soll es noch einmal gesendet werden, geben Sie"
            " ihm eine eigene Referenz in eckigen Klammern, zum Beispiel +4940123456[2]."
        ),
        en=(
            f"UNCLEAR whether this was sent: the answer was lost, and the same document had been"
            f" dropped for the same recipient before (no. {same.id}). Please look into the customer"
            " area of FAX.de. To send it once more, give it a reference of its own in square"
            " brackets, such as +4940123456[2]."
        ),
    )


def guard(jobs: int, pages: int) -> Words:
    """More than the settings allow."""
    return Words(
        de=(
            f"Zum Schutz vor unerwarteten Kosten werden höchstens {jobs} Aufträge in der Stunde"
            f" und {pages} Seiten am Tag gesendet. Dieser wartet, bis er an der Reihe ist; es"
            " geht von selbst weiter. Ist das zu wenig, kann der Administrator die Grenzen ändern."
        ),
        en=(
            f"As a guard against cost, no more than {jobs} jobs an hour and {pages} pages a day are"
            " sent. This one waits for its turn; it goes on by itself. If that is too few, the"
            " administrator can change the limits."
        ),
    )
