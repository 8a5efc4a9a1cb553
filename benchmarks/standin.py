"""A child process: the stand-in for FAX.de. One JSON command a line in, one answer a line out."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.office import ACCOUNT, PASSWORD
from faxd.simulator import Account, Rules, Simulator, SyntheticImage

#: A fax takes a minute there. Jobs are compared with no earlier ones: that would take longer with
#: each of ten thousand, and what came twice is seen by who asks for the orders.
_RULES = Rules(job_seconds=60, duplicate_seconds=0)


def main() -> None:
    account = Account(number=ACCOUNT, password=PASSWORD)
    with Simulator(accounts=[account], rules=_RULES) as server:
        _say(server.wsdl_url)
        for line in sys.stdin:
            match json.loads(line):
                case ["add", int(count), int(size)]:
                    _say(_add(server, count, size))
                case ["file", str(path)]:
                    _say(server.add_fax(ACCOUNT, Path(path), originator="+493023125042"))
                case ["job_seconds", int(seconds)]:
                    server.job_seconds = seconds
                    _say(seconds)
                case ["waiting"]:
                    _say(len(server.queue(ACCOUNT)))
                case ["polls"]:
                    _say(_polls(server))
                case ["jobs"]:
                    _say(len(server.jobs(ACCOUNT)))
                case ["orders", str(path)]:
                    _say(_write_orders(server, Path(path)))


def _add(server: Simulator, count: int, size: int) -> int:
    """Let faxes arrive, of one content and different ids."""
    image = SyntheticImage(size, pages=2)
    for _ in range(count):
        server.add_fax(ACCOUNT, image, originator="+493023125042", remote_id="BENCH", pages=2)
    return count


def _polls(server: Simulator) -> int:
    """How often a client was told that there is nothing."""
    return sum(entry.code == 5 for entry in server.calls_of("RequestReceived"))


def _write_orders(server: Simulator, path: Path) -> int:
    """Write the SHA-256 and arrival (seconds since 1970) of all SendJob calls, and their number."""
    contents = {str(job.job_id): job.order.documents[0].sha256 for job in server.jobs(ACCOUNT)}
    orders = [
        (contents.get(entry.job_id or ""), entry.time.timestamp())
        for entry in server.calls_of("SendJob")
    ]
    path.write_text(json.dumps(orders))
    return len(orders)


def _say(value: object) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
