"""What the READMEs tell office people is tried here, example by example."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from faxd.job import Job, JobState, Kind, Recipient
from faxd.outbound.addressing import (
    Drop,
    NoRecipient,
    NumberRules,
    PhoneBook,
    Plan,
    Refused,
    Rules,
    decide,
)
from faxd.outbound.addressing.jobfile import _KEYS
from faxd.outbound.addressing.message import MAX_SMS_PARTS
from faxd.outbound.addressing.switches import NAMES
from faxd.outbound.intake.ignore import Ignored
from faxd.outbound.office.names import beginnings, filed_names, slip_name
from faxd.outbound.office.slip import answer_of, render_slip

ROOT = Path(__file__).parent.parent
BERLIN = ZoneInfo("Europe/Berlin")
#: before every time that the examples name
NOW = datetime(2026, 7, 14, 10, 0, tzinfo=UTC)
RULES = Rules(zone=BERLIN)
README, README_DE = "README.md", "README.de.md"
#: how the second column names each kind
KINDS = {
    README_DE: {
        "Fax": Kind.FAX,
        "SMS": Kind.SMS,
        "E-Mail": Kind.EMAIL,
        "Brief in Schwarz-Weiß": Kind.LETTER,
        "Brief in Farbe": Kind.LETTER_COLOR,
        "Rechnung mit Signatur": Kind.QSIGN,
    },
    README: {
        "fax": Kind.FAX,
        "SMS": Kind.SMS,
        "e-mail": Kind.EMAIL,
        "letter in black and white": Kind.LETTER,
        "letter in colour": Kind.LETTER_COLOR,
        "signed invoice": Kind.QSIGN,
    },
}
HEADS = {"goes": ("| Sie legen in", "| you put into"), "not": ("| das geht nicht", "| this does")}


@dataclass(frozen=True)
class Example:
    """A row of a table: what is dropped, and what the README says of it."""

    readme: str
    names: tuple[str, ...]
    says: str

    def __str__(self) -> str:
        return f"{self.readme}: {' + '.join(self.names)}"

    def plan(self) -> Plan:
        """What faxd decides."""
        *folders, document = self.names[0].split("/")
        beside = {name: block(self.readme, name).encode() for name in self.names[1:]}
        list_file = next((item for item in beside.items() if item[0].endswith(".csv")), None)
        job_file = next((item for item in beside.items() if item[0].endswith(".toml")), None)
        is_text = document.endswith(".txt")
        head = b"PK\x03\x04" if document.endswith(".docx") else b"%PDF-1.4\n"
        drop = Drop(
            folders=tuple(folders),
            document=document,
            job_file=job_file,
            list_file=list_file,
            heads={document: b"Guten Tag" if is_text else head},
            content=b"Guten Tag" if is_text else None,
        )
        return decide(drop, RULES, phone_book(self.readme), NOW)


@cache
def text(readme: str) -> str:
    return (ROOT / readme).read_text()


def block(readme: str, name: str) -> str:
    """The example of a file, indented below a line that ends with its name."""
    found = re.search(rf"`{re.escape(name)}`:\n\n((?:    .*\n)+)", text(readme))
    assert found is not None, name
    return re.sub(r"^    ", "", found[1], flags=re.MULTILINE)


def phone_book(readme: str) -> PhoneBook:
    return PhoneBook.read(block(readme, "phonebook.csv").encode(), NumberRules())


def examples(which: str) -> list[Example]:
    """The rows of the tables of both READMEs."""
    found = []
    for readme in (README, README_DE):
        lines = iter(text(readme).splitlines())
        for line in lines:
            if line.startswith(HEADS[which]):
                break
        next(lines)
        for line in lines:
            if not line.startswith("|"):
                break
            _, names, says, _ = line.split("|")
            found.append(Example(readme, tuple(re.findall("`([^`]+)`", names)), says.strip()))
    return found


@pytest.mark.parametrize("readme", [README, README_DE])
def test_there_are_enough_examples(readme: str) -> None:
    assert len([one for one in examples("goes") if one.readme == readme]) >= 10
    assert len([one for one in examples("not") if one.readme == readme]) >= 5


@pytest.mark.parametrize("example", examples("goes"), ids=str)
def test_what_goes(example: Example) -> None:
    """Kind, recipients, references and time are those that the README says, and no others."""
    plan = example.plan()
    said = max((word for word in KINDS[example.readme] if example.says.startswith(word)), key=len)
    assert plan.kind is KINDS[example.readme][said]
    told = re.sub(r"(\+[0-9][0-9 ]+[0-9])", lambda found: found[1].replace(" ", ""), example.says)
    recipients = re.findall(r"(\+[0-9]+|[^\s@]+@[\w.]+\w)", told)
    if not plan.kind.is_letter:
        assert [one.address for one in plan.recipients] == recipients
    references = re.findall(r"\[([^\]]*)\]", told)
    assert [one.reference for one in plan.recipients if one.reference] == references
    if plan.at is None:
        assert not re.search("@[0-9]", example.names[0])
    else:
        local = plan.at.astimezone(BERLIN)
        assert f"{local:%H:%M}" in told
        if re.search("20[0-9]{2}", example.names[0]):
            assert f"{local:%d.%m.%Y}" in told or f"{local:%Y-%m-%d}" in told
        else:
            assert NOW < plan.at <= NOW + timedelta(days=1)
    if example.names[0].endswith(".txt"):
        assert (plan.text, plan.documents) == ("Guten Tag", ())
    else:
        assert plan.documents == (example.names[0].rpartition("/")[2],)


@pytest.mark.parametrize("example", examples("not"), ids=str)
def test_what_does_not_go(example: Example) -> None:
    with pytest.raises(Refused) as caught:
        example.plan()
    # "faxd waits": for what may still come, and only for that.
    may_come = "faxd waits" in example.says or "faxd wartet" in example.says
    assert isinstance(caught.value, NoRecipient) or not may_come


@pytest.mark.parametrize("readme", [README, README_DE])
def test_names_between_the_tables(readme: str) -> None:
    """A document's name that the prose shows goes where it says."""
    prose = "\n".join(line for line in text(readme).splitlines() if not line.startswith("|"))
    for name in re.findall(r"`([+0-9][^`]*\.pdf)`", prose):
        plan = Example(readme, (name,), "").plan()
        assert [one.address for one in plan.recipients] == ["+4940123456"]


