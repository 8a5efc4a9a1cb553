"""The slip, as office people read it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.job import Hold, Job, JobState, Kind
from faxd.outbound.intake.texts import same
from faxd.outbound.office.layout import as_file, is_ours, job_of
from faxd.outbound.office.slip import TOO_LATE, answer_of, render_slip, says_yes
from faxd.words import Language, Words

from .jobs import BERLIN, MEIER, NOW, hostile, hostile_jobs, job

LATER = NOW + timedelta(minutes=5)


def slip(job: Job, language: Language = "de", **more: object) -> str:
    text = render_slip(job, language, BERLIN, NOW, **more)  # type: ignore[arg-type]
    assert text.count("\n") == text.count("\r\n")
    return text.replace("\r\n", "\n")


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_a_fax_at_the_provider() -> None:
    fax = job(state=JobState.ACCEPTED, job_id=4000001, pages=2, tries=2)
    assert (
        slip(fax)
        == """\
UNTERWEGS                                                   [faxd: Auftrag 17]

Art:                Fax
Name:               Befund
Empfänger:          +4940123456 (Praxis Dr. Meier) [RE-4711]
Seiten:             2
Versuche:           2
Auftrag bei FAX.de: 4000001
Eigene Nummer:      17

FAX.de hat den Auftrag und ist dabei, ihn auszuführen.

Zum Stornieren diese Datei löschen. Der Auftrag wird dann bei FAX.de
storniert, wenn es noch nicht zu spät ist; sonst kommt diese Datei wieder und
sagt es.
Am Ende liegt ein Bericht mit dem Dokument im Ordner „sent“ oder „failed“.
"""
    )


def test_a_question_in_english() -> None:
    assert (
        slip(job(state=JobState.HELD, hold=Hold.SAME, problem=same(job(id=16), BERLIN)), "en")
        == """\
PLEASE ANSWER                                                   [faxd: job 17]

Kind:               Fax
Name:               Befund
Recipient:          +4940123456 (Praxis Dr. Meier) [RE-4711]
Own number:         17

  The same document was dropped for the same recipient at 09:15 already (no.
  16). Shall this one be sent all the same?

Yes:  rename this file so that its name begins with "yes".
No:   delete this file; then nothing is sent.
"""
    )


def test_the_folders_as_they_are_called() -> None:
    text = slip(job(state=JobState.ACCEPTED), sent="Gesendet", failed="Fehler {x}")
    assert "im Ordner „Gesendet“ oder „Fehler {x}“." in flat(text)


def test_many_recipients_and_a_planned_sms() -> None:
    sms = job(kind=Kind.SMS, recipients=(MEIER,) * 42, text="x" * 161, at=NOW + timedelta(days=200))
    assert (
        slip(sms)
        == """\
WARTET                                                      [faxd: Auftrag 17]

Art:                SMS
Name:               Befund
Empfänger:          +4940123456 (Praxis Dr. Meier) [RE-4711]
                    +4940123456 (Praxis Dr. Meier) [RE-4711]
                    +4940123456 (Praxis Dr. Meier) [RE-4711]
                    +4940123456 (Praxis Dr. Meier) [RE-4711]
                    +4940123456 (Praxis Dr. Meier) [RE-4711]
                    und 37 weitere
SMS-Teile:          voraussichtlich 2 (161 Zeichen, je 160)
Geplant für:        12.06.2027 10:15 MESZ
Eigene Nummer:      17

Das Dokument ist angenommen und wird FAX.de der Reihe nach übergeben.

