"""Log lines that cannot be forged, and hold no secrets."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faxd import log

PASSWORD = "geheim-9f3a"


class Lines(io.StringIO):
    """Standard error, read line by line as a log collector does."""

    def configure(self, *, level: str = "info", terminal: bool | None = None) -> None:
        """Set logging up with this as standard error."""
        old, sys.stderr = sys.stderr, self
        try:
            log.configure(level=level, terminal=terminal)
        finally:
            sys.stderr = old

    def lines(self) -> list[str]:
        lines = self.getvalue().splitlines()
        self.seek(0)
        self.truncate()
        return lines


@pytest.fixture
def stderr() -> Iterator[Lines]:
    """Logging as it was, afterwards."""
    root, levels = logging.getLogger(), {}
    handlers, level = root.handlers[:], root.level
    for name in ("zeep", "requests", "urllib3", "apscheduler", "watchdog", "apscheduler.scheduler"):
        levels[name] = logging.getLogger(name).level
    yield Lines()
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def test_a_line_for_machines(stderr: Lines) -> None:
    stderr.configure(terminal=False)
    log.get_logger(account="praxis").info("fax saved", fax_id=3, path="a b.tif", gone=False, x=None)
    (line,) = stderr.lines()
    time, rest = line.split(" ", 1)
    assert time.startswith("timestamp=2") and time.endswith("Z")
    assert rest == (
        'level=info event="fax saved" account=praxis fax_id=3 path="a b.tif" gone=false x='
    )


@pytest.mark.parametrize("terminal", [True, False])
@given(text=st.text() | st.text(st.sampled_from('\n\r\x0b\x0c\x1b\x85\u2028\u2029\u202e=" \\a\0')))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_strangers_text_cannot_forge_a_line(stderr: Lines, terminal: bool, text: str) -> None:
    stderr.configure(terminal=terminal)
    log.get_logger(account=text).warning("damaged fax", originator=text, more=[text])
    logging.getLogger("urllib3").warning("it said %s", text)
    lines = stderr.lines()
    assert len(lines) == 2
    shown = "".join(lines)
    for number in ("0", "1", "2", "22", "31", "32", "33", "35", "36"):
        shown = shown.replace(f"\x1b[{number}m", "")
    assert shown.isprintable()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_traceback_without_the_values_of_variables(stderr: Lines, terminal: bool) -> None:
    stderr.configure(terminal=terminal)
    password = "".join(("geheim", "-9f3a"))
    try:
        raise ValueError(f"no {len(password)}\x1b[2Jline\x85level=error")
    except ValueError:
        log.get_logger().exception("unexpected error")
    lines = stderr.lines()
    text = "\n".join(lines)
    assert "Traceback (most recent call last)" in text
    assert r"ValueError: no 11\x1b[2Jline\x85level=error" in text.replace("\\\\", "\\")
    assert PASSWORD not in text
    assert terminal or len(lines) == 1


@pytest.mark.parametrize("level", ["debug", "info", "error"])
def test_zeep_never_logs_what_it_sends(stderr: Lines, level: str) -> None:
    stderr.configure(level=level, terminal=False)
    for name in ("zeep", "zeep.transports", "zeep.wsdl.wsdl", "requests", "urllib3.connectionpool"):
        logger = logging.getLogger(name)
        assert not logger.isEnabledFor(logging.INFO), name
        logger.debug("HTTP Post to %s:\n%s", "https://fax.example", PASSWORD)
    assert stderr.lines() == []


@pytest.mark.parametrize(
    ("level", "events"),
    [
        ("debug", ["d", "i", "w", "e"]),
        ("info", ["i", "w", "e"]),
        ("warning", ["w", "e"]),
        ("error", ["e"]),
    ],
)
def test_levels(stderr: Lines, level: str, events: list[str]) -> None:
    stderr.configure(level=level, terminal=False)
    logger = log.get_logger()
    logger.debug("d")
    logger.info("i")
    logger.warning("w")
    logger.error("e")
    assert [line.split("event=")[1] for line in stderr.lines()] == events


def test_a_level_may_be_changed_while_it_runs(stderr: Lines) -> None:
    stderr.configure(level="error", terminal=False)
    logger = log.get_logger()
    logger.info("not yet")
    stderr.configure(level="debug", terminal=False)
    log.get_logger().info("now")
    logger.info("also for those who were there before")
    assert len(stderr.lines()) == 2
    assert not logging.getLogger("apscheduler.scheduler").isEnabledFor(logging.WARNING)


def test_a_terminal_is_seen_to_be_one(stderr: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    stderr.configure()
    log.get_logger().info("plain")
    assert "\x1b" not in stderr.getvalue()
    monkeypatch.setattr(stderr, "isatty", lambda: True)
    stderr.configure()
    log.get_logger().info("coloured")
    assert "\x1b[" in stderr.getvalue()
