"""The demo: what it shows on the way out, and that its check can fail."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import time
import tomllib
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.config import Config, load
from faxd.demo.arriving import Arrivals
from faxd.demo.leaving import BUSY, Departures, all_drops, wait
from faxd.demo.narrator import Narrator
from faxd.demo.office import PASSWORD, READER, Office, daemon, toml
from faxd.demo.paper import look_at, shows_fax
from faxd.demo.pdf import page
from faxd.demo.post import Mail, PostOffice
from faxd.ledger import Ledger
from faxd.simulator import Account, Simulator
from faxd.simulator.documents import examine
from faxd.simulator.samples import all_samples

from .site import PYTHON, wait_until


def test_once_shows_documents_leave_and_ends_by_itself(tmp_path: Path) -> None:
    begin = time.monotonic()
    done = subprocess.run(
        [PYTHON, "-m", "faxd", "demo", "--once", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = done.stdout
    assert (done.returncode, done.stderr) == (0, ""), told
    assert time.monotonic() - begin < 60
    assert "All 3 faxes are in" in told
    assert "3 of them with a PDF copy that shows the same pages; 3 mails have told of them" in told
    assert "All 5 documents have come to their end, each once" in told
    for line in (
        'An office PC drops "+49 40 123456[RE-4711] Rechnung.pdf"',
        'An office PC drops "sms/0171 1234567 Termin.txt"',
        'An office PC drops "Rundschreiben.pdf" and "Rundschreiben.pdf.csv"',
        'An office PC drops "Befund.pdf" and "Befund.pdf.toml"',
        "a fax to +4940123456 [RE-4711]",
        "an SMS to +491711234567",
        "Praxis Dr. Meier",
        '"Gedruckt" is made ready: cover codes.',
        f"A mail to {READER}: Fax von Praxis Dr. Meier (+493023125042), 1 Seite",
        f"A mail to {READER}: Fax von Labor Muster (+494066969017), 2 Seiten",
        f"A mail to {READER}: Fax von +493023125108, 3 Seiten",
        f'"Rundschreiben" was sent to 2 of 3; not to {BUSY} (busy).',
    ):
        assert line in told
    assert len(set(re.findall(r'FAX.de has ".*" as job ([0-9]+)', told))) == 5
    copies = re.findall(r"A PDF copy lies beside it: (\S+\.pdf), ", told)
    assert re.findall(r"attached: (\S+\.pdf), ", told) == copies
    assert {*copies} == {path.name for path in (tmp_path / "demo/inbox").glob("*.pdf")}
    assert len(copies) == 3
    proofs = re.findall(r"Transmission report as PDF: sent/(.*\.pdf), ", told)
    assert {*proofs} == {path.name for path in (tmp_path / "demo/sent").glob("*Sendebericht*")}
    assert len(proofs) == 7
    sent = tmp_path / "demo/sent"
    assert len(list(sent.glob("* - Bericht.txt"))) == 5
    assert len(list(sent.glob("* Gedruckt - gesendet.pdf"))) == 1
    (again,) = sent.glob("*Rundschreiben.pdf.csv")
    assert again.read_bytes().decode("utf-8-sig") == f"{BUSY},K-2\r\n"
    assert list((tmp_path / "demo/sending").glob("[!.]*")) == []
    assert list((tmp_path / "demo/failed").glob("[!.]*")) == []


def test_it_goes_on_and_tells_of_files_that_people_drop(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with told.open("w") as output:
        process = subprocess.Popen(
            [PYTHON, "-m", "faxd", "demo", "--folder", str(tmp_path)], stdout=output
        )
    try:
        wait_until(lambda: "Now you: drop files of your own" in told.read_text(), 60)
        outbox = tmp_path / "demo/outbox"
        (outbox / "030 23125021 Eigenes.pdf").write_bytes(page(["Eigenes"]))
        (outbox / "112 Notruf.pdf").write_bytes(page(["Notruf"]))
        (outbox / "letter/Müller.pdf").write_bytes(page(["Herrn Müller"]))
        wait_until(lambda: '"030 23125021 Eigenes" was sent to' in told.read_text(), 30)
        wait_until(lambda: '"Müller" was sent to' in told.read_text(), 30)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert "a letter to Müller" in told.read_text()
    assert told.read_text().endswith(f"Ended. The faxes stay in {tmp_path}, with all else.\n")


SETTINGS = """
state_dir = "/nowhere"
timezone = "Europe/Vienna"
[status_receiver]
url = "https://example.org/faxd"
[mail]
host = "mail.example.org"
sender = "fax@example.org"
user = "fax"
password_env = "NONE"
[[rules]]
accounts = ["praxis"]
weekday = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
mail_to = "vier@example.org"
[[accounts]]
name = "praxis"
account = "4711"
password_env = "NONE"
inbox = "/nowhere/inbox"
outbox = "/nowhere/outbox"
sent = "/nowhere/elsewhere"
sidecar = true
file_mode = "0640"
formats = ["tiff", "pdf"]
searchable = true
rules_apply = "all"
rules = [
    { max_pages = 1, folder = "kurz", print = "flur", print_options = ["media=A4"] },
    { mail_to = ["eins@example.org", "zwei@example.org"], mail_attach = "tiff" },
    { command = ["/bin/false"], min_pages = 2, mail_to = "drei@example.org", mail_attach = "none" },
]
[accounts.send]
language = "en"
countries = [43, 41]
blocked = ["+4932"]
ignore = ["*.bak", 'a"b\\c']
settle = 300
repeat = 5
same_within = 0
options = { station_id = "Praxis Müller", retries = 2, status_url = "https://example.org/" }
"""


@pytest.fixture
def given_settings(tmp_path: Path) -> Path:
    path = tmp_path / "given.toml"
    path.write_text(SETTINGS)
    return path


def test_the_users_settings_are_tried_as_far_as_they_do_not_lead_out(
    given_settings: Path, tmp_path: Path
) -> None:
    asked = load(given_settings)
    config = Office(tmp_path).set_up("http://127.0.0.1/", asked, ["praxis"])
    (account,) = config.accounts
    assert (account.account, account.sidecar, account.file_mode) == ("4711", True, 0o640)
    assert config.timezone == "Europe/Vienna"
    send, wanted = account.send, asked.accounts[0].send
    for key in ("language", "countries", "blocked", "ignore", "same_within"):
        assert getattr(send, key) == getattr(wanted, key)
    assert send.options == {"station_id": "Praxis Müller", "retries": 2}
    assert (send.settle, send.repeat) == (1, 0), "nobody looks on for so long"
    folders = [account.inbox, account.outbox, account.folder("sent"), config.state_dir]
    assert all(folder is not None and tmp_path in folder.parents for folder in folders)
    assert (account.formats, account.rules_apply) == (("tiff", "pdf"), "all")
    assert not account.searchable, "reading takes longer than anybody looks on"
    one, two, three, four = account.rules
    assert (one.max_pages, one.folder, one.print, one.print_options) == (1, "kurz", None, ())
    assert two == asked.accounts[0].rules[1]
    assert (three.min_pages, three.mail_to, three.command) == (2, ("drei@example.org",), None)
    assert (four.mail_to, len(four.weekday)) == (("vier@example.org",), 7)
    assert config.mail is not None
    assert (config.mail.host, config.mail.user) == ("127.0.0.1", None)
    assert config.mail.sender == "fax@example.org"
    assert config.status_receiver is not None
    assert config.status_receiver.listen.startswith("127.0.0.1:")


def test_what_the_users_settings_refuse_is_told_and_no_fault(
    given_settings: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [PYTHON, "-m", "faxd", "demo", "--once", "-c", str(given_settings)],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "to which the settings do not allow sending" in done.stdout
    assert len(list(tmp_path.glob("faxd-demo-*/praxis/failed/* - report.txt"))) == 5
    assert "3 of them with a PDF copy" in done.stdout
    assert "11 mails have told of them" in done.stdout
    assert len(re.findall(r"A mail to \w+@example.org: Fax from", done.stdout)) == 11
    assert len(re.findall(r"attached: \S+\.tif", done.stdout)) == 6
    assert len(list(tmp_path.glob("faxd-demo-*/praxis/inbox/kurz/*.pdf"))) == 1


def test_its_check_finds_what_is_missing(tmp_path: Path) -> None:
    """The demo's own check, on folders and a stand-in that are spoilt one after the other."""
    with Simulator(accounts=[Account(number="123456", password=PASSWORD)]) as server:
        server.results[BUSY] = "Busy"
        server.job_seconds = 1
        office = Office(tmp_path)
        config = office.set_up(server.wsdl_url, None, ["demo"])
        with daemon(office) as process:
            departures = Departures(server, config.accounts[0], own_settings=False)
            assert departures.wait_until_ready(process) is None
            ledger = Ledger(office.ledger)
            departures.remember(ledger)
            assert "was not taken" in (departures.missing(ledger) or "")
            departures.drop_all()
            assert wait(lambda: departures.are_over(ledger), process, time.monotonic() + 30)
        _spoil(departures, ledger, config, server)
        ledger.close()


