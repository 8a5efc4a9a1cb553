"""The description of the interface, in the manner of a Delphi SOAP server.

The operations and their parts are those of the FAX.de web service document; what the document
does not say (target namespace, names of messages, binding and port, SOAPAction) follows the
conventions of Delphi's WSDL publisher.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

INTERFACE = "IntfXMLWS"
SCRIPT = "/xmlws.exe"
ENDPOINT_PATH = f"{SCRIPT}/soap/{INTERFACE}"

#: Both addresses at which Delphi publishes the description.
WSDL_PATHS = (f"{SCRIPT}?wsdl/{INTERFACE}", f"{SCRIPT}/wsdl/{INTERFACE}")

_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"

#: Placeholder for the one part whose name the document gives in two ways.
TIME_PART = "SendeDateTime"


@dataclass(frozen=True)
class Operation:
    """One call: its parts as (name, type in XML Schema) in the document's order."""

    name: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]


_LOGIN = (("Account", "string"), ("Password", "string"))
_RETURN = (("return", "int"),)

OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation(
            "SendJob",
            (
                *_LOGIN,
                ("JobType", "int"),
                ("Recipient", "string"),
                ("RecipientFile", "base64Binary"),
                ("SendText", "string"),
                ("SendFilename1", "string"),
                ("SendFile1", "base64Binary"),
                ("SendFilename2", "string"),
                ("SendFile2", "base64Binary"),
                ("SendFilename3", "string"),
                ("SendFile3", "base64Binary"),
                (TIME_PART, "dateTime"),
                ("Options", "string"),
            ),
            (("JobId", "int"), ("RecipientsCount", "int"), ("PageCount", "int"), *_RETURN),
        ),
        Operation(
            "JobStatus",
            (*_LOGIN, ("JobId", "string")),
            (
                ("SendResult", "string"),
                ("SendDateTime", "string"),
                ("RemoteId", "string"),
                ("StatusFile", "base64Binary"),
                *_RETURN,
            ),
        ),
        Operation("CancelJob", (*_LOGIN, ("JobId", "string")), _RETURN),
        Operation(
            "RequestReceived",
            _LOGIN,
            (
                ("FaxId", "long"),
                ("ReceiveDate", "dateTime"),
                ("Originator", "string"),
                ("RemoteId", "string"),
                ("Pages", "int"),
                ("FaxImage", "base64Binary"),
                *_RETURN,
            ),
        ),
        Operation("DeleteReceived", (*_LOGIN, ("FaxId", "long")), _RETURN),
    )
}


@dataclass(kw_only=True)
class Wire:
    """How the server presents itself; every field may be changed while it runs."""

    #: Name of the Delphi unit: changing it makes a different interface of it.
    unit: str = "XMLWSIntf"
    #: Name of SendJob's time part: the document also says "SendDateTime".
    time_part: str = TIME_PART
    #: Address of the endpoint to state. None: the server's own with http://, even where it is
    #: served by https, as such servers do.
    stated_address: str | None = None
    #: Break base64 into lines of 76 characters with CRLF.
    base64_lines: bool = True

    @property
    def namespace(self) -> str:
        """Namespace of the operations."""
        return f"urn:{self.unit}-{INTERFACE}"

    def endpoint(self, host: str) -> str:
        """Address of the endpoint as the description states it."""
        return self.stated_address or f"http://{host}{ENDPOINT_PATH}"


def _parts(parts: tuple[tuple[str, str], ...], wire: Wire) -> str:
    names = {TIME_PART: wire.time_part}
    return "".join(
        f'\n    <part name="{names.get(name, name)}" type="xs:{kind}"/>' for name, kind in parts
    )


def description(wire: Wire, endpoint: str) -> bytes:
    """Write the WSDL with the given address of the endpoint."""
    messages, ports, bindings = [], [], []
    body = (
        f'<soap:body use="encoded" encodingStyle="{_ENCODING}"'
        f" namespace={quoteattr(wire.namespace)}/>"
    )
    for number, operation in enumerate(OPERATIONS.values()):
        name, request = operation.name, f"{operation.name}{number}Request"
        response = f"{operation.name}{number}Response"
        messages.append(
            f'  <message name="{request}">{_parts(operation.inputs, wire)}\n  </message>\n'
            f'  <message name="{response}">{_parts(operation.outputs, wire)}\n  </message>\n'
        )
        ports.append(
            f'    <operation name="{name}">\n'
            f'      <input message="tns:{request}"/>\n'
            f'      <output message="tns:{response}"/>\n'
            "    </operation>\n"
        )
        action = quoteattr(f"{wire.namespace}#{name}")
        bindings.append(
            f'    <operation name="{name}">\n'
            f'      <soap:operation soapAction={action} style="rpc"/>\n'
            f"      <input>{body}</input>\n"
            f"      <output>{body}</output>\n"
            "    </operation>\n"
        )
    return (
        '<?xml version="1.0"?>\n'
        '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"'
        ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
        f' name="{INTERFACE}service" targetNamespace="http://tempuri.org/"'
        ' xmlns:tns="http://tempuri.org/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"'
        f' xmlns:soapenc="{_ENCODING}">\n'
        + "".join(messages)
        + f'  <portType name="{INTERFACE}">\n'
        + "".join(ports)
        + f'  </portType>\n  <binding name="{INTERFACE}binding" type="tns:{INTERFACE}">\n'
        '    <soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>\n'
        + "".join(bindings)
        + f'  </binding>\n  <service name="{INTERFACE}service">\n'
        f'    <port name="{INTERFACE}Port" binding="tns:{INTERFACE}binding">\n'
        f"      <soap:address location={quoteattr(endpoint)}/>\n"
        "    </port>\n  </service>\n</definitions>\n"
    ).encode()
