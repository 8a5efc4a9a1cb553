"""Damaged faxes: neither lost, nor in the way of the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from faxd.inbound.save import Stuck
from faxd.ledger import FaxState
from faxd.simulator import FaultKind, LogEntry, SyntheticImage
from tests.places import ROOT, disk

from .office import ACCOUNT, Office, image_of, sha256

IMAGE = SyntheticImage(30_000, 2)
RAW = image_of(IMAGE)
NAME = "2026-03-01_123005_+493023125042_7.tif"


@pytest.mark.parametrize("image", [RAW[:15_000], b"no TIFF", b"\0"])
def test_a_damaged_fax_is_kept_and_does_not_hold_up_the_next(office: Office, image: bytes) -> None:
    fax_id = office.add(image)
    office.add(IMAGE)
    assert office.poll() == 2
    assert office.waiting == []
    files = office.files()
    (path,) = [name for name in files if name.startswith("damaged/") and name.endswith(".tif")]
    assert files[path] == image
    assert (f"{fax_id}" in path, files[f"{path}.txt"][:3]) == (True, b"\xef\xbb\xbf")
    assert "is deleted now" in files[f"{path}.txt"].decode()
    assert RAW in files.values()
    assert len(files) == 3
    assert office.calls("RequestReceived") == ["RequestReceived"] * 6
    (entry,) = office.logged("damaged fax kept")
    assert (entry["level"], entry["fax_id"]) == ("error", fax_id)
    record = office.ledger.find(ACCOUNT, fax_id, sha256(image))
    assert record is not None
    assert (record.damage is not None, record.pages, record.tentative) == (True, None, False)


def test_damage_on_the_way_is_mended_by_fetching_again(office: Office) -> None:
    office.add(IMAGE)
    office.fault(FaultKind.DAMAGED_IMAGE, times=3)
    assert office.poll() == 1
    office.settled(RAW)
    assert len(office.logged("damaged fax")) == 3
    assert not office.logged("damaged fax kept")


def test_held_if_that_is_wanted(office: Office) -> None:
    office.changes["damaged"] = "hold"
    fax_id = office.add(RAW[:15_000])
    office.add(IMAGE)
    for _ in range(2):
        with pytest.raises(Stuck, match=rf"is damaged and held .*faxd discard praxis {fax_id}"):
            office.poll()
    files = office.files()
    assert sorted(files.values(), key=len)[-1] == RAW[:15_000]
    assert len(files) == 2
    assert any(b"stays there" in data for data in files.values())
    assert "DeleteReceived" not in office.calls()
    # Once it is known it is not fetched four times at each poll.
    assert office.calls("RequestReceived") == ["RequestReceived"] * 5
    office.changes["damaged"] = "delete"
    office.poll()
    assert office.waiting == []
    assert RAW in office.files().values()


def test_different_each_time_a_copy_is_kept_and_it_is_fetched_until_it_is_whole(
    office: Office,
) -> None:
    fax_id = office.add(IMAGE)
    office.fault(FaultKind.VARYING_IMAGE, times=None)
    for _ in range(3):
        with pytest.raises(Stuck, match="came damaged and different each time"):
            office.poll()
        assert office.waiting == [fax_id]
    (record,) = office.records()
    assert record.tentative
    first = office.files()
    assert len(first) == 2, "one copy and its text, not one more at each poll"
    assert len(first[record.path]) == 15_000
    assert "stays there" in first[f"{record.path}.txt"].decode()
    assert "DeleteReceived" not in office.calls()
    office.server.faults.clear()
    assert office.poll() == 1
    assert office.waiting == []
    assert RAW in office.files().values()
    assert first.items() < office.files().items()


def test_a_copy_is_kept_even_if_the_id_was_used_before(office: Office) -> None:
    office.add(SyntheticImage(9000), fax_id=7)
    office.poll()
    office.add(IMAGE, fax_id=7)
    office.fault(FaultKind.VARYING_IMAGE, times=None)
    office.poll_in_trouble()
    office.poll_in_trouble()
    assert [record.tentative for record in office.records()] == [False, True]


def test_the_same_each_time_after_all(office: Office) -> None:
    """The tentative copy's bytes come four times in a later run: then it was the server."""
    fax_id = office.add(IMAGE)
    office.fault(FaultKind.VARYING_IMAGE, times=4)
    office.poll_in_trouble()
    copy = office.files()[office.records()[0].path]
    office.server._provider.delete_received(ACCOUNT, "geheim", fax_id)
    office.add(copy, fax_id=fax_id)
    assert office.poll() == 0
    assert office.waiting == []
    assert [(record.tentative, record.state) for record in office.records()] == [
        (False, FaxState.DELETED)
    ]
    assert len(office.files()) == 2


