"""Figures that are true, for whoever asks, and for nothing else a reason to wait."""

from __future__ import annotations

import json
import logging
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from faxd import log
from faxd.config import Config
from faxd.config.settings import MetricsSettings
from faxd.inbound import Report
from faxd.ledger import Health, Ledger
from faxd.metrics.exporter import Exporter
from faxd.metrics.figures import Figures
from faxd.retry import Outcome
from faxd.shares import Shares
from faxd.words import Words

from .test_jobs import JOB
from .test_journal import SCHULZ, receive, send
from .test_ledger import FAX

DOCS = Path(__file__).parents[1] / "docs" / "monitoring"
NAME = {"account": "praxis"}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        yield ledger


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.model_validate(
        {
            "state_dir": tmp_path,
            "accounts": [
                {
                    "name": "praxis",
                    "account": FAX.account,
                    "password_env": "FAXD_TEST",
                    "inbox": tmp_path,
                    "outbox": tmp_path / "outbox",
                }
            ],
        }
    )


@pytest.fixture
def figures(config: Config, ledger: Ledger) -> Figures:
    return Figures(config, ledger, Shares())


def values(figures: Figures) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All samples, read by the library that Prometheus' people read them with."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(figures.text().decode())
        for sample in family.samples
    }


def value(figures: Figures, name: str, **labels: str) -> float | None:
    return values(figures).get((name, frozenset(labels.items())))


# what is counted


def test_faxes_are_counted_once_and_from_now_on(config: Config, ledger: Ledger) -> None:
    receive(ledger, 1)
    figures = Figures(config, ledger, Shares())
    assert value(figures, "faxd_received_faxes_total", **NAME, result="received") is None
    receive(ledger, 2, received_at=datetime.now(UTC) - timedelta(seconds=7))
    receive(ledger, 3, damage="no TIFF", pages=None)
    for _ in range(2):
        assert value(figures, "faxd_received_faxes_total", **NAME, result="received") == 1
    assert value(figures, "faxd_received_faxes_total", **NAME, result="damaged") == 1
    assert value(figures, "faxd_received_bytes_total", **NAME) == 2 * FAX.size
    assert value(figures, "faxd_received_pages_total", **NAME) == 2
    assert value(figures, "faxd_receive_seconds_bucket", **NAME, le="10.0") == 1
    assert value(figures, "faxd_receive_seconds_count", **NAME) == 2


def test_recipients_are_counted_by_their_result(figures: Figures, ledger: Ledger) -> None:
    ok = replace(JOB.recipients[0], result="OK", pages=3)
    send(ledger, ok, SCHULZ, replace(SCHULZ, result="a word\nof its own"))
    seen = values(figures)
    kinds = {labels: number for (name, labels), number in seen.items() if name == "faxd_sent_total"}
    assert {dict(labels)["result"] for labels in kinds} == {"ok", "busy", "other"}
    assert value(figures, "faxd_sent_bytes_total", **NAME) == JOB.size
    assert value(figures, "faxd_sent_pages_total", **NAME) == 3
    assert value(figures, "faxd_send_seconds_count", **NAME) == 1


def test_polls(figures: Figures) -> None:
    figures.polled("praxis", Report(outcome=Outcome.GOOD, problem=None, pause=1), 0.5)
    figures.polled("praxis", Report(outcome=Outcome.NOT_READY, problem="x", pause=1), 3)
    assert value(figures, "faxd_polls_total", **NAME, outcome="good") == 1
    assert value(figures, "faxd_polls_total", **NAME, outcome="not_ready") == 1
    assert value(figures, "faxd_poll_seconds_bucket", **NAME, le="1.0") == 1


def test_errors_are_counted_by_their_phrase(figures: Figures) -> None:
    exporter = Exporter(MetricsSettings(listen="127.0.0.1:0"), figures, log.get_logger())
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        log.configure(form="logfmt")
        log.configure(form="json")  # as at a SIGHUP
        log.get_logger(account="praxis").error("poll failed", problem="x")
        log.get_logger(account="praxis").info("fax saved")
        logging.getLogger("urllib3.connection").warning("stranger's words %s", 3)
    finally:
        exporter.close()
        root.handlers[:] = handlers
        root.setLevel(level)
    assert value(figures, "faxd_log_events_total", level="error", event="poll failed") == 1
    assert value(figures, "faxd_log_events_total", level="warning", event="urllib3") == 1
    events = [name for name, _ in values(figures) if name == "faxd_log_events_total"]
    assert len(events) == 2


# what is read


