"""The unit under a real systemd: started, watched, killed, hanging, stopped.

One machine is booted for all of it, as an administrator has one; the tests follow each other as
its days do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faxd.simulator import Account, Fault, FaultKind, Simulator, SyntheticImage

from .machine import PROJECT, Machine, make_wheel, missing, wait_until

_WHY_NOT = missing()
pytestmark = [
    pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT),
    pytest.mark.timeout(900),
]

ACCOUNT = "100000"
PASSWORD = "geheim-und-lang"
NUMBER = "+49 40 123456"
#: before a command, to have faxd's user run it
AS_FAXD = ("runuser", "-u", "faxd", "--")
#: a picture of one page, which has to be made a PDF by a child process
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a4944415478da63f80f00010101005a4d6ff10000000049454e44ae426082"
)
PDF = b"%PDF-1.4\n1 0 obj <</Type /Page>> endobj\n%%EOF\n"


class Office:
    """The machine with faxd on it, its folders, and the stand-in that it calls."""

    def __init__(self, machine: Machine, server: Simulator) -> None:
        self.machine = machine
        self.server = server
        self.images: list[bytes] = []
        self.folder = machine.root / "srv/fax/praxis"

    def write_config(self, more: str = "") -> None:
        """``more`` are lines for the account."""
        (self.machine.root / "etc/faxd/config.toml").write_text(
            f"""state_dir = "/var/lib/faxd"
timezone = "Europe/Berlin"
[service]
wsdl = "{self.server.wsdl_url}"
connect_timeout = 2
read_timeout = 2
[[accounts]]
name = "praxis"
account = "{ACCOUNT}"
password_credential = "praxis"
poll_interval = 1
inbox = "/srv/fax/praxis/inbox"
outbox = "/srv/fax/praxis/outbox"
{more}
"""
        )

    def add_fax(self, size: int = 20_000) -> None:
        """Let a fax arrive that is like no other."""
        image = SyntheticImage(size + 216 * len(self.images), 2)
        self.server.add_fax(ACCOUNT, image, originator="+493023125042")
        self.images.append(b"".join(image.pieces()))

    def require_each_once(self) -> None:
        """All faxes are in the inbox, each once, whole, and none is left on the server."""
        wait_until(lambda: not self.server.queue(ACCOUNT), "all are fetched", self.machine.journal)
        inbox = self.folder / "inbox"
        found = [p for p in inbox.rglob("*") if p.is_file() and ".faxd" not in p.parts]
        assert sorted(p.read_bytes() for p in found) == sorted(self.images)

    def wait_for_status(self, words: str, timeout: float = 60) -> str:
        """Wait until systemd's line about faxd has these words; return it."""
        found = ""

        def said() -> bool:
            nonlocal found
            found = self.machine.show("StatusText")
            return words in found

        wait_until(said, words, lambda: f"{found}\n{self.machine.journal()}", timeout)
        return found

    def wait_for_log(self, words: str, timeout: float = 60) -> None:
        wait_until(lambda: words in self.machine.journal(), words, self.machine.journal, timeout)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("systemd")
    with Simulator() as server, Machine(folder) as machine:
        server.set_account(Account(number=ACCOUNT, password=PASSWORD))
        office = Office(machine, server)
        began = time.monotonic()
        machine.boot()
        print(f"booted in {time.monotonic() - began:.1f} s")
        install(machine, office, make_wheel(folder))
        yield office


def install(machine: Machine, office: Office, wheel: Path) -> None:
    """Do what docs/install.md has the administrator do."""
    root = machine.root
    shutil.copy(wheel, root / "root")
    pip = ["/opt/faxd/bin/pip", "--isolated", "--quiet", "install", "--no-deps", "--no-index"]
    machine.run(*pip, f"/root/{wheel.name}")
    for source, target in {
        "faxd.sysusers": "etc/sysusers.d/faxd.conf",
        "faxd.service": "etc/systemd/system/faxd.service",
        "faxd.tmpfiles": "etc/tmpfiles.d/faxd.conf",
        "folders.conf.example": "etc/systemd/system/faxd.service.d/folders.conf",
    }.items():
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / "systemd" / source, root / target)
    machine.run("systemd-sysusers")
    machine.run("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/faxd.conf")
    machine.run("systemctl", "daemon-reload")
    (root / "etc/faxd").mkdir(mode=0o755)
    secret = root / "etc/faxd/praxis.password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD + "\n")
    office.write_config()


def test_a_check_before_it_is_started(office: Office) -> None:
    """As docs/install.md says."""
    text = " ".join((PROJECT / "docs/install.md").read_text().replace("\\\n", " ").split())
    begin = text.index("systemd-run --pipe")
    command = text[begin : text.index("faxd check", begin) + len("faxd check")]
    printed = office.machine.run(*command.split(), timeout=120)
    assert "BAD" not in printed
    assert "good" in printed


