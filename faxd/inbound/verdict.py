"""What to do with what came: pure decisions about one fetched fax.

A damaged fax must neither be lost nor block the account. It is fetched again up to three times:
if the bytes are the same each time, the damage is the server's, and what came is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

#: how often a damaged fax is fetched again
DAMAGED_AGAIN = 3


class Verdict(Enum):
    """What to do with a fetched fax."""

    KEEP = "keep"  # a fax like any other
    FETCH_AGAIN = "fetch again"
    FETCH_VERBATIM = "fetch again, without decoding"
    KEEP_DAMAGED = "keep as damaged"
    LEAVE = "keep a copy, leave it on the server"  # it came different each time
    LEAVE_EMPTY = "leave it on the server"  # there is nothing to keep


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """One fetching of a fax, judged."""

    fax_id: int
    sha256: str
    size: int
    #: pages counted; None if the image is damaged
    pages: int | None = None
    #: pages that the provider states
    stated: int | None = None
    #: why the image is damaged
    damage: str | None = None
    #: its text could not be decoded
    undecodable: bool = False
    #: the file holds the base64 text as it came
    verbatim: bool = False


def judge(attempts: Sequence[Fetched]) -> Verdict:
    """Decide about the last of the fetchings of one fax in this run, oldest first."""
    last = attempts[-1]
    again = len(attempts) - 1
    if last.damage is None and not last.verbatim:
        agrees = last.stated is None or last.pages == last.stated
        same = any(before.sha256 == last.sha256 for before in attempts[:-1])
        if agrees or same or again >= DAMAGED_AGAIN:
            return Verdict.KEEP
        return Verdict.FETCH_AGAIN
    if again < DAMAGED_AGAIN:
        return Verdict.FETCH_VERBATIM if last.undecodable else Verdict.FETCH_AGAIN
    if last.size == 0:
        return Verdict.LEAVE_EMPTY
    # What could not be decoded is whole, and its hash tells something, only if fetched verbatim.
    whole = [a for a in attempts if a.verbatim or not a.undecodable]
    same = len(whole) >= 2 and len({a.sha256 for a in whole}) == 1
    if last.damage and last in whole and same:
        return Verdict.KEEP_DAMAGED
    return Verdict.LEAVE
