"""The mail server: spoken to up to the sender; no mail is sent."""

from __future__ import annotations

from faxd.afterwards import notice
from faxd.afterwards.conversation import Conversation, Refused, Unreachable
from faxd.afterwards.post import server_of
from faxd.afterwards.replies import Step
from faxd.afterwards.retry import Trouble
from faxd.checkup.finding import Finding, bad, good
from faxd.config import MailSettings

_LONGEST = 200


def mail(settings: MailSettings) -> Finding:
    """Connect, encrypt, log in, and name the sender."""
    subject, where = "mail server", f"{settings.host}:{settings.port_used}"
    try:
        Conversation(server_of(settings), None, sender=settings.sender).hold()
    except Trouble as error:
        return bad(subject, f"{error}; see to that file, or to what names it")
    except Unreachable as error:
        said = notice.line(str(error), _LONGEST)
        return bad(subject, f"{where}: {said}; {if_unreachable(said)}")
    except Refused as error:
        said = f"{error.code} {notice.line(error.text, _LONGEST)}"
        what_to_do = if_refused(error.step, settings)
        return bad(subject, f"{where} refuses at {error.step.value}: {said}; {what_to_do}")
    how = {"starttls": "encrypted (STARTTLS)", "tls": "encrypted (TLS)", "none": "not encrypted"}
    login = f", logs in as {settings.user}" if settings.user else ""
    return good(subject, f"{where}, {how[settings.tls]}{login}, takes mails from {settings.sender}")


def if_unreachable(said: str) -> str:
    """What to do where nothing is answered, or nothing that can be understood."""
    lower = said.lower()
    if "certificate" in lower:
        return (
            "set host in [mail] to the name that its certificate bears, and ca_file if that is of"
            " an authority of your own"
        )
    if "wrong version number" in lower or "record layer failure" in lower:
        return 'this port is not encrypted from the start: try tls = "starttls"'
    return "see to host, port and tls in [mail], to the server, and to firewalls in between"


def if_refused(step: Step, settings: MailSettings) -> str:
    """What to do where the server says no."""
    match step:
        case Step.ENCRYPTION:
            return 'is the port right? One that is encrypted from the start (465) wants tls = "tls"'
        case Step.LOGIN:
            return "see to user and password in [mail]"
        case Step.SENDER:
            login = "" if settings.user else "; perhaps the server wants user and password"
            return f"see to sender ({settings.sender}) in [mail]{login}"
    return "see to the server: may this machine send mails by it?"