def test_it_is_ready_and_a_fax_arrives(office: Office) -> None:
    office.add_fax()
    office.machine.run("systemctl", "enable", "--now", "faxd", timeout=120)
    assert office.machine.show("ActiveState") == "active"
    office.require_each_once()
    status = office.wait_for_status("all well")
    assert status.startswith("1 account, last poll ")
    assert status.endswith(" s ago, all well")
    assert "all well" in office.machine.run(*AS_FAXD, "/opt/faxd/bin/faxd", "status")


def test_documents_are_sent(office: Office) -> None:
    """Also what a child process has to make ready, within all that the unit forbids."""
    for name, content in {"Rechnung.pdf": PDF, "Bild.png": PNG}.items():
        path = office.folder / "outbox" / f"{NUMBER} {name}"
        path.write_bytes(content)
        path.chmod(0o644)
    wait_until(
        lambda: len(office.server.jobs(ACCOUNT)) == 2, "both are sent", office.machine.journal
    )
    office.wait_for_status("under way")
    # Folders that faxd makes belong to the group that theirs belongs to, for what is put there.
    for name in ("sent", "sending", "outbox/fax"):
        assert oct((office.folder / name).stat().st_mode)[-4:] == "2770", name


def test_what_opens_documents_can_do_its_work(office: Office) -> None:
    """Within the unit it still gives up the network, and libraries may call back."""
    code = (
        "from faxd.documents.limits import Limits, confine;"
        "import ctypes, os, socket;"
        "confine(Limits(seconds=9, memory=1 << 30), parent=os.getppid());"
        "ctypes.CFUNCTYPE(None)(lambda: print('called back', flush=True))();"
        "print(socket.socket())"
    )
    script = office.machine.root / "opt/try.py"
    script.write_text(code.replace(";", "\n"))
    office.machine.drop_in("zz-test", "[Service]\nExecStartPre=-/opt/faxd/bin/python /opt/try.py\n")
    office.machine.run("systemctl", "restart", "faxd", timeout=120)
    office.wait_for_log("called back")
    office.wait_for_log("PermissionError: [Errno 13]")
    office.machine.drop_in("zz-test", "")


def test_leases(office: Office) -> None:
    """With what folders.conf.example has for them; documents still can be opened."""
    machine = office.machine
    example = (PROJECT / "systemd/folders.conf.example").read_text()
    lines = example[example.index("# Documents on a local disk") :].splitlines()
    wanted = [line[1:] for line in lines if line[1:2].isupper()]
    assert "AmbientCapabilities=CAP_LEASE" in wanted
    machine.drop_in("zz-test", "\n".join(["[Service]", *wanted, ""]))
    machine.run("systemctl", "restart", "faxd", timeout=120)
    status = machine.run("cat", f"/proc/{machine.show('MainPID')}/status")
    assert f"CapEff:\t{1 << 28:016x}" in status
    path = office.folder / "outbox" / "+49 40 654321 Fremd.png"
    path.write_bytes(PNG)
    path.chmod(0o644)
    os.chown(path, 12345, -1)
    wait_until(lambda: len(office.server.jobs(ACCOUNT)) == 3, "it is sent", machine.journal)
    machine.drop_in("zz-test", "")
    machine.run("systemctl", "restart", "faxd", timeout=120)


def test_the_password_is_nowhere(office: Office) -> None:
    machine = office.machine
    pid = machine.show("MainPID")
    assert PASSWORD in machine.run("cat", "/etc/faxd/praxis.password")
    for place in ("environ", "cmdline"):
        text = machine.run("cat", f"/proc/{pid}/{place}")
        assert text
        assert PASSWORD not in text
    assert PASSWORD not in machine.run("systemctl", "show", "faxd")
    assert PASSWORD not in machine.run("systemctl", "status", "faxd")
    assert PASSWORD not in machine.run("journalctl", "--no-pager", "-o", "export")
    # The credential is for faxd alone.
    path = f"/proc/{pid}/root/run/credentials/faxd.service/praxis"
    assert machine.status("setpriv", "--reuid=65534", "--clear-groups", "cat", path)[0] != 0


def test_an_encrypted_password(office: Office) -> None:
    """As folders.conf.example says."""
    machine = office.machine
    status, printed = machine.status("systemd-creds", "setup")
    if status:
        pytest.skip(f"no key for credentials can be had on this machine: {printed.strip()}")
    cred = "/etc/faxd/praxis.cred"
    machine.run("systemd-creds", "encrypt", "--name=praxis", "/etc/faxd/praxis.password", cred)
    assert PASSWORD.encode() not in (machine.root / cred.lstrip("/")).read_bytes()
    machine.drop_in(
        "zz-test", f"[Service]\nLoadCredential=\nLoadCredentialEncrypted=praxis:{cred}\n"
    )
    (machine.root / "etc/faxd/praxis.password").rename(machine.root / "etc/faxd/aside")
    machine.run("systemctl", "restart", "faxd", timeout=120)
    office.add_fax()
    office.require_each_once()
    (machine.root / "etc/faxd/aside").rename(machine.root / "etc/faxd/praxis.password")
    machine.drop_in("zz-test", "")


