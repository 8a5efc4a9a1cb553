"""SendJob, JobStatus and CancelJob as a client sees them."""

from __future__ import annotations

import base64
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from faxd.simulator import Account, Outcome, Simulator, SyntheticImage
from faxd.simulator.recipients import Recipient, from_csv, from_list

from .soapcall import ACCOUNT, PASSWORD, Answered, call

PDF = b"%PDF-1.4 /Type /Page "


def send(server: Simulator, **parts: Any) -> Answered:
    usual: dict[str, Any] = {"JobType": 0, "Recipient": "+4940123456", "SendText": "Guten Tag"}
    return call(server, "SendJob", **(usual | parts))


def files(*documents: tuple[str, bytes]) -> dict[str, Any]:
    parts: dict[str, Any] = {"SendText": ""}
    for number, (name, content) in enumerate(documents, 1):
        parts |= {f"SendFilename{number}": name, f"SendFile{number}": content}
    return parts


def four_pages() -> bytes:
    return b"".join(SyntheticImage(3000, 4).pieces())


@pytest.mark.parametrize(
    ("flags", "parts", "code"),
    [
        ({}, {}, 0),
        ({}, {"account": "999"}, -2),
        ({}, {"password": "falsch"}, -1),
        ({"locked": True}, {}, 1),
        ({"expired": True}, {}, 3),
        ({"empty": True}, {}, 2),
        ({"credit_pending": True}, {}, 6),
        ({"unpaid": True}, {}, 54),
        ({"package_used_up": True}, {}, 61),
        ({}, {"JobType": 5}, 4),
        ({}, {"JobType": 2, "Recipient": "a@b.example"}, -8),
        ({"job_types": frozenset({2})}, {"JobType": 2, "Recipient": "a@b.example"}, 0),
        ({"low_credit": True}, {"JobType": 3, **files(("a.pdf", PDF))}, 7),
        ({"low_credit": True}, {}, 0),
        ({}, {"JobType": 3, "Recipient": "", **files(("a.pdf", PDF))}, 0),
        ({}, {"JobType": 4}, -3),
        ({}, {"JobType": 8, "Recipient": "a@b.example,c@d.example"}, 11),
        ({}, {"Recipient": ""}, 8),
        ({}, {"Recipient": "no number"}, 8),
        ({"bulk": False}, {"Recipient": "040123456,040123457"}, 1),
        ({}, {"RecipientFile": b"\0\1"}, -65),
        ({}, {"RecipientFile": b"\n"}, 8),
        ({}, {"Recipient": "0900 123456"}, 45),
        ({}, {"Recipient": "+49 900 123456"}, 45),
        ({}, {"Recipient": "0137123456"}, 46),
        ({}, {"Recipient": "11833"}, 47),
        ({"abroad": False}, {"Recipient": "0043 1 234567"}, -8),
        ({"abroad": False}, {"Recipient": "0049 40 234567"}, 0),
        ({}, {"Recipient": "040 66969000"}, -5),
        ({}, {"Recipient": "040 66969001"}, 9),
        ({}, {"Recipient": "040 66969001,040 66969002"}, 0),
        ({}, {"SendText": ""}, 75),
        ({}, {"JobType": 1, **files(("a.pdf", PDF))}, 75),
        ({}, {"SendFilename2": "a.pdf"}, 15),
        ({}, files(("a.docx", b"PK")), -6),
        ({}, files(("a.pdf", b"PK")), -7),
        ({}, files(("a.pdf", PDF + b"/Encrypt")), -14),
        ({}, files(("a.tif", b"II*\0\1\1\0\0")), 58),
        ({"trial": True}, files(("a.tif", four_pages())), -1309),
        ({"trial": True}, files(("a.pdf", PDF * 3)), 0),
    ],
)
def test_codes(server: Simulator, flags: dict[str, Any], parts: dict[str, Any], code: int) -> None:
    server.change_account(ACCOUNT, **flags)
    server.rules.barred = {"+494066969000"}
    server.rules.blacklist = {"+494066969001"}
    answer = send(server, **parts)
    assert answer.code == code
    assert (answer.parts["JobId"] != "0") == (code == 0)
    assert len(server.jobs(ACCOUNT)) == (code == 0)


