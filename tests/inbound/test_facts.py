"""What the server says of a fax: pages, ids, dates, and the words of strangers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from faxd.simulator import FaultKind, SyntheticImage

from .office import Office, image_of

IMAGE = SyntheticImage(30_000, 2)
RAW = image_of(IMAGE)


# Pages


def test_another_number_of_pages_is_fetched_once_more_and_kept(office: Office) -> None:
    office.changes["sidecar"] = True
    fax_id = office.add(IMAGE, pages=7)
    assert office.poll() == 1
    assert office.calls("RequestReceived") == ["RequestReceived"] * 3
    warning = "the provider states 7 pages, the file has 2"
    (record,) = office.records()
    assert (record.warning, record.pages, record.stated, record.damage) == (warning, 2, 7, None)
    assert office.logged("fax with a warning")[0]["warning"] == warning
    sidecar, fax = office.files()
    assert (sidecar, fax) == (fax.replace(".tif", ".json"), record.path)
    assert warning in office.files()[sidecar].decode()
    assert str(fax_id) in fax


def test_a_number_that_was_wrong_once_leaves_no_trace(office: Office) -> None:
    office.add(IMAGE)
    office.fault(FaultKind.WRONG_PAGES)
    office.poll()
    assert office.records()[0].warning is None
    office.settled(RAW)


@pytest.mark.parametrize("pages", [0, -1, -(2**31), 2**31])
def test_absurd_numbers_of_pages(office: Office, pages: int) -> None:
    office.add(IMAGE, pages=pages)
    office.poll()
    office.settled(RAW)
    assert office.records()[0].warning == f"the provider states {pages} pages, the file has 2"


@pytest.mark.parametrize("pages", [10**18, -(10**18), 10**19 - 1, "viele", ""])
def test_numbers_of_pages_that_are_none(office: Office, pages: int | str) -> None:
    office.add(IMAGE)
    part = "Pages"
    if isinstance(pages, int):
        office.fault(FaultKind.WRONG_PAGES, value=pages, times=None)
    else:
        office.fault(FaultKind.MISSING_PART, value=part, times=None)
    office.poll()
    office.settled(RAW)


@pytest.mark.parametrize("fax_id", [0, -5, 1, 2**31, 2**63 - 1, -(2**63)])
def test_absurd_fax_ids(office: Office, fax_id: int) -> None:
    office.add(IMAGE, fax_id=fax_id)
    office.poll()
    office.settled(RAW)
    assert f"_{fax_id}.tif" in next(iter(office.files()))


# Dates


@pytest.mark.parametrize(
    "text",
    [
        "", "0000-00-00T00:00:00", "1899-12-30T00:00:00", "1970-01-01T00:00:00", "gestern",
        "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00",
    ],
)  # fmt: skip
def test_an_unreadable_date_never_costs_a_fax(office: Office, text: str) -> None:
    office.changes["sidecar"] = True
    office.add(IMAGE)
    office.fault(FaultKind.DATE, value=text)
    office.poll()
    (record,) = office.records()
    assert record.is_arrival
    assert record.saved_at is not None
    assert abs(record.received_at - record.saved_at) < timedelta(minutes=1)
    assert office.logged("fax without a legible date")[0]["fax_id"] == record.fax_id
    sidecar, fax = office.files()
    assert b'"received_is_time_of_fetching": true' in office.files()[sidecar]
    assert office.files()[fax] == RAW
    assert record.received_at.strftime("%Y-%m-%d") in fax


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2026-03-01T12:00:00", "2026-03-01_120000"),
        ("2026-03-01T12:00:00+02:00", "2026-03-01_100000"),
        ("2026-03-01T12:00:00.123Z", "2026-03-01_120000"),
        ("1980-01-01T00:00:00Z", "1980-01-01_000000"),
        ("2999-12-31T23:59:59Z", "2999-12-31_235959"),
    ],
)
def test_readable_dates(office: Office, text: str, name: str) -> None:
    office.add(IMAGE)
    office.fault(FaultKind.DATE, value=text)
    office.poll()
    assert next(iter(office.files())).startswith(name)
    assert not office.records()[0].is_arrival


# Strangers


@pytest.mark.parametrize(
    "text", ["../../../etc/cron.d/x", "..\\..\\x", "CON", ". .", "<&>\"'", "a" * 5000, "Ä\u202e🏥"]
)
def test_a_strangers_words_lead_nowhere(office: Office, text: str) -> None:
    office.changes["file_name"] = "{station_id}/{originator}/{fax_id}.tif"
    office.add(IMAGE, originator=text, remote_id=text)
    office.poll()
    office.settled(RAW)
    assert sorted(path.name for path in office.root.iterdir()) == ["inbox", "password", "state"]
    (record,) = office.records()
    assert (record.originator, record.station_id) == (text, text)
