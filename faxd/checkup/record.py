"""The state folder and the ledger in it, which is looked at before it is opened."""

from __future__ import annotations

import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from faxd.checkup.finding import Finding, bad, good, warn
from faxd.config import Config
from faxd.ledger import SCHEMA_VERSION, Examined, Ledger, LedgerError, examine
from faxd.outbound.intake.mounts import is_network
from faxd.wiring import ledger_path, make_state_dir, open_ledger

_STATE, _LEDGER = "state folder", "ledger"


class Record:
    """The ledger for a check: the real one, or one for the while if that would be changed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stack = ExitStack()
        #: after `findings`; None: there can be none
        self.ledger: Ledger | None = None

    def __enter__(self) -> Record:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def findings(self) -> Iterator[Finding]:
        """Look at folder and ledger, and open the latter if it is sound."""
        config = self._config
        try:
            path = make_state_dir(config)
        except OSError as error:
            yield bad(
                _STATE,
                f"{config.state_dir}: {error.strerror or error}; see to its owner and mode (faxd's,"
                " 0700)",
            )
        else:
            yield good(_STATE, str(path))
            yield from state_folder(path, path.stat().st_mode, on_network=is_network(path))
            yield from self._open(ledger_path(config))
        if self.ledger is None:
            # All else can be tried without it.
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="faxd-check-"))
            self.ledger = Ledger(Path(folder) / "ledger.sqlite")
        self._stack.callback(self.ledger.close)

    def _open(self, path: Path) -> Iterator[Finding]:
        try:
            found = examine(path, thoroughly=True)
            finding = None if found is None else ledger(path, found, path.stat().st_mode)
            if finding is None:
                self.ledger = open_ledger(self._config)
                finding = good(_LEDGER, f"{path}, version {SCHEMA_VERSION}")
            elif found is not None and found.version == SCHEMA_VERSION and found.damage is None:
                self.ledger = open_ledger(self._config)
            yield finding
        except LedgerError as error:
            yield bad(_LEDGER, str(error))
        except OSError as error:
            yield bad(_LEDGER, f"{path}: {error.strerror or error}; see to its owner and mode")
        except sqlite3.Error as error:
            yield bad(_LEDGER, f"{path} cannot be read ({error}); see to its disk and its owner")


def state_folder(path: Path, mode: int, *, on_network: bool) -> Iterator[Finding]:
    """What is to be said of the state folder."""
    shown = stat.S_IMODE(mode)
    if shown & 0o077:
        yield warn(
            _STATE,
            f"{path} has mode {shown:04o}, so others may enter it, and it holds numbers, names and"
            f" faxes on their way; chmod 0700 {path}",
        )
    if on_network:
        yield warn(
            _STATE,
            f"{path} is on a network mount, where the ledger (SQLite) is not safe and everything"
            " waits for the server; set state_dir to a folder of this machine's own disk",
        )


def ledger(path: Path, found: Examined, mode: int) -> Finding | None:
    """What is to be said of a ledger that is there; None: nothing."""
    if found.damage is not None:
        return bad(
            _LEDGER,
            f"{path} is damaged ({found.damage}); see to its disk, stop faxd, and move the file and"
            " its -wal and -shm away: faxes that still lie in the inbox are recognised by their"
            " content",
        )
    if found.is_newer:
        return bad(
            _LEDGER,
            f"{path} was made by a newer faxd (version {found.version}, this one knows"
            f" {SCHEMA_VERSION}); install that one again, or put its copy from before the update"
            f" (ledger.sqlite.version-{SCHEMA_VERSION}) in its place",
        )
    if found.is_old:
        return warn(
            _LEDGER,
            f"{path} is of an older faxd (version {found.version}, this one has {SCHEMA_VERSION});"
            " the next start of the service brings it up to date and keeps a copy. This check has"
            " left it alone, so no stop of an account was lifted",
        )
    if stat.S_IMODE(mode) & 0o077:
        return warn(
            _LEDGER,
            f"{path} has mode {stat.S_IMODE(mode):04o}, so others may read who was faxed what;"
            f" chmod 0600 {path}",
        )
    return None
