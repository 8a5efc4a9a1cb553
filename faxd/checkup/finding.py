"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Grade(Enum):
    """How it is; the value is what the table of `faxd check` says."""

    GOOD = "good"
    WARN = "warn"  # faxd works, but not as well as it could, or not for long
    BAD = "BAD"  # something does not work


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was tried."""

    #: what was tried
    subject: str
    grade: Grade
    #: what was found and where, and what to do if it is not good
    detail: str


def good(subject: str, detail: str) -> Finding:
    """It works."""
    return Finding(subject=subject, grade=Grade.GOOD, detail=detail)


def warn(subject: str, detail: str) -> Finding:
    """It works, but; ``detail`` says what that means and what to do."""
    return Finding(subject=subject, grade=Grade.WARN, detail=detail)


def bad(subject: str, detail: str) -> Finding:
    """It does not; ``detail`` says what to do."""
    return Finding(subject=subject, grade=Grade.BAD, detail=detail)
