"""What is written beside a fax: the facts as JSON, and the note beside a damaged one."""

from __future__ import annotations

import json

from faxd.ledger import Received
from faxd.naming import clean_value


def sidecar(fax: Received, account_name: str) -> bytes:
    """All that is known of a fax; the same bytes whenever the same fax is written."""
    facts = {
        "account": account_name,
        "fax_id": fax.fax_id,
        "received": fax.received_at.isoformat(),
        "received_is_time_of_fetching": fax.is_arrival,
        "originator": fax.originator,
        "station_id": fax.station_id,
        "pages": fax.pages,
        "pages_stated": fax.stated,
        "size": fax.size,
        "sha256": fax.sha256,
        "warning": fax.warning,
    }
    return (json.dumps(facts, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def damage_note(fax: Received, deleted: bool) -> bytes:
    """The text beside a damaged fax, German and English; ``deleted``: the server's copy goes."""
    german, english = _REPEATED_TENTATIVE if fax.tentative else _REPEATED
    if fax.path.endswith(".base64"):
        german += (
            "\nEs ließ sich nicht entschlüsseln;"
            " die Datei enthält den Text (Base64) so, wie er kam."
        )
        english += "\nIt could not be decoded; the file holds the text (base64) as it came."
    else:
        german += "\nManche Programme zeigen trotzdem die lesbaren Seiten."
        english += "\nSome programs show its readable pages all the same."
    text = f"""\
Dieses Fax kam beschädigt an.

Absender:   {clean_value(fax.originator) or "nicht übermittelt"}
Nummer:     {fax.fax_id}
Schaden:    {fax.damage}
SHA-256:    {fax.sha256}

{german}
Bitte den Absender, es noch einmal zu senden.
Das Fax beim Anbieter {"wird nun gelöscht" if deleted else "bleibt dort"}.

---
This fax arrived damaged.
{english}
Ask the sender to send it again.
The provider's copy {"is deleted now" if deleted else "stays there"}.
"""
    # As Windows programs of any age show it well.
    return text.replace("\n", "\r\n").encode("utf-8-sig", "replace")


_REPEATED = (
    "Es wurde mehrmals abgeholt und war jedes Mal gleich, Byte für Byte;\n"
    "der Schaden liegt also beim Anbieter oder beim Absender.",
    "It was fetched several times and was the same each time, byte for byte,\n"
    "so the damage is the provider's or the sender's.",
)
_REPEATED_TENTATIVE = (
    "Es wurde mehrmals abgeholt und war jedes Mal anders; dies ist eine der Fassungen.\n"
    "Es wird weiter abgeholt, bis es heil ankommt.",
    "It was fetched several times and was different each time; this is one of the versions.\n"
    "It is fetched again until it comes whole.",
)
