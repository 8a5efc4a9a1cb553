"""Where a fax goes by the office's rules; whatever goes wrong with them costs no fax."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

import pytest

from faxd.faxde import Client
from faxd.inbound import Receiver
from faxd.naming import Facts
from faxd.simulator import SyntheticImage

from .office import Office, image_of

IMAGE = SyntheticImage(20_000, 2)


def receiver(office: Office, path_of: Callable[[Facts], list[str]]) -> Receiver:
    settings = office.settings
    client = Client(office.service, settings.account, settings.password)
    return Receiver(settings, client, office.ledger, office.log, zone=UTC, path_of=path_of)


def test_the_rules_name_a_fax(office: Office) -> None:
    asked: list[Facts] = []

    def path_of(facts: Facts) -> list[str]:
        asked.append(facts)
        return ["Labor", "2026", f"{facts.fax_id}.tif"]

    fax_id = office.add(IMAGE)
    assert receiver(office, path_of).poll() == 1
    assert office.files() == {f"Labor/2026/{fax_id}.tif": image_of(IMAGE)}
    (facts,) = asked
    assert (facts.originator, facts.station_id, facts.pages) == ("+493023125042", "MUSTER", 2)
    office.settled(image_of(IMAGE))


@pytest.mark.parametrize("error", [ValueError, RuntimeError, OSError, RecursionError])
def test_rules_that_fail_cost_a_name_alone(office: Office, error: type[Exception]) -> None:
    def path_of(_: Facts) -> list[str]:
        raise error

    fax_id = office.add(IMAGE)
    assert receiver(office, path_of).poll() == 1
    assert list(office.files()) == [f"2026-03-01_123005_+493023125042_{fax_id}.tif"]
    assert len(office.logged("rules left aside for a name")) == 1


def test_a_damaged_fax_is_among_the_damaged(office: Office) -> None:
    office.add(b"II*\0 no fax")
    receiver(office, lambda _: ["Labor", "x.tif"]).poll()
    assert sorted(office.files()) == ["damaged/x.tif", "damaged/x.tif.txt"]
