"""The settings of what is done to documents: their files and patterns, checked and handed on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from faxd.config import SendSettings
from faxd.documents.codes import own_pattern
from faxd.documents.coverpage import MAX_TEMPLATE, check_template
from faxd.outbound.preparing.works import Templates

#: a PDF may have something before it (PDF 1.7, appendix H, note 13)
_PDF_WITHIN = 1024
#: seconds that a file server has to answer in
_PATIENCE = 2.0


def templates_of(send: SendSettings) -> Templates:
    """What documents are put on, and what is looked for in them."""
    return Templates(
        letterhead=send.letterhead,
        letterhead_next=send.letterhead_next,
        cover_page=send.cover_page,
        patterns=tuple(name for name in send.codes if name != "faxd"),
        own_pattern=send.code_pattern or "",
    )


def check_preparing(send: SendSettings) -> None:
    """Refuse settings by which no document could be prepared.

    Raises:
        ValueError: the first of `preparing_problems`.
    """
    for problem in preparing_problems(send):
        raise ValueError(problem)


def preparing_problems(send: SendSettings) -> list[str]:
    """What keeps documents from being prepared: which setting, why, and what is allowed.

    The files are looked at too, unless their disk does not answer soon: whoever reads the
    configuration must not wait for that. They are looked at again before they are used.
    """
    if send.letterhead_next is not None and send.letterhead is None:
        return ["letterhead_next: needs a letterhead, for the first page"]
    if send.code_pattern is not None:
        if not send.codes:
            return ['code_pattern: needs codes = ["faxd"], which switches codes on']
        try:
            own_pattern(send.code_pattern)
        except ValueError as error:
            return [f"code_pattern: {error}"]
    if any((send.letterhead, send.letterhead_next, send.cover_page)):
        return _soon(partial(_template_problems, send))
    return []


def check_templates(send: SendSettings) -> None:
    """Refuse letterheads and a cover page that nothing could be put on; it may take any time.

    Raises:
        ValueError: which, why, and what is allowed.
    """
    for problem in _template_problems(send):
        raise ValueError(problem)


def _template_problems(send: SendSettings) -> list[str]:
    """What is wrong with letterhead and with cover page: whoever mends one mends both at once."""
    found = []
    for check in (_check_letterheads, _check_cover_page):
        try:
            check(send)
        except ValueError as error:
            found.append(str(error))
    return found


def _check_letterheads(send: SendSettings) -> None:
    for key in ("letterhead", "letterhead_next"):
        path: Path | None = getattr(send, key)
        if path is not None and b"%PDF-" not in _read(key, path, _PDF_WITHIN):
            raise ValueError(f"{key}: {path} is no PDF; print the letterhead as PDF")


def _check_cover_page(send: SendSettings) -> None:
    if send.cover_page is None:
        return
    content = _read("cover_page", send.cover_page, 4 * MAX_TEMPLATE + 1)
    try:
        check_template(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError(f"cover_page: {send.cover_page} is no text in UTF-8") from None
    except ValueError as error:
        raise ValueError(f"cover_page: {send.cover_page}: {error}") from None


def _soon(look: Callable[[], list[str]]) -> list[str]:
    """What a look into files finds, as long as they answer; nothing where they do not."""
    found: list[str] = []
    raised: list[Exception] = []

    def run() -> None:
        try:
            found.extend(look())
        except Exception as error:
            raised.append(error)

    # A daemon's thread: one that hangs in a system call keeps nobody from ending.
    thread = threading.Thread(target=run, name="templates", daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if raised:
        raise raised[0]
    return found


def _read(key: str, path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise ValueError(f"{key}: {path}: {error.strerror}") from None
