"""The way of a fax, sentence by sentence."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from faxd.config import PasswordError
from faxd.faxde import Rejected
from faxd.faxde.errors import TooLarge
from faxd.inbound.save import Stuck
from faxd.ledger import FaxState, Received
from faxd.simulator import Account, FaultKind, LogEntry, SyntheticImage
from faxd.simulator.samples import all_samples
from tests.places import open_descriptors

from .office import ACCOUNT, MOMENT, PASSWORD, Office, image_of, open_office, sha256

IMAGE = SyntheticImage(30_000, 2)
RAW = image_of(IMAGE)


def test_everything_is_fetched_until_there_is_nothing_more(office: Office) -> None:
    images = []
    for sample in all_samples():
        images.append(sample.path.read_bytes())
        office.add(images[-1], originator=sample.originator, remote_id=sample.remote_id)
    assert office.poll() == 3
    office.settled(*images)
    assert office.calls() == ["RequestReceived", "DeleteReceived"] * 3 + ["RequestReceived"]
    assert office.poll() == 0
    office.settled(*images)
    assert [entry["event"] for entry in office.events] == [
        "fax saved", "fax deleted on the server",
    ] * 3  # fmt: skip


def test_request_check_save_record_delete_in_this_order(office: Office) -> None:
    """What is true at the moment when the server has done the work of each call."""
    seen: list[str] = []

    def look(entry: LogEntry) -> None:
        files = office.files()
        if entry.call == "RequestReceived":
            assert office.parts(), "a file is there before anything is fetched"
            seen.append(f"requested {len(files)}")
        if entry.call == "DeleteReceived":
            (record,) = [r for r in office.ledger.received() if r.fax_id == entry.fax_id]
            assert sha256(files[record.path]) == record.sha256
            assert (record.state, record.deleted_at) == (FaxState.SAVED, None)
            assert office.ledger.storing(ACCOUNT) == []
            seen.append(f"deleted {len(files)}")

    office.server.on_completed(look)
    office.add(IMAGE)
    office.add(SyntheticImage(6000))
    office.poll()
    assert seen == ["requested 0", "deleted 1", "requested 1", "deleted 2", "requested 2"]
    assert {record.state for record in office.records()} == {FaxState.DELETED}


def test_while_it_arrives_nothing_is_visible(office: Office) -> None:
    office.add(SyntheticImage(3_000_000))
    looks: list[tuple[list[str], list[int]]] = []

    def progress(_done: int, _whole: int | None) -> None:
        hidden = office.inbox / ".faxd"
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (hidden, *hidden.iterdir())]
        looks.append((list(office.files()), modes))

    receiver = office.receiver
    receiver.progress = progress
    receiver.poll()
    assert len(looks) > 5
    assert all(look == ([], [0o700, 0o600]) for look in looks[:5])


def test_the_file_as_the_office_gets_it(office: Office) -> None:
    office.changes = {"file_mode": "0644", "folder_mode": "0750"}
    office.changes["file_name"] = "{received:%Y/%m}/{originator}_{fax_id}.tif"
    fax_id = office.add(IMAGE)
    office.poll()
    path = office.inbox / f"2026/03/+493023125042_{fax_id}.tif"
    assert path.read_bytes() == RAW
    assert path.stat().st_mtime == MOMENT.timestamp()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
    (record,) = office.records()
    assert record.path == str(path.relative_to(office.inbox))
    assert (record.pages, record.stated, record.size) == (2, 2, 30_000)
    assert (record.originator, record.station_id) == ("+493023125042", "MUSTER")
    assert (record.received_at, record.is_arrival) == (MOMENT, False)
    assert (record.damage, record.warning, record.folder) == (None, None, str(office.inbox))


def test_every_new_fax_is_told(office: Office) -> None:
    told: list[Received] = []
    receiver = office.receiver
    receiver.saved = told.append
    fax_id = office.add(IMAGE)
    receiver.poll()
    receiver.poll()
    assert [(fax.fax_id, fax.state) for fax in told] == [(fax_id, FaxState.SAVED)]


# The same fax again


def test_a_fax_that_was_saved_is_not_saved_twice(office: Office) -> None:
    fax_id = office.add(IMAGE)
    office.server.force_code("DeleteReceived", 99)
    office.poll_in_trouble()
    (path,) = office.files()
    assert office.waiting == [fax_id]
    # The office is quick.
    (office.inbox / path).rename(office.root / "done.tif")
    assert office.poll() == 0
    office.settled()
    # Months later the provider hands it over once more.
    office.add(IMAGE, fax_id=fax_id)
    assert office.poll() == 0
    office.settled()
    assert len(office.records()) == 1


def test_the_same_id_with_other_content_is_another_fax(office: Office) -> None:
    other = SyntheticImage(8000, 1)
    fax_id = office.add(IMAGE)
    office.poll()
    office.add(other, fax_id=fax_id)
    office.poll()
    office.settled(RAW, image_of(other))
    first, second = office.files()
    assert second == first.replace(".tif", " (2).tif") or first == second.replace(
        ".tif", " (2).tif"
    )
    assert [record.fax_id for record in office.records()] == [fax_id, fax_id]


@pytest.mark.parametrize("answer", ["lost", "already gone"])
def test_already_gone_is_success(office: Office, answer: str) -> None:
    office.add(IMAGE)
    if answer == "lost":
        office.fault(FaultKind.LOST, "DeleteReceived")
        office.poll_in_trouble()
    else:
        office.server.force_code("DeleteReceived", 5)
    office.poll()
    office.poll()
    office.settled(RAW)


def test_what_comes_again_after_its_deletion_is_deleted_three_times_at_most(office: Office) -> None:
    fax_id = office.add(IMAGE)
    office.fault(FaultKind.KEEP_AFTER_DELETE, "DeleteReceived", times=None)
    with pytest.raises(
        Stuck, match=f"still hands over fax {fax_id}.*deleted 3 times; it is safe in"
    ):
        office.poll()
    assert office.calls() == ["RequestReceived", "DeleteReceived"] * 3 + ["RequestReceived"]
    assert list(office.files().values()) == [RAW]
    # The next poll tries again, and the faxes behind it come too once that works.
    second = office.add(SyntheticImage(6000))
    office.server.faults.clear()
    office.poll()
    assert office.waiting == []
    assert {record.fax_id for record in office.records()} == {fax_id, second}
    office.settled(RAW, image_of(SyntheticImage(6000)))


def test_once_is_no_reason_to_stop(office: Office) -> None:
    office.add(IMAGE)
    office.fault(FaultKind.KEEP_AFTER_DELETE, "DeleteReceived", times=2)
    office.poll()
    office.settled(RAW)


# Logins


def test_nothing_is_asked_without_a_password(office: Office) -> None:
    office.add(IMAGE)
    office.password_file.unlink()
    with pytest.raises(PasswordError):
        office.poll()
    assert office.calls() == []
    office.password_file.write_text(PASSWORD)
    office.password_file.chmod(0o600)
    office.poll()
    office.settled(RAW)


@pytest.mark.parametrize(
    ("flags", "code"), [({"password": "other"}, 2), ({"expired": True}, 3), ({"locked": True}, 4)]
)
def test_a_login_that_fails_when_it_comes_to_deleting(
    office: Office, flags: dict[str, Any], code: int
) -> None:
    office.add(IMAGE)

    def lock(entry: LogEntry) -> None:
        if entry.call == "RequestReceived":
            office.server.change_account(ACCOUNT, **flags)

    office.server.on_completed(lock)
    with pytest.raises(Rejected, match=f"DeleteReceived returned {code}"):
        office.poll()
    assert [record.state for record in office.records()] == [FaxState.SAVED]
    office.server.set_account(Account(number=ACCOUNT, password=PASSWORD))
    office.poll_in_trouble()
    office.server.set_account(Account(number=ACCOUNT, password=PASSWORD))
    office.poll_in_trouble()
    assert list(office.files().values()) == [RAW]
    assert office.parts() == []


def test_accounts_do_not_disturb_one_another(office: Office, tmp_path: Path) -> None:
    """Two accounts that share an inbox, and even ids, one of them in trouble."""
    other = Office(office.root, office.server, office.service, office.ledger, "7", "labor")
    office.server.set_account(Account(number="7", password=PASSWORD))
    images = [SyntheticImage(size, 1) for size in (5000, 6000)]
    office.add(images[0], fax_id=1)
    other.add(images[1], fax_id=1)
    office.fault(FaultKind.HTTP_500, account=ACCOUNT, times=None)
    office.poll_in_trouble()
    assert other.poll() == 1
    assert list(office.files().values()) == [image_of(images[1])]
    office.server.faults.clear()
    assert office.poll() == 1
    assert sorted(office.files().values(), key=len) == [image_of(image) for image in images]
    assert [office.waiting, other.waiting] == [[], []]


# Size and descriptors


def test_too_large_a_fax_is_not_taken_and_stays(office: Office) -> None:
    office.changes["max_fax_size"] = 1 << 20
    fax_id = office.add(SyntheticImage((1 << 20) + 1))
    with pytest.raises(TooLarge, match="max_fax_size"):
        office.poll()
    assert (office.files(), office.parts(), office.waiting) == ({}, [], [fax_id])
    office.changes["max_fax_size"] = (1 << 20) + 1
    office.poll()
    assert office.waiting == []


def test_no_descriptor_is_left_open(office: Office) -> None:
    office.poll()
    before = open_descriptors()
    for kind in (FaultKind.CUT, FaultKind.DAMAGED_IMAGE, FaultKind.HTML, FaultKind.BAD_BASE64):
        office.add(IMAGE)
        office.fault(kind)
        office.poll_in_trouble()
        office.poll()
    # The stand-in is in this process too, and has the other end of a kept connection.
    assert open_descriptors() <= before + 2


def test_offices_in_other_folders_know_nothing_of_it(office: Office, tmp_path: Path) -> None:
    office.add(IMAGE)
    with open_office(tmp_path / "second", office.server) as second:
        office.add(SyntheticImage(9000))
        assert second.poll() == 2
        assert office.poll() == 0
