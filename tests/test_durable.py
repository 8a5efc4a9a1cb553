"""Whole or not at all: what is published, synced, refused and removed."""

from __future__ import annotations

import os
import re
import resource
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faxd import durable
from faxd.durable import Folder, Part, descend, replace_file

from .places import ROOT, disk, nobody, open_descriptors, remount

needs_root = pytest.mark.skipif(not ROOT, reason="needs root to give a file away")


@pytest.fixture(params=["renameat2", "link"])
def take(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to publish: the second one is for file systems (NFS) without the first."""
    if request.param == "link":
        monkeypatch.setattr(durable, "_rename_noreplace", lambda *_: False)
    return str(request.param)


def publish(path: Path, name: str, data: bytes = b"fax") -> None:
    """A file's whole way, as a fax goes it."""
    with (
        Folder.open(path) as root,
        root.child(".faxd", mode=0o700) as hidden,
        hidden.part("1") as part,
    ):
        part.file.write(data)
        part.sync(mode=0o640, mtime=1_000_000_000)
        part.publish(root, name)


def names(path: Path) -> list[str]:
    return sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.name != ".faxd")


def test_a_published_file_is_whole_and_alone(tmp_path: Path, take: str) -> None:
    publish(tmp_path, "a.tif")
    status = (tmp_path / "a.tif").stat()
    assert (tmp_path / "a.tif").read_bytes() == b"fax"
    assert stat.S_IMODE(status.st_mode) == 0o640
    assert (status.st_mtime, status.st_nlink) == (1_000_000_000, 1)
    assert stat.S_IMODE((tmp_path / ".faxd").stat().st_mode) == 0o700
    assert names(tmp_path) == ["a.tif"]


@pytest.mark.parametrize("what", ["file", "folder", "link", "dangling link", "pipe"])
def test_nothing_is_ever_replaced(tmp_path: Path, take: str, what: str) -> None:
    target, other = tmp_path / "a.tif", tmp_path / "other"
    other.write_bytes(b"old")
    make: dict[str, Callable[[], object]] = {
        "file": lambda: target.write_bytes(b"old"),
        "folder": lambda: target.mkdir(),
        "link": lambda: target.symlink_to(other),
        "dangling link": lambda: target.symlink_to(tmp_path / "nowhere"),
        "pipe": lambda: os.mkfifo(target),
    }
    make[what]()
    before = target.lstat()
    with pytest.raises(FileExistsError):
        publish(tmp_path, "a.tif")
    after = target.lstat()
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (
        before.st_ino, before.st_mtime_ns, before.st_mode,
    )  # fmt: skip
    assert other.read_bytes() == b"old"
    assert names(tmp_path) == ["a.tif", "other"]


def test_a_taken_name_leaves_the_part_for_another_one(tmp_path: Path, take: str) -> None:
    (tmp_path / "a").touch()
    with Folder.open(tmp_path) as root, root.part("1") as part:
        part.file.write(b"fax")
        part.sync(mode=0o600)
        with pytest.raises(FileExistsError):
            part.publish(root, "a")
        assert not part.published
        part.publish(root, "b")
    assert (tmp_path / "b").read_bytes() == b"fax"
    assert names(tmp_path) == ["a", "b"]


