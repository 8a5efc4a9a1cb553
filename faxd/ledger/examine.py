"""A look at a ledger that changes nothing: it is neither made, nor migrated, nor mended."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from faxd.ledger.database import SCHEMA_VERSION

#: seconds to wait for another process that is writing
_TIMEOUT = 20.0


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What a ledger looks like from outside."""

    #: of its schema; 0: nothing is in it yet
    version: int
    #: what is wrong with its pages; None: nothing was found, or nothing looked for
    damage: str | None = None

    @property
    def is_old(self) -> bool:
        """Whether it would be migrated when it is opened."""
        return 0 < self.version < SCHEMA_VERSION

    @property
    def is_newer(self) -> bool:
        """Whether a newer faxd has made it, so that this one cannot use it."""
        return self.version > SCHEMA_VERSION


def examine(path: Path, *, thoroughly: bool = False) -> Examined | None:
    """Look at the ledger at ``path``; None if there is none.

    ``thoroughly`` reads every page, which takes a while for a large one.

    Raises:
        sqlite3.OperationalError: it cannot be read: the disk, a right, another process.
    """
    if not path.exists():
        return None
    name = f"file:{quote(str(path))}?mode=ro"
    with closing(sqlite3.connect(name, uri=True, timeout=_TIMEOUT)) as db:
        try:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            damage = None
            if thoroughly:
                found = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
                damage = None if found == "ok" else " ".join(found.split())
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            return Examined(version=0, damage=str(error))
    return Examined(version=version, damage=damage)
