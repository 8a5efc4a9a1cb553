"""The picture of a job's first page, for its transmission reports."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO

from faxd.documents import BadDocument, Workshop
from faxd.durable import Folder
from faxd.job import Job
from faxd.outbound.office.names import FiledNames
from faxd.outbound.proof.facts import text_note
from faxd.outbound.proof.room import path_of_open
from faxd.words import Words

#: pixels: what is left of a page on the report, and enough to read it on paper
_WIDTH, _HEIGHT = 900, 1300

_NO_HASH = Words(
    de="Kein Bild: Von diesem Dokument wurde keine Prüfsumme festgehalten.",
    en="No picture: no checksum of this document was recorded.",
)
_GONE = Words(
    de="Kein Bild: Das Dokument lag nicht mehr dort, wo faxd es abgelegt hatte.",
    en="No picture: the document was no longer where faxd had put it.",
)
_CHANGED = Words(
    de="Kein Bild: Das abgelegte Dokument wurde geändert und ist nicht mehr das gesendete.",
    en="No picture: the filed document was changed, and is no longer the one that was sent.",
)
_NOT_DRAWN = Words(
    de="Kein Bild: Von diesem Dateiformat kann faxd keines zeigen, oder das Dokument ist"
    " beschädigt.",
    en="No picture: faxd can show none of this file format, or the document is damaged.",
)
#: for what was tried, and could not be had
FAILED = Words(de="Kein Bild: Es ließ sich nicht erzeugen.", en="No picture: it could not be made.")


def draw(
    job: Job, place: Folder, names: FiledNames, workshop: Workshop, target: Path
) -> Words | None:
    """Draw the first page, as it was sent, into ``target``; what is to be said instead, or None.

    It is drawn from the document that was filed, if that is still, byte for byte, what was sent.

    Raises:
        WorkshopError, OSError: it cannot be done now.
    """
    if not job.documents:
        return text_note(job.text)
    sent = job.sent_documents
    if len(job.hashes) != len(sent):
        return _NO_HASH
    filed = dict((*names.moved, *names.prepared)).get(sent[0], "")
    if not filed or not place.has(filed):
        return _GONE
    with place.read(filed) as file:
        if _sha256(file) != job.hashes[0]:
            return _CHANGED
        try:
            workshop.do(
                "first_page",
                source=str(path_of_open(file.fileno())),
                target=str(target),
                width=_WIDTH,
                height=_HEIGHT,
            )
        except BadDocument:
            return _NOT_DRAWN
        # Somebody may have written into it meanwhile.
        return None if _sha256(file) == job.hashes[0] else _CHANGED


def _sha256(file: IO[bytes]) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
