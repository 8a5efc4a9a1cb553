"""What is counted while the daemon runs, and what is read when somebody asks.

What came and went is counted from the journal, so that it is counted once, wherever it was done;
warnings and errors are counted from the log, whose events are constant phrases. Counts begin with
the daemon, as Prometheus expects. The rest (queues, folders, the last good poll) is read afresh.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from faxd import __version__
from faxd.clock import utc_now
from faxd.inbound import stopped_for
from faxd.job import JobState

if TYPE_CHECKING:
    from faxd.config import AccountSettings, Config
    from faxd.inbound import Report
    from faxd.ledger import Entry, Ledger
    from faxd.shares import Shares

#: seconds that a folder may take to say what is free
_DISK = 1.0
#: seconds that a question waits for a ledger that is in use
_PATIENCE = 2.0
#: seconds from FAX.de's receiving to the inbox, and from the outbox to FAX.de's acceptance
_SECONDS = (1, 2, 5, 10, 30, 60, 120, 300, 900, 3600, 4 * 3600, 24 * 3600)
#: results that FAX.de's document names, and faxd's own; others are counted together
_RESULTS = frozenset(
    {"ok", "busy", "no answer", "voice", "no service", "send-fail", "call failed", "black-list"}
    | {"failed", "cancelled", "unclear", "done"}
)


class Figures:
    """All figures of one daemon."""

    def __init__(self, config: Config, ledger: Ledger, shares: Shares) -> None:
        """``config`` may be replaced while it runs.

        Raises:
            sqlite3.Error: the ledger cannot be read.
        """
        self.config = config
        self._ledger = ledger
        self._shares = shares
        self._lock = threading.Lock()
        self._place, _ = ledger.journal.newer(-1)
        self._registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=self._registry)

        def histogram(name: str, text: str) -> Histogram:
            return Histogram(name, text, ("account",), buckets=_SECONDS, registry=self._registry)

        self._polls = counter("faxd_polls", "Polls, by how they ended.", "account", "outcome")
        self._poll_seconds = histogram("faxd_poll_seconds", "How long a poll took.")
        self._received = counter("faxd_received_faxes", "Faxes saved.", "account", "result")
        self._received_bytes = counter("faxd_received_bytes", "Bytes of them.", "account")
        self._received_pages = counter("faxd_received_pages", "Pages of them.", "account")
        self._receive_seconds = histogram(
            "faxd_receive_seconds", "From FAX.de's receiving of a fax to its being safe here."
        )
        self._sent = counter(
            "faxd_sent", "Recipients, by what became of it.", "account", "kind", "result"
        )
        self._sent_bytes = counter("faxd_sent_bytes", "Bytes of documents, once a job.", "account")
        self._sent_pages = counter("faxd_sent_pages", "Pages, as FAX.de states them.", "account")
        self._send_seconds = histogram(
            "faxd_send_seconds", "From a document's being taken to FAX.de's acceptance of it."
        )
        self._events = counter("faxd_log_events", "Warnings and errors.", "level", "event")
        self._registry.register(_Readings(self))

    def text(self) -> bytes:
        """All of them in Prometheus' text format (version 0.0.4).

        Raises:
            TimeoutError: somebody else has asked and waits yet, such as for a disk that hangs.
        """
        if not self._lock.acquire(timeout=_PATIENCE):
            raise TimeoutError
        try:
            self._count_what_is_new()
            return generate_latest(self._registry)
        finally:
            self._lock.release()

    def polled(self, account: str, report: Report, seconds: float) -> None:
        """Count a poll."""
        self._polls.labels(account, report.outcome.name.lower()).inc()
        self._poll_seconds.labels(account).observe(seconds)

    def logged(self, level: str, event: str) -> None:
        """Count a warning or an error."""
        self._events.labels(level, event).inc()

    # the journal

    def _count_what_is_new(self) -> None:
        names = {account.account: account.name for account in self.config.accounts}
        try:
            with self._ledger.patiently(_PATIENCE):
                while True:
                    self._place, found = self._ledger.journal.newer(self._place)
                    for entry in found:
                        self._count(entry, names.get(entry.account, entry.account))
                    if not found:
                        return
        except (TimeoutError, sqlite3.Error):
            return  # they are counted the next time

    def _count(self, entry: Entry, account: str) -> None:
        facts = entry.facts
        if facts["direction"] == "in":
            self._received.labels(account, facts["result"]).inc()
            self._received_bytes.labels(account).inc(facts["size"])
            self._received_pages.labels(account).inc(facts["pages"] or 0)
            _observe(self._receive_seconds.labels(account), facts["at"], facts["saved_at"])
            return
        result = facts["result"].lower()
        label = result if result in _RESULTS else "other"
        self._sent.labels(account, facts["kind"], label).inc()
        self._sent_pages.labels(account).inc(facts["pages"] or 0)
        if entry.record.endswith("/0"):  # once for each job, however many its recipients
            self._sent_bytes.labels(account).inc(facts["size"])
            if facts["accepted_at"]:
                _observe(
                    self._send_seconds.labels(account), facts["taken_at"], facts["accepted_at"]
                )

    # afresh

    def readings(self) -> Iterable[Metric]:
        """What is so at the moment."""
        yield _gauge("faxd_info", "Which faxd runs.", ("version",), [((__version__,), 1)])
        try:
            with self._ledger.patiently(_PATIENCE):
                yield from self._accounts()
        except (TimeoutError, sqlite3.Error):
            yield _gauge("faxd_ledger_readable", "Whether it can be read.", (), [((), 0)])
        else:
            yield _gauge("faxd_ledger_readable", "Whether it can be read.", (), [((), 1)])
        yield from self._disks()

    def _accounts(self) -> Iterable[Metric]:
        now, ledger, accounts = utc_now(), self._ledger, self.config.accounts
        health = {each.name: ledger.health(each.account) for each in accounts}
        sending = [each for each in accounts if each.outbox is not None]
        queues = {each.name: ledger.queue(each.account) for each in sending}
        jobs = {each.name: ledger.jobs.under_way(each.account) for each in sending}
        yield _gauge(
            "faxd_last_good_poll_age_seconds",
            "Seconds since the last poll that went well; absent before the first.",
            ("account",),
            [
                ((name,), max(0.0, (now - each.last_success).total_seconds()))
                for name, each in health.items()
                if each.last_success is not None
            ],
        )
        yield _gauge(
            "faxd_account_problem",
            "Whether something is wrong with receiving, or with sending.",
            ("account", "direction"),
            [((name, "in"), each.problem is not None) for name, each in health.items()]
            + [((name, "out"), each.problem is not None) for name, each in queues.items()],
        )
        yield _gauge(
            "faxd_account_stopped",
            "Whether the account is not called at all, such as for a wrong password.",
            ("account",),
            [((name,), stopped_for(each, None, now) > 0) for name, each in health.items()],
        )
        yield _gauge(
            "faxd_jobs",
            "Jobs under way, by their state.",
            ("account", "state"),
            [
                ((name, state.value), counts.get(state, 0))
                for name, counts in jobs.items()
                for state in JobState
                if not state.is_end
            ],
        )

    def _disks(self) -> Iterable[Metric]:
        folders = {("state", ""): self.config.state_dir}
        for account in self.config.accounts:
            folders |= {(name, account.name): path for name, path in _folders(account).items()}
        free = {labels: self._free(path) for labels, path in folders.items()}
        yield _gauge(
            "faxd_free_bytes",
            "Free space of the disk that a folder is on.",
            ("folder", "account"),
            [(labels, count) for labels, count in free.items() if count is not None],
        )
        names = ("ledger.sqlite", "ledger.sqlite-wal")
        size = sum(_size(self.config.state_dir / name) for name in names)
        yield _gauge("faxd_ledger_bytes", "Size of the ledger.", (), [((), size)])

    def _free(self, path: Path) -> int | None:
        """Free bytes for an ordinary user; None if that cannot be told."""
        try:
            return self._shares.room(path, patience=_DISK).free
        except OSError:
            return None


class EventCounter(logging.Handler):
    """Counts warnings and errors as they are logged, by their phrase."""

    def __init__(self, figures: Figures) -> None:
        super().__init__(logging.WARNING)
        self._figures = figures

    def emit(self, record: logging.LogRecord) -> None:
        """Count one; what libraries log, with a stranger's words in it, by the library's name."""
        # structlog hands over the event as a dict, others a text.
        event = record.msg.get("event") if isinstance(record.msg, dict) else None
        own = record.name.partition(".")[0] == "faxd" and isinstance(event, str)
        phrase = str(event) if own else record.name.partition(".")[0]
        self._figures.logged(record.levelname.lower(), phrase)


class _Readings(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        return self._figures.readings()

    def describe(self) -> Iterable[Metric]:
        return []


def _folders(account: AccountSettings) -> dict[str, Path]:
    folders = {"inbox": account.inbox}
    if account.outbox is not None:
        folders["outbox"] = account.outbox
    return folders


def _gauge(
    name: str,
    text: str,
    labels: tuple[str, ...],
    values: Iterable[tuple[tuple[str, ...], float]],
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for label, value in values:
        family.add_metric(label, value)
    return family


def _observe(histogram: Histogram, begin: str, end: str) -> None:
    # The provider's clock is another than ours.
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
    histogram.observe(max(0.0, seconds))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
