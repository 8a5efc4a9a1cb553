"""What faxd starts for received faxes: OCR, printers, programs of the office's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from faxd.afterwards.pdf import LANGUAGES, OCR
from faxd.checkup.finding import Finding, bad, good, warn
from faxd.config import AccountSettings, Config, RuleSettings

#: seconds that CUPS may take to name its printers, and tesseract its languages
_PATIENCE = 20.0


@dataclass
class _Asked:
    """What rules ask for, and by which rules: ``praxis: rules[1]``."""

    printers: dict[str, list[str]] = field(default_factory=dict)
    programs: dict[str, list[str]] = field(default_factory=dict)


def helpers(config: Config) -> Iterator[Finding]:
    """Look for all that is asked for."""
    for account in config.accounts:
        if account.searchable and "pdf" in account.formats:
            yield _ocr(account)
    asked = _asked(config)
    if asked.printers:
        yield from _printers(asked.printers)
    for program, rules in asked.programs.items():
        problem = program_problem(Path(program))
        if problem is None:
            yield good("program", program)
        else:
            yield bad("program", f"{program} ({', '.join(rules)}): {problem}")


def _asked(config: Config) -> _Asked:
    asked = _Asked()
    named: list[tuple[str, RuleSettings]] = [
        (f"{account.name}: rules[{number}]", rule)
        for account in config.accounts
        for number, rule in enumerate(account.rules, 1)
    ]
    named += [(f"[[rules]] {number}", rule) for number, rule in enumerate(config.rules, 1)]
    for where, rule in named:
        if rule.print is not None:
            asked.printers.setdefault(rule.print, []).append(where)
        if rule.command is not None:
            asked.programs.setdefault(rule.command[0], []).append(where)
    return asked


def _ocr(account: AccountSettings) -> Finding:
    subject = f"{account.name}: searchable"
    program = shutil.which(OCR)
    if program is None:
        return warn(
            subject,
            f"{OCR} is not installed, so PDF copies are made without their text; apt install {OCR}"
            " tesseract-ocr-deu, or set searchable = false",
        )
    wanted = LANGUAGES[account.send.language].split("+")
    known = _printed("tesseract", "--list-langs")
    if known is None:
        return warn(
            subject,
            f"{program} is there, but tesseract, by which it reads, does not run; apt install"
            " tesseract-ocr",
        )
    missing = [language for language in wanted if language not in known.split()]
    if missing:
        packages = " ".join(f"tesseract-ocr-{language}" for language in missing)
        return warn(
            subject,
            f"tesseract does not know {' and '.join(missing)}, so PDF copies are made without"
            f" their text; apt install {packages}",
        )
    return good(subject, program)


def _printers(asked: dict[str, list[str]]) -> Iterator[Finding]:
    subject = "printer"
    if shutil.which("lp") is None:
        all_rules = ", ".join(rule for each in asked.values() for rule in each)
        yield bad(
            subject,
            f"lp is not installed, so nothing is printed ({all_rules}); apt install cups-client",
        )
        return
    known = _printed("lpstat", "-e")
    if known is None:
        yield bad(
            subject,
            "CUPS does not name its printers (lpstat -e), so nothing is printed; systemctl start"
            " cups, or name its server in /etc/cups/client.conf",
        )
        return
    names = known.split()
    for printer, rules in asked.items():
        if printer in names:
            yield good(subject, printer)
            continue
        shown = ", ".join(names[:20]) or "none"
        yield bad(
            subject,
            f"CUPS knows no printer {printer} ({', '.join(rules)}); it knows {shown}. Set it up"
            " (lpadmin), or correct print",
        )


def program_problem(path: Path) -> str | None:
    """Why a program cannot be started, and what to do; None if nothing is wrong."""
    try:
        if not path.is_file():
            there = path.exists()
            return "is no file; name a program" if there else "is not there; correct command"
        if not os.access(path, os.X_OK, effective_ids=True):
            return f"may not be run by this user; chmod +x {path}, and see to the folders above"
        with path.open("rb") as file:
            first = file.readline(256)
    except PermissionError as error:
        # One that may be run and not read is a good one.
        return None if error.filename == str(path) and os.access(path, os.X_OK) else str(error)
    except OSError as error:
        return f"{error.strerror}; see to its disk"
    return interpreter_problem(first)


def interpreter_problem(first: bytes) -> str | None:
    """What is wrong with the first line of a script; None for what is none."""
    if not first.startswith(b"#!"):
        return None
    line = first.removeprefix(b"#!")
    if line.endswith(b"\r\n"):
        return "its lines end as on Windows, so that no interpreter is found; dos2unix it"
    words = line.split()
    if not words:
        return "its first line names no interpreter; begin it with #!/bin/sh, say"
    interpreter = Path(os.fsdecode(words[0]))
    if not interpreter.is_file():
        return f"its first line names {interpreter}, which is not there; correct it"
    return None


def _printed(*command: str) -> str | None:
    """What a program prints; None if it is not there, fails, or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
