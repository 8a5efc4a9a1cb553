"""What is asked of the kernel, and in which order; proved by strace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .places import traced


def names(path: Path) -> list[str]:
    return sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.name != ".faxd")


PUBLISH = """if True:
    import sys
    from pathlib import Path
    from faxd.durable import Folder, descend
    try:
        with (
            Folder.open(Path(sys.argv[1]) / "inbox") as root,
            root.child(".faxd", mode=0o700) as hidden,
            hidden.part("1") as part,
        ):
            part.file.write(b"fax")
            part.sync(mode=0o600)
            with descend(root, ["2026", "03"], mode=0o700, gid=None) as folder:
                part.publish(folder, "a.tif")
        print("published")
    except OSError as error:
        print(error.strerror)
    """


def test_file_folder_and_parents_are_synced_in_this_order(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    options = ["-e", "trace=mkdirat,fsync,renameat2,write"]
    printed, lines = traced(options, PUBLISH, tmp_path)
    assert printed == "published\n"
    part = r"\.faxd/1-\w+\.part"
    expected = [
        rf'write\(\d+<.*/{part}>, "fax"',
        rf"fsync\(\d+<.*/{part}>\)",
        r"fsync\(\d+<.*/inbox/\.faxd>\)",
        r'mkdirat\(\d+<.*/inbox>, "2026"',
        r"fsync\(\d+<.*/inbox/2026>\)",
        r"fsync\(\d+<.*/inbox>\)",
        r'mkdirat\(\d+<.*/inbox/2026>, "03"',
        r"fsync\(\d+<.*/inbox/2026/03>\)",
        r"fsync\(\d+<.*/inbox/2026>\)",
        r'renameat2\(\d+<.*/inbox/\.faxd>, "1-.*", \d+<.*/03>, "a.tif", RENAME_NOREPLACE\)',
        r"fsync\(\d+<.*/inbox/2026/03>\)",
        r'write\(1<.*>, "published',
    ]
    found = iter(lines)
    for pattern in expected:
        assert any(re.search(pattern, line) for line in found), (pattern, lines)


def test_without_renameat2_a_link_does_it(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    options = ["-e", "trace=renameat2,linkat,unlinkat", "-e", "inject=renameat2:error=EINVAL"]
    printed, lines = traced(options, PUBLISH, tmp_path)
    assert printed == "published\n"
    calls = [line.split()[1].split("(")[0] for line in lines if "inbox" in line]
    assert calls == ["renameat2", "linkat", "unlinkat"]
    assert names(tmp_path / "inbox") == ["2026", "2026/03", "2026/03/a.tif"]


def test_a_link_that_cannot_be_finished_is_undone(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    options = ["-e", "trace=renameat2,unlinkat", "-e", "inject=renameat2:error=ENOSYS"]
    options += ["-e", "inject=unlinkat:error=EIO:when=1"]
    printed, _ = traced(options, PUBLISH, tmp_path)
    assert printed == "Input/output error\n"
    assert names(tmp_path / "inbox") == ["2026", "2026/03"]


@pytest.mark.parametrize("number", range(1, 10))
def test_no_failed_fsync_goes_unnoticed(tmp_path: Path, number: int) -> None:
    (tmp_path / "inbox").mkdir()
    options = ["-e", "trace=fsync", "-e", f"inject=fsync:error=EIO:when={number}"]
    printed, _ = traced(options, PUBLISH, tmp_path)
    assert printed == "Input/output error\n"
