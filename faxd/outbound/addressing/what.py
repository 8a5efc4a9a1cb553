"""What a drop sends: documents, text, and the files that are taken along. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from faxd.job import Kind
from faxd.outbound.addressing.formats import needs_pdf
from faxd.outbound.addressing.jobfile import MAX_JOINED, JobFile, too_many_files
from faxd.outbound.addressing.message import check_sms, is_text_file, read_text
from faxd.outbound.addressing.plain import shown
from faxd.outbound.addressing.plan import Drop, NoRecipient, Refused, Rules
from faxd.words import Words


class MissingFile(NoRecipient):
    """A job file names a file that is not there; it may still come."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What is sent, and what is taken along."""

    documents: tuple[str, ...]
    companions: tuple[str, ...]
    text: str
    #: one of the documents must become a PDF
    needs_pdf: bool = False


def contents(drop: Drop, job: JobFile, kind: Kind, rules: Rules) -> Contents:
    """The documents in their order, and the text.

    Raises:
        MissingFile: a file that the job file names is not there yet.
        Refused: there is nothing that a job of that kind could send.
    """
    documents = _named_files(drop, job)
    companions = [file[0] for file in (drop.job_file, drop.list_file) if file is not None]
    text = job.text or ""
    written = [name for name in documents if is_text_file(name, _head(drop, name))]
    made = False
    if kind.is_letter or kind is Kind.QSIGN:
        made = bool(written)  # they have no text of their own: it becomes a page
    else:
        for name in written:
            documents.remove(name)
            companions.append(name)
            text = _message(drop, job, name)
    if len(documents) > MAX_JOINED:
        raise Refused(too_many_files(len(documents)))
    _check(drop, kind, documents, text)
    for name in documents:
        if name not in written:
            made |= needs_pdf(name, _head(drop, name), office=rules.office)
    return Contents(
        documents=tuple(documents), companions=tuple(companions), text=text, needs_pdf=made
    )


def check_format(drop: Drop, rules: Rules) -> None:
    """Refuse a document that no job could send.

    Raises:
        Refused: it is one.
    """
    name = drop.document
    if name is not None and not is_text_file(name, _head(drop, name)):
        needs_pdf(name, _head(drop, name), office=rules.office)


def _named_files(drop: Drop, job: JobFile) -> list[str]:
    """The document, and the files that the job file names; those in its order if it names both."""
    present = {_folded(name): name for name in drop.others}
    if drop.document is not None:
        present[_folded(drop.document)] = drop.document
    missing = [name for name in job.files if _folded(name) not in present]
    if missing:
        raise MissingFile(
            Words(
                f"Die Datei „{shown(missing[0])}“, die in der Auftragsdatei steht (files), liegt"
                " nicht im selben Ordner. Bitte legen Sie alle Dateien zusammen ab, die"
                " Auftragsdatei zuletzt.",
                f'The file "{shown(missing[0])}" that the job file names (files) is not in the'
                " same folder. Please drop all files together, the job file last.",
            )
        )
    named = [present[_folded(name)] for name in job.files]
    if drop.document is not None and drop.document not in named:
        named.insert(0, drop.document)
    return named


def _message(drop: Drop, job: JobFile, name: str) -> str:
    if name != drop.document:
        raise Refused(
            Words(
                f"Die Textdatei „{shown(name)}“ kann nicht unter files stehen. Bitte schreiben Sie"
                " den Text selbst in die Auftragsdatei (text).",
                f'The text file "{shown(name)}" cannot stand in files. Please write the text'
                " itself into the job file (text).",
            )
        )
    if job.text is not None:
        raise Refused(
            Words(
                f"Der Text steht doppelt da: in „{shown(name)}“ und in der Auftragsdatei (text)."
                " Bitte lassen Sie nur einen stehen.",
                f'There are two texts: in "{shown(name)}" and in the job file (text). Please leave'
                " only one.",
            )
        )
    return read_text(name, drop.content)


def _check(drop: Drop, kind: Kind, documents: list[str], text: str) -> None:
    if kind is Kind.SMS and documents:
        raise Refused(
            Words(
                f"Eine SMS hat nur Text; „{shown(documents[0])}“ kann nicht mit. Bitte speichern"
                " Sie den Text als .txt, oder legen Sie die Datei für ein Fax in den Ordner fax.",
                f'An SMS has only text; "{shown(documents[0])}" cannot go with it. Please save the'
                " text as .txt, or put the file into the folder fax for a fax.",
            )
        )
    if (kind.is_letter or kind is Kind.QSIGN) and not documents:
        raise Refused(_NEEDS_DOCUMENT)
    if kind.is_letter and text:
        raise Refused(
            Words(
                "Zu einem Brief gehört kein Text (text); er besteht aus seinen Dateien.",
                "A letter has no text of its own (text); it is made of its files.",
            )
        )
    if not documents and not text.strip():
        what = shown(drop.document or (drop.job_file[0] if drop.job_file else ""))
        raise Refused(
            Words(
                f"In „{what}“ steht kein Text und keine Datei, die gesendet werden könnte. Eine"
                " Auftragsdatei braucht files oder text, eine Textdatei ihren Text.",
                f'"{what}" holds no text and no file that could be sent. A job file needs files or'
                " text, a text file its text.",
            )
        )
    if kind is Kind.SMS:
        check_sms(text)


def _head(drop: Drop, name: str) -> bytes:
    return drop.heads.get(name, b"")


def _folded(name: str) -> str:
    """Windows does not tell small letters from capitals, and macOS takes umlauts apart."""
    return unicodedata.normalize("NFC", name[:1000]).casefold()


_NEEDS_DOCUMENT = Words(
    "Briefe und QSign-Rechnungen brauchen ein Dokument, zum Beispiel eine PDF-Datei; ein Text"
    " allein genügt nicht. Bitte drucken Sie den Text als PDF und legen Sie das ab.",
    "Letters and QSign invoices need a document, such as a PDF file; a text alone will not do."
    " Please print the text as PDF and drop that.",
)
