"""The report, as office people read it, and the list to drop again."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.job import Job, JobState, Kind, Recipient
from faxd.outbound.office.layout import as_file, job_of
from faxd.outbound.office.outcome import Ending, ending_of, missed, place_of
from faxd.outbound.office.report import render_report, undelivered
from faxd.words import Language, Words

from .jobs import BERLIN, DONE, MUSTER, NOW, SENT, done, hostile, hostile_jobs, job


def report(job: Job, language: Language = "de") -> str:
    text = render_report(job, language, BERLIN)
    assert text.count("\n") == text.count("\r\n")
    return text.replace("\r\n", "\n")


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_a_fax_that_was_sent() -> None:
    assert (
        report(DONE)
        == """\
GESENDET                                                    [faxd: Auftrag 17]

Das Fax wurde vollständig an das Gerät des Empfängers übertragen.

Art:                Fax
Name:               Befund
Empfänger:          +4940123456
Empfängername:      Praxis Dr. Meier
Referenz:           RE-4711
Ergebnis:           gesendet
Stationskennung:    Max Mustermann
Seiten:             2
Gesendet:           24.11.2026 09:15:30 MEZ
Dauer:              19 s
Beendet:            24.11.2026 09:15:30 MEZ
Versuche:           1
Auftrag bei FAX.de: 4000001
Eigene Nummer:      17
Dokument:           Befund.pdf
In „outbox“ als:    fax/Befund.pdf
"""
    )


def test_where_it_was_dropped_is_said_only_if_that_says_more() -> None:
    assert "als: Befund.pdf" not in flat(report(replace(DONE, source="Befund.pdf")))
    other = replace(DONE, source="sms/0171 Termin.txt", folder="/srv/Faxe/Ausgang")
    assert "In „Ausgang“ als: sms/0171 Termin.txt" in flat(report(other))


@pytest.mark.parametrize(
    ("files", "beside", "german", "english"),
    [
        ({}, (), "Sie das Dokument in den Ordner „fax“ in „Aus“, wenn", "move the document to the"),
        ({"source": "Befund.pdf"}, (), "Sie das Dokument in den Ordner „Aus“, wenn", 'r "Aus", c'),
        (
            {"companions": ("Befund.pdf.toml",)},
            ("26 Befund.pdf.toml",),
            "Sie das Dokument zusammen mit „26 Befund.pdf.toml“ in den Ordner „fax“ in „Aus“, wenn",
            'move the document together with "26 Befund.pdf.toml" to the folder "fax" in "Aus",',
        ),
        (
            {"documents": (), "companions": ("A.toml",)},
            ("26 A.toml",),
            "Verschieben Sie „26 A.toml“ in den",
            'move "26 A.toml" to the',
        ),
    ],
)
def test_what_is_to_be_moved_back(
    files: dict[str, Any], beside: tuple[str, ...], german: str, english: str
) -> None:
    """All that it takes: a document without its list or job file has no recipient."""
    failed = job(state=JobState.FAILED, folder="/srv/Aus", **files)
    for language, said in (("de", german), ("en", english)):
        text = render_report(failed, language, BERLIN, beside=beside)
        assert said in flat(text)


def test_a_fax_that_was_not_answered_in_english() -> None:
    fax = replace(DONE, recipients=(replace(SENT, result="No Answer", station_id=""),))
    assert (
        report(fax, "en")
        == """\
NOT SENT                                                        [faxd: job 17]

It rang, but nobody answered.

Kind:               Fax
Name:               Befund
Recipient:          +4940123456
Recipient's name:   Praxis Dr. Meier
Reference:          RE-4711
Result:             no answer
Pages:              2
Last attempt:       2026-11-24 09:15:30 CET
Duration:           19 s
Ended:              2026-11-24 09:15:30 CET
Tries:              1
Job at FAX.de:      4000001
Own number:         17
Document:           Befund.pdf
In "outbox" as:     fax/Befund.pdf

The fax machine may be switched off: please try again later, or call the
  recipient.
To send it again, move the document to the folder "fax" in "outbox", corrected
  or renamed if need be. Leave this report here.
"""
    )


def test_many_recipients() -> None:
    fax = replace(DONE, recipients=(SENT, replace(MUSTER, result="Busy")))
    assert (
        report(fax)
        == """\
TEILWEISE GESENDET                                          [faxd: Auftrag 17]

