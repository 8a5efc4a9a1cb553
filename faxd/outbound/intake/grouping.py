"""Which files of an outbox belong together: a document, its job file, its list. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from faxd.outbound.intake.seen import Seen

#: in the outbox itself: whom names belong to; it stays where it is
PHONE_BOOK = "phonebook.csv"
_JOB_FILES = (".toml", ".json")
_LIST = ".csv"


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one folder that become one job, or are refused together."""

    #: None if a job file or a list stands alone
    document: Seen | None
    job_file: Seen | None
    list_file: Seen | None

    @property
    def files(self) -> tuple[Seen, ...]:
        """All of them, the most important first."""
        found = (self.document, self.job_file, self.list_file)
        return tuple(file for file in found if file is not None)

    @property
    def folders(self) -> tuple[str, ...]:
        """Where they lie below the outbox."""
        return self.files[0].folders


def groups(files: Iterable[Seen]) -> list[Group]:
    """The groups of all files, in the order of their first file.

    A job file or list belongs to the document whose whole name stands before its extension.
    Capitals make no difference there, as they make none on the PCs.
    """
    ordered = [file for file in files if not is_phone_book(file)]
    by_name = {(file.folders, file.name.casefold()): file for file in ordered}
    belonging: dict[tuple[tuple[str, ...], str], dict[str, Seen]] = {}
    beside: set[tuple[tuple[str, ...], str]] = set()
    for file in ordered:
        stem, role = _role(file.name)
        if role and (file.folders, stem) in by_name and not _role(stem)[1]:
            roles = belonging.setdefault((file.folders, stem), {})
            if role not in roles:
                roles[role] = file
                beside.add((file.folders, file.name.casefold()))
    found = []
    for file in ordered:
        key = (file.folders, file.name.casefold())
        if key in beside:
            continue
        roles = belonging.get(key, {})
        own = _role(file.name)[1]
        found.append(
            Group(
                document=None if own else file,
                job_file=file if own == "job" else roles.get("job"),
                list_file=file if own == "list" else roles.get("list"),
            )
        )
    return found


def is_phone_book(file: Seen) -> bool:
    """Whether it is the phone book, which is never sent."""
    return not file.folders and file.name.casefold() == PHONE_BOOK


def _role(name: str) -> tuple[str, str]:
    """The name of the document that a file is for, case folded, and what it is to it."""
    folded = name.casefold()
    for extension in _JOB_FILES:
        if folded.endswith(extension):
            return folded.removesuffix(extension), "job"
    if folded.endswith(_LIST):
        return folded.removesuffix(_LIST), "list"
    return folded, ""
