"""The facts of how all is doing, from a real ledger and real folders."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from faxd.clock import utc_now
from faxd.condition import disks, glance, look
from faxd.config import Config
from faxd.ledger import ActionKind, Ledger, Wanted
from faxd.shares import Shares
from faxd.verdict import judge
from faxd.watchdog import Stuck

from .places import disk
from .test_ledger import FAX


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        yield ledger


@pytest.fixture
def config(tmp_path: Path) -> Config:
    account = {
        "name": "praxis",
        "account": FAX.account,
        "password_env": "FAXD_TEST",
        "inbox": tmp_path,
        "outbox": tmp_path / "outbox",
        "min_free": 0,
    }
    return Config.model_validate({"state_dir": tmp_path, "accounts": [account]})


def test_what_became_of_faxes(config: Config, ledger: Ledger) -> None:
    now = utc_now()

    def facts() -> tuple[int, int, int]:
        (account,) = look(config, ledger, shares=Shares(), pid=1, since=None).accounts
        return account.failing, account.given_up, account.damaged

    assert facts() == (0, 0, 0)
    old = ledger.begin(replace(FAX, fax_id=1, damage="broken"))
    ledger.saved(old, now - timedelta(days=2))
    new = ledger.saved(ledger.begin(replace(FAX, fax_id=2, damage="broken")), now)
    assert facts() == (0, 0, 1)
    mail, other = ledger.actions.plan(new, [Wanted(kind=ActionKind.MAIL)] * 2, now)
    tried = ledger.actions.start(mail, now)
    assert facts() == (0, 0, 1)  # the first try is no failure
    ledger.actions.failed_once(tried, "no")
    assert facts() == (1, 0, 1)
    ledger.actions.give_up(other, "no", now - timedelta(days=2))
    assert facts() == (1, 0, 1)
    ledger.actions.give_up(tried, "no", now)
    assert facts() == (0, 1, 1)


def test_a_glance_does_not_wait_for_the_ledger(config: Config, ledger: Ledger) -> None:
    held, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with ledger.transaction():
            held.set()
            leave.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(30)
    try:
        with pytest.raises(TimeoutError):
            glance(config, ledger, patience=0.05)
    finally:
        leave.set()
        thread.join()
    stuck = Stuck(task=FAX.account, seconds=9.0)
    assert glance(config, ledger, [stuck], patience=1).stuck == (("praxis", stuck.what),)


def test_disks(config: Config, tmp_path: Path) -> None:
    state, inbox, outbox = disks(config, Shares())
    assert (state.what, inbox.what, outbox.what) == ("state", "inbox", "outbox")
    assert state.device == inbox.device == tmp_path.stat().st_dev
    assert 0 < inbox.free <= inbox.size
    assert outbox.problem is not None
    assert outbox.problem.startswith("No such file or directory; make the folder")


def test_a_disk_that_is_nearly_full(config: Config, ledger: Ledger, tmp_path: Path) -> None:
    with disk(tmp_path / "outbox", "size=10m") as outbox:
        (outbox / "much").write_bytes(bytes(9_200_000))
        facts = look(config, ledger, shares=Shares(), pid=1, since=None)
        (remark,) = [each for each in judge(facts, utc_now()).remarks if each.kind.value == "disk"]
        assert f"outbox {outbox}: disk nearly full, 1.3 MB of 10.5 MB free" in remark.text
