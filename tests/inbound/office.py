"""An office with one inbox, a stand-in for FAX.de, and the real receiver between them."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from faxd.config import AccountSettings
from faxd.faxde import Client, FaxdeError, Service, Timeouts
from faxd.inbound import InboxUnusable, Poller, Receiver, open_inbox
from faxd.inbound.inbox import Inbox
from faxd.inbound.save import Stuck
from faxd.ledger import Ledger, Received
from faxd.log import Log
from faxd.simulator import Account, Fault, FaultKind, Simulator, SyntheticImage

ACCOUNT, PASSWORD = "123456", "geheim"
MOMENT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
#: what a run may end with when something is wrong, and nothing else
TROUBLE = (FaxdeError, InboxUnusable, Stuck, OSError, sqlite3.Error)


@dataclass
class Office:
    """All that a poll needs; the account's settings may be changed between two polls."""

    root: Path
    server: Simulator
    service: Service
    ledger: Ledger
    number: str = ACCOUNT
    name: str = "praxis"
    changes: dict[str, Any] = field(default_factory=dict)
    #: what was logged, with the level as "level"
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def password_file(self) -> Path:
        return self.root / "password"

    @property
    def settings(self) -> AccountSettings:
        fields: dict[str, Any] = {
            "name": self.name,
            "account": self.number,
            "password_file": self.password_file,
            "inbox": self.inbox,
            "min_free": 0,
        }
        return AccountSettings.model_validate(fields | self.changes)

    @property
    def log(self) -> Log:
        logger: Log = structlog.wrap_logger(
            logging.getLogger("office"),
            processors=[self._note],
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        return logger

    def _note(self, _logger: object, level: str, event: Any) -> Any:
        self.events.append({"level": "error" if level == "exception" else level, **event})
        raise structlog.DropEvent

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in self.events if entry["event"] == event]

    # faxes

    def add(self, image: bytes | SyntheticImage, **facts: Any) -> int:
        """Let a fax arrive."""
        usual: dict[str, Any] = {"originator": "+493023125042", "remote_id": "MUSTER"}
        facts = usual | {"received": MOMENT} | facts
        return self.server.add_fax(self.number, image, **facts)

    def fault(self, kind: FaultKind, call: str = "RequestReceived", **fields: Any) -> None:
        self.server.faults.add(Fault(kind=kind, call=call, **fields))

    @property
    def waiting(self) -> list[int]:
        return [fax.fax_id for fax in self.server.queue(self.number)]

    def calls(self, *names: str) -> list[str]:
        """The calls that were made."""
        wanted = names or ("RequestReceived", "DeleteReceived")
        return [entry.call for entry in self.server.calls if entry.call in wanted]

    # polling

    @property
    def receiver(self) -> Receiver:
        settings = self.settings
        client = Client(self.service, settings.account, settings.password)
        return Receiver(settings, client, self.ledger, self.log, zone=UTC)

    @property
    def poller(self) -> Poller:
        return Poller(self.settings, self.receiver, self.ledger, self.log, chance=lambda: 0.5)

    def poll(self) -> int:
        return self.receiver.poll()

    def poll_in_trouble(self) -> None:
        """One run, however it ends."""
        with suppress(*TROUBLE):
            self.poll()

    def receiver_inbox(self) -> AbstractContextManager[Inbox]:
        return open_inbox(self.settings)

    # what there is

    def files(self) -> dict[str, bytes]:
        """All that the office sees."""
        return {
            str(path.relative_to(self.inbox)): path.read_bytes()
            for path in sorted(self.inbox.rglob("*"))
            if path.is_file() and ".faxd" not in path.parts
        }

    def parts(self) -> list[str]:
        """What is on its way."""
        hidden = self.inbox / ".faxd"
        return sorted(path.name for path in hidden.iterdir()) if hidden.exists() else []

    def records(self) -> list[Received]:
        return [*self.ledger.storing(self.number), *self.ledger.received(self.number)]

    def settled(self, *images: bytes) -> None:
        """Assert that each fax is there once and safe, and nothing is left to do."""
        assert sorted(map(sha256, self.files().values())) == sorted(map(sha256, images))
        assert self.waiting == []
        assert self.parts() == []
        assert {record.state.value for record in self.records()} <= {"deleted", "saved"}

    @contextmanager
    def ledger_refuses(self, when: str) -> Iterator[None]:
        """Have the database refuse a step: "INSERT", or "UPDATE" to a state."""
        event, _, state = when.partition(" ")
        condition = f"WHEN NEW.state = '{state}'" if state else ""
        path = self.root / "state" / "ledger.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute(
                f"CREATE TRIGGER refuse BEFORE {event} ON received {condition}"
                " BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
            try:
                yield
            finally:
                other.execute("DROP TRIGGER refuse")


@contextmanager
def open_office(root: Path, server: Simulator, **changes: Any) -> Iterator[Office]:
    """An office that is ready to poll."""
    for folder in ("inbox", "state"):
        (root / folder).mkdir(parents=True)
    (root / "password").touch(mode=0o600)
    (root / "password").write_text(PASSWORD)
    server.set_account(Account(number=ACCOUNT, password=PASSWORD))
    timeouts = Timeouts(connect=5, read=1, call=20)
    with (
        closing(Service(server.wsdl_url, root / "state", timeouts=timeouts)) as service,
        closing(Ledger(root / "state" / "ledger.sqlite")) as ledger,
    ):
        yield Office(root, server, service, ledger, changes=changes)


def image_of(image: SyntheticImage) -> bytes:
    return b"".join(image.pieces())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
