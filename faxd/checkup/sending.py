"""What an account needs to send: a document is tried the very way that it goes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from faxd.checkup.finding import Finding, bad, good, warn
from faxd.config import AccountSettings, ConfigError
from faxd.documents.office import is_installed
from faxd.durable import Folder
from faxd.ledger import Ledger
from faxd.outbound.addressing import PhoneBook
from faxd.outbound.addressing.lists import MAX_LIST
from faxd.outbound.intake import claim as claims
from faxd.outbound.intake.account import claim_of_command, open_claims, rules_of
from faxd.outbound.intake.claim import Writers, free_of_writers
from faxd.outbound.intake.grouping import PHONE_BOOK
from faxd.outbound.intake.outbox import Outbox, OutboxUnusable
from faxd.outbound.intake.seen import Seen
from faxd.outbound.office.filing import Desk, DeskUnusable
from faxd.outbound.office.placing import Placing
from faxd.wiring import check_options

#: bad lines of a phone book that are named
_NAMED = 10


def sending(account: AccountSettings, ledger: Ledger, daemon: int | None) -> Iterator[Finding]:
    """Try options, folders and phone book of an account that has an outbox.

    What it makes and leaves are only the folders that faxd needs. ``daemon`` is its pid, if it
    runs: it may have rights that this process has not.
    """
    yield _options(account)
    yield _formats(account)
    path, subject = account.outbox, f"{account.name}: outbox"
    if path is None or not path.is_dir():
        yield bad(subject, f"{path} is no folder; make it, or mount the disk that it is on")
        return
    try:
        with open_claims(account, ledger) as outbox:
            yield from _way(account, ledger, outbox, daemon)
            yield from _phone_book(account, outbox)
    except OutboxUnusable as error:
        yield bad(subject, str(error))


def _options(account: AccountSettings) -> Finding:
    subject = f"{account.name}: options"
    try:
        check_options(account)
    except ConfigError as error:
        return bad(subject, str(error))
    options = (f"{name}={value}" for name, value in account.send.options.items())
    return good(subject, ", ".join(options) or "none")


def _formats(account: AccountSettings) -> Finding:
    kinds = "files of Word, Excel, PowerPoint and LibreOffice"
    if is_installed():
        said = f"LibreOffice is there: {kinds} are sent"
    else:
        said = f"without LibreOffice {kinds} are refused"
    return good(f"{account.name}: documents", said)


def _way(
    account: AccountSettings, ledger: Ledger, outbox: Outbox, daemon: int | None
) -> Iterator[Finding]:
    """A file appears, is whole, is taken, and is filed; none of its names is ever a document's."""
    subject, name = f"{account.name}: outbox", f".faxd-check-{secrets.token_hex(4)}"
    claim = claim_of_command(ledger)
    try:
        try:
            writers = _written(outbox, name)
            if not _taken(outbox, name, claim):
                yield bad(subject, f"{account.outbox}: a file there changed by itself; try again")
                return
        except (OutboxUnusable, claims.Untakable) as error:
            yield bad(subject, str(error))
            return
        except OSError as error:
            yield bad(
                subject, f"{account.outbox}: {error.strerror or error}; see to its owner and mode"
            )
            return
        has_leases = outbox.blind or writers is Writers.NOBODY
        waiting = _waiting(account, outbox, may_lease_all=_may_lease_all(daemon))
        yield good(subject, f"{account.outbox}; {waiting}") if has_leases else _no_leases(account)
        with outbox.hidden.existing(claim) as folder:
            yield from _desk(account, folder, name)
    finally:
        with suppress(OSError):
            outbox.root.remove(name)
            claims.remove(outbox, claim)


def _written(outbox: Outbox, name: str) -> Writers:
    """Write a file as a PC does; says whether the kernel then knows that nobody writes any more."""
    with outbox.root.part(".faxd-check") as part:
        part.file.write(b"faxd check\n")
        part.sync(mode=0o660)
        part.publish(outbox.root, name)
    return free_of_writers(outbox.root, name, blind=outbox.blind)


