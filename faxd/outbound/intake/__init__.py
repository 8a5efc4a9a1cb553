"""From a file in the outbox to a job: noticed, whole, taken.

What is done to claims is in `claim`: ``claim.claim``, ``claim.sync``, ``claim.give_back``, ...
"""

from faxd.outbound.intake.claim import Claimed, Untakable, Writers
from faxd.outbound.intake.ignore import Ignored
from faxd.outbound.intake.outbox import HIDDEN, Outbox, OutboxUnusable, open_outbox
from faxd.outbound.intake.seen import Look, Seen, Strange
from faxd.outbound.intake.settle import Settler
from faxd.outbound.intake.watch import Watcher, is_network

__all__ = [
    "HIDDEN",
    "Claimed",
    "Ignored",
    "Look",
    "Outbox",
    "OutboxUnusable",
    "Seen",
    "Settler",
    "Strange",
    "Untakable",
    "Watcher",
    "Writers",
    "is_network",
    "open_outbox",
]
