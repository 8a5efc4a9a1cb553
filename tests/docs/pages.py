"""What the pages below docs/ say: their commands and their files, read from the pages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"


def text(page: str) -> str:
    return (DOCS / page).read_text()


def blocks(page: str) -> list[str]:
    """All that is indented like a file or a command, without the indentation."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", "\n" + text(page), re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip("\n") for block in found]


def block(page: str, beginning: str) -> str:
    """The only such block with this as its first line."""
    (found,) = [one for one in blocks(page) if one.split("\n", 1)[0] == beginning]
    return found


def commands(page: str, beginning: str) -> list[list[str]]:
    """The commands in a page that begin like this, in words."""
    lines = "\n".join(blocks(page)).replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line.startswith(beginning)]
