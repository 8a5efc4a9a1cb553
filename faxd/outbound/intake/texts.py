"""What is said of drops that are not sent as they are, for people in the office."""

from __future__ import annotations

from datetime import tzinfo

from faxd.job import Job
from faxd.words import Words

EMPTY = Words(
    de=(
        "Die Datei ist leer. Bitte speichern oder drucken Sie das Dokument noch einmal in den"
        " Ausgang."
    ),
    en="The file is empty. Please save or print the document into the outbox again.",
)
OURS = Words(
    de=(
        "Das ist ein Zettel oder Bericht von faxd selbst, kein Dokument; er wird nicht gesendet."
        " Um etwas noch einmal zu senden, legen Sie das Dokument wieder in den Ausgang."
    ),
    en=(
        "This is a slip or report of faxd's own, not a document; it is not sent. To send something"
        " again, put the document back into the outbox."
    ),
)

LEDGER_LOST = Words(
    de=(
        "Dieses Dokument war unterwegs, als die Aufzeichnungen von faxd verloren gingen. Ob es"
        " gesendet wurde, ist unklar. Bitte im Kundenbereich von FAX.de nachsehen, bevor Sie es"
        " noch einmal senden."
    ),
    en=(
        "This document was on its way when faxd's records were lost. Whether it was sent is"
        " unclear. Please look into the customer area of FAX.de before you send it again."
    ),
)


def same(job: Job, zone: tzinfo | None) -> Words:
    """The same was dropped a moment ago."""
    at = job.created_at.astimezone(zone)
    # One that came in the same moment has no number yet.
    de, en = (f" (Nr. {job.id})", f" (no. {job.id})") if job.id else ("", "")
    return Words(
        de=(
            f"Dasselbe Dokument wurde um {at:%H:%M} Uhr schon an denselben Empfänger aufgegeben"
            f"{de}. Soll es noch einmal gesendet werden?"
        ),
        en=(
            f"The same document was dropped for the same recipient at {at:%H:%M} already"
            f"{en}. Shall it be sent once more?"
        ),
    )
