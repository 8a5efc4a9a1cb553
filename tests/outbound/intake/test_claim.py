"""Taking files: once, whole, in order, and giving back what is not."""

from __future__ import annotations

import mmap
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from faxd import durable
from faxd.outbound.intake.claim import (
    Claimed,
    Writers,
    claim,
    claims,
    free_of_writers,
    give_back,
    remove,
    sync,
)
from faxd.outbound.intake.outbox import Outbox, OutboxUnusable, open_outbox
from faxd.outbound.intake.settle import Settler
from tests.places import ROOT, child, disk, nobody, open_descriptors

from .conftest import look, strange, tree

needs_root = pytest.mark.skipif(not ROOT, reason="needs root to give a file away")


@pytest.fixture(params=["renameat2", "link"])
def take(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to move: the second one is for file systems (NFS) without the first."""
    if request.param == "link":
        monkeypatch.setattr(durable, "_rename_noreplace", lambda *_: False)
    return str(request.param)


def drop(path: Path, name: str, data: bytes = b"%PDF") -> Path:
    (path / name).write_bytes(data)
    return path / name


def take_all(outbox: Outbox, *names: str) -> Claimed | None:
    found = look(outbox)
    return claim(outbox, [found[name] for name in names], outbox.new_name())


@pytest.mark.usefixtures("take")
def test_files_are_taken_together(outbox: Outbox, path: Path) -> None:
    for name in ("fax/Befund.pdf", "fax/Befund.pdf.toml", "fax/other.pdf"):
        drop(path, name, name.encode())
    before = open_descriptors()
    claimed = take_all(outbox, "fax/Befund.pdf", "fax/Befund.pdf.toml")
    assert claimed is not None
    sync(outbox, [claimed])
    assert open_descriptors() == before
    assert tree(path) == [
        f".faxd/{claimed.name}/Befund.pdf",
        f".faxd/{claimed.name}/Befund.pdf.toml",
        "fax/other.pdf",
    ]
    assert (path / ".faxd" / claimed.name / "Befund.pdf").read_bytes() == b"fax/Befund.pdf"
    assert (path / ".faxd" / claimed.name).stat().st_mode & 0o777 == 0o700
    assert (claimed.folders, [file.name for file in claimed.files]) == (
        ("fax",), ["Befund.pdf", "Befund.pdf.toml"],
    )  # fmt: skip
    assert claims(outbox) == [claimed.name]
    remove(outbox, claimed.name)
    remove(outbox, claimed.name)
    assert (claims(outbox), tree(path)) == ([], ["fax/other.pdf"])


def test_claims_of_another_ledger_are_not_ours(outbox: Outbox, path: Path) -> None:
    drop(path, "a")
    drop(path, "b")
    mine = take_all(outbox, "a")
    with open_outbox(path, mark="m12") as other:
        hers = take_all(other, "b")
        assert mine and hers
        (path / ".faxd" / "m1-file").touch()
        assert (claims(outbox), claims(other)) == ([mine.name], [hers.name])


# --- who is writing ---


@pytest.mark.parametrize(
    ("flags", "writers"),
    [
        (None, Writers.NOBODY),
        (os.O_RDONLY, Writers.NOBODY),
        (os.O_PATH, Writers.NOBODY),
        (os.O_WRONLY, Writers.SOMEBODY),
        (os.O_RDWR | os.O_APPEND, Writers.SOMEBODY),
    ],
)
def test_an_open_file(outbox: Outbox, path: Path, flags: int | None, writers: Writers) -> None:
    file = drop(path, "a.pdf")
    fd = None if flags is None else os.open(file, flags)
    before = open_descriptors()
    assert free_of_writers(outbox.root, "a.pdf") is writers
    assert free_of_writers(outbox.root, "a.pdf", blind=True) is Writers.UNKNOWN
    assert open_descriptors() == before
    if fd is not None:
        os.close(fd)
    assert free_of_writers(outbox.root, "a.pdf") is Writers.NOBODY


def test_a_file_that_is_mapped_for_writing(outbox: Outbox, path: Path) -> None:
    fd = os.open(drop(path, "a.pdf"), os.O_RDWR)
    with mmap.mmap(fd, 4):
        os.close(fd)
        assert free_of_writers(outbox.root, "a.pdf") is Writers.SOMEBODY
        assert take_all(outbox, "a.pdf") is None
    assert free_of_writers(outbox.root, "a.pdf") is Writers.NOBODY


LEASE = """if True:
    import fcntl, os, signal, sys
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    fd = os.open(sys.argv[1], os.O_RDWR)
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    print("held", flush=True)
    sys.stdin.readline()
    """


def test_a_lease_of_somebodys_as_smbd_may_have(outbox: Outbox, path: Path) -> None:
    drop(path, "a.pdf")
    before = look(outbox)["a.pdf"]
    with child(LEASE, path / "a.pdf") as holder:
        assert holder.stdin and holder.stdout and holder.stdout.readline()
        start = time.monotonic()
        assert free_of_writers(outbox.root, "a.pdf") is Writers.SOMEBODY
        assert claim(outbox, [before], outbox.new_name()) is None
        assert time.monotonic() - start < 1, "not waited for"
        holder.stdin.write("\n")
    assert tree(path) == ["a.pdf"]


@needs_root
def test_a_file_of_somebody_elses_cannot_be_asked_about(path: Path) -> None:
    for folder in (path, *path.parents[:3]):
        folder.chmod(0o777)
    drop(path, "hers.pdf").chmod(0o664)
    code = """if True:
        import sys
        from pathlib import Path
        from faxd.outbound.intake.claim import claim, free_of_writers
        from faxd.outbound.intake.ignore import Ignored
        from faxd.outbound.intake.outbox import open_outbox
        with open_outbox(Path(sys.argv[1]), mark="m") as outbox:
            print(free_of_writers(outbox.root, "hers.pdf"))
            print(claim(outbox, outbox.look(Ignored()).files, "m-1") is not None)
        """
    assert nobody(code, path).splitlines() == ["Writers.UNKNOWN", "True"]
    assert tree(path) == [".faxd/m-1/hers.pdf"]


@pytest.mark.parametrize("what", ["link", "pipe", "folder", "nothing"])
def test_what_is_no_file_is_not_waited_for(outbox: Outbox, path: Path, what: str) -> None:
    make: dict[str, Callable[[], object]] = {
        "link": lambda: (path / "x").symlink_to("/etc/passwd"),
        "pipe": lambda: os.mkfifo(path / "x"),
        "folder": lambda: (path / "x").mkdir(),
        "nothing": lambda: None,
    }
    make[what]()
    with pytest.raises(OSError):
        free_of_writers(outbox.root, "x")


#: the main thread looks again and again; nothing is done about signals, as in a bare daemon
LOOKER = """if True:
    import sys, threading
    from pathlib import Path
    from faxd.durable import Folder
    from faxd.outbound.intake.claim import free_of_writers
    with Folder.open(Path(sys.argv[1])) as folder:
        print("looking", flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), stop.set())).start()
        stop = threading.Event()
        seen = set()
        while not stop.is_set():
            seen.add(free_of_writers(folder, "a.pdf").value)
        print(sorted(seen))
    """


def test_a_writer_who_comes_while_the_lease_is_held_ends_nothing(path: Path) -> None:
    drop(path, "a.pdf")
    with child(LOOKER, path) as looker:
        assert looker.stdin and looker.stdout and looker.stdout.readline()
        for _ in range(3000):
            with (path / "a.pdf").open("ab"):
                pass
        time.sleep(0.2)
        with (path / "a.pdf").open("ab"):
            time.sleep(0.2)
        looker.stdin.close()
        looker.stdin = None
        assert looker.stdout.read() == "['nobody', 'somebody']\n"
    assert looker.returncode == 0


BREAK = """if True:
    import fcntl, os, signal, sys, threading, time
    if sys.argv[2] != "0":
        import faxd.outbound.intake.claim as module
        real = fcntl.fcntl
        def slowly(fd, command, value):
            if command == fcntl.F_SETLEASE and value == fcntl.F_UNLCK:
                print("held", flush=True)
                time.sleep(0.5)
            return real(fd, command, value)
        fcntl.fcntl = slowly
        fd = os.open(sys.argv[1], os.O_RDONLY)
        print(module._writers(fd).value, flush=True)
    else:
        fd = os.open(sys.argv[1], os.O_RDONLY)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        print("held", flush=True)
        time.sleep(5)
    """


@pytest.mark.parametrize("as_faxd", [True, False])
def test_the_lease_is_broken_while_it_is_held(path: Path, as_faxd: bool) -> None:
    """The second case shows that the first one proves something."""
    drop(path, "a.pdf")
    with child(BREAK, path / "a.pdf", int(as_faxd)) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        with (path / "a.pdf").open("ab") as file:  # waits until the lease is given up
            file.write(b"more")
        printed = holder.stdout.read()
    if as_faxd:
        assert (printed, holder.returncode) == ("nobody\n", 0)
    else:
        assert holder.returncode == -signal.SIGIO


# --- what comes between a look and a claim ---


def replaced(path: Path) -> None:
    drop(path.parent, "new", b"another").rename(path)


def became_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def became_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def grew(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def was_rewritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"%pdf")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))


CHANGES = [replaced, became_a_link, became_a_pipe, grew, was_rewritten, Path.unlink]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_as_it_was_seen_is_not_taken(
    outbox: Outbox, path: Path, change: Callable[[Path], None]
) -> None:
    drop(path, "a.pdf.toml")
    drop(path, "a.pdf")
    found = look(outbox)
    change(path / "a.pdf")
    after = [p for p in (path / "a.pdf", path / "a.pdf.toml") if p.is_symlink() or p.exists()]
    before = {p: p.lstat() for p in after}
    files = [found["a.pdf.toml"], found["a.pdf"]]
    assert claim(outbox, files, outbox.new_name()) is None
    assert claims(outbox) == []
    assert tree(path) == [p.name for p in after]
    assert {p: p.lstat().st_ino for p in after} == {p: s.st_ino for p, s in before.items()}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.usefixtures("take")
def test_what_changes_in_the_last_moment_comes_back(
    outbox: Outbox, path: Path, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("1.pdf", "2.pdf"):
        drop(path, name)
    files = list(look(outbox).values())
    real = durable.Folder.take
    calls: list[str] = []

    def office_is_quick(self: durable.Folder, source: durable.Folder, name: str, new: str) -> None:
        if not calls:
            change(path / files[1].name)
            drop(path, "3.pdf")
        calls.append(name)
        real(self, source, name, new)

    monkeypatch.setattr(durable.Folder, "take", office_is_quick)
    assert claim(outbox, files, outbox.new_name()) is None
    assert claims(outbox) == []
    gone = set() if change is not Path.unlink else {files[1].name}
    assert tree(path) == sorted({"1.pdf", "2.pdf", "3.pdf"} - gone)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("a.pdf", "a (2).pdf"),
        ("b", "b (2)"),
        ("x" * 251 + ".pdf", "x" * 245 + " (2).pdf"),
        ("ä" * 127, "ä" * 124 + " (2)"),
    ],
)
def test_its_name_is_taken_when_it_comes_back(
    outbox: Outbox, path: Path, name: str, other: str
) -> None:
    drop(path, name, b"old")
    claimed = take_all(outbox, name)
    assert claimed
    drop(path, name, b"new")
    assert give_back(outbox, claimed.name, claimed.folders) == [other]
    assert ((path / name).read_bytes(), (path / other).read_bytes()) == (b"new", b"old")
    assert claims(outbox) == []


def test_who_had_it_open_before_still_writes(outbox: Outbox, path: Path) -> None:
    """Opened, idle for long, taken, written: it must come back, and be taken when it is whole."""
    file = drop(path, "a.pdf")
    with file.open("ab", buffering=0) as writer:
        assert take_all(outbox, "a.pdf") is None
        assert tree(path) == ["a.pdf"]
        writer.write(b" and more")
    assert take_all(outbox, "a.pdf") is not None
    assert [p.read_bytes() for p in path.rglob("a.pdf")] == [b"%PDF and more"]


def test_the_folder_is_deleted_while_a_file_is_away(
    outbox: Outbox, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path / "fax" / "+4940123456").mkdir()
    with drop(path, "fax/+4940123456/a.pdf").open("ab"):
        file = look(outbox)["fax/+4940123456/a.pdf"]
        real = durable.Folder.take

        def office_is_quick(
            self: durable.Folder, source: durable.Folder, name: str, new: str
        ) -> None:
            real(self, source, name, new)
            with suppress(OSError):
                (path / "fax" / "+4940123456").rmdir()

        monkeypatch.setattr(durable.Folder, "take", office_is_quick)
        assert claim(outbox, [file], outbox.new_name()) is None
    assert tree(path) == ["fax/+4940123456/a.pdf"]


def test_a_folder_that_is_gone(outbox: Outbox, path: Path) -> None:
    (path / "fax" / "x").mkdir()
    drop(path, "fax/x/a.pdf")
    file = look(outbox)["fax/x/a.pdf"]
    (path / "fax" / "x").rename(path / "fax" / "y")
    assert claim(outbox, [file], outbox.new_name()) is None
    (path / "fax" / "x").symlink_to(path / "fax" / "y")
    assert claim(outbox, [file], outbox.new_name()) is None
    assert tree(path) == ["fax/x", "fax/y/a.pdf"]


@needs_root
def test_what_may_not_be_moved_or_read_says_what_to_do(path: Path) -> None:
    for folder in path.parents[:3]:
        folder.chmod(0o777)
    path.chmod(0o1777)  # sticky: only the owner may move a file
    drop(path, "hers.pdf").chmod(0o664)
    code = """if True:
        import os, sys
        from pathlib import Path
        from faxd.outbound.intake.claim import Untakable, claim
        from faxd.outbound.intake.ignore import Ignored
        from faxd.outbound.intake.outbox import open_outbox
        path = Path(sys.argv[1])
        with open_outbox(path, mark="m") as outbox:
            files = outbox.look(Ignored()).files
            (path / "own.pdf").touch()
            own = [file for file in outbox.look(Ignored()).files if file.name == "own.pdf"]
            (path / "own.pdf").chmod(0)
            for number, file in enumerate((files, own, own + files)):
                try:
                    claim(outbox, file, f"m-{number}")
                except Untakable as error:
                    print(error)
        """
    printed = nobody(code, path).splitlines()
    assert printed[0].startswith("hers.pdf: a file that faxd may not move: Operation not permitted")
    assert printed[1].startswith("own.pdf: a file that faxd may not read; give faxd's group")
    assert len(printed) == 3
    assert tree(path) == ["hers.pdf", "own.pdf"]
    assert list((path / ".faxd").iterdir()) == []


def test_nothing_can_be_taken(path: Path) -> None:
    with disk(path, "size=1m,nr_inodes=12"), open_outbox(path, mark="m") as outbox:
        with suppress(OSError):
            for number in range(20):
                drop(path, f"{number}")
        with pytest.raises(OutboxUnusable, match="No space left"):
            take_all(outbox, "0")
        (path / "1").unlink()
        claimed = take_all(outbox, "0")
        assert claimed
        (path / ".faxd" / claimed.name).rename(path / ".faxd" / "away")
        with pytest.raises(OutboxUnusable, match="cannot be made durable"):
            sync(outbox, [claimed])


def test_the_hidden_folder_is_deleted(outbox: Outbox, path: Path) -> None:
    drop(path, "a")
    (path / ".faxd").rmdir()
    with pytest.raises(OutboxUnusable):
        take_all(outbox, "a")
    assert tree(path) == ["a"]


# --- giving back ---


@pytest.mark.usefixtures("take")
def test_a_claim_that_nobody_knows_goes_back(outbox: Outbox, path: Path) -> None:
    (path / "fax" / "x").mkdir()
    for name in ("a.pdf", "a.pdf.toml"):
        drop(path, f"fax/x/{name}")
    claimed = take_all(outbox, "fax/x/a.pdf", "fax/x/a.pdf.toml")
    assert claimed
    (path / "fax" / "x").rmdir()
    assert give_back(outbox, claimed.name, claimed.folders) == ["a.pdf", "a.pdf.toml"]
    assert give_back(outbox, claimed.name, claimed.folders) == []
    assert tree(path) == ["fax/x/a.pdf", "fax/x/a.pdf.toml"]
    assert claims(outbox) == []


def test_a_death_between_link_and_unlink(outbox: Outbox, path: Path) -> None:
    drop(path, "a.pdf")
    (path / ".faxd" / "m1-1").mkdir()
    os.link(path / "a.pdf", path / ".faxd" / "m1-1" / "a.pdf")
    if ROOT:
        assert "a.pdf" in strange(outbox)
    assert give_back(outbox, "m1-1", ()) == ["a.pdf"]
    assert tree(path) == ["a.pdf"]
    assert "a.pdf" in look(outbox)


def test_there_is_no_way_back(outbox: Outbox, path: Path) -> None:
    drop(path, "fax/a.pdf")
    claimed = take_all(outbox, "fax/a.pdf")
    assert claimed
    (path / "fax").rmdir()
    (path / "fax").touch()
    with pytest.raises(NotADirectoryError):
        give_back(outbox, claimed.name, ("fax",))
    assert claims(outbox) == [claimed.name]
    assert tree(path) == [f".faxd/{claimed.name}/a.pdf", "fax"]


# --- as it is meant to be used ---


class Intake:
    """The shortest daemon: looks, waits, takes, in a thread of its own."""

    def __init__(self, path: Path, *, settle: float = 0.1, blind: bool = False) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self._path = path
        self._blind = blind
        self._settler = Settler(settle, settle * 3)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Intake:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait(self, count: int, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while len(self.taken) < count and time.monotonic() < end:
            time.sleep(0.02)

    def _run(self) -> None:
        with open_outbox(self._path, mark="m", blind=self._blind) as outbox:
            while not self._stop.wait(0.02):
                self._settler.observe(look(outbox).values(), time.monotonic())
                batch = []
                now = time.monotonic()
                for file in self._settler.settled(now):
                    try:
                        with outbox.folder(file.folders) as folder:
                            writers = free_of_writers(folder, file.name, blind=outbox.blind)
                    except OSError:
                        continue
                    blind_still = self._settler.is_settled_blind(file, now)
                    if writers is Writers.NOBODY or (writers is Writers.UNKNOWN and blind_still):
                        batch.append(claim(outbox, [file], outbox.new_name()))
                done = [claimed for claimed in batch if claimed]
                sync(outbox, done)
                for claimed in done:
                    with outbox.hidden.existing(claimed.name) as folder:
                        name = claimed.files[0].name
                        with folder.read(name) as content:
                            self.taken.append((name, content.read()))
                    remove(outbox, claimed.name)


WRITE = """if True:
    import sys, time
    from pathlib import Path
    path, way = Path(sys.argv[1]), sys.argv[2]
    piece = b"x" * 1000
    if way == "slow":
        with path.open("wb", buffering=0) as file:
            for _ in range(5):
                file.write(piece)
                time.sleep(0.25)
    elif way == "open and close":
        for _ in range(5):
            with path.open("ab") as file:
                file.write(piece)
            time.sleep(0.05)
    elif way == "rename":
        part = path.with_suffix(".part")
        with part.open("wb", buffering=0) as file:
            for _ in range(5):
                file.write(piece)
                time.sleep(0.15)
        part.rename(path)
    elif way == "size first":
        with path.open("wb", buffering=0) as file:
            file.truncate(5000)
            time.sleep(0.5)
            for _ in range(5):
                file.write(piece)
    """


@pytest.mark.parametrize("way", ["slow", "open and close", "rename", "size first"])
def test_however_it_is_written_it_is_taken_once_and_whole(path: Path, way: str) -> None:
    with Intake(path) as intake, child(WRITE, path / "a.pdf", way) as writer:
        writer.wait()
        intake.wait(1)
        time.sleep(0.4)
    assert intake.taken == [("a.pdf", b"x" * 5000)]
    assert tree(path) == []


def test_where_nobody_knows_who_writes_it_must_stand_still_longer(path: Path) -> None:
    with Intake(path, settle=0.2, blind=True) as intake:
        with child(WRITE, path / "a.pdf", "slow") as writer:
            writer.wait()
        assert intake.taken == [], "pauses of 0.25 s are no end"
        intake.wait(1)
    assert intake.taken == [("a.pdf", b"x" * 5000)]


def test_two_thousand_at_once_are_taken_once_each_in_order(path: Path) -> None:
    before = open_descriptors()
    with Intake(path) as intake:
        for number in range(2000):
            drop(path, f"{number}.pdf", str(number).encode())
        intake.wait(2000)
    assert len(intake.taken) == 2000
    assert [content for _, content in intake.taken] == [str(n).encode() for n in range(2000)]
    assert tree(path) == []
    assert open_descriptors() == before


def test_two_who_take_get_each_file_once(path: Path) -> None:
    with Intake(path) as one, Intake(path) as other:
        for number in range(300):
            drop(path, f"{number}", b"x")
        end = time.monotonic() + 30
        while len(one.taken) + len(other.taken) < 300 and time.monotonic() < end:
            time.sleep(0.05)
    assert sorted(name for name, _ in one.taken + other.taken) == sorted(map(str, range(300)))
