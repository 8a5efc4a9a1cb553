"""A real Samba server, smbclient as the PC in the office, and the real daemon beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from faxd.simulator import Simulator
from tests.samba import Samba, require_samba, run

from .site import Site, each_once, pdf, wait_until

NUMBER = "+49 40 123456"
#: whom guests are on the server, and the group that faxd gives its folders to
GUEST, GROUP = "nobody", "nogroup"

#: guests are somebody else than faxd, but of the group that its folders are given to
_MORE = f"map to guest = Bad User\nguest account = {GUEST}\n"
#: as README has it
_SHARE = """\
path = {share}
guest ok = yes
read only = no
force group = {group}
create mask = 0660
directory mask = 0770
veto files = /.faxd/
"""


class Share(Samba):
    """A Samba server, and what a PC does with its share."""

    def __init__(self, root: Path) -> None:
        self.path = root / "share"
        super().__init__(root, _SHARE.format(group=GROUP, share=self.path), _MORE)
        self.path.mkdir()
        for folder in (self.path, root, *root.parents[:2]):  # guests must get there
            folder.chmod(0o755)
        self.start()

    def do(self, site: Site, *commands: str, check: bool = True) -> str:
        """What smbclient prints when it does that in the folder of the site's account."""
        return run(self._command(site, *commands), check=check)

    def put(self, site: Site, content: bytes, name: str) -> None:
        """Copy a document to that place below the account's folder."""
        self.do(site, f'put "{self.local(content)}" "{name}"')

    def put_slowly(self, site: Site, pieces: list[bytes], name: str, pause: float) -> None:
        """The same by a PC that holds the file open and sends a piece now and then."""
        with subprocess.Popen(
            # An old protocol: the newest one collects megabytes before it sends anything.
            [*self._command(site, f'put - "{name}"'), "-m", "SMB2_02"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        ) as client:
            assert client.stdin is not None
            for piece in pieces:
                client.stdin.write(piece)
                client.stdin.flush()
                time.sleep(pause)
            client.stdin.close()
            assert client.wait(30) == 0

    def _command(self, site: Site, *commands: str) -> list[str]:
        folder = (site.root / "praxis").relative_to(self.path)
        return self.client("-N", "-D", str(folder), "-c", "; ".join(commands))


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Share]:
    require_samba()
    share = Share(tmp_path_factory.mktemp("samba"))
    try:
        yield share
    finally:
        share.stop()


@pytest.fixture
def office(share: Share, server: Simulator, request: pytest.FixtureRequest) -> Site:
    """An account whose folders lie in the share."""
    root = share.path / request.node.name
    site = Site(
        root,
        server,
        interval=60,
        extra=f'group = "{GROUP}"\n',
        send="settle = 0.3\npatience = 2\n",
    )
    for folder in (root, root / "praxis", site.outbox()):
        shutil.chown(folder, group=GROUP)
        folder.chmod(0o2770)
    return site


def jobs(site: Site) -> int:
    return len(site.jobs())


def test_a_document_is_put_there(share: Share, office: Site) -> None:
    content = pdf("Rechnung", 300_000)
    with office.daemon() as daemon:
        share.put(office, content, f"outbox/{NUMBER} Rechnung.pdf")
        wait_until(lambda: office.report("sent", "Rechnung") != "")
        assert "task failed" not in daemon.log
        # The PC sees what became of it.
        names = share.do(office, "ls sent/*")
        assert "Rechnung - Bericht.txt" in names
        report = next(path for path in office.folder("sent").glob("*Bericht.txt"))
        assert str(office.jobs()[0].job_id) in share.do(office, f'get "sent/{report.name}" -')
    office.require_sent_once(content)
    assert office.filed("sent") == [content]


def test_into_the_folders_of_kinds_and_recipients(share: Share, office: Site) -> None:
    with office.daemon():
        wait_until(lambda: (office.outbox() / "sms").is_dir())
        share.put(office, b"Ihr Termin: morgen", "outbox/sms/+49 171 3920001 Termin.txt")
        folder = f"outbox/fax/{NUMBER} Praxis Dr. Meier"
        content = pdf("Befund")
        share.do(office, f'mkdir "{folder}"')
        share.put(office, content, f"{folder}/Befund.pdf")
        wait_until(lambda: jobs(office) == 2)
        wait_until(lambda: len(office.filed("sent")) == 2)
    assert [job.order.text for job in office.jobs() if job.order.text] == ["Ihr Termin: morgen"]
    office.require_sent_once(content)


def test_a_job_file_that_comes_later(share: Share, office: Site) -> None:
    content = pdf("Befund")
    with office.daemon():
        share.put(office, content, "outbox/Befund.pdf")
        time.sleep(0.8)
        share.put(office, b'to = "+49 30 23125001"\n', "outbox/Befund.pdf.toml")
        wait_until(lambda: office.report("sent", "Befund") != "")
    office.require_sent_once(content)
    assert [one.address for one in office.jobs()[0].order.recipients] == ["+493023125001"]


def test_a_slow_copy_is_sent_after_its_end(share: Share, office: Site) -> None:
    content = pdf("Groß", 6_000_000)
    pieces = [content[begin : begin + 1_000_000] for begin in range(0, len(content), 1_000_000)]
    path = office.outbox() / f"{NUMBER} Groß.pdf"
    seen = []
    with office.daemon():
        copy = threading.Thread(
            target=share.put_slowly, args=(office, pieces, f"outbox/{path.name}", 0.7)
        )
        copy.start()
        while copy.is_alive():
            with suppress(FileNotFoundError):
                seen.append(path.stat().st_size)
            assert jobs(office) == 0 or not copy.is_alive()
            time.sleep(0.1)
        copy.join()
        wait_until(lambda: jobs(office) == 1)
    assert any(0 < size < len(content) for size in seen), "it was no slow copy"
    office.require_sent_once(content)


