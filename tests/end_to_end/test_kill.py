"""A poll that is killed in the middle of a fax; at every other point: `make test-faults`."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from faxd.simulator import Fault, FaultKind, Simulator

from .site import Site


def test_killed_while_a_fax_arrives(tmp_path: Path, server: Simulator) -> None:
    site = Site(tmp_path / "site", server)
    site.add_faxes(2, size=500_000)
    server.faults.add(Fault(call="RequestReceived", kind=FaultKind.DRIP, value=50_000))
    process = subprocess.Popen(site.command("poll"))
    parts = site.inbox() / ".faxd"
    while not (parts.is_dir() and any(path.stat().st_size for path in parts.iterdir())):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert site.found() == []
    assert len(site.waiting()) == 2
    assert site.faxd("poll").returncode == 0
    site.require_each_once()
