"""A small HTTP server that strangers may reach: few requests at a time, each for a short time."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET
from typing import Any, Generic, TypeVar

from faxd.log import Log

#: seconds for a whole request, and requests at the same time
_PATIENCE = 10.0
_AT_ONCE = 16

Context = TypeVar("Context")


class Server(ThreadingHTTPServer, Generic[Context]):
    """Serves in a thread of its own, from its making until `stop`."""

    daemon_threads = True

    def __init__(
        self, listen: str, handler: type[Handler], context: Context, name: str, log: Log
    ) -> None:
        """``listen`` is ``host:port``; ``context`` is for the handler, as ``self.server.context``.

        Raises:
            OSError: the address cannot be had.
        """
        host, _, port = listen.rpartition(":")
        host = host.strip("[]")
        self.context = context
        self._log = log
        self._name = name
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self.address_family = AF_INET6 if ":" in host else AF_INET
        super().__init__((host, int(port)), handler)
        threading.Thread(target=self.serve_forever, name=name, daemon=True).start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def stop(self) -> None:
        """Take no more requests."""
        self.shutdown()
        self.server_close()

    def server_bind(self) -> None:
        """Bind, without asking the resolver for this machine's name as HTTPServer's does."""
        # Connections of before a restart must not keep the address for a minute.
        self.socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve it in a thread, if there is room."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve it, for no longer than a request may take."""
        timer = threading.Timer(_PATIENCE, self.shutdown_request, (request,))
        timer.daemon = True
        timer.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            timer.cancel()
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that breaks off is no news."""
        self._log.debug("request broken off", server=self._name)


class Handler(BaseHTTPRequestHandler):
    """Answers that tell strangers nothing but what they are to know."""

    server_version = "faxd"
    sys_version = ""
    timeout = _PATIENCE

    def answer(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        """Send an answer."""
        self.send_response(status)
        if body:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

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