def test_how_accounts_are(figures: Figures, ledger: Ledger) -> None:
    assert value(figures, "faxd_last_good_poll_age_seconds", **NAME) is None
    now = datetime.now(UTC)
    ledger.set_health(
        Health(
            account=FAX.account,
            last_success=now - timedelta(seconds=100),
            problem="wrong password",
            stopped_until=now + timedelta(seconds=60),
        )
    )
    ledger.jobs.add([JOB, replace(JOB, claim="m-2")])
    queue = ledger.queue(FAX.account)
    ledger.set_queue(replace(queue, problem=Words(de="aus", en="off")))
    age = value(figures, "faxd_last_good_poll_age_seconds", **NAME)
    assert age is not None and 100 <= age < 160
    assert value(figures, "faxd_account_problem", **NAME, direction="in") == 1
    assert value(figures, "faxd_account_problem", **NAME, direction="out") == 1
    assert value(figures, "faxd_account_stopped", **NAME) == 1
    assert value(figures, "faxd_jobs", **NAME, state="waiting") == 2
    assert value(figures, "faxd_jobs", **NAME, state="held") == 0
    free = value(figures, "faxd_free_bytes", **NAME, folder="inbox")
    assert free is not None and free > 1000
    # One that is not there is left out.
    assert value(figures, "faxd_free_bytes", **NAME, folder="outbox") is None
    size = value(figures, "faxd_ledger_bytes")
    assert size is not None and size > 1000


def test_a_ledger_that_cannot_be_read_is_a_figure_too(figures: Figures, ledger: Ledger) -> None:
    assert value(figures, "faxd_ledger_readable") == 1
    ledger.close()
    assert value(figures, "faxd_ledger_readable") == 0


# giving them away


def get(port: int | None, path: str = "/metrics") -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_over_http(figures: Figures) -> None:
    exporter = Exporter(MetricsSettings(listen="127.0.0.1:0"), figures, log.get_logger())
    try:
        status, text = get(exporter.port)
        assert (status, "faxd_info{version=" in text) == (200, True)
        assert get(exporter.port, "/") == (404, "")
    finally:
        exporter.close()


def test_who_asks_does_not_wait_for_ever(figures: Figures) -> None:
    exporter = Exporter(MetricsSettings(listen="127.0.0.1:0"), figures, log.get_logger())
    held = threading.Event()
    try:
        with figures._lock:
            assert get(exporter.port) == (503, "")
    finally:
        held.set()
        exporter.close()
    assert not exporter.writes_file


def test_in_a_file(figures: Figures, tmp_path: Path) -> None:
    path = tmp_path / "faxd.prom"
    exporter = Exporter(MetricsSettings(textfile=path), figures, log.get_logger())
    try:
        assert (exporter.port, exporter.writes_file) == (None, True)
        assert exporter.write() > 0
        assert path.stat().st_mode & 0o777 == 0o644
        assert "faxd_info" in path.read_text()
        path.unlink()
        path.mkdir()
        assert exporter.write() > 0  # it is told, and goes on
    finally:
        exporter.close()


def test_a_port_that_is_taken_stops_nothing(figures: Figures) -> None:
    first = Exporter(MetricsSettings(listen="127.0.0.1:0"), figures, log.get_logger())
    settings = MetricsSettings(listen=f"127.0.0.1:{first.port}")
    second = Exporter(settings, figures, log.get_logger())
    assert second.port is None
    second.close()
    first.close()


# what the documents name


def known(figures: Figures, ledger: Ledger) -> set[str]:
    """The names of all samples there can be."""
    receive(ledger, 1)
    send(ledger, SCHULZ)
    figures.polled("praxis", Report(outcome=Outcome.GOOD, problem=None, pause=1), 0.5)
    figures.logged("error", "x")
    ledger.set_health(Health(account=FAX.account, last_success=datetime.now(UTC)))
    return {name for name, _ in values(figures)}


def named(expression: str) -> set[str]:
    return set(re.findall(r"\bfaxd_\w+", expression))


def test_alerts_name_figures_that_there_are(figures: Figures, ledger: Ledger) -> None:
    (group,) = yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"]
    assert len(group["rules"]) > 8
    there = known(figures, ledger)
    for rule in group["rules"]:
        assert named(rule["expr"]), rule["alert"]
        assert named(rule["expr"]) <= there, rule["alert"]
        assert rule["annotations"]["summary"]


def test_the_dashboard_names_figures_that_there_are(figures: Figures, ledger: Ledger) -> None:
    dashboard = json.loads((DOCS / "grafana.json").read_text())
    there, shown = known(figures, ledger), set[str]()
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            shown |= named(target["expr"])
    assert shown <= there
    # Each kind of figure has its place.
    assert {re.sub("_(total|bucket)$", "", name) for name in shown} >= {
        "faxd_received_faxes",
        "faxd_received_bytes",
        "faxd_received_pages",
        "faxd_sent",
        "faxd_polls",
        "faxd_jobs",
        "faxd_log_events",
        "faxd_free_bytes",
        "faxd_ledger_bytes",
        "faxd_last_good_poll_age_seconds",
        "faxd_send_seconds",
        "faxd_receive_seconds",
    }
