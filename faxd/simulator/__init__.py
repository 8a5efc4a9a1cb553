"""A stand-in for the FAX.de web service, over real HTTP, with all that can go wrong.

It is a second reading of the provider's document and shares nothing with the client, so that
the two check each other. Only the standard library is needed.
"""

from __future__ import annotations

from faxd.simulator.faults import Fault, FaultBook, FaultKind
from faxd.simulator.log import LogEntry
from faxd.simulator.model import Account, Job, Order, ReceivedFax, Rules
from faxd.simulator.report import Outcome
from faxd.simulator.server import Simulator
from faxd.simulator.tiff import SyntheticImage
from faxd.simulator.wsdl import Wire

__all__ = [
    "Account",
    "Fault",
    "FaultBook",
    "FaultKind",
    "Job",
    "LogEntry",
    "Order",
    "Outcome",
    "ReceivedFax",
    "Rules",
    "Simulator",
    "SyntheticImage",
    "Wire",
]
