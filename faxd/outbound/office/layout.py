"""How slips and reports are laid out, and how they are known again. Pure.

They are plain text for any editor: CRLF, UTF-8 with a mark, no line longer than 78 characters
outside of tables. What comes from outside (names, references, station ids) is one line of visible
characters before it gets here, and continuation lines are indented, so nothing can pass itself
off as a line of ours.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import PurePath

from faxd.documents import report_words
from faxd.job import Job, Kind
from faxd.text import printable
from faxd.words import Language, Words

WIDTH = 78
#: width of the labels' column
_LABEL = 20

#: at the end of the first line of all that faxd writes for people
_MARK = Words(de="[faxd: Auftrag {}]", en="[faxd: job {}]")
_IS_MARKED = re.compile(r"\[faxd: (?:Auftrag|job) ([0-9]{1,19})\]\s*")
#: the comment that every PDF should have in its second line (ISO 32000-1 section 7.5.2), behind the
#: four bytes that say that the file is binary
_PDF_COMMENT = re.compile(rb"%PDF-[0-9.]{1,5}\r?\n%[\x80-\xff]{4}([^\r\n]*)")

KINDS = {kind: report_words.KINDS[kind.value] for kind in Kind}

KIND = Words(de="Art", en="Kind")
TITLE = Words(de="Name", en="Name")
RECIPIENT = Words(de="Empfänger", en="Recipient")
RECIPIENTS = Words(de="Empfänger", en="Recipients")
PAGES = Words(de="Seiten", en="Pages")
MESSAGES = Words(de="SMS-Teile", en="Messages")
PLANNED = Words(de="Geplant für", en="Planned for")
TRIES = Words(de="Versuche", en="Tries")
JOB_ID = Words(de="Auftrag bei FAX.de", en="Job at FAX.de")
OWN_ID = Words(de="Eigene Nummer", en="Own number")


def harmless(text: str, limit: int = 120) -> str:
    """A stranger's text as one line of visible characters, cut at ``limit``."""
    text = printable(" ".join(text[: 4 * limit].split()))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def outbox_of(job: Job) -> str:
    """What people call the folder that they drop documents in: it may be called anything."""
    return harmless(PurePath(job.folder).name, 60) or "outbox"


def first_line(headline: str, job_id: int, language: Language) -> str:
    """The headline, with the mark by which the file is known to be ours."""
    mark = _MARK.in_(language).format(job_id)
    return headline + mark.rjust(max(WIDTH - len(headline), len(mark) + 2))


def job_of(head: bytes) -> int | None:
    """Number of the job that a slip or report tells of, by its first bytes; None if it is none."""
    comment = _PDF_COMMENT.match(head)
    if comment:
        found = _IS_MARKED.fullmatch(comment[1].decode("ascii", "replace").strip())
        return int(found[1]) if found else None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # an editor's "Unicode"
        text = head[:1024].decode("utf-16", "ignore")
    else:
        text = head[:1024].decode("utf-8-sig", "replace")
    line = next((line for line in re.split(r"[\r\n]+", text) if line.strip()), "")
    found = _IS_MARKED.search(line)
    return int(found[1]) if found and found.end() == len(line) else None


def is_ours(head: bytes) -> bool:
    """Whether a file with this beginning (1 KiB will do) is a slip or report, never to be sent."""
    return job_of(head) is not None


def marked(pdf: bytes, job_id: int, language: Language) -> bytes:
    """A PDF with the mark in the comment of its second line; nothing else in it moves.

    Raises:
        ValueError: it has no comment there that is long enough.
    """
    comment = _PDF_COMMENT.match(pdf)
    mark = f" {_MARK.in_(language).format(job_id)}".encode()
    if comment is None or len(comment[1]) < len(mark):
        raise ValueError("a PDF without a comment that the mark fits into")
    start, end = comment.span(1)
    return pdf[:start] + mark.ljust(end - start) + pdf[end:]


