"""A child process: the receiving loop of the daemon, wired as the daemon wires it."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.process import steps
from faxd import log
from faxd.config import load
from faxd.wiring import connect, make_state_dir, open_ledger, poller_for


def main(path: Path) -> None:
    config = load(path)
    log.configure(level=config.log_level)
    make_state_dir(config)
    ledger = open_ledger(config)
    service = connect(config)
    poller = poller_for(config, config.accounts[0], service, ledger)

    def run() -> None:
        report = poller.run()
        if report.problem is not None:
            raise RuntimeError(report.problem)

    steps(run)
    service.close()
    ledger.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
