"""An outbox of a real office, and what is done with it again and again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faxd.outbound.intake.ignore import Ignored
from faxd.outbound.intake.outbox import Outbox, open_outbox
from faxd.outbound.intake.seen import Seen


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "outbox").mkdir()
    return tmp_path / "outbox"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    with open_outbox(path, mark="m1") as opened:
        yield opened


def look(outbox: Outbox) -> dict[str, Seen]:
    """The files that lie there, by their paths."""
    return {file.path: file for file in outbox.look(Ignored()).files}


def strange(outbox: Outbox) -> dict[str, str]:
    """What is never taken, and why."""
    return {what.path: what.reason for what in outbox.look(Ignored()).strange}


def tree(path: Path) -> list[str]:
    """All that is no folder, in the claims as well."""
    found = (p for p in path.rglob("*") if p.is_symlink() or not p.is_dir())
    return sorted(str(p.relative_to(path)) for p in found)
