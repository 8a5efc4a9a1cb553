"""The way in, in the demo: samples arrive, and are told of and looked for."""

from __future__ import annotations

from pathlib import Path

from faxd.config import AccountSettings
from faxd.demo.office import Office
from faxd.demo.paper import look_at, shows_fax
from faxd.demo.post import Mail, PostOffice
from faxd.demo.saying import say
from faxd.ledger import Action, ActionKind, ActionState, FaxState, Ledger, Received
from faxd.simulator import LogEntry, Simulator
from faxd.simulator.samples import Sample
from faxd.text import plural, size

#: faxes, more than the demo has at a time
_MANY = 1000


class Arrivals:
    """The faxes that somebody sends to one account."""

    def __init__(
        self,
        server: Simulator,
        account: AccountSettings,
        post: PostOffice,
        *,
        own_settings: bool = False,
    ) -> None:
        """``own_settings``: they say what becomes of a fax, and the demo asks for no more."""
        self._server = server
        self._account = account
        self._post = post
        self._own_settings = own_settings
        self._sent: list[tuple[int, Sample]] = []

    def add(self, sample: Sample) -> None:
        """Have one wait at FAX.de."""
        fax_id = self._server.add_fax(
            self._account.account,
            sample.path,
            originator=sample.originator,
            remote_id=sample.remote_id,
        )
        self._sent.append((fax_id, sample))
        say(
            f"Somebody sends a fax of {plural(sample.pages, 'page')} from {sample.originator}:"
            " it waits at FAX.de."
        )

    def are_over(self, ledger: Ledger) -> bool:
        """Whether none waits any more, here or at FAX.de."""
        if self._server.queue(self._account.account):
            return False
        records = [record for fax_id, _ in self._sent for record in self._records(ledger, fax_id)]
        return all(record.state is FaxState.DELETED for record in records) and all(
            self._actions(ledger, record) is not None for record in records
        )

    def summary(self, ledger: Ledger) -> str:
        """What to say when all went well."""
        done = [
            action.kind
            for fax_id, _ in self._sent
            for record in self._records(ledger, fax_id)
            for action in self._actions(ledger, record) or ()
        ]
        copies, mails = done.count(ActionKind.PDF), done.count(ActionKind.MAIL)
        told = f"All {len(self._sent)} faxes are in {self._account.inbox}, byte for byte"
        if copies:
            told += f", {copies} of them with a PDF copy that shows the same pages"
        if mails:
            told += f"; {plural(mails, 'mail has', 'mails have')} told of them"
        return f"{told}. Look at them."

    def missing(self, ledger: Ledger) -> str | None:
        """What the inbox, the mailbox or the ledger lacks; None if nothing."""
        inbox = self._account.inbox
        for fax_id, sample in self._sent:
            records = self._records(ledger, fax_id)
            if [record.state for record in records] != [FaxState.DELETED]:
                return f"fax {fax_id} was not saved, recorded and deleted on the server"
            file = inbox / records[0].path
            if not file.is_file() or file.read_bytes() != sample.path.read_bytes():
                return f"{file} is not the fax that was sent"
            problem = self._wrong_afterwards(sample, file, self._actions(ledger, records[0]))
            if problem is not None:
                return f"fax {fax_id}: {problem}"
        files = [file for file in inbox.rglob("*.tif*") if ".faxd" not in file.parts]
        if len(files) != len(self._sent):
            return f"{len(self._sent)} faxes, but {len(files)} files"
        return None

    def _wrong_afterwards(
        self, sample: Sample, file: Path, actions: list[Action] | None
    ) -> str | None:
        """What is wrong with the copy and the mails of a fax."""
        if actions is None:
            return "nothing has become of it yet"
        kinds = [action.kind for action in actions]
        if not self._own_settings and kinds != [ActionKind.PDF, ActionKind.MAIL]:
            return "there should be a PDF copy and a mail"
        for action in actions:
            if action.state is not ActionState.DONE:
                return f"{action.kind.value}: {action.problem}"
            if action.kind is ActionKind.PDF:
                copy = file.with_suffix(".pdf")
                if not _is_copy(copy, sample):
                    return f"{copy} does not show the fax"
            elif not any(_is_about(mail, action, file.stem, sample) for mail in self._post.mails()):
                return f"no mail that shows it came to {action.settings['to']}"
        return None

    def _records(self, ledger: Ledger, fax_id: int) -> list[Received]:
        return ledger.find_id(self._account.account, fax_id)

    def _actions(self, ledger: Ledger, record: Received) -> list[Action] | None:
        """What has become of a fax; None while something is still to."""
        actions = ledger.actions.of_fax(record.id)
        # They are planned some moments after the fax is safe.
        unplanned = [fax.id for fax in ledger.unplanned(self._account.account, _MANY)]
        waits = record.id in unplanned or any(not action.state.is_end for action in actions)
        return None if waits else actions


def tell_mail(mail: Mail) -> None:
    """Say what has come to the mail server."""
    say(f"  A mail to {', '.join(mail.recipients)}: {mail.subject}")
    for name, content in mail.attachments:
        say(f"    attached: {name}, {size(len(content))}")


def _is_copy(pdf: Path | bytes, sample: Sample) -> bool:
    paper = look_at(pdf)
    return paper is not None and paper.is_a4 and shows_fax(paper, sample.path)


def _is_about(mail: Mail, action: Action, stem: str, sample: Sample) -> bool:
    """Whether a mail is the one of an action: to whom, about what, and with the fax as asked."""
    if mail.recipients != (action.settings["to"],):
        return False
    attached = mail.attachments
    if action.settings["attach"] == "none":
        return not attached and sample.originator in mail.subject
    if len(attached) != 1 or Path(attached[0][0]).stem != stem:
        return False
    content = attached[0][1]
    if action.settings["attach"] == "pdf":
        return _is_copy(content, sample)
    return content == sample.path.read_bytes()


def tell(entry: LogEntry, office: Office) -> None:
    """Say what the daemon did with a fax, as the server saw it."""
    if entry.code != 0:
        return
    if entry.call == "RequestReceived":
        say(f"  faxd fetches fax {entry.fax_id} ...")
    elif entry.call == "DeleteReceived":
        for file in _files(office.root, f"*{entry.fax_id}*.tif*"):
            say(f"  ... and has it safe on the disk: {file.name}, {size(file.stat().st_size)}.")
        say("  Only now faxd has FAX.de delete it there.")


def _files(root: Path, pattern: str) -> list[Path]:
    return [
        file
        for file in root.rglob(pattern)
        if not any(part.startswith(".") for part in file.relative_to(root).parts)
    ]
