"""`faxd demo` and `faxd simulate`: the stand-in server, with the real daemon or alone."""

from __future__ import annotations

from faxd.demo.show import run
from faxd.demo.simulate import serve

__all__ = ["run", "serve"]
