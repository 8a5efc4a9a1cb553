"""Run by test_memory.py in a process of its own: prints the growth of its peak memory in KiB."""

from __future__ import annotations

import http.client
import resource
import sys
from collections.abc import Iterator

from faxd.simulator import Account, Simulator, SyntheticImage
from faxd.simulator.streams import Base64

PATH = "/xmlws.exe/soap/IntfXMLWS"
LOGIN = "<Account>1</Account><Password>p</Password>"
OPEN = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<n:{0} xmlns:n="urn:XMLWSIntf-IntfXMLWS">'
)
CLOSE = "</n:{0}></e:Body></e:Envelope>"


def peak() -> int:
    """Greatest resident memory so far, KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def post(port: int, name: str, length: int, body: Iterator[bytes]) -> tuple[int, bytes]:
    """Send a body piece by piece, read the answer the same way: its size and its end."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    action = f"urn:XMLWSIntf-IntfXMLWS#{name}"
    headers = {"SOAPAction": action, "Content-Length": str(length)}
    connection.request("POST", PATH, body, headers)
    answer = connection.getresponse()
    size, end = 0, b""
    while piece := answer.read(256 * 1024):
        size, end = size + len(piece), piece[-200:]
    connection.close()
    return size, end


def fetch(server: Simulator) -> int:
    """Fetch the waiting fax; size of the answer."""
    body = (OPEN + LOGIN + CLOSE).format("RequestReceived").encode()
    size, end = post(server.port, "RequestReceived", len(body), iter([body]))
    assert b">0</return>" in end
    return size


def delete(server: Simulator, fax_id: int) -> None:
    """Delete a fax."""
    body = (OPEN + LOGIN + f"<FaxId>{fax_id}</FaxId>" + CLOSE).format("DeleteReceived").encode()
    _, end = post(server.port, "DeleteReceived", len(body), iter([body]))
    assert b">0</return>" in end


def send(server: Simulator, document: SyntheticImage) -> None:
    """Send a document."""
    content = Base64(document)
    head = (
        OPEN
        + LOGIN
        + (
            "<JobType>0</JobType><Recipient>040123</Recipient><SendFilename1>a.tif</SendFilename1>"
            "<SendFile1>"
        )
    )
    first, last = head.format("SendJob").encode(), ("</SendFile1>" + CLOSE).format("SendJob")

    def pieces() -> Iterator[bytes]:
        yield first
        yield from content.pieces()
        yield last.encode()

    length = len(first) + content.size + len(last)
    _, end = post(server.port, "SendJob", length, pieces())
    assert b">0</return>" in end, end
    (kept,) = server.jobs("1")[-1].order.documents
    assert (kept.size, kept.sha256) == (document.size, document.sha256())


def main(fax: int, document: int) -> None:
    with Simulator(accounts=[Account(number="1", password="p")]) as server:
        fax_id = server.add_fax("1", SyntheticImage(1_000_000))
        fetch(server)
        send(server, SyntheticImage(1_000_000))
        assert server.queue("1")[0].fax_id == fax_id
        delete(server, fax_id)
        before = peak()
        server.add_fax("1", SyntheticImage(fax, 5))
        assert fetch(server) > fax * 4 / 3
        send(server, SyntheticImage(document, 5))
        print(peak() - before)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
