"""Large faxes and documents pass through without being held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROBE = Path(__file__).with_name("memory_probe.py")


def test_memory_stays_flat() -> None:
    done = subprocess.run(
        [sys.executable, str(PROBE), "200000000", "100000000"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    grown = int(done.stdout)
    print(f"200 MB out and 100 MB in: {grown} KiB more at the peak")
    assert grown < 30 * 1024
