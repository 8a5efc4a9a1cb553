"""The way out, in the demo: what an office PC drops, and whether each came to its right end."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from faxd.config import AccountSettings
from faxd.demo.paper import look_at
from faxd.demo.pdf import page
from faxd.demo.saying import say
from faxd.job import Job, JobState, Proof
from faxd.ledger import Ledger
from faxd.outbound.office.names import filed_names
from faxd.outbound.office.outcome import place_of
from faxd.simulator import Job as ServersJob
from faxd.simulator import Simulator

#: a number that is always busy at the demo's stand-in; as all but the first, one of those that
#: German films may use
BUSY = "+493023125020"
#: how a code in a document begins
_CODE = "@@FAX"
#: seconds between two drops
_BETWEEN = 1.0
#: seconds in which the outbox's folders must be there
_READY = 15.0


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """Something that is put into the outbox, and what must come of it."""

    tells: str
    #: names below the outbox and contents; the first is the one that people call it by
    files: tuple[tuple[str, bytes], ...]
    #: as the web service counts them
    job_type: int
    #: addresses and references
    recipients: tuple[tuple[str, str], ...]
    #: what the stand-in must have got as text; empty if the first file is a document
    text: str = ""
    #: something is done to the first file before it is sent
    prepared: bool = False
    #: those of the recipients who do not get it
    missed: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The name by which the ledger knows it."""
        return self.files[0][0]


def all_drops(now: datetime) -> tuple[Dropped, ...]:
    """One of each way to say whom it goes to; no two runs drop the same, as faxd would ask."""
    made = f"Muster, erzeugt von faxd demo am {now:%d.%m.%Y um %H:%M:%S}"
    text = f"Ihr Termin: morgen um 9 Uhr. ({made})"
    return (
        Dropped(
            tells="a PDF whose name begins with the number, a reference behind it",
            files=(("+49 40 123456[RE-4711] Rechnung.pdf", page(["Rechnung RE-4711", made])),),
            job_type=0,
            recipients=(("+4940123456", "RE-4711"),),
        ),
        Dropped(
            tells="a text file in the folder sms, which is the message",
            files=(("sms/0171 1234567 Termin.txt", text.encode()),),
            job_type=1,
            recipients=(("+491711234567", ""),),
            text=text,
        ),
        Dropped(
            tells="a PDF and a list of the same name; the second number is busy",
            files=(
                ("Rundschreiben.pdf", page(["Rundschreiben", made])),
                (
                    "Rundschreiben.pdf.csv",
                    "Empfänger;Referenz\r\n030 23125010;K-1\r\n030 23125020;K-2\r\n"
                    "030 23125030;K-3\r\n".encode("cp1252"),
                ),
            ),
            job_type=0,
            recipients=(("+493023125010", "K-1"), (BUSY, "K-2"), ("+493023125030", "K-3")),
            missed=(BUSY,),
        ),
        Dropped(
            tells="a PDF and a job file, as practice software writes them",
            files=(
                ("Befund.pdf", page(["Befund", "Praxis Dr. Meier", made])),
                (
                    "Befund.pdf.toml",
                    b'to = { number = "030 23125040", reference = "PAT-17",'
                    b' name = "Praxis Dr. Meier" }\nstation_id = "MUSTERPRAXIS"\nretries = 2\n',
                ),
            ),
            job_type=0,
            recipients=(("+493023125040", "PAT-17"),),
        ),
        Dropped(
            tells="a PDF that says itself whom it goes to; faxd covers that before it sends it",
            files=(("Gedruckt.pdf", page(["Rückfrage", f"{_CODE} 030 23125050[RE-17]@@", made])),),
            job_type=0,
            recipients=(("+493023125050", "RE-17"),),
            prepared=True,
        ),
    )


