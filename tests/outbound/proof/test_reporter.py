"""Transmission reports beside what was filed: real PDFs, made by children, read by pdfium."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from faxd.demo.pdf import page
from faxd.documents import MemoryLimit, Workshop, WorkshopError
from faxd.documents import office as libreoffice
from faxd.job import Job, JobState, Proof
from faxd.outbound.proof import reporter
from faxd.simulator import FaultKind
from tests.documents.paper import darkness, look, read
from tests.outbound.desk import NUMBER, Office

DAY = 86400.0
BUSY = "+493023125020"


def letter(text: str = "Befund") -> bytes:
    """A PDF that can really be drawn."""
    return page([text, *["Sehr geehrte Damen und Herren, anbei der Befund."] * 20])


def end(office: Office, name: str = f"{NUMBER} Befund.pdf", content: bytes | None = None) -> Job:
    """A document that was sent and filed; no report was made."""
    office.drop(name, letter() if content is None else content)
    office.take()
    office.tell()
    office.prepare()
    office.send()
    office.finish()
    office.tell()
    return office.job()


def proofs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*transmission report*.pdf"))


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as opened:
        assert len(opened) == 1
    return re.sub(r"\s+", " ", read(path))


def test_a_fax_and_its_proof(office: Office) -> None:
    content = letter()
    office.restart(sender=("Praxis Muster", "+49 40 654321"))
    job = end(office, content=content)
    assert job.filed and job.proof is Proof.WANTED and job.protocol
    assert office.prove() > 1
    job = office.job()
    assert job.proof is Proof.MADE and not job.protocol
    (path,) = proofs(office.sent)
    assert path.name == f"{job.filed_as} - transmission report.pdf"
    assert path.stat().st_mode & 0o777 == 0o660
    text = text_of(path)
    protocol = next(office.sent.glob("*protocol.csv")).read_text().splitlines()[1]
    for fact in (
        "OK – sent",
        "Praxis Muster",
        "+49 40 654321",
        NUMBER,
        f"Job at FAX.de {job.job_id}",
        hashlib.sha256(content).hexdigest(),
        "It does not prove that anybody read the fax.",
        "First page of the document, reduced",
    ):
        assert fact in text, fact
    assert protocol.replace(" ", "") in text.replace(" ", "")
    assert 0.01 < darkness(look(path)) < 0.2
    assert office.prove() > 1 and len(proofs(office.sent)) == 1


def test_each_of_three_has_its_own(office: Office) -> None:
    office.result("Busy", BUSY)
    numbers = ("+4940123456", BUSY, "+4989123456")
    office.drop("Befund.pdf.csv", "".join(f"{number};K\r\n" for number in numbers).encode())
    job = end(office, "Befund.pdf")
    office.prove()
    found = proofs(office.sent)
    assert [path.name.removeprefix(f"{job.filed_as} - ") for path in found] == [
        f"transmission report {place} {number}.pdf" for place, number in enumerate(numbers, 1)
    ]
    for path, number in zip(found, numbers, strict=True):
        text = text_of(path)
        assert ("NOT SENT" in text) == (number == BUSY)
        assert number in text and not any(other in text for other in set(numbers) - {number})


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("sms/0171 1234567 Termin.txt", b"Ihr Termin: morgen", 'The text "Ihr Termin: morgen"'),
        ("email/info@example.org Angebot.pdf", None, "reports the message as sent"),
        ("letter/Mustermann Brief.pdf", None, "reports the letter as posted"),
    ],
)
def test_other_kinds(office: Office, name: str, content: bytes | None, says: str) -> None:
    end(office, name, content)
    office.prove()
    (path,) = proofs(office.sent)
    text = text_of(path)
    assert "OK – sent" in text and says in text
    assert "Station" not in text


def test_german(office: Office) -> None:
    office.restart(language="de")
    end(office)
    office.prove()
    (path,) = office.sent.glob("* - Sendebericht.pdf")
    assert "OK – gesendet" in text_of(path)


def test_a_busy_line(office: Office) -> None:
    office.result("Busy")
    end(office)
    office.prove()
    (path,) = proofs(office.failed)
    assert "NOT SENT" in text_of(path) and "the line was busy" in text_of(path).lower()


# what has no report


def test_what_was_refused_or_withdrawn_has_none(office: Office) -> None:
    office.drop("0900 1234567 Bestellung.pdf")
    office.take()
    office.begin()
    office.delete_slip()
    office.tell()
    office.follow()
    office.tell()
    assert set(office.states()) == {JobState.FAILED, JobState.CANCELLED}
    office.prove()
    assert not proofs(office.failed)
    assert {job.proof for job in office.ledger.jobs.newest()} == {Proof.NONE}


def test_what_fax_de_refused_is_proved_not_to_be_sent(office: Office) -> None:
    office.fault(FaultKind.FORCED_CODE, value=-5)
    office.begin(content=letter())
    office.send()
    office.tell()
    assert office.job().state is JobState.FAILED
    office.prove()
    (path,) = proofs(office.failed)
    text = text_of(path)
    assert "NOT SENT" in text and "Ended 20" in text


def test_none_are_wanted(office: Office) -> None:
    office.restart(reports="none")
    end(office)
    office.prove()
    assert not proofs(office.sent) and office.job().proof is Proof.NONE
    assert not office.job().protocol


# the document


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (
            lambda path: path.write_bytes(path.read_bytes() + b"\n"),
            "the filed document was changed",
        ),
        (lambda path: path.unlink(), "no longer where faxd had put it"),
    ],
)
def test_a_document_that_is_not_what_was_sent_is_not_shown(
    office: Office, change: Any, note: str
) -> None:
    content = letter()
    job = end(office, content=content)
    change(office.sent / f"{job.filed_as}.pdf")
    office.prove()
    text = text_of(proofs(office.sent)[0])
    assert note in text and "reduced" not in text
    assert hashlib.sha256(content).hexdigest() in text, "what was sent is still known"


def test_a_link_in_its_place_is_not_followed(office: Office, tmp_path: Path) -> None:
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(letter("secret"))
    job = end(office)
    path = office.sent / f"{job.filed_as}.pdf"
    path.unlink()
    path.symlink_to(secret)
    for _ in range(4):
        office.prove()
        office.later(1000)
    assert "it could not be made" in text_of(proofs(office.sent)[0])


def test_what_was_made_for_sending_is_what_is_proved(office: Office) -> None:
    """A code is covered before the document goes out: picture and checksum are of what did."""
    code = page(["Befund", f"@@FAX {NUMBER}@@", "Praxis Mustermann"])
    job = end(office, "Befund.pdf", code)
    assert job.prepared
    office.prove()
    (sent,) = office.sent.glob("*Befund - sent.pdf")
    (proof,) = office.sent.glob("*Befund - transmission report.pdf")
    text = text_of(proof)
    assert hashlib.sha256(sent.read_bytes()).hexdigest() in text and sent.name in text
    assert hashlib.sha256(code).hexdigest() not in text
    assert "First page of the document, reduced" in text
    assert job.hashes == (hashlib.sha256(sent.read_bytes()).hexdigest(),)


def test_a_document_that_cannot_be_drawn(office: Office) -> None:
    end(office, content=b"%PDF-1.4\n<</Type /Page>>\n%%EOF\n%")
    office.prove()
    assert "faxd can show none of this file format" in text_of(proofs(office.sent)[0])


# tries


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> dict[str, Exception]:
    """Works that fail, and how."""
    failing: dict[str, Exception] = {}
    do = Workshop.do

    def done(self: Workshop, work: str, **facts: Any) -> dict[str, Any]:
        if work in failing:
            raise failing[work]
        return do(self, work, **facts)

    monkeypatch.setattr(Workshop, "do", done)
    return failing


def test_a_report_that_fails_is_tried_again_and_told_once(
    office: Office, broken: dict[str, Exception]
) -> None:
    broken["transmission_report"] = WorkshopError("crashed")
    end(office)
    for _ in range(3):
        assert office.prove() >= 30
        office.later(900)
    assert len(office.logged("transmission report not made yet")) == 1
    broken.clear()
    office.prove()
    assert len(proofs(office.sent)) == 1
    assert office.job().proof_failing_since is None


def test_after_a_day_it_is_given_up(office: Office, broken: dict[str, Exception]) -> None:
    broken["transmission_report"] = WorkshopError("crashed")
    end(office)
    office.prove()
    office.restart()
    office.later(DAY + 60)
    office.prove()
    assert office.job().proof is Proof.WANTED, "not after one try of a new process"
    for _ in range(4):
        office.later(900)
        office.prove()
    assert office.job().proof is Proof.GIVEN_UP and not office.job().protocol
    assert len(office.logged("transmission report given up")) == 1
    assert "given up: crashed" in office.ledger.jobs.history(office.job().id)[-1].text
    broken.clear()
    office.later(DAY)
    office.prove()
    assert not proofs(office.sent)


def test_a_picture_that_fails_costs_no_report(office: Office, broken: dict[str, Exception]) -> None:
    broken["first_page"] = MemoryLimit("first_page: needs too much")
    end(office)
    for _ in range(3):
        office.prove()
        office.later(900)
    assert not proofs(office.sent)
    office.prove()
    assert "No picture: it could not be made." in text_of(proofs(office.sent)[0])
    assert office.job().proof is Proof.MADE


def test_one_that_fails_does_not_keep_off_others(
    office: Office, broken: dict[str, Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter, "_FIRST_PAUSE", DAY)
    monkeypatch.setattr(reporter, "_LONGEST_PAUSE", DAY)
    broken["first_page"] = WorkshopError("crashed")
    end(office, f"{NUMBER} eins.pdf")
    office.prove()
    del broken["first_page"]
    end(office, f"{NUMBER} zwei.pdf", letter("zwei"))
    office.prove()
    assert [path.name[16:] for path in proofs(office.sent)] == [
        f"{NUMBER} zwei - transmission report.pdf"
    ]


def test_a_folder_that_is_gone_is_waited_for(office: Office) -> None:
    end(office)
    office.sent.rename(office.root / "away")
    for _ in range(5):
        office.prove()
        office.later(DAY)
    assert len(office.logged("transmission reports cannot be made now")) == 1
    assert not office.sent.exists(), "it may be a disk that is not mounted"
    (office.root / "away").rename(office.sent)
    office.prove()
    assert len(proofs(office.sent)) == 1
    assert office.logged("transmission reports can be made again")


def test_an_outbox_that_is_not_mounted_says_that_nothing_else_is(office: Office) -> None:
    end(office)
    hidden = office.outbox / ".faxd"
    hidden.rename(office.root / "hidden")
    office.prove()
    assert not proofs(office.sent)
    (office.root / "hidden").rename(hidden)
    office.later(60)
    office.prove()
    assert len(proofs(office.sent)) == 1


def test_sending_goes_on_while_no_report_can_be_made(
    office: Office, broken: dict[str, Exception]
) -> None:
    broken["transmission_report"] = broken["first_page"] = WorkshopError("crashed")
    for number in range(3):
        end(office, f"{NUMBER} {number}.pdf", letter(str(number)))
        office.prove()
    assert office.states() == [JobState.DONE] * 3
    assert all(job.filed for job in office.ledger.jobs.newest())


# a death between


def test_what_is_there_already_is_not_made_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A death after the second of three was filed, and before anything was recorded."""
    numbers = ("+4940123456", BUSY, "+4989123456")
    office.drop("Befund.pdf.csv", "".join(f"{number}\r\n" for number in numbers).encode())
    end(office, "Befund.pdf")
    made: list[str] = []
    do = Workshop.do

    def dying(self: Workshop, work: str, **facts: Any) -> dict[str, Any]:
        if work == "transmission_report":
            made.append(facts["facts"]["recipient"])
            if len(made) == 3:
                raise KeyboardInterrupt
        return do(self, work, **facts)

    monkeypatch.setattr(Workshop, "do", dying)
    with pytest.raises(KeyboardInterrupt):
        office.prove()
    before = {path: path.stat().st_ino for path in proofs(office.sent)}
    assert len(before) == 2 and office.job().proof is Proof.WANTED
    office.restart()
    office.prove()
    assert made == [*numbers, numbers[2]]
    assert len(proofs(office.sent)) == 3
    assert all(path.stat().st_ino == inode for path, inode in before.items())
    assert office.job().proof is Proof.MADE
    assert not any((office.root / "state/reports").rglob("*.p*")), "nothing is left of it"


