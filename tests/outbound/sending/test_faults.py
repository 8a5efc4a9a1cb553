"""Everything that can go wrong with a SendJob on its way: one job at FAX.de, no document lost."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from faxd.job import JobState
from faxd.simulator import Fault, FaultKind
from faxd.simulator.faults import Stage
from tests.outbound.desk import Office, pdf

#: FORCED_CODE is an answer, see test_codes; no answer at all is not had by waiting for ever
_VALUES: dict[FaultKind, Any] = {
    FaultKind.HANG: 1.5,
    FaultKind.REDIRECT: "http://127.0.0.1:1/",
    FaultKind.DRIP: 4000,
    FaultKind.DRIP_HEADERS: 4000,
    FaultKind.WRONG_TYPE: "text/plain",
    FaultKind.HUGE_PART: 3_000_000,
}


def _faults() -> list[Fault]:
    found = []
    for kind in FaultKind:
        for work in (False, True):
            with suppress(ValueError):
                fault = Fault(kind=kind, call="SendJob", value=_VALUES.get(kind), work=work)
                early = fault.stage in (Stage.CONNECT, Stage.HEADERS)
                if kind is not FaultKind.FORCED_CODE and not (early and work):
                    found.append(fault)
    return found


FAULTS = _faults()


def _name(fault: Fault) -> str:
    return f"{fault.kind.name}-{'done' if fault.stage is Stage.AFTER else 'not done'}"


@pytest.mark.parametrize("fault", FAULTS, ids=_name)
def test_one_fault(office: Office, fault: Fault) -> None:
    content = office.drop()
    assert office.places(content) == ["outbox"]
    office.take()
    office.server.faults.add(fault)
    for _ in range(6):
        assert office.places(content) == ["claim"]
        office.send()
        if office.job().state in (JobState.ACCEPTED, JobState.DONE):
            break
        assert office.job().state in (JobState.WAITING, JobState.UNCERTAIN)
        office.later(61)
    assert len(office.accepted) == 1
    assert len(set(office.requests)) == 1, "the same request, byte for byte"
    assert len(office.requests) <= 2
    office.finish()
    assert office.places(content) == ["sent"]
    assert office.job().state is JobState.DONE
    assert not office.slips


@pytest.mark.parametrize("kind", [FaultKind.LOST, FaultKind.HTTP_500, FaultKind.CUT])
@pytest.mark.parametrize("done", [0, 1, 2])
def test_several_faults_in_a_row(office: Office, kind: FaultKind, done: int) -> None:
    """The work is done at the first, the second or the third try."""
    office.drop()
    office.take()
    for number in range(3):
        office.fault(kind, work=number == done)
    for _ in range(8):
        office.send()
        office.later(61)
    assert len(office.accepted) == 1 and len(set(office.requests)) == 1
    job = office.job()
    assert (job.state, job.job_id) == (JobState.DONE, None)


def test_only_a_lost_answer_and_a_lost_memory_send_twice(office: Office) -> None:
    """Nobody can tell then; everything else is tried above."""
    office.server.duplicate_seconds = 0
    office.begin()
    office.fault(FaultKind.LOST)
    office.send()
    office.later(31)
    office.send()
    assert len(office.accepted) == 2
    assert office.accepted[0].order.same_work(office.accepted[1].order)


@pytest.mark.parametrize("moment", ["before the call", "after the call"])
def test_death_while_sending(office: Office, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was being sent when faxd died is treated as sent without an answer."""
    content = office.drop()
    office.take()
    client = office.dispatch.sender._client
    call = client.send_job

    def dying(*args: Any, **fields: Any) -> Any:
        if moment == "after the call":
            call(*args, **fields)
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "send_job", dying)
    # The dead record nothing.
    monkeypatch.setattr(office.dispatch.sender, "_record", lambda job, _verdict: job)
    with pytest.raises(KeyboardInterrupt):
        office.send()
    assert office.job().state is JobState.SENDING
    assert office.places(content) == ["claim"]
    office.restart()
    assert office.job().state is JobState.UNCERTAIN
    assert "NOT CLEAR YET" in office.slip()
    office.send()
    assert len(office.accepted) == 1
    office.finish()
    assert office.places(content) == ["sent"]


def test_the_end_of_faxd_in_the_middle_of_a_call(office: Office) -> None:
    """A call that faxd itself ended says nothing of FAX.de."""
    from faxd.faxde import Cancelled

    office.begin()
    office.fault(FaultKind.HANG)
    office.server.on_completed(lambda entry: None)
    import threading

    threading.Timer(0.2, office.service.wire.close).start()
    with pytest.raises(Cancelled):
        office.send()
    assert office.job().state is JobState.UNCERTAIN
    assert office.ledger.queue(office.number).problem is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sms/0171 1234567.txt", "Grüße — „ä“".encode()),
        ("email/info@example.org[R-1] Brief.pdf", pdf("mail")),
        ("letter/Mahnung.pdf", pdf("letter")),
        ("letter-color/Gruß.pdf", pdf("color")),
        ("qsign/info@example.org Rechnung.pdf", pdf("qsign")),
        ("+4940123456[RE-1], 089 123456[RE-2] @2099-01-01 0800.pdf", None),
        ("+4940123456 @0800 Befund.pdf", pdf("planned")),
        ("+4940123456 Text.txt", b"Nur ein Text."),
    ],
)
def test_every_kind_is_repeated_unchanged(office: Office, name: str, content: bytes | None) -> None:
    office.begin(name, content or pdf("two"))
    if content is None:
        assert office.job().state is JobState.FAILED, "more than a year ahead"
        return
    office.fault(FaultKind.LOST)
    office.send()
    office.later(31)
    office.send()
    assert len(office.accepted) == 1
    assert len(office.requests) == 2 and len(set(office.requests)) == 1
    assert office.job().state is JobState.DONE


def test_a_list_and_options_are_repeated_unchanged(office: Office) -> None:
    office.restart(options={"station_id": "Praxis Dr. Meier", "retries": 2})
    office.drop("Rund.pdf.csv", "Empfänger;Referenz\n040 123456;A-1\n089 123456;B\n".encode())
    office.begin("Rund.pdf")
    office.fault(FaultKind.HTTP_500, work=True)
    office.send()
    office.later(31)
    office.send()
    assert len(set(office.requests)) == 1 and len(office.requests) == 2
    (accepted,) = office.accepted
    assert [(one.address, one.reference) for one in accepted.order.recipients] == [
        ("+4940123456", "A-1"),
        ("+4989123456", "B"),
    ]
    assert accepted.order.options == "STATIONID=Praxis Dr. Meier;RETRY=2"