def test_bad_base64_is_kept_as_it_came(office: Office) -> None:
    fax_id = office.add(IMAGE)
    office.fault(FaultKind.BAD_BASE64, times=None)
    assert office.poll() == 1
    files = office.files()
    (path,) = [name for name in files if name.endswith(".tif.base64")]
    assert path.startswith("damaged/")
    text = files[path]
    assert (text.count(b"!"), len("".join(text.decode().split()))) == (1, 40_000)
    assert "Base64" in files[f"{path}.txt"].decode()
    assert (office.waiting, len(files)) == ([], 2)
    assert office.records()[0].fax_id == fax_id


@pytest.mark.parametrize("kind", [FaultKind.BAD_BASE64, FaultKind.BAD_PADDING])
def test_bad_base64_on_the_way(office: Office, kind: FaultKind) -> None:
    office.add(IMAGE)
    office.fault(kind, times=2)
    office.poll()
    office.settled(RAW)


@pytest.mark.parametrize("damaged", ["delete", "hold"])
def test_an_empty_image_is_never_deleted(office: Office, damaged: str) -> None:
    office.changes["damaged"] = damaged
    fax_id = office.add(b"")
    for _ in range(2):
        with pytest.raises(Stuck, match=f"fax {fax_id} is empty .*faxd discard praxis"):
            office.poll()
    assert office.waiting == [fax_id]
    assert "DeleteReceived" not in office.calls()
    assert (office.files(), office.records(), office.parts()) == ({}, [], [])


def test_empty_only_on_the_way(office: Office) -> None:
    office.add(IMAGE)
    office.fault(FaultKind.EMPTY_IMAGE, times=3)
    office.poll()
    office.settled(RAW)


def test_several_damaged_faxes_of_one_name(office: Office, tmp_path: Path) -> None:
    for size in (9_000, 10_000):
        office.add(RAW[:size], fax_id=7)
        office.poll()
    assert sorted(path for path in office.files() if not path.endswith(".txt")) == [
        f"damaged/{NAME.replace('.tif', ' (2).tif')}", f"damaged/{NAME}",
    ]  # fmt: skip
    assert len(office.files()) == 4


def test_a_server_that_changes_the_fax_each_time_is_not_asked_without_end(office: Office) -> None:
    office.add(b"no TIFF")
    office.add(b"none either")

    def turn(entry: LogEntry) -> None:
        if entry.call == "RequestReceived":
            queue = office.server._provider._queues[ACCOUNT]
            queue.append(queue.pop(0))

    office.server.on_completed(turn)
    with pytest.raises(Stuck, match="another doubtful fax each time"):
        office.poll()
    assert len(office.calls("RequestReceived")) == 11
    assert len(office.waiting) == 2


@pytest.mark.parametrize("image", [RAW, b"no TIFF"])
def test_a_folder_that_somebody_else_made_his_own_blocks_nothing(
    office: Office, image: bytes
) -> None:
    """faxd as root could write there, so the folder is one that nobody can move a file into."""
    if not ROOT:
        pytest.skip("needs root")
    office.changes["file_name"] = "{received:%Y}/{fax_id}.tif"
    office.add(image, fax_id=7)
    taken = office.inbox / ("2026" if image == RAW else "damaged")
    taken.mkdir()
    with disk(taken, "size=1m"):  # another file system: a rename into it cannot be
        office.poll()
    assert office.waiting == []
    assert office.records()[0].path == ("7.tif" if image == RAW else "damaged_7.tif")
    assert (office.inbox / office.records()[0].path).read_bytes() == image
