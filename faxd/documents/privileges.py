"""What the child that opens a document gives up: capabilities, new privileges, the network.

The daemon may have a capability (CAP_LEASE), or be root in a container. A document that takes the
child over has nothing of that, and nowhere to send what it finds. Called in the child, before any
library is imported and while it has one thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from pathlib import Path

# linux/prctl.h
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAPBSET_READ, _PR_CAPBSET_DROP = 23, 24
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
#: linux/capability.h: both halves of the 64 capabilities in one call
_CAPABILITY_VERSION_3 = 0x20080522
_MOST_CAPABILITIES = 64
# linux/sched.h
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)

_has_network = True


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def has_network() -> bool:
    """Whether this process can still reach anything, as far as is known here."""
    return _has_network


def leave_network() -> bool:
    """Go where there is no network, and no way back; False where the kernel does not grant it.

    What may not make a network of its own may do so in a user namespace of its own (unless the
    administrator forbids that), in which its user and files are the same as before.
    """
    global _has_network
    user, group = os.geteuid(), os.getegid()
    if _unshare(_CLONE_NEWNET):
        _has_network = False
    elif user and _unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
        _has_network = False
        # Without these its files would seem to be nobody's; user_namespaces(7).
        with contextlib.suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        with contextlib.suppress(OSError):
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    return not _has_network


def drop_privileges() -> None:
    """Give up every capability, for this process and all that it starts, for good.

    Raises:
        OSError: it cannot be done; nothing may be opened then.
    """
    give_up_new_privileges()
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    for number in range(_MOST_CAPABILITIES):
        if _libc.prctl(_PR_CAPBSET_READ, number, 0, 0, 0) != 1:
            continue  # gone already, or not known to this kernel
        try:
            prctl(_PR_CAPBSET_DROP, number)
        except PermissionError:
            break  # only root may; without new privileges the set gives nothing to others
    header = _Header(version=_CAPABILITY_VERSION_3, pid=0)
    if _libc.capset(ctypes.byref(header), (_Sets * 2)()) != 0 and _has_capabilities():
        raise _error()


def give_up_new_privileges() -> None:
    """Have no program that is run from here on, set-user-ID or not, give more rights.

    Raises:
        OSError: the kernel refuses.
    """
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def prctl(option: int, value: int) -> None:
    """prctl(2) with one argument.

    Raises:
        OSError: the kernel refuses.
    """
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise _error()


def _has_capabilities() -> bool:
    """Whether there is anything to give up: systemd's unit may forbid even to give up nothing."""
    sets = (_Sets * 2)()
    header = _Header(version=_CAPABILITY_VERSION_3, pid=0)
    failed = _libc.capget(ctypes.byref(header), sets) != 0
    return failed or any(each.permitted or each.inheritable for each in sets)


def _unshare(flags: int) -> bool:
    return bool(_libc.unshare(flags) == 0)


def _error() -> OSError:
    code = ctypes.get_errno() or errno.EPERM
    return OSError(code, os.strerror(code))
