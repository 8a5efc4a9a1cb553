"""Whom a drop goes to, what it sends and when: the sources in their order, and every kind."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxd.faxde.options import Options
from faxd.job import Kind, Step
from faxd.outbound.addressing import (
    Drop,
    NoRecipient,
    NumberRules,
    PhoneBook,
    Refused,
    Rules,
    decide,
    render,
)
from faxd.outbound.addressing.what import MissingFile
from tests.outbound.addressing.support import BERLIN, NOW, NUMBERS, PDF, RULES, ask, refusal, to

BOOK = PhoneBook.read(
    b"Labor Nord;089 223456;fax;station_id=Praxis\n"
    b"Praxis Dr. Meier;089 323456\n"
    b"Praxis Dr. Schulz;089 423456\n"
    b"Doppelt;089 523456\nDoppelt;089 623456\n"
    b"Handy;0171 1234567;sms\n"
    b"Post;post@example.org\n"
    b"Teuer;0900 123456\n",
    NUMBERS,
)


def job(**content: Any) -> tuple[str, bytes]:
    """A job file."""
    return "x.json", json.dumps(content).encode()


def test_the_sources_in_their_order() -> None:
    """Job file, list, the file's name, the folder's name, the phone book: each beats the next."""
    sources: list[tuple[dict[str, Any], str, str]] = [
        ({"job_file": job(to="040 100001")}, "040 100003 Befund.pdf", "+4940100001"),
        ({"list_file": ("x.csv", b"040 100002\n")}, "040 100003 Befund.pdf", "+4940100002"),
        ({}, "040 100003 Befund.pdf", "+4940100003"),
        ({"folders": ("040 100004 Praxis",)}, "Labor Nord Befund.pdf", "+4940100004"),
        ({"folders": ("Praxis Dr. Meier",)}, "Labor Nord Befund.pdf", "+4989223456"),
        ({"folders": ("Praxis Dr. Meier",)}, "Befund.pdf", "+4989323456"),
    ]
    fields: dict[str, Any] = {}
    for more, name, address in reversed(sources):
        fields = fields | more
        assert to(ask(name, book=BOOK, **fields)) == [(address, "")]


def test_the_names_of_the_issue() -> None:
    """Issue 3, section 3, to the letter."""
    for name, expected in (
        ("+49 40 123456 Rechnung 4711.pdf", ("+4940123456", "")),
        ("040-123456_Rechnung.pdf", ("+4940123456", "")),
        ("004940123456.pdf", ("+4940123456", "")),
        ("+4940123456[RE-4711] Rechnung.pdf", ("+4940123456", "RE-4711")),
    ):
        plan = ask(name)
        assert to(plan) == [expected]
        assert (plan.kind, plan.documents, plan.at) == (Kind.FAX, (name,), None)
    plan = ask("Befund.pdf", folders=("+4940123456 Praxis Dr. Meier",))
    assert plan.recipients[0].name == "Praxis Dr. Meier"
    assert plan.title == "Befund"


@pytest.mark.parametrize(
    ("folders", "kind"),
    [
        ((), Kind.FAX),
        (("fax",), Kind.FAX),
        (("FAX",), Kind.FAX),
        (("email",), Kind.EMAIL),
        (("Letter",), Kind.LETTER),
        (("letter-color",), Kind.LETTER_COLOR),
        (("qsign",), Kind.QSIGN),
    ],
)
def test_the_kind_comes_from_the_folder(folders: tuple[str, ...], kind: Kind) -> None:
    """The outbox itself is for faxes."""
    address = "name@example.org" if kind.by_mail else "040 123456"
    assert ask(f"{address} Befund.pdf", folders=folders).kind is kind


def test_the_kind_comes_from_the_job_file_first() -> None:
    """Then from the folder, then from the phone book."""
    there = {"folders": ("fax",), "job_file": job(kind="email", to="name@example.org")}
    assert ask("Befund.pdf", **there).kind is Kind.EMAIL
    assert ask("Post Befund.pdf", book=BOOK).kind is Kind.EMAIL
    assert ask("Handy.txt", book=BOOK, content=b"Guten Tag").kind is Kind.SMS
    plan = ask("Handy.pdf", book=BOOK, folders=("fax",))
    assert (plan.kind, to(plan)) == (Kind.FAX, [("+491711234567", "")])
    assert ask("Labor Nord.txt", book=BOOK, content=b"x").kind is Kind.FAX


@pytest.mark.parametrize(
    "folders",
    [("fax", "040 123456", "x"), ("040 123456", "fax"), ("Kunden", "040 123456"), ("a", "b", "c")],
)
def test_folders_that_lie_too_deep(folders: tuple[str, ...]) -> None:
    """One for the kind, and one for the recipient in it."""
    assert "too deep" in refusal("040 123456.pdf", folders=folders).words.en


def test_a_kinds_folder_with_a_recipients_folder_in_it() -> None:
    """As the outbox itself has them."""
    plan = ask("x.txt", content=b"Guten Tag", folders=("sms", "0171 1234567 Meier"))
    assert (plan.kind, to(plan)) == (Kind.SMS, [("+491711234567", "")])
    plan = ask("x.pdf", folders=("email", "name@example.org[K1] Meier"))
    assert to(plan) == [("name@example.org", "K1")]


def test_a_folder_that_says_nothing() -> None:
    """Is explained; it does not matter if the file says it."""
    refused = refusal("Befund.pdf", folders=("Kunden",))
    assert isinstance(refused, NoRecipient) and 'folder "Kunden"' in refused.words.en
    assert to(ask("040 123456.pdf", folders=("Kunden",))) == [("+4940123456", "")]
    assert to(ask("040 123456.pdf", folders=("0900 123456",))) == [("+4940123456", "")]


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        ("fax", "+49 40 123456"),
        ("sms", "0171 1234567 Termin.txt"),
        ("email", "name@example.org Rechnung.pdf"),
        ("qsign", "name@example.org Rechnung 4711.pdf"),
    ],
)
def test_how_to_name_it(kind: str, example: str) -> None:
    """What has no recipient is told so with an example of its kind."""
    refused = refusal("Befund.txt" if kind == "sms" else "Befund.pdf", folders=(kind,))
    assert isinstance(refused, NoRecipient) and example in refused.words.de


def test_what_could_not_go_to_anyone_does_not_wait() -> None:
    """A Word file is refused at once, and a list waits for its document."""
    refused = refusal("Befund.docx", heads={"Befund.docx": b"PK\x03\x04"})
    assert not isinstance(refused, NoRecipient) and "docx" in refused.words.en
    assert isinstance(refusal(None, list_file=("x.pdf.csv", b"040 123456")), NoRecipient)


@pytest.mark.parametrize(
    ("name", "de", "en"),
    [
        ("40 123456 Rechnung.pdf", "Ist „40 123456“ eine Telefonnummer? Dann fehlt", "zero"),
        ("123456.pdf", "Ist „123456“ eine Telefonnummer?", 'Is "123456" a telephone number?'),
        ("2026-03-01 Befund.pdf", "„2026-03-01“ am Anfang des Namens ist ein Datum", "is a date,"),
        ("01.03.2026 Befund.pdf", "„01.03.2026“ am Anfang des Namens ist ein Datum", "is a date,"),
    ],
)
def test_a_name_that_begins_with_digits(name: str, de: str, en: str) -> None:
    """Is asked about what may be wrong with it."""
    refused = refusal(name)
    assert isinstance(refused, NoRecipient)
    assert de in refused.words.de and en in refused.words.en


@pytest.mark.parametrize("name", ["Rechnung.pdf", "4711 Rechnung.pdf", "01234567ab.pdf"])
def test_digits_that_are_no_number(name: str) -> None:
    """Nothing is asked of how people count their files."""
    for fields in ({}, {"folders": ("email",)}):
        assert "gehen soll. Bitte" in refusal(name, **fields).words.de
    assert "gehen soll. Bitte" in refusal("40 123456 x.pdf", folders=("email",)).words.de


def test_mail_addresses_outside_their_folder() -> None:
    """Are not passed over."""
    for fields in ({}, {"folders": ("fax",)}, {"job_file": job(to="name@example.org")}):
        refused = refusal("name@example.org.pdf", **fields)
        assert 'folder "email"' in refused.words.en and not isinstance(refused, NoRecipient)


def test_the_phone_book() -> None:
    """Name and options come from it; a reference may follow the name; a doubt is refused."""
    plan = ask("Labor Nord[4711] Befund.pdf", book=BOOK, folders=("Praxis Dr. Meier",))
    assert to(plan) == [("+4989223456", "4711")]
    assert plan.recipients[0].name == "Labor Nord"
    assert plan.options == {"station_id": "Praxis"}
    assert "Meier (+4989323456), Praxis Dr. Schulz" in refusal("Praxis.pdf", book=BOOK).words.de
    assert "more than once" in refusal("Doppelt.pdf", book=BOOK).words.en
    assert "costs extra" in refusal("Teuer.pdf", book=BOOK).words.en
    plan = ask("Praxis Befund.pdf", book=BOOK, folders=("Labor Nord",))
    assert to(plan) == [("+4989223456", "")]
    assert "mobile" in refusal("Labor Nord.txt", book=BOOK, folders=("sms",), content=b"x").words.en


def test_lists() -> None:
    """Go as RecipientFile, for fax, SMS and e-mail."""
    lines = ("x.pdf.csv", b"040 123456;1\n040 223456;2\n")
    plan = ask("x.pdf", list_file=lines)
    assert plan.by_list and to(plan) == [("+4940123456", "1"), ("+4940223456", "2")]
    assert plan.companions == ("x.pdf.csv",)
    assert not ask("040 1234, 040 2234.pdf").by_list
    for kind in ("letter", "letter-color", "qsign"):
        assert "cannot have a list" in refusal("x.pdf", list_file=lines, folders=(kind,)).words.en


def test_letters() -> None:
    """Their address is on page one; a label goes along, unless a setting empties it."""
    for kind in ("letter", "letter-color"):
        plan = ask("Mustermann, 040 123456 @2026-12-24 0800.pdf", folders=(kind,))
        assert to(plan) == [("Mustermann 040 123456", "")]
        assert plan.at == datetime(2026, 12, 24, 7, tzinfo=UTC)
    assert to(ask("@0800.pdf", folders=("letter",))) == [("Brief", "")]
    without = Rules(zone=BERLIN, letter_label=False)
    plan = ask("Mustermann.pdf", folders=("letter",), rules=without)
    assert to(plan) == [("", "")] and render(plan.recipients) == ""
    plan = ask("x.pdf", job_file=job(kind="letter", to="Mustermann[RE-1]"))
    assert to(plan) == [("Mustermann", "RE-1")]


@pytest.mark.parametrize(
    ("kind", "recipients"), [("letter", ["A", "B"]), ("qsign", ["a@example.org", "b@example.org"])]
)
def test_letters_and_invoices_go_to_one(kind: str, recipients: list[str]) -> None:
    """And not to many."""
    refused = refusal("x.pdf", job_file=job(kind=kind, to=recipients))
    assert "exactly one recipient" in refused.words.en


@pytest.mark.parametrize(
    ("folder", "name", "fields", "says"),
    [
        ("sms", "0171 1234567.pdf", {}, "only text"),
        ("sms", "0171 1234567.txt", {"content": b" \n"}, "holds no text"),
        ("sms", "0171 1234567.txt", {"content": b"x" * 3201}, "21 SMS"),
        ("sms", "0171 1234567.txt", {"content": None}, "larger than 1 MB"),
        ("fax", "040 123456.txt", {"content": b""}, "holds no text"),
        ("fax", "040 123456.txt", {"content": b"a\0"}, "not a text file"),
        ("letter", None, {"job_file": job(to="Meier", text="x")}, "need a document"),
        ("qsign", None, {"job_file": job(to="a@example.org", text="x")}, "need a document"),
        ("letter", "Meier.pdf", {"job_file": job(text="x")}, "no text of its own"),
        ("fax", "040 123456.txt", {"content": b"x", "job_file": job(text="y")}, "two texts"),
        ("fax", "040 123456.pdf", {"job_file": job(files=["y.txt"]), "others": ("y.txt",)},
         "cannot stand in files"),
        ("fax", "040 123456.pdf", {"heads": {"040 123456.pdf": b""}}, "is empty"),
        ("fax", None, {"job_file": job(to="040 123456")}, "needs files or text"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent(
    folder: str, name: str | None, fields: dict[str, Any], says: str
) -> None:
    """Each kind has its own contents."""
    assert says in refusal(name, folders=(folder,), **fields).words.en


def test_texts() -> None:
    """A .txt is the message of an SMS, of an e-mail and of a fax."""
    for folders, name in (
        (("sms",), "0171 1234567.txt"),
        (("email",), "name@example.org.TXT"),
        (("fax",), "040 123456.txt"),
        ((), "040 123456 x.txt"),
    ):
        plan = ask(name, folders=folders, content="Grüße\r\n".encode("cp1252"))
        assert (plan.text, plan.documents, plan.companions) == ("Grüße", (), (name,))


def test_a_pdf_that_is_called_txt() -> None:
    """Goes as the document that it is."""
    name = "040 123456.txt"
    assert ask(name, heads={name: PDF}, content=PDF).documents == (name,)


def test_an_email_has_documents_and_text() -> None:
    """The text comes from the job file."""
    plan = ask("x.pdf", job_file=job(kind="email", to="name@example.org", text="Guten Tag"))
    assert (plan.documents, plan.text, plan.companions) == (("x.pdf",), "Guten Tag", ("x.json",))


def test_files_of_a_job_file() -> None:
    """In its order; the document goes first if it is not among them; capitals do not matter."""
    others = ("a.pdf", "B\u00fc.PDF", "x.json", "fremd.pdf")
    for files, documents in (
        (["a.pdf"], ("x.pdf", "a.pdf")),
        (["a.pdf", "x.pdf"], ("a.pdf", "x.pdf")),
        (["bu\u0308.pdf", "A.pdf"], ("x.pdf", "B\u00fc.PDF", "a.pdf")),
    ):
        plan = ask("x.pdf", job_file=job(to="040 123456", files=files), others=others)
        assert plan.documents == documents
    alone = ask(None, job_file=job(to="040 123456", files=["a.pdf"]), others=others)
    assert (alone.documents, alone.title) == (("a.pdf",), "x")
    many = job(to="040 123456", files=["a.pdf", "B\u00fc.pdf", "fremd.pdf"])
    four = ask("x.pdf", job_file=many, others=others)
    assert (len(four.documents), four.steps) == (4, (Step.JOIN,)), "FAX.de takes three"


def test_a_file_that_is_missing_may_still_come() -> None:
    """The intake waits as it does for a recipient."""
    refused = refusal("x.pdf", job_file=job(to="040 123456", files=["y.pdf"]))
    assert isinstance(refused, MissingFile) and isinstance(refused, NoRecipient)
    assert "y.pdf" in refused.words.de


def test_a_job_file_without_recipient() -> None:
    """Is asked no more than it says."""
    assert to(ask("040 123456.pdf", job_file=job(retries=2))) == [("+4940123456", "")]
    plan = ask(None, job_file=("040 123456 x.toml", b"text = 'Guten Tag'"))
    assert (to(plan), plan.text) == ([("+4940123456", "")], "Guten Tag")
    assert isinstance(refusal("x.pdf", job_file=job(text="x")), NoRecipient)


def test_times() -> None:
    """The job file's, else the file's name's, else that of the folder that named the recipient."""
    eight = datetime(2026, 7, 15, 6, tzinfo=UTC)
    nine = datetime(2026, 7, 15, 7, tzinfo=UTC)
    ten = datetime(2026, 7, 15, 8, tzinfo=UTC)
    folder = ("040 123456 @1000 Praxis",)
    timed = job(at="08:00")
    assert ask("x @0900.pdf", folders=folder, job_file=timed).at == eight
    assert ask("x @0900.pdf", folders=folder).at == nine
    assert ask("x.pdf", folders=folder).at == ten
    assert ask("x.pdf", folders=("Labor Nord @1000",), book=BOOK).at == ten
    assert ask("040 123456.pdf", folders=folder).at is None
    assert ask("040 123456 @2026-07-14 1159.pdf").at is None
    far = refusal("x.pdf", job_file=job(to="040 123456", at="2028-01-01 08:00"))
    assert "more than a year" in far.words.en and "x.json" in far.words.en


