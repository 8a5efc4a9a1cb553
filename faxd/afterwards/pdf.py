"""A PDF beside the fax, under the same name."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import ExitStack, suppress
from pathlib import Path

from faxd import naming
from faxd.afterwards.child import Children
from faxd.afterwards.copy import Copies
from faxd.afterwards.retry import Hopeless, Trouble
from faxd.config import AccountSettings
from faxd.durable import Folder
from faxd.ledger import Received
from faxd.log import Log

#: what faxd keeps in an inbox for itself
_HIDDEN = ".faxd"
#: the program that puts text into PDFs
OCR = "ocrmypdf"
#: seconds
_OCR_TIME = 1800.0
#: what it is to read, by the language of the office
LANGUAGES = {"de": "deu+eng", "en": "eng"}
_PIECE = 1 << 20


class PdfCopies:
    """Publishes the PDFs of one account."""

    def __init__(
        self,
        settings: AccountSettings,
        copies: Copies,
        children: Children,
        log: Log,
        *,
        mark: str,
    ) -> None:
        """``mark`` tells this ledger's temporary files from another faxd's."""
        self._settings = settings
        self._copies = copies
        self._children = children
        self._log = log
        # Not as faxes on their way are named, which receiving removes if it does not know them.
        self._prefix = f"after-{settings.account}-{mark}"
        self._told = False

    def publish(self, fax: Received, *, searchable: bool) -> None:
        """Put it there, durably; it is no error if it is there already.

        Raises:
            Hopeless, Trouble: it cannot be done.
            Closed: faxd ends.
        """
        made = self._searchable(fax) if searchable else self._copies.pdf(fax)
        *folders, name = fax.path.split("/")
        stem, _ = naming.split_suffix(name)
        try:
            self._publish(fax, made, folders, f"{stem}.pdf")
        except OSError as error:
            raise Trouble(f"the PDF cannot be written: {error.strerror or error}") from None

    def _searchable(self, fax: Received) -> Path:
        """The PDF with its text where ocrmypdf can be had and can do it, else without."""
        program = shutil.which(OCR)
        if program is None:
            if not self._told:
                self._log.warning(
                    "PDF copies are not searchable", problem=f"{OCR} is not installed"
                )
            self._told = True
            return self._copies.pdf(fax)

        def put_text(source: Path, target: Path) -> None:
            # The pages stay as they are: no other compression, no turning.
            nice = [found] if (found := shutil.which("nice")) else []
            argv = [*nice, program, "--quiet", "--jobs", "1", "--output-type", "pdf"]
            argv += ["--optimize", "0", "-l", LANGUAGES[self._settings.send.language]]
            argv += ["--", str(source), str(target)]
            self._children.run(argv, folder=self._copies.folder, seconds=_OCR_TIME)

        try:
            return self._copies.with_text(fax, put_text)
        except Trouble as error:
            self._log.warning("PDF copy is not searchable", fax=fax.id, problem=str(error))
            return self._copies.pdf(fax)

    def _publish(self, fax: Received, made: Path, folders: list[str], wanted: str) -> None:
        settings = self._settings
        with ExitStack() as stack:
            root = stack.enter_context(Folder.open(Path(fax.folder)))
            marker = settings.inbox_marker
            if marker is not None and not root.has(marker):
                raise Trouble(f"{fax.folder} holds no {marker} (inbox_marker)")
            # What is free must do for faxes first.
            if root.free_bytes() < settings.min_free + made.stat().st_size:
                raise Trouble(f"{fax.folder} has less free than min_free and the PDF need")
            hidden = stack.enter_context(root.existing(_HIDDEN))
            self._sweep(hidden)
            folder = root
            try:
                for name in folders:
                    folder = stack.enter_context(folder.existing(name))
            except (FileNotFoundError, NotADirectoryError):
                where = "/".join(folders)
                raise Hopeless(f"the folder {where} is there no more") from None
            for name in naming.alternatives(wanted):
                if folder.has(name):
                    if _is_same(folder, name, made):
                        # A death may have come between its publication and this.
                        folder.sync()
                        return
                    continue
                if self._give(hidden, folder, name, made, fax):
                    return
        raise Hopeless(f"a thousand files of the name {wanted} are there")

    def _give(self, hidden: Folder, folder: Folder, name: str, made: Path, fax: Received) -> bool:
        """Publish it under a name; False if the name has just been taken."""
        settings = self._settings
        with hidden.part(self._prefix) as part:
            with made.open("rb") as source:
                shutil.copyfileobj(source, part.file, _PIECE)
            part.sync(mode=settings.file_mode, gid=settings.gid, mtime=fax.received_at.timestamp())
            try:
                part.publish(folder, name)
            except FileExistsError:
                return False
            except OSError:
                # A second fsync would prove nothing (fsync(2)): it is written anew.
                if part.published:
                    part.withdraw(folder, name)
                raise
        return True

    def _sweep(self, hidden: Folder) -> None:
        """Remove what a death left behind; nobody else writes under this prefix."""
        ours = re.compile(re.escape(self._prefix) + r"-[0-9a-f]{16}\.part")
        for name in hidden.names():
            if ours.fullmatch(name):
                with suppress(OSError):
                    hidden.remove(name)


def _is_same(folder: Folder, name: str, made: Path) -> bool:
    """Whether ``name`` has the very content of ``made``."""
    try:
        with folder.read(name) as there, made.open("rb") as here:
            if os.fstat(there.fileno()).st_size != os.fstat(here.fileno()).st_size:
                return False
            return (
                hashlib.file_digest(there, "sha256").digest()
                == hashlib.file_digest(here, "sha256").digest()
            )
    except OSError:
        return False
