"""Folders that do not answer: nobody waits for them, and they are known."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from faxd.shares import Shares

from .hung import hung


def test_what_is_free(tmp_path: Path) -> None:
    assert Shares().room(tmp_path, patience=5).free > 0


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Shares().room(tmp_path / "none", patience=5)


def test_a_folder_that_does_not_answer_and_one_that_does(tmp_path: Path) -> None:
    shares, share = Shares(), tmp_path / "share"
    share.mkdir()
    with hung(share):
        before = threading.active_count()
        for _ in range(20):
            with pytest.raises(TimeoutError, match="does not answer"):
                shares.room(share, patience=0.05)
        assert shares.is_silent(share, patience=0.04)
        assert not shares.is_silent(tmp_path, patience=0.04)
        assert threading.active_count() <= before + 2, "one thread for all that ask"
    deadline = time.monotonic() + 10
    while shares.is_silent(share, patience=0.04):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert shares.room(share, patience=5).free > 0
