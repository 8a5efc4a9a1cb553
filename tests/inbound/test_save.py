"""From a fetched file to a fax in the inbox: its name, and what lies beside it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from faxd.inbound.save import Stuck
from faxd.simulator import SyntheticImage
from tests.places import disk

from .office import Office, image_of, sha256

IMAGE = SyntheticImage(30_000, 2)
RAW = image_of(IMAGE)
NAME = "2026-03-01_123005_+493023125042_7.tif"


# Names


@pytest.mark.parametrize("what", ["file", "folder", "dangling link"])
def test_a_name_that_something_else_has(office: Office, what: str) -> None:
    taken = office.inbox / NAME
    make: dict[str, Callable[[], object]] = {
        "file": lambda: taken.write_bytes(b"of the office"),
        "folder": lambda: taken.mkdir(),
        "dangling link": lambda: taken.symlink_to(office.root / "nowhere"),
    }
    make[what]()
    office.add(IMAGE, fax_id=7)
    office.poll()
    assert office.records()[0].path == NAME.replace(".tif", " (2).tif")
    assert (office.inbox / office.records()[0].path).read_bytes() == RAW
    assert what != "file" or taken.read_bytes() == b"of the office"
    assert not (office.root / "nowhere").exists()


def test_a_thousand_files_of_one_name(office: Office) -> None:
    for number in range(1, 1000):
        suffix = "" if number == 1 else f" ({number})"
        (office.inbox / NAME.replace(".tif", f"{suffix}.tif")).touch()
    office.add(IMAGE, fax_id=7)
    with pytest.raises(Stuck, match=r"holds a thousand faxes of the name .*; tidy it"):
        office.poll()
    assert (office.waiting, office.parts(), office.records()) == ([7], [], [])
    (office.inbox / NAME).unlink()
    office.poll()
    assert office.waiting == []


def test_a_fax_that_lies_there_already_is_recorded(office: Office) -> None:
    """As after a ledger was lost."""
    (office.inbox / NAME).write_bytes(RAW)
    office.add(IMAGE, fax_id=7)
    office.poll()
    office.settled(RAW)
    assert office.records()[0].path == NAME


def test_a_stranger_cannot_hold_up_the_account_by_a_folders_name(office: Office) -> None:
    office.changes["file_name"] = "{station_id}/{fax_id}.tif"
    (office.inbox / "notes.txt").write_bytes(b"of the office")
    office.add(IMAGE, fax_id=7, remote_id="notes.txt")
    office.poll()
    assert office.records()[0].path == "7.tif"
    assert office.logged("no such folder possible")[0]["folder"] == "notes.txt"
    (office.inbox / "elsewhere").symlink_to(office.root / "state")
    office.add(IMAGE, fax_id=8, remote_id="elsewhere")
    office.poll()
    assert office.records()[1].path == "8.tif"
    assert not list((office.root / "state").glob("*.tif"))


def test_a_file_named_damaged_blocks_nothing(office: Office) -> None:
    (office.inbox / "damaged").touch()
    office.add(b"no TIFF")
    office.poll()
    assert office.waiting == []
    assert office.records()[0].path.startswith("damaged_")
    assert (office.inbox / office.records()[0].path).read_bytes() == b"no TIFF"


def test_a_disk_that_does_not_know_case(office: Office) -> None:
    with disk(office.inbox, "size=1m,casefold"):
        office.changes["file_name"] = "{originator}_{fax_id}.tif"
        for name in ("abc", "ABC"):
            office.add(SyntheticImage(5000 + 216 * len(office.files())), originator=name, fax_id=7)
            office.poll()
        assert len(office.files()) == 2


# What lies beside it


def test_the_sidecar_is_there_before_the_fax(office: Office) -> None:
    office.changes["sidecar"] = True
    office.add(IMAGE, fax_id=7)
    with disk(office.inbox, "size=1m,nr_inodes=5"):
        # Room for the folder itself, .faxd and the part, but for nothing beside it.
        for name in ("x", "y"):
            (office.inbox / name).touch()
        office.poll_in_trouble()
        assert list(office.files()) == ["x", "y"]
        assert office.waiting == [7]
        for name in ("x", "y"):
            (office.inbox / name).unlink()
        office.poll()
        facts = json.loads(office.files()[NAME.replace(".tif", ".json")])
        assert (facts["fax_id"], facts["sha256"]) == (7, sha256(RAW))
        assert office.files()[NAME] == RAW


def test_a_sidecars_name_that_something_else_has(office: Office) -> None:
    office.changes["sidecar"] = True
    (office.inbox / NAME.replace(".tif", ".json")).write_bytes(b"of the office")
    office.add(IMAGE, fax_id=7)
    office.poll()
    stem = NAME.removesuffix(".tif")
    assert list(office.files()) == [f"{stem} (2).json", f"{stem} (2).tif", f"{stem}.json"]
    assert office.files()[f"{stem}.json"] == b"of the office"
    assert office.waiting == []


def test_a_sidecar_of_a_fax_that_did_not_come_is_used_again(office: Office) -> None:
    office.changes["sidecar"] = True
    office.add(IMAGE, fax_id=7)
    office.poll()
    before = office.files()
    (office.inbox / NAME).unlink()
    office.ledger._db.execute("DELETE FROM received")
    office.add(IMAGE, fax_id=7)
    office.poll()
    assert office.files() == before
