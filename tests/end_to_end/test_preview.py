"""`faxd preview`, as people call it."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from faxd.cli import main
from tests.documents.paper import darkness, lines, make_pdf


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("faxd.cli.preview._DEFAULT", tmp_path / "no configuration")
    monkeypatch.delenv("FAXD_CONFIG", raising=False)


def preview(*words: str) -> Result:
    return CliRunner().invoke(main, ["preview", *words])


def test_as_pdf(tmp_path: Path) -> None:
    make_pdf(tmp_path / "Befund.pdf", lines("Guten Tag"), lines("Seite 2"))
    done = preview("Befund.pdf")
    assert (done.exit_code, done.output) == (0, "Befund - preview.pdf: 2 pages\n")
    assert len(pypdfium2.PdfDocument(tmp_path / "Befund - preview.pdf")) == 2
    again = preview("Befund.pdf")
    assert again.exit_code == 1 and "is there already" in again.output


def test_nothing_is_written_over_unasked(tmp_path: Path) -> None:
    make_pdf(tmp_path / "orig.pdf", lines("Guten Tag"))
    (tmp_path / "other name.pdf").symlink_to("orig.pdf")
    (tmp_path / "there.pdf").write_text("something else")
    before = (tmp_path / "orig.pdf").read_bytes()
    for name in ("orig.pdf", "other name.pdf"):
        done = preview("orig.pdf", "-o", name, "--force")
        assert done.exit_code == 1 and f"{name} is the document itself" in done.output
    done = preview("orig.pdf", "-o", "there.pdf")
    assert done.exit_code == 1 and "or replace it with --force" in done.output
    assert (tmp_path / "there.pdf").read_text() == "something else"
    assert preview("orig.pdf", "-o", "there.pdf", "--force").output == "there.pdf: 1 page\n"
    assert (tmp_path / "there.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "orig.pdf").read_bytes() == before


def test_as_png_without_the_code(tmp_path: Path) -> None:
    make_pdf(tmp_path / "Befund.pdf", lines("@@FAX 040 123456@@"))
    (tmp_path / "Anlage.txt").write_text("Guten Tag")
    assert preview("Befund.pdf", "Anlage.txt", "-o", "eins.png").output == (
        "eins.png: page 1 of 2 (--page)\n"
    )
    assert preview("Befund.pdf", "Anlage.txt", "-o", "2.PNG", "--page", "2").exit_code == 0
    first, second = (Image.open(tmp_path / name) for name in ("eins.png", "2.PNG"))
    assert darkness(first) == 0 and 0 < darkness(second) < 0.1


def test_on_the_letterhead(tmp_path: Path) -> None:
    make_pdf(tmp_path / "Brief.pdf", lines(""))
    make_pdf(tmp_path / "head.pdf", lines("Praxis Muster"))
    (tmp_path / "cover.txt").write_text("# Telefax\nAn: {name}\n")
    (tmp_path / "config.toml").write_text(
        f'state_dir = "{tmp_path}/state"\n[[accounts]]\nname = "praxis"\naccount = "1"\n'
        f'password_env = "X"\ninbox = "{tmp_path}/inbox"\noutbox = "{tmp_path}/outbox"\n'
        f'[accounts.send]\nletterhead = "{tmp_path}/head.pdf"\n'
        f'cover_page = "{tmp_path}/cover.txt"\n'
    )
    done = preview("Brief.pdf", "-c", "config.toml", "-o", "b.png", "--page", "2")
    assert done.output == "b.png: page 2 of 2 (--page)\n"
    assert darkness(Image.open(tmp_path / "b.png")) > 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["kaputt.pdf"], "damaged"),
        (["mk.py"], 'The file "mk.py" cannot be sent as it is.'),
        (["gut.txt", "mk.py"], 'The file "mk.py" cannot be sent as it is.'),
        (["kaputt.pdf", "-o", "x.jpg"], "must end in .pdf or .png"),
        (["gut.txt", "-o", "x.png", "--page", "9"], "no page 9"),
        (["gut.txt", "-o", "nowhere/x.png"], "nowhere/x.png: No such file"),
        (["gut.txt", "-c", "nowhere.toml"], "nowhere.toml: No such file"),
    ],
)
def test_what_cannot_be_shown(tmp_path: Path, words: list[str], says: str) -> None:
    (tmp_path / "kaputt.pdf").write_bytes(b"%PDF-1.4\n%%EOF")
    (tmp_path / "gut.txt").write_text("Guten Tag")
    (tmp_path / "mk.py").write_text("import os\n")
    done = preview(*words)
    assert done.exit_code != 0 and says in done.output
    assert not list(tmp_path.glob("*preview*"))
