"""Incidents and notices, through a real mail server and a real program, over restarts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from faxd import log
from faxd.config import Config, load
from faxd.ledger import Health, Ledger
from faxd.ledger.incidents import NoticeState
from faxd.shares import Shares
from faxd.telling import Teller, teller, ways
from tests.afterwards.post import Post, post_office

ADDRESSES = ["edv@example.org", "chef@example.org"]


class Bureau:
    """A teller with its ledger, a mail server, a program, and a clock."""

    def __init__(self, root: Path, post: Post, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.post = post
        self.added = 0.0
        self.ledger = Ledger(root / "ledger.sqlite")
        self.told = root / "told"
        patch.setattr(teller, "utc_now", self.now)
        patch.setattr(teller, "steady", lambda: self.added)
        for folder in ("inbox", "outbox"):
            (root / folder).mkdir()
        self.configure()
        self.restart()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.added)

    def later(self, seconds: float) -> None:
        self.added += seconds

    def configure(self, **changes: Any) -> None:
        program = self.root / "tell-me"
        program.write_text(
            f'#!/bin/sh\n{{ cat; echo "$FAXD_STATE $FAXD_SUBJECT"; }} >>{self.told}\n'
        )
        program.chmod(0o700)
        settings = {"to": ADDRESSES, "command": [str(program)], "language": "en"} | changes
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items() if value]
        (self.root / "config.toml").write_text(
            f'state_dir = "{self.root}"\n[mail]\nhost = "127.0.0.1"\nport = {self.post.port}\n'
            'tls = "none"\nsender = "fax@example.org"\n[tell]\n' + "\n".join(lines) + "\n"
            '[[accounts]]\nname = "praxis"\naccount = "100000"\npassword_env = "X"\nmin_free = 0\n'
            f'inbox = "{self.root}/inbox"\noutbox = "{self.root}/outbox"\n'
        )

    @property
    def config(self) -> Config:
        return load(self.root / "config.toml")

    def restart(self) -> None:
        self.teller = Teller(self.config, self.ledger, log.get_logger(), Shares())

    def health(self, problem: str | None) -> None:
        now = self.now()
        health = Health(account="100000", last_poll=now, last_success=now)
        if problem:
            health = replace(
                health,
                failures=1,
                problem=problem,
                problem_since=now,
                stopped_until=now + timedelta(minutes=15),
            )
        self.ledger.set_health(health)

    def turn(self) -> None:
        self.teller.look()
        self.teller.tell()

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for _, _, mail in self.post.mails]

    def states(self) -> list[NoticeState]:
        return [
            notice.state
            for incident in self.ledger.incidents.newest(99)
            for notice in self.ledger.incidents.of(incident.id)
        ]


@pytest.fixture
def bureau(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    with post_office(Post()) as post:
        made = Bureau(tmp_path, post, monkeypatch)
        with closing(made.ledger):
            yield made


def test_once_and_once_when_it_is_over(bureau: Bureau) -> None:
    bureau.health("wrong password; see to it")
    for _ in range(3):
        bureau.turn()
        bureau.later(60)
        bureau.restart()
    assert bureau.subjects == ["faxd praxis: account refused"] * 2
    assert sorted(bureau.post.to) == sorted(ADDRESSES)
    (_, _, mail) = bureau.post.mails[0]
    text = mail.get_content()
    assert "wrong password; see to it" in text and "FAX.de refuses the account" in text
    assert "one more message when it is well again" in text
    bureau.health(None)
    bureau.turn()
    assert len(bureau.post.mails) == 2, "it may come back"
    bureau.later(121)
    bureau.health(None)
    for _ in range(3):
        bureau.turn()
    assert bureau.subjects[2:] == ["faxd praxis: Over: account refused"] * 2
    assert "That is well again" in bureau.post.mails[2][2].get_content()
    assert len({str(mail["Message-ID"]) for _, _, mail in bureau.post.mails}) == 4
    said = bureau.told.read_text()
    assert said.count("begun faxd praxis: account refused") == 1
    assert said.count("over faxd praxis: Over: account refused") == 1
    facts = json.loads(said.splitlines()[0])
    assert (facts["occasion"], facts["state"], facts["account"]) == ("stopped", "begun", "praxis")


def test_german(bureau: Bureau) -> None:
    bureau.configure(language="de", command=None)
    bureau.restart()
    bureau.health("wrong password; see to it")
    bureau.turn()
    assert bureau.subjects == ["faxd praxis: Konto abgelehnt"] * 2
    assert "FAX.de lehnt das Konto ab." in bureau.post.mails[0][2].get_content()


def test_a_mail_server_that_is_broken(bureau: Bureau) -> None:
    """It is tried again, the program has heard of it meanwhile, and nobody hears it twice."""
    bureau.post.answers["DATA"] = "451 4.3.0 later"
    bureau.health("wrong password; see to it")
    for _ in range(3):
        bureau.turn()
    assert bureau.post.mails == [] and "begun" in bureau.told.read_text()
    waiting = bureau.ledger.incidents.of(1)
    assert [each.tries for each in waiting] == [1, 1, 1]
    assert all("451" in (each.problem or "") for each in waiting[:2])
    bureau.post.answers.clear()
    bureau.later(61)
    bureau.health("wrong password; see to it")
    bureau.turn()
    assert len(bureau.post.mails) == 2
    assert bureau.states() == [NoticeState.DONE] * 3


def test_it_is_given_up_after_three_days(bureau: Bureau) -> None:
    bureau.configure(command=None)
    bureau.restart()
    bureau.post.answers["DATA"] = "451 4.3.0 later"
    bureau.health("wrong password; see to it")
    for _ in range(90):
        bureau.health("wrong password; see to it")
        bureau.turn()
        bureau.later(3601)
    assert bureau.states() == [NoticeState.FAILED] * 2


def test_what_is_over_before_anybody_was_told_needs_no_telling(bureau: Bureau) -> None:
    bureau.health("wrong password; see to it")
    bureau.teller.look()
    bureau.health(None)
    bureau.teller.look()
    bureau.later(121)
    bureau.health(None)
    bureau.teller.look()
    bureau.teller.tell()
    assert bureau.post.mails == [] and not bureau.told.exists()
    assert bureau.states() == [NoticeState.NEEDLESS] * 3


def test_an_address_that_is_taken_out_hears_no_more(bureau: Bureau) -> None:
    bureau.health("wrong password; see to it")
    bureau.teller.look()
    bureau.configure(to=ADDRESSES[:1], command=None)
    bureau.restart()
    bureau.teller.tell()
    assert bureau.post.to == ADDRESSES[:1]


def test_a_ledger_that_cannot_be_used_raises_nothing(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(bureau.ledger.incidents, "open", broken)
    monkeypatch.setattr(bureau.ledger.incidents, "next", broken)
    assert all(0 < run() <= 60 for run in bureau.teller.tasks().values())


def test_a_try_by_hand(bureau: Bureau) -> None:
    bureau.post.answers["RCPT chef@example.org"] = "550 5.1.1 nobody of that name"
    done = list(ways.test(bureau.config))
    assert [each.problem is None for each in done] == [True, False, True]
    assert "550" in (done[1].problem or "")
    assert bureau.subjects == [f"faxd {ways._host()}: test"]


def test_what_an_incident_says_is_harmless(bureau: Bureau) -> None:
    """A stranger may have chosen some of it."""
    bureau.health("no\r\nBcc: x@example.org\x1b[31m \u202e;\udcff")
    bureau.turn()
    for _, recipients, mail in bureau.post.mails:
        assert mail["Bcc"] is None and len(recipients) == 1
        assert "\x1b" not in mail.get_content() and "\u202e" not in mail.get_content()
