"""From what is dropped to what FAX.de gets: real documents, looked at when they have arrived."""

from __future__ import annotations

import contextlib
import io
import os
import signal
from pathlib import Path
from threading import Event
from typing import Any

import pypdfium2
import pytest
from PIL import Image

from faxd.documents import CannotWork, WorkshopError
from faxd.documents import office as libreoffice
from faxd.job import Hold, JobState, Kind, Step
from faxd.outbound.again import try_again
from faxd.outbound.byhand import carry
from faxd.outbound.intake import account as account_module
from faxd.outbound.order import Order
from faxd.outbound.preparing import preparer as preparer_module
from faxd.outbound.submit import submit
from faxd.simulator import FaultKind, Simulator
from tests.documents.paper import lines, make_pdf
from tests.outbound.desk import NUMBER, Office, names

CODE = "@@FAX 040 123456[RE-4711]@@"


@pytest.fixture
def server(server: Simulator) -> Simulator:
    server.rules.keep_documents = True
    return server


def letter(tmp_path: Path, *text: str) -> bytes:
    """A PDF of one page."""
    return make_pdf(tmp_path / "letter.pdf", lines(*text)).read_bytes()


def picture(kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (400, 300), "navy").save(data, kind)
    return data.getvalue()


def got(office: Office, number: int = 0) -> bytes:
    """A document that FAX.de has got of the only job."""
    (accepted,) = office.accepted
    path = accepted.order.documents[number].path
    assert path is not None
    return path.read_bytes()


def text_of(pdf: bytes) -> list[str]:
    """The text of each page."""
    with contextlib.closing(pypdfium2.PdfDocument(pdf)) as opened:
        return [str(page.get_textpage().get_text_range()) for page in opened]


def test_a_code_in_the_document_names_the_recipient_and_is_not_sent(
    office: Office, tmp_path: Path
) -> None:
    content = office.drop("Befund.pdf", letter(tmp_path, "Praxis Muster", CODE, "Guten Tag"))
    office.take()
    job = office.job()
    assert (job.state, job.kind, job.steps) == (
        JobState.PREPARING,
        Kind.FAX,
        (Step.COVER_CODES,),
    )
    assert [(one.address, one.reference) for one in job.recipients] == [(NUMBER, "RE-4711")]
    office.tell()
    assert "BEING PREPARED" in office.slip()
    office.send()
    assert office.calls() == [], "not before it is covered"
    office.turn()
    assert office.job().state is JobState.ACCEPTED
    (sent,) = text_of(got(office))
    assert "Guten Tag" in sent and "@@" not in sent and "040" not in sent
    assert office.accepted[0].order.documents[0].name == "Befund.pdf"
    office.finish()
    office.tell()
    assert office.places(content) == ["sent"]
    assert {"Befund.pdf", "Befund - sent.pdf", "Befund - report.txt"} <= set(names(office.sent))
    assert os.listdir(office.outbox / ".faxd") == []
    assert list((office.root / "state" / "preparing").iterdir()) == []


def test_what_needs_nothing_does_not_pass_through_it(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(office.bench.workshop, "do", never)
    office.drop(f"{NUMBER} Befund.pdf", letter(tmp_path, CODE))
    office.take()
    assert office.job().state is JobState.WAITING and office.job().steps == ()


def test_codes_are_always_covered_if_the_settings_say_so(office: Office, tmp_path: Path) -> None:
    office.restart(codes_always=True)
    office.drop(f"{NUMBER} Befund.pdf", letter(tmp_path, "@@FAX 089 123456@@", "Guten Tag"))
    office.turn()
    (sent,) = text_of(got(office))
    assert "Guten Tag" in sent and "@@" not in sent
    assert [one.address for one in office.job().recipients] == [NUMBER], "the name counts"
    plain = office.drop(f"{NUMBER} Brief.pdf", letter(tmp_path, "ohne Code"))
    office.turn()
    assert office.job().steps == () and office.job().prepared == ()
    path = office.accepted[-1].order.documents[0].path
    assert path is not None and path.read_bytes() == plain


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (("@@FAX 040 123456@@", "@@FAX 089 123456@@"), "contradict"),
        (("@@FAX 040 123456@@", "@@MAIL info@example.org@@"), "contradict"),
        (("@@FAX 040 123456",), "has no end"),
        (("@@FAX 0900 123456@@",), "0900"),
        (("@@SMS 0171 1234567@@",), "only text"),
        (("@@FAX 040 123456@@", "@@AT 2500@@"), "not a time"),
    ],
)
def test_codes_that_are_refused(
    office: Office, tmp_path: Path, text: tuple[str, ...], said: str
) -> None:
    office.drop("Befund.pdf", letter(tmp_path, *text))
    office.take()
    office.tell()
    assert said in " ".join(office.report().split()) and office.calls() == []


