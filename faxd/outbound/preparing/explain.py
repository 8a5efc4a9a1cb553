"""What is wrong with documents that FAX.de could make nothing of: its codes say little."""

from __future__ import annotations

from collections.abc import Sequence

from faxd.documents import BadDocument, Workshop, WorkshopError
from faxd.outbound.preparing import texts
from faxd.outbound.preparing.names import sent_as
from faxd.outbound.sending.documents import Claimed
from faxd.words import Words

_LOCKED = Words(
    de=(
        "Das PDF ist gegen Änderungen geschützt; vielleicht liegt es daran. Bitte drucken Sie es"
        " noch einmal als PDF („Microsoft Print to PDF“) und legen Sie das ab."
    ),
    en=(
        "The PDF is protected against changes; that may be the reason. Please print it as PDF once"
        ' more ("Microsoft Print to PDF") and drop that.'
    ),
)


def explain(workshop: Workshop, documents: Sequence[Claimed]) -> Words | None:
    """What can be seen to be wrong; None if that is nothing, or there is no looking now.

    It takes as long as the workshop may: what has become of the job is recorded before.
    """
    for document in documents:
        name = sent_as(document.name)
        try:
            found = workshop.do("inspect", source=document.held, name=name)
        except BadDocument as error:
            words = error.words
        except WorkshopError:
            return None
        else:
            if not found["encrypted"]:
                continue
            words = _LOCKED
        return words if len(documents) == 1 else texts.of_document(name, words)
    return None
