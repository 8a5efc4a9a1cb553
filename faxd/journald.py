"""Log lines as entries of systemd's journal, with a priority and fields of their own.

The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram with a line for each
field. `journalctl -u faxd FAXD_ACCOUNT=praxis -p warning` then finds what somebody looks for.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import struct
import sys
from collections.abc import Mapping

SOCKET = "/run/systemd/journal/socket"
#: syslog(3), by the names that structlog gives
_PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
#: characters of a field; a datagram has to fit into the socket's buffer
_LONGEST = 8000
_MOST_FIELDS = 20


def is_standard_error() -> bool:
    """Whether standard error leads to the journal (``$JOURNAL_STREAM``, systemd.exec(5))."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        status = os.fstat(2)
    except OSError:
        return False
    return (device, inode) == (str(status.st_dev), str(status.st_ino))


class JournalHandler(logging.Handler):
    """Writes what its formatter gives, an object of JSON for each event, into the journal."""

    def __init__(self) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        # The daemon must not stand still because the journal does.
        self._socket.settimeout(1.0)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one entry; on standard error, if the journal does not take it."""
        line = self.format(record)
        try:
            self._socket.sendto(entry(json.loads(line)), SOCKET)
        except (OSError, ValueError):
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Send nothing more."""
        self._socket.close()
        super().close()


def entry(event: Mapping[str, object]) -> bytes:
    """The datagram for an event: MESSAGE for people, and each of its fields as FAXD_..."""
    fields = {name: str(value) for name, value in event.items() if value is not None}
    level, trace = fields.pop("level", "info"), fields.pop("exception", "")
    fields.pop("timestamp", None)
    phrase = fields.pop("event", "")
    said = " ".join(f"{name}={_quoted(value)}" for name, value in fields.items())
    lines = [
        _line("MESSAGE", "\n".join(filter(None, [f"{phrase} {said}".strip(), trace]))),
        _line("PRIORITY", str(_PRIORITIES.get(level, 6))),
        _line("SYSLOG_IDENTIFIER", "faxd"),
        _line("FAXD_EVENT", phrase),
    ]
    lines += [
        _line(f"FAXD_{_name(name)}", value) for name, value in list(fields.items())[:_MOST_FIELDS]
    ]
    return b"".join(lines)


def _name(name: str) -> str:
    """A field's name: capitals, digits and underscores."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name.upper())[:50]


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value or not value else value


def _line(name: str, value: str) -> bytes:
    data = value[:_LONGEST].encode("utf-8", "replace")
    if b"\n" not in data:
        return b"%s=%s\n" % (name.encode(), data)
    # A value of several lines: its length comes first, in eight bytes.
    return b"%s\n%s%s\n" % (name.encode(), struct.pack("<Q", len(data)), data)
