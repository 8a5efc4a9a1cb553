"""Which files of an outbox belong together: a document, its job file, its list. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from faxd.outbound.intake.seen import Seen

#: in the outbox itself: whom names belong to; it stays where it is
PHONE_BOOK = "phonebook.csv"
_JOB_FILES = (".toml", ".json")
_LIST = ".csv"

#: folders and case-folded name
_Key = tuple[tuple[str, ...], str]


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
    wanted = {key for file in ordered if (key := _wanted(file)) is not None}
    # Most lie alone; only of the others need be known by name.
    by_name = {key: file for file in ordered if wanted and (key := _key(file)) in wanted}
    belonging: dict[_Key, dict[str, Seen]] = {}
    beside: set[_Key] = set()
    for file in ordered if by_name else ():
        key, role = _wanted(file), _role(file.name)[1]
        if key is not None and key in by_name and not _role(key[1])[1]:
            roles = belonging.setdefault(key, {})
            if role not in roles:
                roles[role] = file
                beside.add(_key(file))
    found = []
    for file in ordered:
        if beside and _key(file) in beside:
            continue
        roles = belonging.get(_key(file), {}) if belonging else {}
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


def _key(file: Seen) -> _Key:
    return file.folders, file.name.casefold()


def _wanted(file: Seen) -> _Key | None:
    """Which document a job file or list is for; None for a document."""
    stem, role = _role(file.name)
    return (file.folders, stem) if role else None


def _role(name: str) -> tuple[str, str]:
    """The name of the document that a file is for, case folded, and what it is to it."""
    folded = name.casefold()
    for extension in _JOB_FILES:
        if folded.endswith(extension):
            return folded.removesuffix(extension), "job"
    if folded.endswith(_LIST):
        return folded.removesuffix(_LIST), "list"
    return folded, ""
