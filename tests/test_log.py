"""Log lines that cannot be forged, and hold no secrets."""

from __future__ import annotations

import io
import json
import logging
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faxd import journald, log

PASSWORD = "geheim-9f3a"


class Lines(io.StringIO):
    """Standard error, read line by line as a log collector does."""

    def configure(
        self, *, level: str = "info", form: log.Form = "auto", hide_numbers: bool = False
    ) -> None:
        """Set logging up with this as standard error."""
        old, sys.stderr = sys.stderr, self
        try:
            log.configure(level=level, form=form, hide_numbers=hide_numbers)
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
    stderr.configure(form="logfmt")
    log.get_logger(account="praxis").info("fax saved", fax_id=3, path="a b.tif", gone=False, x=None)
    (line,) = stderr.lines()
    time, rest = line.split(" ", 1)
    assert time.startswith("timestamp=2") and time.endswith("Z")
    assert rest == (
        'level=info event="fax saved" account=praxis fax_id=3 path="a b.tif" gone=false x='
    )


@pytest.mark.parametrize("form", ["terminal", "logfmt", "json"])
@given(text=st.text() | st.text(st.sampled_from('\n\r\x0b\x0c\x1b\x85\u2028\u2029\u202e=" \\a\0')))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_strangers_text_cannot_forge_a_line(stderr: Lines, form: log.Form, text: str) -> None:
    stderr.configure(form=form)
    log.get_logger(account=text).warning("damaged fax", originator=text, more=[text])
    logging.getLogger("urllib3").warning("it said %s", text)
    lines = stderr.lines()
    assert len(lines) == 2
    shown = "".join(lines)
    for number in ("0", "1", "2", "22", "31", "32", "33", "35", "36"):
        shown = shown.replace(f"\x1b[{number}m", "")
    assert shown.isprintable()


@pytest.mark.parametrize("form", ["terminal", "logfmt", "json"])
def test_a_traceback_without_the_values_of_variables(stderr: Lines, form: log.Form) -> None:
    stderr.configure(form=form)
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
    assert form == "terminal" or len(lines) == 1


@pytest.mark.parametrize("level", ["debug", "info", "error"])
def test_zeep_never_logs_what_it_sends(stderr: Lines, level: str) -> None:
    stderr.configure(level=level, form="logfmt")
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
    stderr.configure(level=level, form="logfmt")
    logger = log.get_logger()
    logger.debug("d")
    logger.info("i")
    logger.warning("w")
    logger.error("e")
    assert [line.split("event=")[1] for line in stderr.lines()] == events


def test_a_level_may_be_changed_while_it_runs(stderr: Lines) -> None:
    stderr.configure(level="error", form="logfmt")
    logger = log.get_logger()
    logger.info("not yet")
    stderr.configure(level="debug", form="logfmt")
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


def test_an_object_for_each_event(stderr: Lines) -> None:
    stderr.configure(form="json")
    log.get_logger(account="praxis").info("fax saved", fax_id=3, path="Müller\n.tif")
    with log.bound_contextvars(job=7):
        logging.getLogger("zeep").warning("it said %s", "no")
    first, second = map(json.loads, stderr.lines())
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "level": "info",
        "event": "fax saved",
        "account": "praxis",
        "fax_id": 3,
        "path": r"Müller\n.tif",
    }
    assert (second["event"], second["level"], second["job"]) == ("it said no", "warning", 7)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("originator", "+4940123456", "+*******456"),
        ("originator", "4940123456", "*******456"),
        ("originator", "anonym", "anonym"),
        ("recipient", "12", "12"),
        ("path", "2026-03-01 +4940123456 Befund.tif", "2026-03-01 +*******456 Befund.tif"),
        ("path", "040 123456_Rechnung.pdf", "*** ***456_Rechnung.pdf"),
        ("path", "(040) 12 34-56", "(***) ** *4-56"),
        ("problem", "job to +49 40 123456: busy", "job to +** ** ***456: busy"),
        ("problem", "timed out after 30.000 s at 127.0.0.1:8080", None),
        ("sha256", "00ab0123456789ff", None),
        ("received", "2026-03-01T08:00:00.000000+00:00", None),
        ("fax_id", 3000000001, None),
    ],
)
def test_numbers_can_be_hidden(stderr: Lines, field: str, value: object, shown: str | None) -> None:
    stderr.configure(form="json", hide_numbers=True)
    log.get_logger().info("fax saved", **{field: value})
    (line,) = map(json.loads, stderr.lines())
    assert line[field] == (value if shown is None else shown)


# systemd's journal


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What listens where the journal does."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(5)
        monkeypatch.setattr(journald, "SOCKET", str(path))
        yield listener


def fields(datagram: bytes) -> dict[str, str]:
    """An entry as the journal reads it."""
    found, rest = {}, datagram
    while rest:
        line, _, rest = rest.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        found[name.decode()] = value.decode()
    return found


def test_an_entry_in_the_journal(stderr: Lines, journal: socket.socket) -> None:
    stderr.configure(form="journald")
    log.get_logger(account="praxis").warning("damaged fax kept", fax_id=3, damage="no TIFF")
    assert fields(journal.recv(65536)) == {
        "MESSAGE": 'damaged fax kept account=praxis fax_id=3 damage="no TIFF"',
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "faxd",
        "FAXD_EVENT": "damaged fax kept",
        "FAXD_ACCOUNT": "praxis",
        "FAXD_FAX_ID": "3",
        "FAXD_DAMAGE": "no TIFF",
    }
    assert stderr.lines() == []


def test_a_traceback_in_the_journal(stderr: Lines, journal: socket.socket) -> None:
    stderr.configure(form="journald")
    try:
        raise ValueError("no")
    except ValueError:
        log.get_logger().exception("unexpected error")
    entry = fields(journal.recv(65536))
    assert entry["PRIORITY"] == "3"
    first, *_, last = entry["MESSAGE"].splitlines()
    assert (first, last) == ("unexpected error", "ValueError: no")


@given(value=st.text(max_size=20000), name=st.text(max_size=80))
@settings(max_examples=60)
def test_a_stranger_makes_no_field(value: str, name: str) -> None:
    found = fields(journald.entry({"event": "x", "level": "info", name: value, "b": value}))
    own = {"MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "FAXD_EVENT", "FAXD_B"}
    assert len(set(found) - own) <= 1
    assert all(each.startswith("FAXD_") for each in set(found) - own)


def test_a_journal_that_is_gone(stderr: Lines, journal: socket.socket) -> None:
    stderr.configure(form="journald")
    journal.close()
    old, sys.stderr = sys.stderr, stderr
    try:
        log.get_logger().info("all the same")
    finally:
        sys.stderr = old
    assert "all the same" in stderr.lines()[0]


def test_standard_error_that_leads_to_the_journal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    status = os.fstat(2)
    assert not journald.is_standard_error()
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    assert journald.is_standard_error()
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:1")
    assert not journald.is_standard_error()
