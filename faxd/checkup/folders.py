"""An account's folders: whether they take files, who may see them, and which lie together."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from faxd.checkup.finding import Finding, bad, good, warn
from faxd.config import AccountSettings
from faxd.inbound import InboxUnusable, open_inbox
from faxd.outbound.intake.mounts import mount_of


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Who may enter a folder."""

    path: str
    mode: int
    gid: int
    #: anybody on this machine can get to it
    reachable: bool

    @property
    def shown(self) -> str:
        """The mode as chmod takes it."""
        return f"{stat.S_IMODE(self.mode):04o}"


def inbox(account: AccountSettings) -> Finding:
    """Write, sync, publish and remove a file the very way that a fax goes."""
    subject = f"{account.name}: inbox"
    name = f".faxd-check-{secrets.token_hex(4)}"
    try:
        with open_inbox(account) as place:
            place.require_room()
            place.add(place.root, name, b"faxd check\n")
            place.root.remove(name)
            place.root.sync()
    except InboxUnusable as error:
        return bad(subject, str(error))
    except OSError as error:
        return bad(
            subject,
            f"{account.inbox}: {error.strerror or error}; see to owner, mode and the setting group",
        )
    return good(subject, str(account.inbox))


def folders(account: AccountSettings) -> Iterator[Finding]:
    """Look at the rights and the file systems of those that are there; silent where all is well."""
    paths = {"inbox": account.inbox}
    if account.outbox is not None:
        paths["outbox"] = account.outbox
        paths |= {name: account.folder(name) for name in ("sending", "sent", "failed")}
    for name, path in paths.items():
        with suppress(OSError):
            found = path.stat()
            rights = Rights(
                path=str(path),
                mode=found.st_mode,
                gid=found.st_gid,
                reachable=is_reachable([parent.stat().st_mode for parent in path.parents]),
            )
            for said in about_rights(rights, gid=account.gid, shared=name == "outbox"):
                yield warn(f"{account.name}: rights", said)
    places = {name: place for name, path in paths.items() if (place := mount_of(path)) is not None}
    for said in apart(paths, places):
        yield warn(f"{account.name}: mounts", said)
    for name in ("inbox", "outbox"):
        if name in places:
            for below in _mounts_below(paths[name], places[name]):
                yield warn(f"{account.name}: mounts", about_mount(name, below))


def is_reachable(modes: Sequence[int]) -> bool:
    """Whether everybody may go through all folders of these modes."""
    return all(mode & stat.S_IXOTH for mode in modes)


def about_rights(rights: Rights, *, gid: int | None, shared: bool) -> Iterator[str]:
    """What is wrong with who may do what in a folder; ``shared``: where the office writes."""
    path = rights.path
    others = rights.mode & 0o007
    if rights.reachable and others & 0o006:
        what = "write to" if others & 0o002 else "read"
        yield (
            f"{path} has mode {rights.shown}: everybody on this machine may {what} it, not the"
            f" office alone; chmod o-rwx {path}"
        )
    if gid is not None and gid != rights.gid:
        yield (
            f"{path} is not of the group that the setting group names, so its members may not get"
            f" at what is in it; chgrp it, and chmod g+s {path}"
        )
    elif shared and rights.mode & stat.S_IWGRP and not rights.mode & stat.S_ISGID:
        yield (
            f"{path} has mode {rights.shown}, without setgid: what people drop has their own group,"
            f" and faxd may be unable to read it; chmod g+s {path}"
        )


def apart(paths: Mapping[str, Path], places: Mapping[str, object]) -> Iterator[str]:
    """Which folders are on another mount than the outbox, and what that means."""
    if "outbox" not in places:
        return
    for name in ("sent", "failed"):
        if name in places and places[name] != places["outbox"]:
            yield (
                f"{paths[name]} is on another file system than the outbox {paths['outbox']}: each"
                " document is copied there and then removed, which is slower, needs room on both,"
                " and shows it in both for a moment; put the two on one to have it a rename"
            )


def about_mount(name: str, path: Path) -> str:
    """What is to be said of a mount below an inbox or an outbox."""
    if name == "inbox":
        said = "faxes cannot be put there by a rename, so they stay in the inbox itself"
    else:
        said = "what is dropped there cannot be taken"
    return f"{path} is a file system of its own: {said}; mount it elsewhere"


def _mounts_below(root: Path, place: object) -> Iterator[Path]:
    """Folders right below a folder that are on another mount."""
    try:
        with os.scandir(root) as entries:
            names = sorted(each.name for each in entries if each.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in names:
        if mount_of(root / name) not in {place, None}:
            yield root / name
