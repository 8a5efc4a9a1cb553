"""A fax's own copy for what is done with it.

The office may move a fax away as soon as it appears, but a mail may have to wait for its server
for days. So each fax that anything is to be done with is copied into faxd's own folder, checked by
its hash, and the copy goes when nothing waits for it any more. It need not survive a crash: while
the fax lies in the inbox, it can be copied again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path

from faxd.afterwards.retry import Hopeless, Trouble
from faxd.documents import BadDocument, Workshop, WorkshopError
from faxd.durable import Folder
from faxd.ledger import Received

_PIECE = 1 << 20


class Copies:
    """The copies of one account, in a folder that nothing else is in."""

    def __init__(self, folder: Path, workshop: Workshop) -> None:
        """``folder`` is there, and is its owner's alone; ``workshop`` makes PDFs."""
        self.folder = folder
        self._workshop = workshop
        #: PDFs that this process has made: one of an earlier may be half a file
        self._made: set[int] = set()

    def tiff(self, fax: Received) -> Path:
        """The fax as it came, copied now if it was not yet.

        Raises:
            Hopeless: it lies no more where it was published, and was not copied before.
            Trouble: it cannot be read or copied now.
        """
        path = self.folder / f"{fax.id}.tif"
        if not self._is_whole(path, fax):
            self._copy(fax, path)
        return path

    def pdf(self, fax: Received) -> Path:
        """The fax as PDF, page by page as it came.

        Raises:
            Hopeless: it cannot be made of this fax.
            Trouble: it cannot be made now.
        """
        path = self.folder / f"{fax.id}.pdf"
        if fax.id in self._made and path.exists():
            return path
        source = self.tiff(fax)
        path.unlink(missing_ok=True)
        try:
            self._workshop.do("tiff_to_pdf", source=str(source), target=str(path), title="Fax")
        except BadDocument as error:
            raise Hopeless(f"no PDF can be made of it: {error}") from None
        except WorkshopError as error:
            raise Trouble(f"no PDF can be made of it now: {error}") from None
        self._made.add(fax.id)
        return path

    def with_text(self, fax: Received, make: Callable[[Path, Path], None]) -> Path:
        """The PDF with its text put in by ``make(source, target)``; at each call anew.

        Raises:
            Hopeless, Trouble: as `pdf`, or as ``make`` does.
        """
        source = self.pdf(fax)
        target = self.folder / f"{fax.id}.text.pdf"
        target.unlink(missing_ok=True)
        make(source, target)
        if not target.is_file() or not target.stat().st_size:
            raise Trouble("ocrmypdf has written nothing")
        return target

    def keep_only(self, faxes: Collection[int]) -> None:
        """Remove the copies of all other faxes."""
        self._made &= set(faxes)
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                number = path.name.partition(".")[0]
                if not number.isdigit() or int(number) not in faxes:
                    path.unlink(missing_ok=True)

    def _is_whole(self, path: Path, fax: Received) -> bool:
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size != fax.size:
                    return False
                return hashlib.file_digest(file, "sha256").hexdigest() == fax.sha256
        except OSError:
            return False

    def _copy(self, fax: Received, path: Path) -> None:
        *folders, name = fax.path.split("/")
        try:
            root = Folder.open(Path(fax.folder))
        except OSError as error:
            raise Trouble(f"{fax.folder}: {error.strerror}") from None
        try:
            with root, ExitStack() as stack:
                folder = root
                for each in folders:
                    folder = stack.enter_context(folder.existing(each))
                with folder.read(name) as source, path.open("wb") as target:
                    if os.fstat(source.fileno()).st_size == fax.size:
                        shutil.copyfileobj(source, target, _PIECE)
        except (FileNotFoundError, NotADirectoryError):
            raise Hopeless(f"{fax.path} lies there no more: somebody has taken it away") from None
        except OSError as error:
            path.unlink(missing_ok=True)
            raise Trouble(f"{fax.path} cannot be copied: {error.strerror or error}") from None
        if not self._is_whole(path, fax):
            path.unlink(missing_ok=True)
            raise Hopeless(f"{fax.path} was changed: it is not the fax that came")
