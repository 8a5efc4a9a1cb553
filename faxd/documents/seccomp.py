"""No sockets into any network, by a filter of system calls (seccomp(2)).

For the child that opens a document, where it is not granted a network of its own: a service whose
unit says RestrictNamespaces=, a container, a kernel without user namespaces.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct
import sys

from faxd.documents.privileges import give_up_new_privileges

# linux/prctl.h, linux/seccomp.h
_PR_SET_SECCOMP, _FILTER = 22, 2
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
# linux/bpf_common.h: load a word of the call; jump if equal; jump if greater or equal; return
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
# struct seccomp_data: number, architecture, first argument (its lower half, little-endian)
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16
#: by machine: linux/audit.h's name of it, and the number of socket(2)
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
#: it makes sockets without socket(2); the same number everywhere
_IO_URING_SETUP = 425
#: from here on, numbers are those of x86_64's other kind of programs (x32)
_X32 = 0x40000000


def forbid_networks() -> bool:
    """Have this process, and all that it starts, open no socket but local ones, for good.

    False where that cannot be had. New privileges are given up with it.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None or sys.byteorder != "little" or sys.maxsize < 1 << 32:
        return False
    program = _program(*machine)
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog, whose pointer is aligned
    about = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    unused = ctypes.c_ulong(0)
    try:
        give_up_new_privileges()
    except OSError:
        return False
    done = libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_FILTER), about, unused, unused)
    return bool(done == 0)


def _program(architecture: int, socket_number: int) -> bytes:
    """The filter: of socket(2) local ones only; nothing of another kind of programs."""
    steps = [
        # what, if so skip, if not skip, value; the last two steps are "refuse" and "allow"
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, 6, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 4, 0, _X32),
        (_EQUAL, 3, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 3, socket_number),
        (_LOAD, 0, 0, _FIRST),
        (_EQUAL, 1, 0, int(socket.AF_UNIX)),
        (_RETURN, 0, 0, _ERRNO | errno.EACCES),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
