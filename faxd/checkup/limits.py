"""The kernel's limits: whether they leave room for what faxd needs. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from faxd.checkup.finding import Finding, good, warn

#: open files: of the program itself, and of each account at work (measured: 18 and 10)
_FILES, _FILES_EACH = 64, 24


@dataclass(frozen=True, kw_only=True)
class Inotify:
    """What the kernel allows a user to watch, and how much of that others of his have taken."""

    max_watches: int
    max_instances: int
    watches: int = 0
    instances: int = 0


def inotify(found: Inotify, need: int) -> Finding:
    """Whether ``need`` folders can be watched, by one instance."""
    short = list[str]()
    if found.max_watches - found.watches < need:
        short.append(
            f"fs.inotify.max_user_watches is {found.max_watches}, of which this user's other"
            f" programs have {found.watches}, and faxd watches {need} folders; sysctl"
            f" fs.inotify.max_user_watches={enough(found.watches + need, found.max_watches)}"
        )
    if found.max_instances - found.instances < 1:
        short.append(
            f"fs.inotify.max_user_instances is {found.max_instances}, and this user's other"
            f" programs have {found.instances}; sysctl"
            f" fs.inotify.max_user_instances={enough(found.instances + 1, found.max_instances)}"
        )
    if not short:
        return good("inotify", f"{need} folders to watch, {found.max_watches} allowed")
    told = " ".join(f"{each}, and the same in /etc/sysctl.d/faxd.conf." for each in short)
    return warn("inotify", f"{told} Until then new documents are noticed by a scan each minute")


def enough(need: int, now: int) -> int:
    """A limit with room to spare: the next power of two above both."""
    return 1 << max(need, now).bit_length()


def open_files(limit: int, accounts: int, whose: str) -> Finding:
    """Whether ``limit`` open files do for so many accounts; ``whose`` limit it is."""
    need = _FILES + _FILES_EACH * accounts
    said = f"{limit} allowed {whose}, up to {need} needed"
    if limit >= need:
        return good("open files", said)
    return warn(
        "open files",
        f"{said}; put LimitNOFILE={enough(need, 1024)} under [Service] (systemctl edit faxd)",
    )
