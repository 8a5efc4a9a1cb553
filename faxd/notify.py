"""Words to systemd (sd_notify(3)); without systemd, silence."""

from __future__ import annotations

import contextlib
import os
import socket
import time

#: seconds that the manager may take to make room for a word
_PATIENCE = 1.0


def notify(*lines: str) -> None:
    """Send state lines such as ``READY=1`` or ``STATUS=...``."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    text = "\n".join(" ".join(line.splitlines()) for line in lines)
    # A manager that does not listen, or listens no more, is no reason to stop faxing.
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock,
    ):
        sock.settimeout(_PATIENCE)
        sock.connect(address)
        sock.sendall(text.encode("utf-8", "replace"))


def reloading() -> None:
    """Say that the configuration is being read again (followed by ``READY=1``)."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def watchdog_interval() -> float | None:
    """Seconds within which systemd wants to hear that all is well; None: it does not ask."""
    try:
        interval = int(os.environ.get("WATCHDOG_USEC", "")) / 1e6
        asked = int(os.environ.get("WATCHDOG_PID", os.getpid()))
    except ValueError:
        return None
    return interval if interval > 0 and asked == os.getpid() else None
