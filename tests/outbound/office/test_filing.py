"""The desk: slips come, change and go; what has ended is filed whole and once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faxd import durable
from faxd.durable import Folder
from faxd.job import Hold, Job, JobState
from faxd.outbound.office.filing import Desk, DeskUnusable
from faxd.outbound.office.layout import is_ours
from tests.places import ROOT, disk, open_descriptors

from .jobs import BERLIN, DONE, MUSTER, SENT, job

AT = "2026-11-24_0915 Befund"
FILED = replace(DONE, filed_as=AT, protocol=b"RECIPIENT\r\n\xff", companions=("Befund.pdf.toml",))


@contextmanager
def desk(path: Path, **changes: Any) -> Iterator[Desk]:
    settings: dict[str, Any] = {
        "mode": 0o664,
        "folder_mode": 0o2770,
        "gid": None,
        "language": "de",
        "zone": BERLIN,
    } | changes
    with Desk(path / "sending", path / "sent", path / "failed", **settings) as opened:
        yield opened


def claim(path: Path, files: dict[str, bytes] | None = None) -> Path:
    folder = path / "claim"
    folder.mkdir(exist_ok=True)
    for name, data in (files or {"Befund.pdf": b"%PDF", "Befund.pdf.toml": b"to"}).items():
        (folder / name).write_bytes(data)
    return folder


def file(opened: Desk, job: Job, folder: Path) -> None:
    with Folder.open(folder) as held:
        opened.file(job, held)


def found(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()
    }


@pytest.fixture(params=["renameat2", "plain"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With renameat2, and without it, as on NFS."""
    if request.param == "plain":
        monkeypatch.setattr(durable, "_renameat2", lambda *_: False)


# -- folders


def test_the_folders_are_made(tmp_path: Path) -> None:
    before = open_descriptors()
    with desk(tmp_path, gid=os.getgid()) as opened:
        assert {path.name for path in tmp_path.iterdir()} == {"sending", "sent", "failed"}
        assert stat.S_IMODE((tmp_path / "sent").stat().st_mode) == 0o2770
        with Folder.open(tmp_path / "sending") as folder:
            assert opened.identity() == folder.identity()
    with desk(tmp_path):
        pass
    assert open_descriptors() == before


def test_a_desk_without_a_place(tmp_path: Path) -> None:
    with (
        pytest.raises(DeskUnusable, match=r"nowhere/sending: No such file"),
        desk(tmp_path / "nowhere"),
    ):
        pass


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "failed").touch()
    before = open_descriptors()
    with pytest.raises(DeskUnusable, match="failed: Not a directory"), desk(tmp_path):
        pass
    assert open_descriptors() == before


def test_leftovers_are_swept(tmp_path: Path) -> None:
    with desk(tmp_path) as opened:
        (tmp_path / "sent" / ".faxd-0123.part").touch()
        (tmp_path / "sending" / "x.part").touch()
        opened.sweep()
    assert found(tmp_path) == {"sending/x.part": b""}


# -- slips


def test_a_slip_comes_changes_and_goes(tmp_path: Path, kernel: None) -> None:
    with desk(tmp_path) as opened:
        assert opened.slips() == set()
        name = opened.show(job())
        assert name == "Befund.txt"
        slip = tmp_path / "sending" / name
        assert stat.S_IMODE(slip.stat().st_mode) == 0o664
        assert slip.read_bytes().startswith(b"\xef\xbb\xbfWARTET ")
        assert opened.show(job(slip=name, state=JobState.ACCEPTED)) == name
        assert slip.read_bytes().startswith(b"\xef\xbb\xbfUNTERWEGS ")
        assert opened.slips() == {name}
        opened.remove_slip(job(slip=name))
        opened.remove_slip(job(slip=name))
    assert found(tmp_path) == {}


def test_the_same_slip_is_not_written_again(tmp_path: Path) -> None:
    with desk(tmp_path) as opened:
        name = opened.show(job())
        before = (tmp_path / "sending" / name).stat()
        assert opened.show(job(slip=name)) == name
        assert (tmp_path / "sending" / name).stat() == before


def test_a_deleted_slip_stays_deleted_until_it_is_to_come_back(
    tmp_path: Path, kernel: None
) -> None:
    with desk(tmp_path) as opened:
        name = opened.show(job())
        (tmp_path / "sending" / name).unlink()
        accepted = job(slip=name, state=JobState.ACCEPTED)
        assert opened.show(accepted, is_known=True) == name
        assert opened.slips() == set()
        assert opened.show(accepted) == name
        assert opened.slips() == {name}


def test_slips_are_written_at_each_start(tmp_path: Path) -> None:
    with desk(tmp_path) as opened:
        name = opened.show(job())
    (tmp_path / "sending" / name).unlink()
    with desk(tmp_path) as opened:
        assert opened.show(job(slip=name)) == name
        assert opened.slips() == {name}


