"""What a job's slip and its filed documents, report and lists are called. Pure.

A filed set begins with the same words, date first, so it lies together in every listing::

    2026-11-24_0915 Befund.pdf
    2026-11-24_0915 Befund.pdf.toml
    2026-11-24_0915 Befund - gesendet.pdf
    2026-11-24_0915 Befund - Bericht.txt
    2026-11-24_0915 Befund - Protokoll.csv
    2026-11-24_0915 Befund - Sendebericht.pdf

A file that goes beside a document in the outbox (job file, list) keeps its place behind the
document's name, so that both can be moved back there together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from faxd import naming
from faxd.job import Job, Proof
from faxd.outbound.office.outcome import place_of
from faxd.outbound.office.report import undelivered
from faxd.words import Language, Words

#: bytes of a title in the names of filed files; leaves room for all that is put behind it
_LONGEST_TITLE = 150

_REPORT = Words(de=" - Bericht.txt", en=" - report.txt")
_PROOF = Words(de=" - Sendebericht", en=" - transmission report")
_SENT = Words(de=" - gesendet", en=" - sent")
#: it may have been sent, or not
_PREPARED = Words(de=" - vorbereitet", en=" - prepared")
_PROTOCOL = Words(de=" - Protokoll.csv", en=" - protocol.csv")
#: how lists and job files end
_SAY_WHOM = frozenset({".csv", ".toml", ".json"})
_WHOLE_LIST = Words(de=" - ganze Liste", en=" - whole list")
_JOB_FILE = Words(de=" - Auftrag", en=" - job file")


@dataclass(frozen=True, kw_only=True)
class FiledNames:
    """The names of one filed set."""

    #: name in the claim and name in sent/ or failed/, of documents and companions
    moved: tuple[tuple[str, str], ...]
    report: str
    #: None if the job has none
    protocol: str | None
    #: the list of those who did not get it; None if there is none
    undelivered: str | None
    #: name in the claim and name in sent/ or failed/, of what was sent instead of the documents
    prepared: tuple[tuple[str, str], ...] = ()
    #: the transmission report of each recipient, made after all else; none if there are to be none
    proofs: tuple[str, ...] = ()

    @property
    def beside(self) -> tuple[str, ...]:
        """Names in sent/ or failed/ of the job file and the list that still say whom to."""
        return tuple(
            new for _, new in self.moved if _kind(new) in _SAY_WHOM and not self.undelivered
        )

    def all(self) -> list[str]:
        """All names in the folder, the report last: it tells whose they are."""
        beside = [name for name in (self.protocol, self.undelivered) if name is not None]
        files = (*self.moved, *self.prepared)
        return [*(new for _, new in files), *beside, *self.proofs, self.report]


def slip_name(job: Job) -> str:
    """What its slip is called, if the name is free."""
    return naming.clean_component(f"{job.title}.txt")


def beginnings(job: Job, zone: tzinfo | None) -> Iterator[str]:
    """What the names of its filed files may begin with, the best first; the last is its own."""
    local = (job.ended_at or job.created_at).astimezone(zone)
    title = naming.clean_component(job.title)
    title = title.encode()[:_LONGEST_TITLE].decode("utf-8", "ignore").rstrip(" .") or "_"
    beginning = f"{local:%Y-%m-%d_%H%M} {title}"
    yield beginning
    for number in range(2, 10):
        yield f"{beginning} ({number})"
    yield f"{beginning} (Nr. {job.id})"


def filed_names(job: Job, beginning: str, language: Language) -> FiledNames:
    """What its files are called in sent/ or failed/."""
    missed = undelivered(job)
    lists = [name for name in job.companions if _kind(name) == ".csv"]
    if lists and len(missed or b"") and not any(recipient.is_ok for recipient in job.recipients):
        missed = None  # nobody got it: the list that was dropped is the list to drop again
    used: set[str] = set()
    moved: dict[str, str] = {}

    def free(name: str) -> str:
        name = naming.clean_component(name)
        stem, suffix = naming.split_suffix(name)
        number = 1
        while name.casefold() in used:
            number += 1
            name = f"{stem}_{number}{suffix}"
        used.add(name.casefold())
        return name

    for number, name in enumerate(job.documents, 1):
        behind = f"_{number}" if number > 1 else ""
        moved[name] = free(f"{beginning}{behind}{naming.split_suffix(name)[1]}")
    texts = [name for name in job.companions if _kind(name) not in _SAY_WHOM]
    for name in texts:
        if name not in moved:
            moved[name] = free(beginning + naming.split_suffix(name)[1])
    mains = dict(moved)
    main = next(iter(mains.values()), beginning)
    new_list = None
    if missed is not None:
        new_list = free(_beside(lists[0], mains, beginning) if lists else f"{main}.csv")
    for name in job.companions:
        if name in moved:
            continue
        apart = _WHOLE_LIST if _kind(name) == ".csv" else _JOB_FILE
        if missed is not None:
            # Beside the document it would have a say when that is dropped again, and would send
            # to everybody.
            moved[name] = free(beginning + apart.in_(language) + naming.split_suffix(name)[1])
        else:
            moved[name] = free(_beside(name, mains, beginning))
    return FiledNames(
        moved=tuple(moved.items()),
        report=free(beginning + _REPORT.in_(language)),
        protocol=free(beginning + _PROTOCOL.in_(language)) if job.protocol else None,
        undelivered=new_list,
        prepared=tuple(
            (name, free(f"{beginning}{_as_sent(job).in_(language)}{behind}.pdf"))
            for behind, name in _prepared_of(job)
        ),
        proofs=tuple(
            free(f"{beginning}{_PROOF.in_(language)}{whose}.pdf") for whose in _proofs_of(job)
        ),
    )


def _prepared_of(job: Job) -> Iterator[tuple[str, str]]:
    """What was sent instead of documents, if anything was; and what is put behind its name."""
    made = [name for name in job.prepared if name not in job.documents] if job.tries else []
    for number, name in enumerate(made, 1):
        yield (f"_{number}" if number > 1 else ""), name


def _as_sent(job: Job) -> Words:
    return _SENT if place_of(job) == "sent" else _PREPARED


def _proofs_of(job: Job) -> Iterator[str]:
    """What tells the transmission reports of one job apart."""
    if job.proof is Proof.NONE:
        return
    if len(job.recipients) == 1:
        yield ""
        return
    for number, recipient in enumerate(job.recipients, 1):
        yield f" {number} {naming.clean_value(recipient.address)}".rstrip()


def _beside(name: str, mains: dict[str, str], beginning: str) -> str:
    """The name of a job file or list that stays beside its document."""
    for main, new in mains.items():
        if name.startswith(f"{main}."):
            return new + name[len(main) :]
    return beginning + naming.split_suffix(name)[1]


def _kind(name: str) -> str:
    return naming.split_suffix(name)[1].lower()
