"""The stand-in as a whole: start it, fill it, break it, look at what happened."""

from __future__ import annotations

import ssl
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from faxd.simulator.faults import Fault, FaultBook, FaultKind
from faxd.simulator.handler import Listener
from faxd.simulator.log import Log, LogEntry
from faxd.simulator.model import Account, Job, ReceivedFax, Rules
from faxd.simulator.service import Service
from faxd.simulator.state import Provider
from faxd.simulator.statuscalls import StatusCaller
from faxd.simulator.streams import Stream, as_stream
from faxd.simulator.switches import Switches
from faxd.simulator.wsdl import WSDL_PATHS, Wire

#: A certificate and its key as files, or a context of one's own making.
Tls = tuple[str | Path, str | Path] | ssl.SSLContext

#: seconds until a thread that was told to end counts as stuck
_PATIENCE = 10.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Simulator(Switches):
    """A FAX.de of one's own, listening on a real port.

    Use it as a context manager, or call `start` and `stop`. What it knows (accounts, faxes,
    jobs, log) stays when it is stopped and started again. All methods may be called from any
    thread. `rules` and `wire` may be changed while it runs; `clock` gives the aware time by
    which jobs proceed; `on_message` is told what a web server would write to stderr.
    """

    def __init__(
        self,
        accounts: Iterable[Account] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Tls | None = None,
        *,
        rules: Rules | None = None,
        wire: Wire | None = None,
        clock: Callable[[], datetime] = _utc_now,
        on_message: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(rules or Rules(), wire or Wire())
        self.host = host
        #: The port it listens on; 0 until the first start when none was given.
        self.port = port
        self._tls = _context(tls)
        self._on_message = on_message
        self._folder = TemporaryDirectory(prefix="simulator-")
        kept = Path(self._folder.name, "kept")
        kept.mkdir()
        self._provider = Provider(self.rules, clock)
        self._log = Log()
        self._service = Service(self._provider, self.wire, self._log, kept)
        self._status_caller = StatusCaller(self._provider, self._log)
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None
        for account in accounts:
            self.set_account(account)

    # Running

    def start(self) -> Self:
        """Listen. Raises OSError when the port is taken."""
        if self._listener is None:
            folder = Path(self._folder.name)
            self._listener = Listener(
                (self.host, self.port), self._service, self._tls, folder, self._report
            )
            self.port = self._listener.server_port
            self._thread = threading.Thread(
                target=self._listener.serve, name="simulator", daemon=True
            )
            self._thread.start()
            self._status_caller.start()
        return self

    def stop(self) -> None:
        """Close the port and all connections: from now on connections are refused.

        Raises RuntimeError when the accepting thread is stuck: a defect, and where it is.
        """
        listener, thread = self._listener, self._thread
        self._listener = self._thread = None
        self._status_caller.stop()
        if listener and thread:
            listener.stopping.set()
            listener.released.set()
            thread.join(_PATIENCE)
            listener.server_close()
            listener.drop_connections()
            if thread.is_alive():
                raise RuntimeError(f"the stand-in's thread does not end; it is\n{_place(thread)}")

    def restart(self) -> None:
        """Stop when running, and listen again on the port of before."""
        self.stop()
        self.start()

    def release(self) -> None:
        """Let go of all requests that hang without end."""
        if self._listener:
            self._listener.released.set()
            self._listener.released = threading.Event()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def _report(self, message: str) -> None:
        if self._on_message:
            self._on_message(message)

    @property
    def base_url(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    @property
    def wsdl_url(self) -> str:
        """Address of the description."""
        return self.base_url + WSDL_PATHS[0]

    # Customers, faxes, jobs

    @property
    def accounts(self) -> dict[str, Account]:
        """The accounts by number; replace one to change it."""
        return self._provider.accounts

    def set_account(self, account: Account) -> None:
        """Add an account, or replace the one of the same number."""
        self._provider.set_account(account)

    def change_account(self, number: str, **changes: Any) -> None:
        """Change fields of an account: `change_account("123456", locked=True)`."""
        self.set_account(replace(self.accounts[number], **changes))

    def add_fax(
        self,
        account: str,
        image: bytes | Path | str | Stream,
        *,
        originator: str = "",
        remote_id: str = "",
        pages: int | None = None,
        received: datetime | None = None,
        fax_id: int | None = None,
    ) -> int:
        """Let a fax arrive and return its id.

        A path is read anew at each fetch. `pages` None has them counted, `received` None is
        now, a naive time is local time. Raises KeyError for an unknown account.
        """
        return self._provider.add_fax(
            account,
            as_stream(image),
            originator=originator,
            remote_id=remote_id,
            pages=pages,
            received=received,
            fax_id=fax_id,
        )

    def queue(self, account: str) -> list[ReceivedFax]:
        """The faxes still waiting, oldest first. Raises KeyError for an unknown account."""
        return self._provider.queue(account)

    def jobs(self, account: str) -> list[Job]:
        """All jobs ever taken, cancelled ones included, oldest first."""
        return self._provider.jobs(account)

    def finish_job(self, job_id: int | str) -> None:
        """Let a job be through at once. Raises KeyError for an unknown id."""
        self._provider.finish(int(job_id))

    # What goes wrong, and what happened

    @property
    def faults(self) -> FaultBook:
        """The faults that wait for calls to strike."""
        return self._service.faults

    def force_code(
        self, call: str, code: int, times: int | None = 1, account: str | None = None
    ) -> None:
        """Have a call answered with that code, whatever was asked, and nothing done."""
        self.faults.add(
            Fault(call=call, kind=FaultKind.FORCED_CODE, value=code, times=times, account=account)
        )

    def on_completed(self, callback: Callable[[LogEntry], None]) -> None:
        """Have this called after the work of each call was done, before it is answered.

        An exception that it raises ends the connection without an answer.
        """
        self._service.on_completed.append(callback)

    @property
    def calls(self) -> list[LogEntry]:
        """Everything that happened, in the order in which the requests arrived."""
        return self._log.entries()

    def calls_of(self, call: str, account: str | None = None) -> list[LogEntry]:
        """The entries of one call ("WSDL" for the description), of one account or of all."""
        return [
            entry for entry in self.calls if entry.call == call and account in (None, entry.account)
        ]


def _place(thread: threading.Thread) -> str:
    """Where a thread is."""
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(traceback.format_stack(frame)) if frame else "nowhere"


def _context(tls: Tls | None) -> ssl.SSLContext | None:
    if tls is None or isinstance(tls, ssl.SSLContext):
        return tls
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    return context
