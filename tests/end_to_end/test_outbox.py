"""The real daemon as the office meets it: documents saved in a folder, and what becomes of them."""

from __future__ import annotations

import shutil
import signal
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from faxd.simulator import Fault, FaultKind, Simulator

from .site import PASSWORD, Daemon, Site, each_once, pdf, sha256, wait_until

#: settles soon, and is asked for a forgotten number soon
QUICK = "settle = 0.2\npatience = 1\n"
NUMBER = "+49 40 123456"


@pytest.fixture
def office(tmp_path: Path, server: Simulator) -> Site:
    return Site(tmp_path, server, interval=60, send=QUICK)


def send_jobs(site: Site, index: int = 0) -> int:
    return len(site.server.calls_of("SendJob", site.number(index)))


# noticing files


@pytest.mark.alone
def test_from_close_to_send_job(tmp_path: Path, server: Simulator) -> None:
    """With the default settings; the figures are the benchmark's, this finds what waits."""
    site = Site(tmp_path, server, interval=60, send="")
    took = []
    with site.daemon():
        for number in range(5):
            site.drop(f"{NUMBER} Rechnung {number}.pdf")
            closed = datetime.now(UTC)
            wait_until(lambda number=number: send_jobs(site) > number)  # type: ignore[misc]
            called = site.server.calls_of("SendJob")[-1].time
            took.append((called - closed).total_seconds())
    print("from close to SendJob:", *(f"{seconds:.2f} s" for seconds in took))
    assert statistics.median(took) < 3


def test_a_document_goes_its_whole_way(office: Site) -> None:
    with office.daemon() as daemon:
        content = office.drop(f"{NUMBER} Befund Müller.pdf")
        wait_until(lambda: office.report("sent", "Befund Müller") != "")
        assert office.filed("sent") == [content]
        report = office.report("sent", "Befund Müller")
        assert "+4940123456" in report
        assert str(office.jobs()[0].job_id) in report
        wait_until(lambda: not office.slips())
        assert not office.claimed()
        assert "task failed" not in daemon.log
    office.require_sent_once(content)


def test_opened_written_and_closed_several_times(tmp_path: Path, server: Simulator) -> None:
    """As scanners and PDF printers do: one close is not the end."""
    office = Site(tmp_path, server, interval=60, send="settle = 1\n")
    whole = pdf("Rechnung", 5000)
    with office.daemon():
        path = office.outbox() / f"{NUMBER} Rechnung.pdf"
        for begin in range(0, len(whole), 1000):
            with path.open("ab") as file:
                file.write(whole[begin : begin + 1000])
            time.sleep(0.4)
        wait_until(lambda: send_jobs(office) == 1)
        time.sleep(1.5)
    office.require_sent_once(whole)


def test_held_open_for_long(office: Site) -> None:
    """A writer that pauses for longer than ``settle`` is waited for all the same."""
    whole = pdf("Langsam", 3000)
    with office.daemon():
        with (office.outbox() / f"{NUMBER} Langsam.pdf").open("wb", buffering=0) as file:
            for begin in range(0, len(whole), 1000):
                file.write(whole[begin : begin + 1000])
                time.sleep(0.8)
            assert send_jobs(office) == 0
        wait_until(lambda: send_jobs(office) == 1)
    office.require_sent_once(whole)


def test_renamed_into_place(office: Site) -> None:
    contents = [pdf("hier"), pdf("von nebenan")]
    with office.daemon():
        temporary = office.outbox() / f"{NUMBER} hier.pdf.tmp"
        temporary.write_bytes(contents[0])
        elsewhere = office.root / "elsewhere"
        elsewhere.write_bytes(contents[1])
        time.sleep(1)
        assert send_jobs(office) == 0
        temporary.rename(temporary.with_suffix(""))
        elsewhere.rename(office.outbox() / "fax" / f"{NUMBER} nebenan.pdf")
        wait_until(lambda: send_jobs(office) == 2)
    office.require_sent_once(*contents)


