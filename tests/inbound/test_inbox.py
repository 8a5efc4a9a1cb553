"""An inbox that cannot take a fax: nothing is fetched, nothing deleted, and it recovers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from faxd.inbound import InboxUnusable, open_inbox
from faxd.simulator import Simulator, SyntheticImage
from tests.places import ROOT, disk, nobody, open_descriptors, remount

from .office import Office, image_of, open_office

IMAGE = SyntheticImage(30_000, 2)
RAW = image_of(IMAGE)


def refused(office: Office, why: str) -> None:
    """A poll that says so, twice in the same words, and makes no call."""
    before = office.calls()
    messages = set()
    for _ in range(2):
        with pytest.raises(InboxUnusable, match=why) as caught:
            office.poll()
        messages.add(str(caught.value))
    assert len(messages) == 1, "what is told once must not change"
    assert office.calls() == before


def gone(office: Office) -> Callable[[], object]:
    office.inbox.rename(office.root / "away")

    def mend() -> None:
        office.inbox.unlink(missing_ok=True)  # what stands in its place
        (office.root / "away").rename(office.inbox)

    return mend


def a_file(office: Office) -> Callable[[], object]:
    mend = gone(office)
    office.inbox.touch()
    return mend


def dangling(office: Office) -> Callable[[], object]:
    mend = gone(office)
    office.inbox.symlink_to(office.root / "nowhere")
    return mend


def not_mounted(office: Office) -> Callable[[], object]:
    office.changes["inbox_marker"] = ".mounted"
    return lambda: (office.inbox / ".mounted").touch()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (gone, "inbox: No such file or directory; make the folder, or mount the disk"),
        (a_file, "inbox: Not a directory"),
        (dangling, "inbox: No such file or directory"),
        (not_mounted, r"holds no .mounted \(inbox_marker\); is its disk mounted\?"),
    ],
)
def test_an_unusable_inbox(
    office: Office, spoil: Callable[[Office], Callable[[], object]], why: str
) -> None:
    office.add(IMAGE)
    mend = spoil(office)
    before = open_descriptors()
    refused(office, why)
    assert open_descriptors() == before
    assert len(office.waiting) == 1
    mend()
    assert office.poll() == 1
    assert office.waiting == []
    assert RAW in office.files().values()


def a_strangers_folder(path: Path) -> None:
    path.mkdir()
    path.chmod(0o777)
    os.chown(path, 1234, 1234)


@pytest.mark.parametrize(
    "put", [Path.touch, lambda path: path.symlink_to("/tmp"), a_strangers_folder]
)
def test_what_a_pc_puts_in_place_of_the_hidden_folder_is_moved_aside(
    office: Office, put: Callable[[Path], object]
) -> None:
    """In a folder of its own it could remove parts, whose absence means "published"."""
    if put is a_strangers_folder and not ROOT:
        pytest.skip("needs root")
    put(office.inbox / ".faxd")
    office.add(IMAGE)
    assert office.poll() == 1
    hidden = (office.inbox / ".faxd").lstat()
    assert (hidden.st_uid, hidden.st_mode) == (os.geteuid(), 0o40700)
    assert len(list(office.inbox.glob("faxd-not-ours-*"))) == 1


def test_nothing_is_made_in_place_of_a_missing_inbox(office: Office) -> None:
    office.inbox.rmdir()
    refused(office, "No such file")
    assert not office.inbox.exists()


def test_a_read_only_inbox(office: Office) -> None:
    with disk(office.inbox):
        office.add(IMAGE)
        office.poll()
        office.add(IMAGE, fax_id=7)
        remount(office.inbox, "ro")
        refused(office, "cannot be written: Read-only file system")
        remount(office.inbox, "rw")
        assert office.poll() == 1
        office.settled(RAW, RAW)


def test_a_fresh_read_only_inbox(office: Office) -> None:
    with disk(office.inbox, "ro"):
        office.add(IMAGE)
        refused(office, "cannot be used: Read-only file system")


def test_too_little_room_for_any_fax(office: Office) -> None:
    office.changes["min_free"] = 700_000
    with disk(office.inbox):
        office.add(IMAGE)
        (office.inbox / "scan.pdf").write_bytes(os.urandom(400_000))
        refused(office, r"has less than the 0 MiB \(min_free\) free that a fax may need")
        (office.inbox / "scan.pdf").unlink()
        office.poll()
        office.settled(RAW)


def test_a_disk_that_fills_up_while_a_fax_arrives(office: Office) -> None:
    large = SyntheticImage(2 << 20)
    with disk(office.inbox):
        fax_id = office.add(large)
        with pytest.raises(OSError, match="No space left"):
            office.poll()
        assert (office.files(), office.parts(), office.waiting) == ({}, [], [fax_id])
        assert "DeleteReceived" not in office.calls()
        remount(office.inbox, "size=5m")
        office.poll()
        office.settled(image_of(large))


def test_it_fills_up_between_two_faxes(office: Office) -> None:
    office.changes["min_free"] = 400_000
    with disk(office.inbox):
        images = [SyntheticImage(400_000 + 216 * number) for number in range(3)]
        for image in images:
            office.add(image)
        with pytest.raises(InboxUnusable):
            office.poll()
        assert len(office.files()) == 3 - len(office.waiting) == 2
        assert office.calls().count("RequestReceived") == 2


def test_a_full_inbox_even_of_names(office: Office) -> None:
    with disk(office.inbox, "size=1m,nr_inodes=4"):
        office.add(IMAGE)
        # The folder, .faxd, and one name more for the part, which then becomes the fax.
        assert office.poll() == 1
        office.settled(RAW)
        office.add(IMAGE, fax_id=7)
        (office.inbox / "x").touch()
        refused(office, "cannot be written: No space left")
        assert office.waiting == [7]


def test_an_inbox_that_this_user_may_not_write(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    code = """if True:
        import sys
        from pathlib import Path
        from faxd.config import AccountSettings
        from faxd.inbound import InboxUnusable, open_inbox
        settings = AccountSettings(
            name="x", account="1", password_env="X", inbox=Path(sys.argv[1])
        )
        try:
            with open_inbox(settings):
                pass
        except InboxUnusable as error:
            print(error)
        """
    said = nobody(code, tmp_path)
    assert said == f"{tmp_path} cannot be used: Permission denied; see to its owner and mode\n"


def test_a_link_is_the_administrators_right(office: Office) -> None:
    gone(office)
    office.inbox.symlink_to(office.root / "away")
    office.add(IMAGE)
    office.poll()
    assert list((office.root / "away").glob("*.tif"))


def test_only_this_accounts_leftovers_are_swept(office: Office) -> None:
    office.poll()
    hidden = office.inbox / ".faxd"
    mark, end = office.ledger.mark, "0123456789abcdef.part"
    others = [
        f"1234567-{mark}-{end}",  # another account's
        f"123456-00000000-{end}",  # of another faxd, with another ledger
        "123456-x.part",
        f"123456-{mark}-{end}.bak",
    ]
    for name in (*others, f"123456-{mark}-{end}"):
        (hidden / name).write_bytes(b"half a fax")
    (hidden / f"123456-{mark}-fedcba9876543210.part").mkdir()  # cannot be removed so
    office.poll()
    assert office.parts() == sorted([*others, f"123456-{mark}-fedcba9876543210.part"])


def test_a_small_file_is_added_once(office: Office) -> None:
    with open_inbox(office.settings) as inbox:
        inbox.add(inbox.root, "a.json", b"{}")
        inbox.add(inbox.root, "a.json", b"{}")
        with pytest.raises(FileExistsError):
            inbox.add(inbox.root, "a.json", b"[]")
        (office.inbox / "b.json").symlink_to(office.inbox / "a.json")
        with pytest.raises(FileExistsError):
            inbox.add(inbox.root, "b.json", b"{}")
    assert office.files() == {"a.json": b"{}", "b.json": b"{}"}
    assert office.parts() == []


@pytest.mark.skipif(not ROOT, reason="needs root to give a file away")
def test_files_are_given_to_a_group(tmp_path: Path, server: Simulator) -> None:
    changes = {"group": "daemon", "sidecar": True, "file_name": "{received:%Y}/{fax_id}.tif"}
    with open_office(tmp_path / "office", server, **changes) as office:
        office.add(IMAGE)
        office.poll()
        given = [office.inbox / "2026", *(office.inbox / "2026").iterdir()]
        assert len(given) == 3
        assert {path.stat().st_gid for path in given} == {office.settings.gid}
