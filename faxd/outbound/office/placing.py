"""Files get their final names: moved or written, never over another one, and never twice."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil

from faxd import naming
from faxd.durable import Folder, give

#: temporary files; hidden, and told from those of others
PART = ".faxd"
_CHUNK = 1024 * 1024


class Placing:
    """Puts files into a folder with the mode and group that people need.

    Each call may be repeated after a death: what is there already, by its content, is not put
    there again.
    """

    def __init__(self, *, mode: int, gid: int | None) -> None:
        self._mode = mode
        self._gid = gid

    def move(self, claim: Folder, old: str, place: Folder, new: str) -> None:
        """Move one file out of the claim; if it is not there, it was moved before.

        The caller syncs both folders.

        Raises:
            OSError: it could not be moved.
        """
        mine = claim.inode(old)
        if mine is None:
            return
        # It may belong to who dropped it, and only root may change another's modes.
        with contextlib.suppress(PermissionError), claim.read(old) as file:
            give(file.fileno(), self._mode, self._gid)
        for name in naming.alternatives(new):
            there = place.inode(name)
            # Linked or copied there, and not yet removed here, when a death came between.
            if there == mine or (there is not None and _same(claim, old, place, name)):
                place.sync()
                claim.remove(old)
                return
            if there is None and self._moved(claim, old, place, name):
                return
        raise FileExistsError(errno.EEXIST, "no name is free", str(place.path / new))

    def _moved(self, claim: Folder, old: str, place: Folder, name: str) -> bool:
        """Move it to this very name; False if that is taken."""
        try:
            place.take(claim, old, name)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        else:
            return True
        with claim.read(old) as file, place.part(PART) as part:
            shutil.copyfileobj(file, part.file, _CHUNK)
            mtime = os.fstat(file.fileno()).st_mtime
            part.sync(mode=self._mode, gid=self._gid, mtime=mtime)
            try:
                part.publish(place, name)
            except FileExistsError:
                return False
        claim.remove(old)
        return True

    def add(self, place: Folder, wanted: str, data: bytes) -> None:
        """Write a file of ours; the caller syncs the folder.

        Raises:
            OSError: it could not be written.
        """
        for name in naming.alternatives(wanted):
            if place.has(name):
                if _holds(place, name, data):
                    return
                continue
            with place.part(PART) as part:
                part.file.write(data)
                part.sync(mode=self._mode, gid=self._gid)
                try:
                    part.give_name(place, name)
                except FileExistsError:
                    continue
            return
        raise FileExistsError(errno.EEXIST, "no name is free", str(place.path / wanted))


def _holds(folder: Folder, name: str, data: bytes) -> bool:
    """Whether a file has this content."""
    try:
        with folder.read(name) as file:
            return file.read(len(data) + 1) == data
    except OSError:  # a folder, a link, a pipe
        return False


def _same(one: Folder, name: str, other: Folder, other_name: str) -> bool:
    """Whether two files have the same content."""
    try:
        with one.read(name) as left, other.read(other_name) as right:
            if os.fstat(left.fileno()).st_size != os.fstat(right.fileno()).st_size:
                return False
            while chunk := left.read(_CHUNK):
                if right.read(_CHUNK) != chunk:
                    return False
            return not right.read(1)
    except OSError:
        return False
