"""From files in the outbox to jobs: whom they go to, once each, and never lost on the way."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from faxd.job import Hold, JobState, Kind
from faxd.ledger import Ledger
from faxd.outbound.intake import taker as taker_module
from faxd.simulator import Simulator
from tests.places import disk, remount

from .desk import NUMBER, Clock, Office, names, open_office, pdf, texts

KINDS = ["email", "fax", "letter", "letter-color", "qsign", "sms"]


def recipients(office: Office) -> list[tuple[str, str]]:
    return [(one.address, one.reference) for one in office.job().recipients]


def refused(office: Office) -> str:
    """The report of a drop that came to nothing; nothing was sent."""
    office.tell()
    office.send()
    assert office.states() == [JobState.FAILED] and office.calls() == []
    return " ".join(office.report().split())


# whom to, through the real outbox


@pytest.mark.parametrize(
    ("path", "content", "kind", "to"),
    [
        ("040-123456_Rechnung.pdf", None, Kind.FAX, [("+4940123456", "")]),
        ("fax/0049 40 123456 Brief.pdf", None, Kind.FAX, [("+4940123456", "")]),
        ("+4940123456[RE-4711] Rechnung.pdf", None, Kind.FAX, [("+4940123456", "RE-4711")]),
        (
            "040 123456, 089 123456_Rund.pdf",
            None,
            Kind.FAX,
            [("+4940123456", ""), ("+4989123456", "")],
        ),
        ("sms/0171 1234567 Termin.txt", b"Hallo", Kind.SMS, [("+491711234567", "")]),
        ("email/info@example.org Brief.pdf", None, Kind.EMAIL, [("info@example.org", "")]),
        ("letter/Mahnung Mustermann.pdf", None, Kind.LETTER, [("Mahnung Mustermann", "")]),
        ("letter-color/Gruß.pdf", None, Kind.LETTER_COLOR, [("Gruß", "")]),
        ("qsign/info@example.org[4711].pdf", None, Kind.QSIGN, [("info@example.org", "4711")]),
        ("+4940123456 Praxis Dr. Meier/Befund.pdf", None, Kind.FAX, [("+4940123456", "")]),
        ("fax/+4940123456 Praxis/Befund.pdf", None, Kind.FAX, [("+4940123456", "")]),
        ("sms/0171 1234567 Müller/Termin.txt", b"Hallo", Kind.SMS, [("+491711234567", "")]),
    ],
)
def test_by_name_and_folder(
    office: Office, path: str, content: bytes | None, kind: Kind, to: list[tuple[str, str]]
) -> None:
    office.begin(path, content)
    assert (office.job().state, office.job().kind) == (JobState.WAITING, kind)
    assert recipients(office) == to
    office.send()
    assert office.job().state is JobState.ACCEPTED
    (call,) = office.calls()
    assert call.parameters["Recipient"] == ",".join(
        address + (f"[{reference}]" if reference else "") for address, reference in to
    )


@pytest.mark.parametrize(
    "name", ["praxis dr. meier Befund.pdf", "Praxis Dr. Meier/Befund.pdf", "PRAXIS DR. MEIER.pdf"]
)
def test_by_the_phone_book(office: Office, name: str) -> None:
    office.drop("phonebook.csv", b"Name;Nummer\nPraxis Dr. Meier;040 123456\n")
    office.begin(name)
    assert recipients(office) == [(NUMBER, "")]
    assert office.job().recipients[0].name == "Praxis Dr. Meier"
    assert (office.outbox / "phonebook.csv").exists()


def test_a_phone_book_is_read_again_when_it_changes(office: Office) -> None:
    office.drop("phonebook.csv", b"Meier;040 123456\nMeyer;089 x\n")
    office.begin("Meier Eins.pdf")
    assert recipients(office) == [(NUMBER, "")]
    assert len(office.logged("phone book has a bad line")) == 1
    office.drop("phonebook.csv", b"Meier;089 123456\n")
    office.take()
    office.begin("Meier Zwei.pdf")
    assert recipients(office) == [("+4989123456", "")]
    (office.outbox / "phonebook.csv").unlink()
    office.drop("Meier Drei.pdf")
    office.take()
    assert len(office.states()) == 2, "nobody knows Meier now; it waits"


def test_a_doubtful_name_names_the_candidates(office: Office) -> None:
    office.drop("phonebook.csv", b"Meier Nord;040 123456\nMeier Sued;089 123456\n")
    office.drop("Meier.pdf")
    office.take()
    office.later(61)
    office.take()
    report = refused(office)
    assert "Meier Nord" in report or "how" in report


def test_a_job_file(office: Office) -> None:
    office.drop(
        "Befund.pdf.toml",
        b'to = [{number = "040 123456", reference = "A"}, "089 123456"]\n'
        b'at = 2027-01-04T08:00:00\ntext = "Guten Tag"\n'
        b'[options]\nstation_id = "Praxis"\nretries = 3\n',
    )
    content = office.drop("Befund.pdf")
    office.take()
    assert recipients(office) == [("+4940123456", "A"), ("+4989123456", "")]
    office.send()
    (accepted,) = office.accepted
    assert accepted.order.options == "STATIONID=Praxis;RETRY=3"
    assert accepted.order.text == "Guten Tag" and accepted.order.pages == 2
    assert accepted.order.scheduled is not None
    assert accepted.order.scheduled.isoformat() == "2027-01-04T07:00:00+00:00", "Berlin's time"
    office.finish()
    assert office.places(content) == ["sent"]
    assert "Befund.pdf.toml" in names(office.sent)


def test_a_job_file_that_comes_later(office: Office) -> None:
    """A document without a recipient waits for it."""
    office.drop("Befund.pdf")
    office.take()
    office.later(50)
    office.take()
    assert office.states() == []
    office.drop("Befund.pdf.json", json.dumps({"to": "040 123456"}).encode())
    office.take()
    assert recipients(office) == [(NUMBER, "")]


def test_a_list_that_comes_later(office: Office) -> None:
    office.drop("Rund.pdf")
    office.take()
    office.drop("Rund.pdf.csv", "Empfänger;Referenz\r\n040 123456;Büro\r\n".encode("cp1252"))
    office.take()
    assert recipients(office) == [(NUMBER, "Büro")] and office.job().by_list


def test_a_document_that_comes_after_its_job_file(office: Office) -> None:
    office.drop("Befund.pdf.toml", b'to = "040 123456"')
    office.take()
    office.later(30)
    office.take()
    assert office.states() == []
    office.drop("Befund.pdf")
    office.take()
    assert recipients(office) == [(NUMBER, "")]


def test_an_unknown_key_is_refused_with_a_suggestion(office: Office) -> None:
    office.drop("Befund.pdf.toml", b'too = "040 123456"')
    office.drop("Befund.pdf")
    office.take()
    report = refused(office)
    assert "too" in report and '"to"' in report
    assert {"Befund.pdf", "Befund.pdf.toml"} <= set(names(office.failed))


def test_a_list_with_bad_lines_names_each(office: Office) -> None:
    office.drop("Rund.pdf.csv", b"040 123456\nkein Fax 123\n0900 1234567\n")
    office.drop("Rund.pdf")
    office.take()
    report = refused(office)
    assert "Line 2" in report and "Line 3" in report


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("0900 123456 Befund.pdf", None, "0900"),
        ("+4940123456 Befund.zip", b"PK\x03\x04....", "PDF, TIF and other pictures"),
        ("+4940123456 Druck.pdf", b"%!PS-Adobe-3.0", "PostScript"),
        ("sms/040 123456 Termin.txt", b"Hallo", "mobile"),
        ("+4940123456 @9999 Befund.pdf", None, "not a time"),
        ("email/niemand Brief.pdf", None, "name@example.org"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    office: Office, name: str, content: bytes | None, said: str
) -> None:
    content = office.drop(name, content)
    office.take()
    office.later(61)
    office.take()
    assert said in refused(office)
    assert office.places(content) == ["failed"]


def test_without_a_recipient_it_fails_after_a_minute(office: Office) -> None:
    content = office.drop("Befund.pdf")
    office.take()
    office.later(57)
    office.take()
    assert office.places(content) == ["outbox"]
    office.later(3)
    office.take()
    report = refused(office)
    assert office.places(content) == ["failed"] and "+49 40 123456 Invoice.pdf" in report


def test_an_empty_file_waits_and_fails(office: Office) -> None:
    office.drop("+4940123456 leer.pdf", b"")
    office.take()
    office.later(57)
    office.take()
    assert office.states() == []
    office.later(3)
    office.take()
    assert "empty" in refused(office) and "+4940123456 leer.pdf" in names(office.failed)


def test_an_empty_file_that_is_filled(office: Office) -> None:
    office.drop("+4940123456 Befund.pdf", b"")
    office.take()
    office.later(30)
    office.drop("+4940123456 Befund.pdf")
    office.take()
    assert office.states() == [JobState.WAITING]


def test_a_pdf_that_is_cut_off_is_not_sent(office: Office) -> None:
    """Half a document is worse than none, and who copied it thinks that it is whole."""
    office.drop(f"{NUMBER} Befund.pdf", b"%PDF-1.4\n1 0 obj <</Type /Page>> endobj\n" * 3000)
    office.take()
    assert "not complete: the end of the PDF is missing" in refused(office)


def test_an_attachment_that_is_cut_off_is_not_sent(office: Office) -> None:
    """What a job file names is looked at as well."""
    office.drop("Befund.pdf")
    office.drop("Anlage.pdf", b"%PDF-1.4\n")
    job = f'to = "{NUMBER}"\nfiles = ["Befund.pdf", "Anlage.pdf"]\n'
    office.drop("Befund.pdf.toml", job.encode())
    office.take()
    assert '"Anlage.pdf" is not complete' in refused(office)


def test_a_slip_or_report_is_never_sent(office: Office) -> None:
    office.begin("+4940123456 Befund.txt", b"Ein Text")
    (slip,) = office.sending.iterdir()
    office.drop("+4989123456 Zettel.txt", slip.read_bytes())
    office.take()
    office.tell()
    assert office.job().state is JobState.FAILED
    assert any("slip or report" in text for text in texts(office.failed).values())


# when it is whole


def test_not_while_it_is_written(office: Office) -> None:
    path = office.outbox / f"{NUMBER} Befund.pdf"
    with path.open("wb") as file:
        file.write(pdf("half"))
        file.flush()
        office.take()
        office.take()
        assert office.states() == []
        file.write(b"the rest")
    office.take()
    assert office.states() == [JobState.WAITING] and office.job().size == len(pdf("halfthe rest"))


def test_not_before_it_has_stood_still(office: Office) -> None:
    office.drop()
    assert office.dispatch.taker.run() <= 1.0
    office.later(0.5)
    assert office.dispatch.taker.run() <= 0.6
    assert office.states() == []
    office.later(0.6)
    office.dispatch.taker.run()
    assert office.states() == [JobState.WAITING]


@pytest.mark.parametrize(
    "name",
    [".hidden.pdf", "~$Brief.pdf", "Thumbs.db", "desktop.ini", ".DS_Store", "x.pdf.part", "x.tmp"],
)
def test_never_taken(office: Office, name: str) -> None:
    office.drop(name)
    for _ in range(3):
        office.take()
        office.later(100)
    assert office.states() == [] and (office.outbox / name).exists()


def test_a_link_is_left_alone_and_told_once(office: Office) -> None:
    secret = office.root / "secret.pdf"
    secret.write_bytes(pdf("secret"))
    (office.outbox / f"{NUMBER} Link.pdf").symlink_to(secret)
    for _ in range(4):
        office.take()
    assert office.states() == [] and len(office.logged("left in the outbox")) == 1


# never lost, never twice


def test_a_death_before_it_is_recorded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    content = office.drop(f"fax/{NUMBER} Befund.pdf")

    def death(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    office.dispatch.taker.run()
    office.later(1.1)
    pid = os.fork()
    if pid == 0:
        monkeypatch.setattr(taker_module, "sync", death)
        office.dispatch.taker.run()
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    assert office.places(content) == ["nowhere"], "in a claim that nobody knows"
    office.restart()
    office.take()
    assert office.logged("documents brought back")
    office.take()
    assert office.places(content) == ["claim"] and office.job().source.startswith("fax/")


@pytest.mark.parametrize("trouble", ["insert", "sync"])
def test_trouble_while_it_is_recorded(
    office: Office, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """Everything is back in the outbox, and is taken when it can be."""
    contents = [office.drop(f"{NUMBER} {number}.pdf") for number in range(3)]
    if trouble == "insert":
        office.ledger._db.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    else:

        def full(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(taker_module, "sync", full)
    office.take()
    office.later(6)
    office.take()
    assert [office.places(content) for content in contents] == [["outbox"]] * 3
    assert len(office.logged("documents cannot be taken")) == 1
    if trouble == "insert":
        office.ledger._db.execute("DROP TRIGGER refuse")
    else:
        monkeypatch.undo()
        office.clock = Clock(monkeypatch)
    office.later(20)
    office.take()
    office.take()
    assert [office.places(content) for content in contents] == [["claim"]] * 3
    assert office.logged("documents can be taken again") and len(office.states()) == 3


def test_an_outbox_on_a_disk_that_goes_and_comes(office: Office) -> None:
    with disk(office.outbox):
        content = office.drop()
        remount(office.outbox, "ro")
        office.take()
        assert office.dispatch.taker.problem and office.places(content) == ["outbox"]
        remount(office.outbox, "rw")
        office.later(6)
        office.take()
        office.take()
        assert office.places(content) == ["claim"]


def test_the_documents_of_a_lost_ledger(office: Office) -> None:
    """They may have been sent: nobody sends them again, and nobody loses them."""
    content = office.drop()
    office.take()
    office.ledger.close()
    for file in (office.root / "state").glob("ledger.sqlite*"):
        file.unlink()
    office.ledger = Ledger(office.root / "state" / "ledger.sqlite")
    office.restart()
    office.take()
    office.tell()
    assert office.places(content) == ["failed"] and office.calls() == []
    assert "records were lost" in " ".join(office.report().split())
    office.ledger.close()


def test_files_that_are_dropped_while_others_are_taken(office: Office) -> None:
    for number in range(150):
        office.drop(f"{NUMBER} A{number}.pdf")
    office.dispatch.taker.run()
    for number in range(50):
        office.drop(f"{NUMBER} B{number}.pdf")
    office.later(1.1)
    for _ in range(3):
        office.dispatch.taker.run()
        office.later(1.1)
    titles = [job.title for job in office.ledger.jobs.newest(office.number)]
    assert titles == [
        *(f"{NUMBER} A{number}" for number in range(150)),
        *(f"{NUMBER} B{number}" for number in range(50)),
    ]
    assert names(office.outbox) == KINDS


# again


@pytest.mark.parametrize("renamed", [None, "+4989123456 Befund.pdf"])
def test_what_failed_is_moved_back(office: Office, renamed: str | None) -> None:
    """As it lies there, or corrected: it is a new try, and the ledger knows the old one."""
    office.begin()
    office.server.force_code("SendJob", -5)
    office.send()
    office.tell()
    (document,) = office.failed.glob("*.pdf")
    document.rename(office.outbox / (renamed or document.name))
    office.take()
    job = office.job()
    assert (job.id, job.state, job.previous) == (2, JobState.WAITING, 1)
    assert job.recipients[0].address == ("+4989123456" if renamed else NUMBER)
    office.send()
    office.finish()
    assert names(office.sent)[-1] == (renamed or f"{NUMBER} Befund.pdf")
    assert names(office.failed) == [f"{NUMBER} Befund - report.txt"]


def test_what_had_no_recipient_is_renamed_and_moved_back(office: Office) -> None:
    office.drop("Befund.pdf")
    office.take()
    office.later(61)
    office.take()
    office.tell()
    (document,) = office.failed.glob("*.pdf")
    document.rename(office.outbox / f"{NUMBER} Befund.pdf")
    office.take()
    job = office.job()
    assert job.state is JobState.WAITING
    assert job.previous == 1


def test_two_accounts_side_by_side(tmp_path: Path, server: Simulator, clock: Clock) -> None:
    """Same files, same moment: each goes out by its own account, and nobody asks."""
    with (
        open_office(tmp_path / "a", server, clock, "111111") as first,
        open_office(tmp_path / "b", server, clock, "222222") as second,
    ):
        for office in (first, second):
            office.begin(content=pdf("same"))
        for office in (first, second):
            office.send()
            office.finish()
            assert office.job().state is JobState.DONE
            assert [call.account for call in office.calls()] == [office.number]
            assert len(names(office.sent)) == 3


def test_two_accounts_in_one_ledger(office: Office, tmp_path: Path) -> None:
    with open_office(tmp_path / "b", office.server, office.clock, "222222") as second:
        second.ledger.close()
        second.ledger = office.ledger
        second.restart()
        office.begin(content=pdf("same"))
        second.begin(content=pdf("same"))
        assert second.job().hold is not Hold.SAME
        office.send()
        office.tell()
        assert (office.job().state, second.job().state) == (JobState.ACCEPTED, JobState.WAITING)
        second.send()
        for one in (second, office):
            one.finish()
        assert office.job().state is second.job().state is JobState.DONE
        assert len(names(office.sent)) == len(names(second.sent)) == 3
        second.ledger = office.ledger


def test_a_claim_that_a_power_cut_brings_back_is_removed(office: Office) -> None:
    office.begin(f"{NUMBER} Befund.pdf")
    claim = office.job().claim
    office.send()
    office.finish()
    office.tell()
    hidden = office.outbox / ".faxd"
    assert list(hidden.iterdir()) == []
    (hidden / claim).mkdir(mode=0o700)
    office.restart()
    office.take()
    assert list(hidden.iterdir()) == []
