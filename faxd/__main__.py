"""``python -m faxd``."""

from __future__ import annotations

from faxd.cli import main

main()
