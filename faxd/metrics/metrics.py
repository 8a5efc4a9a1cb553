"""The daemon's side of the figures: made, changed and ended as the configuration asks for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from faxd.log import Log
from faxd.shares import Shares

if TYPE_CHECKING:
    from faxd.config import Config
    from faxd.config.settings import MetricsSettings
    from faxd.inbound import Poller
    from faxd.ledger import Ledger
    from faxd.metrics.exporter import Exporter
    from faxd.metrics.figures import Figures

_WRITE = "metrics/file"


class Metrics:
    """Figures, if there are to be any; without the section ``[metrics]`` nothing is loaded."""

    def __init__(self, ledger: Ledger, log: Log, shares: Shares) -> None:
        self._ledger = ledger
        self._log = log
        self._shares = shares
        self._settings: MetricsSettings | None = None
        self._figures: Figures | None = None
        self._exporter: Exporter | None = None

    def tasks(self, config: Config) -> dict[str, Callable[[], float]]:
        """Do as a new configuration says; returns what is to run again and again.

        Raises:
            sqlite3.Error: the ledger cannot be read.
        """
        settings = config.metrics
        if settings is None:
            self.close()
            return {}
        if self._figures is None:
            from faxd.metrics.figures import Figures

            self._figures = Figures(config, self._ledger, self._shares)
        self._figures.config = config
        if self._exporter is None or settings != self._settings:
            from faxd.metrics.exporter import Exporter

            self._end_exporter()
            self._exporter = Exporter(settings, self._figures, self._log)
        self._settings = settings
        return {_WRITE: self._exporter.write} if self._exporter.writes_file else {}

    def poll(self, account: str, poller: Poller) -> float:
        """Have an account (its name) polled and the poll counted; seconds until the next."""
        began = time.monotonic()
        report = poller.run()
        if self._figures is not None:
            self._figures.polled(account, report, time.monotonic() - began)
        return report.pause

    def close(self) -> None:
        """Give no figures any more."""
        self._end_exporter()
        self._figures = None

    def _end_exporter(self) -> None:
        if self._exporter is not None:
            self._exporter.close()
        self._exporter = None
