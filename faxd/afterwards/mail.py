"""A mail about a fax, to one address, through the office's mail server.

One mail for each address: a retry after one was refused goes to nobody twice. Its Message-ID is
always the same, so that when an answer was lost and the mail goes again, programs know it again.
"""

from __future__ import annotations

import ssl
import threading
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from faxd import naming
from faxd.afterwards import notice, replies
from faxd.afterwards.child import Closed
from faxd.afterwards.conversation import Conversation, Left, Refused, Server, Unreachable
from faxd.afterwards.copy import Copies
from faxd.afterwards.letter import Attachment, Letter
from faxd.afterwards.notice import Attached
from faxd.afterwards.replies import Verdict
from faxd.afterwards.retry import Held, Hopeless, Trouble
from faxd.config import AccountSettings, MailSettings, PasswordError
from faxd.ledger import Action, Received
from faxd.naming import Facts

_TYPES = {".pdf": "application/pdf", ".tif": "image/tiff"}
#: seconds until the server is spoken to again: by itself, or as somebody has to see to it, when
#: more tries might have it lock the account
_SOON, _LATER = 60.0, 300.0


class ServerTrouble(Trouble):
    """No other mail can go now either; ``rest`` are seconds until one should be tried."""

    rest = _SOON


class ServerHeld(ServerTrouble, Held):
    """No mail can go until somebody has seen to the server or to its settings."""

    rest = _LATER


class Mailer:
    """Sends the mails of one account."""

    def __init__(
        self, settings: AccountSettings, mail: MailSettings | None, copies: Copies, identity: str
    ) -> None:
        """``identity`` is the ledger's, which its numbers of actions are unique with."""
        self._settings = settings
        self._mail = mail
        self._copies = copies
        self._identity = identity
        self._lock = threading.Lock()
        self._conversation: Conversation | None = None
        self._closed = False

    def send(self, action: Action, fax: Received, facts: Facts) -> None:
        """Tell one address of a fax.

        Raises:
            ServerTrouble, Trouble: it cannot be sent now.
            Hopeless: the server will not take it, whenever it is tried.
            Closed: faxd ends.
        """
        if self._mail is None:
            raise Held("there is no section [mail] in the configuration any more")
        to = str(action.settings["to"])
        attached, file = self._attachment(self._mail, fax, str(action.settings["attach"]))
        letter = self._letter(self._mail, action, fax, facts, attached, file)
        try:
            try:
                self._hand_over(self._mail, letter, to)
            except Refused as error:
                if file is None or not _is_too_large(error):
                    raise
                # The server takes less than max_attachment. That a fax came is told all the same.
                letter = self._letter(self._mail, action, fax, facts, Attached.TOO_LARGE, None)
                self._hand_over(self._mail, letter, to)
        except Refused as error:
            raise _meaning(error) from None

    def close(self) -> None:
        """End what is under way, and refuse more."""
        with self._lock:
            self._closed = True
            conversation = self._conversation
        if conversation is not None:
            conversation.leave()

    def _letter(
        self,
        settings: MailSettings,
        action: Action,
        fax: Received,
        facts: Facts,
        attached: Attached,
        file: Attachment | None,
    ) -> Letter:
        language = self._settings.send.language
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(addr_spec=settings.sender)
        mail["To"] = Address(addr_spec=str(action.settings["to"]))
        mail["Subject"] = notice.subject(fax, facts).in_(language)
        mail["Date"] = format_datetime(action.created_at)
        domain = settings.sender.partition("@")[2]
        mail["Message-ID"] = f"<faxd.{self._identity}.{action.id}@{domain}>"
        # RFC 3834: no out-of-office notes to this.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(notice.body(fax, facts, attached).in_(language), cte="quoted-printable")
        return Letter(mail, file, boundary=f"faxd.{self._identity}.{action.id}")

    def _attachment(
        self, settings: MailSettings, fax: Received, attach: str
    ) -> tuple[Attached, Attachment | None]:
        """What is attached, and where it is."""
        if attach == "none" or fax.damage is not None:
            return Attached.NO, None
        attached = Attached.YES
        file = self._copies.tiff(fax)
        if attach == "pdf":
            try:
                file = self._copies.pdf(fax)
            except Hopeless:
                attached = Attached.TIFF
        if file.stat().st_size > settings.max_attachment:
            return Attached.TOO_LARGE, None
        stem, _ = naming.split_suffix(fax.path.rpartition("/")[2])
        return attached, Attachment(path=file, type=_TYPES[file.suffix], name=stem + file.suffix)

    def _hand_over(self, settings: MailSettings, letter: Letter, to: str) -> None:
        """One mail, taken by the server.

        Raises:
            Refused: the server has said no.
            ServerTrouble: it cannot be spoken to.
            Closed: faxd ends.
        """
        conversation = Conversation(_server(settings), letter, sender=settings.sender, to=to)
        with self._lock:
            if self._closed:
                raise Closed
            self._conversation = conversation
        try:
            conversation.hold()
        except Left:
            raise Closed from None
        except Unreachable as error:
            if self._closed:
                raise Closed from None
            raise ServerTrouble(_where(settings, error)) from None
        finally:
            with self._lock:
                self._conversation = None


def try_server(settings: MailSettings) -> None:
    """Speak to the server up to the sender; no mail is sent.

    Raises:
        Trouble: that failed, and why.
    """
    try:
        Conversation(_server(settings), None, sender=settings.sender).hold()
    except Unreachable as error:
        raise ServerTrouble(_where(settings, error)) from None
    except Refused as error:
        raise ServerTrouble(str(_meaning(error))) from None


def _where(settings: MailSettings, error: Unreachable) -> str:
    where = f"mail server {settings.host}:{settings.port_used}"
    return f"{where}: {notice.line(str(error), 200)}"


def _server(settings: MailSettings) -> Server:
    """How the server is spoken to, with what is in files now.

    Raises:
        ServerHeld: password or certificates cannot be read.
    """
    context = login = None
    try:
        if settings.user is not None:
            login = (settings.user, settings.password())
        if settings.tls != "none":
            context = ssl.create_default_context()
            if settings.ca_file is not None:
                context.load_verify_locations(settings.ca_file)
    except PasswordError as error:
        raise ServerHeld(f"[mail] {error}") from None
    except OSError as error:  # also what ssl has against a file
        raise ServerHeld(f"[mail] ca_file: {error.strerror or error}") from None
    return Server(
        host=settings.host,
        port=settings.port_used,
        context=context,
        from_start=settings.tls == "tls",
        login=login,
    )


def _is_too_large(refused: Refused) -> bool:
    return replies.verdict(refused.step, refused.code, refused.text) is Verdict.SMALLER


def _meaning(refused: Refused) -> Trouble | Hopeless:
    """What a refusal means for the action, in words for administrators."""
    step, code = refused.step, refused.code
    said = f"the mail server refuses it at {step.value}: {code} {notice.line(refused.text, 200)}"
    is_for_all = replies.is_for_all(step, code)
    match replies.verdict(step, code, refused.text):
        case Verdict.NEVER:
            return Hopeless(said)
        case Verdict.AGAIN:
            return ServerTrouble(said) if is_for_all else Trouble(said)
    said += "; see to the server or to [mail], until then it is tried again"
    return ServerHeld(said) if is_for_all else Held(said)
