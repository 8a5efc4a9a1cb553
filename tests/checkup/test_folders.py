"""Who may do what in folders, and which lie on one file system."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from faxd.checkup.finding import Finding
from faxd.checkup.folders import Rights, about_rights, apart, folders, is_reachable
from faxd.outbound.intake.mounts import mount_of
from tests.places import ROOT, disk

from .conftest import Configure


def found(configure: Configure, **account: object) -> list[Finding]:
    (settings,) = configure(**account).accounts
    return list(folders(settings))


def test_folders_as_they_should_be(configure: Configure) -> None:
    assert found(configure) == []


@pytest.mark.parametrize(
    ("mode", "reachable", "said"),
    [
        (0o2770, True, []),
        (0o2771, True, []),
        (0o2775, True, ["everybody on this machine may read it"]),
        (0o2777, True, ["everybody on this machine may write to it"]),
        (0o2777, False, []),  # a folder above keeps them out
        (0o0770, True, ["without setgid"]),
        (0o0700, True, []),  # all belongs to one user, as with Samba's force user
        (0o0777, True, ["may write to it", "without setgid"]),
    ],
)
def test_rights_of_an_outbox(mode: int, reachable: bool, said: list[str]) -> None:
    rights = Rights(path="/o", mode=0o40000 | mode, gid=5, reachable=reachable)
    told = list(about_rights(rights, gid=None, shared=True))
    assert len(told) == len(said)
    assert all(words in each for words, each in zip(said, told, strict=True))
    assert all(f"mode {mode:04o}" in each for each in told)


def test_rights_of_others() -> None:
    inbox = Rights(path="/i", mode=0o40770, gid=5, reachable=True)
    assert list(about_rights(inbox, gid=None, shared=False)) == []
    assert list(about_rights(inbox, gid=5, shared=False)) == []
    (told,) = about_rights(inbox, gid=6, shared=False)
    assert "the setting group" in told
    assert is_reachable([0o40755, 0o41777])
    assert not is_reachable([0o40755, 0o40770])


def test_rights_of_real_folders(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "fax" / "outbox").chmod(0o770)
    (finding,) = found(configure)
    assert finding.subject == "praxis: rights"
    assert f"chmod g+s {tmp_path}/fax/outbox" in finding.detail


def test_file_systems(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "fax" / "sent").mkdir(mode=0o700)
    with disk(tmp_path / "fax" / "sent", "size=1m,mode=0700"):
        (finding,) = found(configure)
    assert finding.subject == "praxis: mounts"
    assert f"{tmp_path}/fax/sent is on another file system than the outbox" in finding.detail
    with disk(tmp_path / "fax" / "outbox" / "fax", "size=1m,mode=0700"):
        (finding,) = found(configure)
        assert "outbox/fax is a file system of its own: what is dropped" in finding.detail
    with disk(tmp_path / "fax" / "inbox" / "labor", "size=1m,mode=0700"):
        (finding,) = found(configure)
        assert "so they stay in the inbox itself" in finding.detail


def test_two_mounts_of_one_file_system_are_two(tmp_path: Path) -> None:
    """No rename leads from one to the other (rename(2), EXDEV)."""
    if not ROOT:
        pytest.skip("needs root to mount")
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    if os.system(f"mount --bind {one} {other} 2>/dev/null"):
        pytest.skip("nothing can be bind-mounted on this machine")
    try:
        assert one.stat().st_dev == other.stat().st_dev
        places = {"outbox": mount_of(one), "sent": mount_of(other)}
        (told,) = apart({"outbox": one, "sent": other}, places)
        assert f"{other} is on another file system" in told
    finally:
        os.system(f"umount --lazy {other}")
    assert mount_of(tmp_path / "none") is None


def test_the_inbox_of_a_check_is_left_as_it_was(configure: Configure) -> None:
    from faxd.checkup.finding import Grade
    from faxd.checkup.folders import inbox

    (account,) = configure().accounts
    assert inbox(account).grade is Grade.GOOD
    assert os.listdir(account.inbox) == [".faxd"]
    account.inbox.rename(account.inbox.with_name("moved"))
    assert "make the folder, or mount the disk" in inbox(account).detail
