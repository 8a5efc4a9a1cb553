"""`faxd demo`: the stand-in server and the real daemon together, told in plain words."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from dataclasses import KW_ONLY, dataclass
from itertools import cycle
from pathlib import Path

from faxd.config import Config, load
from faxd.demo.arriving import Arrivals, tell, tell_mail
from faxd.demo.leaving import BUSY, Departures, wait
from faxd.demo.narrator import Narrator
from faxd.demo.office import PASSWORD, Office, daemon, end
from faxd.demo.post import PostOffice
from faxd.demo.saying import say
from faxd.ledger import Ledger
from faxd.simulator import Account, Simulator
from faxd.simulator.samples import all_samples

#: seconds between two arrivals, and between them once the first three have come
_BETWEEN, _LATER = 1.5, 20.0
#: seconds, from the daemon's start, in which everything must have come to its end
_PATIENCE = 45.0
#: seconds that FAX.de takes for a job: long enough to look at its slip
_JOB_SECONDS = 3.0


def run(folder: Path | None, *, once: bool, path: Path | None) -> str | None:
    """Show faxes arrive and documents leave until Ctrl-C.

    With ``once``, three faxes and five documents; then return what is missing, or None.
    ``folder`` holds everything (None: a new temporary folder, which stays); ``path`` names a
    configuration whose settings are tried, with other folders and without its passwords.

    Raises:
        ConfigError: ``path`` cannot be used.
        OSError: the folders cannot be made.
    """
    given = load(path) if path else None
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Ended however: the daemon must not be left behind.
        signal.signal(number, signal.default_int_handler)
    root = folder.absolute() if folder else Path(tempfile.mkdtemp(prefix="faxd-demo-"))
    office = Office(root)
    names = [account.name for account in given.accounts] if given else ["demo"]
    numbers = [account.account for account in given.accounts] if given else ["123456"]
    accounts = [Account(number=number, password=PASSWORD) for number in numbers]
    with Simulator(accounts=accounts) as server, PostOffice(tell_mail) as post:
        server.job_seconds = _JOB_SECONDS
        server.results[BUSY] = "Busy"
        config = office.set_up(server.wsdl_url, given, names, mail_port=post.port)
        say(f"A stand-in for FAX.de listens at {server.base_url}")
        say(f"A mail server that delivers nothing listens at 127.0.0.1:{post.port}")
        say(f"The office's folders are in   {office.root}")
        for account in config.accounts:
            say(f"Received faxes appear in      {account.inbox}")
            say(f"Documents to send go into     {account.outbox}")
        server.on_completed(lambda entry: tell(entry, office))
        with daemon(office) as process:
            try:
                stage = _Stage(server, post, office, config, tried=given is not None)
                return _show(stage, process, once=once)
            except KeyboardInterrupt:
                say("")
                hint = "" if folder else " (a temporary folder: delete it freely)"
                say(f"Ended. The faxes stay in {office.root}, with all else{hint}.")
                return None


@dataclass(frozen=True)
class _Stage:
    """What a demo is shown with."""

    server: Simulator
    post: PostOffice
    office: Office
    config: Config
    _: KW_ONLY
    #: the settings are somebody's own
    tried: bool


def _show(stage: _Stage, process: subprocess.Popen[bytes], *, once: bool) -> str | None:
    office, account = stage.office, stage.config.accounts[0]
    arrivals = Arrivals(stage.server, account, stage.post, own_settings=stage.tried)
    departures = Departures(stage.server, account, own_settings=stage.tried)
    deadline = time.monotonic() + _PATIENCE
    problem = departures.wait_until_ready(process)
    if problem is not None:
        return f"{problem}; see {office.log}"
    ledger = Ledger(office.ledger)
    narrator = Narrator(ledger, stage.config)
    try:
        departures.remember(ledger)
        for sample in all_samples():
            time.sleep(_BETWEEN)
            arrivals.add(sample)
        departures.drop_all()
        wait(lambda: arrivals.are_over(ledger) and departures.are_over(ledger), process, deadline)
        if once:
            # What it was about to do is done when it has ended.
            end(process)
        narrator.catch_up()
        problem = arrivals.missing(ledger) or departures.missing(ledger)
        if problem is None:
            say(arrivals.summary(ledger))
            say(departures.summary())
        if once:
            return problem
        if problem is not None:
            say(f"Something is missing: {problem}; see {office.log}")
        return _go_on(arrivals, process, office, account.outbox)
    finally:
        narrator.stop()
        ledger.close()


def _go_on(
    arrivals: Arrivals, process: subprocess.Popen[bytes], office: Office, outbox: Path | None
) -> str:
    """Until Ctrl-C."""
    say("Another fax arrives every 20 seconds. Ctrl-C ends the demo.")
    say(f"Now you: drop files of your own into {outbox}")
    say('  for example a PDF called "040 123456 Test.pdf", or a .txt into sms/ for an SMS.')
    say(f"  Nothing leaves this machine. {BUSY} is always busy here.")
    for sample in cycle(all_samples()):
        if wait(lambda: process.poll() is not None, process, time.monotonic() + _LATER):
            break
        arrivals.add(sample)
    return f"the daemon ended by itself; see {office.log}"
