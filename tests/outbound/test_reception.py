"""Slips and reports: laid out, answered, deleted, filed, and tidied away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from faxd.job import Hold, JobState
from faxd.outbound import reception
from tests.places import disk, remount

from .desk import NUMBER, Clock, Office, names, pdf, texts

FIRST, SECOND = f"{NUMBER} Eins.txt", f"{NUMBER} Zwei.txt"


def two(office: Office) -> None:
    """One job that FAX.de has, and one that waits."""
    office.begin(f"{NUMBER} Eins.pdf")
    office.send()
    office.begin(f"{NUMBER} Zwei.pdf")
    assert set(office.slips) == {FIRST, SECOND}


def untouched(office: Office) -> None:
    """Nobody's job was cancelled, and everybody has a slip."""
    office.tell()
    office.follow()
    office.tell()
    assert office.states() == [JobState.ACCEPTED, JobState.WAITING]
    assert office.calls("CancelJob") == []
    assert set(office.slips) == {FIRST, SECOND}


# the folder of slips is not there


@pytest.mark.parametrize("again", [1, 2, 3])
def test_the_folder_is_deleted(office: Office, again: int) -> None:
    """Its inode number is given to the next folder that is made."""
    two(office)
    for _ in range(again):
        shutil.rmtree(office.sending)
        untouched(office)
    office.delete_slip(FIRST)
    office.tell()
    office.follow()
    assert office.states() == [JobState.CANCELLED, JobState.WAITING], "as ever"


def test_the_folder_is_deleted_while_faxd_does_not_run(office: Office) -> None:
    two(office)
    shutil.rmtree(office.sending)
    office.sending.mkdir()
    office.restart()
    untouched(office)


def test_the_folder_is_deleted_and_a_job_goes_on(office: Office) -> None:
    two(office)
    shutil.rmtree(office.sending)
    office.send()
    office.tell()
    office.follow()
    assert set(office.slips) == {FIRST, SECOND}
    assert all("UNDER WAY" in slip for slip in office.slips.values())
    assert office.states() == [JobState.ACCEPTED] * 2


def test_the_folder_is_replaced(office: Office) -> None:
    two(office)
    office.sending.rename(office.root / "old")
    office.sending.mkdir()
    untouched(office)
    shutil.rmtree(office.sending)
    (office.root / "old").rename(office.sending)
    untouched(office)


