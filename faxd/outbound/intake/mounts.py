"""Whether other machines write to a folder, too: then inotify and leases tell only half.

inotify(7) sees nothing of what another machine does to a network mount, and there a lease is
refused for reasons of the cache's as well as for a writer (fs/smb/client, fs/nfs: EAGAIN).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

#: file systems whose files come from elsewhere; all of fuse.* as well
NETWORK = frozenset(
    {
        *(
            "nfs",
            "nfs4",
            "cifs",
            "smb2",
            "smb3",
            "smbfs",
            "ncpfs",
            "afs",
            "coda",
            "davfs",
            "davfs2",
        ),
        *("9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs"),  # of a virtual machine's host
        *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "orangefs", "pvfs2", "gfs2", "ocfs2"),
        *("fuse", "autofs"),
    }
)


def is_network(path: Path) -> bool:
    """Whether a folder lies on a file system that other machines can change.

    For one that is not there (yet) its nearest parent answers. False if the kernel does not say.
    """
    for folder in (path, *path.absolute().parents):
        try:
            # O_DIRECTORY mounts what automount has not yet mounted.
            fd = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            about = Path(f"/proc/self/fdinfo/{fd}").read_text()
            mounts = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
        except OSError:
            return False
        finally:
            os.close(fd)
        return is_network_type(type_of(mounts, mount_id(about)))
    return False


def mount_of(path: Path) -> tuple[int, int] | None:
    """What tells the mount that a folder is on from others; None if the folder cannot be opened.

    Its device alone would not do: between two mounts of one file system nothing can be renamed.
    """
    try:
        fd = os.open(path, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        about = Path(f"/proc/self/fdinfo/{fd}").read_text()
        return os.fstat(fd).st_dev, mount_id(about)
    except OSError:
        return None
    finally:
        os.close(fd)


def is_network_type(kind: str) -> bool:
    """Whether a type of file system is one that other machines can change.

    ``fuseblk`` is a local disk (NTFS, say).
    """
    return kind in NETWORK or kind.startswith("fuse.")


def mount_id(fdinfo: str) -> int:
    """Which mount an open file is on, from /proc/self/fdinfo/N; -1 if it does not say.

    Told by the kernel, not by comparing paths: a mount may hide another one.
    """
    found = re.search(r"^mnt_id:\s*(\d+)$", fdinfo, re.MULTILINE)
    return int(found[1]) if found else -1


def type_of(mountinfo: str, mount: int) -> str:
    """The type of a mount's file system, from /proc/self/mountinfo; empty if it is not there.

    proc_pid_mountinfo(5): id, parent, device, root, mount point and options, then any number of
    optional fields, a lone hyphen, and the type. Blanks in paths are written ``\\040``.
    """
    for line in mountinfo.split("\n"):
        before, hyphen, after = line.partition(" - ")
        if hyphen and before.split(" ", 1)[0] == str(mount):
            return after.split(" ", 1)[0]
    return ""
