"""After a death: what was taken out of the outbox and not recorded goes back there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from faxd.clock import utc_now
from faxd.config import AccountSettings
from faxd.job import Job, Kind
from faxd.ledger import Ledger
from faxd.log import Log
from faxd.outbound.addressing import title_of
from faxd.outbound.intake import texts
from faxd.outbound.intake.account import BY_COMMAND, open_claims, prefix_of_commands
from faxd.outbound.intake.claim import give_back, remove
from faxd.outbound.intake.newjob import refused
from faxd.outbound.intake.outbox import Outbox
from faxd.outbound.preparing.names import is_made

#: seconds after which no command is still about to record its job
_LEFT_OVER = 86400.0


class Origins:
    """Where files came from that are taken and not recorded yet: a fact in the ledger."""

    def __init__(self, ledger: Ledger, account: str) -> None:
        self._ledger = ledger
        self._fact = f"taking for {account}"
        #: by claim, the folders below the outbox
        self._known: dict[str, tuple[str, ...]] = {}

    def note(self, more: Mapping[str, tuple[str, ...]]) -> None:
        """Remember them, durably, before the files are taken."""
        self._known |= more
        self._ledger.set_fact(self._fact, json.dumps(self._known))

    def clear(self) -> None:
        """Forget them, in the transaction in which they are recorded as jobs."""
        self._known.clear()
        self._ledger.set_fact(self._fact, "{}")

    def read(self) -> dict[str, tuple[str, ...]]:
        """What a death has left."""
        self._known.clear()
        return dict(json.loads(self._ledger.fact(self._fact, "{}")))


def recover(
    settings: AccountSettings,
    ledger: Ledger,
    log: Log,
    origins: Origins,
    changed: Callable[[Job], None],
) -> None:
    """Bring back to the outbox what was taken and not recorded when faxd died.

    ``changed`` is told of jobs that a lost ledger has known.

    Raises:
        OutboxUnusable, OSError, sqlite3.Error: it cannot be done now.
    """
    known = origins.read()
    with open_claims(settings, ledger) as outbox:
        for entry in list(outbox.hidden.entries()):
            name = entry.name
            if ledger.jobs.knows_claim(name):
                if ledger.jobs.is_filed(name):
                    _remove_rest(outbox, name)
                continue  # it is under way, or was brought to its end
            if name.startswith(prefix_of_commands(ledger)):
                # Copies only: what they were made of is where it was. One that is still
                # empty may be filled just now.
                if time.time() - entry.stat(follow_symlinks=False).st_mtime > _LEFT_OVER:
                    remove(outbox, name)
                continue
            if _is_empty(outbox, name):
                continue
            if not name.removeprefix(BY_COMMAND).startswith(ledger.mark):
                continue
            if name in known:
                names = give_back(outbox, name, known[name])
                log.warning("documents brought back", names=", ".join(names))
            else:
                changed(_adopt(settings, ledger, log, outbox, name))


def _adopt(settings: AccountSettings, ledger: Ledger, log: Log, outbox: Outbox, name: str) -> Job:
    """Make a failed job of a claim that a lost ledger has known: it may have been sent."""
    with outbox.hidden.existing(name) as folder:
        files = tuple(sorted(name for name in folder.names() if not is_made(name)))
    now = utc_now()
    job = Job(
        account=settings.account,
        kind=Kind.FAX,
        title=title_of(files[0]) if files else name,
        source=files[0] if files else name,
        folder=str(outbox.root.path),
        claim=name,
        companions=files,
        doubt=True,
        created_at=now,
    )
    text = "found on its way, but not in the ledger"
    (job,) = ledger.jobs.add([refused(job, texts.LEDGER_LOST, now)], text)
    log.error("document of a lost ledger", job=job.id, names=", ".join(files))
    return job


def _remove_rest(outbox: Outbox, name: str) -> None:
    """Remove the claim of a job that is filed, which a power cut may bring back.

    Nothing that people have dropped: should such a file still be there, it stays.
    """
    with suppress(OSError), outbox.hidden.existing(name) as folder:
        for made in filter(is_made, folder.names()):
            folder.remove(made)
    _is_empty(outbox, name)


def _is_empty(outbox: Outbox, name: str) -> bool:
    """Whether it is a claim without files, as a power cut may bring back; it is removed."""
    try:
        with outbox.hidden.existing(name) as folder:
            if folder.names():
                return False
        outbox.hidden.remove_folder(name)
    except OSError:
        return True  # no folder: no claim
    return True
