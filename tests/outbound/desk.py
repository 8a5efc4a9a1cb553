"""An office that sends: its four folders, a stand-in for FAX.de, and the real way out between.

Nobody sleeps here. One clock, which only a test moves on, is the office's and FAX.de's; the
schedule's part is played by calling the tasks in turn.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog

from faxd import clock as real
from faxd.config import AccountSettings
from faxd.faxde import Client, Service, Timeouts
from faxd.job import Job, JobState
from faxd.ledger import Ledger
from faxd.log import Log
from faxd.outbound.dispatch import Dispatch
from faxd.outbound.preparing.bench import Bench
from faxd.outbound.proof import Room
from faxd.simulator import Account, Fault, FaultKind, LogEntry, Simulator
from faxd.simulator import Job as Accepted

ACCOUNT, PASSWORD = "123456", "geheim"
BERLIN = ZoneInfo("Europe/Berlin")
NUMBER = "+4940123456"
PDF = b"%PDF-1.4\n<</Type /Page>>\n%%EOF\n%"
#: modules that ask for the time by themselves
_CLOCKED = (
    "faxd.outbound.sending.sender",
    "faxd.outbound.sending.follower",
    "faxd.outbound.reception",
    "faxd.outbound.intake.taker",
    "faxd.outbound.office.filing",
    "faxd.outbound.proof.reporter",
    "faxd.outbound.preparing.preparer",
    "faxd.ledger.jobs",
)
_STEADY = (
    "faxd.outbound.intake.taker",
    "faxd.outbound.reception",
    "faxd.outbound.sending.follower",
    "faxd.outbound.proof.reporter",
)


class Clock:
    """The real time, and what a test has added to it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._added = 0.0
        for module in _CLOCKED:
            patch.setattr(f"{module}.utc_now", self.now)
        for module in _STEADY:
            patch.setattr(f"{module}.steady", self.steady)

    def later(self, seconds: float) -> None:
        self._added += seconds

    def real(self) -> None:
        """Show the real time again, for what is compared with times of files."""
        self._added = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._added)

    def steady(self) -> float:
        return real.steady() + self._added


