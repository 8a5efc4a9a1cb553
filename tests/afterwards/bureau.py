"""An office that has received faxes, and all that may be done with them, for real."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from faxd.afterwards import Afterwards, Order
from faxd.config import AccountSettings, MailSettings, RuleSettings
from faxd.ledger import Action, Ledger, Received
from faxd.log import Log
from tests.documents.specimens import drawing, fax

ACCOUNT = "123456"
#: a Sunday, 13:30 in Berlin
MOMENT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
NAMES = {"+493023125042": "Praxis Dr. Meier"}


@dataclass
class Bureau:
    """Faxes lie in its inbox and are in its ledger; settings may change between two runs."""

    root: Path
    ledger: Ledger
    changes: dict[str, Any] = field(default_factory=dict)
    rules: Sequence[dict[str, Any]] = ()
    mail: dict[str, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def settings(self) -> AccountSettings:
        fields: dict[str, Any] = {
            "name": "praxis",
            "account": ACCOUNT,
            "password_env": "NONE",
            "inbox": self.inbox,
            "min_free": 0,
        }
        return AccountSettings.model_validate(fields | self.changes)

    @property
    def order(self) -> Order:
        return Order(
            settings=self.settings,
            rules=[RuleSettings.model_validate(rule) for rule in self.rules],
            mail=MailSettings.model_validate(self.mail) if self.mail is not None else None,
            zone=BERLIN,
        )

    @property
    def afterwards(self) -> Afterwards:
        """A new one, as after a restart."""
        return Afterwards(
            self.order,
            self.ledger,
            self.log,
            folder=self.root / "own",
            name_of=lambda number: NAMES.get(number, ""),
        )

    def run(self) -> float:
        return self.afterwards.run()

    # faxes

    def add(
        self, path: str = "Befund.tif", *, image: bytes | None = None, **facts: Any
    ) -> Received:
        """A fax that is safe, as receiving leaves it."""
        place = self.inbox / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if image is None:
            number = len(self.ledger.received()) + 1
            fax(place, [drawing(number=number), drawing(number=number + 1)], dpi=(204, 98))
        else:
            place.write_bytes(image)
        content = place.read_bytes()
        values: dict[str, Any] = {
            "account": ACCOUNT,
            "fax_id": 1000 + len(self.ledger.received()),
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "pages": 2,
            "stated": 2,
            "originator": "+493023125042",
            "station_id": "MUSTER",
            "received_at": MOMENT,
            "folder": str(self.inbox),
            "path": path,
            "part": "none",
            "part_folder": "none",
        }
        return self.ledger.saved(self.ledger.begin(Received(**values | facts)), MOMENT)

    def actions(self, fax: Received) -> list[Action]:
        return self.ledger.actions.of_fax(fax.id)

    def states(self, fax: Received) -> dict[str, str]:
        """State of each action, by its kind."""
        return {action.kind.value: action.state.value for action in self.actions(fax)}

    def problem(self, fax: Received) -> str:
        """What is wrong with the only action of a fax."""
        (action,) = self.actions(fax)
        return action.problem or ""

    def let_time_pass(self, **time: float) -> None:
        """Have all that was planned have been planned so much earlier."""
        with closing(sqlite3.connect(self.root / "ledger.sqlite")) as db, db:
            for number, *times in db.execute("SELECT id, created_at, due_at FROM actions"):
                earlier = [
                    (datetime.fromisoformat(each) - timedelta(**time)).isoformat() for each in times
                ]
                db.execute(
                    "UPDATE actions SET created_at = ?, due_at = ? WHERE id = ?", (*earlier, number)
                )

    def files(self) -> list[str]:
        """What the office sees."""
        return sorted(
            str(path.relative_to(self.inbox))
            for path in self.inbox.rglob("*")
            if path.is_file() and ".faxd" not in path.parts
        )

    def left_behind(self) -> list[str]:
        """What lies in faxd's own folders."""
        places = (self.root / "own" / "copies", self.root / "own" / "work", self.inbox / ".faxd")
        return sorted(path.name for place in places for path in place.iterdir())

    # log

    @property
    def log(self) -> Log:
        logger: Log = structlog.wrap_logger(
            logging.getLogger("bureau"),
            processors=[self._note],
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        return logger

    def _note(self, _logger: object, level: str, event: Any) -> Any:
        self.events.append({"level": "error" if level == "exception" else level, **event})
        raise structlog.DropEvent

    def logged(self, *levels: str) -> list[str]:
        return [entry["event"] for entry in self.events if entry["level"] in levels]


@contextmanager
def open_bureau(root: Path) -> Iterator[Bureau]:
    """An office with an empty inbox."""
    (root / "inbox" / ".faxd").mkdir(parents=True)
    with closing(Ledger(root / "ledger.sqlite")) as ledger:
        yield Bureau(root, ledger)


def program(path: Path, body: str) -> Path:
    """A shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def on_path(folder: Path) -> str:
    """PATH with a folder before all others."""
    return f"{folder}:{os.environ.get('PATH', os.defpath)}"
