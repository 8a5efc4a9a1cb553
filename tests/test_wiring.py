"""What is wrong with an account's settings, that the configuration alone cannot know."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from faxd.config import AccountSettings, ConfigError, SendSettings
from faxd.config.load import _OPTIONS
from faxd.config.send import RESULTS
from faxd.faxde import Options
from faxd.outbound.office.results import is_worth_repeating, meaning_of
from faxd.wiring import check_options


def account(tmp_path: Path, **send: Any) -> AccountSettings:
    return AccountSettings(
        name="praxis",
        account="123456",
        password_env="X",
        inbox=tmp_path / "inbox",
        outbox=tmp_path / "outbox",
        send=SendSettings(**send),
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"retries": "drei"}, 'The value "drei" of "retries" cannot be used.'),
        ({"retries": "drei"}, "a number without quotation marks"),
        ({"busy_retries": True}, "a number without quotation marks"),
        ({"retries": 99, "busy_retries": 100}, "a number from 0 to 99"),
        ({"flash": 1}, "true or false"),
        ({"flash_sms": True}, 'Did you mean "flash"?'),
        ({"station_ids": "PRAXIS"}, 'Did you mean "station_id"?'),
        ({"station_id": "x" * 21}, "up to 20 letters"),
    ],
)
def test_options_are_checked_as_in_a_job_file(
    tmp_path: Path, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_options(account(tmp_path, options=options))
    assert str(caught.value).startswith("praxis: send.options: ") and says in str(caught.value)


def test_options_that_can_be(tmp_path: Path) -> None:
    check_options(account(tmp_path, options={"retries": 3, "flash": True, "header": "Praxis"}))


def test_all_templates_that_are_not_there_are_told(tmp_path: Path) -> None:
    letterhead, cover = tmp_path / "head.pdf", tmp_path / "cover.txt"
    both = account(tmp_path, letterhead=letterhead, cover_page=cover)
    with pytest.raises(ConfigError) as caught:
        check_options(both)
    assert f"send.letterhead: {letterhead}: No such file" in str(caught.value)
    assert f"send.cover_page: {cover}: No such file" in str(caught.value)
    # What is wrong with neither is told once.
    with pytest.raises(ConfigError) as caught:
        check_options(account(tmp_path, codes=(), code_pattern="x([0-9]+)"))
    assert str(caught.value).count("code_pattern") == 1


def test_what_the_configuration_knows_of_jobs() -> None:
    """It spells out what lies above it, since it imports nothing of that."""
    assert {field.name for field in fields(Options)} == _OPTIONS
    for result in RESULTS:
        assert meaning_of(result).is_failure and is_worth_repeating(result, frozenset({result}))
