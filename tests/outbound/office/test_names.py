"""What slips and filed sets are called."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.job import Job, JobState
from faxd.outbound.addressing.names import title_of, unfiled
from faxd.outbound.office.names import beginnings, filed_names, slip_name
from faxd.words import Language

from .jobs import BERLIN, DONE, MUSTER, SENT, hostile_jobs, job

AT = "2026-11-24_0915 Befund"
SOME = replace(DONE, recipients=(SENT, replace(MUSTER, result="Busy")))
NOBODY = replace(DONE, recipients=(replace(SENT, result="Busy"), replace(MUSTER, result="Busy")))


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (DONE, {"Befund.pdf": f"{AT}.pdf"}),
        (
            replace(DONE, documents=("Befund.pdf", "Anlage.TIF", "b")),
            {"Befund.pdf": f"{AT}.pdf", "Anlage.TIF": f"{AT}_2.TIF", "b": f"{AT}_3"},
        ),
        # what was beside the document stays beside it
        (
            replace(DONE, companions=("Befund.pdf.toml",)),
            {"Befund.pdf": f"{AT}.pdf", "Befund.pdf.toml": f"{AT}.pdf.toml"},
        ),
        (
            replace(DONE, companions=("Befund.csv",)),
            {"Befund.pdf": f"{AT}.pdf", "Befund.csv": f"{AT}.csv"},
        ),
        # a job file that stands alone, and a text that became the message
        (
            replace(DONE, documents=(), companions=("Auftrag.toml",)),
            {"Auftrag.toml": f"{AT}.toml"},
        ),
        (
            replace(DONE, documents=(), companions=("Text.txt", "Text.txt.json")),
            {"Text.txt": f"{AT}.txt", "Text.txt.json": f"{AT}.txt.json"},
        ),
        # some did not get it: their list takes the place of the whole one
        (
            replace(SOME, companions=("Befund.pdf.csv",)),
            {
                "Befund.pdf": f"{AT}.pdf",
                "Befund.pdf.csv": f"{AT} - ganze Liste.csv",
                None: f"{AT}.pdf.csv",
            },
        ),
        (
            replace(SOME, companions=("Befund.pdf.toml",)),
            {
                "Befund.pdf": f"{AT}.pdf",
                "Befund.pdf.toml": f"{AT} - Auftrag.toml",
                None: f"{AT}.pdf.csv",
            },
        ),
        # nobody got it: the list that was dropped is the list to drop again
        (
            replace(NOBODY, companions=("Befund.pdf.csv",)),
            {"Befund.pdf": f"{AT}.pdf", "Befund.pdf.csv": f"{AT}.pdf.csv"},
        ),
    ],
)
def test_filed_names(job: Job, expected: dict[str | None, str]) -> None:
    names = filed_names(job, AT, "de")
    missed = {} if names.undelivered is None else {None: names.undelivered}
    assert dict(names.moved) | missed == expected
    assert names.report == f"{AT} - Bericht.txt"
    assert names.protocol is None


def test_english_names_and_a_protocol() -> None:
    names = filed_names(replace(DONE, protocol=b"x"), AT, "en")
    assert names.all() == [f"{AT}.pdf", f"{AT} - protocol.csv", f"{AT} - report.txt"]


def test_beginnings() -> None:
    found = [*beginnings(DONE, BERLIN)]
    assert found[:2] == [AT, f"{AT} (2)"]
    assert found[-1] == f"{AT} (Nr. 17)"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2026-11-24_0915 +4940123456 Befund", "+4940123456 Befund"),
        ("2026-11-24_0915 2026-11-23_1200 Befund.pdf", "Befund.pdf"),
        ("2026-11-24 Befund", "2026-11-24 Befund"),
        ("2026-11-24_0915 ", "2026-11-24_0915 "),
        ("Befund", "Befund"),
    ],
)
def test_dates_do_not_pile_up(name: str, expected: str) -> None:
    assert unfiled(name) == expected
    assert unfiled(title_of(name)) == title_of(expected)


@given(job=hostile_jobs, language=st.sampled_from(["de", "en"]))
def test_no_name_leads_out_of_its_folder_or_is_used_twice(job: Job, language: Language) -> None:
    for beginning in beginnings(job, BERLIN):
        names = filed_names(job, beginning, language)
        assert {old for old, _ in names.moved} == {*job.documents, *job.companions}
        every = names.all()
        assert len({name.casefold() for name in every}) == len(every)
        for name in [*every, slip_name(job)]:
            assert not set(name) & set('/\\\0\r\n:"*?<>|')
            assert name not in {"", ".", ".."}
            assert not name.startswith(".")
            assert len(name.encode()) <= 240
        assert all(name.startswith("2026-11-24_0915 ") for name in every)


def test_a_slip_s_name() -> None:
    assert slip_name(job()) == "Befund.txt"
    assert slip_name(job(title="../x/con")) == "-x-con.txt"
    assert slip_name(job(title="con", state=JobState.DONE)) == "_con.txt"
