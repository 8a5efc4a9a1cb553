"""A large fax comes in, and goes out again, without being held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from faxd.simulator import Account, Simulator, SyntheticImage

PROBE = Path(__file__).with_name("memory_probe.py")


def test_memory_stays_flat(tmp_path: Path) -> None:
    large = SyntheticImage(100_000_000)
    with Simulator(accounts=[Account(number="1", password="p")]) as server:
        server.add_fax("1", SyntheticImage(1_000_000))
        server.add_fax("1", large)
        done = subprocess.run(
            [sys.executable, str(PROBE), server.wsdl_url, "1", str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (sent,) = server.jobs("1")[-1].order.documents
        assert (sent.size, sent.sha256) == (large.size, large.sha256())
    grown = int(done.stdout)
    print(f"100 MB in and out: {grown} KiB more at the peak")
    assert grown < 8 * 1024
