"""Taking STATURL calls (section "Parameter Options"): FAX.de tells that a job is through.

A call only wakes the JobStatus of its job; nothing that it says is believed. Each job has a secret
in its URL; whatever else is asked gets 404.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET
from typing import Any
from urllib.parse import urlsplit

from faxd.log import Log

#: seconds for a whole request, and requests at the same time: it is open to strangers
_PATIENCE = 10.0
_AT_ONCE = 16
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
        host, _, port = listen.rpartition(":")
        host = host.strip("[]")
        self._server = _Server((host, int(port)), wake, log)
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="status-receiver", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Take no more calls."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], wake: Callable[[str], bool], log: Log) -> None:
        self.wake = wake
        self.log = log
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # Not HTTPServer's, which asks the resolver for this machine's name.
        # Connections of before a restart must not keep the address for a minute.
        self.socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)  # too many at once; FAX.de's answer is asked for anyway
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        timer = threading.Timer(_PATIENCE, self.shutdown_request, (request,))
        timer.daemon = True
        timer.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            timer.cancel()
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.log.debug("status call broken off")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "faxd"
    sys_version = ""
    timeout = _PATIENCE

    def do_GET(self) -> None:
        """Wake a job, if the path ends in its secret."""
        secret = urlsplit(self.path).path.rpartition("/")[2]
        known = bool(_SECRET.fullmatch(secret)) and self.server.wake(secret)
        self.send_response(204 if known else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET
    do_HEAD = do_GET

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Strangers learn nothing but that there is nothing."""
        del code, message, explain
        self.send_response_only(404)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing a stranger sends is worth a line."""
