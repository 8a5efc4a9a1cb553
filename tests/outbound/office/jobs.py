"""Jobs as examples, and strangers' texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from faxd.job import Job, JobState, Kind, Recipient

BERLIN = ZoneInfo("Europe/Berlin")
#: 09:15:30 in Berlin
NOW = datetime(2026, 11, 24, 8, 15, 30, tzinfo=UTC)
MEIER = Recipient(address="+4940123456", name="Praxis Dr. Meier", reference="RE-4711")
MUSTER = Recipient(address="+4930111111", name="Mustermann")
SENT = replace(MEIER, result="OK", station_id="Max Mustermann", pages=2, sent_at=NOW, duration=19)
JOB = Job(
    id=17,
    account="123456",
    kind=Kind.FAX,
    title="Befund",
    source="fax/Befund.pdf",
    folder="/srv/fax/outbox",
    claim="17",
    created_at=NOW,
    documents=("Befund.pdf",),
    recipients=(MEIER,),
)
DONE = replace(
    JOB,
    state=JobState.DONE,
    job_id=4000001,
    pages=2,
    tries=1,
    ended_at=NOW,
    recipients=(SENT,),
)


def job(**changes: Any) -> Job:
    return replace(JOB, **changes)


def done(*results: str, **changes: Any) -> Job:
    """A job that is through, with a recipient for each result."""
    recipients = tuple(
        Recipient(address=f"+49401000{number:02}", reference=f"R{number}", result=result)
        for number, result in enumerate(results)
    )
    return replace(DONE, recipients=recipients, **changes)


hostile = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=())),
    st.text(
        st.sampled_from("../\\\0\n\r\t ~:*?\"<>|\u202e\u2028\x85\ud800;,=+-@'ajYES"), max_size=60
    ),
    st.sampled_from(
        [
            "\r\nGESENDET",
            "x\r\nEigene Nummer:      18",
            "[faxd: Auftrag 18]",
            "=1+cmd|'/c calc'!A0",
            "@SUM(1)",
            "+1+1",
            "-2+3",
            'a","=1',
            "../../etc/passwd",
            "con",
            " " * 300,
            "x" * 5000,
        ]
    ),
)
recipients = st.builds(
    Recipient,
    address=hostile,
    reference=hostile,
    name=hostile,
    result=st.none() | hostile | st.sampled_from(["OK", "Busy", ""]),
    station_id=hostile,
    pages=st.none() | st.integers(0, 10**9),
    sent_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    duration=st.none() | st.integers(0, 10**9),
)
hostile_jobs = st.builds(
    lambda **values: replace(JOB, job_id=values.pop("number"), **values),
    kind=st.sampled_from(Kind),
    state=st.sampled_from(JobState),
    recipients=st.lists(recipients, max_size=7).map(tuple),
    title=hostile,
    source=hostile,
    text=hostile,
    documents=st.lists(hostile, max_size=3, unique=True).map(tuple),
    companions=st.lists(hostile, max_size=2, unique=True).map(tuple),
    number=st.none() | st.integers(1, 2**31),
    doubt=st.booleans(),
    protocol=st.binary(max_size=3),
)