def test_without_a_code_it_waits_and_fails(office: Office, tmp_path: Path) -> None:
    office.drop("Befund.pdf", letter(tmp_path, "Guten Tag"))
    office.take()
    assert office.states() == []
    office.later(61)
    office.take()
    office.tell()
    assert "@@FAX 040 123456@@ on the first page" in " ".join(office.report().split())


def test_it_is_looked_into_once_and_again_when_it_has_changed(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do, looked = office.bench.workshop.do, []

    def counted(work: str, **facts: Any) -> dict[str, Any]:
        looked.append(work)
        return do(work, **facts)

    monkeypatch.setattr(office.bench.workshop, "do", counted)
    office.drop("Befund.pdf", letter(tmp_path, "Guten Tag"))
    for _ in range(3):
        office.take()
    assert looked == ["find_codes"]
    office.drop("Befund.pdf", letter(tmp_path, "Guten Tag", CODE))
    office.take()
    assert looked == ["find_codes"] * 2 and office.job().state is JobState.PREPARING


def test_codes_can_be_switched_off(office: Office, tmp_path: Path) -> None:
    office.restart(codes=[])
    office.drop("Befund.pdf", letter(tmp_path, CODE))
    office.take()
    assert office.states() == [] and not office.read()


@pytest.mark.parametrize(
    ("codes", "pattern", "text"),
    [
        (["faxd", "activefax"], None, "@F211 040123456@"),
        (["faxd", "faxmaker"], None, "::040123456"),
        (["faxd"], r"Fax: ([0-9 ]+)#", "Fax: 040 123456#"),
    ],
)
def test_codes_of_others(
    office: Office, tmp_path: Path, codes: list[str], pattern: str | None, text: str
) -> None:
    office.restart(codes=codes, code_pattern=pattern)
    office.drop("Befund.pdf", letter(tmp_path, text, "Guten Tag"))
    office.turn()
    (sent,) = text_of(got(office))
    assert "Guten Tag" in sent and "040" not in sent
    assert [one.address for one in office.job().recipients] == [NUMBER]


def test_a_code_says_kind_and_time(office: Office, tmp_path: Path) -> None:
    office.drop(
        "Befund.pdf", letter(tmp_path, "@@MAIL info@example.org@@", "@@AT 2100-01-01 0800@@")
    )
    office.take()
    office.tell()
    assert "more than a year" in " ".join(office.report().split())
    office.drop("Brief.pdf", letter(tmp_path, "@@MAIL info@example.org@@", "@@AT 0800@@"))
    office.take()
    job = office.job()
    assert (job.kind, job.recipients[0].address) == (Kind.EMAIL, "info@example.org")
    assert job.at is not None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_pictures_become_pdfs(office: Office, kind: str) -> None:
    office.drop(f"{NUMBER} Foto.{kind.lower()}", picture(kind))
    office.turn()
    assert office.job().steps == (Step.PDF,)
    assert len(text_of(got(office))) == 1
    assert office.accepted[0].order.documents[0].name == "+4940123456 Foto.pdf"


def test_a_text_becomes_a_letter(office: Office) -> None:
    office.drop("letter/Mustermann.txt", "Grüße".encode())
    office.turn()
    assert "Grüße" in text_of(got(office))[0]
    office.drop(f"fax/{NUMBER} Notiz.txt", b"Hallo")
    office.turn()
    assert office.job().text == "Hallo" and office.job().steps == (), "as ever"


@pytest.mark.skipif(not libreoffice.is_installed(), reason="LibreOffice is not installed")
def test_what_libreoffice_opens(office: Office) -> None:
    office.drop(f"{NUMBER} Brief.rtf", rb"{\rtf1\ansi Guten Tag}")
    office.turn()
    assert "Guten Tag" in text_of(got(office))[0]


def test_what_needs_libreoffice_where_there_is_none(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_module, "is_installed", lambda: False)
    office.restart()
    office.drop(f"{NUMBER} Brief.rtf", rb"{\rtf1\ansi Guten Tag}")
    office.take()
    office.tell()
    assert "RTF" in office.report() and office.states() == [JobState.FAILED]


def test_more_than_three_files_become_one(office: Office, tmp_path: Path) -> None:
    for number in range(1, 6):
        office.drop(f"{number}.pdf", letter(tmp_path, f"Seite {number}"))
    office.drop("Foto.png", picture())
    office.drop(
        "Alles.toml",
        b'to = "040 123456"\nfiles = ["1.pdf", "2.pdf", "3.pdf", "4.pdf", "5.pdf", "Foto.png"]',
    )
    office.turn()
    pages = text_of(got(office))
    assert len(pages) == 6 and [p.strip() for p in pages[:5]] == [f"Seite {n}" for n in range(1, 6)]
    office.finish()
    office.tell()
    assert {"Alles.pdf", "Alles_6.png", "Alles - sent.pdf"} <= set(names(office.sent))


@pytest.fixture
def templates(office: Office, tmp_path: Path) -> Office:
    head = make_pdf(tmp_path / "head.pdf", lines("Praxis Muster", top=820))
    following = make_pdf(tmp_path / "next.pdf", lines("Folgeseite", top=820))
    cover = tmp_path / "cover.txt"
    cover.write_text("# Telefax\nAn: {name}\nBetreff: {subject}\nSeiten: {pages}\n\n{text}\n")
    office.restart(letterhead=head, letterhead_next=following, cover_page=cover)
    return office


def test_letterhead_and_cover_page(templates: Office, tmp_path: Path) -> None:
    office = templates
    office.drop("Befund.pdf", letter(tmp_path, "Guten Tag"))
    office.drop(
        "Befund.pdf.toml",
        b'to = { number = "040 123456", name = "Praxis Dr. Meier" }\n'
        b'subject = "Ihr Befund"\ntext = "Wie besprochen."',
    )
    office.turn()
    cover, page = text_of(got(office))
    wanted = {"Praxis Muster", "Telefax", "Praxis Dr. Meier", "Ihr Befund", "Wie besprochen.", "2"}
    assert {said for said in wanted if said in cover} == wanted
    assert "Guten Tag" in page and "Folgeseite" in page
    assert office.accepted[0].order.text == "", "it stands on the cover page"


def test_a_job_file_can_want_none(templates: Office, tmp_path: Path) -> None:
    office = templates
    content = office.drop("Befund.pdf", letter(tmp_path, "Guten Tag"))
    office.drop("Befund.pdf.toml", b'to = "040 123456"\nletterhead = false\ncover_page = false')
    office.turn()
    assert got(office) == content and office.job().steps == ()


def test_a_job_file_can_not_ask_for_what_there_is_not(office: Office, tmp_path: Path) -> None:
    office.drop("Befund.pdf", letter(tmp_path, "Guten Tag"))
    office.drop("Befund.pdf.toml", b'to = "040 123456"\nletterhead = true')
    office.turn()
    assert "no such template" in " ".join(office.report().split())


# what goes wrong


def test_a_broken_picture_fails_with_words(office: Office) -> None:
    content = office.drop(f"{NUMBER} Foto.png", picture()[:200])
    office.turn()
    assert office.job().state is JobState.FAILED and office.calls() == []
    assert office.places(content) == ["failed"]
    problem = office.job().problem
    assert problem is not None and problem.en in " ".join(office.report().split())


def test_trouble_of_the_workshop_is_tried_again(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> dict[str, Any]:
        raise WorkshopError("no memory")

    office.begin(f"{NUMBER} Foto.png", picture())
    with monkeypatch.context() as patch:
        patch.setattr(office.bench.workshop, "do", broken)
        office.prepare()
        office.tell()
        assert office.job().state is JobState.PREPARING
        assert "tried again by itself" in " ".join(office.slip().split())
        office.prepare()
    assert office.dispatch.preparer is not None
    office.later(11)
    office.turn()
    assert office.job().state is JobState.ACCEPTED and office.job().problem is None


def test_trouble_of_the_machine_is_not_the_documents(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server without memory or processes for some hours: as long as sending has, so has it."""

    def broken(*_: Any, **__: Any) -> dict[str, Any]:
        raise CannotWork("no more processes")

    office.begin(f"{NUMBER} Foto.png", picture())
    with monkeypatch.context() as patch:
        patch.setattr(office.bench.workshop, "do", broken)
        for _ in range(12):
            office.prepare()
            office.later(901)
        assert office.job().state is JobState.PREPARING
    office.turn()
    assert office.job().state is JobState.ACCEPTED


def test_it_is_given_up_after_an_hour(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> dict[str, Any]:
        raise WorkshopError("time")

    monkeypatch.setattr(office.bench.workshop, "do", broken)
    content = office.drop(f"{NUMBER} Foto.png", picture())
    office.take()
    for _ in range(12):
        office.prepare()
        office.later(901)
    assert office.job().state is JobState.FAILED
    office.tell()
    assert office.places(content) == ["failed"]
    assert 3 <= len(office.logged("document not prepared yet")) < 12


def test_withdrawn_while_it_is_prepared(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = office.drop(f"{NUMBER} Foto.png", picture())
    office.take()
    office.tell()
    do = office.bench.workshop.do

    def withdrawn(work: str, **facts: Any) -> dict[str, Any]:
        office.delete_slip()
        office.tell()
        office.follow()
        return do(work, **facts)

    monkeypatch.setattr(office.bench.workshop, "do", withdrawn)
    office.prepare()
    assert office.job().state is JobState.CANCELLED
    office.tell()
    office.send()
    assert office.places(content) == ["failed"] and office.calls() == []
    assert os.listdir(office.outbox / ".faxd") == []
    assert "Foto - prepared.pdf" not in names(office.failed)


def test_the_same_again_is_asked_before_it_is_prepared(office: Office, tmp_path: Path) -> None:
    content = letter(tmp_path, CODE)
    office.drop("eins.pdf", content)
    office.turn()
    office.drop("zwei.pdf", content)
    office.take()
    office.tell()
    job = office.job()
    assert (job.state, job.hold) == (JobState.HELD, Hold.SAME)
    office.prepare()
    (slip,) = (name for name in office.slips if "zwei" in name)
    (office.sending / slip).rename(office.sending / f"yes {slip}")
    office.tell()
    assert office.job().state is JobState.PREPARING
    office.turn()
    assert office.job().state is not JobState.HELD and office.job().prepared


@pytest.mark.parametrize("moment", ["make_ready", "prepared_name", "utc_now", "move"])
def test_killed_while_it_is_prepared(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Nothing is lost, and nothing goes out uncovered."""
    content = office.drop("Befund.pdf", letter(tmp_path, "Guten Tag", CODE))
    office.take()

    def death(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    pid = os.fork()
    if pid == 0:
        if moment == "move":
            monkeypatch.setattr(office.ledger.jobs, "move", death)
        else:
            monkeypatch.setattr(preparer_module, moment, death)
        office.prepare()
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    assert office.places(content) == ["claim"]
    office.restart()
    office.send()
    assert office.calls() == []
    office.turn()
    assert "@@" not in text_of(got(office))[0]
    office.finish()
    office.tell()
    assert office.places(content) == ["sent"]
    assert os.listdir(office.outbox / ".faxd") == []


def test_tried_once_more_it_is_prepared_anew(office: Office, tmp_path: Path) -> None:
    """Also what was filed as it had been prepared goes."""
    office.server.rules.barred.add(NUMBER)
    office.drop("Befund.pdf", letter(tmp_path, "Guten Tag", CODE))
    office.turn()
    assert "Befund - prepared.pdf" in names(office.failed)
    new = try_again(office.settings, office.ledger, office.job(), office.log, zone=None)
    assert (new.state, new.steps) == (JobState.PREPARING, (Step.COVER_CODES,))
    assert "Befund - prepared.pdf" not in names(office.failed)
    office.server.rules.barred.clear()
    office.turn()
    assert "@@" not in text_of(got(office))[0]


def test_what_faxde_refuses_is_looked_into(office: Office) -> None:
    """Its code says little; what is wrong can be seen here."""
    office.drop(f"{NUMBER} Befund.pdf", b"%PDF-1.4\n%%EOF\n")
    office.fault(FaultKind.FORCED_CODE, value=-7)
    office.turn()
    problem = office.job().problem
    assert problem is not None and office.job().state is JobState.FAILED
    assert "(-7)" in problem.en and "damaged" in problem.en, problem.en


def test_by_a_command_without_a_daemon(office: Office, tmp_path: Path) -> None:
    (tmp_path / "Foto.png").write_bytes(picture())
    order = Order(to=("040 123456",))
    job = submit(office.settings, office.ledger, order, [tmp_path / "Foto.png"], zone=None)
    assert job.state is JobState.PREPARING
    carry(office.dispatch, office.ledger, job.id, to_end=False, ended=Event())
    assert office.job().state is JobState.ACCEPTED
    assert got(office).startswith(b"%PDF")


def test_a_template_that_is_gone_is_no_document_that_is_gone(
    templates: Office, tmp_path: Path
) -> None:
    office = templates
    office.begin(f"{NUMBER} Befund.pdf", letter(tmp_path, "Guten Tag"))
    for name in ("cover.txt", "head.pdf"):
        (tmp_path / name).rename(tmp_path / "away")
        office.prepare()
        assert office.job().state is JobState.PREPARING
        assert name in office.logged("document not prepared yet")[-1]["problem"]
        (tmp_path / "away").rename(tmp_path / name)
        office.later(900)
    office.prepare()
    assert office.job().state is JobState.WAITING


def test_a_document_that_is_gone(office: Office) -> None:
    office.begin(f"{NUMBER} Foto.png", picture())
    (office.outbox / ".faxd" / office.job().claim / f"{NUMBER} Foto.png").unlink()
    office.prepare()
    assert office.job().state is JobState.FAILED


def test_a_full_disk_is_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    office.begin(f"{NUMBER} Foto.png", picture())
    with monkeypatch.context() as patch:
        patch.setattr(preparer_module.shutil, "copyfileobj", full)
        for _ in range(8):
            office.prepare()
            office.later(1000)
        assert office.job().state is JobState.PREPARING
    office.turn()
    assert office.job().state is JobState.ACCEPTED
    assert os.listdir(office.outbox / ".faxd" / office.job().claim) != []


def test_a_defect_keeps_nobody_else_off(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: Any, **__: Any) -> None:
        raise RuntimeError

    office.begin(f"{NUMBER} Foto.png", picture())
    with monkeypatch.context() as patch:
        patch.setattr(preparer_module, "make_ready", defect)
        office.prepare()
    office.drop("+4940123457 Foto.png", picture("GIF"))
    office.turn()
    assert office.states() == [JobState.PREPARING, JobState.ACCEPTED]


def test_when_faxd_ends_nothing_is_noted(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*_: Any, **__: Any) -> None:
        office.dispatch.retire(None)
        raise WorkshopError("the daemon stops")

    office.begin(f"{NUMBER} Foto.png", picture())
    with monkeypatch.context() as patch:
        patch.setattr(preparer_module, "make_ready", ended)
        office.prepare()
    assert office.job().problem is None and office.job().due_at is None
    office.restart()
    office.turn()
    assert office.job().state is JobState.ACCEPTED


@pytest.mark.parametrize("key", ["letterhead", "cover_page"])
def test_a_template_that_is_out_of_the_settings_is_not_left_out(
    templates: Office, tmp_path: Path, key: str
) -> None:
    """By SIGHUP, while a document waits to be put on it: it waits, and says why."""
    office = templates
    before = dict(office.changes)
    office.begin(f"{NUMBER} Befund.pdf", letter(tmp_path, "Guten Tag"))
    office.restart(**{key: None}, **({"letterhead_next": None} if key == "letterhead" else {}))
    for _ in range(3):
        office.turn()
        office.later(1000)
    job = office.job()
    assert job.state is JobState.PREPARING and office.calls() == []
    assert job.problem is not None and "letterhead or cover page" in job.problem.en
    assert "löschen Sie bitte diesen Zettel" in job.problem.de
    assert "please delete this slip" in " ".join(office.slip().split())
    office.restart(**before)
    office.turn()
    assert office.job().state is JobState.ACCEPTED and Step.LETTERHEAD in office.job().steps


def test_a_template_that_never_comes_back(templates: Office, tmp_path: Path) -> None:
    """After as long as sending is tried for, it fails, and nothing was sent."""
    office = templates
    office.begin(f"{NUMBER} Befund.pdf", letter(tmp_path, "Guten Tag"))
    office.restart(letterhead=None, letterhead_next=None, give_up_after=3600)
    for _ in range(10):
        office.prepare()
        office.later(1000)
    office.tell()
    assert office.job().state is JobState.FAILED and office.calls() == []
    assert "Please tell the administrator" in " ".join(office.report().split())


def test_without_a_place_to_work_nobody_waits_for_ever(office: Office) -> None:
    """The folder cannot be made when faxd begins: it is tried again, and given up in the end."""
    place = office.root / "state" / "preparing"
    place.rmdir()
    place.write_text("in the way")
    office.restart(give_up_after=3600)
    office.begin(f"{NUMBER} Foto.png", picture())
    office.prepare()
    problem = office.job().problem
    assert office.job().state is JobState.PREPARING and problem is not None
    place.unlink()
    office.later(100)
    office.turn()
    assert office.job().state is JobState.ACCEPTED, "without a restart"
    place.rmdir()
    place.write_text("in the way")
    office.drop("+4940123457 Foto.png", picture("GIF"))
    office.take()
    for _ in range(10):
        office.prepare()
        office.later(1000)
    assert office.states()[-1] is JobState.FAILED


def test_a_code_is_looked_for_once_there_is_a_place_again(office: Office, tmp_path: Path) -> None:
    place = office.root / "state" / "preparing"
    place.rmdir()
    place.write_text("in the way")
    office.restart()
    office.drop("Befund.pdf", letter(tmp_path, CODE))
    office.take()
    assert office.states() == []
    place.unlink()
    office.turn()
    assert office.job().state is JobState.ACCEPTED


def test_what_was_checked_is_what_is_made_ready_and_sent(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody puts another file in a document's place while it is opened."""
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(letter(tmp_path, "GEHEIM"))
    do = office.bench.workshop.do

    def swapped(work: str, **facts: Any) -> dict[str, Any]:
        (path,) = (office.outbox / ".faxd").glob("*/Befund.pdf")
        content = path.read_bytes()
        path.unlink()
        path.symlink_to(secret)
        try:
            return do(work, **facts)
        finally:
            path.unlink()
            path.write_bytes(content)

    office.begin("Befund.pdf", letter(tmp_path, CODE, "Guten Tag"))
    office.read()
    office.take()
    monkeypatch.setattr(office.bench.workshop, "do", swapped)
    office.prepare()
    office.send()
    (sent,) = text_of(got(office))
    assert "Guten Tag" in sent and "GEHEIM" not in sent


def test_a_document_is_sent_from_what_was_opened(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that takes its place after the check is not followed."""
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(letter(tmp_path, "GEHEIM"))
    office.begin(f"{NUMBER} Befund.pdf", letter(tmp_path, "Guten Tag"))
    request = office.dispatch.sender._request

    def swapped(*given: Any) -> dict[str, Any]:
        (path,) = (office.outbox / ".faxd").glob("*/*.pdf")
        path.unlink()
        path.symlink_to(secret)
        return request(*given)

    monkeypatch.setattr(office.dispatch.sender, "_request", swapped)
    office.send()
    (sent,) = text_of(got(office))
    assert "Guten Tag" in sent and "GEHEIM" not in sent


def test_a_rejection_is_recorded_before_it_is_explained(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking takes a minute perhaps, and faxd may die in it."""
    do, seen = office.bench.workshop.do, []

    def looked(work: str, **facts: Any) -> dict[str, Any]:
        seen.append((work, office.job().state))
        return do(work, **facts)

    monkeypatch.setattr(office.bench.workshop, "do", looked)
    office.begin(f"{NUMBER} Befund.pdf", b"%PDF-1.4\n%%EOF\n")
    office.fault(FaultKind.FORCED_CODE, value=-7)
    office.send()
    assert seen == [("inspect", JobState.FAILED)]
    office.tell()
    assert "damaged" in office.report() and "(-7)" in office.report()


def test_an_explanation_that_comes_too_late_or_not_at_all(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is filed as it was without one."""

    def late(*_: Any, **__: Any) -> dict[str, Any]:
        office.tell()
        raise WorkshopError("the daemon stops")

    monkeypatch.setattr(office.bench.workshop, "do", late)
    office.begin(f"{NUMBER} Befund.pdf", b"%PDF-1.4\n%%EOF\n")
    office.fault(FaultKind.FORCED_CODE, value=-7)
    office.send()
    office.tell()
    assert office.job().state is JobState.FAILED and office.job().filed
    assert "(-7)" in office.report()


def test_a_report_waits_for_what_is_said_of_its_document(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filing is another task, and quicker than the look into the document."""
    filed: list[bool] = []
    do = office.bench.workshop.do

    def looked(work: str, **facts: Any) -> dict[str, Any]:
        office.dispatch.reception.run()
        filed.append(office.job().filed)
        return do(work, **facts)

    monkeypatch.setattr(office.bench.workshop, "do", looked)
    office.begin(f"{NUMBER} Befund.pdf", b"%PDF-1.4\n%%EOF\n")
    office.fault(FaultKind.FORCED_CODE, value=-7)
    office.send()
    assert filed == [False]
    office.tell()
    assert office.job().filed and "The PDF file" in " ".join(office.report().split())
