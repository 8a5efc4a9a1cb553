"""The mail server: spoken to up to the sender; no mail is sent."""

from __future__ import annotations

from faxd.afterwards.post import try_server
from faxd.afterwards.retry import Trouble
from faxd.checkup.finding import Finding, bad, good
from faxd.config import MailSettings


def mail(settings: MailSettings) -> Finding:
    """Connect, encrypt, log in, and name the sender."""
    subject, where = "mail server", f"{settings.host}:{settings.port_used}"
    try:
        try_server(settings)
    except Trouble as error:
        return bad(subject, f"{_said(where, str(error))}; {advice(settings, str(error))}")
    how = {"starttls": "encrypted (STARTTLS)", "tls": "encrypted (TLS)", "none": "not encrypted"}
    login = f", logs in as {settings.user}" if settings.user else ""
    return good(subject, f"{where}, {how[settings.tls]}{login}, takes mails from {settings.sender}")


def _said(where: str, problem: str) -> str:
    problem = problem.partition(";")[0]
    return problem if where in problem else f"{where}: {problem}"


def advice(settings: MailSettings, problem: str) -> str:
    """What to do about a problem of the mail server's."""
    lower = problem.lower()
    if "password" in lower and "[mail]" in problem:
        return "see to the file"
    if "does not offer starttls" in lower:
        return 'set tls = "tls" (with port = 465) if it is encrypted from the start'
    if "certificate" in lower:
        return (
            "set host to the name that its certificate bears, and ca_file if it is of an authority"
            " of your own"
        )
    if "wrong version number" in lower:
        return 'tls = "tls" is for ports that are encrypted from the start; try tls = "starttls"'
    if " at auth" in lower:
        return "see to user and password in [mail]"
    if " at mail from" in lower:
        wants_login = "; perhaps it wants user and password" if settings.user is None else ""
        return f"see to sender ({settings.sender}) in [mail]{wants_login}"
    if "ca_file" in lower:
        return "see to the file"
    return "see to host and port in [mail], to the server, and to firewalls in between"
