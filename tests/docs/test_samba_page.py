"""The shares of docs/samba.md on a real Samba server, with faxd as a user without rights."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from faxd.simulator import Simulator
from tests.end_to_end.site import Daemon, Site, pdf, wait_until
from tests.places import nobody
from tests.samba import Samba, require_samba, run

from .pages import block

#: whom faxd runs as, and somebody of the office, with a group of that name: users of every Debian
FAXD, ANNA = "daemon", "games"
PASSWORD = "geheim"
NUMBER = "+49 40 123456"
SHARES = ("[fax]", "[fax with owners]")


class Share(Samba):
    """A Samba server with one of the page's shares, and Anna's PC."""

    def __init__(self, root: Path, stanza: str, path: Path) -> None:
        users = f"passdb backend = tdbsam:{root}/private/passdb.tdb\n"
        super().__init__(root, _here(stanza, path), users)
        run(["testparm", "-s", str(self.config)])
        run(["smbpasswd", "-c", str(self.config), "-a", "-s", ANNA], f"{PASSWORD}\n" * 2)
        self.start()

    def do(self, *commands: str, check: bool = True, password: str = PASSWORD) -> str:
        """What smbclient prints when Anna does that."""
        user = f"{ANNA}%{password}"
        return run(self.client("-U", user, "-c", "; ".join(commands)), check=check)

    def put(self, content: bytes, name: str) -> None:
        self.do(f'put "{self.local(content)}" "{name}"')


def _here(stanza: str, path: Path) -> str:
    """A stanza of the page, below its name, with a folder, users and groups that are here."""
    _, *lines = stanza.splitlines()
    text = "\n".join(["", *lines, ""])
    for said, here in (
        ("path = /srv/fax", f"path = {path}"),
        ("valid users = @office", f"valid users = @{ANNA}"),
        ("force group = faxd", f"force group = {FAXD}"),
    ):
        assert f"\n{said}\n" in text, said
        text = text.replace(said, here)
    return text.replace("force user = faxd", f"force user = {FAXD}")


@dataclass
class Office(Site):
    """An office whose faxd runs as a user of its own, with or without CAP_LEASE."""

    lease: bool = False

    def command(self, *arguments: str) -> list[str]:
        lease = ["--inh-caps=+lease", "--ambient-caps=+lease"] if self.lease else []
        user = [f"--reuid={FAXD}", f"--regid={FAXD}", "--clear-groups"]
        bounds = ["--bounding-set=-all,+lease" if self.lease else "--bounding-set=-all"]
        return ["setpriv", *user, *lease, *bounds, *super().command(*arguments)]

    @contextmanager
    def daemon(self, env: dict[str, str] | None = None) -> Iterator[Daemon]:
        # The socket that readiness is told to is root's; and no mode of faxd's may hang on this.
        before = os.umask(0)
        try:
            with super().daemon(env) as daemon:
                yield daemon
        finally:
            os.umask(before)

    def hand_over(self) -> None:
        """Give all that is there to faxd, as docs/permissions.md has it."""
        for path in (self.root, *self.root.rglob("*")):
            shutil.chown(path, FAXD, FAXD)
            if path.is_dir():
                path.chmod(0o2770)
        self.password_file.chmod(0o600)


@pytest.fixture(params=SHARES)
def stanza(request: pytest.FixtureRequest) -> str:
    return block("samba.md", str(request.param))


@pytest.fixture
def office(tmp_path: Path, stanza: str) -> Iterator[Office]:
    nobody("import sys")  # or skip
    with Simulator() as server:
        for folder in tmp_path.parents:
            folder.chmod(folder.stat().st_mode | 0o055)
        tmp_path.chmod(0o755)
        office = Office(
            tmp_path / "fax",
            server,
            interval=1,
            # 5 s of standing still could not pass for a lease.
            send="settle = 0.3\nsettle_blind = 300\npatience = 2\n",
            lease="force user" not in stanza,
        )
        office.hand_over()
        yield office


@pytest.fixture
def share(tmp_path: Path, office: Office, stanza: str) -> Iterator[Share]:
    require_samba()
    (tmp_path / "samba").mkdir()
    share = Share(tmp_path / "samba", stanza, office.root)
    try:
        yield share
    finally:
        share.stop()


def test_a_document_leaves_by_the_share(share: Share, office: Office, stanza: str) -> None:
    """Dropped, taken by a lease, sent, filed; Anna reads and deletes what was filed."""
    content = pdf("Befund")
    folder = f"praxis/outbox/{NUMBER} Praxis Dr. Meier"
    with office.daemon() as daemon:
        share.do(f'mkdir "{folder}"')
        made = (office.root / folder).stat()
        assert (made.st_mode & 0o7777, _group(made)) == (0o2770, FAXD)
        share.put(content, f"{folder}/Befund.pdf")
        wait_until(lambda: office.report("sent", "Befund") != "")
        assert "left in the outbox" not in daemon.log
    office.require_sent_once(content)
    filed = next(office.folder("sent").glob("*Befund.pdf"))
    owner = pwd.getpwuid(filed.stat().st_uid).pw_name
    assert owner == (FAXD if "force user" in stanza else ANNA)
    name = f"praxis/sent/{filed.name}"
    assert "Befund" in share.do(f'get "{name}" -')
    share.do(f'del "{name}"')
    assert not filed.exists()


def test_a_fax_is_read_renamed_and_deleted(share: Share, office: Office) -> None:
    office.add_faxes(1)
    with office.daemon():
        wait_until(lambda: len(office.found()) == 1)
    (path,) = (one for one in office.inbox().iterdir() if one.is_file())
    share.do(
        f'get "praxis/inbox/{path.name}" {share.root}/copy',
        f'rename "praxis/inbox/{path.name}" "praxis/inbox/Labor.tif"',
        'del "praxis/inbox/Labor.tif"',
    )
    assert [(share.root / "copy").read_bytes()] == list(office.images.values())
    assert office.found() == []


def test_what_is_open_is_not_taken(share: Share, office: Office) -> None:
    """By a program of the server's, with Anna's file: the kernel tells faxd, or faxd waits."""
    content = pdf("Befund", 5_000)
    path = office.outbox() / f"{NUMBER} Befund.pdf"
    with office.daemon():
        wait_until(lambda: (office.outbox() / "sms").is_dir())
        share.put(content, f"praxis/outbox/.{path.name}.part")
        with path.with_name(f".{path.name}.part").open("ab"):
            share.do(f'rename "praxis/outbox/.{path.name}.part" "praxis/outbox/{path.name}"')
            time.sleep(2)
            assert not office.jobs()
        wait_until(lambda: len(office.jobs()) == 1)
    office.require_sent_once(content)


def test_who_does_not_get_in(share: Share, office: Office) -> None:
    assert "NT_STATUS_LOGON_FAILURE" in share.do("ls", check=False, password="falsch")
    with office.daemon():
        wait_until(lambda: (office.outbox() / ".faxd").is_dir())
    assert ".faxd" not in share.do("cd praxis/outbox", "ls")
    assert "NT_STATUS_" in share.do("cd praxis/outbox/.faxd", check=False)


def _group(found: os.stat_result) -> str:
    return grp.getgrgid(found.st_gid).gr_name
