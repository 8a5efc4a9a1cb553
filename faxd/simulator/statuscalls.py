"""STATURL (section "Parameter Options"): the address that is called when a job is through.

What the document leaves open is read like this: one call a job, by GET, its answer not looked at;
values are percent-encoded, as a reference may hold blanks and ampersands. Where a job has several
recipients, what differs from one to the next is left empty, and $STAT is MULTI. A cancelled job
is not called for.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import threading
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from faxd.simulator.log import Log
from faxd.simulator.model import Job
from faxd.simulator.recipients import FAX
from faxd.simulator.report import Outcome
from faxd.simulator.state import Provider

#: name in the log
STATURL = "STATURL"
#: "maximal 128 Zeichen"
_LONGEST = 128
#: seconds for each step of a call
_PATIENCE = 2.0
#: seconds between two looks at what has become due meanwhile
_LOOK = 0.05
#: $TIME is "MESZ", the clock of Germany
_GERMANY = ZoneInfo("Europe/Berlin")

#: STATURL's word for each of JobStatus's; the document does not say which is which
_WORDS = {
    "Busy": "BUSY",
    "No Answer": "NOANSWER",
    "Voice": "VOICE",
    "Call failed": "ISDNERR",
    "No Service": "NOSERVICE",
    "Black-List": "BLACKLIST",
    "Send-Fail": "SENDFAIL",
}
_PLACEHOLDER = re.compile(r"\$(JID|RCV|STAT|MSGs|COST|RID|CID|DATE|TIME|SEC|RET|COD|SPD)")


def template_of(options: str) -> str:
    """The STATURL among the options of a job; empty if there is none."""
    for switch in options.split(";"):
        name, _, value = switch.strip().partition("=")
        if name.strip().upper() == STATURL:
            return value.strip()
    return ""


def fill(template: str, job: Job, outcomes: list[Outcome]) -> str:
    """The address with the job's values in place of the placeholders."""
    end = job.due.astimezone(_GERMANY)
    values = {
        "JID": str(job.job_id),
        "RCV": "",
        "STAT": "MULTI",
        "MSGs": str(job.order.pages),
        "COST": "0.00",
        "RID": "",
        "CID": "",
        "DATE": end.strftime("%d.%m.%y"),
        "TIME": end.strftime("%H:%M:%S"),
        "SEC": "",
        "RET": "0",
        "COD": "MMR",
        "SPD": "14400",
    }
    if len(outcomes) < 2:
        recipient = job.order.recipients[0] if job.order.recipients else None
        is_fax = job.order.job_type == FAX
        outcome = outcomes[0] if outcomes and is_fax else Outcome("OK", "", 0)
        values["RCV"] = recipient.address if recipient else ""
        values["CID"] = recipient.reference if recipient else ""
        values["STAT"] = _WORDS.get(outcome.result, outcome.result.upper())
        values["RID"] = outcome.remote_id
        values["SEC"] = str(outcome.seconds)
    return _PLACEHOLDER.sub(lambda found: quote(values[found[1]], safe=""), template)


def is_near(address: str) -> bool:
    """Whether it is http on this machine: the stand-in calls nobody else."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
        if parts.scheme != "http":
            return False
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class StatusCaller:
    """Makes the calls, in a thread of its own, from `start` to `stop`.

    Whatever the called one does (nothing, nonsense, hanging) disturbs nobody else; it is noted in
    the log, with the HTTP status as code.
    """

    def __init__(self, provider: Provider, log: Log) -> None:
        self._provider = provider
        self._log = log
        self._running: threading.Event | None = None

    def start(self) -> None:
        """Call for what is through, also for what became so while it was stopped."""
        stopping = self._running = threading.Event()
        threading.Thread(
            target=self._run, args=(stopping,), name="simulator-staturl", daemon=True
        ).start()

    def stop(self) -> None:
        """Begin no further call."""
        if self._running is not None:
            self._running.set()
            self._provider.news.set()
        self._running = None

    def _run(self, stopping: threading.Event) -> None:
        provider = self._provider
        while not stopping.is_set():
            provider.news.wait(None if provider.is_quiet() else _LOOK)
            provider.news.clear()
            if stopping.is_set():
                break
            for job, outcomes in provider.through():
                self._call(job, outcomes)

    def _call(self, job: Job, outcomes: list[Outcome]) -> None:
        template = template_of(job.order.options)
        if not template:
            return
        address = fill(template, job, outcomes)
        sequence = self._log.open(STATURL)
        self._log.note(
            sequence, account=job.account, job_id=str(job.job_id), parameters={"url": address}
        )
        if len(template) > _LONGEST or not is_near(address):
            self._log.note(sequence, fault="not an address that the stand-in calls")
            return
        try:
            code = _get(address)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._log.note(sequence, fault=f"{type(error).__name__}: {error}")
        else:
            self._log.note(sequence, code=code, completed=True, answered=True)


def _get(address: str) -> int:
    """The HTTP status; a redirection is not followed."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE)
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        return connection.getresponse().status
    finally:
        connection.close()
