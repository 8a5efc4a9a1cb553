"""No sockets into a network, for a process and all that it starts."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_TRY = """
import errno, socket, subprocess, sys
{begin}
def may(family, kind=socket.SOCK_STREAM):
    try:
        socket.socket(family, kind).close()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "yes"
families = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
print(*map(may, families), may(socket.AF_NETLINK, socket.SOCK_RAW))
socket.socketpair()
"""
_FORBID = "from faxd.documents.seccomp import forbid_networks; print(forbid_networks())"


def _said(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


@pytest.mark.skipif(
    platform.machine() not in {"x86_64", "aarch64"}, reason="no filter for this machine"
)
def test_only_local_sockets_are_left() -> None:
    before = _said(_TRY.format(begin=""))
    after = _said(_TRY.format(begin=_FORBID))
    assert before[0] == "yes"
    if after[0] == "False":
        pytest.skip("this kernel has no filters of system calls")
    assert after == ["True", "EACCES", "EACCES", "yes", "EACCES"]


def test_who_is_started_has_none_either() -> None:
    inner = _TRY.format(begin="")
    code = f"{_FORBID}; import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    # What is started writes first: the other's output waits in its buffer.
    said = _said(code)
    if "False" in said:
        pytest.skip("no filter on this machine")
    assert sorted(said) == sorted(["True", "EACCES", "EACCES", "yes", "EACCES"])


def test_a_machine_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    from faxd.documents.seccomp import forbid_networks

    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    assert not forbid_networks()
