"""Every return code of SendJob, in every state in which it may come (section "SendJob")."""

from __future__ import annotations

from datetime import timedelta

import pytest

from faxd.faxde.codes import lookup
from faxd.job import JobState, Kind
from faxd.outbound.sending import texts
from faxd.simulator import FaultKind
from tests.outbound.desk import NUMBER, Office, names, pdf

#: as the document lists them, by what they mean to a job
ACCOUNT = (-1, -2, 1, 2, 3, 6, 54, 61)
#: 7 is too little credit for a letter, and stops nothing else
LATER = (-4, -65, -66, 7, 10)
REFUSED = (-3, -5, -6, -7, -8, -14, -1309, 4, 8, 9, 11, 15, 45, 46, 47, 58, 75)
UNLISTED = (99, -1000, 12)
SAME = -77
ALL = (*ACCOUNT, *LATER, *REFUSED, *UNLISTED, SAME)


def first(office: Office) -> None:
    """A job that was never sent."""
    office.begin()


def doubt(office: Office) -> None:
    """One that was sent without an answer; FAX.de has not taken it."""
    office.begin()
    office.fault(FaultKind.LOST, work=False)
    office.send()
    assert office.job().state is JobState.UNCERTAIN
    office.later(31)


def repetition(office: Office) -> None:
    """One whose recipient was busy, and that is sent again."""
    office.restart(repeat=1)
    office.result("Busy")
    office.begin()
    office.send()
    office.finish()
    assert (office.job().state, office.job().repeats) == (JobState.WAITING, 1)
    office.later(901)


STATES = (first, doubt, repetition)


def answered(office: Office, code: int) -> None:
    """The next SendJob gets that code, and nothing is done."""
    before = len(office.calls())
    office.server.force_code("SendJob", code)
    office.send()
    assert len(office.calls()) == before + 1


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("code", REFUSED)
def test_a_refused_job_fails(office: Office, code: int, state: object) -> None:
    state(office)  # type: ignore[operator]
    answered(office, code)
    office.tell()
    job = office.job()
    assert job.state is JobState.FAILED and not office.slips
    assert office.places(pdf(f"{NUMBER} Befund.pdf")) == ["failed"]
    report = office.report()
    assert f"({code})" in report
    assert ("UNCLEAR" if state is doubt else "NOT SENT") in report
    assert office.ledger.queue(office.number).problem is None
    office.later(86400)
    office.send()
    assert len(office.calls()) == (1 if state is first else 2)


@pytest.mark.parametrize(
    ("kind", "german", "english"),
    [
        (Kind.FAX, "den Versand ins Ausland bei FAX.de für", "have sending abroad enabled"),
        (Kind.SMS, "den Versand von SMS bei FAX.de für", "have sending text messages enabled"),
        (Kind.EMAIL, "den Versand von E-Mails bei FAX.de für", "have sending e-mails enabled"),
        (Kind.LETTER, "den Versand von Briefen bei FAX.de für", "have sending letters enabled"),
    ],
)
def test_what_must_be_enabled_is_said(kind: Kind, german: str, english: str) -> None:
    words = texts.refused(lookup("SendJob", -8), kind, doubt=True)
    assert f"Bitte lassen Sie {german} Ihren Anschluss freischalten. Ein früherer" in words.de
    assert f"Please {english} for your account by FAX.de. An earlier" in words.en
    other = texts.refused(lookup("SendJob", -14), kind, doubt=False)
    assert "freischalten" not in other.de and "enabled" not in other.en


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("code", ACCOUNT)
def test_the_accounts_problem_stops_the_queue(office: Office, code: int, state: object) -> None:
    state(office)  # type: ignore[operator]
    answered(office, code)
    job = office.job()
    assert job.state is (JobState.UNCERTAIN if state is doubt else JobState.WAITING)
    assert office.ledger.queue(office.number).is_stopped
    assert f"({code})" in office.slip()
    before = len(office.calls())
    office.send()
    assert len(office.calls()) == before
    office.later(931)
    office.send()
    assert office.job().state is JobState.ACCEPTED
    assert not office.ledger.queue(office.number).is_stopped
    assert len(office.logged("sending stopped")) == len(office.logged("sending works again")) == 1


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("code", [*LATER, *UNLISTED])
def test_what_may_pass_is_tried_again(office: Office, code: int, state: object) -> None:
    """An unlisted code may mean anything, an acceptance included."""
    state(office)  # type: ignore[operator]
    before = office.clock.now()
    answered(office, code)
    job = office.job()
    in_doubt = state is doubt or code in UNLISTED
    assert job.state is (JobState.UNCERTAIN if in_doubt else JobState.WAITING)
    assert job.due_at is not None
    wait = timedelta(seconds=30 if state is first else 60)
    assert wait <= job.due_at - before < wait + timedelta(seconds=5)
    assert f"({code})" in office.slip()
    assert office.ledger.queue(office.number).paused_until is None, "others go on"
    office.later(61)
    office.send()
    assert office.job().state is JobState.ACCEPTED


