"""The Dockerfile, built and run: a fax arrives, a document leaves, and nothing is run as root."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from faxd.simulator import Account, Simulator, SyntheticImage

from .images import Container, Images, missing

pytestmark = pytest.mark.timeout(1200)

ACCOUNT, PASSWORD = "100000", "geheim-und-lang"
#: whom the image runs as, unless it is built for somebody else
USER = 988
SHELLS = ("sh", "dash", "bash")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    reason = missing()
    if reason:
        print(f"the container was left out: {reason}")
        pytest.skip(reason)
    root = tmp_path_factory.mktemp("images")
    try:
        yield Images(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def image(images: Images) -> str:
    """The image's name; built once."""
    images.make_base("localhost/base")
    begin = time.monotonic()
    images.build("localhost/faxd", "localhost/base")
    print(f"built in {time.monotonic() - begin:.0f} s", end=", ")
    return "localhost/faxd"


@dataclass
class Office:
    """Folders of the host with a configuration, as docs/container.md has them."""

    root: Path
    server: Simulator

    def __post_init__(self) -> None:
        for name in ("etc", "state", "fax", "fax/inbox", "fax/outbox"):
            (self.root / name).mkdir()
            os.chown(self.root / name, USER, USER)
        password = self.root / "etc/praxis.password"
        password.write_text(PASSWORD)
        password.chmod(0o640)
        os.chown(password, 0, USER)
        (self.root / "etc/config.toml").write_text(
            f'state_dir = "/var/lib/faxd"\n[service]\nwsdl = "{self.server.wsdl_url}"\n'
            f'[[accounts]]\nname = "praxis"\naccount = "{ACCOUNT}"\npoll_interval = 1\n'
            'password_file = "/etc/faxd/praxis.password"\ngroup = "faxd"\n'
            'inbox = "/srv/fax/inbox"\noutbox = "/srv/fax/outbox"\n'
        )
        self.server.set_account(Account(number=ACCOUNT, password=PASSWORD))

    @property
    def mounts(self) -> dict[Path, str]:
        return {
            self.root / "etc": "/etc/faxd:ro",
            self.root / "state": "/var/lib/faxd",
            self.root / "fax": "/srv/fax",
        }

    def drop(self, name: str, content: bytes) -> None:
        """Put a document into the outbox as somebody of faxd's group."""
        path = self.root / "fax/outbox" / name
        path.write_bytes(content)
        os.chown(path, 0, USER)
        path.chmod(0o660)

    def found(self, folder: str) -> list[Path]:
        """Files that the office sees there."""
        return sorted(path for path in (self.root / "fax" / folder).glob("[!.]*") if path.is_file())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Simulator() as server:
        yield Office(tmp_path, server)


@pytest.fixture
def container(images: Images, image: str, office: Office) -> Iterator[Container]:
    with Container(images, image, office.mounts, office.root / "log") as container:
        yield container


def test_what_the_image_says(images: Images, image: str) -> None:
    config = images.config(image)
    assert config["User"] == f"{USER}:{USER}"
    assert config["Entrypoint"] == ["/opt/faxd/bin/faxd"]
    assert config["Cmd"] == ["run"]
    assert config["Healthcheck"]["Test"][:2] == ["CMD", "/opt/faxd/bin/faxd"]
    assert set(config["Volumes"]) == {"/var/lib/faxd", "/srv/fax"}
    size, base = images.size(image), images.size("localhost/base")
    print(f"the image has {size / 1e6:.0f} MB, of which its base {base / 1e6:.0f} MB")
    assert size - base < 120_000_000


def test_a_fax_arrives_and_a_document_leaves(office: Office, container: Container) -> None:
    """Without a shell in the image; healthy while it is well, and ended within 10 s."""
    for name in SHELLS:
        for folder in ("bin", "usr/bin"):
            (container.root / folder / name).unlink(missing_ok=True)
    fax = SyntheticImage(20_000, 2)
    office.server.add_fax(ACCOUNT, fax, originator="+493023125042")
    container.start()
    wait_until(lambda: bool(office.found("inbox")), container)
    (arrived,) = office.found("inbox")
    assert arrived.read_bytes() == b"".join(fax.pieces())
    about = arrived.stat()
    assert (about.st_uid, about.st_gid, about.st_mode & 0o777) == (USER, USER, 0o660)

    status = Path(f"/proc/{container.pid()}/status").read_text()
    assert f"Uid:\t{USER}\t{USER}\t{USER}\t{USER}\n" in status
    assert f"Gid:\t{USER}\t{USER}\t{USER}\t{USER}\n" in status

    office.drop("040 123456 Befund.pdf", b"%PDF-1.4\n1 0 obj <</Type /Page>> endobj\n%%EOF\n")
    wait_until(lambda: len(office.server.jobs(ACCOUNT)) == 1, container)
    wait_until(lambda: container.is_healthy()[0], container)

    seconds, code = container.stop()
    print(f"ended in {seconds:.1f} s")
    assert (code, seconds < 10) == (0, True), container.log
    healthy, printed = container.is_healthy()
    assert not healthy
    assert "does not run" in printed


def test_it_is_not_healthy_with_a_wrong_password(office: Office, container: Container) -> None:
    office.server.set_account(Account(number=ACCOUNT, password="another"))
    container.start()
    wait_until(lambda: "wrong password" in container.is_healthy()[1], container)
    assert not container.is_healthy()[0]


def test_a_killed_one_goes_on_where_it_was(office: Office, container: Container) -> None:
    """A fax in each life; the state is in the volume."""
    for count in (1, 2):
        office.server.add_fax(ACCOUNT, SyntheticImage(20_000, count), originator="+493023125042")
        container.start()
        while len(office.found("inbox")) < count:
            time.sleep(0.3)
        container.kill()
    assert not office.server.queue(ACCOUNT)


def test_folders_that_are_not_mounted_take_no_fax(
    images: Images, image: str, office: Office
) -> None:
    """The image has no inbox of its own: a fax would be gone with the container."""
    office.server.add_fax(ACCOUNT, SyntheticImage(20_000, 1), originator="+493023125042")
    mounts = {source: at for source, at in office.mounts.items() if at != "/srv/fax"}
    with Container(images, image, mounts, office.root / "log") as container:
        code, printed = container.run("check")
        assert code == 1
        assert "/srv/fax/inbox: No such file or directory" in printed
        code, printed = container.run("poll")
        assert code != 0
    assert len(office.server.queue(ACCOUNT)) == 1


def test_nothing_of_the_program_belongs_to_its_user(container: Container) -> None:
    """Whoever breaks into faxd can change neither it nor the system around it."""
    root = container.root
    theirs = {
        str(path.relative_to(root))
        for top in ("opt", "etc", "usr", "srv", "var")
        for path in (root / top, *(root / top).rglob("*"))
        if path.lstat().st_uid == USER
    }
    assert theirs == {"var/lib/faxd", "srv/fax"}
    assert (root / "var/lib/faxd").stat().st_mode & 0o777 == 0o700
    assert not list((root / "opt/faxd/bin").glob("pip*"))


def wait_until(happened: Callable[[], bool], container: Container, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not happened():
        assert time.monotonic() < deadline, f"it did not happen in time\n{container.log[-4000:]}"
        time.sleep(0.3)
