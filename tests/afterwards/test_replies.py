"""What a mail server's refusals mean: a table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.afterwards.replies import Step, Verdict, is_for_all, verdict

AGAIN, HOLD, SMALLER, NEVER = Verdict.AGAIN, Verdict.HOLD, Verdict.SMALLER, Verdict.NEVER


@pytest.mark.parametrize(
    ("step", "reply", "expected"),
    [
        # What passes by itself, whatever else is said.
        (Step.GREETING, "421 4.3.2 too busy", AGAIN),
        (Step.RECIPIENT, "450 4.2.0 greylisted, see you in five minutes", AGAIN),
        (Step.RECIPIENT, "452 4.2.2 mailbox full", AGAIN),
        (Step.MESSAGE, "451 5.1.1 contradicts itself", AGAIN),
        (Step.HELLO, "-1 no SMTP at all", AGAIN),
        # The server, or what the settings say of it.
        (Step.GREETING, "554 no SMTP service here", HOLD),
        (Step.HELLO, "550 I do not like your name", HOLD),
        (Step.ENCRYPTION, "502 it does not offer STARTTLS", HOLD),
        (Step.LOGIN, "535 5.7.8 bad name or password", HOLD),
        (Step.LOGIN, "534 5.7.9 stronger mechanism required", HOLD),
        (Step.SENDER, "530 5.7.0 authentication required", HOLD),
        (Step.SENDER, "550 5.1.8 sender unknown", HOLD),
        (Step.SENDER, "553 5.7.1 not owned by user fax", HOLD),
        (Step.SENDER, "555 syntax", HOLD),
        # Nobody is reached by the address.
        (Step.RECIPIENT, "550 5.1.1 user unknown", NEVER),
        (Step.RECIPIENT, "550 no such user", NEVER),
        (Step.RECIPIENT, "551 not local", NEVER),
        (Step.RECIPIENT, "553 mailbox name not allowed", NEVER),
        (Step.RECIPIENT, "554 5.1.2 domain not found", NEVER),
        (Step.RECIPIENT, "550 5.1.10 recipient not found", NEVER),
        (Step.RECIPIENT, "550 5.2.1 mailbox disabled", NEVER),
        (Step.RECIPIENT, "556 5.1.10 domain takes no mail", NEVER),
        # Somebody would be, but not now, or not from here.
        (Step.RECIPIENT, "550 5.7.1 relaying denied", HOLD),
        (Step.RECIPIENT, "550 relay not permitted", HOLD),
        (Step.RECIPIENT, "554 5.7.1 client host rejected", HOLD),
        (Step.RECIPIENT, "550 5.1.8 sender's domain not found", HOLD),
        (Step.RECIPIENT, "552 5.2.2 mailbox full", HOLD),
        (Step.RECIPIENT, "552 too many recipients", HOLD),
        (Step.RECIPIENT, "530 log in first", HOLD),
        (Step.RECIPIENT, "503 5.5.1 bad sequence", HOLD),
        # The mail is too large for it.
        (Step.SENDER, "552 5.3.4 message size exceeds fixed limit", SMALLER),
        (Step.SENDER, "552 message size exceeds fixed limit", SMALLER),
        (Step.RECIPIENT, "552 5.2.3 larger than the mailbox takes", SMALLER),
        (Step.MESSAGE, "552 message exceeds fixed maximum message size", SMALLER),
        (Step.MESSAGE, "554 5.3.4 too big", SMALLER),
        # The mail itself: a filter that somebody may put right.
        (Step.MESSAGE, "550 5.7.1 looks like spam", HOLD),
        (Step.MESSAGE, "554 transaction failed", HOLD),
        (Step.MESSAGE, "552 5.2.2 mailbox full", HOLD),
        (Step.MESSAGE, "554 5.6.0 content rejected", HOLD),
    ],
)
def test_what_a_reply_means(step: Step, reply: str, expected: Verdict) -> None:
    code, _, text = reply.partition(" ")
    assert verdict(step, int(code), text) is expected


@pytest.mark.parametrize(
    ("step", "code", "expected"),
    [
        (Step.GREETING, 554, True),
        (Step.LOGIN, 535, True),
        (Step.SENDER, 550, True),
        (Step.RECIPIENT, 421, True),
        (Step.RECIPIENT, 530, True),
        (Step.RECIPIENT, 550, False),
        (Step.RECIPIENT, 450, False),
        (Step.MESSAGE, 554, False),
    ],
)
def test_whether_it_is_for_all_mails(step: Step, code: int, expected: bool) -> None:
    assert is_for_all(step, code) is expected


@given(step=st.sampled_from(Step), code=st.integers(-1, 999), text=st.text(max_size=40))
def test_a_mail_is_given_up_for_its_address_alone(step: Step, code: int, text: str) -> None:
    if verdict(step, code, text) is NEVER:
        assert step is Step.RECIPIENT
        assert 500 <= code <= 599