def test_the_same_job_without_a_doubt_is_a_refusal(office: Office) -> None:
    office.restart(same_within=0)
    office.begin()
    office.send()
    (number,) = (accepted.job_id for accepted in office.accepted)
    office.begin()
    office.send()
    office.tell()
    assert office.states() == [JobState.ACCEPTED, JobState.FAILED]
    report = office.report()
    assert "(job" in report and str(number) in report.replace("\r\n", " ")
    assert "[2]" in report, "how to send it all the same"
    assert len(office.accepted) == 1


def test_with_a_reference_it_goes(office: Office) -> None:
    office.restart(same_within=0)
    office.begin()
    office.send()
    office.begin(f"{NUMBER}[2] Befund.pdf", pdf(f"{NUMBER} Befund.pdf"))
    office.send()
    assert office.states() == [JobState.ACCEPTED] * 2 and len(office.accepted) == 2


def test_the_same_job_after_a_doubt_was_accepted(office: Office) -> None:
    content = office.drop()
    office.take()
    office.fault(FaultKind.LOST)
    office.send()
    assert (office.job().state, len(office.accepted)) == (JobState.UNCERTAIN, 1)
    assert "NOT CLEAR YET" in office.slip()
    office.later(31)
    office.send()
    assert office.calls()[-1].code == SAME
    office.tell()
    job = office.job()
    assert (job.state, job.job_id, job.doubt) == (JobState.DONE, None, False)
    assert office.places(content) == ["sent"]
    assert "number is therefore unknown" in " ".join(office.report().split())
    assert office.requests[0] == office.requests[1]


def test_a_repetition_that_fax_de_takes_for_a_double_waits(office: Office) -> None:
    """FAX.de has sent the same before: that was the transmission that was busy."""
    repetition(office)
    answered(office, SAME)
    assert office.job().state is JobState.WAITING
    office.later(61)
    office.send()
    assert office.job().state is JobState.ACCEPTED and len(office.accepted) == 2


def test_several_recipients_must_be_allowed(office: Office) -> None:
    """Code 1 speaks of the job then (section "SendJob", note 2), and stops nobody else's."""
    office.account(bulk=False)
    office.begin("040 123456, 089 123456_Rund.pdf")
    office.begin()
    office.send()
    office.tell()
    assert office.states() == [JobState.FAILED, JobState.ACCEPTED]
    assert "each recipient separately" in " ".join(office.report().split())


def test_the_same_job_after_a_doubt_may_be_an_earlier_one(office: Office) -> None:
    """Somebody has dropped it twice, and wanted that."""
    office.restart(same_within=0)
    office.begin()
    office.send()
    office.begin()
    office.fault(FaultKind.LOST, work=False)
    office.send()
    office.later(31)
    office.send()
    office.tell()
    assert office.states() == [JobState.ACCEPTED, JobState.FAILED] and office.job().doubt
    assert office.report().startswith("UNCLEAR")


def test_all_documented_codes_are_tried() -> None:
    from faxd.faxde.codes import SEND_JOB

    assert {0, *ACCOUNT, *LATER, *REFUSED, SAME} == set(SEND_JOB)


def test_what_was_refused_is_named(office: Office) -> None:
    office.account(abroad=False)
    office.begin("+43 1 534530 Befund.pdf")
    office.send()
    office.tell()
    assert "(-8)" in office.report() and names(office.failed)[1] == "+43 1 534530 Befund.pdf"