def test_the_folder_goes_while_it_is_looked_at(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    two(office)
    slips = reception.Desk.slips

    def gone(desk: reception.Desk) -> set[str]:
        shutil.rmtree(office.sending, ignore_errors=True)
        return slips(desk)

    monkeypatch.setattr(reception.Desk, "slips", gone)
    office.tell()
    monkeypatch.undo()
    Clock(monkeypatch)
    untouched(office)


def test_a_disk_is_unmounted_and_mounted_again(office: Office) -> None:
    with disk(office.sending):
        two(office)
        untouched(office)
    untouched(office)
    with disk(office.sending):
        untouched(office)


def test_the_folder_cannot_be_written(office: Office) -> None:
    """Sending goes on; it is told once, and made good when it can be."""
    with disk(office.sending):
        office.begin(f"{NUMBER} Eins.pdf")
        remount(office.sending, "ro")
        office.send()
        assert office.states() == [JobState.ACCEPTED]
        pause = office.tell()
        office.tell()
        assert pause == 3 and len(office.logged("slips and reports cannot be written")) == 1
        remount(office.sending, "rw")
        office.tell()
        assert office.logged("folders work again")
        assert "UNDER WAY" in office.slip()


def test_a_folder_that_is_a_file(office: Office) -> None:
    office.begin()
    shutil.rmtree(office.sending)
    office.sending.write_text("")
    office.send()
    office.tell()
    assert office.states() == [JobState.ACCEPTED] and office.dispatch.reception.problem
    office.sending.unlink()
    office.tell()
    assert "UNDER WAY" in office.slip()


# over a restart


def test_slips_deleted_while_faxd_does_not_run(office: Office) -> None:
    two(office)
    office.delete_slip(FIRST)
    office.delete_slip(SECOND)
    office.restart()
    office.tell()
    office.follow()
    assert office.states() == [JobState.CANCELLED] * 2


def test_after_a_power_cut_a_missing_slip_says_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    two(office)
    office.delete_slip(FIRST)
    other = tmp_path / "boot_id"
    other.write_text("another start of the machine")
    monkeypatch.setattr(reception, "_BOOT_ID", other)
    office.restart()
    untouched(office)


def test_a_slip_that_was_lost_with_its_disks_power_cancels_nothing(office: Office) -> None:
    """The disk of the share went without the machine: what was not on it yet is not deleted."""
    two(office)
    office.ledger.jobs.set_slip(1, FIRST)  # as if it had just been laid out
    office.delete_slip(FIRST)
    office.restart()
    untouched(office)


def test_a_slip_that_a_power_cut_brings_back_is_removed(office: Office) -> None:
    """What was removed last may be there again, and would tell of a job under way for ever."""
    two(office)
    old = (office.sending / FIRST).read_bytes()
    office.finish()
    office.tell()
    assert set(office.slips) == {SECOND}
    (office.sending / FIRST).write_bytes(old)
    (office.sending / "Notiz.txt").write_text("from somebody")
    office.restart()
    office.tell()
    assert set(office.slips) == {SECOND, "Notiz.txt"}


def test_slips_of_which_a_power_cut_left_only_the_names(office: Office) -> None:
    two(office)
    for name in (FIRST, SECOND):
        (office.sending / name).write_bytes(b"" if name == FIRST else b"\0" * 400)
    office.restart()
    office.tell()
    untouched(office)
    assert all(slip.strip("\0 \r\n") for slip in office.slips.values())


def test_a_slip_that_went_in_trouble_cancels_nothing(office: Office) -> None:
    two(office)
    office.ledger.jobs.set_slip(1, FIRST)
    office.sending.chmod(0)
    away = office.root / "away"
    office.sending.rename(away)
    office.sending.write_text("no folder")
    office.tell()
    office.sending.unlink()
    (away / FIRST).unlink()
    away.rename(office.sending)
    office.sending.chmod(0o770)
    untouched(office)


def test_a_restart_leaves_slips_as_they_are(office: Office) -> None:
    two(office)
    before = {path.name: path.read_bytes() for path in office.sending.iterdir()}
    for _ in range(3):
        office.restart()
        office.tell()
    assert {path.name: path.read_bytes() for path in office.sending.iterdir()} == before


# the question


def asked(office: Office) -> str:
    """The slip that asks whether the same document is to be sent again."""
    office.begin()
    office.send()
    office.begin()
    assert (office.job().state, office.job().hold) == (JobState.HELD, Hold.SAME)
    (name,) = (name for name, text in office.slips.items() if "PLEASE ANSWER" in text)
    assert "(no. 1)" in " ".join(office.slips[name].split()) and '"yes"' in office.slips[name]
    return name


@pytest.mark.parametrize("yes", ["ja {}", "Ja {}", "yes {}", "YES - {}", "ja.txt", "yes.txt"])
def test_yes(office: Office, yes: str) -> None:
    name = asked(office)
    office.server.duplicate_seconds = 0
    office.send()
    assert len(office.accepted) == 1, "not before it is answered"
    (office.sending / name).rename(office.sending / yes.format(name))
    office.tell()
    office.send()
    assert office.states() == [JobState.ACCEPTED] * 2 and len(office.accepted) == 2
    assert yes.format(name) not in office.slips and len(office.slips) == 2


def test_no(office: Office) -> None:
    office.delete_slip(asked(office))
    office.tell()
    office.follow()
    office.tell()
    assert office.states() == [JobState.ACCEPTED, JobState.CANCELLED]
    assert len(office.accepted) == 1


def test_no_answer_at_all(office: Office) -> None:
    asked(office)
    office.later(86401)
    office.tell()
    assert office.job().state is JobState.FAILED
    report = texts(office.failed)
    assert any("Nobody answered" in text for text in report.values())


def test_a_yes_that_nobody_asked_for_changes_nothing(office: Office) -> None:
    two(office)
    (office.sending / SECOND).rename(office.sending / f"ja {SECOND}")
    untouched(office)


def test_ten_minutes_later_nobody_asks(office: Office) -> None:
    office.begin()
    office.send()
    office.later(601)
    office.begin()
    assert office.job().state is JobState.WAITING


def test_what_failed_is_no_reason_to_ask(office: Office) -> None:
    office.begin()
    office.server.force_code("SendJob", -5)
    office.send()
    office.begin()
    assert office.job().state is JobState.WAITING and office.job().previous == 1


@pytest.mark.parametrize("within", [0, 30])
def test_how_long_is_a_setting(office: Office, within: int) -> None:
    office.restart(same_within=within)
    office.begin()
    office.send()
    office.later(31)
    office.begin()
    assert office.job().state is JobState.WAITING


def test_two_of_the_same_at_once(office: Office) -> None:
    content = pdf("twice")
    for name in ("a", "b"):
        office.drop(f"{NUMBER} {name}.pdf", content)
    office.take()
    office.tell()
    assert office.states() == [JobState.WAITING, JobState.HELD]
    slip = " ".join(office.slips[f"{NUMBER} b.txt"].split())
    # The other one has no number yet.
    assert "already. Shall this one be sent all the same? Yes:" in slip


# filing and tidying


def test_a_folder_for_reports_that_is_full(office: Office) -> None:
    """The document stays where it is until there is room."""
    with disk(office.failed, "size=4k,nr_inodes=2"):
        content = office.drop()
        office.take()
        office.server.force_code("SendJob", -5)
        office.send()
        office.tell()
        assert office.job().state is JobState.FAILED and not office.job().filed
        assert office.dispatch.reception.problem
        assert office.tell() == 3
        assert len(office.logged("slips and reports cannot be written")) == 1
        assert not office.logged("folders work again")
        assert "claim" in office.places(content) or "failed" in office.places(content)
        remount(office.failed, "size=1m,nr_inodes=100")
        office.tell()
        assert office.job().filed and office.places(content) == ["failed"]
        assert len(names(office.failed)) == 2


def test_an_outbox_that_is_gone_when_a_job_ends(office: Office) -> None:
    content = office.drop()
    office.take()
    office.send()
    office.outbox.rename(office.root / "unmounted")
    office.finish()
    assert office.job().state is JobState.DONE and not office.job().filed
    (office.root / "unmounted").rename(office.outbox)
    office.tell()
    assert office.job().filed and office.places(content) == ["sent"]


def _ended(office: Office) -> None:
    """One job that was sent, one that failed, both filed."""
    office.begin(f"{NUMBER} Eins.pdf")
    office.send()
    office.finish()
    office.begin(f"{NUMBER} Zwei.pdf")
    office.server.force_code("SendJob", -5)
    office.send()
    office.tell()
    assert [len(names(office.sent)), len(names(office.failed))] == [3, 2]


@pytest.mark.parametrize(
    ("settings", "days", "sent", "failed", "jobs"),
    [
        ({}, 400, 3, 2, 2),
        ({"keep_sent_days": 30}, 29, 3, 2, 2),
        ({"keep_sent_days": 30}, 31, 0, 2, 2),
        ({"keep_failed_days": 30}, 31, 3, 0, 2),
        ({"keep_records_days": 30}, 31, 3, 2, 0),
        ({"keep_sent_days": 10, "keep_failed_days": 20, "keep_records_days": 30}, 15, 0, 2, 2),
        ({"keep_sent_days": 10, "keep_failed_days": 20, "keep_records_days": 30}, 31, 0, 0, 0),
        # records are kept as long as somebody must know what is to be removed
        ({"keep_sent_days": 30, "keep_records_days": 5}, 6, 3, 2, 2),
        ({"keep_sent_days": 30, "keep_records_days": 5}, 31, 0, 2, 0),
    ],
)
def test_tidying(
    office: Office, settings: dict[str, int], days: int, sent: int, failed: int, jobs: int
) -> None:
    office.restart(**settings)
    _ended(office)
    foreign = office.sent / "Notizen.txt"
    foreign.write_text("von Hand")
    office.later(days * 86400)
    office.tell()
    assert foreign.read_text() == "von Hand"
    foreign.unlink()
    assert (len(names(office.sent)), len(names(office.failed))) == (sent, failed)
    assert len(office.states()) == jobs


def test_what_is_under_way_is_never_tidied_away(office: Office) -> None:
    office.restart(keep_sent_days=1, keep_failed_days=1, keep_records_days=1)
    two(office)
    office.later(3 * 86400)
    untouched(office)


@pytest.mark.parametrize(
    ("settings", "pause"),
    [({}, 60), ({"watch": "scan"}, 3), ({"watch": "scan", "scan_interval": 8}, 8)],
)
def test_where_no_event_tells_of_a_deleted_slip_it_is_looked_for(
    office: Office, settings: dict[str, object], pause: float
) -> None:
    office.restart(**settings)
    assert office.tell() == pause


def test_german_is_the_default(office: Office) -> None:
    office.restart(language="de")
    office.begin()
    assert "WARTET" in office.slip() and "diese Datei löschen" in office.slip()
    office.server.force_code("SendJob", -5)
    office.send()
    office.tell()
    (report,) = texts(office.failed).values()
    assert "NICHT GESENDET" in report and "Empfängernummer generell gesperrt (-5)" in " ".join(
        report.split()
    )
