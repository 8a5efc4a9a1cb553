"""How the demo talks."""

from __future__ import annotations

import sys
from datetime import datetime

from faxd.text import printable


def say(text: str) -> None:
    """One line with the time before it; from any thread."""
    sys.stdout.write(f"{datetime.now().astimezone():%H:%M:%S}  {printable(text)}\n")
    sys.stdout.flush()
