"""Office documents through LibreOffice, and what they may not do there."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PIL import Image

from faxd.documents import BadDocument, TimeLimit, Workshop, WorkshopError, office
from faxd.documents.convert import to_pdf
from faxd.documents.first_page import first_page
from tests.documents.paper import darkness, look, read, sizes

needs_office = pytest.mark.skipif(not office.is_installed(), reason="LibreOffice is not installed")

LETTER = "Sehr geehrte Damen und Herren, schöne Grüße"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
ODF = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    f' xmlns:office="{_OFFICE}:office:1.0" xmlns:text="{_OFFICE}:text:1.0"'
    f' xmlns:table="{_OFFICE}:table:1.0" xmlns:draw="{_OFFICE}:drawing:1.0"'
    f' xmlns:script="{_OFFICE}:script:1.0" xmlns:svg="{_OFFICE}:svg-compatible:1.0"'
    ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dom="http://www.w3.org/2001/xml-events"'
    ' xmlns:ooo="http://openoffice.org/2004/office" office:version="1.2">'
    "<office:body>%s</office:body></office:document-content>"
)


def make_odf(path: Path, kind: str, body: str, **others: str) -> Path:
    """An ODF document; others are further files in it."""
    entries = {"content.xml": ODF % body, **others}
    manifest = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>'
        for name in entries
    )
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", mimetype)
        for name, content in entries.items():
            archive.writestr(name, content)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{_OFFICE}:manifest:1.0" manifest:version="1.2">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mimetype}"/>'
            f"{manifest}</manifest:manifest>",
        )
    return path


def make_odt(path: Path, inner: str) -> Path:
    return make_odf(path, "text", f"<office:text>{inner}</office:text>")


def make_ods(path: Path) -> Path:
    cells = "".join(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{text}</text:p>'
        "</table:table-cell></table:table-row>"
        for text in (LETTER, "Zeile zwei")
    )
    return make_odf(
        path,
        "spreadsheet",
        f'<office:spreadsheet><table:table table:name="Blatt">{cells}</table:table>'
        "</office:spreadsheet>",
    )


def make_odp(path: Path) -> Path:
    box = (
        '<draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="3cm"><draw:text-box>'
        f"<text:p>{LETTER}</text:p></draw:text-box></draw:frame>"
    )
    return make_odf(
        path,
        "presentation",
        f'<office:presentation><draw:page draw:name="Folie">{box}</draw:page>'
        "</office:presentation>",
    )


def make_docx(path: Path) -> Path:
    namespace = "http://schemas.openxmlformats.org"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{namespace}/package/2006/content-types"><Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override'
            ' PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.wordprocessingml.document.main+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{namespace}/package/2006/relationships"><Relationship Id="r"'
            f' Type="{namespace}/officeDocument/2006/relationships/officeDocument"'
            ' Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{namespace}/wordprocessingml/2006/main"><w:body><w:p><w:r>'
            f'<w:t>{LETTER}</w:t></w:r></w:p><w:p><w:r><w:br w:type="page"/><w:t>Seite zwei</w:t>'
            "</w:r></w:p></w:body></w:document>",
        )
    return path


_PACKAGE = "http://schemas.openxmlformats.org"
_MAIN = "application/vnd.openxmlformats-officedocument"


def make_ooxml(path: Path, first: str, parts: dict[str, tuple[str, str, str]]) -> Path:
    """A document of Office, plain: each part has its type, its relations (id, kind, target), XML.

    ``first`` is the part that the package begins with.
    """
    relation = f"{_PACKAGE}/officeDocument/2006/relationships"
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{_MAIN}.{kind}+xml"/>'
        for name, (kind, _, _) in parts.items()
    )

    def relations(lines: str) -> str:
        found = "".join(
            f'<Relationship Id="{id}" Type="{relation}/{kind}" Target="{target}"/>'
            for id, kind, target in (line.split() for line in lines.splitlines())
        )
        return (
            f'<Relationships xmlns="{_PACKAGE}/package/2006/relationships">{found}</Relationships>'
        )

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/package/2006/content-types"><Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f"{overrides}</Types>",
        )
        archive.writestr("_rels/.rels", relations(f"r0 officeDocument {first}"))
        for name, (_, related, xml) in parts.items():
            archive.writestr(name, xml)
            if related:
                folder, _, base = name.rpartition("/")
                archive.writestr(f"{folder}/_rels/{base}.rels", relations(related))
    return path


def make_xlsx(path: Path) -> Path:
    sheet = f"{_PACKAGE}/spreadsheetml/2006/main"
    relation = f"{_PACKAGE}/officeDocument/2006/relationships"
    return make_ooxml(
        path,
        "xl/workbook.xml",
        {
            "xl/workbook.xml": (
                "spreadsheetml.sheet.main",
                "r1 worksheet worksheets/sheet1.xml",
                f'<workbook xmlns="{sheet}" xmlns:r="{relation}"><sheets>'
                '<sheet name="Blatt" sheetId="1" r:id="r1"/></sheets></workbook>',
            ),
            "xl/worksheets/sheet1.xml": (
                "spreadsheetml.worksheet",
                "",
                f'<worksheet xmlns="{sheet}"><sheetData><row r="1"><c r="A1" t="inlineStr">'
                f"<is><t>{LETTER}</t></is></c></row></sheetData></worksheet>",
            ),
        },
    )


def make_pptx(path: Path) -> Path:
    show, draw = f"{_PACKAGE}/presentationml/2006/main", f"{_PACKAGE}/drawingml/2006/main"
    relation = f"{_PACKAGE}/officeDocument/2006/relationships"
    spaces = f'xmlns:p="{show}" xmlns:a="{draw}" xmlns:r="{relation}"'
    head = (
        '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    )
    box = (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Text"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr>'
        '<p:spPr><a:xfrm><a:off x="500000" y="500000"/><a:ext cx="8000000" cy="800000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr><p:txBody><a:bodyPr/>'
        f"<a:p><a:r><a:t>{LETTER}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    tree = f"<p:cSld><p:spTree>{head}%s</p:spTree></p:cSld>"
    names = ["accent1", "accent2", "accent3", "accent4", "accent5", "accent6"]
    colours = " ".join(f'{name}="{name}"' for name in names)
    mapped = f'<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" {colours} hlink="hlink"' \
        ' folHlink="folHlink"/>'  # fmt: skip
    return make_ooxml(
        path,
        "ppt/presentation.xml",
        {
            "ppt/presentation.xml": (
                "presentationml.presentation.main",
                "r1 slideMaster slideMasters/slideMaster1.xml\nr2 slide slides/slide1.xml",
                f'<p:presentation {spaces}><p:sldMasterIdLst><p:sldMasterId id="2147483648"'
                ' r:id="r1"/></p:sldMasterIdLst><p:sldIdLst><p:sldId id="256" r:id="r2"/>'
                '</p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000"'
                ' cy="9144000"/></p:presentation>',
            ),
            "ppt/slideMasters/slideMaster1.xml": (
                "presentationml.slideMaster",
                "r1 slideLayout ../slideLayouts/slideLayout1.xml",
                f"<p:sldMaster {spaces}>{tree % ''}{mapped}<p:sldLayoutIdLst><p:sldLayoutId"
                ' id="2147483649" r:id="r1"/></p:sldLayoutIdLst></p:sldMaster>',
            ),
            "ppt/slideLayouts/slideLayout1.xml": (
                "presentationml.slideLayout",
                "r1 slideMaster ../slideMasters/slideMaster1.xml",
                f"<p:sldLayout {spaces}>{tree % ''}</p:sldLayout>",
            ),
            "ppt/slides/slide1.xml": (
                "presentationml.slide",
                "r1 slideLayout ../slideLayouts/slideLayout1.xml",
                f"<p:sld {spaces}>{tree % box}</p:sld>",
            ),
        },
    )


def make_html(path: Path, *more: str) -> Path:
    path.write_text(
        f"<!doctype html><html><head><meta charset=utf-8></head><body><p>{LETTER}</p>"
        f"{''.join(more)}</body></html>"
    )
    return path


def make_rtf(path: Path) -> Path:
    body = "".join(char if char.isascii() else f"\\u{ord(char)}?" for char in LETTER)
    path.write_bytes(rf"{{\rtf1\ansi\paperw11906\paperh16838 {body}\par}}".encode("ascii"))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents in all formats: some written here, the others saved by LibreOffice itself."""
    folder = tmp_path_factory.mktemp("documents")
    make_docx(folder / "letter.docx")
    make_rtf(folder / "letter.rtf")
    make_odt(folder / "letter.odt", f"<text:p>{LETTER}</text:p>")
    make_ods(folder / "table.ods")
    make_odp(folder / "slides.odp")
    make_xlsx(folder / "plain.xlsx")
    make_pptx(folder / "plain.pptx")
    for source, extensions in (
        ("letter.odt", ["doc"]), ("table.ods", ["xls", "xlsx"]), ("slides.odp", ["pptx", "ppt"]),
    ):  # fmt: skip
        for extension in extensions:
            subprocess.run(
                ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
                 "--convert-to", extension, "--outdir", str(folder), str(folder / source)],
                check=True, capture_output=True, timeout=120,
            )  # fmt: skip
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As the workshop has it: a room in a folder of scratch."""
    room = tmp_path / "scratch" / "room"
    room.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(room))
    return room


@needs_office
@pytest.mark.parametrize(
    "name",
    [
        *("letter.docx", "letter.rtf", "letter.odt", "letter.doc"),
        *("table.ods", "table.xls", "table.xlsx"),
        *("slides.odp", "slides.pptx", "slides.ppt"),
        *("plain.xlsx", "plain.pptx"),
    ],
)
def test_office_documents(name: str, folder: Path, tmp_path: Path) -> None:
    """All formats, in the workshop with its usual limits."""
    target = tmp_path / "letter.pdf"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = Workshop(scratch=scratch).do(
        "to_pdf", source=str(folder / name), name=name, target=str(target)
    )
    assert done == {"pages": 2 if name == "letter.docx" else 1, "by": "libreoffice"}
    assert LETTER in " ".join(read(target).split())
    assert darkness(look(target, dpi=150)) > 0.0005
    if name in {"letter.odt", "letter.rtf"}:
        assert sizes(target)[0] == pytest.approx((595, 842), abs=1)
    # nothing is left but the lock, beside what holds the rooms
    assert list(scratch.iterdir()) == []
    assert (tmp_path / "office.lock").exists()


class Counter(BaseHTTPRequestHandler):
    """Counts what is asked of it."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    """A web server, and what it was asked."""
    Counter.asked = []
    with HTTPServer(("127.0.0.1", 0), Counter) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", Counter.asked
        server.shutdown()
        thread.join()


@needs_office
@pytest.mark.parametrize("is_granted", [True, False])
def test_nothing_is_fetched(
    is_granted: bool,
    web: tuple[str, list[str]],
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither from the network, also where the kernel does not forbid it, nor from this machine."""
    address, asked = web
    if not is_granted:
        monkeypatch.setattr(office, "_without_network", list)
    secret = tmp_path / "secret.txt"
    secret.write_text("GEHEIM")
    picture = tmp_path / "secret.bmp"
    Image.new("RGB", (500, 500)).save(picture)
    frame = (
        '<text:p>%s<draw:frame text:anchor-type="as-char" svg:width="5cm" svg:height="5cm">'
        '<draw:image xlink:href="%s" xlink:type="simple" xlink:show="embed"'
        ' xlink:actuate="onLoad"/></draw:frame></text:p>'
    )
    section = (
        '<text:section text:name="s%d"><text:section-source xlink:href="%s"/><text:p>Text</text:p>'
        "</text:section>"
    )
    path = make_odt(
        tmp_path / "letter.odt",
        frame % ("Brief", f"{address}/a.png")
        + frame % ("", picture.as_uri())
        + section % (1, f"{address}/b.txt")
        + section % (2, secret.as_uri()),
    )
    target = tmp_path / "letter.pdf"
    assert to_pdf(str(path), path.name, str(target))["by"] == "libreoffice"
    assert "Brief" in read(target)
    assert "GEHEIM" not in read(target)
    assert darkness(look(target)) < 0.01
    assert asked == []


