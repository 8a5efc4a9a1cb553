"""The way in, in the demo: samples arrive, and are told of and looked for."""

from __future__ import annotations

from pathlib import Path

from faxd.config import AccountSettings
from faxd.demo.office import Office
from faxd.demo.saying import say
from faxd.ledger import FaxState, Ledger
from faxd.simulator import LogEntry, Simulator
from faxd.simulator.samples import Sample
from faxd.text import plural, size


class Arrivals:
    """The faxes that somebody sends to one account."""

    def __init__(self, server: Simulator, account: AccountSettings) -> None:
        self._server = server
        self._account = account
        self._sent: list[tuple[int, Sample]] = []

    def add(self, sample: Sample) -> None:
        """Have one wait at FAX.de."""
        fax_id = self._server.add_fax(
            self._account.account,
            sample.path,
            originator=sample.originator,
            remote_id=sample.remote_id,
        )
        self._sent.append((fax_id, sample))
        say(
            f"Somebody sends a fax of {plural(sample.pages, 'page')} from {sample.originator}:"
            " it waits at FAX.de."
        )

    def are_fetched(self) -> bool:
        """Whether none waits any more."""
        return not self._server.queue(self._account.account)

    def summary(self) -> str:
        """What to say when all went well."""
        return (
            f"All {len(self._sent)} faxes are in {self._account.inbox}, byte for byte."
            " Look at them."
        )

    def missing(self, ledger: Ledger) -> str | None:
        """What the inbox or the ledger lacks; None if nothing."""
        inbox = self._account.inbox
        for fax_id, sample in self._sent:
            records = ledger.find_id(self._account.account, fax_id)
            if [record.state for record in records] != [FaxState.DELETED]:
                return f"fax {fax_id} was not saved, recorded and deleted on the server"
            file = inbox / records[0].path
            if not file.is_file() or file.read_bytes() != sample.path.read_bytes():
                return f"{file} is not the fax that was sent"
        files = [file for file in inbox.rglob("*.tif*") if ".faxd" not in file.parts]
        if len(files) != len(self._sent):
            return f"{len(self._sent)} faxes, but {len(files)} files"
        return None


def tell(entry: LogEntry, office: Office) -> None:
    """Say what the daemon did with a fax, as the server saw it."""
    if entry.code != 0:
        return
    if entry.call == "RequestReceived":
        say(f"  faxd fetches fax {entry.fax_id} ...")
    elif entry.call == "DeleteReceived":
        for file in _files(office.root, f"*{entry.fax_id}*.tif*"):
            say(f"  ... and has it safe on the disk: {file.name}, {size(file.stat().st_size)}.")
        say("  Only now faxd has FAX.de delete it there.")


def _files(root: Path, pattern: str) -> list[Path]:
    return [
        file
        for file in root.rglob(pattern)
        if not any(part.startswith(".") for part in file.relative_to(root).parts)
    ]
