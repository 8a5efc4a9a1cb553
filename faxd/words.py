"""What office people read, in German and in English; the account's settings choose one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["de", "en"]


@dataclass(frozen=True)
class Words:
    """The same sentence twice."""

    de: str
    en: str

    def in_(self, language: Language) -> str:
        """The sentence in one language."""
        return self.de if language == "de" else self.en