@dataclass
class Office:
    """All that one account needs to send; settings may be changed before a `restart`."""

    root: Path
    server: Simulator
    service: Service
    ledger: Ledger
    clock: Clock
    number: str = ACCOUNT
    changes: dict[str, Any] = field(default_factory=dict)
    #: what was logged, with the level as "level"
    events: list[dict[str, Any]] = field(default_factory=list)
    #: names of the tasks that were woken
    woken: list[str] = field(default_factory=list)
    #: the bodies of all SendJobs, byte for byte
    requests: list[bytes] = field(default_factory=list)
    status_base: str | None = None
    #: as the schedule's; None only remembers who was woken
    wake: Callable[[str], None] | None = None
    dispatch: Dispatch = field(init=False)
    #: as the process's; made anew by a `restart`
    room: Room = field(init=False)
    bench: Bench = field(init=False)

    def __post_init__(self) -> None:
        self._record_requests()
        self.restart()

    def restart(self, **changes: Any) -> None:
        """Begin as a new process does, perhaps with other settings; the ledger stays."""
        self.changes |= changes
        settings = self.settings
        self.room = Room(self.root / "state")
        self.bench = Bench(self.root / "state")
        self.dispatch = Dispatch(
            settings,
            Client(self.service, settings.account, settings.password),
            self.ledger,
            self.log,
            zone=BERLIN,
            wake=self.wake or self.woken.append,
            status_url=self._status_url if self.status_base else None,
            reports=self.room,
            bench=self.bench,
        )
        self.dispatch.sender.recover()
        self.dispatch.reception.run()

    def _status_url(self, secret: str) -> str:
        return f"{self.status_base}/{secret}"

    @property
    def settings(self) -> AccountSettings:
        fields: dict[str, Any] = {
            "name": f"praxis-{self.number}",
            "account": self.number,
            "password_file": self.root / "password",
            "inbox": self.root / "inbox",
            "outbox": self.outbox,
            "send": {"language": "en"} | self.changes,
        }
        return AccountSettings.model_validate(fields)

    @property
    def log(self) -> Log:
        logger: Log = structlog.wrap_logger(
            logging.getLogger("office"),
            processors=[self._note],
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        return logger

    def _note(self, _logger: object, level: str, event: Any) -> Any:
        self.events.append({"level": level, **event})
        raise structlog.DropEvent

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in self.events if entry["event"] == event]

    def _record_requests(self) -> None:
        """Keep what goes out, as the wire gets it."""
        post = self.service.wire.post

        def recorded(path: str, headers: Any, body: Any, **rest: Any) -> Any:
            if "SendJob" in headers["SOAPAction"]:
                self.requests.append(b"".join(body.pieces()))
            return post(path, headers, body, **rest)

        self.service.wire.post = recorded  # type: ignore[method-assign]

    # folders

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def sending(self) -> Path:
        return self.root / "sending"

    @property
    def sent(self) -> Path:
        return self.root / "sent"

    @property
    def failed(self) -> Path:
        return self.root / "failed"

    @property
    def slips(self) -> dict[str, str]:
        """What people read of what is under way."""
        return texts(self.sending)

    def slip(self) -> str:
        """The only slip's text."""
        (text,) = self.slips.values()
        return text

    def report(self) -> str:
        """The only report's text."""
        found = {**texts(self.sent), **texts(self.failed)}
        (text,) = (text for name, text in found.items() if name.endswith("report.txt"))
        return text

    def delete_slip(self, name: str | None = None) -> None:
        (self.sending / (name or next(iter(self.slips)))).unlink()

    def places(self, content: bytes) -> list[str]:
        """Where a document is: in which folders, or in the claim of a job that is not filed."""
        claims = {job.claim for job in self.ledger.jobs.open(self.number)}
        found = []
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and path.read_bytes() == content:
                within = path.relative_to(self.root).parts
                place = within[0]
                if within[1] == ".faxd":
                    place = "claim" if within[2] in claims else "nowhere"
                found.append(place)
        return found

    # what the office does

    def drop(self, name: str = f"{NUMBER} Befund.pdf", content: bytes | None = None) -> bytes:
        """Put a file into the outbox, by a path below it; each PDF is another one."""
        path = self.outbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = pdf(name) if content is None else content
        path.write_bytes(content)
        return content

    # what faxd does

    def take(self) -> None:
        """Notice what lies there, and take it when it has stood still, perhaps after a look."""
        self.dispatch.taker.run()
        self.clock.later(1.1)
        self.dispatch.taker.run()
        if self.read():
            self.dispatch.taker.run()

    def read(self) -> bool:
        """Look for codes where they were asked about; whether they were."""
        assert self.dispatch.codes is not None
        asked = self.dispatch.codes.is_asked
        self.dispatch.codes.run()
        return asked

    def prepare(self) -> float:
        """Make ready what is due."""
        assert self.dispatch.preparer is not None
        return self.dispatch.preparer.run()

    def send(self) -> float:
        return self.dispatch.sender.run()

    def follow(self) -> float:
        return self.dispatch.follower.run()

    def tell(self) -> float:
        """Look at the slips and file, as long as there is something left to file."""
        while (pause := self.dispatch.reception.run()) < 1.0:
            pass
        return pause

    def prove(self) -> float:
        """Make transmission reports, as long as some can be made now."""
        assert self.dispatch.reporter is not None
        while (pause := self.dispatch.reporter.run()) < 1.0:
            pass
        return pause

    def turn(self) -> None:
        """Each task once, in the order of a job's way."""
        self.take()
        self.prepare()
        self.tell()
        self.send()
        self.follow()
        self.tell()

    def later(self, seconds: float) -> None:
        self.clock.later(seconds)

    def begin(self, name: str = f"{NUMBER} Befund.pdf", content: bytes | None = None) -> Job:
        """A document that was dropped, taken and shown; nothing was sent."""
        self.drop(name, content)
        self.take()
        self.tell()
        return self.job()

    # what there is

    def job(self, number: int | None = None) -> Job:
        """The job of that number, or the newest."""
        if number is None:
            return self.ledger.jobs.newest(self.number)[-1]
        job = self.ledger.jobs.get(number)
        assert job is not None
        return job

    def states(self) -> list[JobState]:
        return [job.state for job in self.ledger.jobs.newest(self.number)]

    @property
    def accepted(self) -> list[Accepted]:
        """The jobs that FAX.de has ever taken."""
        return self.server.jobs(self.number)

    def calls(self, call: str = "SendJob") -> list[LogEntry]:
        return self.server.calls_of(call, self.number)

    def fault(self, kind: FaultKind, call: str = "SendJob", **fields: Any) -> None:
        self.server.faults.add(Fault(kind=kind, call=call, **fields))

    def account(self, **changes: Any) -> None:
        """Change the account at FAX.de."""
        self.server.change_account(self.number, **changes)

    def result(self, word: str, number: str = NUMBER) -> None:
        """What becomes of a fax to that number."""
        self.server.results[number] = word

    def finish(self) -> None:
        """Let FAX.de be through with everything, and hear of it."""
        for accepted in self.accepted:
            self.server.finish_job(accepted.job_id)
        for _ in range(5):  # a busy machine may need more than one look
            self.tell()
            jobs = self.ledger.jobs.open(self.number, (JobState.ACCEPTED,))
            if not jobs:
                return
            dues = [(job.due_at - self.clock.now()).total_seconds() for job in jobs if job.due_at]
            self.later(max([0.0, *dues]) + 1)
            self.follow()


def pdf(text: str) -> bytes:
    """A PDF of one page, as the stand-in counts."""
    return PDF + text.encode()


def texts(folder: Path) -> dict[str, str]:
    """The texts in a folder, by their names."""
    return {
        path.name: path.read_text("utf-8-sig")
        for path in sorted(folder.glob("*.txt"))
        if not path.name.startswith(".")
    }


def names(folder: Path) -> list[str]:
    """What people see in a folder, without the date."""
    found = sorted(os.listdir(folder)) if folder.is_dir() else []
    return [name[16:] if name[:2] == "20" else name for name in found if name[0] != "."]


@contextmanager
def open_office(
    root: Path,
    server: Simulator,
    clock: Clock,
    number: str = ACCOUNT,
    *,
    status_base: str | None = None,
    **changes: Any,
) -> Iterator[Office]:
    """An office that is ready to send; ``changes`` are its settings of sending."""
    for folder in ("outbox", "inbox", "state"):
        (root / folder).mkdir(parents=True)
    (root / "password").touch(mode=0o600)
    (root / "password").write_text(PASSWORD)
    server.set_account(Account(number=number, password=PASSWORD, job_types=frozenset(range(9))))
    timeouts = Timeouts(connect=5, read=1, call=20)
    with (
        closing(Service(server.wsdl_url, root / "state", timeouts=timeouts)) as service,
        closing(Ledger(root / "state" / "ledger.sqlite")) as ledger,
    ):
        yield Office(root, server, service, ledger, clock, number, changes, status_base=status_base)
