"""A phone book that does not answer: no fax waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faxd import callers
from faxd.callers import Callers
from faxd.config import AccountSettings

NUMBER = "+4940123456"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While it is cleared, whoever opens a folder hangs, as on a share whose server is away."""
    event = threading.Event()
    event.set()
    opened = callers.Folder.open

    def hangs(path: Path) -> callers.Folder:
        event.wait(30)
        return opened(path)

    monkeypatch.setattr(callers.Folder, "open", hangs)
    yield event
    event.set()


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    (tmp_path / "phonebook.csv").write_text("Praxis Dr. Meier;040 123456\n")
    return tmp_path


def known(outbox: Path) -> Callers:
    return Callers(
        AccountSettings(
            name="praxis", account="123456", password_env="P", inbox=Path("/srv"), outbox=outbox
        )
    )


def looks() -> int:
    return sum(thread.name == "phone book" for thread in threading.enumerate())


def test_what_was_read_last_is_good(outbox: Path, answers: threading.Event) -> None:
    names = known(outbox)
    assert names.name_of(NUMBER) == "Praxis Dr. Meier"
    answers.clear()
    began = time.monotonic()
    assert names.name_of(NUMBER) == "Praxis Dr. Meier"
    assert time.monotonic() - began < callers.PATIENCE + 1
    # It is known to hang: nobody waits any more, and nobody else hangs.
    began = time.monotonic()
    for _ in range(50):
        assert known(outbox).name_of(NUMBER) == "Praxis Dr. Meier"
    assert time.monotonic() - began < 0.5
    assert looks() == 1
    (outbox / "phonebook.csv").write_text("Neuer Name;040 123456\n")
    answers.set()
    deadline = time.monotonic() + 10
    while looks() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert names.name_of(NUMBER) == "Neuer Name"


def test_where_nothing_was_read_there_is_no_name(outbox: Path, answers: threading.Event) -> None:
    answers.clear()
    assert known(outbox).name_of(NUMBER) == ""


def test_a_share_that_is_away_is_as_it_was(outbox: Path, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (outbox / "phonebook.csv").rename(share / "phonebook.csv")
    names = known(share)
    assert names.name_of(NUMBER) == "Praxis Dr. Meier"
    share.rename(tmp_path / "away")
    assert names.name_of(NUMBER) == "Praxis Dr. Meier"
    share.mkdir()  # there, and the phone book is not: somebody has deleted it
    assert names.name_of(NUMBER) == ""