def test_reloading(office: Office) -> None:
    machine = office.machine
    pid = machine.show("MainPID")
    office.write_config("this is no setting\n")
    machine.run("systemctl", "reload", "faxd")
    office.wait_for_log("configuration kept, the new one is bad")
    office.write_config('inbox_marker = "not-there"\n')
    machine.run("systemctl", "reload", "faxd")
    office.wait_for_status("praxis: receiving: /srv/fax/praxis/inbox holds no not-there")
    office.write_config()
    machine.run("systemctl", "reload", "faxd")
    office.wait_for_status("all well")
    assert machine.show("MainPID") == pid
    assert machine.show("ActiveState") == "active"


def test_killed_in_the_middle_of_a_fax(office: Office) -> None:
    machine = office.machine
    machine.drop_in("zz-test", "[Service]\nRestartSec=1\n")
    drip = Fault(call="RequestReceived", kind=FaultKind.DRIP, value=50_000)
    office.server.faults.add(drip)
    office.add_fax(size=400_000)
    office.add_fax()
    parts = office.folder / "inbox/.faxd"
    wait_until(lambda: any(p.stat().st_size for p in parts.glob("*.part")), "a fax is arriving")
    before = machine.show("MainPID")
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "faxd")
    wait_until(
        lambda: machine.show("MainPID") not in {"0", before}, "it is restarted", machine.journal
    )
    office.require_each_once()
    assert machine.show("NRestarts") == "1"
    assert not list(parts.glob("*.part"))


def test_stopped_while_the_server_hangs(office: Office) -> None:
    machine = office.machine
    asked = len(office.server.calls_of("RequestReceived", ACCOUNT))
    office.server.faults.add(Fault(call="RequestReceived", kind=FaultKind.HANG))
    wait_until(lambda: len(office.server.calls_of("RequestReceived", ACCOUNT)) > asked, "a call")
    began = time.monotonic()
    machine.run("systemctl", "stop", "faxd")
    assert time.monotonic() - began < 10
    assert machine.show("Result") == "success"
    office.server.faults.clear()


def test_a_poll_that_hangs_is_ended_by_the_watchdog(office: Office) -> None:
    """Its inbox is a share that answers nothing: no time-out of faxd's own ends that."""
    machine = office.machine
    machine.drop_in("zz-test", "[Service]\nRestartSec=1\nWatchdogSec=6\n")
    machine.run("systemctl", "start", "faxd", timeout=120)
    office.wait_for_status("all well")
    # A fax that takes longer to come than anything may be silent is left alone.
    office.server.faults.add(Fault(call="RequestReceived", kind=FaultKind.DRIP, value=30_000))
    began = time.monotonic()
    office.add_fax(size=400_000)
    office.require_each_once()
    assert time.monotonic() - began > 12
    assert machine.show("NRestarts") == "0"
    with dead_share(machine, "/srv/fax/praxis/inbox"):
        office.wait_for_status("praxis: receiving hangs")
        wait_until(lambda: machine.show("NRestarts") == "1", "it is restarted", machine.journal)
    office.wait_for_log("Watchdog timeout")
    assert "task hangs" in machine.journal()
    assert "Current thread" in machine.journal()  # where each thread was
    office.add_fax()
    office.wait_for_status("all well")
    office.require_each_once()


def test_nothing_is_written_outside_its_folders(office: Office) -> None:
    machine = office.machine
    machine.run("systemctl", "stop", "faxd")
    (user,) = (
        int(line.split(":")[2])
        for line in (machine.root / "etc/passwd").read_text().splitlines()
        if line.startswith("faxd:")
    )
    written = [
        path.relative_to(machine.written)
        for path in machine.written.rglob("*")
        if path.lstat().st_uid == user
    ]
    assert written
    allowed = (Path("var/lib/faxd"), Path("srv/fax/praxis"))
    assert [p for p in written if not any(p.is_relative_to(place) for place in allowed)] == []


@contextmanager
def dead_share(machine: Machine, path: str) -> Iterator[None]:
    """A mount whose server is never heard of: whoever touches it waits until he is killed."""
    device = os.open("/dev/fuse", os.O_RDWR)
    code = f"""
import ctypes
options = b"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"dead", {path.encode()!r}, b"fuse", 0, options):
    raise OSError(ctypes.get_errno(), "mount")
"""
    command = [*machine.enter(), "/usr/bin/python3", "-c", code]
    try:
        subprocess.run(command, pass_fds=[device], check=True)
        try:
            yield
        finally:
            machine.status("umount", "--lazy", path)
    finally:
        os.close(device)
