"""Templates and patterns are checked when the configuration is read."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from faxd.config import AccountSettings, ConfigError, SendSettings
from faxd.outbound.preparing import settings as preparing
from faxd.outbound.preparing.settings import check_preparing, check_templates, templates_of
from faxd.wiring import check_options
from tests.documents.paper import lines, make_pdf


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"letterhead": "/nowhere/head.pdf"}, "letterhead: /nowhere/head.pdf: No such file"),
        ({"letterhead": "{}/cover.txt"}, "is no PDF"),
        ({"letterhead_next": "{}/head.pdf"}, "needs a letterhead"),
        ({"cover_page": "{}/head.pdf"}, "no text in UTF-8"),
        ({"cover_page": "{}/bad.txt"}, "{nobody} is no field"),
        ({"cover_page": "{}"}, "Is a directory"),
        ({"code_pattern": "Fax ([0-9]+"}, "code_pattern: .* is no regular expression"),
        ({"code_pattern": "Fax ([0-9]+ ?)+#"}, "for ever"),
        ({"code_pattern": "Fax ([0-9]+)#", "codes": []}, "needs codes"),
    ],
)
def test_what_is_refused(settings: dict[str, Any], says: str, tmp_path: Path) -> None:
    make_pdf(tmp_path / "head.pdf", lines("ä"))
    (tmp_path / "head.pdf").write_bytes((tmp_path / "head.pdf").read_bytes() + b"\xff\xfe")
    (tmp_path / "cover.txt").write_text("An: {name}")
    (tmp_path / "bad.txt").write_text("An: {nobody}")
    send = {
        key: value.replace("{}", str(tmp_path)) if isinstance(value, str) else value
        for key, value in settings.items()
    }
    with pytest.raises(ValueError, match=says):
        check_preparing(SendSettings.model_validate(send))
    account = AccountSettings.model_validate(
        {
            "name": "praxis",
            "account": "1",
            "password_env": "X",
            "inbox": tmp_path / "inbox",
            "outbox": tmp_path / "outbox",
            "send": send,
        }
    )
    with pytest.raises(ConfigError, match=f"praxis: send.{next(iter(settings))}"):
        check_options(account)


@pytest.mark.parametrize("codes", [["activefax"], ["faxd", "faxd"], ["faxd", "other"], "other"])
def test_codes_that_there_are_not(codes: Any) -> None:
    with pytest.raises(ValidationError):
        SendSettings.model_validate({"codes": codes})


def test_what_is_good(tmp_path: Path) -> None:
    head = make_pdf(tmp_path / "head.pdf", lines("x"))
    (tmp_path / "cover.txt").write_bytes("\ufeffAn: {name}\r\n".encode())
    send = SendSettings.model_validate(
        {
            "letterhead": head,
            "cover_page": tmp_path / "cover.txt",
            "codes": ["faxd", "faxmaker"],
            "code_pattern": "Fax ([0-9 ]+)#",
        }
    )
    check_preparing(send)
    templates = templates_of(send)
    assert (templates.patterns, templates.letterhead) == (("faxmaker",), head)
    check_preparing(SendSettings())


def test_a_file_server_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that nobody writes into hangs as a share does; who reads the settings goes on."""
    head = tmp_path / "head.pdf"
    os.mkfifo(head)
    monkeypatch.setattr(preparing, "_PATIENCE", 0.1)
    begun = time.monotonic()
    check_preparing(SendSettings.model_validate({"letterhead": head}))
    assert time.monotonic() - begun < 5
    with head.open("wb") as pipe:  # lets the thread go
        pipe.write(b"no PDF")


def test_who_uses_them_waits(tmp_path: Path) -> None:
    cover = tmp_path / "cover.txt"
    cover.write_text("An: {nobody}")
    with pytest.raises(ValueError, match="cover_page"):
        check_templates(SendSettings.model_validate({"cover_page": cover}))
