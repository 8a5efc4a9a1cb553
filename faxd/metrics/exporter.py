"""Giving the figures away: over HTTP, and in a file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client.exposition import CONTENT_TYPE_LATEST

from faxd import durable
from faxd.config.settings import MetricsSettings
from faxd.httpd import Handler, Server
from faxd.log import Log, listen, unlisten
from faxd.metrics.figures import EventCounter, Figures

#: seconds between two writings of the file; node_exporter is asked about as often
_PAUSE = 15.0


class Exporter:
    """Whatever gives the figures away, from its making until `close`."""

    def __init__(self, settings: MetricsSettings, figures: Figures, log: Log) -> None:
        """Listen, if that is asked for; what cannot be is told and left.

        No figure is worth a fax: nothing here raises.
        """
        self._figures = figures
        self._log = log
        self._file: Path | None = settings.textfile
        self._failed: str | None = None
        self._server: Server[Figures] | None = None
        if settings.listen is not None:
            try:
                self._server = Server(settings.listen, _Handler, figures, "metrics", log)
            except OSError as error:
                log.error("metrics cannot listen", address=settings.listen, problem=error.strerror)
        self._counter = EventCounter(figures)
        listen(self._counter)

    @property
    def port(self) -> int | None:
        """The port it listens on, if it does."""
        return self._server.port if self._server is not None else None

    @property
    def writes_file(self) -> bool:
        """Whether `write` is to be called again and again."""
        return self._file is not None

    def write(self) -> float:
        """Write the file, in one piece as far as readers can see; seconds until the next time."""
        assert self._file is not None
        try:
            # Others are to read it: node_exporter runs as another user.
            durable.replace_file(self._file, self._figures.text(), mode=0o644)
        except OSError as error:
            problem = f"{error.filename or self._file}: {error.strerror or error}"
            if problem != self._failed:
                self._log.warning("metrics cannot be written", problem=problem)
            self._failed = problem
        except TimeoutError:
            pass
        else:
            self._failed = None
        return _PAUSE

    def close(self) -> None:
        """Give nothing away any more."""
        unlisten(self._counter)
        if self._server is not None:
            self._server.stop()


class _Handler(Handler):
    server: Server[Figures]

    def do_GET(self) -> None:
        """Give the figures to whoever asks for /metrics."""
        if urlsplit(self.path).path != "/metrics":
            self.answer(404)
            return
        try:
            text = self.server.context.text()
        except TimeoutError:
            self.answer(503)
        else:
            self.answer(200, text, CONTENT_TYPE_LATEST)

    do_HEAD = do_GET
