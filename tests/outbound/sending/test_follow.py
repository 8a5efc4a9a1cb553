"""Following accepted jobs to their end, by JobStatus."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from faxd.job import Job, JobState
from faxd.simulator import FaultKind, Outcome
from tests.outbound.desk import BERLIN, NUMBER, Office, names, pdf

OTHER = "+4989123456"


def accepted(
    office: Office, name: str = f"{NUMBER} Befund.pdf", content: bytes | None = None
) -> Job:
    office.begin(name, content)
    office.send()
    assert office.job().state is JobState.ACCEPTED
    return office.job()


def due_in(office: Office) -> float:
    """Seconds until the newest job is looked at."""
    due = office.job().due_at
    assert due is not None
    return (due - office.clock.now()).total_seconds()


@pytest.mark.parametrize(
    ("name", "longest"),
    [
        (f"{NUMBER} Befund.pdf", 300),
        ("sms/0171 1234567.txt", 300),
        ("letter/Mahnung.pdf", 3600),
        ("letter-color/Mahnung.pdf", 3600),
    ],
)
def test_from_thirty_seconds_on(office: Office, name: str, longest: int) -> None:
    accepted(office, name, b"Hallo" if name.endswith("txt") else None)
    assert 29 < due_in(office) <= 30
    assert 29 < office.follow() <= 30, "and the task comes back then"
    assert office.calls("JobStatus") == []
    pauses = []
    for _ in range(16):
        office.later(due_in(office) + 0.1)
        office.follow()
        pauses.append(due_in(office))
    assert [call.code for call in office.calls("JobStatus")] == [6] * 16
    pauses = [round(pause) for pause in pauses]
    assert pauses == sorted(pauses) and pauses[-1] == longest
    assert office.job().looks == 16


def test_nothing_before_a_planned_time(office: Office) -> None:
    job = accepted(office, f"{NUMBER} @0800 Befund.pdf")
    assert job.at is not None and job.due_at == job.at + timedelta(seconds=30)
    assert office.follow() == 60 and office.calls("JobStatus") == []
    assert office.accepted[0].order.scheduled == job.at
    assert "Planned for" in office.slip() and "08:00 CET" in office.slip()


def test_five_in_the_first_hour_is_not_yet_visible(office: Office) -> None:
    accepted(office)
    for _ in range(3):
        office.server.force_code("JobStatus", 5)
        office.later(601)
        office.follow()
        assert office.job().state is JobState.ACCEPTED
    office.later(3600)
    office.server.force_code("JobStatus", 5)
    office.follow()
    office.tell()
    job = office.job()
    assert (job.state, job.doubt) == (JobState.FAILED, True)
    assert "UNCLEAR" in office.report() and "does not know this job" in office.report()


#: every word of the document, and one that is not in it: the job's end and its report
RESULTS = [
    ("OK", JobState.DONE, "SENT", "sent"),
    ("Busy", JobState.FAILED, "NOT SENT", "busy"),
    ("No Answer", JobState.FAILED, "NOT SENT", "no answer"),
    ("Voice", JobState.FAILED, "NOT SENT", "no fax machine"),
    ("No Service", JobState.FAILED, "NOT SENT", "no service"),
    ("Send-Fail", JobState.FAILED, "NOT SENT", "broken off"),
    ("Call failed", JobState.FAILED, "NOT SENT", "call failed"),
    ("Black-List", JobState.FAILED, "NOT SENT", "barred"),
    ("Paper Jam 17", JobState.DONE, "UNCLEAR", "Paper Jam 17"),
]


@pytest.mark.parametrize(("word", "state", "headline", "result"), RESULTS)
def test_every_result(
    office: Office, word: str, state: JobState, headline: str, result: str
) -> None:
    content = pdf(f"{NUMBER} Befund.pdf")
    office.result(word)
    accepted(office)
    office.finish()
    job = office.job()
    assert (job.state, job.recipients[0].result) == (state, word)
    report = office.report()
    assert report.startswith(headline) and f"Result:             {result}" in report
    folder = office.sent if word == "OK" else office.failed
    assert office.places(content) == [folder.name]
    (protocol,) = folder.glob("*protocol.csv")
    assert protocol.read_bytes().startswith(b'"RECIPIENT","JOBTYPE","RESULT"')


def test_the_report_tells_everything(office: Office) -> None:
    office.server.results[NUMBER] = Outcome("OK", remote_id="PRAXIS MEIER", seconds=23)
    accepted(office, f"{NUMBER}[RE-4711] Befund.pdf")
    office.finish()
    report = office.report()
    for fact in (NUMBER, "RE-4711", "PRAXIS MEIER", "23", str(office.accepted[0].job_id)):
        assert fact in report
    sent_at = office.job().recipients[0].sent_at
    assert sent_at is not None
    assert f"{sent_at.astimezone(BERLIN):%H:%M}" in report, "local time"


def test_many_recipients(office: Office) -> None:
    """A table, and a list of those who did not get it, ready to be dropped again."""
    office.result("Busy", OTHER)
    office.drop("Rundschreiben.pdf.csv", f"{NUMBER};A-1\n{OTHER};B-2\n+4930123456\n".encode())
    accepted(office, "Rundschreiben.pdf")
    office.finish()
    assert office.job().state is JobState.DONE
    assert "PARTLY SENT" in office.report()
    for fact in (NUMBER, OTHER, "+4930123456", "A-1", "B-2", "busy"):
        assert fact in office.report()
    assert names(office.sent) == [
        "Rundschreiben - protocol.csv",
        "Rundschreiben - report.txt",
        "Rundschreiben - whole list.csv",
        "Rundschreiben.pdf",
        "Rundschreiben.pdf.csv",
    ]
    (missed,) = office.sent.glob("*Rundschreiben.pdf.csv")
    assert missed.read_bytes().decode("utf-8-sig") == f"{OTHER},B-2\r\n"
    # Dropped again as they lie there: only to him.
    office.server.duplicate_seconds = 0
    office.result("OK", OTHER)
    for path in office.sent.glob("*Rundschreiben.pdf*"):
        path.rename(office.outbox / path.name)
    office.take()
    office.send()
    assert [one.address for one in office.accepted[-1].order.recipients] == [OTHER]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_station_ids_in_any_encoding(office: Office, encoding: str) -> None:
    office.server.rules.status_encoding = encoding
    office.server.results[NUMBER] = Outcome("OK", remote_id="BÄCKEREI MÜLLER", seconds=3)
    office.drop("Rund.pdf.csv", f"{NUMBER}\n{OTHER}\n".encode())
    accepted(office, "Rund.pdf")
    office.finish()
    assert "BÄCKEREI MÜLLER" in office.report()
    (protocol,) = office.sent.glob("*protocol.csv")
    assert "BÄCKEREI MÜLLER".encode(encoding) in protocol.read_bytes(), "byte for byte"


# what is worth another try


def test_busy_is_sent_again(office: Office) -> None:
    office.restart(repeat=2, repeat_after=900)
    office.result("Busy")
    accepted(office)
    for repeats in (1, 2):
        office.finish()
        job = office.job()
        assert (job.state, job.repeats, job.job_id) == (JobState.WAITING, repeats, None)
        assert "sent once more" in office.slip()
        assert 890 < due_in(office) <= 900
        office.send()
        assert len(office.accepted) == repeats
        office.later(901)
        office.send()
        assert len(office.accepted) == repeats + 1
    assert len(set(office.requests)) == 1
    office.finish()
    assert office.job().state is JobState.FAILED and "busy" in office.report()


def test_only_those_who_were_busy(office: Office) -> None:
    office.restart(repeat=1)
    office.result("No Answer", OTHER)
    office.result("Voice", "+4930123456")
    office.drop("Rund.pdf.csv", f"{NUMBER}\n{OTHER};B-2\n+4930123456\n".encode())
    accepted(office, "Rund.pdf")
    office.finish()
    office.result("OK", OTHER)
    office.later(901)
    office.send()
    again = office.accepted[-1].order.recipients
    assert [(one.address, one.reference) for one in again] == [(OTHER, "B-2")]
    office.finish()
    job = office.job()
    assert job.state is JobState.DONE
    assert [one.result for one in job.recipients] == ["OK", "OK", "Voice"]


def test_not_by_default_and_not_for_others(office: Office) -> None:
    office.result("Busy")
    accepted(office)
    office.finish()
    assert office.job().state is JobState.FAILED
    office.restart(repeat=3)
    office.result("Voice", OTHER)
    accepted(office, f"{OTHER} Befund.pdf")
    office.finish()
    assert office.job().state is JobState.FAILED and len(office.accepted) == 2


def test_a_repetition_can_be_withdrawn(office: Office) -> None:
    office.restart(repeat=1)
    office.result("Busy")
    accepted(office)
    office.finish()
    office.delete_slip()
    office.tell()
    office.follow()
    assert office.job().state is JobState.CANCELLED
    office.later(901)
    office.send()
    assert len(office.accepted) == 1


# trouble


@pytest.mark.parametrize(
    "kind",
    [FaultKind.HTTP_500, FaultKind.HTTP_503, FaultKind.HTML, FaultKind.CUT, FaultKind.SOAP_FAULT],
)
def test_a_look_that_fails_is_repeated(office: Office, kind: FaultKind) -> None:
    accepted(office)
    office.server.finish_job(office.accepted[0].job_id)
    office.later(31)
    office.fault(kind, "JobStatus")
    assert 29 < office.follow() <= 45
    assert office.job().state is JobState.ACCEPTED
    office.later(46)
    office.follow()
    assert office.job().state is JobState.DONE


def test_one_that_cannot_be_looked_at_keeps_off_no_other(office: Office) -> None:
    first = accepted(office)
    for number in range(3):
        accepted(office, f"{OTHER} {number}.pdf")
    for job in office.accepted:
        office.server.finish_job(job.job_id)
    look = office.dispatch.follower._client.job_status

    def broken(job_id: object) -> object:
        if job_id == first.job_id:
            office.fault(FaultKind.HTTP_500, "JobStatus")
        return look(job_id)  # type: ignore[arg-type]

    office.dispatch.follower._client.job_status = broken  # type: ignore[method-assign]
    for _ in range(2):
        office.later(901)
        office.follow()
    assert office.states() == [JobState.ACCEPTED, *[JobState.DONE] * 3]


def test_an_account_with_a_problem_is_left_in_peace(office: Office) -> None:
    """A wrong password is asked with once, and again when it is another one, or much later."""
    for name in ("Eins", "Zwei"):
        accepted(office, f"{OTHER} {name}.pdf")
    office.account(password="neu")
    office.later(31)
    for _ in range(3):
        office.follow()
        office.later(60)
    assert [call.code for call in office.calls("JobStatus")] == [2]
    office.later(901)
    office.follow()
    assert len(office.calls("JobStatus")) == 2
    (office.root / "password").write_text("neu")
    office.later(60)
    office.follow()
    assert [call.code for call in office.calls("JobStatus")][2:] == [6, 6]


def test_many_jobs_without_a_thread_each(office: Office) -> None:
    for number in range(120):
        office.drop(f"{NUMBER} {number}.pdf")
    office.take()
    office.send()
    for job in office.accepted:
        office.server.finish_job(job.job_id)
    office.later(31)
    before = threading.active_count()
    office.follow()
    assert threading.active_count() <= before
    assert set(office.states()) == {JobState.DONE}
    assert len(office.calls("JobStatus")) == 120