def test_a_file_of_somebody_else_s_is_not_replaced(office: Office) -> None:
    job = end(office)
    path = office.sent / f"{job.filed_as} - transmission report.pdf"
    path.write_bytes(b"mine")
    office.prove()
    assert path.read_bytes() == b"mine"
    assert [each.name for each in proofs(office.sent)] == [
        f"{job.filed_as} - transmission report (2).pdf",
        path.name,
    ]


def test_old_reports_go_with_their_documents(office: Office) -> None:
    office.restart(keep_sent_days=1)
    end(office)
    office.prove()
    office.later(2 * DAY)
    office.tell()
    assert not [path for path in office.sent.iterdir() if not path.name.startswith(".")]


def test_a_report_that_is_dropped_is_never_sent(office: Office) -> None:
    end(office)
    office.prove()
    (path,) = proofs(office.sent)
    shutil.copy(path, office.outbox / f"{NUMBER} Befund.pdf")
    office.take()
    office.tell()
    job = office.job()
    assert job.state is JobState.FAILED and not job.tries
    assert len(office.accepted) == 1


def test_a_long_list_leaves_others_their_turn(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter, "_SLICE", 1)
    monkeypatch.setattr(reporter, "_TURN", 0.0)
    office.drop("Befund.pdf.csv", b"".join(b"+4940123%03d\r\n" % number for number in range(3)))
    end(office, "Befund.pdf")
    end(office, f"{NUMBER} danach.pdf", letter("danach"))
    for _ in range(2):
        assert office.dispatch.reporter is not None
        office.dispatch.reporter.run()
    found = [path.name[16:] for path in proofs(office.sent)]
    assert f"{NUMBER} danach - transmission report.pdf" in found and len(found) < 4
    office.prove()
    assert len(proofs(office.sent)) == 4


