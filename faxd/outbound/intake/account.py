"""An account's outbox, and what its settings say of drops."""

from __future__ import annotations

import secrets
from contextlib import AbstractContextManager
from datetime import tzinfo

from faxd.config import AccountSettings
from faxd.documents.office import is_installed
from faxd.ledger import Ledger
from faxd.outbound.addressing import NumberRules, Rules
from faxd.outbound.intake.outbox import Outbox, open_outbox

#: begins the names of claims that commands make
BY_COMMAND = "send-"


def rules_of(settings: AccountSettings, zone: tzinfo | None) -> Rules:
    """The settings that decide whom a drop goes to."""
    send = settings.send
    numbers = NumberRules(region=send.region, countries=send.countries, blocked=send.blocked)
    return Rules(
        numbers=numbers,
        zone=zone,
        letter_label=send.letter_label,
        options=send.options,
        office=is_installed(),
        codes_always=send.codes_always and bool(send.codes),
        letterhead=send.letterhead is not None,
        cover_page=send.cover_page is not None,
    )


def claim_of_command(ledger: Ledger) -> str:
    """A name for a claim that no daemon takes for one of its own, should it start just then."""
    return prefix_of_commands(ledger) + secrets.token_hex(8)


def prefix_of_commands(ledger: Ledger) -> str:
    """Begins the names of claims that commands make."""
    return f"{BY_COMMAND}{ledger.mark}{ledger.identity}-"


def open_claims(settings: AccountSettings, ledger: Ledger) -> AbstractContextManager[Outbox]:
    """An account's outbox, to take from in the name of a ledger.

    Raises:
        OutboxUnusable: it cannot be used.
    """
    assert settings.outbox is not None
    return open_outbox(
        settings.outbox,
        # Claims of a ledger that was lost have the same beginning, and are nobody's.
        mark=f"{ledger.mark}{ledger.identity}",
        mode=settings.folder_mode,
        gid=settings.gid,
    )
