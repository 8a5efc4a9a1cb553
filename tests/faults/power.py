"""The power goes: a real ext4 or XFS loses all that was not yet on the disk, at chosen moments.

The ioctl FS_IOC_SHUTDOWN without a flush of the log makes a mounted file system forget what is not
durable; all that comes later fails with EIO. Then the process is killed, the disk mounted again,
and what is on it is compared with what the server has carried out.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from faxd.simulator import LogEntry
from tests.faults.line import Found, Line, series, spread
from tests.faults.office import PROJECT, Office
from tests.places import ROOT

#: linux/fs.h: FS_IOC_SHUTDOWN (XFS_IOC_GOINGDOWN), and its flag for no flush of the log
_SHUTDOWN, _NO_LOG_FLUSH = 0x8004587D, 2
_SIZES = {"ext4": "96M", "xfs": "320M"}
#: the calls at whose end the power goes
_CALLS = ("DeleteReceived", "RequestReceived", "SendJob", "JobStatus")
#: seconds that an undisturbed run takes, at least, from its first call on
_RUN = 0.5

#: a call and which of its kind, or "random" and a seed; whether state and share are on two disks
Point = tuple[str, int, bool]


def missing(kind: str) -> str:
    """Why no power can be cut here; empty if it can."""
    if not ROOT:
        return "needs root to mount a disk"
    for program in (f"mkfs.{kind}", "losetup", "mount"):
        if shutil.which(program) is None:
            return f"{program} is not installed (packages e2fsprogs, xfsprogs, mount)"
    with tempfile.TemporaryDirectory() as folder:
        try:
            with _disk(Path(folder) / "disk", kind):
                pass
        except subprocess.CalledProcessError as error:
            return f"no {kind} can be mounted: {(error.stderr or b'').decode().strip()[:80]}"
    return ""


def cuts(kind: str, *, most: int, randoms: int, budget: float) -> Line:
    """The power goes at each answer of the server, and at random moments between them."""
    chosen: list[Point] = []
    for two in (False, True):
        chosen += [(call, number, two) for call in _CALLS for number in range(1, 4)]
    chosen += [("random", seed, bool(seed % 2)) for seed in range(randoms)]
    picked = spread(chosen, most)
    return series(f"power, {kind}", picked, len(chosen), partial(_cut, kind), budget=budget)


def _cut(kind: str, point: Point) -> Found:
    call, number, two = point
    name = f"{kind} {call} {number}{' on two disks' if two else ''}"
    root = Path(tempfile.mkdtemp(prefix="faxd-power-"))
    try:
        with ExitStack() as stack:
            disks = [stack.enter_context(_disk(root / "praxis", kind))]
            if two:
                disks.append(stack.enter_context(_disk(root / "state", kind)))
            office = stack.enter_context(Office(root))
            if not two:
                # State and share on one disk.
                (root / "praxis" / "state").mkdir(mode=0o700)
                (root / "state").symlink_to(root / "praxis" / "state")
            office.drop_all()
            os.sync()  # what people have dropped long ago
            return _run(office, disks, point, name)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _run(office: Office, disks: Sequence[_Disk], point: Point, name: str) -> Found:
    call, number, _ = point
    cut = threading.Event()
    lock = threading.Lock()
    deleted: list[int] = []
    seen = 0

    def go() -> None:
        with lock:
            if not cut.is_set():
                for disk in disks:
                    disk.cut()
                cut.set()

    def completed(entry: LogEntry) -> None:
        nonlocal seen
        if cut.is_set():
            return
        if entry.call == "DeleteReceived" and entry.code == 0 and entry.fax_id is not None:
            deleted.append(entry.fax_id)
        seen += entry.call == call
        if entry.call == call and seen == number:
            go()

    office.server.on_completed(completed)
    process = subprocess.Popen(
        office.command(), cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if call == "random":
        # From its first call on, which comes when all is imported.
        while not office.server.calls and process.poll() is None:
            time.sleep(0.005)
        time.sleep(random.Random(number).uniform(0, _RUN))
        go()
    while not cut.is_set() and process.poll() is None:
        time.sleep(0.005)
    go()  # the run was over before: all of it must be there
    process.kill()
    process.wait()
    for disk in disks:
        disk.mount_again()
    found = Found()
    here = office.site.found()
    gone = [fax for fax in deleted if office.site.images[fax] not in here]
    if gone:
        found.lost += len(gone)
        found.wrong.append(f"{name}: deleted on the server, and not on the disk: {gone}")
    found.add(office.after(name))
    return found


class _Disk:
    def __init__(self, path: Path, device: str) -> None:
        self._path = path
        self._device = device

    def cut(self) -> None:
        """Forget what is not durable."""
        fd = os.open(self._path, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def mount(self) -> None:
        _do("mount", "-o", "nosuid", self._device, str(self._path))

    def mount_again(self) -> None:
        self.unmount()
        self.mount()

    def unmount(self) -> None:
        for _ in range(100):
            with suppress(subprocess.CalledProcessError):
                _do("umount", str(self._path))
                return
            time.sleep(0.05)
        _do("umount", "--lazy", str(self._path))


@contextmanager
def _disk(path: Path, kind: str) -> Iterator[_Disk]:
    """A file system of its own at a path."""
    image = path.with_suffix(".image")
    image.touch()
    os.truncate(image, _bytes(_SIZES[kind]))
    quiet = ["-q", "-F"] if kind == "ext4" else ["-q", "-f"]
    _do(f"mkfs.{kind}", *quiet, str(image))
    device = _do("losetup", "--find", "--show", str(image)).decode().strip()
    try:
        path.mkdir(exist_ok=True)
        disk = _Disk(path, device)
        disk.mount()
        try:
            yield disk
        finally:
            disk.unmount()
    finally:
        _do("losetup", "--detach", device)


def _bytes(size: str) -> int:
    return int(size.removesuffix("M")) << 20


def _do(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout
