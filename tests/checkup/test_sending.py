"""Leases: whether they work, and who may have them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from faxd.checkup.finding import Grade
from faxd.checkup.sending import _may_lease_all, _no_leases, _written
from faxd.outbound.intake.claim import Writers
from faxd.outbound.intake.outbox import open_outbox
from tests.places import ROOT

from .conftest import Configure


def test_the_running_daemons_right_counts_not_that_of_whoever_checks() -> None:
    if not ROOT or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv")
    nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]
    for options, may in (([], False), (["--inh-caps=+lease", "--ambient-caps=+lease"], True)):
        with subprocess.Popen(
            ["setpriv", *nobody, *options, "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as daemon:
            assert daemon.stdin is not None
            assert daemon.stdout is not None
            daemon.stdin.write(b"x\n")
            daemon.stdin.flush()
            daemon.stdout.readline()  # it is what it is to be from now on
            found = _may_lease_all(daemon.pid)
            daemon.communicate()
        assert found is may
    assert _may_lease_all(None)


def test_a_file_that_was_written_is_free(configure: Configure) -> None:
    (account,) = configure().accounts
    assert account.outbox is not None
    with open_outbox(account.outbox, mark="x", blind=True) as outbox:
        assert _written(outbox, "whole") is not Writers.SOMEBODY
        assert list(Path(account.outbox).glob("whole"))


def test_without_leases_it_is_said_what_that_means(configure: Configure) -> None:
    (account,) = configure(send={"settle_blind": 7.0}).accounts
    finding = _no_leases(account)
    assert finding.grade is Grade.WARN
    assert "taken after they have stood still for 7 s (settle_blind)" in finding.detail