def test_a_slip_that_a_death_left_is_found_again(tmp_path: Path, kernel: None) -> None:
    with desk(tmp_path) as opened:
        opened.show(job())
    with desk(tmp_path) as opened:  # its name was not recorded
        assert opened.show(job(state=JobState.ACCEPTED)) == "Befund.txt"
        assert opened.slips() == {"Befund.txt"}


def test_jobs_of_one_name_have_slips_of_their_own(tmp_path: Path) -> None:
    with desk(tmp_path) as opened:
        names = [opened.show(job(id=number)) for number in range(1, 30)]
        assert len(set(names)) == 29
        assert opened.slips() == set(names)
        assert names[:2] == ["Befund.txt", "Befund (2).txt"]
        assert names[-1] == "Befund (Nr. 29).txt"


@pytest.mark.parametrize("what", ["file", "folder", "link"])
def test_what_is_not_ours_is_left_alone(tmp_path: Path, kernel: None, what: str) -> None:
    with desk(tmp_path) as opened:
        other = tmp_path / "sending" / "Befund.txt"
        if what == "file":
            other.write_bytes(b"mine")
        elif what == "folder":
            other.mkdir()
        else:
            other.symlink_to(tmp_path)
        before = other.lstat().st_ino
        assert opened.show(job()) == "Befund (2).txt"
        opened.remove_slip(job(slip="Befund.txt"))
        assert other.lstat().st_ino == before


def test_an_answer_is_known_by_what_the_slip_says(tmp_path: Path) -> None:
    held = job(state=JobState.HELD, hold=Hold.SAME, slip="Befund.txt")
    with desk(tmp_path) as opened:
        folder = tmp_path / "sending"
        assert opened.show(held) == held.slip
        assert opened.show(job(id=18, title="ja Befund")) == "ja Befund.txt"
        (folder / held.slip).rename(folder / "gone")
        # Somebody else's slip is no answer, whatever it is called.
        assert opened.answered(held, opened.slips()) is None
        for name in ("ja.txt", "JA Befund (2).txt", "yes - Befund.txt", "jaBefund.txt"):
            (folder / "gone").rename(folder / name)
            assert opened.answered(held, opened.slips()) == name
            (folder / name).rename(folder / "gone")
        (folder / "gone").rename(folder / "ja.txt")
        opened.remove_answer(held, "ja Befund.txt")
        opened.remove_answer(held, "ja.txt")
        assert opened.slips() == {"ja Befund.txt"}
        assert opened.show(job(slip=held.slip)) == held.slip


# -- filing


def test_a_whole_set(tmp_path: Path, kernel: None) -> None:
    folder = claim(tmp_path)
    with desk(tmp_path) as opened:
        name = opened.show(FILED)
        assert opened.choose(FILED) == AT
        file(opened, replace(FILED, slip=name), folder)
    sets = found(tmp_path)
    report = sets.pop(f"sent/{AT} - Bericht.txt")
    assert is_ours(report[:1024])
    assert report.startswith(b"\xef\xbb\xbfGESENDET ")
    assert sets == {
        f"sent/{AT}.pdf": b"%PDF",
        f"sent/{AT}.pdf.toml": b"to",
        f"sent/{AT} - Protokoll.csv": FILED.protocol,
    }
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "sent").iterdir()}
    assert modes == {0o664}


def test_who_did_not_get_it(tmp_path: Path) -> None:
    some = replace(
        DONE,
        filed_as=AT,
        recipients=(SENT, replace(MUSTER, result="Busy")),
        companions=("Befund.pdf.csv",),
    )
    folder = claim(tmp_path, {"Befund.pdf": b"%PDF", "Befund.pdf.csv": b"all"})
    with desk(tmp_path) as opened:
        file(opened, some, folder)
    sets = found(tmp_path / "sent")
    assert sets[f"{AT}.pdf.csv"] == b"\xef\xbb\xbf+4930111111\r\n"
    assert sets[f"{AT} - ganze Liste.csv"] == b"all"


def test_failures_lie_in_failed(tmp_path: Path) -> None:
    refused = job(state=JobState.FAILED, filed_as=AT)
    with desk(tmp_path, language="en") as opened:
        file(opened, refused, claim(tmp_path, {"Befund.pdf": b"%PDF"}))
    assert found(tmp_path / "failed").keys() == {f"{AT}.pdf", f"{AT} - report.txt"}


def test_filing_again_changes_nothing(tmp_path: Path, kernel: None) -> None:
    folder = claim(tmp_path)
    with desk(tmp_path) as opened:
        file(opened, FILED, folder)
        before = found(tmp_path)
        file(opened, FILED, folder)
        assert found(tmp_path) == before
    with desk(tmp_path) as opened:
        file(opened, FILED, folder)
        assert found(tmp_path) == before


