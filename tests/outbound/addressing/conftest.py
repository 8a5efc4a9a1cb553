"""Settings of the property tests."""

from __future__ import annotations

from hypothesis import settings

# A megabyte takes its time on a busy machine; what hangs is ended by pytest-timeout.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
