"""What keeps ten thousand jobs from slowing each other down; its figures are the benchmark's."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest

from faxd.clock import utc_now
from faxd.job import JobState
from faxd.ledger import Ledger
from faxd.log import get_logger
from faxd.schedule import Schedule

from .desk import Office


def test_who_sends_does_not_wait_for_who_files(office: Office) -> None:
    job = office.begin()
    shown = threading.Event()

    def show() -> None:
        office.dispatch.reception.show(office.job())
        shown.set()

    with office.dispatch.reception._opened():
        office.ledger.jobs.move(job, JobState.SENDING, "SendJob", tries=1)
        threading.Thread(target=show).start()
        assert shown.wait(5)
        assert "WAITING" in office.slip()
        assert office.woken[-1] == office.dispatch.show
    office.dispatch.reception.show_left()
    assert "BEING HANDED OVER" in office.slip()


def test_a_slip_shows_what_is_when_it_is_written(office: Office) -> None:
    job = office.begin()
    threads = [
        threading.Thread(target=office.dispatch.reception.show, args=[job]) for _ in range(20)
    ]
    job = office.ledger.jobs.move(job, JobState.SENDING, "SendJob", tries=1)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    office.dispatch.reception.show_left()
    assert not office.dispatch.reception._to_show
    assert "BEING HANDED OVER" in office.slip()


def test_what_is_asked_for_each_job_sorts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[str] = []
    select = Ledger.select

    def explained(self: Ledger, statement: str, *values: object) -> list[sqlite3.Row]:
        plan = select(self, f"EXPLAIN QUERY PLAN {statement}", *values)
        plans.extend(str(row["detail"]) for row in plan)
        return select(self, statement, *values)

    ledger = Ledger(tmp_path / "ledger.sqlite")
    monkeypatch.setattr(Ledger, "select", explained)
    monkeypatch.setattr(Ledger, "each", explained)
    ledger.jobs.start("123456", utc_now(), (JobState.WAITING, JobState.UNCERTAIN))
    ledger.jobs.due("123456", (JobState.ACCEPTED,), utc_now(), limit=100)
    list(ledger.jobs.slips("123456"))
    ledger.jobs.numbers("123456", (JobState.WAITING, JobState.ACCEPTED))
    ledger.jobs.unproved("123456")
    ledger.close()
    assert len(plans) >= 5
    assert not [plan for plan in plans if "SCAN" in plan or "TEMP B-TREE" in plan]


def test_a_swarm_of_wakings_makes_few_runs() -> None:
    runs = 0

    def run() -> float:
        nonlocal runs
        runs += 1
        return 60.0

    schedule = Schedule(get_logger())
    schedule.start()
    try:
        schedule.put("task", run)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            schedule.wake("task")
            time.sleep(0.002)
        assert 2 <= runs <= 12
    finally:
        schedule.stop(5)