def test_pages_and_recipients(server: Simulator) -> None:
    documents = files(("a.tif", four_pages()), ("b.pdf", PDF * 2), ("c.html", b"<p>"))
    answer = send(server, **(documents | {"SendText": "vorweg"}))
    assert (answer.parts["PageCount"], answer.parts["RecipientsCount"]) == ("8", "1")
    sms = send(server, JobType=1, SendText="x" * 321, Recipient="0171234567,0171234568,abc")
    assert (sms.parts["PageCount"], sms.parts["RecipientsCount"]) == ("3", "2")


def test_documents_are_kept_on_demand(server: Simulator) -> None:
    server.rules.keep_documents = True
    send(server, **files(("a.pdf", PDF)))
    (document,) = server.jobs(ACCOUNT)[0].order.documents
    assert (document.name, document.size) == ("a.pdf", len(PDF))
    assert document.path
    assert document.path.read_bytes() == PDF


def test_the_same_job_twice(server: Simulator) -> None:
    assert send(server).code == 0
    assert send(server, Options="FAXRETRY=1").code == -77
    assert send(server, SendText="anderes").code == 0
    call(server, "CancelJob", JobId=server.jobs(ACCOUNT)[0].job_id)
    assert send(server).code == 0
    server.duplicate_seconds = 0
    assert send(server).code == 0


def status_file(answer: Answered) -> str:
    return base64.b64decode(answer.parts["StatusFile"]).decode()


HEAD = '"RECIPIENT","JOBTYPE","RESULT","REMOTEID","PAGES","SENDDATETIME","DURATION","REFID"\r\n'


class Clock:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_the_life_of_a_job() -> None:
    clock = Clock()
    account = Account(number=ACCOUNT, password=PASSWORD)
    with Simulator(accounts=[account], clock=clock) as server:
        server.job_seconds = 60
        server.results["+4940123456"] = "Busy"
        job = send(server, Recipient='040 123456["A1"]').parts["JobId"]
        assert call(server, "JobStatus", JobId=job).code == 6
        clock.now += timedelta(seconds=60)
        answer = call(server, "JobStatus", JobId=job)
        assert answer.parts["SendResult"] == "Busy"
        assert answer.parts["SendDateTime"] == "2026-03-01 12:01:00"
        assert status_file(answer) == (
            HEAD + '"040 123456","FAX","Busy","","1","2026-03-01 12:01:00","0","""A1"""\r\n'
        )
        assert call(server, "CancelJob", JobId=job).code == 1


def test_results_and_accounts_are_replaceable(server: Simulator) -> None:
    server.job_seconds = 0
    server.results["+4940123456"] = Outcome("OK", "ANDERE STATION", 7)
    job = send(server).parts["JobId"]
    assert call(server, "JobStatus", JobId=job).parts["RemoteId"] == "ANDERE STATION"
    server.accounts[ACCOUNT] = dataclasses.replace(server.accounts[ACCOUNT], password="neu")
    assert call(server, "JobStatus", JobId=job).code == 2
    assert call(server, "JobStatus", password="neu", JobId=job).code == 0
    server.accounts["2"] = Account(number="2", password="zwei")
    assert server.queue("2") == []
    server.add_fax("2", SyntheticImage(3000))
    assert call(server, "RequestReceived", "2", "zwei").code == 0
    with pytest.raises(KeyError):
        server.queue("3")