def test_options_override_each_other() -> None:
    """The account's, the phone book's, the job file's; all of them are options."""
    rules = Rules(zone=BERLIN, options={"station_id": "Account", "header": "H", "retries": 1})
    assert ask("040 123456.pdf", rules=rules).options == rules.options
    plan = ask("Labor Nord.pdf", rules=rules, book=BOOK, job_file=job(header="J", flash=True))
    assert plan.options == {"station_id": "Praxis", "header": "J", "retries": 1, "flash": True}
    values: dict[str, Any] = dict(plan.options)
    assert Options(**values).render()


def test_the_settings_forbid_numbers() -> None:
    """Wherever they come from."""
    rules = Rules(zone=BERLIN, numbers=NumberRules(countries=frozenset({43})))
    for fields in (
        {},
        {"folders": ("040 123456",)},
        {"job_file": job(to="040 123456")},
        {"list_file": ("x.csv", b"040 123456")},
    ):
        name = "x.pdf" if fields else "040 123456.pdf"
        assert "not allow" in refusal(name, rules=rules, **fields).words.en
    assert "not allow" in refusal("Labor Nord.pdf", rules=rules, book=BOOK).words.en


pieces = st.lists(
    st.one_of(
        st.text(max_size=10),
        st.sampled_from(
            [
                *("040 123456", "+4940123456", "[RE-1]", ",", " ", "@0800", "@2026-12-24 0800"),
                *("Labor Nord", "Praxis", "a@example.org", ".pdf", ".txt", "_", "\u202e", "\0"),
            ]
        ),
    ),
    max_size=8,
).map("".join)


