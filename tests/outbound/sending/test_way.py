"""The way of a document from the outbox to sent or failed, with nothing going wrong."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from faxd.job import JobState
from faxd.schedule import Schedule
from tests.outbound.desk import NUMBER, Office, names, pdf


def test_a_fax_is_taken_sent_followed_and_filed(office: Office) -> None:
    content = office.drop()
    assert office.places(content) == ["outbox"]
    office.take()
    assert office.places(content) == ["claim"]
    assert office.states() == [JobState.WAITING]
    office.tell()
    assert "WAITING" in office.slip() and NUMBER in office.slip()
    office.send()
    assert office.states() == [JobState.ACCEPTED]
    (accepted,) = office.accepted
    assert office.job().job_id == accepted.job_id and str(accepted.job_id) in office.slip()
    assert "UNDER WAY" in office.slip()
    office.finish()
    assert office.states() == [JobState.DONE]
    assert office.places(content) == ["sent"]
    assert not office.slips and not names(office.failed)
    assert names(office.sent) == [
        "+4940123456 Befund - protocol.csv",
        "+4940123456 Befund - report.txt",
        "+4940123456 Befund.pdf",
    ]
    assert "SENT" in office.report() and "MUSTER-STATION" in office.report()


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("sms/0171 1234567 Termin.txt", b"x" * 161, "2 (161 characters, 160 each)"),
        ("email/info@example.org Brief.pdf", pdf("mail"), "info@example.org"),
        ("letter/Mahnung.pdf", pdf("letter"), "black and white"),
        ("letter-color/Mahnung.pdf", pdf("colour"), "colour"),
        ("qsign/info@example.org Rechnung.pdf", pdf("qsign"), "QSign"),
        ("fax/+4940123456 Nachricht.txt", b"Guten Tag", "+4940123456"),
    ],
)
def test_every_kind(office: Office, path: str, content: bytes, said: str) -> None:
    office.begin(path, content)
    office.send()
    office.finish()
    assert office.states() == [JobState.DONE]
    assert office.places(content) == ["sent"]
    assert office.report().startswith("SENT") and said in office.report()


def test_the_history_tells_it_all(office: Office) -> None:
    office.begin()
    office.send()
    office.finish()
    assert [event.state for event in office.ledger.jobs.history(1)] == [
        JobState.WAITING,
        JobState.SENDING,
        JobState.ACCEPTED,
        JobState.DONE,
    ]


def test_all_rooms_together(office: Office) -> None:
    """The tasks run as in the daemon, and wake one another: nobody waits for a minute."""
    schedule = Schedule(office.log)
    office.wake = schedule.wake
    office.restart(settle=0.1)
    office.server.job_seconds = 0.0
    contents = [pdf(f"together {number}") for number in range(8)]
    for number, content in enumerate(contents):
        office.drop(f"{NUMBER} {number}.pdf", content)
    schedule.start()
    try:
        for name, run in office.dispatch.tasks().items():
            schedule.put(name, run)
        _until(lambda: office.states() == [JobState.ACCEPTED] * 8)
        # As the daemon does when FAX.de calls a STATURL: half a minute earlier than it would.
        for job in office.ledger.jobs.newest():
            office.ledger.jobs.look_now(job.secret)
        schedule.wake(office.dispatch.follow)
        _until(lambda: all(job.filed for job in office.ledger.jobs.newest()))
    finally:
        schedule.stop(5)
    assert [office.places(content) for content in contents] == [["sent"]] * 8
    assert len(office.accepted) == 8 and not office.slips
    assert not [entry for entry in office.events if entry["level"] != "info"]


def _until(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + 20
    while not done() and time.monotonic() < limit:
        time.sleep(0.02)
    assert done()
