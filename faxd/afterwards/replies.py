"""What a mail server's refusal means for a mail. Pure.

RFC 5321, 4.2.1, has a 5yz reply mean that the same is not to be tried again. That is meant for a
server somewhere on the way; here it is the office's own, which often says 5yz of what somebody
will put right: a password, a sender that it does not know, a limit, a policy. (Postfix as a client
does likewise: what is refused to its password is put off, not given back.) So a mail is given up
only where the address itself is refused, and everything else is held: tried again, and told to the
administrator. An enhanced status code (RFC 3463) says more than the reply, and goes first.
"""

from __future__ import annotations

import re
from enum import Enum

_ENHANCED = re.compile(r"[245]\.(\d{1,3})\.(\d{1,3})(?!\d)")


class Step(Enum):
    """What a reply was given to."""

    GREETING = "greeting"  # to the connection
    HELLO = "EHLO"
    ENCRYPTION = "STARTTLS"
    LOGIN = "AUTH"
    SENDER = "MAIL FROM"
    RECIPIENT = "RCPT TO"
    MESSAGE = "DATA"


class Verdict(Enum):
    """What is to be done about a refusal."""

    AGAIN = "again"  # it passes by itself
    HOLD = "hold"  # somebody has to see to the server or to a setting; it is tried meanwhile
    SMALLER = "smaller"  # it takes the mail without what is attached
    NEVER = "never"  # nobody is reached by this address


def verdict(step: Step, code: int, text: str) -> Verdict:
    """What a refusal means; ``text`` is the reply's without its code."""
    if not 500 <= code <= 599:
        return Verdict.AGAIN
    found = _ENHANCED.match(text.strip())
    status = (int(found[1]), int(found[2])) if found is not None else None
    if step in {Step.SENDER, Step.RECIPIENT, Step.MESSAGE} and _is_too_large(step, code, status):
        return Verdict.SMALLER
    if step is Step.RECIPIENT and _is_nobody(code, status, text):
        return Verdict.NEVER
    return Verdict.HOLD


def is_for_all(step: Step, code: int) -> bool:
    """Whether a refusal would be the same for any other mail.

    The sender is the same in all of them; 421 hangs up, and 530, 534, 535 and 538 are about the
    password, whatever they are said to.
    """
    known = {Step.RECIPIENT, Step.MESSAGE}
    return step not in known or code in {421, 530, 534, 535, 538}


def _is_too_large(step: Step, code: int, status: tuple[int, int] | None) -> bool:
    if status is not None:
        # Longer than the mailbox or the system takes.
        return status in {(2, 3), (3, 4)}
    # RFC 1870, 6.1; to RCPT it says that a mailbox is full, or that there are too many.
    return code == 552 and step is not Step.RECIPIENT


def _is_nobody(code: int, status: tuple[int, int] | None, text: str) -> bool:
    if status is not None:
        subject, detail = status
        # X.1.7 and X.1.8 are about the sender's address; X.2.1 is a mailbox that takes nothing.
        return (subject == 1 and detail not in {7, 8}) or (subject, detail) == (2, 1)
    # Without an enhanced code 550 says both that there is nobody, and that relaying is not allowed.
    return code in {550, 551, 553, 556} and "relay" not in text.lower()
