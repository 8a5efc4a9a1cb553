"""A program of the office's own: it gets what is known of a fax, and a copy of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from faxd.afterwards.child import Children
from faxd.afterwards.copy import Copies
from faxd.ledger import Received
from faxd.naming import Facts


class Command:
    """Runs programs for the faxes of one account."""

    def __init__(self, copies: Copies, children: Children) -> None:
        self._copies = copies
        self._children = children

    def run(self, fax: Received, facts: Facts, argv: Sequence[str], seconds: float) -> None:
        """Run a program with the facts in its environment and on its standard input.

        Raises:
            Hopeless, Trouble: it cannot be run, fails, or takes longer than it may.
            Closed: faxd ends.
        """
        known = facts_of(fax, facts) | {"copy": str(self._copies.tiff(fax))}
        self._children.run(
            argv,
            folder=self._copies.folder,
            seconds=seconds,
            env=environment(known),
            data=json.dumps(known, ensure_ascii=False).encode("utf-8", "replace") + b"\n",
        )


def facts_of(fax: Received, facts: Facts) -> dict[str, Any]:
    """All that is known of a fax, in JSON's types."""
    return {
        "number": fax.id,
        "account": facts.account,
        "fax_id": fax.fax_id,
        "received": facts.received.isoformat(),
        "originator": fax.originator,
        "originator_name": facts.originator_name,
        "station_id": fax.station_id,
        "pages": fax.pages,
        "size": fax.size,
        "sha256": fax.sha256,
        "damage": fax.damage,
        "warning": fax.warning,
        "folder": fax.folder,
        "file": f"{fax.folder}/{fax.path}",
    }


def environment(known: Mapping[str, Any]) -> dict[str, str]:
    """The facts as variables ``FAXD_ORIGINATOR``, ...; what is not known is empty.

    A stranger chose some of them: control characters, which might upset a script, are blanks.
    """
    return {
        f"FAXD_{name.upper()}": "" if value is None else _plain(str(value))
        for name, value in known.items()
    }


def _plain(text: str) -> str:
    kept = "".join(char if char.isprintable() else " " for char in text)
    return kept.encode("utf-8", "replace").decode()