def test_written_in_several_goes(share: Share, office: Site) -> None:
    """Opened, written and closed again and again, as scanners do."""
    office.send = "settle = 1\n"
    office.write_config()
    content = pdf("Scan", 40_000)
    with office.daemon():
        for length in (10_000, 20_000, 30_000, len(content)):
            share.put(office, content[:length], f"outbox/{NUMBER} Scan.pdf")
            time.sleep(0.3)
        wait_until(lambda: jobs(office) == 1)
        time.sleep(1.5)
    office.require_sent_once(content)


def test_under_a_temporary_name_then_renamed(share: Share, office: Site) -> None:
    content = pdf("Rechnung")
    with office.daemon():
        for name in (f"{NUMBER} Rechnung.pdf.tmp", f"{NUMBER} R.pdf.part", f"~${NUMBER} R.pdf"):
            share.put(office, content, f"outbox/{name}")
        time.sleep(1)
        assert jobs(office) == 0
        share.do(
            office, f'rename "outbox/{NUMBER} Rechnung.pdf.tmp" "outbox/{NUMBER} Rechnung.pdf"'
        )
        wait_until(lambda: jobs(office) == 1)
        left = share.do(office, "ls outbox/*")
    office.require_sent_once(content)
    assert "R.pdf.part" in left
    assert "Rechnung.pdf.tmp" not in left


def test_two_hundred_at_once(share: Share, office: Site) -> None:
    contents = [pdf(f"Nummer {number}") for number in range(200)]
    local = share.root / "many"
    local.mkdir()
    for number, content in enumerate(contents):
        (local / f"{NUMBER} Rundschreiben {number}.pdf").write_bytes(content)
    with office.daemon():
        begin = time.monotonic()
        share.do(office, "cd outbox", f'lcd "{local}"', "prompt off", "mput *")
        print(f"200 files copied in {time.monotonic() - begin:.1f} s", end=", ")
        wait_until(lambda: len(office.filed("sent")) == 200, 60, pause=0.2)
        print(f"sent and filed after {time.monotonic() - begin:.1f} s")
    office.require_sent_once(*contents)
    assert each_once(office.filed("sent"), contents)


def test_deleting_a_slip_cancels(share: Share, office: Site) -> None:
    office.server.rules.job_seconds = 600
    content = pdf("Irrtum")
    with office.daemon():
        share.put(office, content, f"outbox/{NUMBER} Irrtum.pdf")
        wait_until(lambda: "Auftrag bei FAX.de" in office.slip("Irrtum"))
        slip = office.slip_path("Irrtum")
        assert slip is not None
        text = share.do(office, f'get "sending/{slip.name}" -')
        assert str(office.jobs()[0].job_id) in text
        share.do(office, f'del "sending/{slip.name}"')
        wait_until(lambda: office.report("failed", "Irrtum") != "")
    assert [job.cancelled for job in office.jobs()] == [True]
    assert office.filed("failed") == [content]


def test_names_with_umlauts(share: Share, office: Site) -> None:
    names = ["Befund Müller – Größe.pdf", "Ärzte & Söhne [RE-4711].pdf", "zażółć.pdf"]
    contents = [pdf(name) for name in names]
    office.server.rules.job_seconds = 600
    with office.daemon():
        for name, content in zip(names, contents, strict=True):
            share.put(office, content, f"outbox/{NUMBER} {name}")
        wait_until(lambda: jobs(office) == 3 and len(office.slips()) == 3)
        slips = share.do(office, "ls sending/*")
        assert "Befund Müller – Größe.txt" in slips
        assert "zażółć.txt" in slips
        for job in office.jobs():
            office.server.finish_job(job.job_id)
        wait_until(lambda: len(office.filed("sent")) == 3, 90, pause=0.2)
        filed = share.do(office, "ls sent/*")
    for name in names:
        assert name.removesuffix(".pdf") in filed
    office.require_sent_once(*contents)


def test_what_failed_is_moved_back(share: Share, office: Site) -> None:
    content = pdf("Befund")
    with office.daemon():
        share.put(office, content, "outbox/Befund.pdf")
        wait_until(lambda: office.report("failed", "Befund") != "")
        filed = next(office.folder("failed").glob("*Befund.pdf")).name
        share.do(office, f'rename "failed/{filed}" "outbox/{NUMBER} {filed}"')
        wait_until(lambda: jobs(office) == 1)
        wait_until(lambda: office.filed("sent") == [content])
    office.require_sent_once(content)


def test_what_is_on_its_way_is_out_of_reach(share: Share, office: Site) -> None:
    office.server.rules.job_seconds = 600
    content = pdf("Geheim")
    with office.daemon():
        share.put(office, content, f"outbox/{NUMBER} Geheim.pdf")
        wait_until(lambda: jobs(office) == 1)
        assert office.claimed() == [content]
        claim = next((office.outbox() / ".faxd").iterdir()).name
        assert ".faxd" not in share.do(office, "ls outbox/*")
        for command in (
            "ls outbox/.faxd/*",
            f'get "outbox/.faxd/{claim}/{NUMBER} Geheim.pdf" -',
            f'del "outbox/.faxd/{claim}/*"',
            "rmdir outbox/.faxd",
            "rename outbox/.faxd outbox/faxd",
        ):
            assert "NT_STATUS_" in share.do(office, command, check=False), command
        assert office.claimed() == [content]
