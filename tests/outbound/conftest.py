"""A clock that only tests move on, a stand-in, and an office that sends, for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faxd.simulator import Simulator

from .desk import Clock, Office, open_office


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def server(clock: Clock) -> Iterator[Simulator]:
    with Simulator(clock=clock.now) as simulator:
        # Nothing is through before a test says so.
        simulator.job_seconds = 7 * 86400.0
        yield simulator


@pytest.fixture
def office(tmp_path: Path, server: Simulator, clock: Clock) -> Iterator[Office]:
    with open_office(tmp_path / "office", server, clock) as office:
        yield office
