"""Codes in documents: whom they name, and what is done before such a document is sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.job import Kind, Step
from faxd.outbound.addressing import Drop, NoRecipient, PhoneBook, Refused, Rules, decide
from faxd.outbound.addressing.formats import may_be_pdf, needs_pdf
from faxd.outbound.addressing.plan import Codes
from faxd.words import Words

from .support import BERLIN, NOBODY, NOW, PDF, ask, refusal, to

NUMBER = "+4940123456"
FAX = ("fax", "040 123456[RE-4711]")
ZIP, RTF = b"PK\x03\x04", b"{\\rtf1"
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(8)


def coded(*found: tuple[str, str]) -> Codes:
    return Codes(found=found)


@pytest.mark.parametrize(
    ("found", "kind", "recipients"),
    [
        ((FAX,), Kind.FAX, [(NUMBER, "RE-4711")]),
        ((FAX, FAX), Kind.FAX, [(NUMBER, "RE-4711")]),
        ((FAX, ("fax", "0049 40 123456 [RE-4711]")), Kind.FAX, [(NUMBER, "RE-4711")]),
        ((("fax", "040 123456, 089 123456"),), Kind.FAX, [(NUMBER, ""), ("+4989123456", "")]),
        ((("mail", "info@example.org"),), Kind.EMAIL, [("info@example.org", "")]),
        ((FAX, ("other", "@F100 x@")), Kind.FAX, [(NUMBER, "RE-4711")]),
    ],
)
def test_whom_they_name(
    found: tuple[tuple[str, str], ...], kind: Kind, recipients: list[tuple[str, str]]
) -> None:
    plan = ask("Befund.pdf", codes=coded(*found))
    assert (plan.kind, to(plan), plan.steps) == (kind, recipients, (Step.COVER_CODES,))


def test_they_come_last() -> None:
    """Nothing is looked at, and nothing covered, where something else has named the recipient."""
    book = PhoneBook.read(b"Name;Nummer\nPraxis Dr. Meier;089 123456\n", Rules().numbers)
    for name, fields in (
        ("089 123456 Befund.pdf", {}),
        ("Befund.pdf", {"folders": ("089 123456 Praxis",)}),
        ("Praxis Dr. Meier.pdf", {}),
        ("Befund.pdf", {"job_file": ("x.toml", b'to = "089 123456"')}),
        ("Befund.pdf", {"list_file": ("x.csv", b"089 123456\n")}),
    ):
        plan = ask(name, codes=coded(FAX), book=book, **fields)  # type: ignore[arg-type]
        assert to(plan) == [("+4989123456", "")] and plan.steps == ()
    always = Rules(zone=BERLIN, codes_always=True)
    assert ask("089 123456 Befund.pdf", rules=always).steps == (Step.COVER_ANY,)
    assert ask("089 123456 Befund.txt", rules=always, content=b"x").steps == ()


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ((FAX, ("fax", "089 123456")), "contradict"),
        ((FAX, ("fax", "040 123456")), "contradict"),
        ((FAX, ("mail", "info@example.org")), "contradict"),
        ((FAX, ("broken", "@@FAX 089")), "has no end"),
        ((("broken", "@@FAX 089"),), "has no end"),
        ((("fax", "040 123456 Meier"),), "on the document's first page"),
        ((("fax", "123456"),), "on the document's first page"),
        ((("fax", ""),), "on the document's first page"),
        ((("mail", "niemand"),), "on the document's first page"),
        ((FAX, ("at", "2500")), "not a time"),
        ((FAX, ("at", "0800"), ("at", "0900")), "contradict"),
    ],
)
def test_what_is_refused(found: tuple[tuple[str, str], ...], says: str) -> None:
    refused = refusal("Befund.pdf", codes=coded(*found))
    assert says in refused.words.en and not isinstance(refused, NoRecipient)


@pytest.mark.parametrize(
    ("folder", "code", "kind"),
    [
        ("fax", FAX, Kind.FAX),
        ("email", ("mail", "info@example.org"), Kind.EMAIL),
        ("qsign", ("mail", "info@example.org"), Kind.QSIGN),
        ("fax", ("mail", "info@example.org"), None),
        ("email", FAX, None),
        ("qsign", FAX, None),
    ],
)
def test_the_folder_and_the_code_must_agree(
    folder: str, code: tuple[str, str], kind: Kind | None
) -> None:
    if kind is None:
        words = refusal("Befund.pdf", folders=(folder,), codes=coded(code)).words
        assert "asks for the kind" in words.en and folder in words.de
    else:
        assert ask("Befund.pdf", folders=(folder,), codes=coded(code)).kind is kind


def test_what_else_they_say() -> None:
    plan = ask(
        "Befund.pdf",
        codes=coded(FAX, ("at", "0800"), ("name", "Praxis  Dr. Meier"), ("subject", "Ihr Befund")),
    )
    assert plan.at is not None and plan.at.astimezone(BERLIN).hour == 8
    assert (plan.recipients[0].name, plan.subject) == ("Praxis Dr. Meier", "Ihr Befund")
    named = ask("Befund @0900.pdf", codes=coded(FAX, ("at", "0800")))
    assert named.at is not None and named.at.astimezone(BERLIN).hour == 9, "the name's counts"


def test_without_one_it_says_where_one_was_looked_for() -> None:
    assert "@@FAX" not in refusal("Befund.pdf").words.en
    assert "Nor is there a code" in refusal("Befund.pdf", codes=Codes()).words.en
    locked = Codes(problem=Words("Es ist geschützt.", "It is locked."))
    assert refusal("Befund.pdf", codes=locked).words.en.endswith("It is locked.")
    assert isinstance(refusal("Befund.pdf", codes=locked), NoRecipient), "a list may come"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["fax", "sms", "mail", "at", "name", "subject", "other", "broken"]),
            st.text(),
        ),
        max_size=4,
    )
)
def test_whatever_they_say(found: list[tuple[str, str]]) -> None:
    """It is sent, or refused in words."""
    drop = Drop(document="x.pdf", heads={"x.pdf": PDF}, codes=Codes(found=tuple(found)))
    try:
        plan = decide(drop, Rules(zone=BERLIN), NOBODY, NOW)
    except Refused:
        return
    assert plan.recipients and Step.COVER_CODES in plan.steps


# what is done to documents


@pytest.mark.parametrize(
    ("name", "head", "becomes", "with_office"),
    [
        ("x.pdf", PDF, False, False),
        ("x.doc", OLE, False, False),
        ("x.png", b"\x89PNG\r\n", True, True),
        ("x.pdf", b"\xff\xd8\xff\xe0", True, True),
        ("x.gif", b"GIF89a", True, True),
        ("x.webp", b"RIFF\0\0\0\0WEBP", True, True),
        ("x.wav", b"RIFF\0\0\0\0WAVE", None, None),
        ("x.docx", ZIP, None, True),
        ("x.ods", ZIP, None, True),
        ("x.zip", ZIP, None, None),
        ("x.rtf", RTF, None, True),
        ("x.doc", RTF, None, True),
        ("x.ppt", OLE, None, True),
        ("x.msg", OLE, None, None),
        ("x.dat", b"Guten Tag", None, None),
    ],
)
def test_what_becomes_a_pdf(
    name: str, head: bytes, becomes: bool | None, with_office: bool | None
) -> None:
    """None: it is refused."""
    for office, wanted in ((False, becomes), (True, with_office)):
        if wanted is None:
            assert not may_be_pdf(name, head, office=office)
            with pytest.raises(Refused):
                needs_pdf(name, head, office=office)
        else:
            assert needs_pdf(name, head, office=office) is wanted


def test_letterhead_and_cover_page_are_for_what_has_them() -> None:
    rules = Rules(zone=BERLIN, letterhead=True, cover_page=True)
    both = (Step.LETTERHEAD, Step.COVER_PAGE)
    for folder, name, steps in (
        ("fax", "040 123456.pdf", both),
        ("letter", "Meier.pdf", (Step.LETTERHEAD,)),
        ("letter-color", "Meier.txt", (Step.PDF, Step.LETTERHEAD)),
        ("email", "a@example.org.pdf", ()),
        ("qsign", "a@example.org.pdf", ()),
        ("fax", "040 123456.txt", ()),
        ("sms", "0171 1234567.txt", ()),
    ):
        assert ask(name, folders=(folder,), rules=rules, content=b"x").steps == steps
    html = {"040 123456.html": b"<html>"}
    assert "cannot be joined" in refusal("040 123456.html", rules=rules, heads=html).words.en


@pytest.mark.parametrize(
    ("document", "asked", "fields", "result"),
    [
        ("x.pdf", 'to = "040 123456"\nletterhead = false', {}, (Step.COVER_PAGE,)),
        ("x.pdf", 'to = "040 123456"\ncover_page = false', {}, (Step.LETTERHEAD,)),
        ("x.pdf", 'to = "040 123456"\nletterhead = true', {}, (Step.LETTERHEAD, Step.COVER_PAGE)),
        ("x.pdf", 'kind = "email"\nto = "a@example.org"\nletterhead = true', {},
         (Step.LETTERHEAD,)),
        ("x.pdf", 'kind = "email"\nto = "a@example.org"\ncover_page = true', {}, "only faxes"),
        (None, 'to = "040 123456"\ntext = "x"\ncover_page = true', {}, "only faxes"),
        ("x.pdf", 'to = "040 123456"\nletterhead = true', {"rules": Rules()}, "no such template"),
    ],
)  # fmt: skip
def test_a_job_file_has_the_say(
    document: str | None, asked: str, fields: dict[str, Any], result: tuple[Step, ...] | str
) -> None:
    rules = Rules(zone=BERLIN, letterhead=True, cover_page=True)
    fields = {"rules": rules, "job_file": ("x.toml", asked.encode())} | fields
    if isinstance(result, str):
        assert result in refusal(document, **fields).words.en
    else:
        assert ask(document, **fields).steps == result


def test_the_subject() -> None:
    """The job file's, else what stands behind the recipient in the name."""
    assert ask("040 123456 Ihr Befund.pdf").subject == "Ihr Befund"
    written = ("x.toml", 'to = "040 123456"\nsubject = "Rückfrage"'.encode())
    assert ask("Befund.pdf", job_file=written).subject == "Rückfrage"
    assert ask("Befund.pdf", job_file=("x.toml", b'to = "040 123456"')).subject == "Befund"
