"""A stand-in for each test, and a client that speaks to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from faxd.faxde import Client, Service
from faxd.simulator import Account, Simulator

from .support import ACCOUNT, PASSWORD, client_of, reaching

# What an example costs depends on what else the machine does.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator(accounts=[Account(number=ACCOUNT, password=PASSWORD)]) as simulator:
        yield simulator


@pytest.fixture
def service(server: Simulator, tmp_path: Path) -> Iterator[Service]:
    with reaching(server.wsdl_url, tmp_path) as service:
        yield service


@pytest.fixture
def client(service: Service) -> Client:
    return client_of(service)
