"""What is written beside a fax: the facts as JSON, and the note beside a damaged one."""

from __future__ import annotations

import json

from faxd.ledger import Received
from faxd.naming import clean_value
from faxd.words import Words


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
    facts = (
        (_SENDER, clean_value(fax.originator) or _UNKNOWN.de),
        (_NUMBER, str(fax.fax_id)),
        (_DAMAGE, str(fax.damage)),
        (Words("SHA-256", "SHA-256"), fax.sha256),
    )
    said = (
        _REPEATED_TENTATIVE if fax.tentative else _REPEATED,
        _TEXT if fax.path.endswith(".base64") else _LOOK,
        _AGAIN,
        _DELETED if deleted else _KEPT,
    )
    lines = [_ARRIVED.de, ""]
    lines += [f"{name.de + ':':<12}{value}" for name, value in facts]
    lines += ["", *(words.de for words in said)]
    lines += ["", "---", _ARRIVED.en, *(words.en for words in said)]
    text = "\n".join(lines) + "\n"
    # As Windows programs of any age show it well.
    return text.replace("\n", "\r\n").encode("utf-8-sig", "replace")


_ARRIVED = Words("Dieses Fax kam beschädigt an.", "This fax arrived damaged.")
_SENDER, _NUMBER = Words("Absender", "Sender"), Words("Nummer", "Number")
_DAMAGE = Words("Schaden", "Damage")
_AGAIN = Words(
    "Bitte lassen Sie es sich vom Absender noch einmal senden.",
    "Please ask the sender to send it again.",
)
_UNKNOWN = Words("nicht übermittelt", "not transmitted")
_REPEATED = Words(
    "Es wurde mehrmals abgeholt und war jedes Mal gleich, Byte für Byte;\n"
    "der Schaden liegt also beim Anbieter oder beim Absender.",
    "It was fetched several times and was the same each time, byte for byte,\n"
    "so the damage is the provider's or the sender's.",
)
_REPEATED_TENTATIVE = Words(
    "Es wurde mehrmals abgeholt und war jedes Mal anders; dies ist eine der Fassungen.\n"
    "Es wird weiter abgeholt, bis es heil ankommt.",
    "It was fetched several times and was different each time; this is one of the versions.\n"
    "It is fetched again until it comes whole.",
)
_TEXT = Words(
    "Es ließ sich nicht entschlüsseln; die Datei enthält den Text (Base64) so, wie er kam.",
    "It could not be decoded; the file holds the text (base64) as it came.",
)
_LOOK = Words(
    "Manche Programme zeigen trotzdem die lesbaren Seiten.",
    "Some programs show its readable pages all the same.",
)
_DELETED = Words("Das Fax beim Anbieter wird nun gelöscht.", "The provider's copy is deleted now.")
_KEPT = Words("Das Fax beim Anbieter bleibt dort.", "The provider's copy stays there.")