def test_what_lay_there_before_the_start(office: Site) -> None:
    contents = [office.drop(f"{folder}{NUMBER} vorher.pdf") for folder in ("", "fax/")]
    contents.append(office.drop("+49 30 654321 Praxis Dr. Meier/Befund.pdf"))
    with office.daemon():
        wait_until(lambda: send_jobs(office) == 3)
    office.require_sent_once(*contents)


def test_without_a_number_it_fails_with_a_text(office: Site) -> None:
    with office.daemon():
        content = office.drop("Befund.pdf")
        wait_until(lambda: office.report("failed", "Befund") != "")
    assert office.filed("failed") == [content]
    assert not office.jobs()


def test_a_thousand_at_once(office: Site) -> None:
    contents = [pdf(f"Nummer {number}") for number in range(1000)]
    with office.daemon() as daemon:
        for number, content in enumerate(contents):
            office.drop(f"{NUMBER} Rundschreiben {number}.pdf", content)
        begin = time.monotonic()
        wait_until(lambda: len(office.jobs()) == 1000, 120, pause=0.3)
        print(f"1,000 files sent in {time.monotonic() - begin:.1f} s")
        # In order, but for those that are handed over at the same time.
        place = {sha256(content): number for number, content in enumerate(contents)}
        order = [place[found] for found in office.hashes()]
        assert max(abs(number - at) for at, number in enumerate(order)) < 50
        wait_until(lambda: len(office.filed("sent")) == 1000, 120, pause=0.3)
        wait_until(lambda: not office.slips())
        print(f"then {daemon.memory() / 1e6:.1f} MB")
    office.require_sent_once(*contents)
    assert each_once(office.filed("sent"), contents)


# the observer, and the folders


def test_the_thread_that_reads_events_ends(office: Site) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (package strace)")
    with office.daemon() as daemon:
        first = office.drop(f"{NUMBER} vorher.pdf")
        wait_until(lambda: send_jobs(office) == 1)
        with failing_reads_of_events(daemon):
            second = office.drop(f"{NUMBER} währenddessen.pdf")
            wait_until(lambda: "watching again" in daemon.log)
        wait_until(lambda: send_jobs(office) == 2)
        third = office.drop(f"{NUMBER} danach.pdf")
        wait_until(lambda: send_jobs(office) == 3, 5)
    office.require_sent_once(first, second, third)


@contextmanager
def failing_reads_of_events(daemon: Daemon) -> Iterator[None]:
    """Have the daemon's next read of inotify's events fail."""
    what = ["-P", "anon_inode:inotify", "-e", "inject=read:error=EIO"]
    strace = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", *what, "-p", str(daemon.process.pid)]
    )
    try:
        time.sleep(0.5)
        yield
    finally:
        strace.terminate()
        strace.wait()


@pytest.mark.parametrize("folder", ["outbox", "sending", "sent"])
def test_a_folder_is_deleted_and_made_again(folder: str, office: Site) -> None:
    with office.daemon() as daemon:
        first = office.drop(f"{NUMBER} vorher.pdf")
        wait_until(lambda: office.report("sent", "vorher") != "" and not office.claimed())
        shutil.rmtree(office.root / "praxis" / folder)
        time.sleep(1.5)
        (office.root / "praxis" / folder).mkdir(exist_ok=True)
        time.sleep(0.5)
        second = office.drop(f"{NUMBER} danach.pdf")
        wait_until(lambda: send_jobs(office) == 2)
        wait_until(lambda: office.report("sent", "danach") != "")
        # Events count there, too: nobody waits for the next scan.
        third = office.drop(f"{NUMBER} später.pdf")
        wait_until(lambda: send_jobs(office) == 3, 5)
        assert "task failed" not in daemon.log
    office.require_sent_once(first, second, third)


def test_an_outbox_that_is_away_for_a_while(office: Site) -> None:
    """Its share is unmounted and mounted again: nothing is made in its place."""
    away = office.root / "away"
    with office.daemon() as daemon:
        wait_until(lambda: (office.outbox() / ".faxd").is_dir())
        office.outbox().rename(away)
        wait_until(lambda: "documents cannot be taken" in daemon.log)
        assert not office.outbox().exists()
        content = pdf("inzwischen")
        (away / f"{NUMBER} inzwischen.pdf").write_bytes(content)
        away.rename(office.outbox())
        wait_until(lambda: send_jobs(office) == 1)
    office.require_sent_once(content)