Art:                Fax
Name:               Befund
Seiten:             2
Beendet:            24.11.2026 09:15:30 MEZ
Versuche:           1
Auftrag bei FAX.de: 4000001
Eigene Nummer:      17
Dokument:           Befund.pdf
In „outbox“ als:    fax/Befund.pdf

Empfänger:          2
  gesendet:         1
  nicht gesendet:   1
  unbekannt:        0

  Empfänger    Name              Referenz  Ergebnis  Seiten  Zeit                     Dauer  Stationskennung
  -----------  ----------------  --------  --------  ------  -----------------------  -----  ---------------
  +4930111111  Mustermann                  besetzt
  +4940123456  Praxis Dr. Meier  RE-4711   gesendet  2       24.11.2026 09:15:30 MEZ  19 s   Max Mustermann

  besetzt: Der Anschluss war bei jedem Versuch besetzt. Bitte versuchen Sie es
  später noch einmal.

Noch einmal senden: Verschieben Sie das Dokument zusammen mit der Liste
  (.csv), die neben ihm liegt, in den Ordner „fax“ in „outbox“. Die Liste
  nennt nur die, die es nicht bekommen haben.
"""  # noqa: E501
    )


def test_a_job_that_was_refused() -> None:
    problem = Words(de="Diese Nummer gibt es nicht.", en="There is no such number.")
    text = report(job(state=JobState.FAILED, problem=problem, recipients=(), ended_at=NOW))
    assert text.startswith("NICHT GESENDET ")
    assert "\nEs wurde nichts gesendet.\n  Diese Nummer gibt es nicht.\n" in text
    assert "Verschieben Sie das Dokument" in text
    assert "Auftrag bei FAX.de" not in text


def test_a_number_that_was_lost_is_said_to_be() -> None:
    lost = replace(DONE, job_id=None, doubt=True, recipients=(replace(SENT, result=None),))
    text = report(lost)
    assert text.startswith("ANGENOMMEN, AUSGANG UNBEKANNT ")
    assert "Auftrag bei FAX.de: unbekannt (die Antwort mit der Nummer ging verloren)" in text
    assert "Noch einmal senden:" not in text
    assert place_of(lost) == "sent"


def test_nobody_is_told_to_send_again_what_may_have_been_sent() -> None:
    unclear = job(state=JobState.FAILED, doubt=True)
    assert report(unclear).startswith("UNKLAR ")
    assert "fragen Sie den Empfänger" in flat(report(unclear))
    assert "Noch einmal senden:" not in report(unclear)


@pytest.mark.parametrize(
    ("job", "ending", "place"),
    [
        (done("OK"), Ending.SENT, "sent"),
        (done("OK", "ok"), Ending.SENT, "sent"),
        (done("OK", "Busy"), Ending.PARTLY, "sent"),
        (done("OK", ""), Ending.PARTLY, "sent"),
        (done("Busy", "NOANSWER"), Ending.NOT_SENT, "failed"),
        (done("Busy", ""), Ending.SILENT, "sent"),
        (done(""), Ending.SILENT, "sent"),
        (done(), Ending.SILENT, "sent"),
        (done("Sonderfall"), Ending.UNCLEAR, "failed"),
        (job(state=JobState.FAILED), Ending.NOT_SENT, "failed"),
        (job(state=JobState.FAILED, recipients=()), Ending.NOT_SENT, "failed"),
        (job(state=JobState.FAILED, doubt=True), Ending.UNCLEAR, "failed"),
        (job(state=JobState.FAILED, doubt=True, job_id=1), Ending.UNCLEAR, "failed"),
        (job(state=JobState.CANCELLED), Ending.CANCELLED, "failed"),
    ],
)
def test_where_it_belongs(job: Job, ending: Ending, place: str) -> None:
    assert (ending_of(job), place_of(job)) == (ending, place)
    for language in ("de", "en"):
        assert report(job, language).startswith(ending.value.in_(language) + "  ")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (done("OK", "Busy"), b"\xef\xbb\xbf+4940100001,R1\r\n"),
        (done("Busy", "Voice"), b"\xef\xbb\xbf+4940100000,R0\r\n+4940100001,R1\r\n"),
        (done("OK", ""), None),  # who may have got it is not to get it twice
        (done("OK", "Sonderfall"), None),
        (done("Busy"), None),
        (done("OK", "OK"), None),
        (done("", "", job_id=None), None),
        (
            replace(done("", ""), state=JobState.FAILED),
            b"\xef\xbb\xbf+4940100000,R0\r\n+4940100001,R1\r\n",
        ),
        (replace(done("", ""), state=JobState.FAILED, doubt=True, job_id=None), None),
        (done("OK", "Busy", kind=Kind.LETTER), None),
    ],
)
def test_the_list_to_drop_again(job: Job, expected: bytes | None) -> None:
    assert undelivered(job) == expected


@pytest.mark.parametrize(
    ("address", "reference", "line"),
    [
        ("+4940123456", "", "+4940123456"),
        ("+4940123456", "RE 4711", "+4940123456,RE 4711"),
        ("+4940123456", "=1+1", '+4940123456," =1+1"'),
        ("+4940123456", "1+cmd|'/c calc'!A0", "+4940123456,\"1+cmd|'/c calc'!A0\""),
        ("+4940123456", "-5", "+4940123456,-5"),
        ("+4940123456", 'a",b', '+4940123456,"a"",b"'),
        ("+4940123456", "a\r\n+49900", '+4940123456,"a +49900"'),
        ("=x@example.org", "@SUM(1)", '" =x@example.org"," @SUM(1)"'),
        ("+1+1@example.org", "\t=1", '" +1+1@example.org"," =1"'),
        ("praxis@example.org", "Müller", '"praxis@example.org",Müller'),
    ],
)
def test_cells_of_the_list(address: str, reference: str, line: str) -> None:
    missing = Recipient(address=address, reference=reference, result="Busy")
    data = undelivered(replace(DONE, recipients=(SENT, missing)))
    assert data is not None
    assert data.decode("utf-8-sig") == f"{line}\r\n"


@given(job=hostile_jobs)
def test_no_cell_is_a_formula_or_breaks_out(job: Job) -> None:
    data = undelivered(job)
    if data is None:
        return
    text = data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(rows) == len(missed(job)) == text.count("\r\n") == text.count("\n")
    for row, recipient in zip(rows, missed(job), strict=True):
        assert len(row) <= 2
        for cell in row:
            assert not re.match(r"[=+\-@\t\r]", cell) or re.fullmatch(r"[+-]?[0-9]+", cell)
        cleaned = " ".join(recipient.address.split())
        if cleaned and cleaned.isprintable() and len(cleaned) < 1000:
            assert row[0].strip() == cleaned
    # Excel in German takes each line for one cell.
    for line in text.splitlines():
        assert re.match(r'"|[+-]?[0-9]+(,|$)|[^=+\-@]', line) or not line


@given(job=hostile_jobs, problem=hostile, language=st.sampled_from(["de", "en"]))
def test_nothing_breaks_out_of_its_line(job: Job, problem: str, language: Language) -> None:
    def begins(job: Job, problem: str) -> list[str]:
        """How the lines begin that are not indented, and so are ours."""
        text = report(replace(job, problem=Words(de=problem, en=problem)), language)
        assert all(line.isprintable() for line in text.split("\n"))
        assert job_of(as_file(text)) == 17
        return [line[:12] for line in text.split("\n") if line and line[0] != " "]

    tame = replace(
        job,
        title="x",
        source="y",
        text="x",
        documents=("x",) * len(job.documents),
        companions=("x",) * len(job.companions),
        recipients=tuple(
            replace(r, address="x", name="x", reference="x", station_id="x") for r in job.recipients
        ),
    )
    # Where a stranger's text shows nothing its line is left out; there is never another one.
    assert set(begins(job, problem)) <= set(begins(tame, "x"))


@given(rows=st.lists(st.tuples(hostile, hostile), min_size=2, max_size=6))
def test_the_table_stays_a_table(rows: list[tuple[str, str]]) -> None:
    recipients = tuple(
        Recipient(address=address, reference=reference, result="Busy", pages=7)
        for address, reference in rows
    )
    lines = report(replace(DONE, recipients=recipients)).split("\n")
    rule = next(number for number, line in enumerate(lines) if line.startswith("  ---"))
    columns = [found.start() for found in re.finditer("-+", lines[rule])]
    for line in lines[rule + 1 : rule + 1 + len(rows)]:
        assert all(line[column - 2 : column] == "  " for column in columns)
        assert line[columns[-1] :] == "7"
    assert lines[rule + 1 + len(rows)] == ""
