"""A CUPS server of our own, set up as docs/cups.md says, beside any that this machine may have."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from .pages import PROJECT, commands

SERVER_BIN = Path("/usr/lib/cups")
CUPSD = shutil.which("cupsd", path="/usr/sbin:/usr/bin")

_CUPSD_CONF = """\
LogLevel debug
MaxLogSize 0
Listen {root}/sock
Browsing No
WebInterface No
DefaultAuthType None
JobRetryInterval 1
PreserveJobHistory Yes
<Location />
Order allow,deny
Allow all
</Location>
<Policy default>
<Limit All>
Order deny,allow
</Limit>
</Policy>
"""
_CUPS_FILES_CONF = """\
User lp
Group lp
SystemGroup root
FatalErrors none
ServerRoot {root}/etc
ServerBin {root}/bin
DataDir /usr/share/cups
RequestRoot {root}/spool
CacheDir {root}/cache
StateDir {root}/state
TempDir {root}/tmp
ErrorLog {root}/error_log
AccessLog {root}/access_log
PageLog {root}/page_log
"""


class Printing:
    """A running server; its backends are those of the project, its filters the machine's."""

    def __init__(self) -> None:
        # Not below pytest's folder: the path of a socket may have no more than 107 bytes.
        self.root = Path(tempfile.mkdtemp(prefix="faxd-cups-"))
        self.root.chmod(0o755)
        for name in ("etc", "bin", "bin/backend", "spool", "cache", "state", "tmp"):
            (self.root / name).mkdir()
        for name in ("spool", "tmp"):
            shutil.chown(self.root / name, group="lp")
            (self.root / name).chmod(0o1770 if name == "tmp" else 0o710)
        for part in SERVER_BIN.iterdir():
            if part.name != "backend":
                (self.root / "bin" / part.name).symlink_to(part)
        (install,) = commands("cups.md", "install")
        _run([word.replace(str(SERVER_BIN), f"{self.root}/bin") for word in install])
        (self.root / "etc/cupsd.conf").write_text(_CUPSD_CONF.format(root=self.root))
        (self.root / "etc/cups-files.conf").write_text(_CUPS_FILES_CONF.format(root=self.root))
        assert CUPSD is not None
        self._process = subprocess.Popen(
            [
                *(CUPSD, "-f", "-c", f"{self.root}/etc/cupsd.conf"),
                *("-s", f"{self.root}/etc/cups-files.conf"),
            ],
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not (self.root / "sock").exists():
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    @property
    def log(self) -> str:
        with suppress(FileNotFoundError):
            return (self.root / "error_log").read_text(errors="replace")[-6000:]
        return ""

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self.root, ignore_errors=True)

    def make_queue(self, outbox: Path) -> None:
        """The queue of the page, with another outbox."""
        (command,) = commands("cups.md", "lpadmin -p fax -E")
        self.do([word.replace("/srv/fax/outbox", str(outbox)) for word in command])

    def print(self, title: str | None, path: Path) -> int:
        """The ``lp`` of the page, with another title (None: none) and file; the job's number."""
        (command,) = commands("cups.md", "lp -d")
        title_at = command.index("-t") + 1
        command[title_at - 1 : title_at + 1] = [] if title is None else ["-t", title]
        command[-1] = str(path)
        found = re.search(r"request id is fax-([0-9]+)", self.do(command))
        assert found is not None
        return int(found[1])

    def do(self, command: list[str]) -> str:
        """What a command of CUPS's prints when it speaks to this server."""
        return _run(command, os.environ | {"CUPS_SERVER": f"{self.root}/sock", "LC_ALL": "C.UTF-8"})

    def is_printed(self, job: int) -> bool:
        return f"fax-{job} " in self.do(["lpstat", "-W", "completed", "-o", "fax"])

    def is_waiting(self, job: int) -> bool:
        return f"fax-{job} " in self.do(["lpstat", "-W", "not-completed", "-o", "fax"])


def _run(command: list[str], env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout
