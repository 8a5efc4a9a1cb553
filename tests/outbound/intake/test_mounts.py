"""The type of a folder's file system, as the kernel states it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.outbound.intake.mounts import is_network, is_network_type, mount_id, type_of
from faxd.outbound.intake.watch import is_network as the_same
from tests.places import disk

#: as proc_pid_mountinfo(5) shows them: no, one and several optional fields; a mount that hides
#: another; blanks in a path; a source that looks like the separator's end
MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
120 27 0:50 / /srv/office rw shared:7 master:3 - nfs4 server:/office rw,vers=4.2
121 120 0:51 / /srv/office rw,relatime shared:8 - cifs //server/office - rw
122 27 0:52 / /srv/Praxis\040Dr.\040Meier rw - fuse.sshfs meier@server: rw
12 27 0:53 / /srv/twelve rw - fuseblk /dev/sdb1 rw
"""


@pytest.mark.parametrize(
    ("mount", "kind"),
    [
        *((22, "proc"), (36, "ext3"), (120, "nfs4"), (121, "cifs"), (122, "fuse.sshfs")),
        *((12, "fuseblk"), (1, ""), (-1, ""), (2, "")),
    ],
)
def test_the_type_of_a_mount(mount: int, kind: str) -> None:
    assert type_of(MOUNTS, mount) == kind


_WORD = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@given(
    st.dictionaries(st.integers(1, 500), _WORD, max_size=20),
    st.lists(_WORD.map(lambda word: f"x:{word}"), max_size=3),
)
def test_any_table(types: dict[int, str], optional: list[str]) -> None:
    fields = "".join(f" {field}" for field in optional)
    lines = [f"{n} 1 0:{n} / /mnt/{n} rw{fields} - {kind} - rw" for n, kind in types.items()]
    for number in range(1, 501, 7):
        assert type_of("\n".join(lines), number) == types.get(number, "")


@given(st.text())
def test_nonsense_is_no_error(text: str) -> None:
    assert isinstance(type_of(text, 1), str)
    assert isinstance(mount_id(text), int)


def test_the_mount_of_an_open_file() -> None:
    assert mount_id("pos:\t0\nflags:\t012300000\nmnt_id:\t27\nino:\t2\n") == 27
    assert mount_id("") == -1


@pytest.mark.parametrize(
    ("kind", "network"),
    [
        *((kind, True) for kind in ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse", "9p")),
        *((kind, True) for kind in ("ceph", "davfs", "virtiofs")),
        *((kind, False) for kind in ("ext4", "xfs", "btrfs", "tmpfs", "zfs", "overlay")),
        *((kind, False) for kind in ("fuseblk", "nfsd", "")),
    ],
)
def test_which_types_others_can_change(kind: str, network: bool) -> None:
    assert is_network_type(kind) == network


def test_real_folders(tmp_path: Path) -> None:
    assert the_same is is_network
    about = Path("/proc/self/mountinfo").read_text()
    with disk(tmp_path / "disk") as folder:
        (folder / "x").mkdir()
        (tmp_path / "link").symlink_to(folder / "x")
        for path in (folder / "x", tmp_path / "link", folder / "not" / "there"):
            assert not is_network(path)
    fd = os.open("/proc", os.O_PATH)
    number = mount_id(Path(f"/proc/self/fdinfo/{fd}").read_text())
    os.close(fd)
    assert type_of(about, number) == "proc"
