"""What the recipient will get, before anything is sent: preview."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from faxd.cli.common import account_that_sends, fail, main, told

if TYPE_CHECKING:
    from datetime import tzinfo

    from faxd.config import Config, SendSettings
    from faxd.job import Step

_DEFAULT = Path("/etc/faxd/config.toml")
#: what becomes a fax as it is
_PICTURES = {".tif", ".tiff", ".bmp"}


@main.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it: a PDF with all pages, or a PNG with one. [NAME - preview.pdf]",
)
@click.option("--page", type=click.IntRange(1), default=1, help="Which page a PNG shows. [1]")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@click.option("--standard", is_flag=True, help="In standard resolution, not fine.")
@click.option("--account", metavar="NAME", help="Whose letterhead, if several can send.")
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    envvar="FAXD_CONFIG",
    help=f"The configuration that names letterhead and cover page. [{_DEFAULT}, if there is one]",
)
def preview(
    files: tuple[Path, ...],
    out: Path | None,
    page: int,
    force: bool,
    standard: bool,
    account: str | None,
    path: Path | None,
) -> None:
    """Show as PDF or PNG what the recipient of a fax of FILES will get; nothing is sent."""
    from faxd.config import load
    from faxd.documents import BadDocument, WorkshopError
    from faxd.text import plural

    if out is not None and out.suffix.lower() not in {".pdf", ".png"}:
        raise click.UsageError("-o: the name must end in .pdf or .png")
    if path is None and _DEFAULT.exists():
        path = _DEFAULT
    with told():
        config = load(path) if path is not None else None
        target = out or Path(f"{files[0].stem} - preview.pdf")
        _check_target(target, files, force)
        _check_formats(files)
        with tempfile.TemporaryDirectory(prefix="faxd-preview-") as room:
            try:
                made = Path(room) / f"preview{target.suffix.lower()}"
                pages = _look(files, made, page, standard, config, account, Path(room))
                _put(made, target, force)
            except BadDocument as error:
                fail(str(error))
            except WorkshopError as error:
                fail(f"no preview: {error}")
    if target.suffix.lower() == ".png" and pages > 1:
        click.echo(f"{target}: page {page} of {pages} (--page)")
    else:
        click.echo(f"{target}: {plural(pages, 'page')}")


def _check_target(target: Path, files: tuple[Path, ...], force: bool) -> None:
    """Never write over what is looked at, and over other files only with ``--force``."""
    if not target.exists():
        return
    if any(target.samefile(file) for file in files):
        fail(f"{target} is the document itself; name another file with -o")
    if not force:
        fail(f"{target} is there already; name another one with -o, or replace it with --force")


def _check_formats(files: tuple[Path, ...]) -> None:
    """Show nothing of what `faxd send` would refuse."""
    from faxd.documents.office import is_installed
    from faxd.durable import Folder
    from faxd.outbound.addressing import Refused
    from faxd.outbound.addressing.formats import needs_pdf
    from faxd.outbound.addressing.message import is_text_file
    from faxd.outbound.intake.reading import check_whole
    from faxd.outbound.preparing.works import beginning

    for file in files:
        head = beginning(file)
        try:
            if not is_text_file(file.name, head):
                needs_pdf(file.name, head, office=is_installed())
                with Folder.open(file.parent) as folder:
                    check_whole(folder, [file.name])
        except Refused as error:
            fail(f"no preview: {error}")


def _put(made: Path, target: Path, force: bool) -> None:
    """Copy it to where it is wanted; nothing that has come there meanwhile is replaced."""
    with made.open("rb") as source, target.open("wb" if force else "xb") as file:
        shutil.copyfileobj(source, file)


def _look(
    files: tuple[Path, ...],
    made: Path,
    page: int,
    standard: bool,
    config: Config | None,
    account: str | None,
    room: Path,
) -> int:
    """Make the preview; returns the number of pages that the fax has."""
    from faxd.documents import Workshop
    from faxd.outbound.preparing.settings import templates_of
    from faxd.outbound.preparing.works import Source, make_ready

    send = _settings(config, account)
    workshop = Workshop(scratch=room)
    ready = make_ready(
        workshop,
        room,
        [Source(name=file.name, path=file.absolute()) for file in files],
        _steps(files, send),
        templates_of(send),
        _example(files[0].stem, send, config.zone if config else None),
        files[0].stem,
    )
    looked = workshop.do(
        "fax_look",
        source=str(ready.documents[0].path),
        target=str(made),
        resolution="standard" if standard else "fine",
        as_format=made.suffix.removeprefix("."),
        page=page,
        title=files[0].stem,
    )
    return int(looked["pages"])


def _settings(config: Config | None, account: str | None) -> SendSettings:
    from faxd.config import SendSettings

    if config is None or not any(one.outbox for one in config.accounts):
        return SendSettings()
    return account_that_sends(config, account).send


def _steps(files: tuple[Path, ...], send: SendSettings) -> list[Step]:
    from faxd.job import Step

    steps = [Step.COVER_ANY] if send.codes else []
    if send.letterhead is not None:
        steps.append(Step.LETTERHEAD)
    if send.cover_page is not None:
        steps.append(Step.COVER_PAGE)
    if len(files) > 1 or files[0].suffix.lower() not in _PICTURES:
        steps.append(Step.JOIN)
    return steps


def _example(title: str, send: SendSettings, zone: tzinfo | None) -> dict[str, str]:
    """The fields of a cover page, with a recipient that is none."""
    from faxd.clock import utc_now
    from faxd.job import Job, Kind, Recipient
    from faxd.outbound.preparing.cover import cover_fields

    now = utc_now()
    job = Job(
        account="",
        kind=Kind.FAX,
        title=title,
        source=title,
        folder="",
        claim="",
        created_at=now,
        subject=title,
        recipients=(Recipient(address="+4940123456", name="Mustermann"),),
    )
    sender = ", ".join(send.sender)
    return cover_fields(job, now, sender=sender, language=send.language, zone=zone)
