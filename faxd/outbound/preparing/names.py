"""What prepared documents are called in the claim, beside what was dropped. Pure.

Their names begin with a dot: nothing that is dropped does, so they can replace nothing.
"""

from __future__ import annotations

import re

from faxd import naming

#: begins the names of all that preparing makes in a claim, also of what is not complete yet
PREFIX = ".faxd-prepared-"
#: bytes of a title in a name
_LONGEST = 150
_PREPARED = re.compile(rf"{re.escape(PREFIX)}[0-9a-f]+-[0-9]+-(?P<name>.+)", re.DOTALL)


def prepared_name(token: str, number: int, title: str) -> str:
    """The name of a PDF that is sent instead of a document of that title.

    ``token`` (hexadecimal) is another one for each try.
    """
    title = naming.clean_component(title).encode()[:_LONGEST].decode("utf-8", "ignore")
    return f"{PREFIX}{token}-{number}-{title.rstrip(' .') or '_'}.pdf"


def sent_as(name: str) -> str:
    """What a document of a claim is called by people: ``Befund.pdf``."""
    found = _PREPARED.fullmatch(name)
    return found["name"] if found else name


def is_made(name: str) -> bool:
    """Whether a file of a claim is one that preparing has made."""
    return name.startswith(PREFIX)
