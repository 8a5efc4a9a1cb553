"""faxd: a daemon that turns a FAX.de account into folders."""

from __future__ import annotations

__version__ = "0.1.0"
