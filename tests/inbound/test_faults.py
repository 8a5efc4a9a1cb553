"""Every fault of the stand-in, and then a poll without: nothing lost, nothing doubled."""

from __future__ import annotations

from typing import Any

import pytest

from faxd.ledger import FaxState
from faxd.simulator import Fault, FaultKind, LogEntry, SyntheticImage

from .office import ACCOUNT, Office, image_of, sha256

IMAGES = [SyntheticImage(30_000, 2), SyntheticImage(6_000, 1)]
RAW = [image_of(image) for image in IMAGES]

#: kinds that would take long, or last, without a value
VALUES: dict[FaultKind, Any] = {
    FaultKind.HANG: 0.2,
    FaultKind.DRIP: 400_000,
    FaultKind.DRIP_HEADERS: 400_000,
    FaultKind.FORCED_CODE: 99,
    FaultKind.HUGE_PART: 3_000_000,
}
CALLS = ("RequestReceived", "DeleteReceived", "WSDL")


def possible(kind: FaultKind, call: str) -> bool:
    try:
        Fault(kind=kind, call=call)
    except ValueError:
        return False
    return True


CASES = [(kind, call, 1) for kind in FaultKind for call in CALLS if possible(kind, call)]
CASES += [(kind, CALLS[0], 2) for kind in FaultKind if possible(kind, CALLS[0])]


def watch(office: Office) -> None:
    """Have every deletion looked at in the moment when it is done: is the fax safe?"""
    faxes = {fax.fax_id: fax.image for fax in office.server.queue(ACCOUNT)}

    def look(entry: LogEntry) -> None:
        if entry.call == "DeleteReceived" and entry.code == 0 and entry.fax_id in faxes:
            raw = b"".join(faxes[entry.fax_id].pieces())
            assert sha256(raw) in {sha256(data) for data in office.files().values()}

    office.server.on_completed(look)


@pytest.mark.parametrize(
    ("kind", "call", "times"), CASES, ids=lambda value: getattr(value, "name", str(value))
)
def test_a_fault_that_passes(office: Office, kind: FaultKind, call: str, times: int) -> None:
    # Ids far apart: the stand-in's WRONG_FAX_ID must not name the fax that comes next.
    for fax_id, image in zip((10, 20), IMAGES, strict=True):
        office.add(image, fax_id=fax_id)
    watch(office)
    office.fault(kind, call, times=times, value=VALUES.get(kind))
    for _ in range(times):
        office.poll_in_trouble()
    office.server.faults.clear()
    office.poll()
    assert office.poll() == 0
    # Another id is another fax, as far as anybody can tell.
    office.settled(*RAW, *[RAW[0]] * (kind is FaultKind.WRONG_FAX_ID))
    # Of a deletion whose answer was lost nobody can say that it was done.
    states = {FaxState.DELETED, FaxState.SAVED} if call == "DeleteReceived" else {FaxState.DELETED}
    assert {record.state for record in office.records()} <= states


#: what a fault that lasts leads to: the number of files, and whether the queue is empty
LASTING: dict[FaultKind, tuple[int, bool]] = {
    FaultKind.DRIP: (2, True),
    FaultKind.DRIP_HEADERS: (2, True),
    FaultKind.WRONG_TYPE: (2, True),
    FaultKind.LENGTH_TOO_LONG: (2, True),
    FaultKind.CHUNKED: (2, True),
    FaultKind.GZIP: (2, True),
    FaultKind.REVERSED_PARTS: (2, True),
    FaultKind.HREF: (2, True),
    FaultKind.DATE: (2, True),
    FaultKind.WRONG_PAGES: (2, True),
    # Kept with a text beside each, and deleted.
    FaultKind.BAD_BASE64: (4, True),
    FaultKind.BAD_PADDING: (4, True),
    FaultKind.DAMAGED_IMAGE: (4, True),
    # A copy and its text, and the fax stays.
    FaultKind.VARYING_IMAGE: (2, False),
    # The same fax under its wrong id; the server never deletes the true one.
    FaultKind.WRONG_FAX_ID: (1, False),
}


@pytest.mark.parametrize(
    "kind", [kind for kind in FaultKind if possible(kind, CALLS[0])], ids=lambda kind: kind.name
)
def test_a_fault_that_lasts(office: Office, kind: FaultKind) -> None:
    for fax_id, image in zip((10, 20), IMAGES, strict=True):
        office.add(image, fax_id=fax_id)
    office.fault(kind, times=None, value=VALUES.get(kind))
    for _ in range(3):
        office.poll_in_trouble()
    files, empty = LASTING.get(kind, (0, False))
    assert (len(office.files()), office.waiting == []) == (files, empty)
    assert office.parts() == []
    if not empty:
        assert office.waiting == [10, 20]
    if files == 2 and empty:
        office.settled(*RAW)


def test_a_server_that_is_away(office: Office) -> None:
    office.add(IMAGES[0])
    office.poll()
    office.server.stop()
    for _ in range(2):
        office.poll_in_trouble()
    office.server.start()
    office.add(IMAGES[1])
    office.poll()
    office.settled(*RAW)


def test_another_interface_after_a_change(office: Office) -> None:
    """The namespace changes: the fault hints at it, and the next call uses the new WSDL."""
    office.add(IMAGES[0])
    office.poll()
    office.server.unit = "OtherIntf"
    office.add(IMAGES[1])
    # A hinted reading is repeated at most every ten minutes, which have not passed here.
    office.service._tried_at = float("-inf")
    office.poll_in_trouble()
    office.poll()
    office.settled(*RAW)