def test_a_job_for_later() -> None:
    clock = Clock()
    account = Account(number=ACCOUNT, password=PASSWORD)
    with Simulator(accounts=[account], clock=clock) as server:
        at = {"SendeDateTime": "2026-03-01T15:00:00+02:00"}
        job = send(server, **at).parts["JobId"]
        naive = send(server, SendText="2", SendeDateTime="2026-03-01T13:00:00").parts["JobId"]
        past = send(server, SendText="3", SendeDateTime="2020-01-01T00:00:00Z").parts["JobId"]
        server.time_part = "SendDateTime"
        unread = send(server, SendText="4", **at).parts["JobId"]
        clock.now += timedelta(minutes=59)
        codes = [call(server, "JobStatus", JobId=each).code for each in (job, naive, past, unread)]
        assert codes == [6, 6, 0, 0]
        clock.now += timedelta(minutes=2)
        assert call(server, "JobStatus", JobId=job).code == 0


def test_several_recipients(server: Simulator) -> None:
    server.job_seconds = 0
    server.rules.blacklist = {"+494066969001"}
    listing = b"04012345,Ref1\r\n0043 12345\n040 66969001,\xe4\nunsinn\n"
    answer = send(server, RecipientFile=listing, Recipient="040999")
    assert answer.parts["RecipientsCount"] == "3"
    status = call(server, "JobStatus", JobId=answer.parts["JobId"])
    assert (status.code, status.parts["SendResult"]) == (0, "multi")
    assert status.parts["RemoteId"] == ""
    rows = status_file(status).splitlines()
    assert rows[0] + "\r\n" == HEAD
    assert [row.split(",")[2] for row in rows[1:]] == ['"OK"', '"OK"', '"Black-List"']
    assert rows[1].endswith('"Ref1"')
    assert rows[3].endswith('"ä"')


def test_other_kinds_of_job(server: Simulator) -> None:
    server.job_seconds = 0
    sms = send(server, JobType=1, Recipient="0171234567[x]").parts["JobId"]
    answer = call(server, "JobStatus", JobId=sms)
    assert (answer.parts["SendResult"], answer.parts["RemoteId"]) == ("OK", "")
    assert '"0171234567","SMS","OK","","1"' in status_file(answer)
    letter = send(server, JobType=3, Recipient="", **files(("a.pdf", PDF))).parts["JobId"]
    assert call(server, "JobStatus", JobId=letter).parts["SendResult"] == "OK"


def test_whose_job_it_is(server: Simulator) -> None:
    server.set_account(Account(number="2", password="zwei"))
    job = send(server).parts["JobId"]
    assert call(server, "JobStatus", "2", "zwei", JobId=job).code == 5
    assert call(server, "CancelJob", "2", "zwei", JobId=job).code == -1
    assert call(server, "JobStatus", JobId="abc").code == 5
    assert call(server, "JobStatus", JobId="").code == 5
    server.finish_job(job)
    assert call(server, "JobStatus", JobId=job).code == 0


def test_cancel(server: Simulator) -> None:
    job = send(server).parts["JobId"]
    assert call(server, "CancelJob", "999", PASSWORD, JobId=job).code == -2
    assert call(server, "CancelJob", ACCOUNT, "falsch", JobId=job).code == -2
    server.change_account(ACCOUNT, locked=True)
    assert call(server, "CancelJob", JobId=job).code == -3
    server.change_account(ACCOUNT, locked=False)
    assert call(server, "CancelJob", JobId=job).code == 0
    assert call(server, "CancelJob", JobId=job).code == -1
    assert call(server, "JobStatus", JobId=job).code == 5
    assert server.jobs(ACCOUNT)[0].cancelled


def test_lists_of_recipients() -> None:
    assert from_list("040123[a,b] , 040124,,") == [
        Recipient("040123", "a,b"),
        Recipient("040124"),
    ]
    assert from_csv(b'\xef\xbb\xbf040123,"a, b"\r\n\r\n040124') == [
        Recipient("040123", "a, b"),
        Recipient("040124"),
    ]
