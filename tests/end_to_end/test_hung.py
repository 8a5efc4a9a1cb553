"""A share that does not answer: the others never notice, and it goes on by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from faxd.simulator import Simulator
from tests.hung import hung

from .site import Site, wait_until

pytestmark = pytest.mark.timeout(150)

NUMBER = "040 123456"


@pytest.fixture
def office(tmp_path: Path, server: Simulator) -> Site:
    return Site(
        tmp_path, server, names=("praxis", "kanzlei"), send='language = "de"\nsettle = 0.2\n'
    )


def test_it_hangs_when_faxd_begins(office: Site) -> None:
    """faxd is ready all the same, works for the other account, and says what is wrong."""
    office.drop(f"{NUMBER} Liegt schon da.pdf")
    with hung(office.outbox()), office.daemon() as daemon:
        sent = office.drop(f"{NUMBER} Andere.pdf", account="kanzlei")
        office.add_faxes(2)  # the account's own inbox is on another disk
        wait_until(lambda: office.hashes(1) != [])
        office.require_sent_once(sent, index=1)
        wait_until(lambda: not office.waiting())
        daemon.wait_for(f"STATUS=*praxis: {office.outbox()} does not answer")
        assert office.outbox().name in daemon.log and "folder does not answer" in daemon.log
        assert daemon.process.poll() is None
        assert daemon.stop_anyway() < 12


def test_it_hangs_and_answers_again(office: Site) -> None:
    """The watchdog lets it be: nobody restarts faxd for a file server that is down."""
    with office.daemon({"WATCHDOG_USEC": "4000000"}) as daemon:
        wait_until(lambda: office.folder("sending").is_dir())
        with hung(office.outbox()):
            daemon.wait_for(f"STATUS=*praxis: {office.outbox()} does not answer")
            daemon.forget()
            until = time.monotonic() + 6
            while time.monotonic() < until:
                daemon.wait_for("WATCHDOG=1", timeout=5)
                daemon.forget()
            sent = office.drop(f"{NUMBER} Andere.pdf", account="kanzlei")
            wait_until(lambda: office.hashes(1) != [])
            office.require_sent_once(sent, index=1)
        content = office.drop(f"{NUMBER} Befund.pdf")
        wait_until(lambda: office.hashes() != [], timeout=60)
        office.require_sent_once(content)
        assert "task hangs" not in daemon.log
