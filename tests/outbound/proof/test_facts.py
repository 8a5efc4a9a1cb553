"""What a transmission report says, for every kind of end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.job import Job, JobState, Kind
from faxd.outbound.proof.facts import is_owed, report_facts, text_note, was_sent
from faxd.words import Words
from tests.outbound.office.jobs import BERLIN, DONE, MEIER, SENT, done, hostile_jobs, job

FAILED = job(state=JobState.FAILED, tries=1, ended_at=DONE.ended_at)
PROBLEM = Words("FAX.de hat den Auftrag abgelehnt.", "FAX.de has refused the job.")


def facts(job: Job, **changes: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "language": "de", "zone": BERLIN, "account": "praxis", "sender": ()
    }  # fmt: skip
    return {**report_facts(job, job.recipients[0], **settings | changes)}


@pytest.mark.parametrize(
    ("job", "owed"),
    [
        (DONE, True),
        (done("Busy", "OK"), True),
        (FAILED, True),  # it was tried, and came to nothing
        (replace(FAILED, doubt=True), True),
        (replace(FAILED, tries=0), False),  # refused before it began
        (replace(DONE, state=JobState.CANCELLED), False),
        (replace(FAILED, recipients=()), False),
    ],
)
def test_whether_there_is_something_to_prove(job: Job, owed: bool) -> None:
    assert is_owed(job) == owed


@pytest.mark.parametrize(
    ("job", "result", "sent"),
    [
        (DONE, "OK", True),
        (DONE, "Busy", False),
        (DONE, "Something New", None),
        (DONE, "", None),
        (DONE, None, None),
        (FAILED, None, False),
        (FAILED, "No Answer", False),
        (replace(FAILED, doubt=True), None, None),
        # reached by an earlier transmission
        (replace(FAILED, doubt=True), "OK", True),
        (replace(FAILED, doubt=True), "Blacklist", False),
    ],
)
def test_what_is_known_of_a_recipient(job: Job, result: str | None, sent: bool | None) -> None:
    assert was_sent(job, replace(MEIER, result=result)) is sent


def test_a_fax_that_was_sent() -> None:
    sent = replace(DONE, hashes=("ab" * 32,), tries=2, options={"station_id": "PRAXIS MUSTER"})
    assert facts(
        sent, sender=("Praxis Muster", "+49 40 654321"), protocol_line="a;b", picture="/x.png"
    ) == {
        "language": "de",
        "kind": "fax",
        "is_ok": True,
        "result": "OK",
        "result_words": "Das Fax wurde vollständig an das Gerät des Empfängers übertragen.",
        "account": "Praxis Muster",
        "sender": "+49 40 654321 (PRAXIS MUSTER)",
        "recipient": "+4940123456",
        "recipient_name": "Praxis Dr. Meier",
        "reference": "RE-4711",
        "station_id": "Max Mustermann",
        "pages": 2,
        "started": "24.11.2026 09:15:30 MEZ",
        "duration": 19,
        "tries": 2,
        "job_number": "4000001",
        "own_number": "17",
        "sha256": [{"name": "Befund.pdf", "sha256": "ab" * 32}],
        "protocol_line": "a;b",
        "picture": "/x.png",
        "note": "",
    }


@pytest.mark.parametrize(
    ("changes", "sender"),
    [
        ({}, ""),
        ({"options": {"caller_id": "+49301"}}, "+49301"),
        ({"kind": Kind.SMS, "options": {"sms_from": "Praxis", "station_id": "X"}}, "Praxis"),
        ({"kind": Kind.EMAIL, "options": {"mail_from": "a@example.org"}}, "a@example.org"),
        ({"kind": Kind.LETTER, "options": {"caller_id": "+49301"}}, ""),
    ],
)
def test_the_sender_is_what_the_job_itself_says(changes: dict[str, Any], sender: str) -> None:
    assert facts(job(**changes))["sender"] == sender


@pytest.mark.parametrize(
    ("job", "words"),
    [
        # the date must be somewhere, and stands before what may be cut off
        (
            replace(FAILED, problem=PROBLEM),
            "Beendet 24.11.2026 09:15:30 MEZ. FAX.de hat den Auftrag abgelehnt.",
        ),
        (FAILED, "Beendet 24.11.2026 09:15:30 MEZ. Es wurde nichts gesendet."),
        (
            done("", state=JobState.DONE),
            "Beendet 24.11.2026 09:15:30 MEZ. FAX.de hat nicht mitgeteilt, ob es angekommen ist.",
        ),
        (
            replace(DONE, recipients=(replace(SENT, result="Busy"),)),
            "Der Anschluss war bei jedem Versuch besetzt.",
        ),
    ],
)
def test_what_became_of_it(job: Job, words: str) -> None:
    assert facts(job)["result_words"] == words


def test_what_was_not_sent_claims_no_pages() -> None:
    assert facts(replace(done("Busy"), pages=3))["pages"] is None
    assert facts(replace(done("OK"), pages=3))["pages"] == 3


@pytest.mark.parametrize(
    ("changes", "number"),
    [({"job_id": None}, "unbekannt (die Antwort von FAX.de ging verloren)"), ({}, "4000001")],
)
def test_the_number_of_a_job_whose_answer_was_lost(changes: dict[str, Any], number: str) -> None:
    assert facts(replace(DONE, **changes))["job_number"] == number
    assert facts(FAILED)["job_number"] == ""


def test_a_checksum_is_that_of_its_own_document_or_left_out() -> None:
    two = replace(DONE, documents=("a.pdf", "b.pdf"), hashes=("00" * 32,))
    assert facts(two)["sha256"] == []


@given(job=hostile_jobs, text=st.text(max_size=2000))
def test_strangers_texts_do_no_harm(job: Job, text: str) -> None:
    for recipient in job.recipients:
        made = report_facts(
            job, recipient, language="en", zone=BERLIN, account="praxis", sender=(text,)
        )
        assert made["is_ok"] == was_sent(job, recipient)
    assert len(text_note(text).de) < 500


def test_who_is_named_when_nobody_is_set() -> None:
    assert facts(DONE)["account"] == "praxis"
