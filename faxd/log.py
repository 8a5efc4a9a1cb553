"""Logging: constant phrases with fields, on standard error.

A line is one event: what strangers or the network wrote into a field cannot end it, nor steer a
terminal. Tracebacks are plain text: the pretty ones of structlog print the values of local
variables, and a password might be among them. zeep is kept at warnings for the same reason: at
DEBUG it logs whole envelopes.
"""

from __future__ import annotations

import logging
import sys

import structlog

Log = structlog.stdlib.BoundLogger


def configure(*, level: str = "info", terminal: bool | None = None) -> None:
    """Set logging up, for the whole process.

    ``terminal`` chooses coloured lines for people over logfmt; None looks at standard error.
    """
    if terminal is None:
        terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor
    if terminal:
        renderer = structlog.dev.ConsoleRenderer(
            exception_formatter=structlog.dev.plain_traceback, pad_event_to=24
        )
    else:
        renderer = structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], drop_missing=True
        )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=not terminal),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _harmless,
            renderer,
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
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
