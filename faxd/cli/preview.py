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
        if out is None and target.exists():
            fail(f"{target} is there already; name another one with -o")
        with tempfile.TemporaryDirectory(prefix="faxd-preview-") as room:
            try:
                pages = _look(files, target, page, standard, config, account, Path(room))
            except BadDocument as error:
                fail(str(error))
            except WorkshopError as error:
                fail(f"no preview: {error}")
    click.echo(f"{target}: {plural(pages, 'page')}")


def _look(
    files: tuple[Path, ...],
    target: Path,
    page: int,
    standard: bool,
    config: Config | None,
    account: str | None,
    room: Path,
) -> int:
    """Write the preview; returns the number of pages that the fax has."""
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
    made = room / f"preview{target.suffix.lower()}"
    looked = workshop.do(
        "fax_look",
        source=str(ready.documents[0].path),
        target=str(made),
        resolution="standard" if standard else "fine",
        as_format=target.suffix.lower().removeprefix("."),
        page=page,
        title=files[0].stem,
    )
    shutil.copyfile(made, target)
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
