"""Work that may end its process, done in one of its own."""

from __future__ import annotations

import os
from collections.abc import Callable

from faxd.documents.limits import die_with


def survives(work: Callable[[], bool]) -> bool:
    """Whether it could be done.

    Pdfium reads anything, but ends its process where it is to write what it did not understand.
    """
    parent = os.getpid()
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        return status == 0
    status = 1
    try:
        die_with(parent)
        status = 0 if work() else 1
    finally:
        os._exit(status)
