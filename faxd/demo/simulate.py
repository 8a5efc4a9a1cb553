"""`faxd simulate`: the stand-in for FAX.de alone."""

from __future__ import annotations

import contextlib
import signal
import threading
from itertools import cycle
from pathlib import Path

from faxd.config import load
from faxd.demo.office import PASSWORD, toml
from faxd.demo.saying import say
from faxd.simulator import Account, LogEntry, Simulator
from faxd.simulator.samples import all_samples


def serve(port: int, every: float, path: Path | None) -> None:
    """`faxd simulate`: the stand-in alone, until Ctrl-C.

    Raises:
        ConfigError, PasswordError: the accounts of ``path`` cannot be had.
        OSError: the port is taken.
    """
    if path:
        accounts = [
            Account(number=account.account, password=account.password())
            for account in load(path).accounts
        ]
    else:
        accounts = [Account(number="123456", password=PASSWORD)]
    with Simulator(accounts=accounts, port=port) as server:
        say("A stand-in for FAX.de listens. In the configuration:")
        # Without the time, to be copied.
        print(f"\n    [service]\n    wsdl = {toml(server.wsdl_url)}\n", flush=True)
        if not path:
            say(f"Its account is 123456, the password {PASSWORD}")
        say(f"A sample fax arrives every {every:g} seconds. Ctrl-C ends it.")
        server.on_completed(_tell_call)
        ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        with contextlib.suppress(KeyboardInterrupt):
            for sample in cycle(all_samples()):
                for account in accounts:
                    server.add_fax(
                        account.number,
                        sample.path,
                        originator=sample.originator,
                        remote_id=sample.remote_id,
                    )
                if ended.wait(every):
                    break


def _tell_call(entry: LogEntry) -> None:
    what = (
        f" fax {entry.fax_id}" if entry.fax_id else f" job {entry.job_id}" if entry.job_id else ""
    )
    say(f"{entry.call}{what}, account {entry.account}: {entry.code}")
