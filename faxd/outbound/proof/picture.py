"""The picture of a job's first page, for its transmission reports."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from faxd.documents import BadDocument, Held, Workshop
from faxd.durable import Folder
from faxd.job import Job
from faxd.outbound.office.names import FiledNames
from faxd.outbound.preparing.names import sent_as
from faxd.outbound.proof.facts import text_note
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
_PRINTED = Words(
    de="Erste Seite, wie LibreOffice sie druckt; FAX.de druckt sie selbst",
    en="First page as LibreOffice prints it; FAX.de prints it itself",
)
#: for what was tried, and could not be had
FAILED = Words(de="Kein Bild: Es ließ sich nicht erzeugen.", en="No picture: it could not be made.")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The picture, or none, and what is said of it."""

    path: Path | None = None
    #: under the picture, if it is not just that of the first page; else in its place
    note: Words | None = None


def draw(job: Job, place: Folder, names: FiledNames, workshop: Workshop, target: Path) -> Picture:
    """Draw the first page, as it was sent, into ``target``; or say why there is no picture.

    It is drawn from the document that was filed, if that is still, byte for byte, what was sent.
    Of what FAX.de prints itself (DOC, XLS, HTML), LibreOffice's print is drawn where there is one.

    Raises:
        WorkshopError, OSError: it cannot be done now.
    """
    if not job.documents:
        return Picture(note=text_note(job.text))
    sent = job.sent_documents
    if len(job.hashes) != len(sent):
        return Picture(note=_NO_HASH)
    filed = dict((*names.moved, *names.prepared)).get(sent[0], "")
    if not filed or not place.has(filed):
        return Picture(note=_GONE)
    with place.read(filed) as file:
        if _sha256(file) != job.hashes[0]:
            return Picture(note=_CHANGED)
        try:
            drawn = workshop.do(
                "first_page",
                source=Held(file.fileno()),
                target=str(target),
                width=_WIDTH,
                height=_HEIGHT,
                name=sent_as(sent[0]),
            )
        except BadDocument:
            return Picture(note=_NOT_DRAWN)
        # Somebody may have written into it meanwhile.
        if _sha256(file) != job.hashes[0]:
            return Picture(note=_CHANGED)
        return Picture(path=target, note=_PRINTED if drawn["by"] == "libreoffice" else None)


def _sha256(file: IO[bytes]) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
