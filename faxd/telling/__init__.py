"""Telling people: once when something is wrong, once when it is over.

What is wrong is not decided here but by `faxd.verdict`, as for monitoring programs. An incident
begins when a remark of a kind that people want to hear of appears there, and is over when it has
gone; each begins and ends in one transaction, with a notice for each way to the people (an address,
a program). Each notice is tried by itself: what is wrong with a mail server disturbs nothing else.
"""

from __future__ import annotations

from faxd.telling.teller import Teller

__all__ = ["Teller"]
