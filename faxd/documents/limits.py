"""What the child that opens a document may use, and how it is held to it.

Called in the child, before any library is imported. Limits of setrlimit(2) are inherited by
whatever the child starts.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from faxd.documents.privileges import drop_privileges, leave_network, prctl
from faxd.documents.seccomp import forbid_networks

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_NICE = 10


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one piece of work."""

    #: of the clock on the wall, and of the processor
    seconds: float
    #: bytes of address space, which libraries and their code count to
    memory: int
    #: bytes of the largest file that it may write
    file_size: int = 1 << 29
    #: open files
    files: int = 256

    def to_json(self) -> dict[str, float]:
        """As `from_json` takes it."""
        return asdict(self)

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Limits:
        """What `to_json` made."""
        return cls(**facts)


def confine(limits: Limits, *, parent: int) -> None:
    """Hold this process, and all that it starts, to the limits, without privileges or network.

    ``parent`` is the process that started it; this one ends at once if that is gone.

    Raises:
        OSError: it cannot be done; nothing may be opened then.
    """
    _ = leave_network() or forbid_networks()
    drop_privileges()
    # Not before: the kernel forgets it where credentials change (prctl(2)).
    die_with(parent)
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory),
        # Beside the time limit of the parent: the parent could be stopped, or be slow.
        (resource.RLIMIT_CPU, math.ceil(limits.seconds) + 1),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_NOFILE, limits.files),
        (resource.RLIMIT_CORE, 0),
    ):
        _limit(kind, most)
    os.umask(0o077)
    # systemd's unit may forbid it (SystemCallFilter=~@resources).
    with contextlib.suppress(PermissionError):
        os.nice(_NICE)
    # Where memory runs out all the same, the kernel ends this process and not the daemon.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def die_with(parent: int) -> None:
    """End this process when the one that started it ends.

    The kernel looks at the thread that started it, which therefore has to wait for it
    (prctl(2), PR_SET_PDEATHSIG).
    """
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before that was set
        os._exit(1)


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(kind, (most, most))
