"""A running stand-in and an office for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faxd.simulator import Simulator

from .site import Site


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def site(tmp_path: Path, server: Simulator) -> Site:
    return Site(tmp_path, server)
