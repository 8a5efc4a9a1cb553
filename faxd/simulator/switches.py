"""The settings that are changed most, as plain attributes of the stand-in."""

from __future__ import annotations

from collections.abc import MutableMapping

from faxd.simulator.model import Rules
from faxd.simulator.report import Outcome
from faxd.simulator.wsdl import Wire


class Switches:
    """Shortcuts into `rules` (how the provider decides) and `wire` (how it presents itself)."""

    def __init__(self, rules: Rules, wire: Wire) -> None:
        self.rules = rules
        self.wire = wire

    @property
    def job_seconds(self) -> float:
        """Seconds from a job's (scheduled) beginning until it is through."""
        return self.rules.job_seconds

    @job_seconds.setter
    def job_seconds(self, seconds: float) -> None:
        self.rules.job_seconds = seconds

    @property
    def duplicate_seconds(self) -> float:
        """Seconds during which a repeated identical job is refused with -77; 0: never."""
        return self.rules.duplicate_seconds

    @duplicate_seconds.setter
    def duplicate_seconds(self, seconds: float) -> None:
        self.rules.duplicate_seconds = seconds

    @property
    def results(self) -> MutableMapping[str, str | Outcome]:
        """What becomes of a recipient, by number; anybody else receives it."""
        return self.rules.results

    @property
    def time_part(self) -> str:
        """Name of SendJob's time part: "SendeDateTime" or "SendDateTime"."""
        return self.wire.time_part

    @time_part.setter
    def time_part(self, name: str) -> None:
        self.wire.time_part = name

    @property
    def unit(self) -> str:
        """Name of the Delphi unit: changing it makes a different interface of it."""
        return self.wire.unit

    @unit.setter
    def unit(self, name: str) -> None:
        self.wire.unit = name

    @property
    def stated_address(self) -> str | None:
        """Address of the endpoint in the description; None: the server's own, with http://."""
        return self.wire.stated_address

    @stated_address.setter
    def stated_address(self, address: str | None) -> None:
        self.wire.stated_address = address

    @property
    def base64_lines(self) -> bool:
        """Whether base64 is broken into lines of 76 characters with CRLF."""
        return self.wire.base64_lines

    @base64_lines.setter
    def base64_lines(self, broken: bool) -> None:
        self.wire.base64_lines = broken
