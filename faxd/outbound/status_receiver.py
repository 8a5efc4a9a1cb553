"""Taking STATURL calls (section "Parameter Options"): FAX.de tells that a job is through.

A call only wakes the JobStatus of its job; nothing that it says is believed. Each job has a secret
in its URL; whatever else is asked gets 404.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from faxd.httpd import Handler, Server
from faxd.log import Log

#: bytes of a job's secret
SECRET_BYTES = 16
_SECRET = re.compile(rf"[0-9a-f]{{{2 * SECRET_BYTES}}}")


def status_url(base: str, secret: str) -> str:
    """The STATURL of a job; FAX.de puts its number in place of ``$JID``. At most 128 characters."""
    return f"{base.rstrip('/')}/{secret}?job=$JID"


class StatusReceiver:
    """A small HTTP server, from its making until `close`."""

    def __init__(self, listen: str, wake: Callable[[str], bool], log: Log) -> None:
        """``listen`` is ``host:port``; ``wake`` is told of a secret, and returns whether it is one.

        Raises:
            OSError: the address cannot be had.
        """
        self._server = Server(listen, _Handler, wake, "status-receiver", log)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    def close(self) -> None:
        """Take no more calls."""
        self._server.stop()


class _Handler(Handler):
    server: Server[Callable[[str], bool]]

    def do_GET(self) -> None:
        """Wake a job, if the path ends in its secret."""
        secret = urlsplit(self.path).path.rpartition("/")[2]
        known = bool(_SECRET.fullmatch(secret)) and self.server.context(secret)
        self.answer(204 if known else 404)

    do_POST = do_GET
    do_HEAD = do_GET
