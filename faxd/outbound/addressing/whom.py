"""Whom a drop goes to: the sources in their order (issue 3, section 3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from faxd.job import Kind, Recipient
from faxd.outbound.addressing import jobfile
from faxd.outbound.addressing.incode import read_codes
from faxd.outbound.addressing.jobfile import JobFile
from faxd.outbound.addressing.lists import read_list
from faxd.outbound.addressing.names import Name, address, label_of, read_name, reference
from faxd.outbound.addressing.numbers import almost_a_number, dated
from faxd.outbound.addressing.phonebook import Doubt, Entry, PhoneBook, candidates
from faxd.outbound.addressing.plain import MAX_NAME, fold, plain, shown
from faxd.outbound.addressing.plan import Codes, Drop, NoRecipient, NumberRules, Refused, Rules
from faxd.outbound.addressing.switches import Value
from faxd.outbound.addressing.times import When
from faxd.words import Words


@dataclass(frozen=True, kw_only=True)
class Whom:
    """The recipients, and what else the place says that named them."""

    kind: Kind
    recipients: tuple[Recipient, ...]
    by_list: bool = False
    #: from the phone book
    options: Mapping[str, Value] = field(default_factory=dict)
    #: from the name of the folder, or the code, if that named them
    when: When | None = None
    #: codes in the document did, which nobody else is to see
    by_code: bool = False
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a drop lies, and what it is called."""

    #: the document's or the job file's, without extension
    title: str
    #: name of the folder, unless that is a kind's
    folder: str | None
    #: from the job file, or the kind's folder; None if neither says it
    kind: Kind | None


def find(drop: Drop, job: JobFile, place: Place, rules: Rules, book: PhoneBook) -> Whom:
    """The first that says it: job file, list, names of file and folder, phone book, codes.

    Raises:
        NoRecipient: none of them does.
        Refused: the first that does says it wrongly.
    """
    kind = place.kind or Kind.FAX
    if kind.is_letter:
        return _letter(drop, job, place, kind, rules)
    if job.to is not None:
        return _one_or_many(Whom(kind=kind, recipients=_by_job_file(drop, job, kind, rules)))
    if drop.list_file is not None:
        _check_list(drop.list_file[0], kind)
        recipients = read_list(*drop.list_file, kind, rules.numbers)
        return Whom(kind=kind, recipients=recipients, by_list=True)
    file = read_name(place.title, kind, rules.numbers)
    if file.recipients:
        return _one_or_many(Whom(kind=kind, recipients=file.recipients))
    folder = Name()
    if place.folder is not None:
        folder = read_name(place.folder, kind, rules.numbers)
    if folder.recipients:
        return _one_or_many(
            Whom(kind=kind, recipients=_named(folder.recipients, folder.label), when=folder.when)
        )
    try:
        return _by_book(file, folder, place, rules.numbers, book)
    except NoRecipient as nobody:
        if drop.codes is None:
            raise
        coded = read_codes(drop.codes, place.kind, rules.numbers)
        if coded is None:
            raise NoRecipient(_nor_by_code(nobody.words, drop.codes)) from None
    return _one_or_many(
        Whom(
            kind=coded.kind,
            recipients=coded.recipients,
            when=coded.when or folder.when,
            by_code=True,
            subject=coded.subject,
        )
    )


def _by_job_file(drop: Drop, job: JobFile, kind: Kind, rules: Rules) -> tuple[Recipient, ...]:
    assert drop.job_file is not None
    try:
        return jobfile.recipients(job.to, kind, rules.numbers)
    except Refused as refused:
        raise Refused(jobfile.inside(drop.job_file[0], refused.words)) from None


