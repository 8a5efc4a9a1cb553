"""An outbox: when it can be used, and what a look finds in it."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import time
from pathlib import Path

import pytest

from faxd.job import Kind
from faxd.outbound.intake.ignore import Ignored
from faxd.outbound.intake.outbox import HIDDEN, Outbox, OutboxUnusable, open_outbox
from tests.places import ROOT, disk, nobody, open_descriptors, remount

from .conftest import look, strange

needs_root = pytest.mark.skipif(not ROOT, reason="needs root to give a file away")


def test_the_folders_of_the_kinds_are_made(path: Path) -> None:
    path.chmod(0o770)
    (path / "sms").mkdir(mode=0o700)
    for _ in range(2):
        with open_outbox(path, mark="m", mode=0o750):
            pass
    assert {p.name for p in path.iterdir()} == {HIDDEN, *(kind.value for kind in Kind)}
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.iterdir()}
    assert (modes["fax"], modes["sms"], modes[HIDDEN]) == (0o750, 0o700, 0o700)


@pytest.mark.parametrize("what", ["file", "link"])
def test_something_else_has_the_name_of_a_kind(path: Path, what: str) -> None:
    if what == "file":
        (path / "sms").write_text("+4940123456")
    else:
        (path / "sms").symlink_to(path)
    with open_outbox(path, mark="m") as outbox:
        assert list(strange(outbox)) == ["sms"]
        assert "rename it" in strange(outbox)["sms"]
        assert look(outbox) == {}
        (path / "sms").unlink()
        assert strange(outbox) == {}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.rmdir(), "No such file or directory; make the folder, or mount"),
        (lambda path: (path.rmdir(), path.touch()), "Not a directory; make the folder"),
    ],
)
def test_an_outbox_that_is_not_there(path: Path, make: object, says: str) -> None:
    make(path)  # type: ignore[operator]
    with pytest.raises(OutboxUnusable, match=says), open_outbox(path, mark="m"):
        pass
    assert not path.is_dir(), "never made"


def test_an_outbox_that_is_read_only_or_full(path: Path) -> None:
    with disk(path, "size=64k,nr_inodes=8"):
        for number in range(5):
            (path / f"{number}").touch()
        with pytest.raises(OutboxUnusable, match="No space left on device; make room"):
            open_outbox(path, mark="m").__enter__()
        remount(path, "ro")
        with pytest.raises(OutboxUnusable, match="Read-only file system; mount it writable"):
            open_outbox(path, mark="m").__enter__()


def test_an_outbox_that_may_not_be_written(path: Path) -> None:
    for folder in (path, *path.parents[:3]):
        folder.chmod(0o755)
    code = """if True:
        import sys
        from pathlib import Path
        from faxd.outbound.intake.outbox import OutboxUnusable, open_outbox
        try:
            open_outbox(Path(sys.argv[1]), mark="m").__enter__()
        except OutboxUnusable as error:
            print(error)
        """
    assert "Permission denied; see to its owner and mode" in nobody(code, path)


@pytest.mark.parametrize("what", ["file", "link", "stranger's"])
def test_what_is_in_the_place_of_the_hidden_folder_is_moved_aside(path: Path, what: str) -> None:
    if what == "file":
        (path / HIDDEN).touch()
    elif what == "link":
        (path / HIDDEN).symlink_to("/tmp")
    else:
        if not ROOT:
            pytest.skip("needs root to make a folder of somebody else's")
        (path / HIDDEN).mkdir()
        os.chown(path / HIDDEN, 12345, -1)
    with open_outbox(path, mark="m") as outbox:
        assert (path / HIDDEN).is_dir() and not (path / HIDDEN).is_symlink()
        assert outbox.hidden.owner() == os.geteuid()
    assert len([p for p in path.iterdir() if p.name.startswith("faxd-not-ours-")]) == 1


def test_what_is_seen(outbox: Outbox, path: Path) -> None:
    (path / "fax" / "+4940123456 Praxis Dr. Meier").mkdir()
    (path / ".hidden").mkdir()
    (path / "fax" / "x.tmp").mkdir()
    for name in (
        "a.pdf", "fax/Befund äöü.pdf", "fax/+4940123456 Praxis Dr. Meier/b.pdf", "Thumbs.db",
        "~$a.docx", ".hidden/c.pdf", "fax/x.tmp/d.pdf", ".faxd/e.pdf",
    ):  # fmt: skip
        (path / name).write_bytes(b"%PDF")
    found = look(outbox)
    assert sorted(found) == [
        "a.pdf", "fax/+4940123456 Praxis Dr. Meier/b.pdf", "fax/Befund äöü.pdf",
    ]  # fmt: skip
    file = found["fax/Befund äöü.pdf"]
    status = (path / file.path).stat()
    assert (file.folders, file.name, file.size) == (("fax",), "Befund äöü.pdf", 4)
    assert file.inode == (status.st_dev, status.st_ino)
    assert (file.mtime_ns, file.ctime_ns) == (status.st_mtime_ns, status.st_ctime_ns)
    assert strange(outbox) == {}


def test_the_hidden_folder_is_never_looked_into(outbox: Outbox, path: Path) -> None:
    (path / HIDDEN / "x").touch()
    assert outbox.look(lambda name: False).files == []


def test_what_is_no_document_is_left_alone(outbox: Outbox, path: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (path / "link.pdf").symlink_to(tmp_path / "secret")
    (path / "dangling.pdf").symlink_to("nowhere")
    (path / "folder").symlink_to(tmp_path)
    os.mkfifo(path / "pipe.pdf")
    (path / "a" / "b" / "c" / "d").mkdir(parents=True)
    (path / "a" / "b" / "c" / "deep.pdf").touch()
    (path / ".link").symlink_to("nowhere")
    Path(os.fsdecode(bytes(path) + b"/Stra\xdfe.pdf")).touch()
    Path(os.fsdecode(bytes(path) + b"/K\xf6ln")).mkdir()
    with socket.socket(socket.AF_UNIX) as bound:
        there = Path.cwd()
        os.chdir(path)  # a socket's name must be short
        bound.bind("socket")
        os.chdir(there)
    reasons = strange(outbox)
    assert {name: reason.split()[1] for name, reason in reasons.items()} == {
        "link.pdf": "symbolic", "dangling.pdf": "symbolic", "folder": "symbolic",
        "pipe.pdf": "pipe,", "socket": "socket,", "a/b/c": "folder",
        "Stra\\xdfe.pdf": "name", "K\\xf6ln": "name",
    }  # fmt: skip
    assert look(outbox) == {}


@needs_root
def test_hard_links_and_devices(outbox: Outbox, path: Path, tmp_path: Path) -> None:
    for name, owner in (("roots", 0), ("hers", 12345)):
        (tmp_path / name).touch()
        os.chown(tmp_path / name, owner, -1)
        os.link(tmp_path / name, path / name)
    os.mknod(path / "device", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    assert {name: reason.split(",")[0] for name, reason in strange(outbox).items()} == {
        "roots": "a file that has a second name somewhere (a hard link)",
        "hers": "a file that has a second name somewhere (a hard link)",
        "device": "a device",
    }
    (tmp_path / "hers").unlink()
    assert "hers" in look(outbox)


UNPRIVILEGED = """if True:
    import os, sys
    from pathlib import Path
    from faxd.outbound.intake.ignore import Ignored
    from faxd.outbound.intake.outbox import open_outbox
    path = Path(sys.argv[1])
    with open_outbox(path, mark="m") as outbox:
        (path / "own").touch()
        os.link(path / "own", path / "own too")
        look = outbox.look(Ignored())
        print(sorted(file.path for file in look.files))
        for what in sorted(look.strange, key=lambda what: what.path):
            print(what.path, "|", what.reason)
    """


@needs_root
def test_what_may_not_be_read_or_moved(path: Path, tmp_path: Path) -> None:
    for folder in (path, *path.parents[:3]):
        folder.chmod(0o777)
    for name, mode in (("private", 0o600), ("shared", 0o644), ("group", 0o640)):
        (path / name).touch()
        (path / name).chmod(mode)
    (path / "mine").mkdir(mode=0o755)
    (path / "mine" / "x.pdf").touch()
    (path / "closed").mkdir(mode=0o700)
    (tmp_path / "linked").touch()
    os.link(tmp_path / "linked", path / "linked")
    printed = nobody(UNPRIVILEGED, path).splitlines()
    assert printed[0] == "['shared']"
    linked = (
        "a file that has a second name somewhere (a hard link), and might be what its owner keeps"
        " secret"
    )
    assert [line.split(";")[0] for line in printed[1:]] == [
        "closed | a folder that cannot be read: Permission denied",
        "group | a file that faxd may not read",
        f"linked | {linked}",
        "mine | a folder that faxd may not move files out of, or that is on a disk of its own",
        # Even faxd's own: by its other name it could be changed after it was taken.
        f"own | {linked}",
        f"own too | {linked}",
        "private | a file that faxd may not read",
    ]


def test_a_folder_on_another_disk(outbox: Outbox, path: Path) -> None:
    with disk(path / "fax"):
        (path / "fax" / "a.pdf").touch()
        assert list(strange(outbox)) == ["fax"]
        assert look(outbox) == {}
    assert strange(outbox) == {}


def test_an_outbox_that_is_replaced_while_it_is_open(outbox: Outbox, path: Path) -> None:
    path.rename(path.with_name("old"))
    with pytest.raises(OutboxUnusable, match="is gone, or something else has been mounted"):
        outbox.look(Ignored())
    path.mkdir()
    with pytest.raises(OutboxUnusable, match="mounted"):
        outbox.look(Ignored())


def test_a_folder_that_goes_during_a_look(outbox: Outbox, path: Path) -> None:
    """The office deletes and makes files and folders all the time."""
    for number in range(50):
        (path / f"{number}").mkdir()
        (path / f"{number}" / "x.pdf").touch()

    def office(name: str) -> bool:
        if name.isdigit():
            shutil.rmtree(path / name)
        elif name == "fax":
            (path / name).rmdir()
            (path / name).symlink_to("/tmp")
        return name == ".faxd"

    look = outbox.look(office)
    assert look.files == []


def test_ten_thousand_files_are_seen_cheaply(outbox: Outbox, path: Path) -> None:
    for number in range(10_000):
        os.close(os.open(path / f"{number}.pdf", os.O_CREAT | os.O_WRONLY))
    before = open_descriptors()
    start = time.process_time()
    assert len(outbox.look(Ignored()).files) == 10_000
    assert time.process_time() - start < 1
    assert open_descriptors() <= before