# slips


def test_a_deleted_slip_cancels(office: Site) -> None:
    office.server.rules.job_seconds = 600
    with office.daemon():
        content = office.drop(f"{NUMBER} Irrtum.pdf")
        wait_until(lambda: "Auftrag bei FAX.de" in office.slip("Irrtum"))
        office.delete_slip("Irrtum")
        wait_until(lambda: office.report("failed", "Irrtum") != "")
    assert office.filed("failed") == [content]
    assert [job.cancelled for job in office.jobs()] == [True]


def test_a_slip_deleted_before_anything_is_sent(office: Site) -> None:
    with office.daemon():
        office.server.stop()
        content = office.drop(f"{NUMBER} Irrtum.pdf")
        wait_until(lambda: office.slip("Irrtum") != "")
        time.sleep(0.5)
        office.delete_slip("Irrtum")
        wait_until(lambda: office.report("failed", "Irrtum") != "")
        office.server.start()
    assert office.filed("failed") == [content]
    assert not office.jobs()


def test_the_same_again_is_asked_about(office: Site) -> None:
    with office.daemon():
        content = office.drop(f"{NUMBER} Rechnung.pdf")
        wait_until(lambda: len(office.jobs()) == 1)
        office.drop(f"{NUMBER} nochmal.pdf", content)
        wait_until(lambda: office.slip("nochmal") != "")
        time.sleep(0.5)
        assert len(office.jobs()) == 1
        # FAX.de itself would refuse it within these minutes.
        office.server.rules.duplicate_seconds = 0
        slip = office.slip_path("nochmal")
        assert slip is not None
        slip.rename(slip.with_name("ja.txt"))
        wait_until(lambda: len(office.jobs()) == 2)


# stopping and starting


