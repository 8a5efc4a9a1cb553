"""Whom a job goes to: reading recipients, and which numbers the provider would not dial."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

FAX, SMS, MAIL, LETTER, LETTER_COLOUR, QSIGN = 0, 1, 2, 3, 4, 8
LETTERS = (LETTER, LETTER_COLOUR)

#: Job types by number, with their name in the log's column JOBTYPE.
JOB_TYPES = {
    FAX: "FAX",
    SMS: "SMS",
    MAIL: "Mail",
    LETTER: "Brief",
    LETTER_COLOUR: "Brief",
    QSIGN: "QSign",
}

#: Return codes for premium numbers, by the beginning of the national number. The document has
#: three codes of one meaning; which is for which range is this stand-in's guess.
_PREMIUM = {"0900": 45, "0190": 45, "0137": 46, "0138": 46, "0180": 47, "118": 47}

_NUMBER = re.compile(r"\+?[0-9][0-9 ()/.-]{2,}")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WITH_REFERENCE = re.compile(r"(?P<address>[^\[\]]*)\[(?P<reference>[^\[\]]*)\]")


@dataclass(frozen=True)
class Recipient:
    """One addressee as it was given, and the customer's own reference for it."""

    address: str
    reference: str = ""

    def valid(self, job_type: int) -> bool:
        """Whether this can be an address of that kind of job at all."""
        pattern = _MAIL if job_type in (MAIL, QSIGN) else _NUMBER
        return pattern.fullmatch(self.address) is not None


def from_list(text: str) -> list[Recipient]:
    """Read the part Recipient: separated by commas, a reference in [] behind each."""
    found = []
    for item in re.findall(r"(?:\[[^\]]*\]|[^,\[])+", text):
        match = _WITH_REFERENCE.fullmatch(item.strip())
        address, reference = match.group("address", "reference") if match else (item, "")
        if address.strip():
            found.append(Recipient(address.strip(), reference))
    return found


def from_csv(content: bytes) -> list[Recipient]:
    """Read the part RecipientFile: address and optional reference in each line.

    Raises ValueError for what is no text.
    """
    if b"\0" in content:
        raise ValueError("binary data instead of a list of recipients")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    rows = csv.reader(io.StringIO(text))
    return [
        Recipient(row[0].strip(), row[1].strip() if len(row) > 1 else "")
        for row in rows
        if row and row[0].strip()
    ]


def normalised(number: str) -> str:
    """Bring a number into international form: "040 123" and "0049 40 123" to "+4940123"."""
    digits = re.sub(r"[^0-9+]", "", number)
    if digits.startswith("00"):
        return "+" + digits[2:]
    if digits.startswith("0"):
        return "+49" + digits[1:]
    return digits


def abroad(number: str) -> bool:
    """Whether the number lies outside Germany."""
    return normalised(number).startswith("+") and not normalised(number).startswith("+49")


def premium_code(number: str) -> int:
    """The return code that refuses a premium number; 0 for an ordinary one."""
    full = normalised(number)
    national = "0" + full[3:] if full.startswith("+49") else full
    for beginning, code in _PREMIUM.items():
        if national.startswith((beginning, f"0{beginning}")):
            return code
    return 0


def same(first: str, second: str) -> bool:
    """Whether two spellings mean the same recipient."""
    return first == second or ("@" not in first and normalised(first) == normalised(second))
