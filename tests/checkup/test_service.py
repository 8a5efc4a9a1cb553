"""FAX.de's stand-in, and clocks that differ from its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from faxd.checkup.finding import Grade
from faxd.checkup.service import Provider, by_the_clock, clock
from faxd.faxde.values import http_date
from faxd.simulator import Simulator

from .conftest import Configure


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, None),
        (120, None),
        (-119, None),
        (121, "2 min ahead of FAX.de's"),
        (-3700, "61 min behind FAX.de's"),
        (7200, "2 h ahead of"),
        (-86400 * 400, "9600 h behind"),
    ],
)
def test_clocks(seconds: float, said: str | None) -> None:
    finding = clock(timedelta(seconds=seconds))
    assert finding.grade is (Grade.GOOD if said is None else Grade.WARN)
    assert said is None or said in finding.detail


def test_a_certificate_that_time_is_against() -> None:
    now = datetime(2031, 1, 1, tzinfo=UTC)
    expired = "the certificate of ccs.fax.de is not accepted: certificate has expired"
    assert "It says 2031-01-01 00:00 (UTC)" in by_the_clock(expired, now)
    assert by_the_clock("no connection", now) == ""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Wed, 25 Nov 2026 12:00:00 GMT", datetime(2026, 11, 25, 12, tzinfo=UTC)),
        ("Wed, 25 Nov 2026 12:00:00 -0000", datetime(2026, 11, 25, 12, tzinfo=UTC)),
        ("Wed, 25 Nov 2026 12:00:00 +0100", datetime(2026, 11, 25, 11, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("Wed, 99 Nov 99999999999 12:00:00 GMT", None),
    ],
)
def test_dates_of_answers(text: str, moment: datetime | None) -> None:
    assert http_date(text) == moment


def test_the_stand_in(configure: Configure, tmp_path: Path) -> None:
    with Simulator() as server:
        config = configure(whole={"service": {"wsdl": server.wsdl_url}})
        config.state_dir.mkdir()
        with Provider(config) as provider:
            found = {each.subject: each.grade for each in provider.findings()}
            assert found == {"FAX.de": Grade.GOOD, "clock": Grade.GOOD}
            assert provider.service is not None
            ahead = provider.service.clock_ahead()
            assert ahead is not None
            assert abs(ahead) < timedelta(seconds=5)
    with Provider(config) as provider:
        (finding,) = provider.findings()
        assert "see to network, firewall and service.wsdl" in finding.detail
        assert provider.service is None
