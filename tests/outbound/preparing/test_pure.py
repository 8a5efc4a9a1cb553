"""Names of what is sent instead, and what stands on a cover page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from faxd.documents import coverpage
from faxd.job import Recipient
from faxd.outbound.preparing.cover import cover_fields, shows_text
from faxd.outbound.preparing.names import is_made, prepared_name, sent_as
from tests.outbound.office.jobs import BERLIN, JOB, MEIER, MUSTER, NOW


@given(st.integers(1, 99), st.text())
def test_a_name_and_back(number: int, title: str) -> None:
    name = prepared_name("0f" * 8, number, title)
    assert is_made(name) and len(name.encode()) <= 255 and "/" not in name and "\0" not in name
    assert sent_as(name).endswith(".pdf") and not is_made(sent_as(name))


def test_names_of_others_stay_as_they_are() -> None:
    assert sent_as("Befund.pdf") == "Befund.pdf" and not is_made("Befund.pdf")
    assert sent_as(prepared_name("ab", 1, "Befund Müller")) == "Befund Müller.pdf"


def test_a_cover_page() -> None:
    job = replace(JOB, recipients=(MEIER,), subject="Ihr Befund", text="Wie besprochen.")
    fields = cover_fields(job, NOW, sender="Praxis Muster", language="de", zone=BERLIN)
    assert fields == {
        "recipient": MEIER.address,
        "name": MEIER.name,
        "reference": MEIER.reference,
        "date": "24.11.2026",
        "time": "09:15",
        "subject": "Ihr Befund",
        "sender": "Praxis Muster",
        "text": "Wie besprochen.",
    }
    assert set(fields) | {"pages"} == set(coverpage.FIELDS)
    planned = replace(job, at=datetime(2026, 12, 24, 7, tzinfo=UTC))
    later = cover_fields(planned, NOW, sender="", language="en", zone=BERLIN)
    assert (later["date"], later["time"]) == ("2026-12-24", "08:00")


def test_a_cover_page_for_several_names_none_of_them() -> None:
    job = replace(JOB, recipients=(MEIER, MUSTER, Recipient(address="+4930123456")))
    fields = cover_fields(job, NOW, sender="", language="de", zone=BERLIN)
    assert fields["name"] == "Verteiler"
    assert not any(one.address in value for one in job.recipients for value in fields.values())


def test_whether_it_has_a_place_for_the_text() -> None:
    assert shows_text("An: {name}\n\n{text}\n") and not shows_text("Text: {{text}}")
