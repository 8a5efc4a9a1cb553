"""The queue of one account: when it pauses, what holds it, how it goes on by itself."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from faxd.job import Hold, JobState
from faxd.schedule import Schedule
from faxd.simulator import FaultKind
from tests.outbound.desk import NUMBER, Office, names, pdf


def drop(office: Office, count: int, first: int = 1) -> None:
    for number in range(first, first + count):
        office.drop(f"{NUMBER} Brief {number}.pdf")
    office.take()


def titles(office: Office) -> list[str]:
    """What FAX.de was given, in its order."""
    return [entry.parameters["SendFilename1"] for entry in office.calls() if entry.code == 0]


# no connection


def test_no_connection_thirty_seconds_doubling_to_fifteen_minutes(office: Office) -> None:
    content = office.drop()
    office.take()
    office.server.stop()
    pauses = []
    for _ in range(8):
        before = office.clock.now()
        office.send()
        job = office.job()
        assert job.state is JobState.WAITING and job.due_at is not None and not job.doubt
        assert office.places(content) == ["claim"]
        pauses.append(round((job.due_at - before).total_seconds()))
        paused = office.ledger.queue(office.number).paused_until
        assert paused is not None and abs(paused - job.due_at) < timedelta(seconds=1)
        office.later(pauses[-1] + 1)
    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]
    assert len(office.logged("cannot send")) == 1
    assert "cannot be reached" in office.slip()
    office.server.start()
    office.send()
    assert office.job().state is JobState.ACCEPTED
    assert len(office.logged("sending works again")) == 1


def test_many_that_fail_at_once_are_one_failure(office: Office) -> None:
    """Four lanes find at the same moment that there is no connection."""
    drop(office, 4)
    office.server.stop()
    for _ in range(4):
        job = office.ledger.jobs.start(office.number, office.clock.now(), (JobState.WAITING,))
        assert job is not None
        sender = office.dispatch.sender
        sender._record(job, sender._attempt(job))
    assert office.ledger.queue(office.number).failures == 1


def test_it_is_given_up_after_a_day(office: Office) -> None:
    content = office.drop()
    office.take()
    office.server.stop()
    tries = 0
    while office.job().state is JobState.WAITING:
        office.send()
        office.later(901)
        tries += 1
    office.tell()
    assert 96 <= tries <= 98 and office.job().state is JobState.FAILED
    assert office.places(content) == ["failed"]
    report = " ".join(office.report().split())
    assert "NOT SENT" in report and "in vain for too long" in report


def test_what_was_never_answered_is_given_up_as_unclear(office: Office) -> None:
    """Nothing was sent for a day, and then an answer was lost."""
    office.restart(give_up_after=60)
    office.begin()
    office.server.stop()
    office.send()
    office.later(100)
    office.server.start()
    office.fault(FaultKind.LOST)
    office.send()
    office.tell()
    job = office.job()
    assert (job.state, job.doubt) == (JobState.FAILED, True)
    assert "UNCLEAR" in office.report()


# the account's problem


def test_a_corrected_password_counts_at_once(office: Office) -> None:
    office.account(password="neu")
    drop(office, 2)
    office.tell()
    office.clock.real()
    office.send()
    assert [call.code for call in office.calls()] == [-1]
    office.tell()
    assert all("(-1)" in slip for slip in office.slips.values()), "all wait for it"
    assert office.send() <= 60, "the password is looked at again soon"
    assert len(office.calls()) == 1
    time.sleep(0.02)
    (office.root / "password").write_text("neu")
    office.later(1)
    office.send()
    assert office.states() == [JobState.ACCEPTED] * 2
    assert titles(office) == ["+4940123456 Brief 1.pdf", "+4940123456 Brief 2.pdf"], "in order"


def test_no_password_at_all(office: Office) -> None:
    (office.root / "password").rename(office.root / "away")
    office.begin()
    office.send()
    assert office.calls() == [] and office.job().state is JobState.WAITING
    assert "password" in office.slip()
    (office.root / "away").rename(office.root / "password")
    office.later(901)
    office.send()
    assert office.job().state is JobState.ACCEPTED


def test_it_is_told_once(office: Office) -> None:
    office.account(empty=True)
    drop(office, 3)
    for _ in range(5):
        office.send()
        office.later(901)
    assert [call.code for call in office.calls()] == [2] * 5, "one call each time"
    assert len(office.logged("sending stopped")) == 1
    assert office.job(1).tries == 0, "none of them was the job's fault"
    office.account(empty=False)
    office.send()
    office.later(931)
    office.send()
    assert office.states() == [JobState.ACCEPTED] * 3


def test_one_job_that_always_stops_the_queue_keeps_off_no_other(office: Office) -> None:
    """Should an account's code be the job's fault after all."""
    drop(office, 3)
    first = office.job(1)
    client = office.dispatch.sender._client
    call = client.send_job

    def refused(*args: Any, **fields: Any) -> Any:
        if fields["documents"][0].name.startswith(first.title):
            office.server.force_code("SendJob", 61)
        return call(*args, **fields)

    client.send_job = refused  # type: ignore[method-assign]
    for _ in range(2):
        office.send()
        office.later(901)
    assert office.states() == [JobState.WAITING, JobState.ACCEPTED, JobState.ACCEPTED]


def test_the_stop_of_one_account_is_none_of_anothers(
    office: Office, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.outbound.desk import open_office

    root = tmp_path_factory.mktemp("two") / "office"
    with open_office(root, office.server, office.clock, "654321") as other:
        office.account(locked=True)
        office.begin()
        other.begin()
        office.send()
        other.send()
        assert (office.job().state, other.job().state) == (JobState.WAITING, JobState.ACCEPTED)
        assert [len(office.accepted), len(other.accepted)] == [0, 1]


def test_what_was_under_way_does_not_lift_the_stop(office: Office) -> None:
    """Credit ended between two jobs: the one that was just accepted says nothing of that."""
    drop(office, 2)
    sender, jobs = office.dispatch.sender, office.ledger.jobs
    started = [jobs.start(office.number, office.clock.now(), (JobState.WAITING,)) for _ in (1, 2)]
    office.server.force_code("SendJob", 2)
    for job in started:
        assert job is not None
        sender._record(job, sender._attempt(job))
    assert office.states() == [JobState.WAITING, JobState.ACCEPTED]
    assert office.ledger.queue(office.number).is_stopped
    office.send()
    assert len(office.calls()) == 2


# what the disk does


def test_an_outbox_that_is_gone_for_a_while(office: Office) -> None:
    content = office.drop()
    office.take()
    office.outbox.rename(office.root / "unmounted")
    assert office.send() == 15
    job = office.job()
    assert (job.state, job.doubt) == (JobState.WAITING, False) and not office.logged(
        "unexpected error"
    )
    assert office.calls() == []
    (office.root / "unmounted").rename(office.outbox)
    office.later(31)
    office.send()
    assert office.job().state is JobState.ACCEPTED
    assert office.places(content) == ["claim"]


def test_a_ledger_that_cannot_record_the_end(office: Office) -> None:
    """The answer is kept in mind; the job is not sent again for it."""
    office.begin()
    office.ledger._db.execute(
        "CREATE TRIGGER refuse BEFORE UPDATE ON jobs WHEN NEW.state = 'accepted'"
        " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    office.send()
    assert office.job().state is JobState.SENDING
    office.send()
    office.ledger._db.execute("DROP TRIGGER refuse")
    office.send()
    assert office.job().state is JobState.ACCEPTED and len(office.accepted) == 1
    assert office.job().job_id == office.accepted[0].job_id


# the guard


def test_the_guard_holds_says_so_and_goes_on(office: Office) -> None:
    office.restart(max_jobs_per_hour=2)
    drop(office, 5)
    office.tell()
    office.send()
    assert [job.hold for job in office.ledger.jobs.newest(office.number)] == [
        None,
        None,
        *[Hold.GUARD] * 3,
    ]
    assert len(office.accepted) == 2
    held = office.slips[f"{NUMBER} Brief 3.txt"]
    assert "ON HOLD" in held and "2 jobs an hour" in " ".join(held.split())
    assert len(office.logged("job held by the guard against cost")) == 3
    for sent in (4, 5):
        office.later(3601)
        office.send()
        assert len(office.accepted) == sent
    assert titles(office) == [f"{NUMBER} Brief {number}.pdf" for number in range(1, 6)]


def test_the_guard_counts_pages(office: Office) -> None:
    office.restart(max_pages_per_day=3)
    two = b"%PDF-1.4 /Type /Page /Type /Page\n%%EOF\n%"
    for number in range(3):
        office.drop(f"{NUMBER} {number}.pdf", two + b"%d" % number)
    office.take()
    office.send()
    assert len(office.accepted) == 2, "the second begins below the limit"
    office.later(3601)
    office.send()
    assert len(office.accepted) == 2
    office.later(86400)
    office.send()
    assert len(office.accepted) == 3


def test_the_guard_remembers_over_a_restart(office: Office) -> None:
    office.restart(max_jobs_per_hour=2)
    drop(office, 2)
    office.send()
    office.restart()
    drop(office, 1, first=3)
    office.send()
    assert office.job().hold is Hold.GUARD
    office.later(3601)
    office.send()
    assert office.job().state is JobState.ACCEPTED


def test_a_question_does_not_hold_what_the_guard_lets_go(office: Office) -> None:
    office.restart(max_jobs_per_hour=2)
    drop(office, 1)
    office.send()
    office.drop(f"{NUMBER} Brief 1.pdf")
    office.take()
    assert office.job().hold is Hold.SAME
    drop(office, 2, first=2)
    office.send()
    assert office.job().hold is Hold.GUARD
    office.later(3601)
    office.send()
    assert office.job().state is JobState.ACCEPTED


def test_a_held_job_can_be_withdrawn(office: Office) -> None:
    office.restart(max_jobs_per_hour=1)
    drop(office, 2)
    office.tell()
    office.send()
    office.delete_slip(f"{NUMBER} Brief 2.txt")
    office.tell()
    office.follow()
    assert office.states() == [JobState.ACCEPTED, JobState.CANCELLED]


def test_a_repetition_of_what_may_have_been_accepted_is_not_held(office: Office) -> None:
    """In an hour FAX.de might not know it again, and send it twice."""
    office.restart(max_jobs_per_hour=2)
    drop(office, 1)
    office.fault(FaultKind.LOST)
    office.send()
    drop(office, 2, first=2)
    office.ledger.jobs.note(office.job(1), due_at=office.clock.now() + timedelta(seconds=60))
    office.later(31)
    office.send()
    assert office.states() == [JobState.UNCERTAIN, JobState.ACCEPTED, JobState.HELD]
    office.later(31)
    office.send()
    assert office.job(1).state is JobState.DONE and len(office.accepted) == 2


# four at a time


def test_four_at_a_time_in_order(office: Office) -> None:
    """As the daemon does it: each lane is a task of a schedule, and has a thread."""
    drop(office, 12)
    together, most = 0, 0
    lock = threading.Lock()
    client = office.dispatch.sender._client
    call = client.send_job

    def counted(*args: object, **fields: object) -> object:
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        time.sleep(0.03)
        try:
            return call(*args, **fields)  # type: ignore[arg-type]
        finally:
            with lock:
                together -= 1

    client.send_job = counted  # type: ignore[assignment, method-assign]
    schedule = Schedule(office.log)
    schedule.start()
    try:
        for name, run in office.dispatch.tasks().items():
            if "/send/" in name:
                schedule.put(name, run)
        limit = time.monotonic() + 20
        while len(office.accepted) < 12 and time.monotonic() < limit:
            time.sleep(0.02)
    finally:
        schedule.stop(5)
    assert most == 4
    order = [int(title.split()[-1].removesuffix(".pdf")) for title in titles(office)]
    assert sorted(order) == list(range(1, 13))
    assert all(abs(number - place) < 4 for place, number in enumerate(order, 1))
    assert office.states() == [JobState.ACCEPTED] * 12


def test_four_lanes_and_a_small_limit(office: Office) -> None:
    """Lanes that find nothing to do are no jobs under way."""
    office.restart(max_jobs_per_hour=3)
    drop(office, 2)
    lanes = [threading.Thread(target=office.send) for _ in range(4)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    assert not office.logged("job held by the guard against cost")
    assert office.states() == [JobState.ACCEPTED] * 2


def test_the_number_of_lanes_is_a_setting(office: Office) -> None:
    office.restart(parallel=7)
    assert sum("/send/" in name for name in office.dispatch.tasks()) == 7


def test_three_hundred_files_each_once_in_order(office: Office) -> None:
    office.restart(max_jobs_per_hour=1000)
    contents = {}
    for number in range(300):
        name = f"{NUMBER} Seite {number}.pdf"
        contents[name] = office.drop(name)
    office.take()
    office.send()
    assert titles(office) == [f"{NUMBER} Seite {number}.pdf" for number in range(300)]
    assert len(office.accepted) == 300
    office.finish()
    assert names(office.outbox) == ["email", "fax", "letter", "letter-color", "qsign", "sms"]
    filed = {path.read_bytes() for path in office.sent.glob("*.pdf")}
    assert filed == set(contents.values()) and len(names(office.sent)) == 900
    assert not office.slips and not names(office.failed)


def test_many_documents_of_one_job(office: Office) -> None:
    office.drop("Alles.toml", b'to = "040 123456"\nfiles = ["1.pdf", "2.pdf", "3.pdf"]')
    parts = [office.drop(f"{number}.pdf", pdf(f"part {number}")) for number in (1, 2, 3)]
    office.take()
    office.take()
    office.send()
    (accepted,) = office.accepted
    assert len(accepted.order.documents) == 3 and accepted.order.pages == 3
    office.finish()
    assert [office.places(part) for part in parts] == [["sent"]] * 3
