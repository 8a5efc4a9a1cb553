"""A mail about a fax, to one address, through the office's mail server.

One mail for each address: a retry after one was refused goes to nobody twice. Its Message-ID is
always the same, so that when an answer was lost and the mail goes again, programs know it again.
"""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from faxd import naming
from faxd.afterwards import notice, replies
from faxd.afterwards.conversation import Refused
from faxd.afterwards.copy import Copies
from faxd.afterwards.letter import Attachment, Letter
from faxd.afterwards.notice import Attached
from faxd.afterwards.post import Post, meaning
from faxd.afterwards.replies import Verdict
from faxd.afterwards.retry import Held, Hopeless
from faxd.config import AccountSettings, MailSettings
from faxd.ledger import Action, Received
from faxd.naming import Facts

_TYPES = {".pdf": "application/pdf", ".tif": "image/tiff"}


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
        self._post = Post()

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
                self._post.hand_over(self._mail, letter, to)
            except Refused as error:
                if file is None or not _is_too_large(error):
                    raise
                # The server takes less than max_attachment. That a fax came is told all the same.
                letter = self._letter(self._mail, action, fax, facts, Attached.TOO_LARGE, None)
                self._post.hand_over(self._mail, letter, to)
        except Refused as error:
            raise meaning(error) from None

    def close(self) -> None:
        """End what is under way, and refuse more."""
        self._post.close()

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


def _is_too_large(refused: Refused) -> bool:
    return replies.verdict(refused.step, refused.code, refused.text) is Verdict.SMALLER