def _spoil(departures: Departures, ledger: Ledger, config: Config, server: Simulator) -> None:
    def finds(part: str) -> bool:
        return part in (departures.missing(ledger) or "")

    assert departures.missing(ledger) is None
    (account,) = config.accounts
    sent, sending, outbox = account.folder("sent"), account.folder("sending"), account.outbox
    assert outbox is not None
    for pattern, says in (
        ("*Rechnung - Bericht.txt", "is not there"),
        ("*Termin.txt", "is not there"),
        ("*Befund.pdf.toml", "is not there"),
        ("*Rundschreiben.pdf.csv", "is not there"),
        ("*Befund - Sendebericht.pdf", "is not there"),
    ):
        (path,) = sent.glob(pattern)
        kept = path.rename(account.inbox / "kept")
        assert finds(says)
        kept.rename(path)
    (document,) = sent.glob("*Befund.pdf")
    content = document.read_bytes()
    document.write_bytes(b"%PDF-1.4 something else")
    assert finds("as it was dropped")
    document.write_bytes(content)
    for pattern, other, says in (
        ("*Befund - Sendebericht.pdf", "*Termin - Sendebericht.pdf", "is no transmission report"),
        ("*Gedruckt - gesendet.pdf", "*Gedruckt.pdf", "shows the code"),
        ("*Gedruckt - gesendet.pdf", "*Befund.pdf", "has lost more than the code"),
    ):
        (path,), (wrong,) = sent.glob(pattern), sent.glob(other)
        content = path.read_bytes()
        path.write_bytes(wrong.read_bytes())
        assert finds(says)
        path.write_bytes(content)
    (again,) = sent.glob("*Rundschreiben.pdf.csv")
    listed = again.read_bytes()
    again.write_bytes(b"+4940123456\r\n")
    assert finds("the list of those who did not get it is not right")
    again.write_bytes(listed)
    slip = sending / "Befund.txt"
    slip.touch()
    assert finds("its slip Befund.txt is still there")
    slip.unlink()
    shutil.copy(document, outbox / "Befund.pdf")
    assert finds("is still there")
    (outbox / "Befund.pdf").unlink()
    assert departures.missing(ledger) is None
    jobs, server.jobs = server.jobs, lambda number: []  # type: ignore[method-assign]
    assert finds("FAX.de has 0 jobs of it")
    server.jobs = lambda number: [*jobs(number), jobs(number)[0]]  # type: ignore[method-assign]
    assert finds("FAX.de has 2 jobs of it")


