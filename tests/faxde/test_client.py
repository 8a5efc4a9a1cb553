"""The five calls against the stand-in, and every fault of it."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from faxd.faxde import (
    CancelResult,
    Client,
    Document,
    FaxdeError,
    JobState,
    JobType,
    Options,
    Rejected,
)
from faxd.faxde import errors as e
from faxd.faxde.values import parse_time
from faxd.simulator import Fault, FaultKind, Simulator, SyntheticImage

from .support import ACCOUNT, PASSWORD, client_of, fetch, reaching

IMAGE = SyntheticImage(30_000, 2)
RAW = b"".join(IMAGE.pieces())
WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def arrive(server: Simulator) -> int:
    return server.add_fax(
        ACCOUNT, IMAGE, originator="+49 40 1", remote_id="ÄÖ <&>", received=WHEN, fax_id=2**40
    )


def test_a_fax(server: Simulator, client: Client) -> None:
    assert fetch(client) == (None, b"")
    arrive(server)
    fax, image = fetch(client)
    assert fax is not None
    assert image == RAW
    assert (fax.fax_id, fax.received, fax.originator) == (2**40, WHEN, "+49 40 1")
    assert (fax.remote_id, fax.pages, fax.size) == ("ÄÖ <&>", 2, 30_000)
    assert (fax.sha256, fax.defect) == (IMAGE.sha256(), None)
    assert client.delete_received(fax.fax_id) is True
    assert client.delete_received(fax.fax_id) is False


def test_a_job_with_all_its_parts(server: Simulator, client: Client, tmp_path: Path) -> None:
    server.rules.keep_documents = True
    documents = []
    for number, size in enumerate((300_001, 300_002, 9_999)):
        path = tmp_path / f"{number}.tif"
        path.write_bytes(b"".join(SyntheticImage(size, 1).pieces()))
        documents.append(Document(name=f"Brief {number} ü.tif", path=path))
    moment = datetime(2100, 1, 1, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    job = client.send_job(
        JobType.FAX,
        recipient="+4940123456[RE-4711]",
        text="Guten Tag",
        documents=documents,
        at=moment,
        options=Options(station_id="PRAXIS", retries=3),
    )
    assert (job.recipients, job.pages) == (1, 4)
    (kept,) = server.jobs(ACCOUNT)
    assert kept.job_id == job.job_id
    assert kept.order.scheduled == moment.replace(microsecond=0)
    assert server.calls[-1].parameters["SendeDateTime"] == "2100-01-01T07:00:00Z"
    assert kept.order.options == "STATIONID=PRAXIS;RETRY=3"
    assert [document.name for document in kept.order.documents] == [d.name for d in documents]
    for document, sent in zip(documents, kept.order.documents, strict=True):
        assert sent.path is not None
        assert sent.path.read_bytes() == document.path.read_bytes()
    assert client.job_status(job.job_id).state is JobState.IN_PROGRESS
    assert client.cancel_job(job.job_id) is CancelResult.CANCELLED
    assert client.cancel_job(job.job_id) is CancelResult.UNKNOWN


def test_a_finished_job(server: Simulator, client: Client) -> None:
    server.job_seconds = 0
    job = client.send_job(JobType.SMS, recipient="0171123[ref]", text="Hallo")
    result = client.job_status(job.job_id)
    assert (result.state, result.result) == (JobState.FINISHED, "OK")
    assert result.sent_at is not None
    assert result.status_file.startswith(b'"RECIPIENT","JOBTYPE"')
    assert client.cancel_job(job.job_id) is CancelResult.TOO_LATE
    assert client.job_status(1).state is JobState.UNKNOWN


def test_arguments_that_cannot_be(client: Client, tmp_path: Path) -> None:
    document = Document(name="a.pdf", path=tmp_path)
    with pytest.raises(ValueError, match="three"):
        client.send_job(JobType.FAX, documents=[document] * 4)
    with pytest.raises(ValueError, match="zone"):
        client.send_job(JobType.SMS, text="a", at=datetime(2030, 1, 1))  # noqa: DTZ001


def test_recipients_by_file(server: Simulator, client: Client) -> None:
    job = client.send_job(
        JobType.SMS, recipient_file=b"0171123,a\n0171124,b\n", text="Hallo", options=None
    )
    assert job.recipients == 2


#: What becomes of a fetch while a fault strikes: an error, or the whole fax ("good"), or the
#: fax without one fact ("good, but ..."), or a fax whose image is told to be damaged.
OUTCOMES: dict[FaultKind, type[FaxdeError] | str] = {
    FaultKind.REFUSED: FaxdeError,  # reset before or after the first byte is sent
    FaultKind.RESET_READING: "good",  # repeated once, on a new connection
    FaultKind.RESET_BEFORE: "good",  # repeated once, on a new connection
    FaultKind.HTTP_500: e.NotSoap,
    FaultKind.HTTP_503: e.HttpStatus,
    FaultKind.SOAP_FAULT: e.Fault,
    FaultKind.SOAP_FAULT_200: e.Fault,
    FaultKind.HTML: e.NotSoap,
    FaultKind.REDIRECT: e.HttpStatus,
    FaultKind.HANG: "good",  # repeated once, on a new connection
    FaultKind.UNKNOWN_CODE: Rejected,
    FaultKind.FORCED_CODE: Rejected,
    FaultKind.KEEP_AFTER_DELETE: "good",
    FaultKind.WSDL_503: "good",
    FaultKind.WSDL_HTML: "good",
    FaultKind.LOST: "good",  # repeated once, on a new connection
    FaultKind.CUT: e.CutOff,
    FaultKind.RESET_MIDDLE: e.NoAnswer,
    FaultKind.DRIP: "good",
    FaultKind.DRIP_HEADERS: "good",
    FaultKind.WRONG_TYPE: "good",
    FaultKind.LENGTH_TOO_LONG: "good",
    FaultKind.LENGTH_TOO_SHORT: e.CutOff,
    FaultKind.CHUNKED: "good",
    FaultKind.GZIP: "good",
    FaultKind.BAD_BASE64: "defect",
    FaultKind.BAD_PADDING: "defect",
    FaultKind.DAMAGED_IMAGE: "other image",
    FaultKind.VARYING_IMAGE: "other image",
    FaultKind.EMPTY_IMAGE: "no image",
    FaultKind.MISSING_PART: e.BadPart,
    FaultKind.NIL_PART: e.BadPart,
    FaultKind.ONLY_RETURN: e.BadPart,
    FaultKind.REVERSED_PARTS: "good",
    FaultKind.HREF: "good",
    FaultKind.DATE: "no date",
    FaultKind.DTD: e.ForbiddenXml,
    FaultKind.HUGE_PART: e.TooLarge,
    FaultKind.DEEP: e.BadPart,
    FaultKind.WRONG_FAX_ID: "other id",
    FaultKind.WRONG_PAGES: "other pages",
}
VALUES = {
    FaultKind.HANG: 0.1,
    FaultKind.FORCED_CODE: 4,
    FaultKind.DRIP: 200_000,
    FaultKind.DRIP_HEADERS: 200_000,
}


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault(kind: FaultKind, server: Simulator, client: Client) -> None:
    client.job_status(1)
    arrive(server)
    expected = OUTCOMES[kind]
    if kind is FaultKind.REFUSED:
        server.restart()  # so that the refusal does not meet a connection that is kept
        client.job_status(1)
        client._service.wire._idle.clear()
    call = {"K": "DeleteReceived", "W": "WSDL"}.get(kind.name[0], "RequestReceived")
    if kind.name.startswith(("WRONG", "REFUSED")):
        call = "*" if kind is FaultKind.REFUSED else "RequestReceived"
    server.faults.add(Fault(call=call, kind=kind, value=VALUES.get(kind)))
    if isinstance(expected, type):
        with pytest.raises(expected) as caught:
            fetch(client)
        assert PASSWORD not in str(caught.value)
    else:
        fax, image = fetch(client)
        assert fax is not None
        facts = {
            "id": fax.fax_id == 2**40,
            "date": fax.received == WHEN,
            "pages": fax.pages == 2,
            "image": image == RAW and fax.sha256 == IMAGE.sha256(),
            "defect": fax.defect is None,
        }
        wrong = {name for name, right in facts.items() if not right}
        assert (
            wrong
            == {
                "good": set(),
                "defect": {"defect", "image"},
                "other image": {"image"},
                "no image": {"image"},
                "no date": {"date"},
                "other id": {"id"},
                "other pages": {"pages"},
            }[expected]
        )
        assert expected != "no date" or fax.received is None
    fax, image = fetch(client)  # and the next one is good
    assert fax is not None
    assert image == RAW


@pytest.mark.parametrize("name", ["FaxId", "ReceiveDate", "Originator", "RemoteId", "Pages"])
@pytest.mark.parametrize("kind", [FaultKind.MISSING_PART, FaultKind.NIL_PART])
def test_each_part_may_be_missing(
    name: str, kind: FaultKind, server: Simulator, client: Client
) -> None:
    arrive(server)
    server.faults.add(Fault(call="RequestReceived", kind=kind, value=name))
    if name == "FaxId":  # without it there is nothing to delete
        with pytest.raises(e.BadPart, match="FaxId"):
            fetch(client)
        return
    fax, image = fetch(client)
    assert fax is not None
    assert image == RAW
    missing = {
        "ReceiveDate": fax.received,
        "Originator": fax.originator,
        "RemoteId": fax.remote_id,
        "Pages": fax.pages,
    }[name]
    assert missing in (None, "")


def test_verbatim_keeps_what_came(server: Simulator, client: Client) -> None:
    server.base64_lines = True
    arrive(server)
    server.faults.add(Fault(call="RequestReceived", kind=FaultKind.BAD_BASE64))
    fax, text = fetch(client, verbatim=True)
    assert fax is not None
    assert fax.defect is not None
    assert fax.size == len(text) > 4 * 30_000 / 3
    fax, text = fetch(client, verbatim=True)
    assert fax is not None
    assert fax.defect is None
    assert base64.b64decode(text) == RAW


def test_the_limit_of_the_image(server: Simulator, client: Client) -> None:
    arrive(server)
    fax, _ = fetch(client, limit=30_000)
    assert fax is not None
    with pytest.raises(e.TooLarge):
        fetch(client, limit=29_999)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:30:00Z", WHEN),
        ("2026-03-01T12:30:00", WHEN),
        ("2026-03-01 12:30:00", WHEN),
        ("2026-03-01T13:30:00+01:00", WHEN),
        ("2026-03-01T12:30:00.000Z", WHEN),
        ("2026-03-01T12:30:00.5", WHEN.replace(microsecond=500_000)),
        ("2026-03-01T12:30:00.123456789Z", WHEN.replace(microsecond=123_456)),
        (" 2026-03-01T12:30:00Z\n", WHEN),
        ("0000-00-00T00:00:00", None),
        ("2026-02-30T00:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("01.03.2026 12:30", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(text: str, moment: datetime | None) -> None:
    assert parse_time(text) == moment


def test_a_wrong_password(server: Simulator, tmp_path: Path) -> None:
    with reaching(server.wsdl_url, tmp_path) as service:
        client = client_of(service, "falsch")
        with pytest.raises(Rejected) as caught:
            client.request_received(io.BytesIO(), limit=100)
        assert str(caught.value) == "FAX.de refused: RequestReceived returned 2, wrong password"
