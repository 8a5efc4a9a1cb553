"""What can go wrong with a piece of work on a document."""

from __future__ import annotations

from faxd.words import Words


class BadDocument(Exception):
    """The document is at fault; the words say what is wrong, where, and what to do."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class WorkshopError(Exception):
    """The work could not be done, and may be tried again; the message is for administrators."""


class CannotWork(WorkshopError):
    """This machine is at fault (no process, no memory, a full disk): the document is not."""


class TimeLimit(WorkshopError):
    """The work took longer than it may."""


class MemoryLimit(WorkshopError):
    """The work needed more memory than it may have."""