def test_a_part_is_private_and_goes_when_something_goes_wrong(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as root:
        with pytest.raises(KeyError), root.part("1") as part:
            assert re.fullmatch(r"1-[0-9a-f]{16}\.part", part.name)
            assert stat.S_IMODE((tmp_path / part.name).stat().st_mode) == 0o600
            raise KeyError
        assert names(tmp_path) == []
        with root.part("1") as part:
            part.kept = True
        assert names(tmp_path) == [part.name]
        # The office, or a sweep, was quicker.
        with root.part("1") as part:
            root.remove(part.name)
    assert part.file.closed


def test_what_fails_while_cleaning_up_hides_nothing(tmp_path: Path) -> None:
    with disk(tmp_path / "disk") as folder, Folder.open(folder) as root:
        with pytest.raises(KeyError), root.part("1") as part:
            with suppress(OSError):
                (folder / "full").write_bytes(bytes(2 << 20))
            part.file.write(b"in the buffer, and closing cannot write it")
            raise KeyError
        assert part.file.closed
        assert names(folder) == ["full"]


@pytest.mark.usefixtures("take")
def test_a_full_disk(tmp_path: Path) -> None:
    with disk(tmp_path / "disk") as folder:
        with pytest.raises(OSError, match="No space left"):
            publish(folder, "a.tif", os.urandom(2 << 20))
        assert names(folder) == []
        with Folder.open(folder) as root:
            assert 0 < root.free_bytes() <= 1 << 20


def test_a_read_only_disk(tmp_path: Path) -> None:
    with disk(tmp_path / "disk") as folder:
        publish(folder, "a.tif")
        remount(folder, "ro")
        with pytest.raises(OSError, match="Read-only"):
            publish(folder, "b.tif")
        assert names(folder) == ["a.tif"]


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, old[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            publish(tmp_path, "a.tif", bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert names(tmp_path) == []


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    with pytest.raises(FileNotFoundError):
        Folder.open(folder)
    folder.mkdir()
    with Folder.open(folder) as root, root.part("1") as part:
        root.remove(part.name)
        folder.rmdir()
        with pytest.raises(FileNotFoundError):
            root.part("1")
        with pytest.raises(FileNotFoundError):
            part.publish(root, "a.tif")
        with pytest.raises(FileNotFoundError):
            root.child("sub", mode=0o700)


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    code = """if True:
        import sys
        from pathlib import Path
        from faxd.durable import Folder
        with Folder.open(Path(sys.argv[1])) as root:
            for what in (lambda: root.part("1"), lambda: root.child("x", mode=0o700)):
                try:
                    what()
                except OSError as error:
                    print(error.strerror)
        """
    assert nobody(code, tmp_path).splitlines() == ["Permission denied"] * 2


@pytest.mark.usefixtures("take")
def test_a_name_that_cannot_be(tmp_path: Path) -> None:
    for name in ("x" * 256, "no/where", ""):
        with pytest.raises(OSError):
            publish(tmp_path, name)
    assert names(tmp_path) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"x")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "sub").symlink_to(outside)
    (inbox / "file").symlink_to(outside / "secret")
    os.mkfifo(inbox / "pipe")
    with Folder.open(inbox) as root:
        with pytest.raises(NotADirectoryError):
            root.child("sub", mode=0o700)
        with pytest.raises(NotADirectoryError), descend(root, ["sub", "x"], mode=0o700, gid=None):
            pass
        for name in ("file", "pipe", "sub"):
            with pytest.raises(OSError):
                root.read(name)
        assert root.has("sub")
        assert root.inode("file") != root.inode("pipe")
        assert root.inode("nothing") is None
        root.remove("file")
    assert names(outside) == ["secret"]


def test_an_inbox_may_be_a_link_of_the_administrators(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "inbox").symlink_to(tmp_path / "disk")
    publish(tmp_path / "inbox", "a.tif")
    assert names(tmp_path / "disk") == ["a.tif"]


def test_folders_are_made_with_their_mode(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        with Folder.open(tmp_path) as root:
            with descend(root, ["2026", "03"], mode=0o770, gid=None) as folder:
                assert folder.path == tmp_path / "2026" / "03"
            (tmp_path / "2026").chmod(0o700)
            with (
                descend(root, ["2026"], mode=0o770, gid=None),
                descend(root, [], mode=0, gid=None) as same,
            ):
                assert same is root
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "2026" / "03").stat().st_mode) == 0o770
    assert stat.S_IMODE((tmp_path / "2026").stat().st_mode) == 0o700, "left as the office made it"


