"""The faults' own tests: that they strike, and that they see what is lost or doubled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.end_to_end.site import PASSWORD
from tests.end_to_end.strikes import require_strace, strace
from tests.faults import power, struck
from tests.faults.line import Found, Line, spread
from tests.faults.office import Office

pytestmark = pytest.mark.timeout(120)


@given(st.lists(st.integers(), unique=True, max_size=200), st.integers(1, 60))
def test_points_are_spread_from_the_first_to_the_last(points: list[int], most: int) -> None:
    chosen = spread(points, most)
    assert len(chosen) == min(most, len(points)) == len(set(chosen))
    assert [each for each in points if each in chosen] == chosen
    if len(points) > 1 < most:
        assert (chosen[0], chosen[-1]) == (points[0], points[-1])


def test_what_is_lost_or_doubled_is_seen() -> None:
    with Office() as office:
        office.drop_all()
        assert (office.lost(), office.doubled()) == (0, 0)
        assert office.after("undisturbed").is_well
        first, second, _ = sorted(office.site.inbox().glob("*.tif"))
        (office.site.inbox() / "again.tif").write_bytes(first.read_bytes())
        assert (office.lost(), office.doubled()) == (0, 1)
        second.write_bytes(second.read_bytes()[:-1])
        assert office.lost() == 1
        next(office.site.folder("sent").glob("*Befund*.pdf")).unlink()
        assert office.lost() == 2
        assert not office.after("a document is gone").is_well


def test_a_secret_and_a_mode_are_seen() -> None:
    with Office() as office:
        office.drop_all()
        assert office.after("undisturbed").is_well
        (office.site.state / "note").write_text(f"password={PASSWORD}")
        next(office.site.inbox().glob("*.tif")).chmod(0o644)
        (wrong,) = office.after("careless").wrong
        assert "a secret was written" in wrong and "a mode is not what was set" in wrong


def test_a_real_trace_is_understood() -> None:
    """All three are durable when they are deleted; were the folder not synced, that would show."""
    require_strace()
    with Office() as office:
        trace = office.root / "trace"
        command = strace(office.command(), watched="fsync,renameat2,sendto", trace=trace)
        command[1:1] = struck.PATHS
        assert office.run(command) == 0, office.output
        lines = trace.read_text(errors="replace")
    assert struck.undurable(lines) == []
    careless = [line for line in lines.splitlines() if "/praxis/inbox>)" not in line]
    assert len(struck.undurable("\n".join(careless))) == 3


def test_a_kill_and_an_error_strike() -> None:
    require_strace()
    with Office() as office:
        office.drop_all()
        status = office.run(strace(office.command(), "renameat2:signal=KILL:when=2"))
        assert status not in {0, 1, None}
        assert office.after("killed").is_well
    found = struck._strike(("fsync", 20), how="error=EIO", beside=())
    assert found.is_well, found.wrong


PART, INBOX = "/x/inbox/.faxd", "/x/inbox"
SYNC = f"7 fsync(5<{PART}/a.part>) = 0"
NAME = f'7 renameat2(6<{PART}>, "a.part", 7<{INBOX}>, "a.tif", RENAME_NOREPLACE) = 0'
FOLDER = f"7 fsync(7<{INBOX}>) = 0"
DELETE = '7 sendto(9<TCP:[1]>, "<ns0:DeleteReceived><FaxId>30</FaxId>", 9, 0, NULL, 0) = 9'


@pytest.mark.parametrize(
    ("lines", "is_good"),
    [
        ([SYNC, NAME, FOLDER, DELETE], True),
        ([SYNC, NAME, DELETE, FOLDER], False),
        ([NAME, FOLDER, DELETE], False),
        ([SYNC.replace("= 0", "= -1 EIO (Input/output error) (INJECTED)"), NAME, FOLDER, DELETE],
         False),
        ([SYNC, NAME, FOLDER, DELETE, DELETE], True),
        ([SYNC, NAME, FOLDER, DELETE, DELETE.replace("30", "31")], False),
    ],
)  # fmt: skip
def test_what_is_deleted_before_it_is_durable_is_seen(lines: list[str], is_good: bool) -> None:
    assert (struck.undurable("\n".join(lines)) == []) is is_good


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_the_power_goes(kind: str) -> None:
    if why := power.missing(kind):
        pytest.skip(why)
    found = power._cut(kind, ("DeleteReceived", 2, False))
    assert found.is_well, found.wrong


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_the_power_takes_what_was_not_synced(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk really forgets: without fsync faxes are lost that the server has deleted."""
    if why := power.missing(kind):
        pytest.skip(why)
    command = Office.command

    def careless(office: Office) -> list[str]:
        program, *_, config = command(office)
        code = (
            "import os, runpy, sys; os.fsync = os.fdatasync = lambda fd: None;"
            f"sys.argv = ['once', {config!r}];"
            "runpy.run_module('tests.faults.once', run_name='__main__')"
        )
        return [program, "-c", code]

    monkeypatch.setattr(Office, "command", careless)
    found = power._cut(kind, ("DeleteReceived", 3, False))
    assert found.lost > 0


def test_a_line_says_how_many() -> None:
    line = str(Line("kill", 40, 825, Found(lost=1, wrong=["kill at x 3: a slip is left"]), 12.3))
    assert "40 of 825 points, 1 lost, 0 doubled, 1 otherwise wrong, 12 s" in line
    assert "a slip is left" in line
    left_out = Line("power, xfs", 0, 0, Found(), 0, left_out="needs root")
    assert str(left_out).endswith("left out: needs root")
