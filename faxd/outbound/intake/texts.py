"""What is said of drops that are not sent as they are, for people in the office."""

from __future__ import annotations

from datetime import tzinfo

from faxd.job import Job
from faxd.words import Words

EMPTY = Words(
    de="Die Datei ist leer. Bitte speichern oder drucken Sie das Dokument noch einmal.",
    en="The file is empty. Please save or print the document again.",
)
OURS = Words(
    de=(
        "Das ist ein Zettel oder Bericht von faxd selbst, kein Dokument; er wird nicht gesendet."
        " Um etwas noch einmal zu senden, nehmen Sie bitte das Dokument selbst."
    ),
    en=(
        "This is a slip or report of faxd's own, not a document; it is not sent. To send something"
        " again, please take the document itself."
    ),
)

LEDGER_LOST = Words(
    de=(
        "Dieses Dokument war unterwegs, als die Aufzeichnungen von faxd verloren gingen. Ob es"
        " gesendet wurde, ist unklar. Bitte sehen Sie im Kundenbereich von FAX.de nach, bevor"
        " Sie es noch einmal senden."
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
    number = Words(f" (Nr. {job.id})", f" (no. {job.id})") if job.id else Words("", "")
    return Words(
        de=(
            f"Dasselbe Dokument wurde um {at:%H:%M} Uhr schon an denselben Empfänger aufgegeben"
            f"{number.de}. Soll dieses trotzdem gesendet werden?"
        ),
        en=(
            f"The same document was dropped for the same recipient at {at:%H:%M} already"
            f"{number.en}. Shall this one be sent all the same?"
        ),
    )
