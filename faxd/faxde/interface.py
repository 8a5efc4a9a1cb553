"""What the WSDL says: names, namespaces and types of the calls, read by zeep.

Pure: bytes in, messages out; nothing here touches the network.
"""

from __future__ import annotations

import io
import logging
import re
from typing import Any
from urllib.parse import urlsplit

import zeep
import zeep.transports
from lxml import etree

from faxd.faxde.codes import TABLES
from faxd.faxde.errors import InterfaceUnusable

_SETTINGS = zeep.Settings(forbid_dtd=True, forbid_external=True)
#: what XML 1.0 cannot carry, not even as a reference (section 2.2)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Interface:
    """One WSDL, ready to write requests by it."""

    def __init__(self, wsdl: bytes) -> None:
        """Read a WSDL.

        Raises:
            InterfaceUnusable: it is none, or lacks one of the five calls.
        """
        self.wsdl = wsdl
        try:
            self._client: Any = zeep.Client(
                io.BytesIO(wsdl), transport=_NoTransport(), settings=_SETTINGS
            )
            known = self._client.service._binding.all()
            missing = [name for name in TABLES if name not in known]
            calls = {name: known[name] for name in TABLES if name not in missing}
            self._actions = {name: str(call.soapaction or "") for name, call in calls.items()}
            self._parts = {
                name: [part for part, _ in call.input.body.type.elements]
                for name, call in calls.items()
            }
            address = urlsplit(self._client.service._binding_options["address"])
        except Exception as error:  # zeep raises what it likes for what is no WSDL
            raise InterfaceUnusable(f"not a SOAP interface ({type(error).__name__})") from None
        if missing:
            raise InterfaceUnusable(f"it has no {', '.join(missing)}")
        #: path and query of the endpoint; its host is not believed (see `service`)
        self.path = address._replace(scheme="", netloc="", fragment="").geturl() or "/"
        if not all(re.fullmatch(r"[!#-~]*", text) for text in (self.path, *self._actions.values())):
            raise InterfaceUnusable("its address or an action holds a forbidden character")

    def parts(self, call: str) -> list[str]:
        """Names of a call's request parts, in the WSDL's order."""
        return self._parts[call]

    def action(self, call: str) -> str:
        """The SOAPAction of a call."""
        return self._actions[call]

    def message(self, call: str, parts: dict[str, Any]) -> bytes:
        """The request's envelope, UTF-8; parts of the WSDL that ``parts`` lacks are left out.

        Raises:
            InterfaceUnusable: the WSDL has no place for one of the parts, or wants another type.
            ValueError: a text holds a character that XML cannot carry.
        """
        for name, value in parts.items():
            if isinstance(value, str) and _NO_XML.search(value):
                raise ValueError(f"{name} holds a character that cannot be sent")
        unknown = sorted(set(parts) - set(self.parts(call)))
        if unknown:
            raise InterfaceUnusable(f"{call} has no part {', '.join(unknown)}")
        problem = None
        try:
            values = {name: parts.get(name, zeep.xsd.SkipValue) for name in self.parts(call)}
            envelope = self._client.create_message(self._client.service, call, **values)
        except Exception as error:
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
        self._close_session = False  # which zeep asks for when it lets go of this

    def load(self, url: Any) -> bytes:
        raise InterfaceUnusable("it refers to other documents")
