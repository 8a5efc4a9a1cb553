"""A share whose server does not answer: a FUSE file system that nobody serves.

Who looks into it waits in the kernel, as on an NFS server that is gone; only the end of the mount
ends that.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.places import ROOT

_libc = ctypes.CDLL(None, use_errno=True)
_MNT_DETACH = 2


@contextmanager
def hung(path: Path) -> Iterator[None]:
    """Have nothing below a folder answer; who waits gets errors in the end."""
    if not ROOT:
        pytest.skip("takes root to mount a share")
    try:
        fd = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        pytest.skip(f"no FUSE on this machine ({error.strerror})")
    try:
        options = f"fd={fd},rootmode=40755,user_id=0,group_id=0,allow_other"
        if _libc.mount(b"hung", os.fsencode(path), b"fuse", 0, options.encode()) != 0:
            pytest.skip(f"no FUSE on this machine ({os.strerror(ctypes.get_errno())})")
        try:
            yield
        finally:
            os.close(fd)  # which ends the connection: all that wait get ENOTCONN
            fd = -1
            _libc.umount2(os.fsencode(path), _MNT_DETACH)
    finally:
        if fd >= 0:
            os.close(fd)
