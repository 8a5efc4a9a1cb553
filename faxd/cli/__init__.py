"""The commands: parse, call, print. What is heavy is imported by the command that needs it."""

from __future__ import annotations

from faxd.cli import jobs, journal, preview, receiving, sending, service, status, telling, trying
from faxd.cli.common import main

__all__ = [
    "jobs",
    "journal",
    "main",
    "preview",
    "receiving",
    "sending",
    "service",
    "status",
    "telling",
    "trying",
]
