"""What is asked and what is answered when it is decided whom a drop goes to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from faxd.job import Kind, Recipient, Step
from faxd.words import Words


class Refused(Exception):
    """It cannot be sent as it is; the words say what is wrong, where, and what to do."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class NoRecipient(Refused):
    """Nothing says whom it goes to; a job file or a list may still come."""


@dataclass(frozen=True, kw_only=True)
class NumberRules:
    """Which numbers may be called."""

    #: region of numbers without a country code (ISO 3166-1)
    region: str = "DE"
    #: country calling codes that are allowed, such as 49; none means all
    countries: frozenset[int] = frozenset()
    #: international prefixes that are not allowed, such as +4932
    blocked: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Codes:
    """What a look at a document's first page has found."""

    #: kind and text of each (`faxd.documents.codes`)
    found: tuple[tuple[str, str], ...] = ()
    #: why there was no looking; None if there was
    problem: Words | None = None


@dataclass(frozen=True, kw_only=True)
class Drop:
    """One or more files that belong together, as they lie in the outbox."""

    #: sub-folders of the outbox that they lie in: (), ("sms",), ("+4940123456 Praxis",) ...
    folders: tuple[str, ...] = ()
    #: name of the document; None if a job file stands alone
    document: str | None
    #: name and content of the job file (.toml, .json) beside it
    job_file: tuple[str, bytes] | None = None
    #: name and content of the list (.csv) beside it
    list_file: tuple[str, bytes] | None = None
    #: names of the other files in the same folder, which a job file may name
    others: tuple[str, ...] = ()
    #: the beginnings (4 KiB) of the document and the others, by their names
    heads: Mapping[str, bytes] = field(default_factory=dict)
    #: whole content of a document that is a .txt of at most 1 MiB
    content: bytes | None = None
    #: in the document; None if nobody has looked
    codes: Codes | None = None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The account's settings that decide."""

    numbers: NumberRules = NumberRules()
    zone: tzinfo | None = None
    #: whether a letter's Recipient carries the name of its file
    letter_label: bool = True
    #: options of all its jobs, by kind-independent readable names; a job file overrides them
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    #: LibreOffice is there
    office: bool = False
    #: codes are covered also where something else has named the recipient
    codes_always: bool = False
    #: there is one, for all faxes and letters
    letterhead: bool = False
    #: there is one, for all faxes
    cover_page: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be sent."""

    kind: Kind
    recipients: tuple[Recipient, ...]
    #: send them as RecipientFile
    by_list: bool = False
    #: names of the drop's files that are sent, in order; more than three are to become one
    documents: tuple[str, ...] = ()
    #: what is to be done to them first
    steps: tuple[Step, ...] = ()
    #: names of its files that are taken along: job file, list, a .txt that became the text
    companions: tuple[str, ...] = ()
    #: SendText
    text: str = ""
    #: for a cover page
    subject: str = ""
    #: aware, UTC; None means at once
    at: datetime | None = None
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    #: what people call it: the document's (or job file's) name without extension
    title: str
