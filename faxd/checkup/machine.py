"""The machine: disks, what may be watched, and how many files may be open."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from faxd.checkup.finding import Finding, bad, good, warn
from faxd.checkup.limits import Inotify, inotify, open_files
from faxd.condition import disks
from faxd.config import AccountSettings, Config
from faxd.lock import holder
from faxd.outbound.intake.mounts import is_network
from faxd.outbound.intake.watch import folders_watched
from faxd.shares import Shares
from faxd.verdict import Level, about_disks

_INOTIFY = Path("/proc/sys/fs/inotify")
_PROC = Path("/proc")


def machine(config: Config, pid: int | None) -> Iterator[Finding]:
    """Look at the disks and at the limits; ``pid`` is the daemon's, if it runs."""
    yield from _disks(config)
    limit, whose = _limit(pid)
    yield open_files(limit, len(config.accounts), whose)
    need = sum(map(_watches, config.accounts))
    found = _inotify(pid) if need else None
    if found is not None:
        yield inotify(found, need)


def _disks(config: Config) -> Iterator[Finding]:
    looked_at = disks(config, Shares())
    remarks = list(about_disks(looked_at))
    for remark in remarks:
        subject = f"{remark.account}: disk" if remark.account else "disk"
        yield (bad if remark.level is Level.CRITICAL else warn)(subject, remark.text)
    if not remarks:
        yield good("disks", f"{len({disk.device for disk in looked_at})}, all with room")


def daemon(config: Config) -> int | None:
    """Pid of the daemon, if it runs and may be known."""
    with suppress(OSError):
        return holder(config.state_dir) or None
    return None


def _limit(pid: int | None) -> tuple[int, str]:
    """How many files may be open: by the service if it runs, else by this process."""
    if pid is not None:
        with suppress(OSError, ValueError):
            return _number(resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]), "to the service"
    return _number(resource.getrlimit(resource.RLIMIT_NOFILE)[0]), "to this process"


def _number(limit: int) -> int:
    return 1 << 30 if limit == resource.RLIM_INFINITY else limit


def _watches(account: AccountSettings) -> int:
    """How many folders of an account the daemon watches."""
    if account.outbox is None or account.send.watch == "scan":
        return 0
    if account.send.watch == "auto" and is_network(account.outbox):
        return 0
    return folders_watched(account.outbox) + 1  # and the one with the slips


def _inotify(daemon: int | None) -> Inotify | None:
    """The limits of this user, and what others than the daemon have; None: the kernel hides it."""
    try:
        watches, instances = (
            int((_INOTIFY / name).read_text())
            for name in ("max_user_watches", "max_user_instances")
        )
    except (OSError, ValueError):
        return None
    taken = [
        found
        for pid in _processes_of(os.geteuid())
        if pid != daemon
        for found in _instances_of(pid)
    ]
    return Inotify(
        max_watches=watches, max_instances=instances, watches=sum(taken), instances=len(taken)
    )


def _processes_of(uid: int) -> Iterator[int]:
    for path in _PROC.iterdir():
        with suppress(OSError):
            if path.name.isdigit() and path.stat().st_uid == uid:
                yield int(path.name)


def _instances_of(pid: int) -> Iterator[int]:
    """The number of watches of each of a process' inotify instances."""
    with suppress(OSError):
        for link in (_PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                if str(link.readlink()) == "anon_inode:inotify":
                    about = (_PROC / str(pid) / "fdinfo" / link.name).read_text()
                    yield len(re.findall(r"^inotify wd:", about, re.MULTILINE))
