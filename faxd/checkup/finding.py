"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was tried."""

    #: what was tried
    subject: str
    good: bool
    #: what was found, and what to do if it is not good
    detail: str


def good(subject: str, detail: str) -> Finding:
    """It works."""
    return Finding(subject=subject, good=True, detail=detail)


def bad(subject: str, detail: str) -> Finding:
    """It does not; ``detail`` says what to do."""
    return Finding(subject=subject, good=False, detail=detail)
