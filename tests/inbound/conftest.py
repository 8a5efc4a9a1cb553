"""A stand-in and an office for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faxd.simulator import Simulator

from .office import Office, open_office


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def office(tmp_path: Path, server: Simulator) -> Iterator[Office]:
    with open_office(tmp_path / "office", server) as office:
        yield office
