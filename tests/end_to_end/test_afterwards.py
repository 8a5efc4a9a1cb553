"""The installed program: what becomes of received faxes, and what `faxd received N` tells of it."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

import pypdfium2
import pytest

from faxd.simulator import Simulator
from tests.afterwards.bureau import on_path, program
from tests.afterwards.post import Post, post_office
from tests.documents.specimens import drawing, fax

from .site import Site, visible, wait_until
from .strikes import LONG, THOROUGH, require_strace, strace

FORMATS = 'formats = ["tiff", "pdf"]\n'
RULES = """
[[accounts.rules]]
originator = "+4932*"
folder = "Werbung"
notice = false
[[accounts.rules]]
folder = "Befunde"
file_name = "{{originator_name}} {{fax_id}}.tif"
mail_to = "anmeldung@praxis.example"
print = "laser"
command = ["{command}"]
"""


def with_mail(site: Site, post: Post) -> None:
    site.service = f"""[mail]
host = "127.0.0.1"
port = {post.port}
tls = "none"
sender = "fax@praxis.example"
"""
    site.write_config()


def image(tmp_path: Path) -> bytes:
    return fax(tmp_path / "fax.tif", [drawing()]).read_bytes()


def make_due(site: Site) -> None:
    """Have every action that waits be due now; no faxd may run."""
    with closing(sqlite3.connect(site.state / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("UPDATE actions SET due_at = created_at")


def settled(site: Site, number: int) -> dict[str, str]:
    """State of each action of a fax, by its kind."""
    done = site.faxd("received", str(number), "--json")
    if done.returncode:
        return {}
    return {each["kind"]: each["state"] for each in json.loads(done.stdout)["actions"]}


def test_the_daemon_does_it_all(tmp_path: Path, server: Simulator) -> None:
    program(tmp_path / "bin" / "lp", f'eval last=\\${{$#}}; cp "$last" {tmp_path}/paper.pdf')
    command = program(tmp_path / "bin" / "file-fax", f"cat > {tmp_path}/facts.json")
    content = image(tmp_path)
    with post_office(Post()) as post:
        rules = RULES.format(command=command)
        site = Site(tmp_path / "site", server, extra=FORMATS, send=rules)
        with_mail(site, post)
        (site.outbox() / "phonebook.csv").write_text("Labor Muster;030 23125042\n")
        with site.daemon(env={"PATH": on_path(tmp_path / "bin")}) as daemon:
            fax_id = server.add_fax(site.number(), content, originator="+493023125042")
            wait_until(lambda: len(post.mails) == 1 and (tmp_path / "facts.json").exists())
            wait_until(lambda: "waiting" not in settled(site, 1).values())
            advertising = server.add_fax(site.number(), content, originator="+4932111")
            wait_until(lambda: len(visible(site.inbox() / "Werbung")) == 2)
            assert daemon.stop() < 10
    name = f"Labor Muster {fax_id}"
    assert visible(site.inbox() / "Befunde") == [f"{name}.pdf", f"{name}.tif"]
    assert (site.inbox() / "Befunde" / f"{name}.tif").read_bytes() == content
    for path in (site.inbox() / "Befunde" / f"{name}.pdf", tmp_path / "paper.pdf"):
        with pypdfium2.PdfDocument(path) as made:
            assert len(made) == 1
    ((_, recipients, mail),) = post.mails
    assert recipients == ["anmeldung@praxis.example"]
    assert mail["Subject"] == "Fax von Labor Muster (+493023125042), 1 Seite"
    assert json.loads((tmp_path / "facts.json").read_text())["originator_name"] == "Labor Muster"
    assert settled(site, 1) == dict.fromkeys(("pdf", "mail", "print", "command"), "done")
    assert settled(site, 2) == {"pdf": "done"}
    table = site.faxd("received").stdout.splitlines()
    assert [line.split()[0] for line in table] == ["fax", "1", "2"]
    detail = site.faxd("received", "2").stdout
    assert str(advertising) in detail
    assert f"{site.inbox()}/Werbung/" in detail
    assert not site.waiting()
    own = site.state / "afterwards" / f"account-{site.number()}"
    assert list((own / "copies").iterdir()) == list((own / "work").iterdir()) == []


def test_poll_does_it_too_and_failures_are_no_part_of_it(tmp_path: Path, server: Simulator) -> None:
    extra = FORMATS + RULES.format(command=program(tmp_path / "bad", "echo no >&2; exit 1"))
    with post_office(Post(answers={"GREETING": "421 not now"})) as post:
        site = Site(tmp_path / "site", server, extra=extra)
        with_mail(site, post)
        server.add_fax(site.number(), image(tmp_path), originator="")
        done = site.faxd("poll")
        assert (done.returncode, done.stderr) == (0, "")
        states = settled(site, 1)
        assert states | {"print": ""} == {
            "pdf": "done",
            "mail": "waiting",
            "print": "",
            "command": "waiting",
        }
        detail = site.faxd("received", "1").stdout
        assert "bad ended with status 1: no" in detail
        assert "421 not now" in detail
        assert "anmeldung@praxis.example" in detail


def test_which_fax(tmp_path: Path, server: Simulator) -> None:
    site = Site(tmp_path / "site", server, names=("praxis", "7"))
    site.add_faxes(1)
    assert site.faxd("poll").returncode == 0
    assert "Nothing else was to be done." in site.faxd("received", "1").stdout
    for number in ("2", "99999999999999999999999"):
        done = site.faxd("received", number)
        assert (done.returncode, f"there is no fax {number}" in done.stderr) == (1, True)
    assert "account" in site.faxd("received", "7").stdout  # an account of that name comes first
    (line,) = site.faxd("received", "--json").stdout.splitlines()
    assert json.loads(line)["number"] == 1


#: what a poll with a PDF and a mail does to files and the network: the first to strike, and by how
#: much later each time
CALLS = {"renameat2": (1, 1), "fdatasync": (8, 2), "sendto": (4, 3), "unlink": (1, 2)}


@pytest.mark.parametrize("call", CALLS)
@LONG
def test_killed_in_the_middle(call: str, tmp_path: Path, server: Simulator) -> None:
    """Whenever the program dies, the fax is safe, and its PDF and mail come in the end."""
    require_strace()
    content = image(tmp_path)
    extra = FORMATS + '[[accounts.rules]]\nmail_to = "a@praxis.example"\n'
    struck = 0
    first, step = CALLS[call]
    for when in count(first, step if THOROUGH else 2 * step):
        with post_office(Post()) as post:
            site = Site(tmp_path / str(when), server, extra=extra)
            with_mail(site, post)
            server.add_fax(site.number(), content)
            done = subprocess.run(
                strace(site.command("poll"), f"{call}:signal=KILL:when={when}"),
                capture_output=True,
                timeout=120,
                check=False,
            )
            for _ in range(3):
                assert site.faxd("poll").returncode == 0
                make_due(site)
            assert settled(site, 1) == {"pdf": "done", "mail": "done"}, when
            assert sorted(path.suffix for path in site.inbox().glob("*.[tp]*")) == [".pdf", ".tif"]
            assert [path.read_bytes() for path in site.inbox().glob("*.tif")] == [content]
            assert len({mail["Message-ID"] for _, _, mail in post.mails}) == 1
            assert len(post.mails) <= 2
            assert list((site.inbox() / ".faxd").iterdir()) == []
        if done.returncode == 0:
            break
        struck += 1
    assert struck, "strace struck nothing"


def blocking(path: Path, go: Path, body: str) -> Path:
    """A program that says that it has begun, and does ``body`` when ``go`` is there."""
    wait = f"while ! test -e {go}; do sleep 0.05; done"
    return program(path, f"echo $$ > {path}.begun; {wait}; {body}")


@pytest.mark.parametrize("moment", ["saved", "mail", "print", "command"])
def test_a_killed_daemon_does_it_again(moment: str, tmp_path: Path, server: Simulator) -> None:
    """SIGKILL while something is under way: it is done in the end, and not twice side by side."""
    go, done = tmp_path / "go", tmp_path / "done"
    lp = blocking(tmp_path / "bin" / "lp", go, f"echo print >> {done}")
    command = blocking(tmp_path / "bin" / "file-fax", go, f"cat > /dev/null; echo fax >> {done}")
    content = image(tmp_path)
    env = {"PATH": on_path(tmp_path / "bin")}
    with post_office(Post(silent="DATA")) as post:
        rules = RULES.format(command=command)
        site = Site(tmp_path / "site", server, extra=FORMATS, send=rules)
        with_mail(site, post)
        reached = {
            "saved": lambda: bool(visible(site.inbox() / "Befunde")),
            "mail": post.is_silent.is_set,
            "print": Path(f"{lp}.begun").exists,
            "command": Path(f"{command}.begun").exists,
        }[moment]
        with site.daemon(env) as daemon:
            server.add_fax(site.number(), content, originator="+4940123456")
            wait_until(reached)
            daemon.process.kill()
            daemon.process.wait()
        for path in (lp, command):
            begun = Path(f"{path}.begun")
            wait_until(lambda begun=begun: not begun.exists() or not alive(begun))  # type: ignore[misc]
        post.silent = ""
        post.speak.set()
        go.touch()
        if (site.state / "ledger.sqlite").exists():
            make_due(site)
        with site.daemon(env) as daemon:
            wait_until(lambda: list(settled(site, 1).values()) == ["done"] * 4)
            assert daemon.stop() < 10
    assert sorted(set(done.read_text().split())) == ["fax", "print"]
    assert len({mail["Message-ID"] for _, _, mail in post.mails}) == 1
    assert 1 <= len(post.mails) <= 2
    (tif,) = (site.inbox() / "Befunde").glob("*.tif")
    assert tif.read_bytes() == content
    assert len(list((site.inbox() / "Befunde").iterdir())) == 2


def alive(begun: Path) -> bool:
    """Whether the process whose number is there runs."""
    stat = Path(f"/proc/{begun.read_text().strip() or 0}/stat")
    with suppress(FileNotFoundError, ProcessLookupError):
        return stat.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    return False


def test_a_mail_server_that_does_not_answer_does_not_hold_up_the_end(
    tmp_path: Path, server: Simulator
) -> None:
    rule = '[[accounts.rules]]\nmail_to = "a@praxis.example"\n'
    with post_office(Post(silent="GREETING")) as post:
        site = Site(tmp_path / "site", server, extra=rule)
        with_mail(site, post)
        with site.daemon() as daemon:
            server.add_fax(site.number(), image(tmp_path))
            wait_until(post.is_silent.is_set)
            assert daemon.stop() < 5
        assert "work unfinished" not in daemon.log
        assert (site.faxd("received", "1", "--json").stdout).count('"tries": 0') == 1
        assert settled(site, 1) == {"mail": "waiting"}
        # The next one goes on with it; now the server wants what nobody has told faxd.
        post.silent = ""
        post.answers["MAIL"] = "530 5.7.0 authentication required"
        with site.daemon() as daemon:
            wait_until(lambda: "action held, is tried again" in daemon.log)
        detail = site.faxd("received", "1").stdout
        assert "530 5.7.0 authentication required; see to the server or to [mail]" in detail


def test_a_new_configuration_leaves_what_runs_in_peace(tmp_path: Path, server: Simulator) -> None:
    go, done = tmp_path / "go", tmp_path / "done"
    command = blocking(tmp_path / "file-fax", go, f"echo x >> {done}")
    rule = f'[[accounts.rules]]\ncommand = ["{command}"]\n'
    site = Site(tmp_path / "site", server, extra=rule)
    with site.daemon() as daemon:
        server.add_fax(site.number(), image(tmp_path))
        wait_until(Path(f"{command}.begun").exists)
        site.extra = "min_free = 1\n" + rule
        site.write_config()
        daemon.forget()
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("READY=1")
        assert alive(Path(f"{command}.begun"))
        go.touch()
        wait_until(lambda: settled(site, 1) == {"command": "done"})
        assert '"tries": 1' in site.faxd("received", "1", "--json").stdout
        assert daemon.stop() < 10
    assert done.read_text() == "x\n"


def test_memory_after_a_mail_with_a_large_fax(tmp_path: Path, server: Simulator) -> None:
    """What a fax has in megabytes is never held as a whole."""
    rule = '[[accounts.rules]]\nmail_to = "a@praxis.example"\nmail_attach = "tiff"\n'
    with post_office(Post(forgets=True)) as post:
        site = Site(tmp_path / "site", server, extra=rule)
        with_mail(site, post)
        with site.daemon() as daemon:
            site.add_faxes(1, size=20_000)
            wait_until(lambda: settled(site, 1) == {"mail": "done"})
            before = daemon.memory()
            site.add_faxes(1, size=14 << 20)
            wait_until(lambda: settled(site, 2) == {"mail": "done"})
            assert daemon.memory() - before < 8 << 20
            assert daemon.stop() < 10
        assert post.taken == 2
