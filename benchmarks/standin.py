"""A child process: the stand-in for FAX.de. One JSON command a line in, one answer a line out."""

from __future__ import annotations

import json
import sys

from benchmarks.office import ACCOUNT, PASSWORD
from faxd.simulator import Account, Simulator, SyntheticImage


def main() -> None:
    with Simulator(accounts=[Account(number=ACCOUNT, password=PASSWORD)]) as server:
        _say(server.wsdl_url)
        for line in sys.stdin:
            match json.loads(line):
                case ["add", int(count), int(size)]:
                    _say(_add(server, count, size))
                case ["waiting"]:
                    _say(len(server.queue(ACCOUNT)))
                case ["polls"]:
                    _say(_polls(server))


def _add(server: Simulator, count: int, size: int) -> int:
    """Let faxes arrive, of one content and different ids."""
    image = SyntheticImage(size, pages=2)
    for _ in range(count):
        server.add_fax(ACCOUNT, image, originator="+493023125042", remote_id="BENCH", pages=2)
    return count


def _polls(server: Simulator) -> int:
    """How often a client was told that there is nothing."""
    return sum(entry.code == 5 for entry in server.calls_of("RequestReceived"))


def _say(value: object) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
