"""What is written beside a fax."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.inbound.texts import damage_note, sidecar
from faxd.ledger import Received

FAX = Received(
    account="123456",
    fax_id=3_000_000_001,
    sha256="ab" * 32,
    size=12345,
    pages=2,
    stated=3,
    originator="+493023125042",
    station_id="MUSTER ÄÖÜ",
    received_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    warning="the provider states 3 pages, the file has 2",
    folder="/srv/fax/inbox",
    path="damaged/a.tif",
    part="",
    part_folder="",
)
DAMAGED = replace(FAX, pages=None, warning=None, damage="page 2 ends outside of the file")
strangers = st.text(st.characters(codec=None, exclude_categories=()))


def test_all_that_is_known() -> None:
    assert json.loads(sidecar(FAX, "praxis")) == {
        "account": "praxis",
        "fax_id": 3_000_000_001,
        "received": "2026-03-01T12:00:00+00:00",
        "received_is_time_of_fetching": False,
        "originator": "+493023125042",
        "station_id": "MUSTER ÄÖÜ",
        "pages": 2,
        "pages_stated": 3,
        "size": 12345,
        "sha256": "ab" * 32,
        "warning": "the provider states 3 pages, the file has 2",
    }


def test_the_same_bytes_whenever_the_same_fax_is_written() -> None:
    later = replace(FAX, id=7, part="other", part_folder="x", saved_at=FAX.received_at)
    assert sidecar(FAX, "praxis") == sidecar(later, "praxis")
    assert damage_note(DAMAGED, True) == damage_note(replace(DAMAGED, id=7, part="x"), True)


@given(text=strangers)
def test_strangers_texts(text: str) -> None:
    fax = replace(DAMAGED, originator=text, station_id=text)
    facts = json.loads(sidecar(fax, "praxis"))
    assert facts["originator"] == text.encode("utf-8", "replace").decode()
    note = damage_note(fax, True)
    assert note.decode("utf-8-sig").count("\r\n") == damage_note(DAMAGED, True).count(b"\r\n")


@pytest.mark.parametrize(
    ("fax", "deleted", "words"),
    [
        (
            DAMAGED,
            True,
            ["wird nun gelöscht", "is deleted now", "jedes Mal gleich", "readable pages"],
        ),
        (DAMAGED, False, ["bleibt dort", "stays there", "the same each time"]),
        (replace(DAMAGED, tentative=True), False, ["jedes Mal anders", "one of the versions"]),
        (replace(DAMAGED, path="damaged/a.tif.base64"), True, ["nicht entschlüsseln", "(base64)"]),
        (replace(DAMAGED, originator=""), True, ["nicht übermittelt"]),
    ],
)
def test_the_note_beside_a_damaged_fax(fax: Received, deleted: bool, words: list[str]) -> None:
    data = damage_note(fax, deleted)
    # Old Windows programs tell UTF-8 by its mark, and need both characters of a line's end.
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    text = data.decode("utf-8-sig")
    for word in [*words, "3000000001", "page 2 ends outside of the file", "ab" * 32]:
        assert word in text