def test_its_check_finds_what_did_not_become_of_a_fax(tmp_path: Path) -> None:
    """The same for what arrives: the fax, its copy, its mail."""
    with (
        Simulator(accounts=[Account(number="123456", password=PASSWORD)]) as server,
        PostOffice() as post,
    ):
        office = Office(tmp_path)
        config = office.set_up(server.wsdl_url, None, ["demo"], mail_port=post.port)
        (account,) = config.accounts
        arrivals = Arrivals(server, account, post)
        for sample in all_samples()[:2]:
            arrivals.add(sample)
        with daemon(office) as process:
            assert wait(office.ledger.exists, process, time.monotonic() + 15)
            ledger = Ledger(office.ledger)
            assert wait(lambda: arrivals.are_over(ledger), process, time.monotonic() + 30)
        assert arrivals.missing(ledger) is None
        assert "2 of them with a PDF copy" in arrivals.summary(ledger)
        first, second = sorted(account.inbox.glob("*.pdf"))
        content = first.read_bytes()
        for spoilt in (None, b"", b"%PDF-1.4 something else", second.read_bytes(), page(["Fax"])):
            first.unlink() if spoilt is None else first.write_bytes(spoilt)
            assert f"{first} does not show the fax" in (arrivals.missing(ledger) or "")
        first.write_bytes(content)
        assert arrivals.missing(ledger) is None
        mails = post.mails()
        for left in ([], mails[:1], mails[1:], [mails[0], mails[0]]):
            post.mails = lambda left=left: left  # type: ignore[method-assign,misc]
            assert f"no mail that shows it came to {READER}" in (arrivals.missing(ledger) or "")
        ledger.close()


