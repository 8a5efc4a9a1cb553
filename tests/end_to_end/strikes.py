"""Programs under strace, which strikes at one of their system calls: an end, or an error."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

#: strike at all calls, or at as many of them as a test names:
#: FAXD_THOROUGH=1 pytest -o faulthandler_timeout=3600 tests/end_to_end/test_afterwards.py
THOROUGH = bool(os.environ.get("FAXD_THOROUGH"))
#: for tests that run a program again and again
LONG = pytest.mark.timeout(3600 if THOROUGH else 550)


def strace(
    command: list[str], *injected: str, watched: str = "", trace: Path | None = None
) -> list[str]:
    """The command under strace; ``watched`` are further calls, for the ``trace``."""
    names = [one.partition(":")[0] for one in injected]
    options = [f"trace={','.join([*filter(None, [watched]), *names])}"]
    options += [f"inject={one}" for one in injected]
    # Faster, but strace 6.1 then sends no signals.
    fast = [] if "signal=" in "".join(injected) else ["--seccomp-bpf"]
    given = [word for option in options for word in ("-e", option)]
    return ["strace", "-f", "-qq", *fast, "-o", str(trace or "/dev/null"), *given, *command]


def require_strace() -> None:
    """Skip the test where it is not installed."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (package strace)")
