"""Which rules fit a fax, and what is to become of it. Pure."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from faxd import naming
from faxd.config import AccountSettings, RuleSettings
from faxd.config.rules import WEEKDAYS, hours_of
from faxd.ledger import ActionKind, Wanted
from faxd.naming import Facts


def matching(
    rules: Sequence[RuleSettings], settings: AccountSettings, facts: Facts
) -> list[RuleSettings]:
    """The rules that count for a fax, in their order: the first that fits, or all that do."""
    fitting = [rule for rule in rules if fits(rule, facts, settings.send.region)]
    return fitting[:1] if settings.rules_apply == "first" else fitting


def fits(rule: RuleSettings, facts: Facts, region: str) -> bool:
    """Whether all that a rule asks for is true of a fax; ``region`` is where numbers are read."""
    return (
        _is_from(rule, facts, region)
        and _has_station_id(rule, facts.station_id)
        and (rule.min_pages is None or facts.pages >= rule.min_pages)
        and (rule.max_pages is None or facts.pages <= rule.max_pages)
        and (not rule.weekday or WEEKDAYS[facts.received.weekday()] in rule.weekday)
        and (rule.hours is None or _is_within(rule.hours, facts.received))
    )


def path_of(rules: Sequence[RuleSettings], settings: AccountSettings, facts: Facts) -> list[str]:
    """The components of a fax's path below the inbox, as the rules have it."""
    return naming.path_of(template_for(matching(rules, settings, facts), settings), facts)


def template_for(found: Sequence[RuleSettings], settings: AccountSettings) -> str:
    """What a fax is named by: of each, folder and name, the first rule that gives one counts."""
    folder = next((rule.folder for rule in found if rule.folder is not None), None)
    name = next((rule.file_name for rule in found if rule.file_name is not None), None)
    template = name or settings.file_name
    return template if folder is None else f"{folder}/{template}"


def wanted(
    found: Sequence[RuleSettings], settings: AccountSettings, *, damaged: bool
) -> list[Wanted]:
    """What is to be done with a fax that is safe, each once, in the order of the rules.

    Of a damaged one there is nothing to copy, to attach or to print; but people are told of it,
    and programs get it.
    """
    actions: list[Wanted] = []
    if "pdf" in settings.formats and not damaged:
        actions.append(Wanted(kind=ActionKind.PDF, settings={"searchable": settings.searchable}))
    is_silent = any(not rule.notice for rule in found)
    told: set[str] = set()
    for rule in found:
        for action in _of_rule(rule, damaged=damaged):
            if action.kind is ActionKind.MAIL:
                address = str(action.settings["to"]).casefold()
                if is_silent or address in told:
                    continue
                told.add(address)
            if action not in actions:
                actions.append(action)
    return actions


def _of_rule(rule: RuleSettings, *, damaged: bool) -> Iterator[Wanted]:
    for address in rule.mail_to:
        attach = "none" if damaged else rule.mail_attach
        yield Wanted(kind=ActionKind.MAIL, settings={"to": address, "attach": attach})
    if rule.print is not None and not damaged:
        options = list(rule.print_options)
        yield Wanted(kind=ActionKind.PRINT, settings={"printer": rule.print, "options": options})
    if rule.command is not None:
        yield Wanted(
            kind=ActionKind.COMMAND,
            settings={"argv": list(rule.command), "seconds": rule.command_seconds},
        )


def _is_from(rule: RuleSettings, facts: Facts, region: str) -> bool:
    if not rule.originator:
        return True
    number = international(facts.originator, region)
    for pattern in rule.originator:
        if pattern == naming.NOBODY:
            if not facts.originator.strip():
                return True
        elif number and fnmatch.fnmatchcase(number, international(pattern, region)):
            return True
    return False


def international(number: str, region: str) -> str:
    """A number, or a pattern of numbers, without what is only written: ``+4940123456``.

    Senders' numbers come as whoever transmits them writes them: +49 40 ..., 0049 40 ..., 040 ...
    """
    number = number.replace("(0)", "") if number.lstrip().startswith(("+", "00")) else number
    kept = re.sub(r"[^0-9+*?]", "", number)
    kept = kept[:1] + kept[1:].replace("+", "")
    if kept.startswith("00"):
        return "+" + kept[2:]
    if kept.startswith("0"):
        import phonenumbers  # who has no rules for numbers does without it

        return f"+{phonenumbers.country_code_for_region(region)}{kept[1:]}"
    return kept


def _has_station_id(rule: RuleSettings, station_id: str) -> bool:
    if not rule.station_id:
        return True
    given = " ".join(station_id.split()).casefold()
    return any(
        fnmatch.fnmatchcase(given, " ".join(pattern.split()).casefold())
        for pattern in rule.station_id
    )


def _is_within(hours: str, moment: datetime) -> bool:
    begin, end = hours_of(hours)
    now = moment.time().replace(second=0, microsecond=0)
    if end is None:
        return now >= begin
    if begin < end:
        return begin <= now < end
    return now >= begin or now < end
