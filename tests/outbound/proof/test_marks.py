"""How a transmission report is called, known again, and what it quotes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from faxd.job import Job, Proof, Recipient
from faxd.outbound.office import layout
from faxd.outbound.office.names import filed_names
from faxd.outbound.office.protocol import quoted_lines, read_protocol, settle_recipients
from faxd.words import Language
from tests.documents.paper import lines, make_pdf, read
from tests.outbound.office.jobs import DONE, MUSTER, SENT

AT = "2026-11-24_0915 Befund"
PROVED = replace(DONE, proof=Proof.WANTED)
LONG = "x" * 300


@pytest.mark.parametrize(
    ("job", "language", "proofs"),
    [
        (DONE, "de", ()),
        (PROVED, "de", (f"{AT} - Sendebericht.pdf",)),
        (replace(PROVED, proof=Proof.MADE), "en", (f"{AT} - transmission report.pdf",)),
        (
            replace(PROVED, recipients=(SENT, MUSTER)),
            "de",
            (f"{AT} - Sendebericht 1 +4940123456.pdf", f"{AT} - Sendebericht 2 +4930111111.pdf"),
        ),
        (
            replace(PROVED, recipients=(Recipient(address="../a:b"), Recipient(address=""))),
            "de",
            (f"{AT} - Sendebericht 1 -a-b.pdf", f"{AT} - Sendebericht 2.pdf"),
        ),
        (replace(PROVED, recipients=()), "de", ()),
    ],
)
def test_names(job: Job, language: Language, proofs: tuple[str, ...]) -> None:
    names = filed_names(job, AT, language)
    assert names.proofs == proofs
    assert set(proofs) <= set(names.all())
    assert names.all()[-1] == names.report


def test_a_long_address_keeps_its_number() -> None:
    many = replace(PROVED, recipients=tuple(Recipient(address=LONG) for _ in range(12)))
    names = filed_names(many, f"2026-11-24_0915 {LONG[:150]} (Nr. 17)", "en").proofs
    assert len(set(names)) == 12
    assert all(name.endswith(".pdf") and len(name.encode()) <= 240 for name in names)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("number", [1, 1234567890])
def test_a_marked_pdf_is_known_and_as_sound_as_before(
    tmp_path: Path, language: Language, number: int
) -> None:
    path = make_pdf(tmp_path / "a.pdf", lines("Sendebericht"))
    plain = path.read_bytes()
    marked = layout.marked(plain, number, language)
    assert len(marked) == len(plain)
    assert marked.splitlines()[2:] == plain.splitlines()[2:]
    assert layout.job_of(marked[:1024]) == number
    assert layout.is_ours(marked[:1024]) and not layout.is_ours(plain[:1024])
    path.write_bytes(marked)
    assert "Sendebericht" in read(path)
    with pikepdf.open(path) as opened:
        assert not opened.check_pdf_syntax()


@pytest.mark.parametrize(
    "pdf", [b"", b"%PDF-1.4\n", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj", b"GIF89a"]
)
def test_what_the_mark_does_not_fit_into(pdf: bytes) -> None:
    with pytest.raises(ValueError, match="comment"):
        layout.marked(pdf, 17, "de")
    assert not layout.is_ours(pdf)


@pytest.mark.parametrize(
    "head",
    [
        b"%PDF-1.4\n%\xe2\xe3\xcf\xd3 see [faxd: Auftrag 17]\n",
        b"%PDF-1.4\n1 0 obj\n[faxd: Auftrag 17]\n",
        b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n[faxd: Auftrag 17]\n",
    ],
)
def test_a_document_that_only_names_such_a_mark_is_sent(head: bytes) -> None:
    assert not layout.is_ours(head)


PROTOCOL = (
    "JOBID,RECIPIENT,RESULT,SENDDATETIME,REFID\r\n"
    '1,+4940123456,OK,2026-11-24T08:15:30,"A, 1"\r\n'
    '1,+4930111111,Busy,2026-11-24T08:16:00,"two\nlines"\r\n'
    "\r\n"
    "1,+4989123456,No Answer,2026-11-24T08:17:00,C\r\n"
)
WHO = tuple(
    Recipient(address=address, reference=reference)
    for address, reference in (("+4989123456", "C"), ("+4940123456", "A, 1"), ("+4930111111", ""))
)


def test_the_protocol_is_quoted_verbatim() -> None:
    read_ = read_protocol(PROTOCOL.encode())
    settled = settle_recipients(WHO, "Multi", None, "", read_)
    assert quoted_lines(settled, read_) == (
        "1,+4989123456,No Answer,2026-11-24T08:17:00,C",
        '1,+4940123456,OK,2026-11-24T08:15:30,"A, 1"',
        '1,+4930111111,Busy,2026-11-24T08:16:00,"two\nlines"',
    )


def test_of_several_nobody_is_given_a_line_that_says_something_else() -> None:
    """Who was reached by an earlier transmission is not in the last one's protocol."""
    read_ = read_protocol(PROTOCOL.encode())
    early = Recipient(
        address="+4940123456", result="OK", sent_at=datetime(2026, 11, 24, 7, tzinfo=UTC)
    )
    assert quoted_lines((early, MUSTER), read_) == ("", "")


def test_a_single_recipient_has_the_single_line() -> None:
    data = b"RECIPIENT;RESULT\r\n040 123456;OK\r\n"
    assert quoted_lines((SENT,), read_protocol(data)) == ("040 123456;OK",)
    assert quoted_lines((SENT,), ()) == ("",)
    assert quoted_lines((), ()) == ()
