"""The password is in nothing that faxd says or writes, at any log level."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest

from faxd.faxde import Client, FaxdeError, JobType, Service
from faxd.faxde.errors import InterfaceUnusable
from faxd.simulator import Fault, FaultKind, Simulator, SyntheticImage

from .support import ACCOUNT, PASSWORD, fetch


def everything_about(error: BaseException) -> str:
    """All that could be printed of an exception and of those behind it."""
    told = ["".join(traceback.format_exception(error))]
    seen: BaseException | None = error
    while seen is not None:
        told += [str(seen), repr(seen), repr(seen.args), repr(vars(seen))]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(told)


def test_nowhere(
    server: Simulator,
    service: Service,
    client: Client,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    told = [repr(client), repr(service), repr(vars(client)), str(vars(service))]
    server.add_fax(ACCOUNT, SyntheticImage(30_000))
    fetch(client)
    client.send_job(JobType.SMS, recipient="0171123", text="a")
    for kind in FaultKind:
        if kind in {FaultKind.HANG, FaultKind.DRIP, FaultKind.DRIP_HEADERS}:
            continue
        server.faults.clear()
        server.faults.add(Fault(kind=kind))
        for call in (lambda: fetch(client), lambda: client.job_status(1), service.fetch):
            try:
                call()
            except FaxdeError as error:
                told.append(everything_about(error))
    server.faults.clear()
    with pytest.raises(InterfaceUnusable) as caught:
        service.interface().message("DeleteReceived", {"Passphrase": PASSWORD})
    told.append(everything_about(caught.value))
    told += [repr(vars(record)) for record in caplog.records]
    told += [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(told) > 20
    assert PASSWORD not in "\n".join(told)
