"""A SOAP client of the plainest kind, so that the tests see what really goes over the wire."""

from __future__ import annotations

import base64
import http.client
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from faxd.simulator import Simulator

ACCOUNT, PASSWORD = "123456", "geheim"
NAMESPACE = "urn:XMLWSIntf-IntfXMLWS"
PATH = "/xmlws.exe/soap/IntfXMLWS"
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


@dataclass
class Answered:
    """An HTTP answer, and the parts it holds when it is a SOAP answer."""

    status: int
    headers: dict[str, str]
    body: bytes
    names: list[str] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    fault: str = ""

    @property
    def code(self) -> int:
        return int(self.parts["return"])


def envelope(call: str, parts: dict[str, Any], namespace: str = NAMESPACE) -> bytes:
    """A request as zeep writes it: one namespaced wrapper, unqualified parts, no types."""
    text = "".join(
        f"<{name}>{base64.b64encode(value).decode() if isinstance(value, bytes) else escape(str(value))}</{name}>"  # noqa: E501
        for name, value in parts.items()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<n:{call} xmlns:n="{namespace}">{text}</n:{call}></e:Body></e:Envelope>'
    ).encode()


def read(status: int, headers: dict[str, str], body: bytes) -> Answered:
    """Take a SOAP answer apart; anything else is left as it is."""
    answered = Answered(status, headers, body)
    if b"Envelope" not in body:
        return answered
    content = ElementTree.fromstring(body).find(f"{_SOAP}Body")
    assert content is not None
    if (fault := content.find(f"{_SOAP}Fault")) is not None:
        answered.fault = f"{fault.findtext('faultcode')}: {fault.findtext('faultstring')}"
        return answered
    for part in content[0]:
        answered.names.append(part.tag)
        answered.parts[part.tag] = part.text or ""
    return answered


def post(
    server: Simulator,
    body: bytes,
    action: str | None,
    connection: http.client.HTTPConnection | None = None,
) -> Answered:
    """Send a body to the endpoint, over a connection of its own when none is given."""
    own = connection or http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    if action is not None:
        headers["SOAPAction"] = f'"{action}"'
    try:
        own.request("POST", PATH, body, headers)
        answer = own.getresponse()
        content = answer.read()
    finally:
        if connection is None:
            own.close()
    return read(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content)


def call(
    server: Simulator,
    name: str,
    account: str = ACCOUNT,
    password: str = PASSWORD,
    connection: http.client.HTTPConnection | None = None,
    **parts: Any,
) -> Answered:
    """Make one of the five calls."""
    login = {"Account": account, "Password": password}
    body = envelope(name, login | parts)
    return post(server, body, f"{NAMESPACE}#{name}", connection)


def get(server: Simulator, path: str) -> Answered:
    """Fetch an address of the server."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        headers = {k.lower(): v for k, v in answer.getheaders()}
        return Answered(answer.status, headers, answer.read())
    finally:
        connection.close()
