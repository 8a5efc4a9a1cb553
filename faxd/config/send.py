"""The settings of what an account sends."""

from __future__ import annotations

import difflib
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from faxd.config.fields import AbsolutePath, Section
from faxd.config.rules import several
from faxd.words import Language


def _region(region: str) -> str:
    if not (len(region) == 2 and region.isascii() and region.isalpha() and region.isupper()):
        raise ValueError('must be a country of ISO 3166, such as "DE"')
    return region


def _prefix(prefix: str) -> str:
    if not (prefix.startswith("+") and prefix[1:].isascii() and prefix[1:].isdigit()):
        raise ValueError('must be the beginning of an international number, such as "+4932"')
    return prefix


#: of JobStatus, but for OK and multi (section "JobStatus", SendResult)
RESULTS = ("Busy", "No Answer", "Voice", "No Service", "Send-Fail", "Call failed", "Black-List")


def _result(result: str) -> str:
    if result == "OK":
        raise ValueError("must not hold OK, which needs no other try")
    if result in RESULTS:
        return result
    known = {name.casefold(): name for name in RESULTS}
    near = difflib.get_close_matches(result[:60].casefold(), known, 1)
    hint = f"; did you mean {known[near[0]]!r}?" if near else ""
    raise ValueError(f"must be one of {', '.join(RESULTS)}{hint}")


def _countries(codes: frozenset[int]) -> frozenset[int]:
    if not codes:
        return codes
    import phonenumbers  # who only receives faxes does without it

    for code in sorted(codes):
        if code not in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            raise ValueError(
                f"there is no country code {code}; write them as they are dialled, without 00 or"
                " +, such as [49, 43, 41]"
            )
    return codes


def _codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    if (codes and "faxd" not in codes) or len(set(codes)) != len(codes):
        raise ValueError('must be [], or hold "faxd", and perhaps "activefax" and "faxmaker"')
    return codes


def _sender(lines: tuple[str, ...]) -> tuple[str, ...]:
    if len(lines) > 2 or not all(line.strip() and line.isprintable() for line in lines):
        raise ValueError(
            "must be the office's name and, if you like, the number or address that it sends from,"
            ' such as ["Praxis Muster", "+49 40 123456"]'
        )
    return lines


class SendSettings(Section):
    """How one account's documents are taken, sent and followed."""

    #: of slips and reports
    language: Language = "de"

    # taking

    #: how new files are noticed: by inotify (with a scan each minute), by scans alone, or as the
    #: file system's type asks for
    watch: Literal["auto", "inotify", "scan"] = "auto"
    #: seconds between two scans of a network mount
    scan_interval: float = Field(default=3.0, ge=0.5, le=60)
    #: seconds that a file must have stood still, when nobody has it open for writing
    settle: float = Field(default=1.0, ge=0.1, le=300)
    #: seconds, where it cannot be told whether somebody has
    settle_blind: float = Field(default=5.0, ge=0.1, le=300)
    #: seconds that an empty file, or one without a recipient, may wait for what is missing
    patience: float = Field(default=60.0, ge=1, le=3600)
    #: patterns of names that are never taken, besides the usual ones
    ignore: tuple[str, ...] = ()

    # whom to

    #: country of numbers without a country code
    region: Annotated[str, AfterValidator(_region)] = "DE"
    #: country calling codes that may be called, such as 49; none given: all
    countries: Annotated[frozenset[int], AfterValidator(_countries)] = frozenset()
    #: beginnings of numbers that may not be called
    blocked: tuple[Annotated[str, AfterValidator(_prefix)], ...] = ()
    #: let a letter's Recipient carry the name of its file
    letter_label: bool = True
    #: options of all jobs, by the names of a job file
    options: dict[str, str | int | bool] = Field(default_factory=dict)

    # what is done to documents

    #: codes in a document's text that name its recipient; none: they mean nothing
    codes: Annotated[
        tuple[Literal["faxd", "activefax", "faxmaker"], ...],
        BeforeValidator(several),
        AfterValidator(_codes),
    ] = ("faxd",)
    #: one more: a regular expression whose group is the number
    code_pattern: str | None = None
    #: cover codes also where something else has named the recipient
    codes_always: bool = False
    #: a PDF that lies under the first page of faxes and letters, and one for the pages that follow
    #: (None: the same)
    letterhead: AbsolutePath | None = None
    letterhead_next: AbsolutePath | None = None
    #: a text with fields, of which faxes get a cover page
    cover_page: AbsolutePath | None = None

    # sending

    #: jobs that are handed over at the same time
    parallel: int = Field(default=4, ge=1, le=16)
    #: seconds after which a job that cannot be handed over is given up
    give_up_after: float = Field(default=86400.0, ge=60, le=30 * 86400)
    #: seconds within which the same document to the same recipient is asked about; 0: never
    same_within: float = Field(default=600.0, ge=0, le=86400)
    #: more than these are held: what goes wrong in a folder must not cost a fortune
    max_jobs_per_hour: int = Field(default=2000, ge=1)
    max_pages_per_day: int = Field(default=20000, ge=1)

    # what becomes of it

    #: results that are worth another transmission, such as ["Busy", "No Answer"]
    repeat_on: tuple[Annotated[str, AfterValidator(_result)], ...] = ("Busy", "No Answer")
    #: how often; 0: never
    repeat: int = Field(default=0, ge=0, le=20)
    #: seconds before it
    repeat_after: float = Field(default=900.0, ge=60, le=86400)

    # proof of sending

    #: whether a transmission report for each recipient is put beside what was filed
    reports: Literal["pdf", "none"] = "pdf"
    #: what it names as sender: the office's name, and the number or address that it sends from
    sender: Annotated[tuple[str, ...], AfterValidator(_sender)] = ()

    # tidying

    #: days after which documents and records are removed; 0: never
    keep_sent_days: int = Field(default=0, ge=0)
    keep_failed_days: int = Field(default=0, ge=0)
    keep_records_days: int = Field(default=0, ge=0)