@given(
    folders=st.lists(pieces | st.sampled_from([kind.value for kind in Kind]), max_size=2),
    document=st.none() | pieces,
    job_file=st.none() | st.tuples(st.sampled_from(["x.toml", "x.json"]), st.binary(max_size=40)),
    list_file=st.none() | st.tuples(st.just("x.csv"), st.binary(max_size=40)),
    content=st.none() | st.binary(max_size=40),
    head=st.sampled_from([PDF, b"", b"PK\x03\x04"]),
)
@example(folders=[], document="9" * 65536, job_file=None, list_file=None, content=None, head=PDF)
@example(
    folders=["\u0301\u0323" * 32768],
    document="x.pdf",
    job_file=None,
    list_file=None,
    content=None,
    head=PDF,
)
@example(
    folders=["/" * 65536, "x"], document="x", job_file=None, list_file=None, content=None, head=PDF
)  # fmt: skip
def test_whatever_is_dropped(
    folders: list[str],
    document: str | None,
    job_file: tuple[str, bytes] | None,
    list_file: tuple[str, bytes] | None,
    content: bytes | None,
    head: bytes,
) -> None:
    """There is a plan that can be sent, or words that can be read."""
    drop = Drop(
        folders=tuple(folders),
        document=document,
        job_file=job_file,
        list_file=list_file,
        content=content,
        heads={document: head} if document is not None else {},
    )
    try:
        plan = decide(drop, RULES, BOOK, NOW)
    except Refused as refused:
        assert refused.words.de and refused.words.en
        return
    for one in plan.recipients:
        if plan.kind.by_number:
            assert re.fullmatch(r"\+[0-9]{6,15}", one.address)
    render(plan.recipients).encode()
    plan.text.encode()
    assert plan.documents or plan.text
    assert len(plan.recipients) >= 1 and len(plan.documents) <= 3
    assert plan.at is None or plan.at > NOW
