"""A Samba server of a test's own, and smbclient as a PC in the office."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from .end_to_end.site import free_port, wait_until
from .places import ROOT

_SMBD = shutil.which("smbd") or shutil.which("smbd", path="/usr/sbin")
_FOLDERS = ("lock", "state", "cache", "pid", "private", "ncalrpc")

#: so that it disturbs no other Samba of this machine
_GLOBAL = """\
[global]
server role = standalone server
smb ports = {port}
interfaces = 127.0.0.1
bind interfaces only = yes
disable netbios = yes
load printers = no
log file = {root}/log
lock directory = {root}/lock
state directory = {root}/state
cache directory = {root}/cache
pid directory = {root}/pid
private dir = {root}/private
ncalrpc dir = {root}/ncalrpc
"""


def require_samba() -> None:
    """Skip what needs a server where there is none."""
    if _SMBD is None or shutil.which("smbclient") is None:
        pytest.skip("Samba is not installed (packages samba and smbclient)")
    if not ROOT:
        pytest.skip("needs root to run a Samba server for several users")


class Samba:
    """A server with one share, called fax; from `start` to `stop`."""

    def __init__(self, root: Path, share: str, more: str = "") -> None:
        """``root`` is for what it keeps; ``share`` are the share's lines, ``more`` the server's."""
        self.root = root
        self.config = root / "smb.conf"
        self._port = free_port()
        for name in _FOLDERS:
            (root / name).mkdir()
        begin = _GLOBAL.format(root=root, port=self._port)
        self.config.write_text(f"{begin}{more}[fax]\n{share}")

    def start(self) -> None:
        assert _SMBD is not None
        # When it ends it ends its whole process group, which must not be that of the tests.
        self._process = subprocess.Popen(
            [_SMBD, "--foreground", "--no-process-group", f"--configfile={self.config}"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self._answers)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def client(self, *more: str) -> list[str]:
        """The command of a PC that uses the share."""
        return [
            *("smbclient", "//127.0.0.1/fax", "-p", str(self._port), "-s", str(self.config)),
            *more,
        ]

    def local(self, content: bytes) -> Path:
        """A file on the PC, to be put on the share."""
        path = self.root / "local"
        path.write_bytes(content)
        return path

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
            return True
        return False


def run(command: list[str], given: str = "", *, check: bool = True) -> str:
    """What a command prints, to standard error as well."""
    done = subprocess.run(
        command,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    assert not check or done.returncode == 0, (command, done.stdout)
    return done.stdout
