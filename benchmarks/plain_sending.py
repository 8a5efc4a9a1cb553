"""A child process: the client that one would write with plain zeep in an hour, to send.

Four threads send what lies in a folder, in the order of the names, whose first word is the number.
No ledger, no sync, no settling, nothing looked at.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import zeep

from benchmarks.office import ACCOUNT, PASSWORD
from benchmarks.process import steps

_THREADS = 4
_FAX = 0


class Plain:
    """One client for all threads; ``wsdl`` is a kept copy of the interface description."""

    def __init__(self, wsdl: Path, folder: Path) -> None:
        client: Any = zeep.Client(str(wsdl), settings=zeep.Settings(xml_huge_tree=True))
        self._service = client.service
        self._folder = folder

    def run(self) -> None:
        """Send all that lies there."""
        with ThreadPoolExecutor(_THREADS) as pool:
            for _ in pool.map(self._send, sorted(self._folder.iterdir())):
                pass

    def _send(self, path: Path) -> None:
        answer = self._service.SendJob(
            Account=ACCOUNT,
            Password=PASSWORD,
            JobType=_FAX,
            Recipient=path.name.split()[0],
            RecipientFile=b"",
            SendText="",
            SendFilename1=path.name,
            SendFile1=path.read_bytes(),
            SendFilename2="",
            SendFile2=b"",
            SendFilename3="",
            SendFile3=b"",
            Options="",
            SendeDateTime=zeep.xsd.SkipValue,
        )
        if answer["return"] != 0:
            raise RuntimeError(f"SendJob: {answer['return']}")


if __name__ == "__main__":
    steps(Plain(Path(sys.argv[1]), Path(sys.argv[2])).run)