def test_nothing_is_ever_replaced(tmp_path: Path, kernel: None) -> None:
    folder = claim(tmp_path)
    with desk(tmp_path) as opened:
        for name in (f"{AT}.pdf", f"{AT} - Bericht.txt"):
            (tmp_path / "sent" / name).write_bytes(b"other")
        for _ in range(2):
            file(opened, FILED, folder)
    sets = found(tmp_path)
    assert len(sets) == 6
    assert sets[f"sent/{AT}.pdf"] == sets[f"sent/{AT} - Bericht.txt"] == b"other"
    assert sets[f"sent/{AT} (2).pdf"] == b"%PDF"


def test_names_that_are_taken_are_not_chosen(tmp_path: Path) -> None:
    with desk(tmp_path) as opened:
        (tmp_path / "sent" / f"{AT} - Bericht.txt").touch()
        assert opened.choose(DONE) == f"{AT} (2)"
        # chosen, but not filed yet
        assert opened.choose(replace(DONE, id=18)) == f"{AT} (3)"
        assert opened.choose(DONE) == f"{AT} (2)"
        assert opened.choose(replace(DONE, id=19, state=JobState.FAILED)) == AT
        for number in range(20, 30):
            last = opened.choose(replace(DONE, id=number))
        assert last == f"{AT} (Nr. 29)"


def test_a_document_that_was_linked_and_not_unlinked(tmp_path: Path) -> None:
    folder = claim(tmp_path)
    with desk(tmp_path) as opened:
        (tmp_path / "sent" / f"{AT}.pdf").hardlink_to(folder / "Befund.pdf")
        file(opened, FILED, folder)
    assert len(found(tmp_path)) == 4
    assert (tmp_path / "sent" / f"{AT}.pdf").stat().st_nlink == 1


def test_another_file_system(tmp_path: Path) -> None:
    folder = claim(tmp_path)
    os.utime(folder / "Befund.pdf", (1_000_000_000, 1_000_000_000))
    with disk(tmp_path / "sent"), desk(tmp_path) as opened:
        (tmp_path / "sent" / f"{AT}.pdf.toml").write_bytes(b"to")  # copied, and not yet removed
        file(opened, FILED, folder)
        copy = (tmp_path / "sent" / f"{AT}.pdf").stat()
        assert (copy.st_mtime, stat.S_IMODE(copy.st_mode)) == (1_000_000_000, 0o664)
        assert len(found(tmp_path)) == 4
        assert not list(folder.iterdir())


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    folder = claim(tmp_path, {"Befund.pdf": b"x" * 3_000_000})
    with disk(tmp_path / "sent"), desk(tmp_path) as opened:
        with pytest.raises(OSError, match="No space left"):
            file(opened, FILED, folder)
        assert found(tmp_path).keys() == {"claim/Befund.pdf"}


@pytest.mark.skipif(not ROOT, reason="needs root to give a group away")
def test_modes_and_group(tmp_path: Path) -> None:
    folder = claim(tmp_path)
    with desk(tmp_path, mode=0o640, gid=4321) as opened:
        opened.show(job(id=18))
        file(opened, FILED, folder)
    for path in [*(tmp_path / "sent").iterdir(), *(tmp_path / "sending").iterdir()]:
        assert (path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (4321, 0o640)


def test_a_filed_set_is_removed_and_nothing_else(tmp_path: Path) -> None:
    with desk(tmp_path) as opened:
        file(opened, FILED, claim(tmp_path))
        other = tmp_path / "sent" / f"{AT}_2.pdf"
        other.write_bytes(b"other")
        assert opened.remove_filed(replace(FILED, id=18)) == 0
        assert opened.remove_filed(replace(FILED, filed_as="")) == 0
        assert opened.remove_filed(FILED) == 4
        assert opened.remove_filed(FILED) == 0
    assert found(tmp_path) == {f"sent/{other.name}": b"other"}


def test_the_report_names_what_is_to_be_moved_back_together(tmp_path: Path) -> None:
    """By the names that it has in the folder."""
    failed = replace(FILED, state=JobState.FAILED, recipients=(MUSTER,), protocol=b"")
    with desk(tmp_path) as opened:
        file(opened, failed, claim(tmp_path))
    filed = found(tmp_path / "failed")
    assert f"{AT}.pdf.toml" in filed
    report = " ".join(filed[f"{AT} - Bericht.txt"].decode("utf-8-sig").split())
    assert f"das Dokument zusammen mit „{AT}.pdf.toml“ in den Ordner „fax“ in „outbox“" in report


def test_a_set_without_its_report_is_left_to_people(tmp_path: Path) -> None:
    with desk(tmp_path) as opened:
        file(opened, FILED, claim(tmp_path))
        (tmp_path / "sent" / f"{AT} - Bericht.txt").write_bytes(b"notes")
        assert opened.remove_filed(FILED) == 0
    assert len(found(tmp_path)) == 4
