"""The Options string of SendJob (section "Parameter Options"), as a checked model."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, fields

#: controls, what has no meaning (or none in XML), and what ends a line
_CONTROLS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, kw_only=True)
class Options:
    """The switches of one job; what is None is left out.

    Raises:
        ValueError: a value passes a documented limit or holds a character that would end it.
    """

    #: CALLERID: ISDN number shown to the recipient
    caller_id: str | None = None
    #: STATIONID: station id in the fax header, at most 20 letters, digits and the like
    station_id: str | None = None
    #: FAXHEADER: free text of the fax header, at most 30 characters
    header: str | None = None
    #: FAXRETRY: how often to dial again when busy
    busy_retries: int | None = None
    #: RETRY: how often to repeat the whole transmission
    retries: int | None = None
    #: MAILFROM: sender's address of an e-mail or QSign job
    mail_from: str | None = None
    #: FLASHSMS: show the SMS at once and do not keep it
    flash: bool = False
    #: SMSFROM: sender of an SMS, at most 16 digits or 11 letters and digits
    sms_from: str | None = None
    #: STATURL: address called when the job is finished, at most 128 characters
    status_url: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                _check_text(field.name, value)
            elif isinstance(value, int) and not 0 <= value <= 99:
                raise ValueError(f"{field.name} is {value}; allowed is 0 to 99")
        _check(self.caller_id, "caller_id", r"\+?[0-9]{1,20}", "up to 20 digits, with or without +")
        _check(self.station_id, "station_id", r"[\w +().&/-]{1,20}", "up to 20 letters/digits")
        _check(self.header, "header", r".{1,30}", "up to 30 characters")
        _check(self.mail_from, "mail_from", r"[^@\s,]+@[^@\s,]+", "one e-mail address")
        _check(
            self.sms_from,
            "sms_from",
            r"\+?[0-9]{1,16}|[A-Za-z0-9]{1,11}",
            "up to 16 digits, or up to 11 letters and digits",
        )
        _check(self.status_url, "status_url", r"[!-~]{1,128}", "up to 128 ASCII characters")

    def render(self) -> str:
        """The string for the wire: ``NAME=value`` and bare switches, joined by ``;``."""
        values = {
            "CALLERID": self.caller_id,
            "STATIONID": self.station_id,
            "FAXHEADER": self.header,
            "FAXRETRY": self.busy_retries,
            "RETRY": self.retries,
            "MAILFROM": self.mail_from,
            "SMSFROM": self.sms_from,
            "STATURL": self.status_url,
        }
        switches = [f"{name}={value}" for name, value in values.items() if value is not None]
        if self.flash:
            switches.append("FLASHSMS")
        return ";".join(switches)


def _check_text(name: str, value: str) -> None:
    if not value.strip():
        raise ValueError(f"{name} is empty; leave it out instead")
    for char in value:
        if char == ";" or unicodedata.category(char) in _CONTROLS:
            raise ValueError(f"{name} holds {char!r}; semicolons and control characters cannot be")


def _check(value: str | None, name: str, pattern: str, allowed: str) -> None:
    if value is not None and not re.fullmatch(pattern, value):
        raise ValueError(f"{name} is {value!r}; allowed: {allowed}")
