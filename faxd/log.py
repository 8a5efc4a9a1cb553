"""Logging: constant phrases with fields, for a terminal, a file, a collector or the journal.

A line is one event: what strangers or the network wrote into a field cannot end it, nor steer a
terminal. Tracebacks are plain text: the pretty ones of structlog print the values of local
variables, and a password might be among them. zeep is kept at warnings for the same reason: at
DEBUG it logs whole envelopes.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.contextvars import bound_contextvars

from faxd import journald

__all__ = ["Form", "Log", "bound_contextvars", "configure", "get_logger", "listen", "unlisten"]

Log = structlog.stdlib.BoundLogger
#: ``auto``: coloured lines on a terminal, entries in systemd's journal, logfmt anywhere else
Form = Literal["auto", "terminal", "logfmt", "json", "journald"]

#: What may be a phone number: it begins with + or 0, and has six digits or more.
_NUMBER = re.compile(r"(?<![\w.:-])(?:\+|0)[\d ()/.-]{4,}\d(?![0-9A-Za-z])")
#: fields that hold one, however it begins
_NUMBERS = frozenset({"originator", "recipient", "recipients", "number", "to", "who", "address"})
_SHOWN_DIGITS = 3
_listeners: list[logging.Handler] = []


def configure(*, level: str = "info", form: Form = "auto", hide_numbers: bool = False) -> None:
    """Set logging up, for the whole process.

    ``hide_numbers`` leaves the last three digits of phone numbers.
    """
    form = _suited() if form == "auto" else form
    renderer: structlog.typing.Processor
    if form == "terminal":
        renderer = structlog.dev.ConsoleRenderer(
            exception_formatter=structlog.dev.plain_traceback, pad_event_to=24
        )
    elif form == "logfmt":
        renderer = structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], drop_missing=True
        )
    else:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=form != "terminal"),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            *([_without_numbers] if hide_numbers else []),
            _harmless,
            renderer,
        ],
    )
    handler = journald.JournalHandler() if form == "journald" else logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for old in root.handlers:
        if isinstance(old, journald.JournalHandler):
            old.close()
    root.handlers[:] = [handler, *_listeners]
    root.setLevel(level.upper())
    for foreign in ("zeep", "requests", "urllib3", "apscheduler", "watchdog"):
        logging.getLogger(foreign).setLevel(max(logging.WARNING, root.level))
    # It says at WARNING that a poll was left out because the last one still runs; that is wanted.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def listen(handler: logging.Handler) -> None:
    """Have a handler hear of all events from now on, however often logging is set up anew."""
    _listeners.append(handler)
    logging.getLogger().addHandler(handler)


def unlisten(handler: logging.Handler) -> None:
    """Have it hear of no more."""
    _listeners.remove(handler)
    logging.getLogger().removeHandler(handler)


def _suited() -> Form:
    """The form for where standard error leads to."""
    if sys.stderr.isatty():
        return "terminal"
    return "journald" if journald.is_standard_error() else "logfmt"


def _without_numbers(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Show no more of phone numbers than their last three digits."""
    return {
        key: value
        if key in {"timestamp", "level"} or isinstance(value, int | float | None)
        else _masked(str(value))
        if key in _NUMBERS
        else _NUMBER.sub(lambda found: _masked(found[0]), str(value))
        for key, value in event.items()
    }


def _masked(text: str) -> str:
    """``+4940123456`` becomes ``+*******456``: all digits but the last three."""
    hidden = sum(char.isdigit() for char in text) - _SHOWN_DIGITS
    shown = ""
    for char in text:
        shown += "*" if char.isdigit() and hidden > 0 else char
        hidden -= char.isdigit()
    return shown


def _harmless(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Show characters that do something instead of standing for themselves."""
    return {
        key: value if isinstance(value, int | float | None) else _shown(key, str(value))
        for key, value in event.items()
    }


def _shown(key: str, text: str) -> str:
    # A traceback has lines; the renderer sees to them.
    lines = text.split("\n") if key == "exception" else [text]
    return "\n".join(
        "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
        for line in lines
    )


def get_logger(**fields: object) -> Log:
    """A logger with fields bound to it."""
    logger: Log = structlog.stdlib.get_logger("faxd", **fields)
    return logger