def as_file(text: str) -> bytes:
    """The text as Windows programs of any age show it well."""
    return text.encode("utf-8-sig", "replace")


def joined(lines: Iterable[str]) -> str:
    """Lines as one text with Windows' line ends; never two empty ones in a row."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line.rstrip())
    while kept and not kept[-1]:
        kept.pop()
    return "\r\n".join(kept) + "\r\n"


def field(label: str, value: str) -> list[str]:
    """A label and its value, which goes on below itself; nothing if the value is empty."""
    if not value:
        return []
    return _wrapped(value, f"{label}:".ljust(_LABEL), " " * _LABEL)


def more(values: Iterable[str]) -> list[str]:
    """Further values of the field above."""
    return [line for value in values for line in _wrapped(value, " " * _LABEL, " " * _LABEL)]


def paragraph(text: str, indent: str = "") -> list[str]:
    """A text of ours in lines; its own line breaks stay."""
    lines = [printable(line) for line in text.splitlines()]
    return [piece for line in lines for piece in _wrapped(line, indent, indent) or [""]]


def advice(text: str) -> list[str]:
    """A text with names from outside in it: what goes on in a further line is indented."""
    return _wrapped(printable(text), "", "  ")


def quoted(text: str) -> list[str]:
    """A text that may hold words from outside: indented, so that no line of it looks like ours."""
    return paragraph(text[:4000], "  ")


def _wrapped(text: str, first: str, further: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_on_hyphens=False,
    )


def when(
    moment: datetime, zone: tzinfo | None, language: Language, *, seconds: bool = False
) -> str:
    """A time as the office's clock shows it, with its zone."""
    try:
        local = moment.astimezone(zone)
    except (OverflowError, ValueError):  # the first and last days that can be written
        local = moment.astimezone(UTC)
    clock = "%H:%M:%S" if seconds else "%H:%M"
    name = printable(local.tzname() or "")
    if language == "de":
        # strftime pads years differently from system to system
        day = f"{local.day:02}.{local.month:02}.{local.year:04}"
        name = {"CET": "MEZ", "CEST": "MESZ"}.get(name, name)
    else:
        day = local.date().isoformat()
    return f"{day} {local.strftime(clock)} {name}".rstrip()


def table(head: Sequence[str], rows: Sequence[Sequence[str]], limits: Sequence[int]) -> list[str]:
    """Columns two blanks apart, as wide as their longest cell but no wider than their limit.

    Cells of several words never hold two blanks, so the columns can be told apart.
    """
    cells = [
        [harmless(cell, limit) for cell, limit in zip(row, limits, strict=True)]
        for row in (head, *rows)
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    rule = ["-" * width for width in widths]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (cells[0], rule, *cells[1:])
    ]


def pages_field(job: Job, language: Language, pages: int | None = None) -> list[str]:
    """Pages or, for an SMS, its parts of 160 characters; before they are known, as counted here."""
    pages = pages if pages is not None else job.pages
    if job.kind is not Kind.SMS:
        return field(PAGES.in_(language), "" if pages is None else str(pages))
    length = len(job.text)
    of_160 = Words(de=f"{length} Zeichen, je 160", en=f"{length} characters, 160 each")
    if pages is not None:
        return field(MESSAGES.in_(language), f"{pages} ({of_160.in_(language)})")
    if not length:
        return []
    counted = -(-length // 160)
    expected = Words(
        de=f"voraussichtlich {counted} ({of_160.de})", en=f"{counted} expected ({of_160.en})"
    )
    return field(MESSAGES.in_(language), expected.in_(language))


def recipient_line(address: str, name: str, reference: str) -> str:
    """An addressee in one line: ``+4940123456 (Praxis Dr. Meier) [RE-4711]``."""
    name, reference = harmless(name, 60), harmless(reference, 60)
    line = harmless(address, 80)
    if name:
        line += f" ({name})"
    if reference:
        line += f" [{reference}]"
    return line
