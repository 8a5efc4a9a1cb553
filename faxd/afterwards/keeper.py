"""Stands between faxd and a program that is run for a fax: when faxd is gone, both are.

It is a program of its own, which imports nothing of faxd: between fork and exec, a process of many
threads may do nothing of the kind. systemd ends the programs of a service that has died; where
there is no systemd, a program that outlived a killed faxd would run beside its own repetition.

``keeper.py PID FD PROGRAM ARGUMENT...``: PID is faxd's, FD is where it is written why the program
cannot be started. It leads the group of processes that ends as a whole.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import sys


def main(parent: int, complaint: int, argv: list[str]) -> None:
    """Run a program, and end as it ends."""
    faxd = os.pidfd_open(parent)
    if os.getppid() != parent:  # it ended before, and another may have its number
        return
    os.set_inheritable(complaint, False)
    try:
        # Python ignores these, and what is ignored is inherited.
        usual = [signal.SIGPIPE, signal.SIGXFSZ]
        program = os.posix_spawnp(argv[0], argv, os.environ, setsigdef=usual)
    except (OSError, ValueError) as error:
        os.write(complaint, str(getattr(error, "strerror", None) or error).encode())
        sys.exit(1)
    os.close(complaint)
    ended = os.pidfd_open(program)
    poll = select.poll()
    poll.register(faxd, select.POLLIN)
    poll.register(ended, select.POLLIN)
    if any(fd == faxd for fd, _ in poll.poll()):
        os.killpg(0, signal.SIGKILL)
    _, status = os.waitpid(program, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it is not this process that is wrong
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