@needs_office
def test_no_macro_runs(home: Path, tmp_path: Path) -> None:
    """Not even one that is bound to the opening of the document.

    By hand, with the lowest level of security, this one runs; in a conversion it must not.
    """
    ran = tmp_path / "ran"
    event = (
        "<office:scripts><office:event-listeners>"
        '<script:event-listener script:language="ooo:script" script:event-name="dom:load"'
        ' xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;'
        'location=document" xlink:type="simple"/></office:event-listeners>'
        "</office:scripts>"
    )
    module = (
        '<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN"'
        ' "module.dtd"><script:module xmlns:script="http://openoffice.org/2000/script"'
        ' script:name="Module1" script:language="StarBasic">Sub Main\n'
        f"Open &quot;{ran}&quot; For Output As #1\nPrint #1, &quot;x&quot;\nClose #1\nEnd Sub"
        "</script:module>"
    )
    library = (
        '<!DOCTYPE library:%s PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "%s.dtd">'
        '<library:%s xmlns:library="http://openoffice.org/2000/library" %s>'
    )
    path = make_odf(
        tmp_path / "letter.odt",
        "text",
        f"<office:text><text:p>{LETTER}</text:p></office:text>",
        **{
            "Basic/script-lc.xml": library % ("libraries", "libraries", "libraries",
                'xmlns:xlink="http://www.w3.org/1999/xlink"')
            + '<library:library library:name="Standard" library:link="false"/></library:libraries>',
            "Basic/Standard/script-lb.xml": library % ("library", "library", "library",
                'library:name="Standard" library:readonly="false"')
            + '<library:element library:name="Module1"/></library:library>',
            "Basic/Standard/Module1.xml": module,
        },
    )  # fmt: skip
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["content.xml"] = entries["content.xml"].replace(
        b"<office:body>", event.encode() + b"<office:body>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    to_pdf(str(path), path.name, str(tmp_path / "letter.pdf"))
    assert LETTER in " ".join(read(tmp_path / "letter.pdf").split())
    assert not ran.exists()


@needs_office
def test_it_is_ended_with_its_time(folder: Path, tmp_path: Path) -> None:
    """LibreOffice too, and all that it has started; nothing of it is left behind."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(TimeLimit):
        Workshop(scratch=scratch, seconds=0.6).do(
            "to_pdf",
            source=str(folder / "letter.docx"),
            name="letter.docx",
            target=str(tmp_path / "letter.pdf"),
        )
    assert not list(scratch.glob("work-*"))
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(scratch) not in running.stdout


@needs_office
def test_too_little_memory(folder: Path, tmp_path: Path) -> None:
    """Not the document's fault."""
    with pytest.raises(WorkshopError):
        Workshop(scratch=tmp_path, memory=300 << 20).do(
            "to_pdf",
            source=str(folder / "letter.docx"),
            name="letter.docx",
            target=str(tmp_path / "letter.pdf"),
        )


@needs_office
@pytest.mark.parametrize("name", ["letter.doc", "table.xls", "page.html", "letter.docx"])
def test_the_first_page_for_a_report(name: str, folder: Path, tmp_path: Path) -> None:
    """What FAX.de prints itself, drawn as LibreOffice prints it; with the usual limits."""
    make_html(folder / "page.html")
    scratch, target = tmp_path / "scratch", tmp_path / "page.png"
    scratch.mkdir()
    told = Workshop(scratch=scratch).do(
        "first_page",
        source=str(folder / name),
        target=str(target),
        width=900,
        height=1300,
        name=name,
    )
    assert told["by"] == "libreoffice" and told["pages"] == (2 if name == "letter.docx" else 1)
    with Image.open(target) as image:
        assert 0.0005 < darkness(image) < 0.1
    assert list(scratch.iterdir()) == []


@needs_office
def test_a_web_page_fetches_nothing(
    web: tuple[str, list[str]], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its pictures nor its frames, from the network or from this machine."""
    address, asked = web
    monkeypatch.setattr(office, "_without_network", list)
    black = tmp_path / "secret.bmp"
    Image.new("RGB", (500, 500)).save(black)
    page = make_html(
        tmp_path / "page.html",
        f'<img src="{address}/a.png"><iframe src="{address}/b.html"></iframe>',
        f'<link rel=stylesheet href="{address}/c.css"><img src="{black.as_uri()}">',
    )
    target = tmp_path / "page.png"
    assert first_page(str(page), str(target), 600, 850, page.name)["by"] == "libreoffice"
    assert asked == []
    with Image.open(target) as image:
        assert darkness(image) < 0.05


@needs_office
def test_two_workshops_have_one_libreoffice(tmp_path: Path, home: Path) -> None:
    """Documents that are to be sent, and reports: both ask for the same lock."""
    (tmp_path / "reports" / "room").mkdir(parents=True)
    path = make_rtf(tmp_path / "letter.rtf")
    lock = tmp_path / "office.lock"
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for folder in ("scratch", "reports"):
            (tmp_path / folder).mkdir(exist_ok=True)
            with pytest.raises(TimeLimit):
                Workshop(scratch=tmp_path / folder, seconds=3).do(
                    "to_pdf", source=str(path), name=path.name, target=str(tmp_path / "a.pdf")
                )


def test_no_lock_where_everybody_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command's scratch folder is in /tmp; what lies there already is not opened."""
    public = tmp_path / "tmp"
    (public / "scratch" / "room").mkdir(parents=True)
    public.chmod(0o1777)
    monkeypatch.setenv("HOME", str(public / "scratch" / "room"))
    with office._one_at_a_time():
        assert [path.name for path in public.iterdir()] == ["scratch"]
        assert (public / "scratch" / "office.lock").exists()


def test_without_libreoffice(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what to do instead."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not office.is_installed()
    with pytest.raises(BadDocument, match="Print to PDF") as caught:
        to_pdf(str(make_docx(tmp_path / "letter.docx")), "letter.docx", str(tmp_path / "a.pdf"))
    assert "Drucken" in caught.value.words.de


def test_a_password(home: Path, tmp_path: Path) -> None:
    """Of an ODF document and of one of Office, told without opening them."""
    odt = make_odt(tmp_path / "letter.odt", "<text:p/>")
    with zipfile.ZipFile(odt, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
    docx = tmp_path / "letter.docx"
    docx.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")
    )
    for path in (odt, docx):
        with pytest.raises(BadDocument, match="password"):
            to_pdf(str(path), path.name, str(tmp_path / "a.pdf"))


@needs_office
@pytest.mark.parametrize("cut", [200, 600])
def test_broken_documents(cut: int, folder: Path, home: Path, tmp_path: Path) -> None:
    """Named, and no fault of the daemon's."""
    path = tmp_path / "letter.doc"
    path.write_bytes((folder / "letter.doc").read_bytes()[:cut])
    with pytest.raises(BadDocument, match="damaged"):
        to_pdf(str(path), path.name, str(tmp_path / "a.pdf"))


@needs_office
def test_one_at_a_time(folder: Path, tmp_path: Path) -> None:
    """Two threads of the daemon ask at once: one waits for the other, both get theirs."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done: list[object] = []

    def work(number: int) -> None:
        done.append(
            Workshop(scratch=scratch).do(
                "to_pdf",
                source=str(folder / "letter.odt"),
                name="letter.odt",
                target=str(tmp_path / f"{number}.pdf"),
            )
        )

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [{"pages": 1, "by": "libreoffice"}] * 2


def test_unshare_is_there_or_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the kernel grants no network namespace, the command stays as it is."""
    fake = tmp_path / "unshare"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{shutil.os.environ['PATH']}")  # type: ignore[attr-defined]
    assert office._without_network() == []
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert office._without_network() == []
