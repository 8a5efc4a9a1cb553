"""A running daemon that can be watched: its figures, its journal of faxes."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from .site import Site, free_port, wait_until


def test_figures_of_a_running_daemon(site: Site, tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "faxd.prom"
    site.send = ""
    site.outbox().mkdir()
    site.service = f'[metrics]\nlisten = "127.0.0.1:{port}"\ntextfile = "{file}"\n'
    site.write_config()
    with site.daemon() as daemon:
        site.add_faxes(2)
        site.drop("+49 40 123456 Brief.pdf")

        def shown(line: str) -> bool:
            return line in figures(port)

        wait_until(lambda: shown('faxd_received_faxes_total{account="praxis",result="received"} 2'))
        wait_until(lambda: shown('faxd_sent_total{account="praxis",kind="fax",result="ok"} 1'))
        assert shown('faxd_polls_total{account="praxis",outcome="good"}')
        assert shown('faxd_jobs{account="praxis",state="waiting"} 0')
        wait_until(file.exists)
        # Off again, by the configuration alone.
        site.service = ""
        site.write_config()
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: "configuration read again" in daemon.log)
        with pytest.raises(urllib.error.URLError):
            figures(port)
    site.require_each_once()
    journal = site.faxd("journal", "--verify")
    assert journal.returncode == 0, journal.stderr
    assert "praxis: 3 entries, unbroken" in journal.stdout


def figures(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())
