"""A slip that is deleted cancels its job, in whatever state that is."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from faxd.job import JobState
from faxd.simulator import FaultKind
from tests.outbound.desk import NUMBER, Office, pdf


def test_waiting(office: Office) -> None:
    content = office.drop()
    office.take()
    office.tell()
    office.delete_slip()
    office.tell()
    office.send()
    assert office.calls() == []
    office.follow()
    office.tell()
    assert office.states() == [JobState.CANCELLED]
    assert office.places(content) == ["failed"] and not office.slips
    assert "WITHDRAWN" in office.report() and "nothing was sent" in office.report()


def test_held_for_a_question(office: Office) -> None:
    office.begin()
    office.send()
    office.begin()
    (question,) = (name for name, text in office.slips.items() if "PLEASE ANSWER" in text)
    office.delete_slip(question)
    office.tell()
    office.follow()
    office.tell()
    assert office.states() == [JobState.ACCEPTED, JobState.CANCELLED]


def test_uncertain(office: Office) -> None:
    """It may have been sent: nobody is told that it was not."""
    content = office.drop()
    office.take()
    office.fault(FaultKind.LOST)
    office.send()
    office.delete_slip()
    office.tell()
    office.follow()
    office.tell()
    assert office.states() == [JobState.FAILED] and office.job().doubt
    assert office.places(content) == ["failed"]
    assert "UNCLEAR" in office.report() and "may have been sent" in " ".join(
        office.report().split()
    )
    office.later(901)
    office.send()
    assert len(office.calls()) == 1


def test_accepted_in_time(office: Office) -> None:
    content = office.drop()
    office.take()
    office.send()
    office.delete_slip()
    office.tell()
    office.follow()
    office.tell()
    assert [call.code for call in office.calls("CancelJob")] == [0]
    assert office.states() == [JobState.CANCELLED] and office.accepted[0].cancelled
    assert office.places(content) == ["failed"]
    assert "WITHDRAWN" in office.report()


def test_accepted_too_late_brings_the_slip_back(office: Office) -> None:
    office.begin()
    office.send()
    office.server.finish_job(office.accepted[0].job_id)
    office.delete_slip()
    follower = office.dispatch.follower
    follower._due = list  # type: ignore[method-assign]
    office.tell()
    assert not office.slips
    office.follow()
    assert [call.code for call in office.calls("CancelJob")] == [1]
    assert office.job().state is JobState.ACCEPTED and not office.job().cancel
    assert "too late" in office.slip()
    del follower._due
    office.follow()
    office.tell()
    assert office.states() == [JobState.DONE]
    assert len(office.calls("CancelJob")) == 1


def test_it_can_be_deleted_again_after_it_came_back(office: Office) -> None:
    office.begin()
    office.send()
    office.server.force_code("CancelJob", 1)
    office.delete_slip()
    office.tell()
    office.follow()
    assert "too late" in office.slip()
    office.delete_slip()
    office.tell()
    office.follow()
    assert office.states() == [JobState.CANCELLED]


@pytest.mark.parametrize("done", [True, False])
def test_cancel_job_without_an_answer(office: Office, done: bool) -> None:
    """The second CancelJob does not know a job that the first one has cancelled."""
    office.begin()
    office.send()
    office.fault(FaultKind.LOST, "CancelJob", work=done)
    office.delete_slip()
    office.tell()
    office.follow()
    assert office.job().state is JobState.ACCEPTED and office.job().doubt
    office.later(31)
    office.follow()
    assert [call.code for call in office.calls("CancelJob")][1:] == [-1 if done else 0]
    assert office.states() == [JobState.CANCELLED] and office.accepted[0].cancelled


def test_cancel_job_while_there_is_no_connection(office: Office) -> None:
    """Others can be withdrawn meanwhile, and it is done as soon as it can be."""
    office.begin()
    office.send()
    office.begin(f"{NUMBER} Zwei.pdf")
    for name in office.slips:
        office.delete_slip(name)
    office.server.stop()
    office.tell()
    assert office.follow() == 30
    assert office.states() == [JobState.ACCEPTED, JobState.CANCELLED]
    assert not office.job(1).doubt, "nothing went out"
    office.server.start()
    office.later(31)
    office.follow()
    assert office.states() == [JobState.CANCELLED] * 2


def test_an_unlisted_answer_to_cancel_job(office: Office) -> None:
    office.begin()
    office.send()
    office.server.force_code("CancelJob", 99)
    office.delete_slip()
    office.tell()
    office.follow()
    assert office.states() == [JobState.ACCEPTED]
    office.later(31)
    office.follow()
    assert office.states() == [JobState.CANCELLED]


def _deleted_while_sending(office: Office) -> None:
    """Have the office delete the slip while SendJob is under way."""
    client = office.dispatch.sender._client
    call = client.send_job

    def deleted(*args: Any, **fields: Any) -> Any:
        assert "BEING HANDED OVER" in office.slip()
        office.delete_slip()
        office.tell()
        office.follow()
        assert office.job().state is JobState.SENDING and office.job().cancel
        client.send_job = call  # type: ignore[method-assign]
        return call(*args, **fields)

    client.send_job = deleted  # type: ignore[method-assign]


def test_sending_and_then_accepted(office: Office) -> None:
    office.begin()
    _deleted_while_sending(office)
    office.woken.clear()
    office.send()
    assert office.dispatch.follow in office.woken
    office.follow()
    assert office.states() == [JobState.CANCELLED] and office.accepted[0].cancelled


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        (FaultKind.LOST, JobState.FAILED),  # unclear
        (None, JobState.CANCELLED),
    ],
)
def test_sending_and_then_not_accepted(
    office: Office, fault: FaultKind | None, end: JobState
) -> None:
    office.begin()
    _deleted_while_sending(office)
    if fault:
        office.fault(fault, work=False)
    else:
        office.server.force_code("SendJob", -4)
    office.woken.clear()
    office.send()
    assert office.dispatch.follow in office.woken, "it is withdrawn now, not in a minute"
    assert office.send() >= 15, "nobody waits for it in a hurry"
    office.follow()
    assert office.states() == [end]
    office.later(901)
    office.send()
    assert len(office.calls()) == 1


def test_a_slip_deleted_while_the_job_ends(office: Office) -> None:
    office.begin()
    office.send()
    office.server.finish_job(office.accepted[0].job_id)
    office.later(31)
    office.follow()
    assert office.job().state is JobState.DONE
    office.delete_slip()
    office.tell()
    office.follow()
    assert office.states() == [JobState.DONE] and office.calls("CancelJob") == []
    assert not office.slips


def test_deleting_and_sending_at_the_same_time(office: Office) -> None:
    """Forty jobs, half of their slips deleted while the lanes are at it: none is both."""
    for number in range(40):
        office.drop(f"{NUMBER} Brief {number}.pdf", pdf(f"race {number}"))
    office.take()
    office.tell()
    lanes = [threading.Thread(target=office.send) for _ in range(4)]
    for lane in lanes:
        lane.start()
    for number in range(0, 40, 2):
        (office.sending / f"{NUMBER} Brief {number}.txt").unlink(missing_ok=True)
        office.tell()
        office.follow()
    for lane in lanes:
        lane.join()
    office.tell()
    office.follow()
    sent = {job.order.documents[0].name for job in office.accepted if not job.cancelled}
    for job in office.ledger.jobs.newest(office.number):
        name = f"{job.title}.pdf"
        deleted = int(job.title.split()[-1]) % 2 == 0
        assert job.state is (JobState.CANCELLED if deleted else JobState.ACCEPTED), name
        assert (name in sent) is not deleted
