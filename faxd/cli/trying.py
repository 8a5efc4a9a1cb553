"""Commands to try faxd without an account: simulate, demo."""

from __future__ import annotations

from pathlib import Path

import click

from faxd.cli.common import fail, main, told


@main.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8800,
    show_default=True,
    help="Port on the loopback interface.",
)
@click.option(
    "--every",
    type=click.FloatRange(0.1),
    default=30.0,
    show_default=True,
    help="Seconds between two sample faxes.",
)
@click.option(
    "-c", "--config", "path", type=click.Path(path_type=Path), help="Serve the accounts of it."
)
def simulate(port: int, every: float, path: Path | None) -> None:
    """Run a stand-in for FAX.de on this machine, to try faxd without an account."""
    from faxd.demo import serve

    with told():
        serve(port, every, path)


@main.command()
@click.option("--once", is_flag=True, help="End by itself when three faxes have arrived.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where to put the folders. [a temporary one]"
)
@click.option(
    "-c", "--config", "path", type=click.Path(path_type=Path), help="Try the settings of this one."
)
def demo(once: bool, folder: Path | None, path: Path | None) -> None:
    """Watch faxes arrive: the real daemon on a stand-in for FAX.de, in a folder of its own."""
    from faxd.demo import run as run_demo

    with told():
        missing = run_demo(folder, once=once, path=path)
    if missing:
        fail(missing)
