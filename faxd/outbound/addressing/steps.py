"""What is to be done to the documents of a drop before they can be sent. Pure."""

from __future__ import annotations

from faxd.job import Kind, Step
from faxd.outbound.addressing import jobfile
from faxd.outbound.addressing.formats import is_pdf, may_be_pdf
from faxd.outbound.addressing.jobfile import MAX_FILES, JobFile
from faxd.outbound.addressing.message import is_text_file
from faxd.outbound.addressing.plain import shown
from faxd.outbound.addressing.plan import Drop, Refused, Rules
from faxd.outbound.addressing.what import Contents
from faxd.outbound.addressing.whom import Whom
from faxd.words import Words

#: steps after which there is one PDF of all
_JOINING = {Step.JOIN, Step.LETTERHEAD, Step.COVER_PAGE}


def steps_of(drop: Drop, job: JobFile, to: Whom, sent: Contents, rules: Rules) -> tuple[Step, ...]:
    """The steps, in their order; none for most jobs, which are sent as they are.

    A letterhead that the settings name is for faxes and letters, a cover page for faxes. A job
    file may ask for a letterhead for any document, or want none.

    Raises:
        Refused: the job file asks for what there is not, or what a document cannot have.
    """
    steps: list[Step] = []
    if to.by_code:
        steps.append(Step.COVER_CODES)
    elif rules.codes_always and (
        sent.needs_pdf or any(is_pdf(n, drop.heads.get(n, b"")) for n in sent.documents)
    ):
        steps.append(Step.COVER_ANY)
    if sent.needs_pdf:
        steps.append(Step.PDF)
    if len(sent.documents) > MAX_FILES:
        steps.append(Step.JOIN)
    is_letter = to.kind.is_letter
    if _wanted(drop, "letterhead", job.letterhead, sent, has=rules.letterhead,
               usual=to.kind is Kind.FAX or is_letter, may=to.kind is not Kind.SMS):  # fmt: skip
        steps.append(Step.LETTERHEAD)
    if _wanted(drop, "cover_page", job.cover_page, sent, has=rules.cover_page,
               usual=to.kind is Kind.FAX, may=to.kind is Kind.FAX):  # fmt: skip
        steps.append(Step.COVER_PAGE)
    if _JOINING & set(steps):
        _check_joinable(drop, sent, rules)
    return tuple(steps)


def _wanted(
    drop: Drop, key: str, asked: bool | None, sent: Contents, *, has: bool, usual: bool, may: bool
) -> bool:
    """Whether the letterhead or cover page is put: asked for, or usual."""
    if not asked:
        return asked is None and has and usual and bool(sent.documents)
    assert drop.job_file is not None
    if not has:
        words = Words(
            f"„{key} = true“ geht nicht, weil in den Einstellungen von faxd keine solche Vorlage"
            " steht. Bitte lassen Sie die Zeile weg, oder fragen Sie den Administrator.",
            f'"{key} = true" cannot be, as the settings of faxd name no such template. Please'
            " leave the line out, or ask the administrator.",
        )
    elif not may or not sent.documents:
        words = Words(
            f"„{key} = true“ geht hier nicht: Ein Deckblatt haben nur Faxe, einen Briefbogen nur"
            " Dokumente, keine Texte. Bitte lassen Sie die Zeile weg.",
            f'"{key} = true" cannot be here: only faxes have a cover page, and only documents, no'
            " texts, a letterhead. Please leave the line out.",
        )
    else:
        return True
    raise Refused(jobfile.inside(drop.job_file[0], words))


def _check_joinable(drop: Drop, sent: Contents, rules: Rules) -> None:
    for name in sent.documents:
        head = drop.heads.get(name, b"")
        if is_text_file(name, head) or may_be_pdf(name, head, office=rules.office):
            continue
        raise Refused(
            Words(
                f"„{shown(name)}“ lässt sich nicht mit Briefbogen, Deckblatt oder anderen Dateien"
                " zusammenfügen. Bitte drucken Sie die Datei als PDF („Microsoft Print to PDF“) und"
                " senden Sie das.",
                f'"{shown(name)}" cannot be joined with a letterhead, a cover page or other files.'
                ' Please print it as PDF ("Microsoft Print to PDF") and send that.',
            )
        )