def _letter(drop: Drop, job: JobFile, place: Place, kind: Kind, rules: Rules) -> Whom:
    """Its address is on its first page; what Recipient says is for people."""
    if drop.list_file is not None and job.to is None:
        _check_list(drop.list_file[0], kind)
    if job.to is not None:
        recipients = _by_job_file(drop, job, kind, rules)
    else:
        recipients = (Recipient(address=label_of(place.title) or "Brief"),)
    if not rules.letter_label:
        recipients = tuple(replace(one, address="", reference="") for one in recipients)
    return _one_or_many(Whom(kind=kind, recipients=recipients))


def _by_book(file: Name, folder: Name, place: Place, numbers: NumberRules, book: PhoneBook) -> Whom:
    doubt = None
    for name in (file, folder):
        found = book.look_up(name.label, place.kind)
        if isinstance(found, Entry):
            when = folder.when if name is folder else None
            return replace(_by_entry(found, name.label, place.kind, numbers), when=when)
        if found is not None and found.is_whole:
            raise NoRecipient(_doubtful(name.label, found))
        if found is not None and doubt is None:
            doubt = _doubtful(name.label, found)
    raise NoRecipient(doubt or _nobody(place))


def _by_entry(entry: Entry, label: str, kind: Kind | None, numbers: NumberRules) -> Whom:
    if entry.problem is not None:
        raise Refused(
            Words(
                f"Im Telefonbuch stimmt der Eintrag „{shown(entry.name)}“ nicht:"
                f" {entry.problem.de}",
                f'The entry "{shown(entry.name)}" of the phone book is wrong: {entry.problem.en}',
            )
        )
    kind = kind or entry.kind or Kind.FAX
    before, bracket, rest = label.partition("[")
    ref = ""
    if bracket and "]" in rest and fold(before) == fold(entry.name):
        ref = reference(rest.partition("]")[0])
    # Again, because an SMS asks more of a number than a fax.
    recipient = Recipient(
        address=address(entry.address, kind, numbers), name=entry.name, reference=ref
    )
    return Whom(kind=kind, recipients=(recipient,), options=entry.options)


def _named(recipients: tuple[Recipient, ...], name: str) -> tuple[Recipient, ...]:
    """A folder that is called after one recipient tells their name."""
    if len(recipients) > 1:
        return recipients
    return (replace(recipients[0], name=name),)


def _one_or_many(whom: Whom) -> Whom:
    if len(whom.recipients) > 1 and (whom.kind.is_letter or whom.kind is Kind.QSIGN):
        raise Refused(
            Words(
                "Briefe und QSign-Rechnungen gehen an genau einen Empfänger; hier stehen"
                f" {len(whom.recipients)}. Bitte legen Sie die Datei für jeden einzeln ab.",
                "Letters and QSign invoices go to exactly one recipient; here are"
                f" {len(whom.recipients)}. Please drop the file once for each.",
            )
        )
    return whom


def _check_list(name: str, kind: Kind) -> None:
    if kind.is_letter or kind is Kind.QSIGN:
        raise Refused(
            Words(
                f"Zu Briefen und QSign-Rechnungen kann es keine Liste geben („{shown(name)}“);"
                " Listen gehen bei Fax, SMS und E-Mail. Bitte entfernen Sie die Liste.",
                f'Letters and QSign invoices cannot have a list ("{shown(name)}"); lists go with'
                " fax, SMS and e-mail. Please remove the list.",
            )
        )


def _doubtful(label: str, doubt: Doubt) -> Words:
    names = candidates(doubt.candidates)
    if doubt.is_whole:
        return Words(
            f"„{shown(label)}“ steht mehrmals im Telefonbuch: {names}. Bitte schreiben Sie die"
            " Nummer an den Anfang des Dateinamens, oder geben Sie den Einträgen verschiedene"
            " Namen.",
            f'"{shown(label)}" is in the phone book more than once: {names}. Please write the'
            " number at the beginning of the file's name, or give the entries different names.",
        )
    return Words(
        f"„{shown(label)}“ ist im Telefonbuch nicht eindeutig. Gemeint sein könnte: {names}. Bitte"
        " beginnen Sie den Dateinamen mit dem ganzen Namen oder mit der Nummer.",
        f'"{shown(label)}" is not clear from the phone book. It could mean: {names}. Please begin'
        " the file's name with the whole name or with the number.",
    )