def _taken(outbox: Outbox, name: str, claim: str) -> bool:
    found = outbox.root.status(name)
    if found is None:
        return False
    inode = found.st_dev, found.st_ino
    seen = Seen((), name, found.st_size, found.st_mtime_ns, found.st_ctime_ns, inode)
    taken = claims.claim(outbox, [seen], claim)
    if taken is not None:
        claims.sync(outbox, [taken])
    return taken is not None


def _no_leases(account: AccountSettings) -> Finding:
    """A local file system where it cannot be known whether somebody still writes."""
    return warn(
        f"{account.name}: outbox",
        f"{account.outbox} can be used, but leases do not work there: whether somebody still writes"
        " cannot be asked, so documents are taken after they have stood still for"
        f" {account.send.settle_blind:g} s (settle_blind); have it on ext4, xfs or btrfs, or raise"
        " settle_blind if scanners pause for longer in the middle of a document",
    )


def _waiting(account: AccountSettings, outbox: Outbox, *, may_lease_all: bool) -> str:
    """How it is known that a document is whole, and what follows from it."""
    send = account.send
    scans = f"it is looked into every {send.scan_interval:g} s"
    blind = f"documents are taken after they have stood still for {send.settle_blind:g} s"
    if outbox.blind:
        return f"a network mount: {scans}, and {blind} (settle_blind)"
    watched = f"; {scans}" if send.watch == "scan" else ""
    words = f"leases work: a document is taken {send.settle:g} s after its last change{watched}"
    if not may_lease_all:
        words += f"; one that belongs to another user after {send.settle_blind:g} s (CAP_LEASE)"
    return words


def _may_lease_all(daemon: int | None) -> bool:
    """Whether the daemon may have leases on files of others (capabilities(7), CAP_LEASE).

    If it does not run, this process stands for it.
    """
    try:
        lines = Path(f"/proc/{daemon or 'self'}/status").read_text().splitlines()
        effective = next(line for line in lines if line.startswith("CapEff:"))
    except (OSError, StopIteration):
        return os.geteuid() == 0
    return bool(int(effective.split()[1], 16) >> 28 & 1)


def _desk(account: AccountSettings, claim: Folder, name: str) -> Iterator[Finding]:
    """Slips are written, and documents filed, in folders that are made where they are missing."""
    desk = Desk(
        account.folder("sending"),
        account.folder("sent"),
        account.folder("failed"),
        mode=account.file_mode,
        folder_mode=account.folder_mode,
        gid=account.gid,
        language=account.send.language,
        zone=None,
    )
    try:
        with desk:
            pass
    except DeskUnusable as error:
        yield bad(f"{account.name}: sending", str(error))
        return
    for key in ("sending", "sent", "failed"):
        path = account.folder(key)
        subject = f"{account.name}: {key}"
        try:
            with Folder.open(path) as place:
                _filed(account, claim, place, name)
        except OSError as error:
            yield bad(
                subject,
                f"{path}: {error.strerror or error}; see to owner, mode and the setting group",
            )
        else:
            yield good(subject, str(path))


def _filed(account: AccountSettings, claim: Folder, place: Folder, name: str) -> None:
    """Move the file to there and back, with the mode and group that people need."""
    placing = Placing(mode=account.file_mode, gid=account.gid)
    try:
        placing.move(claim, name, place, name)
        place.sync()
        Placing(mode=0o600, gid=None).move(place, name, claim, name)
    finally:
        place.remove(name)


def _phone_book(account: AccountSettings, outbox: Outbox) -> Iterator[Finding]:
    subject = f"{account.name}: phone book"
    found = next((name for name in outbox.root.names() if name.casefold() == PHONE_BOOK), None)
    if found is None:
        return
    path = outbox.root.path / found
    try:
        with outbox.root.read(found) as file:
            book = PhoneBook.read(file.read(MAX_LIST + 1), rules_of(account, None).numbers)
    except OSError as error:
        yield bad(subject, f"{path}: {error.strerror or error}; see to its owner and mode")
        return
    sound = sum(entry.problem is None for entry in book.entries)
    if not book.problems:
        yield good(subject, f"{path}: {sound} entries")
        return
    for problem in book.problems[:_NAMED]:
        yield bad(subject, problem.en)
    if len(book.problems) > _NAMED:
        yield bad(subject, f"... and {len(book.problems) - _NAMED} more; {sound} entries are good")