needs_office = pytest.mark.skipif(
    not libreoffice.is_installed(), reason="LibreOffice is not installed"
)


def old_word(folder: Path) -> bytes:
    """A DOC, as Word 97 wrote it."""
    made = folder / "word"
    made.mkdir()
    (made / "letter.txt").write_text("Sehr geehrte Damen und Herren")
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(made / 'profile').as_uri()}", "--headless",
         "--convert-to", "doc", "--outdir", str(made), str(made / "letter.txt")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return (made / "letter.doc").read_bytes()


@needs_office
@pytest.mark.parametrize("name", ["Befund.html", "Befund.doc"])
def test_what_faxde_prints_itself_has_a_picture_too(office: Office, name: str) -> None:
    """As LibreOffice prints it, and the report says so; sending has not waited for that."""
    page = b"<!doctype html><html><body><p>Sehr geehrte Damen und Herren</p></body></html>"
    content = page if name.endswith("html") else old_word(office.root)
    job = end(office, f"{NUMBER} {name}", content)
    assert job.state is JobState.DONE and proofs(office.sent) == []
    office.prove()
    (path,) = proofs(office.sent)
    text = text_of(path)
    assert "First page as LibreOffice prints it" in text
    assert hashlib.sha256(content).hexdigest() in text
    with pypdfium2.PdfDocument(path) as opened:
        assert list(opened[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))


