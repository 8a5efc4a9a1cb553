"""Where an account's password is, and how it is read."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

#: bytes; whatever is longer is another file
_LONGEST_PASSWORD = 4096
#: how variables are called, and passwords hardly ever
_SURELY_A_NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


class PasswordError(Exception):
    """An account's password cannot be had; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class PasswordSource:
    """One of three places."""

    file: Path | None
    #: name of a systemd credential
    credential: str | None
    #: name of an environment variable
    env: str | None

    def read(self) -> str:
        """The password, read anew at each call, so that a corrected one counts at once.

        Raises:
            PasswordError: it cannot be had.
        """
        if self.env is not None:
            password = os.environ.get(self.env, "")
            if not password:
                raise PasswordError(f"{_said(self.env)} is not set (password_env)")
            if not password.isprintable():
                raise PasswordError(f"{_said(self.env)} holds no password (password_env)")
            return password
        path = self._path()
        try:
            with open(path, "rb", opener=_without_waiting) as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read(_LONGEST_PASSWORD)
        except OSError as error:
            raise PasswordError(f"{path}: {error.strerror}") from None
        if self.file is not None and mode & stat.S_IRWXO:
            raise PasswordError(f"{path} can be read by everybody; chmod 0640 {path}")
        try:
            password = text.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            password = ""
        if not password.isprintable() or not 0 < len(text) < _LONGEST_PASSWORD or not password:
            raise PasswordError(f"{path} must hold the password in one line of UTF-8 text")
        return password

    def changed(self) -> datetime | None:
        """When the password was last changed (aware, UTC), if that can be told."""
        if self.file is None:
            return None  # systemd makes a credential anew at each start
        try:
            status = self._path().stat()
            # A file that is moved or copied into place may bring an old mtime along.
            return datetime.fromtimestamp(max(status.st_mtime, status.st_ctime), UTC)
        except (OSError, PasswordError):
            return None

    def _path(self) -> Path:
        if self.file is not None:
            return self.file
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise PasswordError(
                f"the credential {self.credential} is there only under systemd"
                " (LoadCredential= in the unit)"
            )
        return Path(folder) / str(self.credential)


def _said(variable: str) -> str:
    """A variable by its name, unless that may be the password, written in its place."""
    if _SURELY_A_NAME.fullmatch(variable):
        return f"the environment variable {variable}"
    return "the environment variable that it names"


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for whoever may write into a pipe of that name."""
    return os.open(path, flags | os.O_NONBLOCK)