@pytest.mark.parametrize("readme", [README, README_DE])
def test_the_phone_book_has_no_bad_line(readme: str) -> None:
    book = phone_book(readme)
    assert not book.problems
    assert len(book.entries) >= 3
    for entry in book.entries:
        plan = Example(readme, (f"{entry.name} Test.{_extension(entry.kind)}",), "").plan()
        assert plan.recipients[0].address == entry.address
        assert plan.kind is (entry.kind or Kind.FAX)


def _extension(kind: Kind | None) -> str:
    return "txt" if kind is Kind.SMS else "pdf"


@pytest.mark.parametrize("readme", [README, README_DE])
def test_all_keys_of_a_job_file_are_named_and_no_others(readme: str) -> None:
    found = re.search(r"(?:Keys|Es gibt): (`kind`.*?)\.(?: |\n)", text(readme), re.DOTALL)
    assert found is not None
    named = set(re.findall("`([a-z_]+)`", found[1]))
    assert named == {*_KEYS, *NAMES} - {"options"}
    for kind in Kind:
        assert kind.value in found[1]


def test_a_date_before_the_name_may_stay() -> None:
    """ "Move it back to the outbox": what filing has put before the name is no part of it."""
    plan = Example(README, ("2026-03-02_0915 040 123456 Invoice.pdf",), "").plan()
    assert [one.address for one in plan.recipients] == ["+4940123456"]


@pytest.mark.parametrize("readme", [README, README_DE])
def test_renaming_a_slip(readme: str) -> None:
    answers = re.findall(r"`((?:ja|yes) [^`]+\.txt)`", text(readme))
    assert answers
    for answer in answers:
        assert answer_of(answer.partition(" ")[2], answer)


@pytest.mark.parametrize("name", [".hidden.pdf", "~$Brief.doc", "Brief.tmp", "Brief.pdf.part"])
def test_what_is_left_alone(name: str) -> None:
    assert Ignored()(name)


def test_the_number_of_text_messages() -> None:
    assert f"je 160 Zeichen zählen als eine, und es dürfen {MAX_SMS_PARTS} sein" in text(
        README_DE
    ).replace("\n", " ")


@pytest.mark.parametrize("readme", [README, README_DE])
def test_the_tree_of_folders_shows_the_names_that_files_get(readme: str) -> None:
    job = Job(
        id=1,
        account="123456",
        kind=Kind.FAX,
        state=JobState.DONE,
        recipients=(Recipient(address="+4940123456", result="OK"),),
        documents=("+49 40 123456 Rechnung 4711.pdf",),
        title="+49 40 123456 Rechnung 4711",
        source="+49 40 123456 Rechnung 4711.pdf",
        folder="/srv/fax/outbox",
        claim="1",
        created_at=NOW,
        ended_at=datetime(2026, 3, 2, 9, 15, tzinfo=BERLIN),
        protocol=b"RECIPIENT",
    )
    tree = [re.sub(r"^[ │├└─]+", "", line) for line in text(readme).splitlines()]
    names = filed_names(job, next(beginnings(job, BERLIN)), "de")
    for name in (*names.all(), slip_name(job)):
        assert name in tree, name


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (JobState.ACCEPTED, "UNTERWEGS"),
        (JobState.UNCERTAIN, "NOCH UNKLAR"),
    ],
)
def test_the_words_that_slips_begin_with(state: JobState, word: str) -> None:
    job = Job(
        account="123456",
        kind=Kind.FAX,
        state=state,
        title="Befund",
        source="Befund.pdf",
        folder="/srv/fax/outbox",
        claim="1",
        created_at=NOW,
    )
    assert render_slip(job, "de", BERLIN, NOW).startswith(word)
    assert f"**{word}**" in text(README_DE)
