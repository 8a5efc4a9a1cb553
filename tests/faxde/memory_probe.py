"""Run by test_memory.py in a process of its own: prints the growth of its peak memory in KiB.

The stand-in runs in the parent, so that what is measured is the client alone.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from faxd.faxde import Client, Document, JobType, Service


def peak() -> int:
    """Greatest resident memory so far, KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(url: str, account: str, folder: Path) -> None:
    client = Client(Service(url, folder), account, lambda: "p")
    grown = 0
    for name in ("small.tif", "large.tif"):
        before = peak()
        with (folder / "fetched").open("wb") as file:
            fax = client.request_received(file, limit=1 << 30)
        assert fax
        assert fax.defect is None
        assert client.delete_received(fax.fax_id)
        document = Document(name=name, path=folder / "fetched")
        assert client.send_job(JobType.FAX, recipient="040123456", documents=[document]).pages == 1
        grown = peak() - before
    print(grown)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
