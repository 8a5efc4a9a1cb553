"""Errors and deaths on the way into the inbox, and what the next run makes of them."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from faxd.ledger import FaxState, Received
from faxd.simulator import LogEntry, SyntheticImage
from tests.places import disk, traced

from .office import ACCOUNT, Office, image_of, sha256

IMAGE = SyntheticImage(30_000, 2)
RAW = image_of(IMAGE)
NAME = "2026-03-01_123005_+493023125042_7.tif"


# Deaths: what the next run makes of what it finds


def begun(office: Office) -> Received:
    """A fax whose publication was announced, and its part."""
    office.poll()
    part = office.inbox / ".faxd" / f"{ACCOUNT}-{office.ledger.mark}-0123456789abcdef.part"
    part.write_bytes(RAW)
    office.add(IMAGE, fax_id=7)
    with office.receiver_inbox() as inbox:
        identity = inbox.hidden.identity()
    return office.ledger.begin(
        Received(
            account=ACCOUNT,
            fax_id=7,
            sha256=sha256(RAW),
            size=len(RAW),
            pages=2,
            stated=2,
            originator="",
            station_id="",
            received_at=office.server.queue(ACCOUNT)[0].received,
            folder=str(office.inbox),
            path=f"2026/{NAME}",
            part=part.name,
            part_folder=identity,
        )
    )


def test_dead_before_it_was_published(office: Office) -> None:
    begun(office)
    assert office.poll() == 1
    office.settled(RAW)
    assert not office.logged("fax recovered")


@pytest.mark.parametrize("moved", ["", "file", "folder", "for a file", "for a link"])
def test_dead_after_it_was_published(office: Office, moved: str) -> None:
    """Whatever the office has done with it in the meantime."""
    fax = begun(office)
    folder = office.inbox / "2026"
    folder.mkdir()
    (office.inbox / ".faxd" / fax.part).rename(folder / NAME)
    if moved == "file":
        (folder / NAME).rename(office.root / "elsewhere")
    elif moved:
        folder.rename(office.root / "elsewhere")
    if moved == "for a file":
        folder.touch()
    if moved == "for a link":
        folder.symlink_to(office.root / "elsewhere")
    assert office.poll() == 0
    assert office.logged("fax recovered")[0]["path"] == fax.path
    assert office.waiting == []
    assert [record.state for record in office.records()] == [FaxState.DELETED]
    assert moved != "folder" or not folder.exists()


def test_dead_between_a_link_and_its_unlink(office: Office) -> None:
    fax = begun(office)
    (office.inbox / "2026").mkdir()
    (office.inbox / "2026" / NAME).hardlink_to(office.inbox / ".faxd" / fax.part)
    assert office.poll() == 0
    office.settled(RAW)


def test_a_link_from_elsewhere_proves_nothing(office: Office) -> None:
    """A backup made of hard links, say. A fax twice is better than none."""
    fax = begun(office)
    (office.root / "backup").hardlink_to(office.inbox / ".faxd" / fax.part)
    assert office.poll() == 1
    office.settled(RAW)


@pytest.mark.parametrize("other", ["hidden folder", "inbox", "path"])
def test_in_another_folder_a_missing_part_proves_nothing(office: Office, other: str) -> None:
    fax = begun(office)
    if other == "hidden folder":
        (office.inbox / ".faxd").rename(office.root / "old")
    elif other == "inbox":
        office.inbox.rename(office.root / "old")
        office.inbox.mkdir()
    else:
        office.inbox.rename(office.root / "old")
        (office.root / "old" / ".faxd" / fax.part).unlink()
        office.changes["inbox"] = office.root / "old"
    assert office.poll() == 1
    assert office.waiting == []
    assert [record.state for record in office.records()] == [FaxState.DELETED]


def test_on_another_disk_the_same_inode_number_proves_nothing(office: Office) -> None:
    with disk(office.inbox):
        fax = begun(office)
        inode = (office.inbox / ".faxd").stat().st_ino
    with disk(office.inbox):
        (office.inbox / ".faxd").mkdir(mode=0o700)
        assert (office.inbox / ".faxd").stat().st_ino == inode
        assert not (office.inbox / ".faxd" / fax.part).exists()
        assert office.poll() == 1
        office.settled(RAW)


# The ledger refuses, at each of its steps


def test_the_ledger_refuses_to_begin(office: Office) -> None:
    office.changes["sidecar"] = True
    office.add(IMAGE, fax_id=7)
    with office.ledger_refuses("INSERT"):
        for _ in range(2):
            with pytest.raises(sqlite3.IntegrityError):
                office.poll()
            assert (office.files(), office.waiting) == ({}, [7])
    # That it reported an error does not prove that it did not do it: the part stays until then.
    assert len(office.parts()) == 1
    office.poll()
    assert sorted(office.files()) == [NAME.replace(".tif", ".json"), NAME]
    assert (office.parts(), office.waiting) == ([], [])


@pytest.mark.parametrize("moved", [False, True])
def test_the_ledger_refuses_to_note_that_it_is_saved(office: Office, moved: bool) -> None:
    office.add(IMAGE, fax_id=7)
    with office.ledger_refuses("UPDATE saved"), pytest.raises(sqlite3.IntegrityError):
        office.poll()
    assert (list(office.files()), office.waiting) == ([NAME], [7])
    assert [record.state for record in office.records()] == [FaxState.STORING]
    assert "DeleteReceived" not in office.calls()
    if moved:
        (office.inbox / NAME).unlink()
    assert office.poll() == 0
    office.settled(*([] if moved else [RAW]))


def test_the_ledger_refuses_to_note_that_it_is_deleted(office: Office) -> None:
    office.add(IMAGE, fax_id=7)
    with office.ledger_refuses("UPDATE deleted"), pytest.raises(sqlite3.IntegrityError):
        office.poll()
    office.settled(RAW)
    office.poll()
    office.settled(RAW)


def test_the_ledger_is_on_a_full_disk(office: Office) -> None:
    office.add(IMAGE, fax_id=7)
    office.ledger._db.execute(
        f"PRAGMA max_page_count={office.ledger._db.execute('PRAGMA page_count').fetchone()[0]}"
    )
    filler = replace(_record(office), fax_id=1)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        for number in range(1000):
            office.ledger.begin(replace(filler, fax_id=1000 + number, account="x"))
    with pytest.raises(sqlite3.OperationalError, match="full"):
        office.ledger.begin(replace(filler, originator="x" * 9000))
    office.poll_in_trouble()
    assert office.waiting == [] or office.files() == {}
    office.ledger._db.execute("PRAGMA max_page_count=100000")
    office.poll()
    office.settled(RAW)


def _record(office: Office) -> Received:
    return Received(
        account=ACCOUNT, fax_id=0, sha256="", size=0, pages=1, stated=1, originator="",
        station_id="", received_at=office.server.queue(ACCOUNT)[0].received,
        folder=str(office.inbox), path="", part="", part_folder="",
    )  # fmt: skip


# The file system refuses

POLL = """if True:
    import sys
    from pathlib import Path
    from faxd.simulator import Simulator
    from tests.inbound.office import Office, TROUBLE
    from faxd.faxde import Service
    from faxd.ledger import Ledger
    root, url = Path(sys.argv[1]), sys.argv[2]
    office = Office(root, None, Service(url, root / "state"), Ledger(root / "state/ledger.sqlite"))
    office.changes = {"sidecar": True, "file_name": "{received:%Y}/{fax_id}.tif"}
    try:
        office.poll()
        print("well")
    except TROUBLE as error:
        print(type(error).__name__)
    """


@pytest.mark.parametrize(
    ("call", "number"),
    # fsync 3 to 5 are of the kept WSDL; SQLite asks for fdatasync.
    [("fsync", n) for n in (1, 2, *range(6, 14))]
    + [("renameat2", n) for n in (1, 2)]
    + [("fdatasync", n) for n in (1, 3, 4)],
)
def test_an_error_at_each_step_of_the_way(office: Office, call: str, number: int) -> None:
    """A fax is deleted on the server only when it is safe; the next run puts everything right."""
    office.add(IMAGE, fax_id=7)
    deleted: list[bool] = []

    def look(entry: LogEntry) -> None:
        if entry.call == "DeleteReceived":
            deleted.append(office.files().get("2026/7.tif") == RAW)

    office.server.on_completed(look)
    options = ["-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={number}"]
    printed, _ = traced(options, POLL, office.root, office.server.wsdl_url)
    if printed == "OSError\n" and "2026/7.tif" not in office.files():
        assert list(office.files()) == [], "nothing is left of what did not come"
    office.changes = {"sidecar": True, "file_name": "{received:%Y}/{fax_id}.tif"}
    office.poll()
    assert deleted
    assert all(deleted)
    assert list(office.files()) == ["2026/7.json", "2026/7.tif"]
    assert office.files()["2026/7.tif"] == RAW
    assert (office.waiting, office.parts()) == ([], [])