@contextmanager
def slow_way(server: Simulator, rate: int) -> Iterator[str]:
    """An address of the stand-in to which at most so many bytes a second go."""

    def forward(source: socket.socket, target: socket.socket, pause: float) -> None:
        with suppress(OSError):
            while piece := source.recv(max(1, rate // 20)):
                target.sendall(piece)
                time.sleep(pause)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
                far = socket.create_connection((server.host, server.port))
                for way in ((near, far, 0.05), (far, near, 0.0)):
                    threading.Thread(target=forward, args=way, daemon=True).start()

    with closing(socket.create_server((server.host, 0))) as door:
        threading.Thread(target=serve, daemon=True).start()
        yield server.wsdl_url.replace(f":{server.port}/", f":{door.getsockname()[1]}/")
        door.shutdown(socket.SHUT_RDWR)


def test_stopped_while_a_large_document_is_being_sent(tmp_path: Path, server: Simulator) -> None:
    with slow_way(server, 1_000_000) as wsdl:
        office = Site(tmp_path, server, interval=60, send=QUICK, wsdl=wsdl)
        content = office.drop(f"{NUMBER} groß.pdf", pdf("groß", 20_000_000))
        with office.daemon() as daemon:
            wait_until(lambda: send_jobs(office) + len(server.calls_of("SendJob")) > 0)
            time.sleep(0.5)
            assert daemon.stop() < 10
        assert not office.jobs()
        office.wsdl = server.wsdl_url
        office.write_config()
        office.let_time_pass(60)
        with office.daemon():
            wait_until(lambda: office.report("sent", "groß") != "")
    office.require_sent_once(content)
    assert office.filed("sent") == [content]


def test_killed_while_a_large_document_is_being_sent(tmp_path: Path, server: Simulator) -> None:
    with slow_way(server, 1_000_000) as wsdl:
        office = Site(tmp_path, server, interval=60, send=QUICK, wsdl=wsdl)
        content = office.drop(f"{NUMBER} groß.pdf", pdf("groß", 20_000_000))
        with office.daemon() as daemon:
            wait_until(lambda: len(server.calls_of("SendJob")) > 0)
            daemon.signal(signal.SIGKILL)
            daemon.process.wait()
        office.wsdl = server.wsdl_url
        office.write_config()
        with office.daemon():
            wait_until(lambda: office.report("sent", "groß") != "")
    office.require_sent_once(content)


def test_started_again_with_jobs_in_every_state(office: Site) -> None:
    office.server.rules.job_seconds = 600
    faults = office.server.faults
    documents = {}
    with office.daemon() as daemon:

        def drop(title: str, begins: str) -> None:
            documents[title] = office.drop(f"{NUMBER} {title}.pdf")
            wait_until(lambda: begins in office.slip(title))

        faults.add(Fault(call="SendJob", kind=FaultKind.HANG))
        drop("gesendet", "gesendet")
        wait_until(lambda: send_jobs(office) == 1)
        drop("angenommen", "Auftrag bei FAX.de")
        drop("zurückgezogen", "Auftrag bei FAX.de")
        office.delete_slip("zurückgezogen")
        wait_until(lambda: office.report("failed", "zurückgezogen") != "")
        documents["ohne"] = office.drop("ohne.pdf")
        wait_until(lambda: office.report("failed", "ohne") != "")
        office.drop(f"{NUMBER} doppelt.pdf", documents["angenommen"])
        wait_until(lambda: office.slip("doppelt") != "")
        faults.add(Fault(call="SendJob", kind=FaultKind.LOST))
        documents["ungewiss"] = office.drop(f"{NUMBER} ungewiss.pdf")
        wait_until(lambda: "job sent without an answer" in daemon.log)
        # The queue rests after that.
        documents["wartet"] = office.drop(f"{NUMBER} wartet.pdf")
        wait_until(lambda: office.slip("wartet") != "")
        daemon.signal(signal.SIGKILL)
        daemon.process.wait()
    office.server.release()
    office.let_time_pass(60)
    for job in office.jobs():
        office.server.finish_job(job.job_id)
    office.server.rules.job_seconds = 0.5
    with office.daemon() as daemon:
        ended = ("gesendet", "angenommen", "ungewiss", "wartet")
        wait_until(lambda: all(office.report("sent", title) for title in ended))
        assert "task failed" not in daemon.log
        slips = office.slips()
    assert slips == [f"{NUMBER} doppelt.txt"]  # it still asks
    sent = [documents[title] for title in ended]
    assert each_once(office.filed("sent"), sent)
    office.require_sent_once(*sent, documents["zurückgezogen"])
    assert each_once(
        office.filed("failed"), [documents[title] for title in ("zurückgezogen", "ohne")]
    )
    assert each_once(office.claimed(), [documents["angenommen"]])


# status, settings, accounts


def test_what_systemd_is_told(office: Site) -> None:
    office.server.rules.job_seconds = 600
    with office.daemon() as daemon:
        daemon.wait_for("STATUS=1 account, last poll * ago, all well")
        office.drop(f"{NUMBER} Rechnung.pdf")
        daemon.wait_for("STATUS=1 account, last poll * ago, 1 job under way, all well")
        office.server.change_account(office.number(), password="another")
        office.drop(f"{NUMBER} Mahnung.pdf")
        daemon.wait_for("STATUS=1 account, last poll * ago, 2 jobs under way; praxis: sending: ")
        assert PASSWORD not in "".join(daemon.notes) + daemon.log
        office.server.change_account(office.number(), password=PASSWORD)
        office.password_file.write_text(PASSWORD + "\n")  # as if it had been corrected
        daemon.signal(signal.SIGHUP)  # otherwise that counts within 15 s
        wait_until(lambda: len(office.jobs()) == 2)
        daemon.wait_for("STATUS=1 account, last poll * ago, 2 jobs under way, all well")


def test_changed_settings_count_from_sighup_on(office: Site) -> None:
    with office.daemon() as daemon:
        first = office.drop(f"{NUMBER} vorher.pdf")
        wait_until(lambda: office.report("sent", "vorher") != "")
        office.send = QUICK + 'language = "en"\nignore = ["Entwurf*"]\n'
        office.names = ("praxis", "labor")
        office.__post_init__()
        daemon.forget()
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("READY=1")
        office.drop(f"Entwurf {NUMBER}.pdf")
        second = office.drop(f"{NUMBER} danach.pdf")
        third = office.drop(f"{NUMBER} Probe.pdf", account="labor")
        wait_until(lambda: len(office.jobs(0)) == 2 and len(office.jobs(1)) == 1)
        sent = office.folder("sent")
        wait_until(lambda: any(sent.glob("*danach - report.txt")))
        assert "Result" in next(sent.glob("*danach - report.txt")).read_text("utf-8-sig")

        # The second account sends no more; what it has under way is not lost.
        office.names = ("praxis",)
        office.write_config()
        daemon.forget()
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("READY=1")
        left = office.drop(f"{NUMBER} liegt.pdf", account="labor")
        time.sleep(1.5)
        assert (office.outbox("labor") / f"{NUMBER} liegt.pdf").read_bytes() == left
    office.require_sent_once(first, second)
    office.require_sent_once(third, index=1)


def test_a_reload_does_not_disturb_what_is_being_sent(tmp_path: Path, server: Simulator) -> None:
    with slow_way(server, 1_000_000) as wsdl:
        office = Site(tmp_path, server, interval=60, send=QUICK, wsdl=wsdl)
        content = office.drop(f"{NUMBER} groß.pdf", pdf("groß", 3_000_000))
        with office.daemon() as daemon:
            wait_until(lambda: len(server.calls_of("SendJob")) > 0)
            office.send = QUICK + "parallel = 2\n"
            office.write_config()
            for _ in range(3):
                daemon.signal(signal.SIGHUP)
                time.sleep(0.2)
            wait_until(lambda: office.report("sent", "groß") != "")
            assert len(server.calls_of("SendJob")) == 1
    office.require_sent_once(content)


def test_accounts_send_apart(tmp_path: Path, server: Simulator) -> None:
    office = Site(tmp_path, server, names=("praxis", "labor"), interval=60, send=QUICK)
    hanging = Fault(call="SendJob", kind=FaultKind.HANG, account=office.number(0), times=None)
    server.faults.add(hanging)
    with office.daemon():
        hung = [office.drop(f"{NUMBER} {number}.pdf") for number in range(6)]
        sent = [office.drop(f"{NUMBER} {number}.pdf", account="labor") for number in range(3)]
        wait_until(lambda: len(office.filed("sent", "labor")) == 3)
        assert not office.jobs(0)
        # Four at a time; nobody sends a second time what hangs.
        assert send_jobs(office, 0) == 4
        server.faults.clear()
        server.release()
        wait_until(lambda: len(office.filed("sent", "labor")) == 3)
    office.require_sent_once(*sent, index=1)
    office.let_time_pass(120)
    with office.daemon():
        wait_until(lambda: len(office.jobs(0)) == 6)
    office.require_sent_once(*hung)


@pytest.mark.alone
def test_it_stays_small(office: Site) -> None:
    """As it is installed from the lock: without rich, which the tests' tools bring along."""
    hidden = office.root / "hidden"
    (hidden / "rich").mkdir(parents=True)
    (hidden / "rich" / "__init__.py").write_text("raise ImportError")
    with office.daemon({"PYTHONPATH": str(hidden)}) as first:
        office.drop(f"{NUMBER} vorher.pdf")
        wait_until(lambda: office.report("sent", "vorher") != "")
        first.stop()
    with office.daemon({"PYTHONPATH": str(hidden)}) as daemon:
        office.drop(f"{NUMBER} danach.pdf")
        wait_until(lambda: office.report("sent", "danach") != "")
        print(f"idle: {daemon.memory() / 1e6:.1f} MB")
        assert daemon.memory() < 70_000_000


def test_arrivals_keep_their_order(tmp_path: Path, server: Simulator) -> None:
    office = Site(tmp_path, server, interval=60, send=QUICK + "parallel = 1\n")
    contents = [office.drop(f"{NUMBER} Seite {number}.pdf") for number in range(12)]
    with office.daemon():
        wait_until(lambda: len(office.jobs()) == 12)
    assert office.hashes() == [sha256(content) for content in contents]
    assert all(one.job_id < two.job_id for one, two in pairwise(office.jobs()))
