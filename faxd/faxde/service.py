"""The service behind a WSDL address: the interface description, kept and renewed, and the wire.

The WSDL is read from the service and kept in the state folder, so that a start without the
service works too. It is read anew daily, and when a fault hints at a changed interface.

Calls always go to the origin that the WSDL came from, by the same scheme: a Delphi server states
an ``http://`` address even when it was asked by ``https://``, and a client that believed it would
send the password in clear text.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from faxd.durable import replace_file
from faxd.faxde.connection import Timeouts
from faxd.faxde.errors import FaxdeError, InterfaceUnusable
from faxd.faxde.wire import Wire

if TYPE_CHECKING:
    from faxd.faxde.interface import Interface

_WSDL_LIMIT = 1 << 20
#: seconds after which a WSDL is read anew
MAX_AGE = 24 * 3600.0
#: seconds before the next reading, after one that failed, or was hinted at and brought nothing new
_PAUSE = 600.0


class Service:
    """One FAX.de, shared by all accounts; its methods may be called from any thread."""

    def __init__(
        self,
        wsdl_url: str,
        keep_in: Path,
        *,
        timeouts: Timeouts | None = None,
        ca_file: str | None = None,
        allow_http: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``keep_in`` is the folder for the kept WSDL.

        Raises:
            ValueError: the address is not https (and neither loopback nor allowed).
            OSError: ``ca_file`` cannot be read.
        """
        check_address(wsdl_url, allow_http=allow_http)
        self.wire = Wire(wsdl_url, timeouts=timeouts, ca_file=ca_file)
        url = urlsplit(wsdl_url)
        self._path = url._replace(scheme="", netloc="", fragment="").geturl() or "/"
        digest = hashlib.sha256(wsdl_url.encode()).hexdigest()[:16]
        self._kept = keep_in / f"wsdl-{digest}.xml"
        self._now = now
        self._lock = threading.Lock()
        self._interface: Interface | None = None
        self._read_at = 0.0
        self._tried_at = float("-inf")
        self._hinted_at = float("-inf")

    def close(self) -> None:
        """End every call under way."""
        self.wire.close()

    def clock_ahead(self) -> timedelta | None:
        """By how much this machine's clock is ahead of the service's, as its last answer had it.

        None if there was none, or none with a time.
        """
        return self.wire.clock_ahead()

    def interface(self) -> Interface:
        """The interface, read from the service or, when that cannot be, from the kept copy.

        Raises:
            FaxdeError: neither is to be had.
        """
        current = self._interface
        if current is not None and not self._is_old():
            return current
        # While one thread renews an old one, the others go on with it.
        if not self._lock.acquire(blocking=current is None):
            assert current is not None
            return current
        try:
            return self._renewed_if_old()
        finally:
            self._lock.release()

    def renewed(self, stale: Interface) -> bool:
        """Read the WSDL anew, after a fault hinted at it; whether it differs from ``stale``.

        Raises:
            FaxdeError: it cannot be read.
        """
        with self._lock:
            pausing = time.monotonic() - self._hinted_at < _PAUSE
            if self._interface is stale and not pausing:
                self._fetch()
                if self._interface is stale:
                    self._hinted_at = time.monotonic()
            return self._interface is not stale

    def fetch(self) -> Interface:
        """Read the WSDL from the service now.

        Raises:
            FaxdeError: it cannot be read.
        """
        with self._lock:
            self._fetch()
            assert self._interface is not None
            return self._interface

    def _is_old(self) -> bool:
        # abs(): a clock that was set back must not keep an old WSDL for years
        return abs(self._now() - self._read_at) > MAX_AGE

    def _renewed_if_old(self) -> Interface:
        if self._interface is None:
            self._load_kept()
        rested = time.monotonic() - self._tried_at > _PAUSE
        if self._interface is None or (self._is_old() and rested):
            try:
                self._fetch()
            except FaxdeError as error:
                if self._interface is None:
                    error.maybe_done = False  # the call for which it is needed was not sent
                    raise
        assert self._interface is not None
        return self._interface

    def _load_kept(self) -> None:
        from faxd.faxde.interface import Interface

        try:
            wsdl = self._kept.read_bytes()
            self._read_at = self._kept.stat().st_mtime
            self._interface = Interface(wsdl)
        except (OSError, InterfaceUnusable):
            self._interface = None

    def _fetch(self) -> None:
        from faxd.faxde.interface import Interface

        self._tried_at = time.monotonic()
        wsdl = self.wire.get(self._path, limit=_WSDL_LIMIT)
        if self._interface is None or self._interface.wsdl != wsdl:
            self._interface = Interface(wsdl)
        # The copy is a convenience: that it cannot be kept must not stop a fax.
        with contextlib.suppress(OSError):
            replace_file(self._kept, wsdl)
        self._read_at = self._now()


def check_address(url: str, *, allow_http: bool) -> None:
    """Refuse an address that would send the password in clear text.

    Raises:
        ValueError: with what is allowed.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address that begins with https:// is needed")
    if not re.fullmatch(r"[!-~]+", url) or parts.port == 0:
        raise ValueError("an address without blanks and umlauts, and with a sound port, is needed")
    if parts.username or parts.password:
        raise ValueError("no user name or password may be in the address")
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname):
        raise ValueError(
            "http:// would send the password in clear text; use https://"
            " (or set allow_http = true if the way to the server is safe by other means)"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
