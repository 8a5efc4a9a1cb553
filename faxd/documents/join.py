"""Several PDFs become one, on the office's letterhead, with a cover page before them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pikepdf

from faxd.documents.coverpage import cover_page
from faxd.documents.errors import BadDocument
from faxd.documents.pdfs import BROKEN, MAX_PAGES, open_structure
from faxd.documents.pictures import too_many_pages
from faxd.words import Words

#: bytes of all documents together; FAX.de takes much less
_MAX_BYTES = 200_000_000


def join(
    sources: Sequence[str],
    target: str,
    letterhead_first: str = "",
    letterhead_next: str = "",
    cover: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the pages of all ``sources``, in that order, to ``target``.

    The letterheads are PDFs of which the first page lies under the first page, and under all that
    follow; either may be empty. ``cover`` has the ``template`` of a cover page (a text, see
    `coverpage`) and its ``fields``; its ``{pages}`` is filled in here, the cover counted. The
    result: ``pages``.

    Raises:
        BadDocument: one of them is no sound PDF, or they are too much together; which of several
            it is is said.
        ValueError: the letterhead is no sound PDF, or the template is wrong.
    """
    if sum(Path(source).stat().st_size for source in sources) > _MAX_BYTES:
        raise BadDocument(
            Words(
                f"Die Dokumente sind zusammen größer als {_MAX_BYTES // 1_000_000} MB. Bitte senden"
                " Sie sie in mehreren Aufträgen.",
                f"The documents are larger than {_MAX_BYTES // 1_000_000} MB together. Please send"
                " them in several jobs.",
            )
        )
    try:
        return {"pages": _join(sources, target, letterhead_first, letterhead_next, cover)}
    except (pikepdf.PdfError, RuntimeError):
        raise BadDocument(BROKEN) from None  # seen only when its pages are written


def _join(
    sources: Sequence[str],
    target: str,
    letterhead_first: str,
    letterhead_next: str,
    cover: Mapping[str, Any] | None,
) -> int:
    with contextlib.ExitStack() as stack:
        joined = stack.enter_context(pikepdf.new())
        for number, source in enumerate(sources, start=1):
            # Kept open until all is written: pages are read only then, one after the other.
            joined.pages.extend(stack.enter_context(_open(source, number, len(sources))).pages)
            if len(joined.pages) > MAX_PAGES:
                raise too_many_pages(MAX_PAGES)
        if cover is not None:
            made = f"{target}.cover"
            stack.callback(Path(made).unlink, missing_ok=True)
            fields = {**cover["fields"], "pages": str(len(joined.pages) + 1)}
            cover_page(cover["template"], fields, made)
            joined.pages.insert(0, stack.enter_context(pikepdf.open(made)).pages[0])
        if letterhead_first:
            _lay_under(joined, stack.enter_context(_letterhead(letterhead_first)), first=True)
        if letterhead_next and len(joined.pages) > 1:
            _lay_under(joined, stack.enter_context(_letterhead(letterhead_next)), first=False)
        joined.remove_unreferenced_resources()
        joined.save(target, deterministic_id=True)
        return len(joined.pages)


def _open(source: str, number: int, count: int) -> pikepdf.Pdf:
    try:
        return open_structure(source)
    except BadDocument as error:
        if count == 1:
            raise
        raise BadDocument(
            Words(
                f"Dokument {number} von {count}: {error.words.de}",
                f"Document {number} of {count}: {error.words.en}",
            )
        ) from None


def _letterhead(path: str) -> pikepdf.Pdf:
    try:
        return open_structure(path)
    except BadDocument as error:
        # The office's own, and the settings' fault.
        raise ValueError(f"the letterhead {path}: {error.words.en}") from None


def _lay_under(joined: pikepdf.Pdf, letterhead: pikepdf.Pdf, *, first: bool) -> None:
    """Put the letterhead under the first page or all others, upright and as large as they are."""
    # One for all pages.
    form = joined.copy_foreign(letterhead.pages[0].as_form_xobject())
    for page in joined.pages[:1] if first else joined.pages[1:]:
        page.add_underlay(form, pikepdf.Rectangle(page.trimbox))