def test_a_mail_is_taken_as_it_was_handed_over() -> None:
    """Dots at the beginnings of lines, several recipients, an attachment; by a real client."""
    told: list[Mail] = []
    message = EmailMessage()
    message["Subject"] = "Fax von Bäcker Müller"
    message.set_content(".\n..\n.Ende\n")
    message.add_attachment(b"\r\n.\r\n", maintype="image", subtype="tiff", filename="größe.tif")
    with PostOffice(told.append) as post:
        with smtplib.SMTP("127.0.0.1", post.port, timeout=10) as client:
            assert client.docmd("DATA")[0] == 503
            assert client.docmd("VRFY somebody")[0] == 502
            client.send_message(message, "a@example.org", ["b@example.org", "c@example.org"])
            client.send_message(message, "a@example.org", ["d@example.org"])
        assert told == post.mails()
    assert [mail.recipients for mail in told] == [
        ("b@example.org", "c@example.org"),
        ("d@example.org",),
    ]
    for mail in told:
        assert (mail.sender, mail.subject) == ("a@example.org", "Fax von Bäcker Müller")
        assert mail.attachments == (("größe.tif", b"\r\n.\r\n"),)
        body = mail.message.get_body()
        assert body is not None
        assert body.get_content().splitlines() == [".", "..", ".Ende"]


def test_a_mail_that_breaks_off_is_none() -> None:
    with PostOffice() as post:
        with socket.create_connection(("127.0.0.1", post.port), 10) as client:
            client.sendall(b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: half")
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
        assert post.mails() == []


def test_a_narrator_says_nothing_of_what_is_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    config = Office(tmp_path).set_up("http://127.0.0.1/", None, ["demo"])
    narrator = Narrator(ledger, config)
    narrator.catch_up()
    narrator.stop()
    assert capsys.readouterr().out == ""
    ledger.close()


def test_no_two_runs_drop_the_same() -> None:
    first = all_drops(datetime(2026, 7, 14, 12, 0, 0, tzinfo=UTC))
    second = all_drops(datetime(2026, 7, 14, 12, 0, 1, tzinfo=UTC))
    for one, other in zip(first, second, strict=True):
        assert one.source == other.source
        assert one.files[0] != other.files[0]


@pytest.mark.parametrize("lines", [[], ["Ein (schöner) Titel", "", r"C:\temp", "日本"]])
def test_a_page_is_a_sound_pdf(lines: list[str], tmp_path: Path) -> None:
    content = page(lines)
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    verdict = examine("a.pdf", path)
    assert (verdict.code, verdict.pages) == (0, 1)
    table = int(content.rsplit(b"startxref\n", 1)[1].split()[0])
    assert content[table:].startswith(b"xref\n0 6\n")
    places = re.findall(rb"^([0-9]{10}) 00000 n $", content[table:], re.MULTILINE)
    for number, place in enumerate(places, 1):
        assert content[int(place) :].startswith(b"%d 0 obj" % number)


def test_a_pdf_is_looked_at(tmp_path: Path) -> None:
    paper = look_at(page(["Fax an (Müller)", "", "040 123456"]))
    assert paper is not None
    assert (paper.pages, paper.is_a4) == (1, True)
    assert "Fax an (Müller)" in paper.text
    assert 0 < paper.ink[0] < 0.1
    assert not shows_fax(paper, all_samples()[0].path)
    assert look_at(b"no PDF") is None
    assert look_at(tmp_path / "not there.pdf") is None


_VALUES = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=8,
)


@given(_VALUES)
def test_values_are_written_as_toml_reads_them(value: object) -> None:
    assert tomllib.loads(f"key = {toml(value)}")["key"] == value


def test_a_demo_that_is_killed_leaves_no_daemon_behind(tmp_path: Path) -> None:
    """It would hold its folders and its port for ever, and nobody would know of it."""
    command = [PYTHON, "-m", "faxd", "demo", "--folder", str(tmp_path)]
    config = str(tmp_path / "config.toml").encode()

    def daemons() -> list[int]:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = path.read_bytes().split(b"\0")
                if config in words and b"run" in words:
                    found.append(int(path.parent.name))
        return found

    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: (tmp_path / "state/ledger.sqlite").exists() and daemons() != [])
        process.kill()
    wait_until(lambda: daemons() == [])
