"""A child process: the client that one would write with plain zeep in an hour.

Fetches until there is nothing, and makes each fax durable by the very syncs of faxd: a file written
in a hidden folder, file and folder synced, a rename, the final folder synced, and only then deleted
at the server. No ledger, no check, no limit.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import zeep

from benchmarks.office import ACCOUNT, PASSWORD
from benchmarks.process import steps


class Plain:
    """One client; ``wsdl`` is a kept copy of the interface description."""

    def __init__(self, wsdl: Path, inbox: Path) -> None:
        client: Any = zeep.Client(str(wsdl), settings=zeep.Settings(xml_huge_tree=True))
        self._service = client.service
        self._inbox = inbox

    def run(self) -> None:
        """Fetch until there is nothing."""
        while (fax := self._service.RequestReceived(ACCOUNT, PASSWORD))["return"] == 0:
            self._save(f"{fax.ReceiveDate:%Y-%m-%d_%H%M%S}_{fax.FaxId}.tif", fax.FaxImage)
            code = self._service.DeleteReceived(ACCOUNT, PASSWORD, fax.FaxId)
            if code != 0:
                raise RuntimeError(f"DeleteReceived: {code}")

    def _save(self, name: str, image: bytes) -> None:
        hidden = self._inbox / ".part"
        hidden.mkdir(exist_ok=True)
        part = hidden / name
        with part.open("wb") as file:
            file.write(image)
            file.flush()
            os.fsync(file.fileno())
        _sync(hidden)
        part.rename(self._inbox / name)
        _sync(self._inbox)


def _sync(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


if __name__ == "__main__":
    plain = Plain(Path(sys.argv[1]), Path(sys.argv[2]))
    if sys.argv[3:] == ["--stepped"]:
        steps(plain.run)
    else:
        plain.run()
