"""Everything that opens somebody's document, done in a child process with limits.

Documents are hostile and the libraries that read them are large; neither may endanger or slow
down receiving and sending. The daemon calls `Workshop.do`; all other modules here run in the
child (`python -m faxd.documents`), and only they import such a library.
"""

from __future__ import annotations

from faxd.documents.errors import (
    BadDocument,
    CannotWork,
    MemoryLimit,
    TimeLimit,
    WorkshopError,
)
from faxd.documents.workshop import Held, Workshop

__all__ = [
    "BadDocument",
    "CannotWork",
    "Held",
    "MemoryLimit",
    "TimeLimit",
    "Workshop",
    "WorkshopError",
]