Zum Stornieren diese Datei löschen; dann wird nichts gesendet.
"""
    )


@pytest.mark.parametrize(
    ("job", "more", "german", "english"),
    [
        (
            job(state=JobState.HELD, hold=Hold.GUARD, due_at=LATER),
            {},
            ["ANGEHALTEN", "Die Grenze", "von selbst weiter", "weiter: 24.11.2026 09:20 MEZ"],
            ["ON HOLD", "The limit", "by itself", "earliest: 2026-11-24 09:20 CET"],
        ),
        (
            job(state=JobState.UNCERTAIN, doubt=True, due_at=LATER),
            {},
            ["NOCH UNKLAR", "Antwort kam nicht an", "Nächster Versuch: 24.11.2026 09:20 MEZ."],
            ["NOT CLEAR YET", "answer did not arrive", "Next try: 2026-11-24 09:20 CET."],
        ),
        (
            job(failing_since=NOW, due_at=LATER),
            {},
            ["WARTET", "nicht zu erreichen", "Nächster Versuch"],
            ["WAITING", "cannot be reached", "Next try"],
        ),
        (job(), {"offline": True}, ["nicht zu erreichen"], ["cannot be reached"]),
        (
            job(),
            {"queue_problem": Words(de="Das Guthaben ist leer.", en="The account is empty.")},
            ["Das Guthaben ist leer."],
            ["The account is empty."],
        ),
        (
            job(state=JobState.ACCEPTED, problem=TOO_LATE),
            {},
            ["zu spät"],
            ["too late"],
        ),
        (job(cancel=True), {}, ["zurückgezogen", "nichts weiter tun"], ["withdrawn"]),
        (job(repeats=1, due_at=LATER), {}, ["noch einmal gesendet"], ["sent once more"]),
        (
            job(state=JobState.ACCEPTED, at=LATER),
            {},
            ["zur geplanten Zeit"],
            ["at the planned time"],
        ),
    ],
)
def test_what_it_says(
    job: Job, more: dict[str, object], german: list[str], english: list[str]
) -> None:
    for language, words in (("de", german), ("en", english)):
        text = slip(job, language, **more)  # type: ignore[arg-type]
        for word in words:
            assert word in re.sub(r"\n *", " ", text)


@pytest.mark.parametrize("state", [state for state in JobState if not state.is_end])
def test_it_always_says_how_to_stop_it(state: JobState) -> None:
    hold = Hold.SAME if state is JobState.HELD else None
    assert "diese Datei" in slip(job(state=state, hold=hold))
    assert "delete this file" in slip(job(state=state, hold=hold), "en")


def test_after_a_doubt_it_does_not_promise_that_nothing_is_sent() -> None:
    assert "nichts gesendet" not in slip(job(doubt=True, tries=1))


def test_it_is_the_same_until_something_changes() -> None:
    one = render_slip(job(), "de", BERLIN, NOW)
    assert one == render_slip(job(), "de", BERLIN, NOW + timedelta(hours=3))


@given(job=hostile_jobs, problem=hostile, language=st.sampled_from(["de", "en"]))
def test_nothing_breaks_out_of_its_line(job: Job, problem: str, language: Language) -> None:
    def shape(job: Job, problem: str) -> list[str]:
        job = replace(job, problem=Words(de=problem, en=problem))
        text = slip(job, language)
        assert all(len(line) <= 78 for line in text.split("\n"))
        assert all(line.isprintable() for line in text.split("\n"))
        assert job_of(as_file(text.replace("\n", "\r\n"))) == 17
        # Labels and sentences of ours are what is not indented.
        return [re.match(r"([^:]*)", line)[0] for line in text.split("\n") if line[:1] > " "]  # type: ignore[index]

    tame = replace(
        job,
        title="x",
        source="x",
        text="x",
        recipients=tuple(replace(r, address="x", name="", reference="") for r in job.recipients),
    )
    ours, theirs = shape(tame, "x"), shape(job, problem)
    optional = {"Name", "Empfänger", "Recipient", "Recipients", "SMS-Teile", "Messages"}
    assert [line for line in theirs if line not in optional] == [
        line for line in ours if line not in optional
    ]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"WARTET   [faxd: Auftrag 17]\r\n", 17),
        (b"\xef\xbb\xbfWAITING  [faxd: job 3]", 3),
        ("WARTET  [faxd: Auftrag 17]\r\nx".encode("utf-16"), 17),
        (b"\r\n\r\nx [faxd: Auftrag 17]\r\n", 17),
        (b"Guten Tag\r\n[faxd: Auftrag 17]\r\n", None),
        (b"Termin [faxd: Auftrag 17] um neun", None),
        (b"", None),
        (b"\xff\xfe", None),
        (b"%PDF-1.4", None),
    ],
)
def test_slips_and_reports_are_known_again(head: bytes, expected: int | None) -> None:
    assert job_of(head) == expected
    assert is_ours(head) == (expected is not None)


@given(head=st.binary())
def test_any_file_may_be_asked(head: bytes) -> None:
    assert not is_ours(head)


@pytest.mark.parametrize(
    ("slip", "found", "expected"),
    [
        ("Befund.txt", "ja Befund.txt", True),
        ("Befund.txt", "JA_Befund.txt", True),
        ("Befund.txt", "Ja - Befund.txt", True),
        ("Befund.txt", "yes, Befund.TXT", True),
        ("Befund.txt", "jaBefund.txt", True),
        ("Übung.txt", "ja U\u0308bung.txt", True),
        ("ja.txt", "ja ja.txt", True),
        ("ja.txt", "ja.txt", False),
        ("Ja Meier.txt", "Ja Meier.txt", False),
        ("Befund.txt", "Befund.txt", False),
        ("Befund.txt", "nein Befund.txt", False),
        ("Befund.txt", "ja Befund (2).txt", False),
        ("Befund.txt", "ja.txt", False),
        ("Befund.txt", "", False),
    ],
)
def test_answers(slip: str, found: str, expected: bool) -> None:
    assert answer_of(slip, found) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ja.txt", True),
        ("Ja!.txt", True),
        ("YES_x", True),
        ("jahr.txt", False),
        ("yesterday", False),
        ("ja1.txt", False),
        ("nein", False),
    ],
)
def test_the_word_yes(name: str, expected: bool) -> None:
    assert says_yes(name) == expected
