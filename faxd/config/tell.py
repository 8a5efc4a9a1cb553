"""Settings of telling people that something is wrong."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from faxd.config.fields import Section
from faxd.config.rules import MailAddress, program, several

Occasion = Literal[
    "stopped", "receiving", "sending", "disk", "damaged", "held", "actions", "hangs", "ledger"
]


class TellSettings(Section):
    """Whom to tell that something is wrong, and that it is over; off by default."""

    #: addresses; the mails go through the server of [mail]
    to: Annotated[tuple[MailAddress, ...], BeforeValidator(several)] = ()
    #: a program and its arguments, which gets what there is to tell
    command: Annotated[tuple[str, ...], AfterValidator(program)] | None = None
    #: seconds after which the program is ended
    command_seconds: float = Field(default=60.0, ge=1, le=3600)
    language: Literal["de", "en"] = "de"
    #: what is told
    on: tuple[Occasion, ...] = (
        *(
            "stopped",
            "receiving",
            "sending",
            "disk",
            "damaged",
            "held",
            "actions",
            "hangs",
            "ledger",
        ),
    )
    #: seconds without a good poll, or without any sending, from which on that is told
    patience: float = Field(default=3600.0, ge=60, le=86400)

    #: seconds for which it must be well again before that is told
    calm: float = Field(default=120.0, ge=0, le=86400)

    @model_validator(mode="after")
    def _for_somebody(self) -> TellSettings:
        if not self.to and self.command is None:
            raise ValueError("needs to (addresses), command (a program), or both")
        return self