@needs_root
def test_group_and_set_group_id(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    os.chown(tmp_path, -1, 4321)
    with (
        Folder.open(tmp_path) as root,
        root.child("a", mode=0o750) as a,
        root.child("b", mode=0o750, gid=99),
        a.part("1") as p,
    ):
        p.sync(mode=0o640, gid=77)
        p.publish(a, "x")
    for name, gid, mode in (("a", 4321, 0o2750), ("b", 99, 0o2750), ("a/x", 77, 0o640)):
        status = (tmp_path / name).stat()
        assert (name, status.st_gid, stat.S_IMODE(status.st_mode)) == (name, gid, mode)


def test_a_group_that_may_not_be_given(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o777)
    code = """if True:
        import sys
        from pathlib import Path
        from faxd.durable import Folder
        try:
            with Folder.open(Path(sys.argv[1])) as root, root.part("1") as part:
                part.sync(mode=0o640, gid=0)
        except OSError as error:
            print(error.strerror)
        """
    assert nobody(code, tmp_path).strip() == "Operation not permitted"
    assert names(tmp_path) == []


def test_a_folder_is_told_from_another_in_its_place(tmp_path: Path) -> None:
    seen = set()
    for _ in range(2):
        with disk(tmp_path / "disk") as folder, Folder.open(folder) as root:
            (folder / "x").mkdir()
            with root.existing("x") as one, root.existing("x") as again:
                assert one.identity() == again.identity()
                seen.add((one.identity(), (folder / "x").stat().st_ino))
    # Two new file systems: the same inode number, and still not the same folder.
    assert len({inode for _, inode in seen}) == 1
    assert len({identity for identity, _ in seen}) == 2


def test_a_file_of_faxds_own_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "wsdl.xml"
    for data in (b"one", b"two"):
        replace_file(path, data)
        assert path.read_bytes() == data
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with disk(tmp_path / "disk") as folder:
        replace_file(folder / "x", b"old")
        with pytest.raises(OSError, match="No space"):
            replace_file(folder / "x", bytes(2 << 20))
        assert (folder / "x").read_bytes() == b"old"
        assert names(folder) == ["x"]
    assert names(tmp_path) == ["disk", "wsdl.xml"]


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = open_descriptors()
    for name in ("a", "a", "b"):
        with suppress(FileExistsError):
            publish(tmp_path, name)
    with Folder.open(tmp_path) as root:
        for bad in (lambda: root.child("file", mode=0o700), lambda: root.read(".faxd")):
            with pytest.raises(OSError):
                bad()
        root.close()
    assert open_descriptors() == before


@given(data=st.binary(max_size=200_000), pieces=st.integers(1, 5))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_byte_arrives(tmp_path: Path, data: bytes, pieces: int) -> None:
    with Folder.open(tmp_path) as root, root.part("1") as part:
        size = len(data) // pieces + 1
        for start in range(0, len(data), size):
            part.file.write(data[start : start + size])
        part.sync(mode=0o600)
        part.publish(root, "a")
        assert isinstance(part, Part)
        with root.read("a") as file:
            assert file.read() == data
        root.remove("a")
        root.remove("a")


def test_a_fresh_folder_is_new_and_private(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as root:
        with root.fresh("a") as folder:
            assert folder.path == tmp_path / "a"
            (tmp_path / "a" / "x").touch()
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
        with pytest.raises(FileExistsError):
            root.fresh("a")
        with pytest.raises(OSError, match="not empty"):
            root.remove_folder("a")
        (tmp_path / "a" / "x").unlink()
        root.remove_folder("a")
        root.remove_folder("a")
    assert names(tmp_path) == []


def test_what_is_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"fax")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "sub").mkdir()
    with Folder.open(tmp_path) as root:
        for _ in range(2):
            entries = {entry.name: entry for entry in root.entries()}
            assert set(entries) == {"file", "link", "sub"}
        assert entries["sub"].is_dir(follow_symlinks=False)
        found, link = root.status("file"), root.status("link")
        assert found is not None and link is not None
        assert (found.st_size, stat.S_ISLNK(link.st_mode)) == (3, True)
        assert entries["file"].stat(follow_symlinks=False).st_ino == found.st_ino
        assert root.status("nothing") is None
        assert root.may_read("file") and not root.may_read("nothing")


def test_a_folder_that_is_not_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.mkdir()
    with Folder.open(path) as folder:
        assert folder.is_at(path)
        path.rename(tmp_path / "y")
        assert not folder.is_at(path)
        path.symlink_to("y")
        assert folder.is_at(path), "a link of the administrator's is as good"
        path.unlink()
        path.mkdir()
        assert not folder.is_at(path)
