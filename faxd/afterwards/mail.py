"""A mail about a fax, to one address, through the office's mail server.

One mail for each address: a retry after one was refused goes to nobody twice. Its Message-ID is
always the same, so that when an answer was lost and the mail goes again, programs know it again.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from faxd import naming
from faxd.afterwards import notice
from faxd.afterwards.child import Closed
from faxd.afterwards.copy import Copies
from faxd.afterwards.notice import Attached
from faxd.afterwards.retry import Hopeless, Trouble
from faxd.config import AccountSettings, MailSettings, PasswordError
from faxd.ledger import Action, Received
from faxd.naming import Facts

#: seconds: for each answer of the server, and for the whole of a mail
_ANSWER, _WHOLE = 30.0, 600.0
_TYPES = {"pdf": ("application", "pdf"), "tiff": ("image", "tiff")}


class ServerTrouble(Trouble):
    """The mail server cannot be spoken to at all: no other mail can go now either."""


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
        self._connection: smtplib.SMTP | None = None
        self._closed = False

    def send(self, action: Action, fax: Received, facts: Facts) -> None:
        """Tell one address of a fax.

        Raises:
            ServerTrouble, Trouble: it cannot be sent now.
            Hopeless: the server will not take it, whenever it is tried.
            Closed: faxd ends.
        """
        if self._mail is None:
            raise Trouble("there is no section [mail] in the configuration any more")
        to = str(action.settings["to"])
        mail = self._message(self._mail, action, fax, facts, to)
        with self._connected(self._mail) as server:
            try:
                server.send_message(mail, self._mail.sender, [to])
            except smtplib.SMTPRecipientsRefused as error:
                code, text = error.recipients[to]
                raise _refusal(code, text) from None
            except smtplib.SMTPSenderRefused as error:
                # That is not the mail's fault, and the administrator may put it right.
                raise Trouble(
                    f"the mail server refuses {self._mail.sender}: {_said(error)}"
                ) from None
            except smtplib.SMTPNotSupportedError as error:
                raise Hopeless(f"{error}") from None
            except smtplib.SMTPResponseException as error:
                raise _refusal(error.smtp_code, error.smtp_error) from None

    def close(self) -> None:
        """End what is under way, and refuse more."""
        with self._lock:
            self._closed = True
            self._hang_up()

    def _message(
        self, settings: MailSettings, action: Action, fax: Received, facts: Facts, to: str
    ) -> EmailMessage:
        language = self._settings.send.language
        attached, file = self._attachment(settings, fax, str(action.settings["attach"]))
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(addr_spec=settings.sender)
        mail["To"] = Address(addr_spec=to)
        mail["Subject"] = notice.subject(fax, facts).in_(language)
        mail["Date"] = format_datetime(action.created_at)
        domain = settings.sender.partition("@")[2]
        mail["Message-ID"] = f"<faxd.{self._identity}.{action.id}@{domain}>"
        # RFC 3834: no out-of-office notes to this.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(notice.body(fax, facts, attached).in_(language), cte="quoted-printable")
        if file is not None:
            kind, subtype = _TYPES["pdf" if file.suffix == ".pdf" else "tiff"]
            stem, _ = naming.split_suffix(fax.path.rpartition("/")[2])
            mail.add_attachment(
                file.read_bytes(), maintype=kind, subtype=subtype, filename=stem + file.suffix
            )
        return mail

    def _attachment(
        self, settings: MailSettings, fax: Received, attach: str
    ) -> tuple[Attached, Path | None]:
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
        return attached, file

    @contextmanager
    def _connected(self, settings: MailSettings) -> Iterator[smtplib.SMTP]:
        """The server, greeted and logged into.

        An error of the network, also within the block, is one of the server's.
        """
        where = f"mail server {settings.host}:{settings.port_used}"
        clock = threading.Timer(_WHOLE, self._hang_up)
        clock.daemon = True
        clock.start()
        try:
            server = self._open(settings)
            try:
                self._log_in(server, settings)
                yield server
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()  # the mail was taken, whatever is answered to this
            finally:
                server.close()
        except PasswordError as error:
            raise ServerTrouble(f"[mail] {error}") from None
        except (smtplib.SMTPException, OSError) as error:
            if self._closed:
                raise Closed from None
            raise ServerTrouble(f"{where}: {_said(error)}") from None
        finally:
            clock.cancel()
            with self._lock:
                self._connection = None

    def _open(self, settings: MailSettings) -> smtplib.SMTP:
        if settings.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(timeout=_ANSWER, context=_context(settings))
        else:
            server = smtplib.SMTP(timeout=_ANSWER)
        # Whose name the certificate must bear; smtplib knows it only if it connects by itself,
        # and then nobody can end that.
        server._host = settings.host  # type: ignore[attr-defined]
        with self._lock:
            if self._closed:
                raise Closed
            self._connection = server
        try:
            code, text = server.connect(settings.host, settings.port_used)
            if code != 220:
                raise smtplib.SMTPConnectError(code, text)
        except BaseException:
            server.close()
            raise
        return server

    def _log_in(self, server: smtplib.SMTP, settings: MailSettings) -> None:
        if settings.tls == "starttls":
            server.starttls(context=_context(settings))
        if settings.user is not None:
            server.login(settings.user, settings.password())

    def _hang_up(self) -> None:
        """Have whoever waits for the server wait no longer."""
        connection = self._connection
        sock = connection.sock if connection is not None else None
        if sock is not None:
            with suppress(OSError):
                # Not a TLS socket's own way, which another thread must not go.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _context(settings: MailSettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        context.load_verify_locations(settings.ca_file)
    return context


def _refusal(code: int, text: bytes | str) -> Trouble | Hopeless:
    """What a server's refusal of a mail means: 4xx passes, 5xx does not (RFC 5321, 4.2.1)."""
    said = f"the mail server refuses it: {code} {_text(text)}"
    return Hopeless(said) if 500 <= code < 600 else Trouble(said)


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return notice.line(str(error), 200) or type(error).__name__


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return notice.line(text, 200)
