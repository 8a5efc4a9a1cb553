"""The real daemon tells of an account that is refused, and that it is over."""

from __future__ import annotations

from pathlib import Path

import pytest

from faxd.simulator import Account, Simulator
from tests.afterwards.post import Post, post_office

from .site import PASSWORD, Site, wait_until


@pytest.mark.timeout(150)
def test_a_wrong_password(tmp_path: Path, server: Simulator) -> None:
    with post_office(Post()) as post:
        site = Site(tmp_path, server)
        config = site.config.read_text()
        site.config.write_text(
            config.replace(
                "[[accounts]]",
                f'[mail]\nhost = "127.0.0.1"\nport = {post.port}\ntls = "none"\n'
                'sender = "fax@example.org"\n[tell]\nto = ["edv@example.org"]\ncalm = 0\n'
                "[[accounts]]",
                1,
            )
        )
        server.set_account(Account(number=site.number(), password="another"))
        with site.daemon() as daemon:
            wait_until(lambda: len(post.mails) == 1, 60)
            assert post.mails[0][2]["Subject"] == "faxd praxis: Konto abgelehnt"
            server.set_account(Account(number=site.number(), password=PASSWORD))
            site.password_file.write_text(PASSWORD + "\n")  # touched: it is tried at once
            wait_until(lambda: len(post.mails) == 2, 90)
            assert "Erledigt" in post.mails[1][2]["Subject"]
            assert PASSWORD not in daemon.log
        told = site.faxd("tell")
        assert told.returncode == 0 and "stopped praxis, until" in told.stdout
        tried = site.faxd("tell", "--test")
        assert (tried.returncode, tried.stdout) == (0, "edv@example.org: told\n")
        assert site.faxd("status", "--check").returncode in {0, 1, 2}