def test_without_libreoffice_a_note_stands_in_its_place(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    end(office, f"{NUMBER} Befund.html", b"<!doctype html><html><body>Guten Tag</body></html>")
    monkeypatch.setenv("PATH", "/nowhere")
    office.prove()
    assert "faxd can show none of this file format" in text_of(proofs(office.sent)[0])


def test_the_document_that_was_opened_is_drawn(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name may be a link to a secret by then."""
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(letter("secret"))
    job = end(office)
    path = office.sent / f"{job.filed_as}.pdf"
    do = Workshop.do

    def swapped(self: Workshop, work: str, **facts: Any) -> dict[str, Any]:
        if work == "first_page":
            path.unlink()
            path.symlink_to(secret)
            assert facts["source"].path.resolve() != secret
        return do(self, work, **facts)

    monkeypatch.setattr(Workshop, "do", swapped)
    office.prove()
    assert "First page of the document, reduced" in text_of(proofs(office.sent)[0])


def test_many_recipients_have_one_page_each(office: Office) -> None:
    """Thirty numbers by a list: thirty reports, each of one page, with that number alone."""
    numbers = [f"+49401234{number:02}" for number in range(30)]
    name = "Klageerwiderung in Sachen Mustermann gegen Muster GmbH 2026"
    office.drop(f"{name}.pdf.csv", "".join(f"{number};K\r\n" for number in numbers).encode())
    end(office, f"{name}.pdf")
    office.prove()
    found = proofs(office.sent)
    assert len(found) == 30
    for path in found:
        text = text_of(path)
        assert sum(number in text.replace(" ", "") for number in numbers) == 1
        assert "OK – sent" in text and f"{name}.pdf" in text
