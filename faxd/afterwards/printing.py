"""A fax on paper: `lp` hands it to CUPS."""

from __future__ import annotations

from collections.abc import Sequence

from faxd.afterwards.child import Children
from faxd.afterwards.copy import Copies
from faxd.afterwards.retry import Hopeless, Trouble
from faxd.ledger import Received

#: seconds until CUPS must have taken it
_TIME = 120.0


class Printer:
    """Prints the faxes of one account."""

    def __init__(self, copies: Copies, children: Children, program: str = "lp") -> None:
        self._copies = copies
        self._children = children
        self._program = program

    def print(self, fax: Received, printer: str, options: Sequence[str]) -> None:
        """Hand a fax to the queue of a printer.

        Raises:
            Hopeless, Trouble: it cannot be done.
            Closed: faxd ends.
        """
        try:
            # Of a TIFF with several pages CUPS' own filter prints the first.
            file = self._copies.pdf(fax)
        except Hopeless:
            file = self._copies.tiff(fax)
        chosen = [part for option in options for part in ("-o", option)]
        try:
            self._children.run(
                [self._program, "-d", printer, *chosen, "-t", f"Fax {fax.id}", "--", str(file)],
                folder=self._copies.folder,
                seconds=_TIME,
            )
        except Trouble as error:
            raise Trouble(f"printer {printer}: {error}") from None
