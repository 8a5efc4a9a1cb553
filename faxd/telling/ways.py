"""How people are told: by mail, through the office's server, or by a program of their own."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from faxd.afterwards.child import Children
from faxd.afterwards.command import environment
from faxd.afterwards.conversation import Refused
from faxd.afterwards.letter import Letter
from faxd.afterwards.post import Post, meaning
from faxd.afterwards.retry import Hopeless, Trouble
from faxd.clock import utc_now
from faxd.config import Config
from faxd.config.tell import TellSettings
from faxd.ledger.incidents import Recorded
from faxd.telling import words

#: stands for the program, where else there is an address
PROGRAM = ""


class Ways:
    """Tells somebody something, until it is closed."""

    def __init__(self) -> None:
        self._post = Post()
        self._children = Children()

    def give(
        self, config: Config, way: str, incident: Recorded, written_at: datetime, mark: str
    ) -> None:
        """Tell by one way (see `ways_of`); ``mark`` makes a mail known again that comes twice.

        Raises:
            Trouble, Hopeless: that failed.
            Closed: faxd ends.
        """
        if config.tell is None:
            raise Hopeless("there is no section [tell] in the configuration any more")
        if way == PROGRAM:
            self._run(config.tell, incident)
        else:
            self._mail(config, config.tell, way, incident, written_at, mark)

    def close(self) -> None:
        """End what is under way, and refuse more."""
        self._post.close()
        self._children.close()

    def _mail(
        self,
        config: Config,
        settings: TellSettings,
        to: str,
        incident: Recorded,
        written_at: datetime,
        mark: str,
    ) -> None:
        server, host = config.mail, _host()
        if server is None:
            raise Trouble("there is no section [mail] in the configuration any more")
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(addr_spec=server.sender)
        mail["To"] = Address(addr_spec=to)
        mail["Subject"] = words.subject(incident, host).in_(settings.language)
        mail["Date"] = format_datetime(written_at)
        mail["Message-ID"] = f"<faxd.tell.{mark}@{server.sender.partition('@')[2]}>"
        # RFC 3834: no out-of-office notes to this.
        mail["Auto-Submitted"] = "auto-generated"
        text = words.body(incident, host, config.zone).in_(settings.language)
        mail.set_content(text, cte="quoted-printable")
        try:
            self._post.hand_over(server, Letter(mail, None, boundary=mark), to)
        except Refused as error:
            raise meaning(error) from None

    def _run(self, settings: TellSettings, incident: Recorded) -> None:
        if settings.command is None:
            raise Hopeless("there is no command any more")
        host = _host()
        known = {
            "occasion": incident.occasion,
            "state": "over" if incident.over_at else "begun",
            "account": incident.account,
            "text": incident.text,
            "subject": words.subject(incident, host).in_(settings.language),
            "began_at": incident.began_at.isoformat(),
            "over_at": incident.over_at.isoformat() if incident.over_at else None,
            "host": host,
        }
        self._children.run(
            settings.command,
            folder=Path("/"),
            seconds=settings.command_seconds,
            env=environment(known),
            data=json.dumps(known, ensure_ascii=False).encode("utf-8", "replace") + b"\n",
        )


@dataclass(frozen=True)
class Test:
    """What became of a test."""

    #: an address, or the program
    way: str
    #: why nobody was told; None: it went well
    problem: str | None


def test(config: Config) -> Iterator[Test]:
    """Tell everybody, by every way, of nothing; and say what became of that."""
    if config.tell is None:
        return
    now, ways = utc_now(), Ways()
    incident = Recorded(
        id=0, key="test", occasion="test", account="", text="faxd tell --test", began_at=now
    )
    for number, way in enumerate(ways_of(config.tell)):
        problem = None
        try:
            ways.give(config, way, incident, now, f"test.{int(now.timestamp())}.{number}")
        except (Trouble, Hopeless) as error:
            problem = str(error)
        yield Test(way or " ".join(config.tell.command or ()), problem)


def ways_of(settings: TellSettings) -> tuple[str, ...]:
    """All ways to the people: addresses, and `PROGRAM` if there is one."""
    return (*settings.to, *([PROGRAM] if settings.command else []))


def _host() -> str:
    return socket.gethostname().partition(".")[0] or "faxd"
