"""A running stand-in for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faxd.simulator import Account, Simulator

from .soapcall import ACCOUNT, PASSWORD


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator(accounts=[Account(number=ACCOUNT, password=PASSWORD)]) as simulator:
        yield simulator
