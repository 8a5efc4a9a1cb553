"""The state folder and the ledger: found, explained, and left alone."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from faxd.checkup.finding import Finding, Grade
from faxd.checkup.record import Record, ledger, state_folder
from faxd.config import Config
from faxd.ledger import SCHEMA_VERSION, Examined, Health, Ledger, examine

from .conftest import Configure


def findings(config: Config) -> tuple[dict[str, Finding], bool]:
    """What is found by subject (the last one counts), and whether the real ledger is opened."""
    with Record(config) as record:
        found = {each.subject: each for each in record.findings()}
        assert record.ledger is not None
        record.ledger.set_health(Health(account="1"))  # it works, whichever it is
        mine = hashlib.sha256(os.fsencode((config.state_dir / "ledger.sqlite").resolve()))
        return found, record.ledger.mark == mine.hexdigest()[:8]


def test_before_the_first_start(configure: Configure) -> None:
    config = configure()
    found, is_real = findings(config)
    assert {each.grade for each in found.values()} == {Grade.GOOD}
    assert is_real
    assert stat.S_IMODE(config.state_dir.stat().st_mode) == 0o700
    assert findings(config) == (found, True)


@pytest.mark.parametrize(
    ("version", "grade", "said"),
    [
        (1, Grade.WARN, "is of an older faxd (version 1, this one has"),
        (SCHEMA_VERSION - 1, Grade.WARN, "the next start of the service brings it up to date"),
        (SCHEMA_VERSION + 1, Grade.BAD, "was made by a newer faxd"),
    ],
)
def test_a_ledger_of_another_version(
    configure: Configure, version: int, grade: Grade, said: str
) -> None:
    """It is neither migrated nor copied, and all else is tried all the same."""
    config = configure()
    findings(config)
    path = config.state_dir / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version={version}")
    found, is_real = findings(config)
    assert found["ledger"].grade is grade
    assert said in found["ledger"].detail
    assert not is_real
    assert examine(path) == Examined(version=version)
    assert not list(config.state_dir.glob("*.version-*"))


@pytest.mark.parametrize("how", ["noise", "a page", "half"])
def test_a_damaged_ledger(configure: Configure, how: str) -> None:
    config = configure()
    findings(config)
    path = config.state_dir / "ledger.sqlite"
    with closing(Ledger(path)) as record:
        for number in range(300):
            record.set_health(Health(account=str(number), problem="x" * 200))
    content = bytearray(path.read_bytes())
    assert len(content) > 100_000
    if how == "noise":
        content = bytearray(os.urandom(len(content)))
    elif how == "a page":
        content[-8192:-4096] = os.urandom(4096)
    else:
        del content[len(content) // 2 :]
    path.write_bytes(content)
    found, is_real = findings(config)
    assert found["ledger"].grade is Grade.BAD
    assert f"{path} is damaged (" in found["ledger"].detail
    assert not is_real
    assert path.read_bytes() == content


def test_a_ledger_whose_last_faxd_was_killed(configure: Configure) -> None:
    """What is only in the write-ahead log counts, and looking does not move it."""
    config = configure()
    findings(config)
    path = config.state_dir / "ledger.sqlite"
    with closing(Ledger(path)) as record:
        record.set_health(Health(account="1", problem="no"))
        copy = config.state_dir / "copy"
        copy.mkdir()
        for name in ("ledger.sqlite", "ledger.sqlite-wal"):
            (copy / name).write_bytes((config.state_dir / name).read_bytes())
    before = (copy / "ledger.sqlite-wal").read_bytes()
    assert examine(copy / "ledger.sqlite", thoroughly=True) == Examined(version=SCHEMA_VERSION)
    assert (copy / "ledger.sqlite-wal").read_bytes() == before
    assert examine(copy / "none") is None


def test_modes(configure: Configure) -> None:
    config = configure()
    findings(config)
    config.state_dir.chmod(0o755)
    (config.state_dir / "ledger.sqlite").chmod(0o644)
    found, is_real = findings(config)
    assert found["state folder"].grade is found["ledger"].grade is Grade.WARN
    assert "mode 0755, so others may enter it" in found["state folder"].detail
    assert f"chmod 0600 {config.state_dir}/ledger.sqlite" in found["ledger"].detail
    assert is_real


def test_what_is_said() -> None:
    path = Path("/s")
    assert list(state_folder(path, 0o40700, on_network=False)) == []
    (remark,) = state_folder(path, 0o40700, on_network=True)
    assert "set state_dir to a folder of this machine's own disk" in remark.detail
    assert ledger(path, Examined(version=SCHEMA_VERSION), 0o600) is None
    assert ledger(path, Examined(version=0), 0o600) is None


def test_a_state_folder_that_cannot_be(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    found, is_real = findings(configure(whole={"state_dir": tmp_path / "state" / "below"}))
    assert found["state folder"].grade is Grade.BAD
    assert "Not a directory; see to its owner and mode" in found["state folder"].detail
    assert not is_real
