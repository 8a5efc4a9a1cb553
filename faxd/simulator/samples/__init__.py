"""Three small faxes to show things with: invented, neutral, and marked as samples."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """A fax that could have come in. The numbers belong to the German drama-number ranges."""

    #: Name of the file.
    name: str
    path: Path
    #: Number of the sender.
    originator: str
    #: Station identification of the sender.
    remote_id: str
    pages: int


_SAMPLES = (
    ("appointment.tif", "+493023125042", "MUSTER TERMIN", 1),
    ("lab-report.tif", "+494066969017", "MUSTER LABOR", 2),
    ("price-list.tif", "+493023125108", "MUSTER PREISLISTE", 3),
)


def all_samples() -> list[Sample]:
    """The samples, the shortest first. Needs the package unpacked, as it is when installed."""
    folder = Path(str(resources.files(__name__)))
    return [
        Sample(name, folder / name, originator, remote_id, pages)
        for name, originator, remote_id, pages in _SAMPLES
    ]
