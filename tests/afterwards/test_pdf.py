"""PDF copies beside the faxes: read by another library than made them."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pypdfium2
import pytest

from tests.documents.specimens import drawing, picture_on, same

from .bureau import MOMENT, Bureau, on_path, program


@pytest.fixture
def bureau(bureau: Bureau) -> Bureau:
    bureau.changes = {"formats": ["tiff", "pdf"], "file_mode": "0640"}
    return bureau


def test_a_copy_of_every_pixel(bureau: Bureau) -> None:
    fax = bureau.add("Labor/Befund (2).tif")
    before = (bureau.inbox / fax.path).read_bytes()
    bureau.run()
    assert bureau.states(fax) == {"pdf": "done"}
    assert bureau.files() == ["Labor/Befund (2).pdf", "Labor/Befund (2).tif"]
    copy = bureau.inbox / "Labor/Befund (2).pdf"
    with pypdfium2.PdfDocument(copy) as made:
        assert [same(picture_on(made[page]), drawing(number=page + 1)) for page in (0, 1)] == [
            True,
            True,
        ]
        # A page of standard resolution is not squashed.
        assert made[0].get_size() == pytest.approx((1728 / 204 * 72, 1146 / 98 * 72), abs=1)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert copy.stat().st_mtime == MOMENT.timestamp()
    assert (bureau.inbox / fax.path).read_bytes() == before
    assert bureau.left_behind() == []


def test_it_never_replaces_anything(bureau: Bureau) -> None:
    fax = bureau.add("Befund.tif")
    (bureau.inbox / "Befund.pdf").write_text("of somebody else")
    bureau.run()
    assert bureau.files() == ["Befund (2).pdf", "Befund.pdf", "Befund.tif"]
    assert (bureau.inbox / "Befund.pdf").read_text() == "of somebody else"
    assert bureau.states(fax) == {"pdf": "done"}


def test_one_that_was_published_before_a_death_is_known_again(bureau: Bureau) -> None:
    first = bureau.add("Befund.tif")
    bureau.run()
    # The same again, as if the record of its end had been lost.
    with bureau.ledger.transaction() as db:
        db.execute("UPDATE actions SET state = 'waiting', ended_at = NULL")
    bureau.let_time_pass(hours=1)
    bureau.run()
    assert bureau.files() == ["Befund.pdf", "Befund.tif"]
    assert bureau.states(first) == {"pdf": "done"}


def test_what_a_death_left_behind_is_removed(bureau: Bureau) -> None:
    ours = bureau.inbox / ".faxd" / f"after-123456-{bureau.ledger.mark}-0123456789abcdef.part"
    others = bureau.inbox / ".faxd" / "after-123456-00000000-0123456789abcdef.part"
    for part in (ours, others):
        part.write_text("half a PDF")
    bureau.add()
    bureau.run()
    assert bureau.left_behind() == [others.name]


def test_a_fax_that_was_moved_away_at_once_was_copied_before(bureau: Bureau) -> None:
    (bureau.inbox / ".faxd").rmdir()  # so that the first try fails
    fax = bureau.add("Labor/Befund.tif")
    bureau.run()
    assert "cannot be written" in bureau.problem(fax)
    (bureau.inbox / "Labor/Befund.tif").rename(bureau.root / "elsewhere.tif")
    (bureau.inbox / ".faxd").mkdir()
    bureau.let_time_pass(minutes=2)
    bureau.run()
    assert bureau.files() == ["Labor/Befund.pdf"]
    assert bureau.states(fax) == {"pdf": "done"}
    assert bureau.left_behind() == []


def test_a_fax_that_is_gone_is_given_up(bureau: Bureau) -> None:
    fax = bureau.add()
    (bureau.inbox / fax.path).unlink()
    bureau.run()
    assert bureau.states(fax) == {"pdf": "failed"}
    assert "lies there no more" in bureau.problem(fax)
    assert bureau.logged("error") == ["action given up"]


def test_a_fax_that_was_changed_is_no_source(bureau: Bureau) -> None:
    fax = bureau.add()
    with (bureau.inbox / fax.path).open("r+b") as file:
        file.seek(200)
        file.write(b"written over")
    bureau.run()
    assert "was changed" in bureau.problem(fax)
    assert bureau.files() == ["Befund.tif"]


def test_a_link_is_not_followed(bureau: Bureau) -> None:
    fax = bureau.add("Labor/Befund.tif")
    (bureau.inbox / "Labor").rename(bureau.root / "elsewhere")
    (bureau.inbox / "Labor").symlink_to(bureau.root / "elsewhere")
    bureau.run()
    assert bureau.states(fax) == {"pdf": "failed"}
    assert sorted(path.name for path in (bureau.root / "elsewhere").iterdir()) == ["Befund.tif"]


def test_an_inbox_that_is_not_mounted_is_waited_for(bureau: Bureau) -> None:
    fax = bureau.add()
    bureau.inbox.rename(bureau.root / "unmounted")
    bureau.run()
    assert bureau.states(fax) == {"pdf": "waiting"}
    bureau.inbox.mkdir()
    bureau.changes["inbox_marker"] = ".mounted"
    bureau.let_time_pass(minutes=2)
    bureau.run()
    assert bureau.states(fax)["pdf"] in {"waiting", "failed"}
    assert bureau.files() == []


def test_what_is_free_is_for_faxes_first(bureau: Bureau) -> None:
    fax = bureau.add()
    bureau.changes["min_free"] = 1 << 60
    bureau.run()
    assert "min_free" in bureau.problem(fax)
    assert bureau.states(fax) == {"pdf": "waiting"}


def test_what_is_no_fax_gets_none(bureau: Bureau) -> None:
    fax = bureau.add(image=b"II*\0 no fax at all")
    damaged = bureau.add("damaged/x.tif", image=b"nor this", damage="not a TIFF file", pages=None)
    bureau.run()
    assert bureau.states(fax) == {"pdf": "failed"}
    assert bureau.states(damaged) == {}
    assert bureau.files() == ["Befund.tif", "damaged/x.tif"]


def test_searchable(bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ocrmypdf gets the PDF and says where the text is to go."""
    program(
        tmp_path / "bin" / "ocrmypdf",
        f'echo "$@" > {tmp_path}/arguments\n'
        'while [ "$1" != -- ]; do shift; done; cp "$2" "$3"; echo "% with text" >> "$3"',
    )
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    bureau.changes["searchable"] = True
    fax = bureau.add()
    bureau.run()
    assert bureau.states(fax) == {"pdf": "done"}
    assert (bureau.inbox / "Befund.pdf").read_bytes().endswith(b"% with text\n")
    assert "--optimize 0 -l deu+eng -- /" in (tmp_path / "arguments").read_text()
    assert bureau.left_behind() == []


@pytest.mark.parametrize("installed", [True, False])
def test_without_ocrmypdf_it_is_a_copy_all_the_same(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    if not installed and shutil.which("ocrmypdf"):
        pytest.skip("ocrmypdf is installed here")
    if installed:
        program(tmp_path / "bin" / "ocrmypdf", "echo no such language >&2; exit 3")
        monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    bureau.changes["searchable"] = True
    faxes = [bureau.add("A.tif"), bureau.add("B.tif")]
    bureau.run()
    assert [bureau.states(fax) for fax in faxes] == [{"pdf": "done"}] * 2
    assert bureau.files() == ["A.pdf", "A.tif", "B.pdf", "B.tif"]
    told = [event for event in bureau.events if "searchable" in event["event"]]
    assert len(told) == (2 if installed else 1)
    if installed:
        assert "status 3: no such language" in told[0]["problem"]
