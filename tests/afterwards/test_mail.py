"""Mails about faxes, by a real SMTP server on this machine."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from faxd.afterwards import Afterwards, notice
from faxd.afterwards.notice import Attached
from faxd.naming import Facts

from .bureau import MOMENT, Bureau
from .post import Post, post_office

TO = "anmeldung@praxis.example"


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office(Post()) as post:
        yield post


@pytest.fixture
def bureau(bureau: Bureau, post: Post) -> Bureau:
    bureau.mail = server_at(post)
    bureau.rules = [{"mail_to": TO}]
    return bureau


def server_at(post: Post, **fields: Any) -> dict[str, Any]:
    usual = {"host": "127.0.0.1", "port": post.port, "tls": "none", "sender": "fax@praxis.example"}
    return usual | fields


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body()
    assert body is not None
    return str(body.get_content())


def test_a_mail_with_the_fax(bureau: Bureau, post: Post) -> None:
    fax = bureau.add("Labor/Befund Müller.tif")
    bureau.run()
    assert bureau.states(fax) == {"mail": "done"}
    ((sender, recipients, mail),) = post.mails
    assert (sender, recipients) == ("fax@praxis.example", [TO])
    assert (mail["From"], mail["To"]) == ("fax@praxis.example", TO)
    assert mail["Subject"] == "Fax von Praxis Dr. Meier (+493023125042), 2 Seiten"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = text_of(mail)
    assert "Empfangen:  01.03.2026, 13:30 Uhr" in text
    assert "Ablage:     Labor/Befund Müller.tif" in text
    assert "Das Fax ist angehängt." in text
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == "Befund Müller.pdf"
    assert attached.get_content_type() == "application/pdf"
    with pypdfium2.PdfDocument(attached.get_content()) as made:
        assert len(made) == 2
    assert bureau.files() == ["Labor/Befund Müller.tif"]
    assert bureau.left_behind() == []
    assert all(len(line) <= 998 and line.isascii() for line in post.raw[0].splitlines())


@pytest.mark.parametrize(
    ("attach", "changes", "kind", "says"),
    [
        ("tiff", {}, "image/tiff", "The fax is attached."),
        ("none", {}, None, "You find the fax where it is filed."),
        ("pdf", {"max_attachment": 100}, None, "too large for a mail"),
    ],
)
def test_what_is_attached(
    bureau: Bureau, post: Post, attach: str, changes: dict[str, Any], kind: str | None, says: str
) -> None:
    bureau.rules = [{"mail_to": TO, "mail_attach": attach}]
    bureau.mail = server_at(post, **changes)
    bureau.changes["send"] = {"language": "en"}
    bureau.add()
    bureau.run()
    ((_, _, mail),) = post.mails
    assert [part.get_content_type() for part in mail.iter_attachments()] == ([kind] if kind else [])
    assert says in text_of(mail)
    assert mail["Subject"] == "Fax from Praxis Dr. Meier (+493023125042), 2 pages"


def test_where_no_pdf_can_be_made_the_tiff_is_attached(bureau: Bureau, post: Post) -> None:
    image = b"II*\0 no fax at all"
    bureau.add(image=image)
    bureau.run()
    ((_, _, mail),) = post.mails
    (attached,) = mail.iter_attachments()
    assert attached.get_content() == image
    assert "und zwar als TIFF" in text_of(mail)


def test_of_a_damaged_fax_there_is_a_notice(bureau: Bureau, post: Post) -> None:
    fax = bureau.add("damaged/x.tif", image=b"nothing", damage="not a TIFF file", pages=None)
    bureau.run()
    assert bureau.states(fax) == {"mail": "done"}
    ((_, _, mail),) = post.mails
    assert mail["Subject"] == "Beschädigtes Fax von Praxis Dr. Meier (+493023125042)"
    assert list(mail.iter_attachments()) == []
    assert "noch einmal" in text_of(mail)


HOSTILE = "evil\r\nBcc: all@example.org\r\n\r\n<b>\x1b[31m\u202e" + "x" * 500


def test_a_strangers_text_is_text(bureau: Bureau, post: Post) -> None:
    bureau.add(originator=HOSTILE, station_id=HOSTILE)
    bureau.run()
    ((_, recipients, mail),) = post.mails
    assert recipients == [TO]
    assert mail["Bcc"] is None
    assert sorted(set(mail.keys())) == [
        "Auto-Submitted",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
    ]
    assert len(mail["Subject"]) < 120
    assert "\x1b" not in text_of(mail)


@given(text=st.text(st.characters(codec=None, exclude_categories=())))
def test_a_subject_is_one_line_whatever_it_is_made_of(text: str) -> None:
    facts = Facts(
        received=MOMENT, originator=text, station_id=text, fax_id=1, account="praxis", pages=1
    )
    words = notice.sender(facts)
    for line in (words.de, words.en):
        assert line
        assert line.isprintable()
        assert len(line) <= 90
    EmailMessage()["Subject"] = words.de


@pytest.mark.parametrize(
    ("name", "number", "station_id", "expected"),
    [
        ("Praxis Dr. Meier", "+4940", "X", "Praxis Dr. Meier (+4940)"),
        ("", "+4940", "X", "+4940"),
        ("", "", "X", "X"),
        ("", "", "", "unbekannt"),
    ],
)
def test_whom_it_is_from(name: str, number: str, station_id: str, expected: str) -> None:
    facts = Facts(
        received=MOMENT,
        originator=number,
        station_id=station_id,
        fax_id=1,
        account="praxis",
        pages=1,
        originator_name=name,
    )
    assert notice.sender(facts).de == expected


def test_every_text_is_there_in_both_languages(bureau: Bureau) -> None:
    fax = bureau.add(warning="pages")
    facts = bureau.afterwards._planner.facts(fax)
    for attached in Attached:
        words = notice.body(fax, facts, attached)
        assert words.de != words.en
        assert len(words.de.splitlines()) == len(words.en.splitlines())


# what goes wrong


def test_a_server_that_is_away_is_tried_again(bureau: Bureau, post: Post) -> None:
    assert bureau.mail is not None
    away = dict(bureau.mail)
    bureau.mail = server_at(post, port=1)
    faxes = [bureau.add("A.tif"), bureau.add("B.tif")]
    assert bureau.run() == 60
    # One try tells that there is no server: the other mail waits without one.
    assert [bureau.actions(fax)[0].tries for fax in faxes] == [1, 0]
    assert bureau.problem(faxes[0]) == "mail server 127.0.0.1:1: Connection refused"
    assert bureau.logged("warning") == ["action failed, is tried again"]
    assert (bureau.inbox / "A.tif").exists()
    for name in ("A.tif", "B.tif"):  # the office has put them into its own folders
        (bureau.inbox / name).unlink()
    bureau.mail = away
    bureau.let_time_pass(minutes=2)
    bureau.run()
    assert [bureau.states(fax) for fax in faxes] == [{"mail": "done"}] * 2
    assert len(post.mails) == 2


def test_after_three_days_it_is_given_up_and_told_once(bureau: Bureau, post: Post) -> None:
    bureau.mail = server_at(post, port=1)
    fax = bureau.add()
    for _ in range(80):
        bureau.run()
        bureau.let_time_pass(hours=1.01)
    (action,) = bureau.actions(fax)
    assert (action.state.value, action.tries) == ("failed", 73)
    assert bureau.logged("warning", "error") == [
        "action failed, is tried again",
        "action given up",
    ]
    assert bureau.files() == ["Befund.tif"]
    assert bureau.left_behind() == []


def test_a_lost_answer_repeats_the_same_mail(bureau: Bureau, post: Post) -> None:
    post.mute = True
    fax = bureau.add()
    bureau.run()
    assert bureau.states(fax) == {"mail": "waiting"}
    post.mute = False
    bureau.let_time_pass(minutes=2)
    bureau.run()
    assert bureau.states(fax) == {"mail": "done"}
    first, second = post.mails
    assert first[2]["Message-ID"] == second[2]["Message-ID"]
    assert first[2]["Message-ID"].endswith("@praxis.example>")


@pytest.mark.parametrize(
    ("about", "answer", "state"),
    [
        (f"RCPT {TO}", "450 later", "waiting"),
        (f"RCPT {TO}", "550 no such user", "failed"),
        (f"RCPT {TO}", "550 5.7.1 relaying denied", "waiting"),
        ("DATA", "452 full", "waiting"),
        ("DATA", "552 too large", "waiting"),
        ("DATA", "554 5.7.1 looks like spam", "waiting"),
        ("MAIL", "550 not from you", "waiting"),
        ("GREETING", "421 not now", "waiting"),
        ("GREETING", "", "waiting"),
        ("MAIL", "", "waiting"),
    ],
)
def test_answers(bureau: Bureau, post: Post, about: str, answer: str, state: str) -> None:
    post.answers[about] = answer
    fax = bureau.add()
    bureau.run()
    assert bureau.states(fax) == {"mail": state}
    if answer:
        assert answer in bureau.problem(fax)


def test_each_address_gets_its_own_mail(bureau: Bureau, post: Post) -> None:
    post.answers["RCPT b@example.org"] = "450 later"
    bureau.rules = [{"mail_to": ["a@example.org", "b@example.org", "c@example.org"]}]
    fax = bureau.add()
    bureau.run()
    assert post.to == ["a@example.org", "c@example.org"]
    assert [action.state.value for action in bureau.actions(fax)] == ["done", "waiting", "done"]
    post.answers.clear()
    bureau.let_time_pass(minutes=2)
    bureau.run()
    assert post.to == ["a@example.org", "c@example.org", "b@example.org"]
    assert len({mail["Message-ID"] for _, _, mail in post.mails}) == 3


# whom it speaks to


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_encrypted_with_a_password(
    bureau: Bureau, authority: trustme.CA, tmp_path: Path, way: str
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("geheim\n")
    login = ("fax", "geheim")
    with post_office(Post(tls=tls(authority), from_start=way == "tls", login=login)) as post:
        bureau.mail = server_at(
            post, tls=way, user="fax", password_file=password, ca_file=tmp_path / "ca.pem"
        )
        fax = bureau.add()
        bureau.run()
        assert bureau.states(fax) == {"mail": "done"}
        # A wrong password, and one that is not there.
        for content, problem in (("falsch", "535 bad name"), ("", "must hold the password")):
            password.write_text(content)
            fax = bureau.add(f"{problem}.tif")
            bureau.run()
            assert problem in bureau.problem(fax)
            assert bureau.states(fax) == {"mail": "waiting"}
            bureau.let_time_pass(minutes=-1)


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_another_s_certificate_is_refused(
    bureau: Bureau, authority: trustme.CA, tmp_path: Path, way: str
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = tls(authority, "mail.example.org")
    with post_office(Post(tls=context, from_start=way == "tls")) as post:
        bureau.mail = server_at(post, tls=way, ca_file=tmp_path / "ca.pem")
        fax = bureau.add()
        bureau.run()
        assert "certificate verify failed" in bureau.problem(fax).lower()
        assert post.mails == []


def test_starttls_that_is_not_offered_is_not_gone_without(bureau: Bureau, post: Post) -> None:
    bureau.mail = server_at(post, tls="starttls")
    fax = bureau.add()
    bureau.run()
    assert "STARTTLS" in bureau.problem(fax)
    assert post.mails == []


@contextmanager
def at_work(bureau: Bureau) -> Iterator[Afterwards]:
    """What runs in a thread, as in the daemon, and ends before this does."""
    afterwards = bureau.afterwards
    thread = threading.Thread(target=afterwards.run)
    thread.start()
    try:
        yield afterwards
    finally:
        thread.join(20)
        assert not thread.is_alive()


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("step", ["GREETING", "MAIL", "RCPT", "TLS", "STARTTLS"])
def test_closing_ends_a_mail_that_hangs(
    bureau: Bureau, post: Post, authority: trustme.CA, tmp_path: Path, step: str
) -> None:
    """Wherever the server says nothing more: the try does not count, and nothing is left."""
    post.silent = step
    if "TLS" in step:
        post.tls, post.from_start = tls(authority), step == "TLS"
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        bureau.mail = server_at(post, tls=step.lower(), ca_file=tmp_path / "ca.pem")
    fax = bureau.add()
    with at_work(bureau) as afterwards:
        wait_for(post.is_silent.is_set)
        began = time.monotonic()
        afterwards.close()
    assert time.monotonic() - began < 2
    (action,) = bureau.actions(fax)
    assert (action.state.value, action.tries, action.problem) == ("waiting", 0, None)
    assert not bureau.ledger.actions.is_busy(fax.account)
    post.speak.set()
    wait_for(lambda: not [each for each in threading.enumerate() if each.name == "mail"])
    assert post.mails == []


def test_closing_ends_a_connection_that_does_not_come_about(bureau: Bureau) -> None:
    with closing(socket.socket()) as deaf, ExitStack() as others:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        # Who comes when the queue is full gets no answer at all.
        for _ in range(8):
            other = others.enter_context(closing(socket.socket()))
            other.setblocking(False)
            with suppress(BlockingIOError):
                other.connect(deaf.getsockname())
        bureau.mail = server_at(Post(port=deaf.getsockname()[1]))
        fax = bureau.add()
        with at_work(bureau) as afterwards:
            wait_for(lambda: bureau.ledger.actions.is_busy(fax.account))
            time.sleep(0.2)
            began = time.monotonic()
            afterwards.close()
        assert time.monotonic() - began < 2
    assert bureau.actions(fax)[0].tries == 0


@pytest.mark.parametrize("answers", [True, False])
def test_closing_waits_a_little_for_the_answer_to_a_whole_mail(
    bureau: Bureau, post: Post, answers: bool
) -> None:
    """What was taken is not sent again, if that can be known."""
    post.silent = "DATA"
    fax = bureau.add()
    with at_work(bureau) as afterwards:
        wait_for(lambda: len(post.mails) == 1)
        began = time.monotonic()
        afterwards.close()
        if answers:
            post.speak.set()
    assert time.monotonic() - began < (2 if answers else 5)
    (action,) = bureau.actions(fax)
    assert action.state.value == ("done" if answers else "waiting")


def test_a_mail_ends_in_peace_when_settings_change(bureau: Bureau, post: Post) -> None:
    post.silent = "MAIL"
    fax, other = bureau.add("A.tif"), bureau.add("B.tif")
    with at_work(bureau) as afterwards:
        wait_for(post.is_silent.is_set)
        afterwards.retire()
        post.silent = ""
        bureau.run()  # the new one does not touch what the old one has begun
        assert [bureau.states(each)["mail"] for each in (fax, other)] == ["waiting", "done"]
        post.speak.set()
    assert bureau.states(fax) == {"mail": "done"}
    assert [action.tries for each in (fax, other) for action in bureau.actions(each)] == [1, 1]
    assert len(post.mails) == 2


# what is too large


@pytest.mark.parametrize("tells", [True, False])
def test_a_server_that_takes_less_gets_the_notice(bureau: Bureau, post: Post, tells: bool) -> None:
    post.size, post.tells_size = 4000, tells
    fax = bureau.add(image=b"II*\0" + bytes(9000))
    bureau.run()
    assert bureau.states(fax) == {"mail": "done"}
    ((_, _, mail),) = post.mails
    assert list(mail.iter_attachments()) == []
    assert "zu groß für eine E-Mail" in text_of(mail)


def test_memory_is_the_same_for_a_large_fax(bureau: Bureau, post: Post) -> None:
    post.forgets = True
    bureau.rules = [{"mail_to": TO, "mail_attach": "tiff"}]
    image = b"II*\0" + os.urandom(1 << 20) * 14
    fax = bureau.add(image=image)
    del image
    tracemalloc.start()
    try:
        bureau.run()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert bureau.states(fax) == {"mail": "done"}
    assert post.taken == 1
    assert most < 4 << 20


# what is held


def test_what_somebody_has_to_see_to_is_told(bureau: Bureau, post: Post) -> None:
    post.answers[f"RCPT {TO}"] = "554 5.7.1 relay access denied"
    fax = bureau.add()
    bureau.run()
    assert bureau.states(fax) == {"mail": "waiting"}
    assert bureau.problem(fax) == (
        "the mail server refuses it at RCPT TO: 554 5.7.1 relay access denied; see to the server"
        " or to [mail], until then it is tried again"
    )
    assert bureau.logged("error") == ["action held, is tried again"]
    post.answers.clear()
    bureau.let_time_pass(minutes=2)
    bureau.run()
    assert bureau.states(fax) == {"mail": "done"}


def test_a_server_that_holds_all_is_not_asked_for_each(bureau: Bureau, post: Post) -> None:
    """More tries with a bad password might have it lock the account."""
    post.answers["MAIL"] = "530 5.7.0 log in first"
    faxes = [bureau.add("A.tif"), bureau.add("B.tif")]
    afterwards = bureau.afterwards
    afterwards.run()
    more = afterwards.tasks()[f"{faxes[0].account}/after/mails"]
    assert 290 < more() <= 300
    assert post.connections == 1
    assert [bureau.actions(fax)[0].tries for fax in faxes] == [1, 0]


@pytest.mark.parametrize(
    "station_id",
    [
        "=?utf-8?q?=0d=0aReply-To:_x@example.org=0d=0a=0d=0aText?=",
        "=?utf-8?b?DQpYOiB5DQo=?= MUSTER",
        "=?utf-8?q?=00?=",
    ],
)
def test_an_encoded_word_in_a_strangers_text_is_none(station_id: str) -> None:
    """RFC 2047: a header would decode it, and with it line ends that begin another header."""
    from email.message import EmailMessage

    from faxd.afterwards.notice import line

    message = EmailMessage()
    message["Subject"] = f"Fax von {line(station_id)}"
    assert "\r" not in str(message["Subject"]) and "\0" not in str(message["Subject"])
    head = message.as_bytes().partition(b"\n\n")[0]
    assert [row.split(b":")[0] for row in head.splitlines() if not row.startswith(b" ")] == [
        b"Subject"
    ]