class Departures:
    """What leaves through one account's outbox."""

    def __init__(self, server: Simulator, account: AccountSettings, *, own_settings: bool) -> None:
        """``own_settings``: they may refuse what is dropped, and the demo does not mind."""
        assert account.outbox is not None
        self._server = server
        self._account = account
        self._outbox = account.outbox
        self._own_settings = own_settings
        self._drops = tuple(
            dropped
            for dropped in all_drops(datetime.now().astimezone())
            if account.send.codes or not dropped.prepared
        )
        #: number of the last job before these; a folder may be used for many demos
        self._before = 0

    def wait_until_ready(self, process: subprocess.Popen[bytes]) -> str | None:
        """Wait for the folders that faxd makes in the outbox; why there are none, or None."""
        if wait(lambda: (self._outbox / "sms").is_dir(), process, time.monotonic() + _READY):
            return None
        return f"the daemon made no folders in {self._outbox}"

    def remember(self, ledger: Ledger) -> None:
        """Tell the jobs to come from those that there were."""
        self._before = max((job.id for job in ledger.jobs.newest(limit=1)), default=0)

    def drop_all(self) -> None:
        """Put everything into the outbox, as somebody at a PC would."""
        for number, dropped in enumerate(self._drops):
            if number:
                time.sleep(_BETWEEN)
            names = " and ".join(f'"{name}"' for name, _ in dropped.files)
            say(f"An office PC drops {names}")
            say(f"  ({dropped.tells})")
            for name, content in dropped.files:
                (self._outbox / name).write_bytes(content)

    def are_over(self, ledger: Ledger) -> bool:
        """Whether each has come to an end, whatever that is."""
        jobs = self._jobs(ledger)
        return all(job and job.filed and job.proof is not Proof.WANTED for job in jobs)

    def summary(self) -> str:
        """What to say when all went well."""
        places = f"{self._account.folder('sent')}"
        if self._own_settings:
            places += f" or {self._account.folder('failed')}"
        return (
            f"All {len(self._drops)} documents have come to their end, each once: they lie in"
            f" {places}, each with its report."
            " Of each that was sent there is a transmission report as PDF, too: a page of A4 that"
            " names recipient and job."
        )

    def missing(self, ledger: Ledger) -> str | None:
        """What did not come to its right end; None if everything did."""
        accepted = self._server.jobs(self._account.account)
        sent = 0
        for dropped, job in zip(self._drops, self._jobs(ledger), strict=True):
            if job is None:
                return f"{dropped.source} was not taken from the outbox, or more than once"
            if job.proof is Proof.WANTED:
                return f"{dropped.source} has no transmission report"
            if job.proof is not Proof.MADE and not self._own_settings:
                return f"{dropped.source} has no transmission report"
            if not job.filed:
                return f"{dropped.source} is {job.state.value}, and not at its end"
            refused = job.state is JobState.FAILED and not job.tries
            if refused and self._own_settings:
                problem = None
            else:
                sent += 1
                there = [one for one in accepted if one.job_id == job.job_id]
                problem = _wrong_at_server(dropped, job, there)
            problem = problem or self._wrong_in_folders(dropped, job, refused=refused)
            if problem:
                return f"{dropped.source}: {problem}"
        if len(accepted) != sent:
            return f"{sent} jobs were sent, but FAX.de has {len(accepted)}"
        return None

    def _jobs(self, ledger: Ledger) -> list[Job | None]:
        """The one job that each has become; None where there is none, or several."""
        jobs = [job for job in ledger.jobs.newest(self._account.account) if job.id > self._before]
        found = []
        for dropped in self._drops:
            own = [job for job in jobs if job.source == dropped.source]
            found.append(own[0] if len(own) == 1 else None)
        return found

    def _wrong_in_folders(self, dropped: Dropped, job: Job, *, refused: bool) -> str | None:
        place = place_of(job)
        if place == "failed" and not refused:
            return "it was not sent; see its report"
        folder = self._account.folder(place)
        names = filed_names(job, job.filed_as, self._account.send.language)
        lost = [name for name in names.all() if not (folder / name).is_file()]
        if lost:
            return f"{folder / lost[0]} is not there"
        moved = dict(names.moved)
        for path, content in dropped.files:
            new = moved.get(Path(path).name, "")
            if not new or (folder / new).read_bytes() != content:
                return f"it is not in {folder} as it was dropped"
            if (self._outbox / path).exists():
                return f"{self._outbox / path} is still there"
        for name, recipient in zip(names.proofs, job.recipients, strict=bool(names.proofs)):
            if not _is_proof(folder / name, job, recipient.address):
                return f"{folder / name} is no transmission report of it"
        if dropped.prepared and not refused:
            problem = _shown_code(dropped, [folder / name for _, name in names.prepared])
            if problem is not None:
                return problem
        if job.slip and (self._account.folder("sending") / job.slip).exists():
            return f"its slip {job.slip} is still there"
        again = (folder / names.undelivered).read_text("utf-8-sig") if names.undelivered else ""
        missed = () if refused else dropped.missed
        if len(again.splitlines()) != len(missed) or any(one not in again for one in missed):
            return "the list of those who did not get it is not right"
        return None


def _wrong_at_server(dropped: Dropped, job: Job, there: Sequence[ServersJob]) -> str | None:
    if len(there) != 1:
        return f"FAX.de has {len(there)} jobs of it"
    order = there[0].order
    if order.job_type != dropped.job_type:
        return "FAX.de has another kind of job"
    if [(one.address, one.reference) for one in order.recipients] != [*dropped.recipients]:
        return "FAX.de has other recipients"
    wanted = [] if dropped.text else [hashlib.sha256(dropped.files[0][1]).hexdigest()]
    if dropped.prepared and (not job.prepared or [*job.hashes] == wanted):
        return "it was sent as it was dropped"
    if job.prepared:
        wanted = [*job.hashes]
    if order.text != dropped.text or [one.sha256 for one in order.documents] != wanted:
        return "FAX.de has got something else"
    return None


def _is_proof(path: Path, job: Job, address: str) -> bool:
    """Whether a file is one page of A4 that names the recipient and the job's number."""
    paper = look_at(path)
    if paper is None or paper.pages != 1 or not paper.is_a4:
        return False
    return address in paper.text and str(job.job_id or "") in paper.text


def _shown_code(dropped: Dropped, sent: Sequence[Path]) -> str | None:
    """What is wrong with the document that was sent instead of the one with a code."""
    before = look_at(dropped.files[0][1])
    for path in sent:
        after = look_at(path)
        if before is None or after is None or _CODE not in before.text:
            return f"{path} is not the document without its code"
        if "@@" in after.text or dropped.recipients[0][1] in after.text:
            return f"{path} shows the code"
        if before.text.split()[0] not in after.text:
            return f"{path} has lost more than the code"
    return None if sent else "what was sent is not there"


def wait(happened: Callable[[], bool], process: subprocess.Popen[bytes], deadline: float) -> bool:
    """Wait for it while the daemon runs; False if it did not come."""
    while not (done := happened()):
        if time.monotonic() >= deadline or process.poll() is not None:
            break
        time.sleep(0.1)
    return done
