"""What the WSDL says: names, namespaces and types of the calls, read by zeep.

Pure: bytes in, messages out; nothing here touches the network.
"""

from __future__ import annotations

import io
import logging
from typing import Any
from urllib.parse import urlsplit

import zeep
import zeep.transports
from lxml import etree
from zeep.exceptions import Error as ZeepError

from faxd.faxde.codes import TABLES
from faxd.faxde.errors import InterfaceUnusable

_SETTINGS = zeep.Settings(forbid_dtd=True, forbid_external=True)


class Interface:
    """One WSDL, ready to write requests by it."""

    def __init__(self, wsdl: bytes) -> None:
        """Read a WSDL.

        Raises:
            InterfaceUnusable: it is none, or lacks one of the five calls.
        """
        self.wsdl = wsdl
        try:
            client: Any = zeep.Client(
                io.BytesIO(wsdl), transport=_NoTransport(), settings=_SETTINGS
            )
            self._client = client
            self._binding = client.service._binding
            address: str = client.service._binding_options["address"]
            missing = [name for name in TABLES if name not in self._binding.all()]
        except (ZeepError, etree.Error, AttributeError, KeyError, ValueError, TypeError) as error:
            raise InterfaceUnusable(f"not a SOAP interface ({type(error).__name__})") from None
        if missing:
            raise InterfaceUnusable(f"it has no {', '.join(missing)}")
        #: path and query of the endpoint; its host is not believed (see `service`)
        self.path = urlsplit(address)._replace(scheme="", netloc="", fragment="").geturl() or "/"

    def parts(self, call: str) -> list[str]:
        """Names of a call's request parts, in the WSDL's order."""
        return [name for name, _ in self._binding.get(call).input.body.type.elements]

    def action(self, call: str) -> str:
        """The SOAPAction of a call."""
        return self._binding.get(call).soapaction or ""

    def message(self, call: str, parts: dict[str, Any]) -> bytes:
        """The request's envelope, UTF-8; parts of the WSDL that ``parts`` lacks are left out.

        Raises:
            InterfaceUnusable: the WSDL has no place for one of the parts, or wants another type.
        """
        values = {name: parts.get(name, zeep.xsd.SkipValue) for name in self.parts(call)}
        unknown = sorted(set(parts) - set(values))
        if unknown:
            raise InterfaceUnusable(f"{call} has no part {', '.join(unknown)}")
        problem = None
        try:
            envelope = self._client.create_message(self._client.service, call, **values)
        except (ZeepError, ValueError, TypeError) as error:
            problem = f"{call} cannot be written ({type(error).__name__})"
        if problem is not None:
            # Raised outside of the handler: zeep's exception may hold the values.
            raise InterfaceUnusable(problem)
        message: bytes = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return message


class _NoTransport(zeep.transports.Transport):
    """zeep reads one document that is already here, and fetches nothing."""

    def __init__(self) -> None:
        self.logger = logging.getLogger(__name__)
        self.cache = None
        self._close_session = False  # there is none

    def load(self, url: Any) -> bytes:
        raise InterfaceUnusable("it refers to other documents")
