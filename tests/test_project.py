"""What the project promises about itself: the example, the lock, the README, the package."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import click
import pytest

from faxd.cli import main
from faxd.config import (
    AccountSettings,
    Config,
    MailSettings,
    SendSettings,
    ServiceSettings,
    SharedRuleSettings,
    StatusReceiverSettings,
    load,
)
from faxd.config.tell import TellSettings

ROOT = Path(__file__).parent.parent
#: settings whose value is shown in another form than it is written in
SHOWN_OTHERWISE = {"file_mode", "folder_mode"}


def test_the_example_loads() -> None:
    config = load(ROOT / "config.example.toml")
    assert config.accounts[0].name == "praxis"


def test_the_example_is_complete_and_every_setting_in_it_is_right(tmp_path: Path) -> None:
    """All of it, with the optional lines switched on, is a configuration that knows every key."""
    text = (ROOT / "config.example.toml").read_text()
    others = (
        *("password_credential", "password_env", "ca_file"),  # one password; a file to be there
        *("code_pattern", "letterhead", "letterhead_next", "cover_page"),
    )
    lines = [
        line[1:]
        if re.match(r"#([a-z_]+ = |\[)", line) and not line[1:].startswith(others)
        else line
        for line in text.replace('group = "fax"', 'group = "root"').splitlines()
    ]
    path = tmp_path / "config.toml"
    path.write_text("\n".join(lines))
    config = load(path)
    (account,) = config.accounts
    given = tomllib.loads(path.read_text())
    for section, table in (
        (Config, given),
        (ServiceSettings, given["service"]),
        (StatusReceiverSettings, given["status_receiver"]),
        (MailSettings, given["mail"]),
        (TellSettings, given["tell"]),
        (SharedRuleSettings, given["rules"][0]),
        (AccountSettings, given["accounts"][0]),
        (SendSettings, given["accounts"][0]["send"]),
    ):
        named = set(table) | set(others)
        assert set(section.model_fields) <= named, section
    assert config.service == ServiceSettings()
    assert config.tell is not None
    assert config.tell == TellSettings(to=config.tell.to, command=config.tell.command)
    assert account.send == SendSettings()
    assert set(given["rules"][0]) - {"accounts"} >= set(given["accounts"][0]["rules"][0])
    assert config.status_receiver is not None
    assert config.status_receiver == StatusReceiverSettings(url=config.status_receiver.url)
    folders = {"sending", "sent", "failed"}
    without = AccountSettings.model_validate(account.model_dump(exclude=folders | SHOWN_OTHERWISE))
    for name in ("sending", "sent", "failed"):
        assert getattr(account, name) == without.folder(name)
    own = {"name", "account", "password_file", "inbox", "outbox", "group", "inbox_marker"}
    own |= {"rules"}
    for key, field in AccountSettings.model_fields.items():
        if key not in own | folders:
            assert getattr(account, key) == field.default, key


def test_every_setting_of_the_example_is_explained() -> None:
    """Above each setting, or above the group of lines that it is in, stands what it is for."""
    explained = False
    for line in (ROOT / "config.example.toml").read_text().splitlines():
        if re.match(r"#?[a-z_]+ = ", line):
            assert explained, line
        else:
            explained = line.startswith("# ") or (explained and line.startswith("["))


@pytest.mark.parametrize("lock", ["requirements.lock", "tests/requirements.lock"])
def test_the_lock_has_hashes_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(--index|--extra-index|--find-links|-i )", text, re.MULTILINE)
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert len(requirements) > 15
    assert all("==" in each and "--hash=sha256:" in each for each in requirements)


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements.lock").read_text().lower()
    for dependency in project["dependencies"]:
        name = re.match(r"[A-Za-z0-9-]+", dependency)
        assert name is not None
        assert f"\n{name[0].lower()}==" in f"\n{lock}"


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    assert isinstance(main, click.Group)
    for name in main.commands:
        assert f"| `faxd {name}" in readme


def test_every_command_takes_a_configuration() -> None:
    assert isinstance(main, click.Group)
    for command in main.commands.values():
        options = [option for parameter in command.params for option in parameter.opts]
        assert {"-c", "--config"} <= set(options), command.name


def test_the_readmes_small_configuration_is_complete(tmp_path: Path) -> None:
    block = re.search(
        r"(    state_dir = .*?)\n\n[A-Z]", (ROOT / "README.md").read_text(), re.DOTALL
    )
    assert block is not None
    path = tmp_path / "config.toml"
    path.write_text(re.sub(r"^    ", "", block[1], flags=re.MULTILINE))
    assert load(path).accounts[0].account == "123456"


def test_the_unit_file_is_understood_by_systemd(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (package systemd)")
    program = tmp_path / "faxd"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = (ROOT / "systemd/faxd.service").read_text().replace("/opt/faxd/bin/faxd", str(program))
    path = tmp_path / "faxd.service"
    path.write_text(unit.replace("User=faxd", "User=root"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_wheel_holds_all_that_is_needed(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {str(path.relative_to(ROOT)) for path in (ROOT / "faxd").rglob("*.py")}
    assert code | {"faxd/py.typed", "faxd/simulator/samples/lab-report.tif"} <= names
    assert not any(name.startswith("tests") for name in names)
