"""Names for numbers, from the phone book that people keep in the outbox."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from faxd.callers import Callers
from faxd.config import AccountSettings

BOOK = """name;number;kind
Praxis Dr. Meier;040 123456
Meier privat;040 123456
Labor Muster;+49 (30) 23125042;fax
Herr Mustermann;0171 1234567;sms
Frau Muster;info@example.org
Kaputt;keine Nummer
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "outbox" / "phonebook.csv"
    path.parent.mkdir()
    path.write_text(BOOK)
    return path


def callers(book: Path | None) -> Callers:
    settings = AccountSettings(
        name="praxis",
        account="123456",
        password_env="P",
        inbox=Path("/srv/fax/inbox"),
        outbox=book.parent if book else None,
    )
    return Callers(settings)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("+4940123456", "Praxis Dr. Meier"),
        ("004940123456", "Praxis Dr. Meier"),
        ("040123456", "Praxis Dr. Meier"),
        ("+493023125042", "Labor Muster"),
        ("+491711234567", "Herr Mustermann"),
        ("+4989999999", ""),
        ("info@example.org", ""),
        ("", ""),
        ("\0" * 5000, ""),
        ("anonym", ""),
    ],
)
def test_names(book: Path, number: str, name: str) -> None:
    assert callers(book).name_of(number) == name


def test_it_is_read_again_when_it_changes(book: Path) -> None:
    known = callers(book)
    assert known.name_of("+4940123456") == "Praxis Dr. Meier"
    book.write_text("Neuer Name;040 123456\n")
    assert known.name_of("+4940123456") == "Neuer Name"
    book.unlink()
    assert known.name_of("+4940123456") == ""


@pytest.mark.parametrize("trouble", ["no outbox", "gone", "link", "pipe", "binary", "huge"])
def test_a_bad_phone_book_costs_names_alone(book: Path, tmp_path: Path, trouble: str) -> None:
    known = callers(None if trouble == "no outbox" else book)
    match trouble:
        case "gone":
            book.unlink()
            book.parent.rmdir()
        case "link":
            book.rename(tmp_path / "elsewhere")
            book.symlink_to(tmp_path / "elsewhere")
        case "pipe":
            book.unlink()
            os.mkfifo(book)
        case "binary":
            book.write_bytes(os.urandom(5000))
        case "huge":
            book.write_bytes(b"Praxis;040 123456\n" * 1_000_000)
    assert known.name_of("+4940123456") == ""
