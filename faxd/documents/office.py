"""Office documents become PDFs by LibreOffice, where it is installed.

LibreOffice is large, and its documents can ask for much: they may run macros, load what they
refer to from the network or from this machine, and take any time. It gets a profile of its own
that forbids that, no network where the kernel grants it, the limits of this process, and one
document at a time. All that it leaves behind is in the room of this piece of work.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from faxd.documents import kinds
from faxd.documents.errors import BadDocument, WorkshopError
from faxd.documents.kinds import Format
from faxd.documents.privileges import has_network
from faxd.words import Words

#: what is converted, each under the extension that LibreOffice is to know it by
FORMATS = frozenset(
    {
        *(Format.DOCX, Format.XLSX, Format.PPTX, Format.ODT, Format.ODS, Format.ODP),
        *(Format.OLE, Format.RTF),
    }
)
_PROGRAMS = ("soffice", "libreoffice")
_LOCK = "office.lock"
_OLD = {".doc", ".dot", ".xls", ".xlt", ".ppt", ".pps"}
#: A web page is opened as a document of Writer: as one of Writer/Web it is printed empty.
_AS_A_LETTER = ("--infilter=HTML (StarWriter)",)
#: of an ODF document's manifest
_MAX_MANIFEST = 1 << 20

#: Settings that differ from LibreOffice's own, by path and name (its main.xcd has them all).
_SETTINGS: tuple[tuple[str, str, str], ...] = (
    ("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    # Pictures and other parts that are only referred to are neither fetched nor read from disk.
    ("org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("org.openoffice.Office.Common/Misc", "FirstRun", "false"),
    ("org.openoffice.Office.Common/Save/Document", "AutoSave", "false"),
    ("org.openoffice.Office.Recovery/RecoveryInfo", "Enabled", "false"),
    ("org.openoffice.Office.Recovery/AutoSave", "Enabled", "false"),
    ("org.openoffice.Office.Java/VirtualMachine", "Enable", "false"),
    ("org.openoffice.Office.Writer/Content/Update", "Link", "2"),  # never
    ("org.openoffice.Office.Calc/Content/Update", "Link", "2"),
    # Where unshare is not granted: what is fetched all the same is asked of a closed port.
    ("org.openoffice.Inet/Settings", "ooInetProxyType", "2"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort", "9"),
    # Paper and numbers of a document that does not say.
    ("org.openoffice.Setup/L10N", "ooSetupSystemLocale", "de-DE"),
)

_AS_PDF = Words(
    "Bitte öffnen Sie das Dokument, wählen Sie Drucken und als Drucker „Microsoft Print to PDF“"
    " (oder „Als PDF speichern“), und legen Sie die PDF-Datei ab.",
    'Please open the document, choose Print, and "Microsoft Print to PDF" as the printer (or "Save'
    ' as PDF"), and drop the PDF file.',
)
_MISSING = Words(
    f"Office-Dokumente können hier nicht umgewandelt werden. {_AS_PDF.de}",
    f"Office documents cannot be converted here. {_AS_PDF.en}",
)
_LOCKED = Words(
    f"Das Dokument ist mit einem Kennwort geschützt. {_AS_PDF.de}",
    f"The document is protected by a password. {_AS_PDF.en}",
)
_UNREADABLE = Words(
    "Das Dokument lässt sich nicht umwandeln; es ist beschädigt oder mit einem Kennwort geschützt."
    f" {_AS_PDF.de}",
    f"The document cannot be converted; it is damaged, or protected by a password. {_AS_PDF.en}",
)


def is_installed() -> bool:
    """Whether there is a LibreOffice."""
    return _program() is not None


def office_to_pdf(source: str, name: str, target: str, format: Format) -> None:
    """Have an Office document printed to a PDF.

    ``name`` is what people call it; of the old formats it says which one it is.

    Raises:
        BadDocument: it needs a password or cannot be read, or there is no LibreOffice.
        WorkshopError: LibreOffice has failed.
        OSError: it cannot be started.
    """
    if _is_locked(Path(source), format):
        raise BadDocument(_LOCKED)
    program = _program()
    if program is None:
        raise BadDocument(_MISSING)
    with tempfile.TemporaryDirectory(prefix="office-") as folder, _one_at_a_time():
        room = Path(folder)
        _write_profile(room / "profile")
        document = room / f"document{_extension(name, format)}"
        shutil.copyfile(source, document)
        made = _convert(program, room, document)
        shutil.move(made, target)


def _program() -> str | None:
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


def _convert(program: str, room: Path, document: Path) -> Path:
    done = subprocess.run(  # noqa: S603
        [
            *_without_network(),
            program,
            f"-env:UserInstallation={(room / 'profile').as_uri()}",
            *("--headless", "--norestore", "--nolockcheck", "--nologo", "--nodefault"),
            *(_AS_A_LETTER if document.suffix == ".html" else ()),
            *("--convert-to", "pdf", "--outdir", str(room), str(document)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(room),
            "TMPDIR": str(room),
            "LANG": "C.UTF-8",
            "SAL_USE_VCLPLUGIN": "svp",  # draws without a screen
            "SAL_DISABLE_OPENCL": "1",
        },
        cwd=room,
        check=False,
    )
    made = document.with_suffix(".pdf")
    if made.exists() and made.stat().st_size:
        return made
    said = " ".join(done.stdout.decode("utf-8", "replace").split())[-200:]
    # It returns 0 also for a document that it cannot load, and says so.
    if done.returncode == 0 or "could not be loaded" in said:
        raise BadDocument(_UNREADABLE)
    raise WorkshopError(f"LibreOffice ended with status {done.returncode}: {said}")


def _without_network() -> list[str]:
    """What a command begins with that is to have no network; nothing where that is not granted."""
    if not has_network():
        return []  # this process has none either
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    users = [] if os.geteuid() == 0 else ["--map-current-user"]
    prefix = [unshare, "--net", *users, "--"]
    tried = subprocess.run(  # noqa: S603
        [*prefix, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return prefix if tried.returncode == 0 else []


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for other conversions; the time limit of this piece of work holds for that too."""
    # HOME is the room of this piece of work, in a scratch folder of the state folder: of which
    # there are several, one for documents that are to be sent, one for reports.
    scratch = Path(os.environ.get("HOME", tempfile.gettempdir())).parent
    found = scratch.parent.stat()
    is_private = found.st_uid == os.geteuid() and not found.st_mode & 0o022
    # By a command, it is in /tmp, where a lock could be somebody else's.
    lock = (scratch.parent if is_private else scratch) / _LOCK
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write_profile(profile: Path) -> None:
    user = profile / "user"
    user.mkdir(parents=True)
    items = "\n".join(
        f"<item oor:path={quoteattr('/' + path)}><prop oor:name={quoteattr(name)}"
        f' oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _SETTINGS
    )
    (user / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry"'
        ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f"{items}\n</oor:items>\n"
    )


def _extension(name: str, format: Format) -> str:
    if format is not Format.OLE:
        return f".{format.value}"
    extension = Path(name).suffix.lower()
    return extension if extension in _OLD else ".doc"


def _is_locked(document: Path, format: Format) -> bool:
    if format is Format.OLE:
        return kinds.is_encrypted_office(document)
    if format not in {Format.ODT, Format.ODS, Format.ODP}:
        return False
    try:
        with zipfile.ZipFile(document) as archive, archive.open("META-INF/manifest.xml") as file:
            return b"encryption-data" in file.read(_MAX_MANIFEST)
    except (KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, OSError):
        return False
