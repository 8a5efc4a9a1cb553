"""Words to systemd."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from faxd.notify import notify, reloading, watchdog_interval

from .places import open_descriptors


@pytest.fixture(params=["path", "abstract"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """A socket as systemd has it."""
    monkeypatch.chdir(tmp_path)
    address = f"\0{tmp_path}" if request.param == "abstract" else str(tmp_path / "notify")
    if len(address) > 100:
        pytest.skip("the temporary folder's path is too long for a socket")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        sock.bind(address)
        sock.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address.replace("\0", "@"))
        yield sock


def test_what_is_said(manager: socket.socket) -> None:
    notify("READY=1", "STATUS=2 accounts, all well")
    assert manager.recv(1000) == b"READY=1\nSTATUS=2 accounts, all well"
    reloading()
    first, second = manager.recv(1000).split(b"\n")
    assert first == b"RELOADING=1"
    assert int(second.removeprefix(b"MONOTONIC_USEC=")) > 0


def test_a_text_cannot_say_more_than_it_should(manager: socket.socket) -> None:
    notify("STATUS=bad\nSTOPPING=1\r\nMAINPID=1 \ud800ü")
    assert manager.recv(1000) == "STATUS=bad STOPPING=1 MAINPID=1 ?ü".encode()


def test_a_manager_that_does_not_read(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faxd.notify._PATIENCE", 0.05)
    before = open_descriptors()
    # Until its queue is full; what comes then must not wait for ever.
    for _ in range(12):
        notify("WATCHDOG=1")
        manager.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    assert open_descriptors() == before


@pytest.mark.parametrize(
    "address", [None, "", "relative", "/nowhere/at/all", "/" + "x" * 500, "@none"]
)
def test_nobody_listens(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    before = open_descriptors()
    notify("READY=1")
    assert open_descriptors() == before


@pytest.mark.parametrize(
    ("usec", "pid", "interval"),
    [
        (None, None, None),
        ("180000000", None, 180.0),
        ("180000000", "own", 180.0),
        ("180000000", "1", None),  # meant for somebody else
        ("0", None, None),
        ("soon", None, None),
        ("180000000", "me", None),
    ],
)
def test_how_often_it_is_asked(
    usec: str | None, pid: str | None, interval: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"WATCHDOG_USEC": usec, "WATCHDOG_PID": pid}.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, str(os.getpid()) if value == "own" else value)
    assert watchdog_interval() == interval
