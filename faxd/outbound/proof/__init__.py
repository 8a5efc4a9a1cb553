"""Proof of sending: a transmission report as PDF for each recipient, after all else is done.

It is a step of its own, with its own tries: neither sending nor filing ever waits for it.
"""

from __future__ import annotations

from faxd.outbound.proof.reporter import Reporter
from faxd.outbound.proof.room import Room

__all__ = ["Reporter", "Room"]
