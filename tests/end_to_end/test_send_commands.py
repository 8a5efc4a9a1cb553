"""The commands that send, as an administrator or a script types them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from faxd.clock import utc_now
from faxd.job import Hold, Job, JobState
from faxd.ledger import Ledger
from faxd.lock import Lock
from faxd.simulator import Fault, FaultKind, Simulator

from .site import Site, wait_until

NUMBER = "+4940123456"
PDF = b"%PDF-1.4\n1 0 obj <</Type /Page>> endobj\n%%EOF\n"


@pytest.fixture
def office(tmp_path: Path, server: Simulator) -> Site:
    """An office that sends; the stand-in is through with a job at once."""
    server.rules.job_seconds = 0
    return Site(tmp_path, server, send='language = "en"\n', told=False)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "Befund Müller.pdf"
    path.write_bytes(PDF)
    return path


@contextmanager
def ledger_of(site: Site) -> Iterator[Ledger]:
    ledger = Ledger(site.state / "ledger.sqlite")
    try:
        yield ledger
    finally:
        ledger.close()


def job_of(site: Site, number: int = 1) -> Job:
    with ledger_of(site) as ledger:
        job = ledger.jobs.get(number)
    assert job is not None
    return job


def shown(site: Site, number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.faxd("job", str(number), "--json").stdout)
    return found


def state_of(site: Site, number: int = 1) -> JobState | None:
    if not (site.state / "ledger.sqlite").exists():
        return None
    with ledger_of(site) as ledger:
        job = ledger.jobs.get(number)
    return job.state if job else None


def look_now(site: Site, number: int = 1) -> None:
    """Spare the 30 seconds before the first JobStatus."""
    wait_until(lambda: state_of(site, number) is JobState.ACCEPTED)
    with ledger_of(site) as ledger:
        job = ledger.jobs.get(number)
        assert job is not None
        ledger.jobs.note(job, due_at=utc_now())


def claims(site: Site) -> list[str]:
    hidden = site.outbox() / ".faxd"
    return [path.name for path in hidden.iterdir()] if hidden.exists() else []


def folder(site: Site, name: str) -> list[str]:
    path = site.folder(name)
    return sorted(path.name for path in path.iterdir()) if path.exists() else []


# send


def test_send_without_a_daemon(office: Site, document: Path) -> None:
    done = office.faxd("send", "--to", "040 123456[RE-4711]", str(document))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"job 1: fax to {NUMBER}" in done.stdout
    assert "accepted by FAX.de as job" in done.stdout
    assert "the daemon follows it" in done.stdout
    (job,) = office.server.jobs(office.number())
    (recipient,) = job.order.recipients
    assert (recipient.address, recipient.reference) == (NUMBER, "RE-4711")
    assert [one.name for one in job.order.documents] == ["Befund Mueller.pdf"]
    assert document.read_bytes() == PDF  # it was copied
    assert folder(office, "sending") == ["Befund Müller.txt"]
    assert job_of(office).source == "fax/Befund Müller.pdf"


def test_send_and_wait_without_a_daemon(office: Site, document: Path) -> None:
    """With a transmission report, as it is without a word in the settings."""
    office.send = 'language = "en"\nreports = "pdf"\n'
    office.write_config()
    command = office.command("send", "--to", NUMBER, "--wait", str(document))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        look_now(office)
        told = process.communicate(timeout=30)[0]
    assert process.returncode == 0
    assert "job 1: sent (OK)" in told
    assert [name.partition(" Befund Müller")[2] for name in folder(office, "sent")] == [
        " - protocol.csv",
        " - report.txt",
        " - transmission report.pdf",
        ".pdf",
    ]
    assert (folder(office, "sending"), claims(office)) == ([], [])
    assert "Befund Müller - transmission report.pdf" in office.faxd("job", "1").stdout


def test_wait_is_good_only_if_it_was_sent_to_all(office: Site, document: Path) -> None:
    office.server.rules.results["+4930111111"] = "Busy"
    command = office.command("send", "--to", NUMBER, "--to", "030 111111", "--wait", str(document))
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        look_now(office)
        told = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert "job 1: partly sent (1 OK, 1 Busy)" in told


def test_send_beside_a_daemon(office: Site, document: Path) -> None:
    with office.daemon() as daemon:
        done = office.faxd("send", "--to", NUMBER, str(document))
        assert done.returncode == 0
        assert f"faxd (pid {daemon.process.pid}) sends it; see faxd job 1" in done.stdout
        wait_until(lambda: state_of(office) is JobState.ACCEPTED)
        waiting = office.command("send", "--to", "0301234567", "--wait", str(document))
        with subprocess.Popen(waiting, stdout=subprocess.PIPE, text=True) as process:
            look_now(office, 2)
            told = process.communicate(timeout=30)[0]
        assert (process.returncode, "job 2: sent (OK)" in told) == (0, True)
    assert len(office.server.jobs(office.number())) == 2


def test_a_daemon_that_starts_takes_over(office: Site, document: Path) -> None:
    """Nobody holds the state folder for good: a command waits for whoever has it."""
    office.state.mkdir(mode=0o700)
    command = office.command("send", "--to", NUMBER, "--wait", str(document))
    with Lock(office.state):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        wait_until(lambda: state_of(office) is not None)
        time.sleep(0.5)
        assert state_of(office) is JobState.WAITING
    look_now(office)
    assert "sent (OK)" in process.communicate(timeout=30)[0]
    assert process.returncode == 0


def test_what_can_be_sent(office: Site, tmp_path: Path) -> None:
    """Each kind with what it needs, and options by their names."""
    office.server.change_account(office.number(), job_types=frozenset({0, 1, 2, 3}))
    text = tmp_path / "Termin.txt"
    text.write_text("Ihr Termin ist morgen um 9 Uhr.\n")
    pdf = tmp_path / "Brief.pdf"
    pdf.write_bytes(PDF)
    for arguments in (
        ["--kind", "sms", "--to", "0171 1234567", str(text)],
        ["--kind", "sms", "--to", "0171 1234567", "--text", "Ärztlicher Rat: ruhen"],
        ["--kind", "email", "--to", "name@example.org", "--text", "Anbei", str(pdf)],
        ["--kind", "letter", str(pdf)],
        ["--to", NUMBER, "--option", "retries=2", "--option", "header=Praxis", str(pdf)],
    ):
        done = office.faxd("send", *arguments)
        assert done.returncode == 0, done.stderr
    sms, other, mail, letter, fax = [job.order for job in office.server.jobs(office.number())]
    assert sms.text.rstrip() == "Ihr Termin ist morgen um 9 Uhr."
    assert other.text == "Ärztlicher Rat: ruhen"
    assert (mail.text, len(mail.documents)) == ("Anbei", 1)
    assert [one.address for one in letter.recipients] in ([], ["Brief"])
    assert "Praxis" in fax.options


def test_a_time_and_one_reference_for_all(office: Site, document: Path) -> None:
    at = (utc_now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:00+00:00")
    done = office.faxd(
        "send", "--to", f"{NUMBER}[own]", "--to", "0301234567", "--reference", "RE-1",
        "--at", at, str(document),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (job,) = office.server.jobs(office.number())
    assert [one.reference for one in job.order.recipients] == ["own", "RE-1"]
    assert job.order.scheduled is not None
    assert job.order.scheduled.strftime("%Y-%m-%dT%H:%M:00+00:00") == at


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["{pdf}"], 2, "--to is missing"),
        (["--to", NUMBER], 2, "give a file, or --text"),
        (["--to", NUMBER, "{pdf}", "--kind", "telex"], 2, "is not one of"),
        (["--to", NUMBER, "{nowhere}"], 2, "does not exist"),
        (["--to", "12", "{pdf}"], 1, "12"),
        (["--to", "0900 123456", "{pdf}"], 1, "0900"),
        (["--to", "Mustermann", "{pdf}"], 1, "Mustermann"),
        (["--to", NUMBER, "{pdf}", "--at", "soon"], 1, '"soon" is not a time'),
        (["--to", NUMBER, "{pdf}", "--option", "headr=x"], 1, 'Did you mean "header"?'),
        (["--to", NUMBER, "{pdf}", "--option", "retries=many"], 1, '"many" of "retries"'),
        (["--to", NUMBER, "{pdf}", "--reference", "a,b"], 1, "without comma"),
        (["--to", NUMBER, *["{pdf}"] * 31], 1, "There are 31 files"),
        (["--to", NUMBER, "{empty}"], 1, "is empty"),
        (["--to", NUMBER, "--text", " "], 1, "The text is empty"),
        (["--to", "0171 1234567", "--kind", "sms", "{pdf}"], 1, "An SMS has only text"),
        (["--to", NUMBER, "{pdf}", "--account", "labor"], 1, "the configuration knows praxis"),
    ],
)
def test_what_cannot_be_sent(
    arguments: list[str], status: int, said: str, office: Site, document: Path
) -> None:
    empty = document.with_name("leer.pdf")
    empty.touch()
    places = {"pdf": document, "empty": empty, "nowhere": document.with_name("no.pdf")}
    done = office.faxd("send", *(one.format(**places) for one in arguments))
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert "job file" not in done.stderr.partition(".")[0]  # there is none
    assert (claims(office), office.server.jobs(office.number())) == ([], [])
    assert state_of(office) is None


def test_an_account_that_only_receives(site: Site, document: Path) -> None:
    done = site.faxd("send", "--to", NUMBER, str(document))
    assert (done.returncode, "give one an outbox" in done.stderr) == (1, True)


def test_which_account(tmp_path: Path, server: Simulator, document: Path) -> None:
    site = Site(tmp_path, server, names=("praxis", "labor"), send="", told=False)
    done = site.faxd("send", "--to", NUMBER, str(document))
    assert (done.returncode, "--account praxis or labor" in done.stderr) == (1, True)
    done = site.faxd("send", "--to", NUMBER, str(document), "--account", "labor")
    assert done.returncode == 0, done.stderr
    assert len(server.jobs(site.number(1))) == 1


def test_the_same_again_is_asked_about(office: Site, document: Path) -> None:
    office.server.rules.duplicate_seconds = 0
    arguments = ("send", "--to", NUMBER, str(document))
    assert office.faxd(*arguments).returncode == 0
    done = office.faxd(*arguments)
    assert (done.returncode, "--again sends it all the same" in done.stderr) == (1, True)
    assert len(claims(office)) == 1
    assert office.faxd(*arguments, "--again").returncode == 0
    assert len(office.server.jobs(office.number())) == 2


def test_a_refusal_of_the_provider(office: Site, document: Path) -> None:
    office.server.rules.barred.add(NUMBER)
    done = office.faxd("send", "--to", NUMBER, str(document))
    assert done.returncode == 1
    assert "FAX.de has refused the job" in done.stderr
    assert any(name.endswith("Befund Müller.pdf") for name in folder(office, "failed"))
    assert claims(office) == []


def test_a_stopped_account_is_told_and_a_good_check_lets_it_go_on(
    office: Site, document: Path
) -> None:
    office.server.change_account(office.number(), password="other")
    done = office.faxd("send", "--to", NUMBER, str(document))
    assert done.returncode == 1
    assert "Sending has stopped" in done.stderr
    assert "faxd check lets it go on" in done.stderr
    status = office.faxd("status")
    assert "1 waiting" in status.stdout
    assert "sending: Sending has stopped" in status.stdout
    office.server.change_account(office.number(), password="geheim-und-lang")
    assert "its stop is lifted" in office.faxd("check").stdout
    done = office.faxd("retry", "1")
    assert (done.returncode, "accepted by FAX.de" in done.stdout) == (0, True)


def test_ctrl_c_leaves_the_job_with_the_ledger(office: Site, document: Path) -> None:
    """It is interrupted while it is handed over: nobody knows whether it was."""
    office.server.faults.add(Fault(call="SendJob", kind=FaultKind.HANG))
    command = office.command("send", "--to", NUMBER, "--wait", str(document))
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: state_of(office) is JobState.SENDING)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=30)[1]
    assert (process.returncode, "job 1 stays in the ledger" in told) == (1, True), told
    assert state_of(office) in {JobState.UNCERTAIN, JobState.WAITING}
    office.server.release()
    assert "accepted" in office.faxd("retry", "1").stdout
    assert len(office.server.jobs(office.number())) == 1


def test_progress_is_shown_on_a_terminal_only(office: Site, document: Path) -> None:
    if shutil.which("script") is None:
        pytest.skip("script is not installed (package bsdutils)")
    command = " ".join(office.command("send", "--to", NUMBER, "--wait", f"'{document}'"))
    with subprocess.Popen(
        ["script", "-qec", command, "/dev/null"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        look_now(office)
        told = process.communicate(timeout=30)[0]
    assert "job 1: FAX.de has it as job" in told
    assert "\x1b[K" in told


def test_what_a_command_left_is_removed_a_day_later(office: Site, document: Path) -> None:
    """And nothing that a daemon may not touch."""
    assert office.faxd("send", "--to", NUMBER, str(document)).returncode == 0
    hidden = office.outbox() / ".faxd"
    known = job_of(office).claim
    beginning = known.rpartition("-")[0]
    for name, age in ((f"{beginning}-{'0' * 16}", 90_000), (f"{beginning}-{'1' * 16}", 60)):
        (hidden / name).mkdir()
        (hidden / name / "Befund.pdf").write_bytes(PDF)
        os.utime(hidden / name, (time.time() - age, time.time() - age))
    os.utime(hidden / known, (0, 0))
    with office.daemon():
        wait_until(lambda: len(claims(office)) == 2)
    assert sorted(claims(office)) == sorted([known, f"{beginning}-{'1' * 16}"])
    assert document.name in os.listdir(hidden / known)


# jobs, job


def test_jobs(office: Site, document: Path) -> None:
    assert "has faxd run yet?" in office.faxd("jobs").stderr
    office.server.rules.barred.add("+4930999999")
    office.faxd("send", "--to", NUMBER, "--to", "030 1234567", str(document))
    office.faxd("send", "--to", "030 999999", "--reference", "\x1b[31m", str(document))
    office.faxd("send", "--to", "030 999999", str(document))
    lines = office.faxd("jobs").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["job", "1", "2"]
    assert f"{NUMBER} and 1 more" in lines[1]
    assert "accepted" in lines[1]
    assert "failed" in lines[2]
    assert len(office.faxd("jobs", "praxis", "-n", "1").stdout.splitlines()) == 2
    only = office.faxd("jobs", "--state", "failed", "--json").stdout.splitlines()
    assert [json.loads(line)["id"] for line in only] == [2]
    assert json.loads(only[0])["account_name"] == "praxis"
    assert "knows praxis" in office.faxd("jobs", "nobody").stderr


def test_job(office: Site, document: Path) -> None:
    office.faxd("send", "--to", f"{NUMBER}[RE-1]", "--option", "header=Praxis", str(document))
    told = office.faxd("job", "1").stdout
    for words in (
        "header=Praxis",
        "RE-1",
        "recorded by faxd send",
        "SendJob, try 1",
        "accepted as",
    ):
        assert words in told
    found = shown(office)
    assert [event["state"] for event in found["history"]] == ["waiting", "sending", "accepted"]
    assert found["recipients"][0]["address"] == NUMBER
    assert not {"secret", "protocol"} & set(found)
    done = office.faxd("job", "7")
    assert (done.returncode, "there is no job 7" in done.stderr) == (1, True)


# cancel


def test_cancel_without_a_daemon(office: Site, document: Path) -> None:
    office.server.rules.job_seconds = 3600
    office.faxd("send", "--to", NUMBER, str(document))
    done = office.faxd("cancel", "1")
    assert (done.returncode, "job 1 is cancelled" in done.stdout) == (0, True), done.stderr
    assert office.server.jobs(office.number())[0].cancelled
    assert any(name.endswith("Befund Müller.pdf") for name in folder(office, "failed"))
    assert office.faxd("cancel", "1").returncode == 0  # it is


def test_cancel_beside_a_daemon(office: Site, document: Path) -> None:
    office.server.rules.job_seconds = 3600
    with office.daemon():
        office.faxd("send", "--to", NUMBER, str(document))
        wait_until(lambda: state_of(office) is JobState.ACCEPTED)
        done = office.faxd("cancel", "1")
        assert (done.returncode, "job 1 is cancelled" in done.stdout) == (0, True), done.stderr
    assert office.server.jobs(office.number())[0].cancelled


def test_cancel_too_late(office: Site, document: Path) -> None:
    office.faxd("send", "--to", NUMBER, str(document))
    done = office.faxd("cancel", "1")
    assert done.returncode == 1
    assert "too late" in done.stderr
    assert state_of(office) is JobState.ACCEPTED


def test_cancel_before_it_is_sent(office: Site, document: Path) -> None:
    office.server.change_account(office.number(), locked=True)
    office.faxd("send", "--to", NUMBER, str(document))
    done = office.faxd("cancel", "1")
    assert (done.returncode, "nothing was sent" in done.stdout) == (0, True)
    done = office.faxd("retry", "1")
    assert "job 2: fax" in done.stdout


# retry


def test_retry_of_a_failed_job(office: Site, document: Path) -> None:
    office.server.rules.barred.add(NUMBER)
    office.faxd("send", "--to", f"{NUMBER}[RE-1]", "--option", "retries=2", str(document))
    office.server.rules.barred.clear()
    done = office.faxd("retry", "1")
    assert (done.returncode, "job 2: accepted" in done.stdout) == (0, True), done.stderr
    (job,) = office.server.jobs(office.number())
    assert job.order.recipients[0].reference == "RE-1"
    new, old = job_of(office, 2), job_of(office)
    assert (new.previous, new.options, new.digest) == (1, old.options, old.digest)
    (report,) = folder(office, "failed")  # only this; the document is on its way
    assert report.endswith(" - report.txt")
    done = office.faxd("retry", "1")
    assert done.returncode == 1
    assert "is not in" in done.stderr


def test_retry_of_what_everybody_got(office: Site, document: Path) -> None:
    done = office.faxd("send", "--to", NUMBER, "--wait", str(document))
    assert done.returncode == 0, done.stderr
    said = office.faxd("job", "1").stdout
    assert "accepted as job" in said and "1 recipient, 1 page" in said
    assert "subject" not in said, "without a cover page nobody sees it"
    done = office.faxd("retry", "1")
    assert done.returncode == 1
    assert "job 1: all got it; to send it once more: faxd send --again" in done.stderr


def test_retry_of_a_drop_that_named_nobody(office: Site) -> None:
    """It was refused before it became anything; the phone book is right by now."""
    outbox = office.outbox()
    office.send = "patience = 1\n"
    office.write_config()
    (outbox / "Dr. Meier Befund.pdf").write_bytes(PDF)
    with office.daemon():
        wait_until(lambda: state_of(office) is JobState.FAILED)
        wait_until(lambda: job_of(office).filed)
        (outbox / "phonebook.csv").write_text(f"Dr. Meier;{NUMBER}\n")
        done = office.faxd("retry", "1")
        assert done.returncode == 0, done.stderr
        assert f"job 2: fax to {NUMBER}" in done.stdout
        wait_until(lambda: state_of(office, 2) is JobState.ACCEPTED)
    assert [one.name for one in office.server.jobs(office.number())[0].order.documents] == [
        "Dr- Meier Befund.pdf"
    ]


def test_retry_of_a_held_job(office: Site, document: Path) -> None:
    office.server.change_account(office.number(), locked=True)
    office.faxd("send", "--to", NUMBER, str(document))
    office.server.change_account(office.number(), locked=False)
    office.faxd("check")
    with ledger_of(office) as ledger:
        job = ledger.jobs.get(1)
        assert job is not None
        ledger.jobs.move(job, JobState.HELD, "asked about", hold=Hold.SAME)
    done = office.faxd("retry", "1")
    assert (done.returncode, "job 1: accepted" in done.stdout) == (0, True), done.stderr
    done = office.faxd("retry", "1")
    assert (done.returncode, "is at FAX.de already" in done.stderr) == (1, True)


def test_retry_of_what_may_have_been_sent_is_asked_about(office: Site, document: Path) -> None:
    office.server.rules.barred.add(NUMBER)
    office.faxd("send", "--to", NUMBER, str(document))
    office.server.rules.barred.clear()
    with ledger_of(office) as ledger:
        job = ledger.jobs.get(1)
        assert job is not None
        ledger.jobs.note(job, doubt=True)
    done = office.faxd("retry", "1")
    assert done.returncode == 1  # nobody said yes
    assert office.server.jobs(office.number()) == []
    assert office.faxd("retry", "1", "--yes").returncode == 0


def test_retry_does_not_wait_for_the_network(office: Site, document: Path) -> None:
    """Beside a daemon that pauses because FAX.de could not be reached."""
    office.faxd("check")  # the interface is known
    with office.daemon():
        office.server.stop()
        office.faxd("send", "--to", NUMBER, str(document))
        wait_until(
            lambda: state_of(office) is JobState.WAITING and job_of(office).problem is not None
        )
        office.server.start()
        assert office.faxd("retry", "1").returncode == 0
        wait_until(lambda: state_of(office) is JobState.ACCEPTED, 10)


# check


def test_check_tries_the_way_of_a_document(office: Site) -> None:
    outbox = office.outbox()
    (outbox / "phonebook.csv").write_text(f"Dr. Meier;{NUMBER}\nMustermann;0900 123456\n")
    done = office.faxd("check")
    found = {" ".join(line.split()[1:3]): line.split()[0] for line in done.stdout.splitlines()[1:]}
    for what in ("options", "sending", "sent", "failed"):
        assert found[f"praxis: {what}"] == "good"
    assert found["praxis: outbox"] == ("good" if "leases work" in done.stdout else "warn")
    assert found["praxis: phone"] == "BAD"
    assert "Phone book, line 2" in done.stdout
    assert done.returncode == 1
    assert "stood still" in done.stdout or "leases work" in done.stdout
    assert claims(office) == folder(office, "sent") == folder(office, "sending") == []
    assert not [name for name in os.listdir(outbox) if "check" in name]
    (outbox / "phonebook.csv").write_text(f"Dr. Meier;{NUMBER}\n")
    done = office.faxd("check")
    assert (done.returncode, "1 entries" in done.stdout) == (0, True)


def test_check_names_a_folder_that_cannot_be_used(office: Site) -> None:
    (office.folder("sent")).write_text("not a folder")
    office.send = 'options = { headr = "x" }\n'
    office.write_config()
    done = office.faxd("check")
    assert done.returncode == 1
    assert f"{office.root / 'praxis' / 'sent'}: " in done.stdout
    assert 'Did you mean "header"?' in done.stdout


def test_root_does_not_send_from_another_users_folders(office: Site, document: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    shutil.rmtree(office.inbox())
    os.chown(office.outbox(), 12345, 12345)
    for arguments in (["send", "--to", NUMBER, str(document)], ["cancel", "1"], ["retry", "1"]):
        done = office.faxd(*arguments)
        assert done.returncode == 1
        assert "run this as that user" in done.stderr
    assert not office.state.exists()


def test_the_ledger_of_a_job_is_whole(office: Site, document: Path) -> None:
    """What `faxd job --json` shows is the job itself, field by field."""
    office.faxd("send", "--to", NUMBER, str(document))
    found, job = shown(office), job_of(office)
    left_out = {"secret", "protocol"}
    assert set(found) == (set(Job.__dataclass_fields__) - left_out) | {"account_name", "history"}
    assert replace(job, id=found["id"]) == job
