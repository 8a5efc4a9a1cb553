"""An office's configuration, with folders that are there and as they should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faxd.config import Config

#: makes a configuration; what is given is added to its only account, or replaces what it has
Configure = Callable[..., Config]


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    folders = {name: tmp_path / "fax" / name for name in ("inbox", "outbox")}
    for path in (tmp_path / "fax", *folders.values()):
        path.mkdir()
        path.chmod(0o2770)
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("geheim\n")

    def configure(*, whole: dict[str, Any] | None = None, **account: Any) -> Config:
        settings = {"name": "praxis", "account": "123456", "password_file": password}
        only = {"min_free": 0} | settings | folders | account
        return Config.model_validate(
            {"state_dir": tmp_path / "state", "accounts": [only]} | (whole or {})
        )

    return configure
