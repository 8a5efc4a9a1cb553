"""Programs that are run for a fax: no shell, a time limit, and an end for all that they started.

Each is the group of processes of a `keeper`, which ends with faxd.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from faxd.afterwards.retry import Trouble
from faxd.text import printable

#: bytes of what a program prints that are kept, the last ones
_KEPT = 400
#: Isolated, and without what is installed: it starts in a hundredth of a second.
_KEEPER = ("-I", "-S", str(Path(__file__).with_name("keeper.py")))


class Closed(Exception):
    """faxd ends, and has ended what was under way."""


class Children:
    """Runs programs, from any thread, until it is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self.closed = False

    def run(
        self,
        argv: Sequence[str],
        *,
        folder: Path,
        seconds: float,
        env: Mapping[str, str] | None = None,
        data: bytes = b"",
    ) -> None:
        """Run a program to its end, with ``data`` as its standard input.

        ``folder`` is where it runs; ``env`` comes on top of a small environment.

        Raises:
            Trouble: it cannot be started, takes too long, or ends with another status than 0.
            Closed: faxd ends.
        """
        name = Path(argv[0]).name
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaint:
            given.write(data)
            given.seek(0)
            child = self._start(argv, folder, env or {}, given.fileno(), complaint.fileno())
            try:
                said = _watched(child, seconds)
            finally:
                with self._lock:
                    # Before its number is given back: it may not be another's that is killed.
                    self._running.discard(child.pid)
                    _kill(child.pid)
                status = child.wait()
                if child.stdout is not None:
                    child.stdout.close()
            complaint.seek(0)
            reason = complaint.read(_KEPT).decode("utf-8", "replace")
        if self.closed:
            raise Closed
        if reason:
            raise Trouble(f"{argv[0]} cannot be started: {reason}")
        if said is None:
            raise Trouble(f"{name} was not done within {seconds:g} seconds, and was ended")
        if status != 0:
            said = printable(" ".join(said.split()))
            how = f"status {status}" if status > 0 else f"signal {-status}"
            raise Trouble(f"{name} ended with {how}" + (f": {said}" if said else ""))

    def close(self) -> None:
        """End what is running, and refuse more."""
        with self._lock:
            self.closed = True
            for pid in self._running:
                _kill(pid)

    def _start(
        self,
        argv: Sequence[str],
        folder: Path,
        env: Mapping[str, str],
        given: int,
        complaint: int,
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self.closed:
                raise Closed
            try:
                child = subprocess.Popen(  # noqa: S603
                    [sys.executable, *_KEEPER, str(os.getpid()), str(complaint), *argv],
                    stdin=given,
                    pass_fds=[complaint],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=_environment() | dict(env),
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or error
                raise Trouble(f"{argv[0]} cannot be started: {reason}") from None
            self._running.add(child.pid)
        return child


def _environment() -> dict[str, str]:
    """Nothing of faxd's own: among it might be passwords."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "TMPDIR", "CUPS_SERVER")
    return {"PATH": os.defpath} | {name: os.environ[name] for name in kept if name in os.environ}


def _watched(child: subprocess.Popen[bytes], seconds: float) -> str | None:
    """The last of what a program printed when it has ended; None if its time was up.

    What it leaves running may hold the pipe open: the program's own end counts.
    """
    assert child.stdout is not None
    output = child.stdout.fileno()
    os.set_blocking(output, False)
    ended = os.pidfd_open(child.pid)
    deadline = time.monotonic() + seconds
    said = b""
    try:
        poll = select.poll()  # not select, which knows no descriptor above 1023
        poll.register(ended, select.POLLIN)
        poll.register(output, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            ready = {fd for fd, _ in poll.poll(left * 1000)}
            if output in ready:
                data = _read(output)
                said = (said + data)[-_KEPT:]
                if not data:
                    poll.unregister(output)
            if ended in ready:
                return (said + _read(output))[-_KEPT:].decode("utf-8", "replace")
    finally:
        os.close(ended)


def _read(fd: int) -> bytes:
    with contextlib.suppress(BlockingIOError):
        return os.read(fd, 1 << 16)
    return b""


def _kill(group: int) -> None:
    """End a program that was not waited for, and all of its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
