"""The works that make documents ready, one after the other, in the workshop.

Everything is written into a room of its own; the documents themselves stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from faxd.documents import BadDocument, Held, Workshop, WorkshopError
from faxd.job import Step
from faxd.outbound.addressing.formats import is_pdf, needs_pdf
from faxd.outbound.addressing.message import is_text_file
from faxd.outbound.preparing import texts
from faxd.outbound.preparing.cover import shows_text

_HEAD = 4096
#: pages that one document may have; a fax of that length goes on for hours
_MOST_PAGES = 500
#: after these there is one PDF of all
JOINING = frozenset({Step.JOIN, Step.LETTERHEAD, Step.COVER_PAGE})
_CODES = frozenset({Step.COVER_CODES, Step.COVER_ANY})


@dataclass(frozen=True, kw_only=True)
class Source:
    """A document, and what people call it."""

    name: str
    path: Path
    #: if it lies where others could put another: it is open, and `path` is its descriptor's
    held: Held | None = None

    @property
    def fact(self) -> Held | str:
        """As the workshop takes it."""
        return self.held or str(self.path)


class MissingTemplate(Exception):
    """What a job was to be put on when it was taken is not in the settings any more."""


@dataclass(frozen=True, kw_only=True)
class Templates:
    """What documents are put on, and what is looked for in them."""

    letterhead: Path | None = None
    letterhead_next: Path | None = None
    cover_page: Path | None = None
    #: as `find_codes` takes them
    patterns: tuple[str, ...] = ()
    own_pattern: str = ""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Documents that can be sent."""

    #: what is the same as before has the same path
    documents: tuple[Source, ...]
    #: what was done
    steps: tuple[Step, ...]


def make_ready(
    workshop: Workshop,
    room: Path,
    sources: Sequence[Source],
    steps: Sequence[Step],
    templates: Templates,
    fields: Mapping[str, str],
    title: str,
) -> Ready:
    """Carry out the steps on documents; ``fields`` are those of the cover page.

    Raises:
        BadDocument: a document is at fault; which of several it is is said.
        MissingTemplate: a step needs a letterhead or a cover page that there is not.
        WorkshopError: it cannot be done now.
        OSError: something cannot be read.
    """
    _check_there(steps, templates)
    joining = bool(JOINING & set(steps))
    documents = list(sources)
    if Step.PDF in steps or joining:
        for number, source in enumerate(sources):
            with _named(source, sources):
                documents[number] = _as_pdf(workshop, room, source, number, always=joining)
    done = [step for step in steps if step not in _CODES]
    if _CODES & set(steps):
        covered = list(documents)
        for number, document in enumerate(documents):
            with _named(document, sources):
                covered[number] = _covered(workshop, room, document, number, templates)
        if covered != documents:
            done.insert(0, next(step for step in steps if step in _CODES))
        elif Step.COVER_CODES in steps:
            raise BadDocument(texts.NO_CODE)
        documents = covered
    if joining:
        documents = [_joined(workshop, room, documents, done, templates, fields, title)]
    return Ready(documents=tuple(documents), steps=tuple(done))


def _check_there(steps: Sequence[Step], templates: Templates) -> None:
    for step, path in (
        (Step.LETTERHEAD, templates.letterhead),
        (Step.COVER_PAGE, templates.cover_page),
    ):
        if step in steps and path is None:
            raise MissingTemplate(f"the settings name no {step.value} any more")


def _as_pdf(workshop: Workshop, room: Path, source: Source, number: int, *, always: bool) -> Source:
    """A PDF of it, if FAX.de does not take it or ``always``; a PDF is left alone."""
    head = beginning(source.path)
    if is_pdf(source.name, head):
        return source
    if not always and not is_text_file(source.name, head) and not _is_foreign(source.name, head):
        return source
    target = room / f"{number}.pdf"
    _do(workshop, source, "to_pdf", name=source.name, target=target, most_pages=_MOST_PAGES)
    return replace(source, path=target, held=None)


def _is_foreign(name: str, head: bytes) -> bool:
    return needs_pdf(name, head, office=True)


def _covered(
    workshop: Workshop, room: Path, source: Source, number: int, templates: Templates
) -> Source:
    """The document without the codes on its first page; the same if it has none."""
    if not is_pdf("", beginning(source.path)):
        return source
    patterns, own = list(templates.patterns), templates.own_pattern
    found = _do(workshop, source, "find_codes", patterns=patterns, own=own)["codes"]
    if any(code["kind"] == "broken" for code in found):
        raise BadDocument(texts.BROKEN_CODE)
    if not found:
        return source
    target = room / f"{number}-covered.pdf"
    _do(workshop, source, "cover_codes", target=target, codes=found)
    return replace(source, path=target, held=None)


def _joined(
    workshop: Workshop,
    room: Path,
    documents: Sequence[Source],
    done: list[Step],
    templates: Templates,
    fields: Mapping[str, str],
    title: str,
) -> Source:
    cover, first, following = None, None, None
    if Step.COVER_PAGE in done and templates.cover_page is not None:
        template = _template(templates.cover_page)
        cover = {"template": template, "fields": dict(fields)}
        if fields.get("text") and shows_text(template):
            done.append(Step.COVER_TEXT)
    if Step.LETTERHEAD in done:
        first = templates.letterhead
        following = templates.letterhead_next or first
    target = room / "joined.pdf"
    workshop.do(
        "join",
        sources=[document.fact for document in documents],
        target=str(target),
        letterhead_first=str(first or ""),
        letterhead_next=str(following or ""),
        cover=cover,
    )
    return Source(name=f"{title}.pdf", path=target)


def _do(workshop: Workshop, source: Source, work: str, **facts: Any) -> dict[str, Any]:
    facts = {key: str(fact) if isinstance(fact, Path) else fact for key, fact in facts.items()}
    return workshop.do(work, source=source.fact, **facts)


def _template(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        # The office's own, and may be put right.
        raise WorkshopError(f"the cover page {path}: {error}") from None


@contextmanager
def _named(source: Source, sources: Sequence[Source]) -> Iterator[None]:
    """Say which of several documents it is."""
    try:
        yield
    except BadDocument as error:
        if len(sources) == 1:
            raise
        raise BadDocument(texts.of_document(source.name, error.words)) from None


def beginning(path: Path) -> bytes:
    """The first bytes, by which a document's format is known."""
    with path.open("rb") as file:
        return file.read(_HEAD)
