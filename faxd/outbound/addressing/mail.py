"""E-mail addresses. Pure."""

from __future__ import annotations

import re

from faxd.outbound.addressing.plain import shown
from faxd.outbound.addressing.plan import Refused
from faxd.words import Words

#: RFC 5321, section 4.5.3.1
_MAX_LOCAL, _MAX_ADDRESS = 64, 254
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_TOP_LABEL = re.compile(r"[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{1,59}", re.IGNORECASE)


def mail_address(text: str) -> str:
    """The address as it is sent; the domain in small letters.

    Raises:
        Refused: it is no address that FAX.de could take.
    """
    local, _, domain = text[: _MAX_ADDRESS + 1].partition("@")
    labels = domain.split(".")
    if not (
        len(text) <= _MAX_ADDRESS
        and len(local) <= _MAX_LOCAL
        and _ATOM.fullmatch(local)
        and len(labels) >= 2
        and all(_LABEL.fullmatch(label) for label in labels)
        and _TOP_LABEL.fullmatch(labels[-1])
    ):
        raise Refused(
            Words(
                f"„{shown(text)}“ ist keine E-Mail-Adresse, wie sie versendet werden kann."
                " Erlaubt ist die Form name@example.org, ohne Umlaute und Leerzeichen. Was im"
                " Dateinamen dahinter steht, trennt ein Leerzeichen.",
                f'"{shown(text)}" is not an e-mail address that can be sent to. It must look like'
                " name@example.org, without umlauts and blanks. In a file's name, a blank sets"
                " off what stands behind it.",
            )
        )
    return f"{local}@{domain.lower()}"


def is_mail_address(text: str) -> bool:
    """Whether `mail_address` takes it."""
    try:
        mail_address(text)
    except Refused:
        return False
    return True