#: how a file is called, and what to be aware of
_EXAMPLES: Mapping[Kind, Words] = {
    Kind.FAX: Words(
        "mit der Faxnummer samt Vorwahl, zum Beispiel „+49 40 123456 Rechnung.pdf“ oder"
        " „040-123456_Befund.pdf“",
        'with the fax number and its area code, such as "+49 40 123456 Invoice.pdf" or'
        ' "040-123456_Report.pdf"',
    ),
    Kind.SMS: Words(
        "mit der Mobilnummer samt Vorwahl, zum Beispiel „0171 1234567 Termin.txt“",
        'with the whole mobile number, such as "0171 1234567 Appointment.txt"',
    ),
    Kind.EMAIL: Words(
        "mit der E-Mail-Adresse, zum Beispiel „name@example.org Rechnung.pdf“",
        'with the e-mail address, such as "name@example.org Invoice.pdf"',
    ),
    Kind.QSIGN: Words(
        "mit der E-Mail-Adresse, zum Beispiel „name@example.org Rechnung 4711.pdf“",
        'with the e-mail address, such as "name@example.org Invoice 4711.pdf"',
    ),
}


def _nor_by_code(words: Words, codes: Codes) -> Words:
    """That nobody is named, and that it was looked into the document, too."""
    if codes.problem is not None:
        return Words(
            f"{words.de} Ob auf der ersten Seite ein Code steht (@@FAX 040 123456@@), konnte"
            f" faxd nicht prüfen: {codes.problem.de}",
            f"{words.en} faxd could not look for a code on the first page (@@FAX 040 123456@@):"
            f" {codes.problem.en}",
        )
    return Words(
        f"{words.de} Auch auf der ersten Seite steht kein Code wie @@FAX 040 123456@@.",
        f"{words.en} Nor is there a code such as @@FAX 040 123456@@ on the first page.",
    )


def _almost(place: Place) -> Words:
    """What the name begins with, if that looks like a number and is none."""
    text = plain(place.title[:MAX_NAME]).lstrip(" _")
    if place.kind is not None and not place.kind.by_number:
        return Words("", "")
    if date := dated(text):
        return Words(
            f" „{date}“ am Anfang des Namens ist ein Datum, keine Nummer.",
            f' "{date}" at the beginning of the name is a date, not a number.',
        )
    if written := almost_a_number(text):
        return Words(
            f" Ist „{shown(written)}“ eine Telefonnummer? Dann fehlt die Null der Vorwahl oder die"
            " Vorwahl selbst.",
            f' Is "{shown(written)}" a telephone number? Then the zero of its area code is'
            " missing, or the area code itself.",
        )
    return Words("", "")


def _nobody(place: Place) -> Words:
    examples, almost = _EXAMPLES[place.kind or Kind.FAX], _almost(place)
    folder = Words("", "")
    if place.folder is not None:
        folder = Words(
            f" Auch der Ordner „{shown(place.folder)}“ beginnt weder mit einer Adresse noch mit"
            " einem Namen aus dem Telefonbuch, und eine Versandart heißt nicht so (fax, sms,"
            " email, letter, letter-color, qsign).",
            f' The folder "{shown(place.folder)}" begins neither with an address nor with a name'
            " from the phone book, and no kind is called that (fax, sms, email, letter,"
            " letter-color, qsign).",
        )
    return Words(
        f"Es steht nirgends, an wen „{shown(place.title)}“ gehen soll.{almost.de}{folder.de} Bitte"
        f" beginnen Sie den Dateinamen {examples.de}, oder mit einem Namen aus dem Telefonbuch.",
        f'Nothing says whom "{shown(place.title)}" is to go to.{almost.en}{folder.en} Please'
        f" begin the file's name {examples.en}, or with a name from the phone book.",
    )
