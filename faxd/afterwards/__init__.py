"""What becomes of received faxes after they are safe.

Nothing here is on the way of a fax: that ends with its record in the ledger. From there on it is
planned what is to become of it (`planning`, by `rules`), and each action is tried by itself until
it is done or given up (`carry`). Whatever fails here, the fax lies in the inbox, and stays there.
"""

from __future__ import annotations

from faxd.afterwards.account import Afterwards, task_of
from faxd.afterwards.planning import Order
from faxd.afterwards.rules import path_of

__all__ = ["Afterwards", "Order", "path_of", "task_of"]
