"""Programs under strace, which strikes at one of their system calls: an end, or an error."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

#: strike at all calls, or at as many of them as a test names. It takes most of an hour:
#: FAXD_THOROUGH=1 pytest -n 4 -o faulthandler_timeout=3600 -k 'kill or failing' tests/end_to_end
THOROUGH = bool(os.environ.get("FAXD_THOROUGH"))
#: otherwise at so many of a kind, from the first to the last at equal distances
_POINTS = 6
#: for tests that run a program again and again
LONG = pytest.mark.timeout(3600 if THOROUGH else 550)


def points(number: int, *, before: int = 0, step: int = 1) -> range:
    """At which of ``number`` calls to strike; strace counts from 1, and ``before`` come earlier.

    ``step`` is for those of which most change nothing. One call more than there are is among them:
    runs differ a little (a piece more, a record less), and the last one may come through.
    """
    assert number, "nothing here makes such a call"
    if not THOROUGH:
        step = -(-number // _POINTS)
    return range(before + 1, before + number + 2, step)


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
