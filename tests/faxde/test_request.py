"""Documents go out as they are; what goes wrong on this side is no error of the network's."""

from __future__ import annotations

import base64
import errno
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxd.faxde import Client, Document, JobType
from faxd.faxde.errors import Dropped
from faxd.faxde.request import _ENCODE, with_documents
from faxd.simulator import Fault, FaultKind, Simulator, SyntheticImage

from .support import ACCOUNT, LIMIT


def document(folder: Path, size: int) -> Document:
    path = folder / f"{size}.tif"
    path.write_bytes(b"".join(SyntheticImage(size, 1).pieces()))
    return Document(name=path.name, path=path)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 10), min_size=1, max_size=3))
def test_the_length_is_known_beforehand(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("documents")
    marks = {}
    for number, size in enumerate(sizes):
        marks[b"mark%d" % number] = folder / str(number)
        (folder / str(number)).write_bytes(b"x" * size)
    body = with_documents(b"<a>" + b"|".join(marks) + b"</a>", marks)
    sent = b"".join(body.pieces())
    assert body.length == len(sent)
    assert sent == b"<a>" + b"|".join(base64.b64encode(b"x" * size) for size in sizes) + b"</a>"
    assert sent == b"".join(body.pieces())  # a repeatable call may be sent twice


@pytest.mark.parametrize("size", [_ENCODE - 1, _ENCODE, _ENCODE + 1, 2 * _ENCODE + 2])
def test_pieces_join_without_a_seam(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
    body = with_documents(b"mark", {b"mark": path})
    assert base64.b64decode(b"".join(body.pieces()), validate=True) == path.read_bytes()


def test_progress_is_that_of_the_documents(client: Client, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    client.send_job(
        JobType.FAX,
        recipient="+4940123456",
        documents=[document(tmp_path, 1_000_000)],
        progress=lambda sent, total: seen.append((sent, total)),
    )
    counts = [sent for sent, _ in seen]
    assert counts == sorted(counts)
    assert len({total for _, total in seen}) == 1
    assert seen[-1][0] == seen[-1][1] > 1_333_333


def test_progress_of_a_fax(server: Simulator, client: Client) -> None:
    server.add_fax(ACCOUNT, SyntheticImage(1_000_000))
    seen: list[tuple[int, int | None]] = []
    client.request_received(
        io.BytesIO(), limit=LIMIT, progress=lambda got, total: seen.append((got, total))
    )
    assert [got for got, _ in seen] == sorted({got for got, _ in seen})
    assert seen[-1][0] == seen[-1][1] > 1_333_333


def gone(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("spoil", [gone, a_folder])
def test_a_document_that_cannot_be_read(
    server: Simulator, client: Client, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    bad = document(tmp_path, 5000)
    spoil(bad.path)
    with pytest.raises(OSError) as error:
        client.send_job(JobType.FAX, recipient="+4940123456", documents=[bad])
    assert error.value.errno in {errno.ENOENT, errno.EISDIR}
    assert server.jobs(ACCOUNT) == []


def test_a_document_that_becomes_shorter(server: Simulator, client: Client, tmp_path: Path) -> None:
    first, second = document(tmp_path, 500_000), document(tmp_path, 400_000)

    def shorten(_sent: int, _total: int | None) -> None:
        second.path.write_bytes(b"II*\0")

    with pytest.raises(OSError, match=r"400000\.tif became shorter"):
        client.send_job(
            JobType.FAX, recipient="040123", documents=[first, second], progress=shorten
        )
    assert server.jobs(ACCOUNT) == []
    assert client.job_status(1)  # by a connection of its own


class FullDisk(io.BytesIO):
    def write(self, _data: object, /) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("verbatim", [False, True])
def test_a_full_disk(server: Simulator, client: Client, verbatim: bool) -> None:
    server.add_fax(ACCOUNT, SyntheticImage(2_000_000))
    with pytest.raises(OSError, match="No space left") as error:
        client.request_received(FullDisk(), limit=LIMIT, verbatim=verbatim)
    assert error.value.errno == errno.ENOSPC
    assert client.request_received(io.BytesIO(), limit=LIMIT)


def test_a_connection_that_breaks_while_a_document_is_sent(
    server: Simulator, client: Client, tmp_path: Path
) -> None:
    server.faults.add(Fault(call="SendJob", kind=FaultKind.RESET_READING, times=None))
    with pytest.raises(Dropped):
        client.send_job(JobType.FAX, recipient="040123", documents=[document(tmp_path, 6_000_000)])
    assert len(server.calls_of("SendJob")) == 1
    assert server.jobs(ACCOUNT) == []


@pytest.mark.parametrize("field", ["recipient", "text"])
def test_characters_that_cannot_be_sent(server: Simulator, client: Client, field: str) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        client.send_job(JobType.FAX, **{field: "a\0b"})  # type: ignore[arg-type]
    assert server.calls_of("SendJob") == []
