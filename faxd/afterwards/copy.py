"""A fax's own copy for what is done with it.

The office may move a fax away as soon as it appears, but a mail may have to wait for its server
for days. So each fax that anything is to be done with is copied into faxd's own folder, checked by
its hash, and the copy goes when nothing waits for it any more. It need not survive a crash: while
the fax lies in the inbox, it can be copied again. Nothing is copied where that would leave too
little for the ledger, which every fax needs.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
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

    def __init__(self, folder: Path, workshop: Workshop, min_free: int = 0) -> None:
        """``folder`` is its owner's alone; ``workshop`` makes PDFs.

        ``min_free`` are bytes that nothing is copied into.
        """
        self.folder = folder
        self._workshop = workshop
        self._min_free = min_free
        #: PDFs that this process has made: one of an earlier may be half a file
        self._made: set[int] = set()
        self._lock = threading.Lock()
        #: by fax: nothing is made twice at the same time, and a slow one keeps no other waiting
        self._making: dict[int, threading.Lock] = {}

    def tiff(self, fax: Received) -> Path:
        """The fax as it came, copied now if it was not yet.

        Raises:
            Hopeless: it lies no more where it was published, and was not copied before.
            Trouble: it cannot be read or copied now.
        """
        with self._one_at_a_time(fax):
            return self._tiff(fax)

    def pdf(self, fax: Received) -> Path:
        """The fax as PDF, page by page as it came.

        Raises:
            Hopeless: it cannot be made of this fax.
            Trouble: it cannot be made now.
        """
        with self._one_at_a_time(fax):
            return self._pdf(fax)

    def with_text(self, fax: Received, make: Callable[[Path, Path], None]) -> Path:
        """The PDF with its text put in by ``make(source, target)``; at each call anew.

        Raises:
            Hopeless, Trouble: as `pdf`, or as ``make`` does.
        """
        source = self.pdf(fax)
        self._need(source.stat().st_size)
        target = self.folder / f"{fax.id}.text.pdf"
        target.unlink(missing_ok=True)
        make(source, target)
        if not target.is_file() or not target.stat().st_size:
            raise Trouble("ocrmypdf has written nothing")
        return target

    def keep_only(self, waiting: Callable[[], Collection[int]]) -> None:
        """Remove the copies of all faxes but those that ``waiting`` names when it is called.

        That is after the look at what is there: a copy that is made meanwhile stays.
        """
        with contextlib.suppress(OSError):
            paths = list(self.folder.iterdir())
            faxes = waiting()
            with self._lock:
                self._made &= set(faxes)
                self._making = {
                    fax: lock for fax, lock in self._making.items() if fax in faxes or lock.locked()
                }
            for path in paths:
                number = path.name.partition(".")[0]
                if not number.isdigit() or int(number) not in faxes:
                    path.unlink(missing_ok=True)

    def _one_at_a_time(self, fax: Received) -> threading.Lock:
        with self._lock:
            return self._making.setdefault(fax.id, threading.Lock())

    def _tiff(self, fax: Received) -> Path:
        path = self.folder / f"{fax.id}.tif"
        if not self._is_whole(path, fax):
            self._need(fax.size)
            self._copy(fax, path)
        return path

    def _pdf(self, fax: Received) -> Path:
        path = self.folder / f"{fax.id}.pdf"
        if fax.id in self._made and path.exists():
            return path
        source = self._tiff(fax)
        self._need(fax.size)
        # Whole at once: what an earlier configuration has begun may be reading the one there is.
        part = self.folder / f"{fax.id}.part.pdf"
        part.unlink(missing_ok=True)
        try:
            self._workshop.do("tiff_to_pdf", source=str(source), target=str(part), title="Fax")
        except BadDocument as error:
            raise Hopeless(f"no PDF can be made of it: {error}") from None
        except WorkshopError as error:
            raise Trouble(f"no PDF can be made of it now: {error}") from None
        part.rename(path)
        with self._lock:
            self._made.add(fax.id)
        return path

    def _need(self, size: int) -> None:
        """See to it that there is room for so many bytes.

        Raises:
            Trouble: there is not.
        """
        with Folder.open(self.folder) as folder:
            if folder.free_bytes() < self._min_free + size:
                raise Trouble(f"{self.folder} has less free than min_free and a copy need")

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
