"""What the README says of received faxes is tried here."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from faxd.afterwards import path_of
from faxd.afterwards import rules as afterwards
from faxd.config import MailSettings, RuleSettings, load
from faxd.naming import Facts

README = Path(__file__).parents[2] / "README.md"
BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAY, NIGHT = datetime(2026, 7, 14, 10, tzinfo=BERLIN), datetime(2026, 7, 14, 23, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("came", "originator", "station_id", "path", "wanted"),
    [
        (WEEKDAY, "+4932111", "X", "Werbung/", []),
        (WEEKDAY, "", "X", "Werbung/", []),
        (NIGHT, "+493023125042", "LABOR MUSTER 2", "Labor/2026/", ["print laser"]),
        (NIGHT, "+493023125042", "X", "", ["mail notdienst@example.org"]),
        (
            WEEKDAY,
            "+493023125042",
            "X",
            "",
            ["mail anmeldung@example.org", "command /usr/local/bin/file-fax"],
        ),
    ],
)
def test_the_rules_for_received_faxes(
    tmp_path: Path, came: datetime, originator: str, station_id: str, path: str, wanted: list[str]
) -> None:
    found = re.search(r"((?:    .*\n|\n)*    \[mail\]\n(?:    .*\n|\n)*)", README.read_text())
    assert found is not None
    mail, rule, rules = re.sub(r"^    ", "", found[1], flags=re.MULTILINE).partition(
        "[[accounts.rules]]"
    )
    account = '[[accounts]]\nname = "praxis"\naccount = "123456"\ninbox = "/srv/fax/inbox"\n'
    config_file = tmp_path / "config.toml"
    config_file.write_text(
        f'state_dir = "/var/lib/faxd"\n[service]\nwsdl = "https://fax.example.org/?wsdl"\n{mail}'
        f'{account}password_env = "P"\n{rule}{rules}'
    )
    config = load(config_file)
    (settings,) = config.accounts
    assert config.mail is not None
    facts = Facts(
        received=came,
        originator=originator,
        station_id=station_id,
        fax_id=7,
        account="praxis",
        pages=1,
    )
    matching = afterwards.matching(config.rules_of(settings), settings, facts)
    *folders, _ = path_of(config.rules_of(settings), settings, facts)
    assert "".join(f"{folder}/" for folder in folders) == path
    told = []
    for each in afterwards.wanted(matching, settings, damaged=False):
        known = each.settings
        whom = known.get("to") or known.get("printer") or known["argv"][0]
        told.append(f"{each.kind.value} {whom}")
    assert told == wanted


def test_every_setting_of_a_rule_is_named() -> None:
    section = README.read_text().partition("## Received faxes")[2].partition("\n## ")[0]
    named = set(re.findall(r"[a-z_]+", section))
    usual = {"host", "port", "tls", "ca_file", "password_credential", "password_env"}
    assert {*RuleSettings.model_fields, *MailSettings.model_fields} - usual <= named
