"""Whether all is well. Pure: whoever knows the facts has them judged here, and nowhere else.

`faxd status` and monitoring programs get their verdict here, `systemctl status` its line, and
`faxd check` its opinion of disks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from faxd.inbound import stopped_for
from faxd.job import JobState
from faxd.ledger import Health, Queue
from faxd.text import plural, size

#: seconds after which trouble with FAX.de is no longer what may pass by itself
LASTING = 3600.0
#: what became of received faxes is told for this long
RECENT = timedelta(days=1)
#: so is a ledger that was damaged
_REMEMBERED = timedelta(days=7)
#: bytes: a disk is full with less, unless it is small
_LEAST = 64 << 20
#: bytes and part of a disk: it is nearly full with less than the lesser of both above what it needs
_AMPLE, _AMPLE_PART = 10**9, 0.1
#: part of a file system's files (inodes) below which it is nearly full
_FEW_FILES = 0.01


class Level(Enum):
    """How bad it is; the values are the exit statuses of monitoring plugins (Nagios')."""

    OK = 0
    WARNING = 1  # somebody should see to it, faxing goes on
    CRITICAL = 2  # faxes do not come or go
    UNKNOWN = 3  # it cannot be told

    @property
    def weight(self) -> int:
        """For putting the worst first."""
        return _WEIGHTS.index(self)


_WEIGHTS = (Level.OK, Level.WARNING, Level.UNKNOWN, Level.CRITICAL)


class Kind(Enum):
    """What can be wrong."""

    NOT_RUNNING = "not running"
    LEDGER = "ledger"
    STOPPED = "stopped"  # FAX.de refuses the account
    RECEIVING = "receiving"
    HANGS = "hangs"
    SENDING = "sending"
    HELD = "held"  # jobs that wait for an answer, or for the guard
    ACTIONS = "actions"  # what becomes of received faxes
    DAMAGED = "damaged"
    DISK = "disk"


@dataclass(frozen=True, kw_only=True)
class Remark:
    """One thing that is wrong."""

    level: Level
    kind: Kind
    #: name of an account; empty for faxd itself
    account: str = ""
    #: what is wrong and, behind a semicolon, what to do
    text: str

    @property
    def short(self) -> str:
        """What is wrong, and with what."""
        text = self.text.partition(";")[0]
        return f"{self.account}: {text}" if self.account else text


@dataclass(frozen=True, kw_only=True)
class Disk:
    """The disk that a folder is on."""

    #: state, inbox, outbox
    what: str
    account: str = ""
    path: str
    #: number of its file system, by which folders on one disk are known
    device: int = 0
    #: bytes for an ordinary user, and in all
    free: int = 0
    size: int = 0
    #: files (inodes) likewise; 0 in all: it does not count them
    files_free: int = 0
    files: int = 0
    #: bytes that must be free; None: as usual
    least: int | None = None
    #: why it cannot be looked at; None: it can
    problem: str | None = None

    @property
    def full_below(self) -> int:
        """Bytes that must be free; with less nothing works."""
        return min(_LEAST, self.size // 20) if self.least is None else self.least

    @property
    def nearly_full_below(self) -> int:
        """Bytes that should be free."""
        return self.full_below + int(min(_AMPLE, self.size * _AMPLE_PART))


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """What is known of an account."""

    name: str
    health: Health
    #: None: it only receives
    queue: Queue | None = None
    #: under way, by their states
    jobs: Mapping[JobState, int] = field(default_factory=dict)
    #: seconds between two polls
    interval: float = 60.0
    #: seconds that may pass from the end of a poll to that of the next
    patience: float = 3600.0
    password_changed: datetime | None = None
    #: what becomes of received faxes: actions that fail and are tried again; given up recently
    failing: int = 0
    given_up: int = 0
    #: faxes that came damaged recently
    damaged: int = 0

    def is_stopped(self, now: datetime) -> bool:
        """Whether it is not called, as FAX.de refuses it."""
        return stopped_for(self.health, self.password_changed, now) > 0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a faxd."""

    accounts: tuple[AccountFacts, ...] = ()
    #: of the process; 0: unknown; None: it does not run
    pid: int | None = 0
    #: since when it runs, if that is known
    since: datetime | None = None
    #: what hangs: name of the account (or empty) and of the work
    stuck: tuple[tuple[str, str], ...] = ()
    #: folders that do not answer: name of the account, and path
    silent: tuple[tuple[str, str], ...] = ()
    disks: tuple[Disk, ...] = ()
    #: when a damaged ledger was set aside, and what it is called now
    rescued: tuple[datetime, str] | None = None
    #: why the ledger cannot be read; None: it can
    unread: str | None = None
    #: how bad that is
    unread_level: Level = Level.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How it all is doing, at one moment."""

    accounts: int
    #: the end of the last poll of any account
    last_poll: datetime | None
    #: jobs under way
    jobs: int
    #: the worst first
    remarks: tuple[Remark, ...] = ()

    @property
    def level(self) -> Level:
        """That of the worst remark."""
        return self.remarks[0].level if self.remarks else Level.OK

    def line(self, now: datetime) -> str:
        """One line for `systemctl status`."""
        words = [plural(self.accounts, "account"), f"last poll {_ago(self.last_poll, now)}"]
        if self.jobs:
            words.append(f"{plural(self.jobs, 'job')} under way")
        if not self.remarks:
            words.append("all well")
        stopped = [each for each in self.remarks if each.kind is Kind.STOPPED]
        if stopped:
            # One and the same reason is told once: a line has room for little.
            whys = dict[str, list[str]]()
            for each in stopped:
                why = each.text.partition(";")[0].removeprefix(_STOPPED)
                whys.setdefault(why, []).append(each.account)
            told = "; ".join(f"{why} ({', '.join(names)})" for why, names in whys.items())
            words.append(f"{plural(len(stopped), 'account')} stopped: {told}")
        others = (each.short for each in self.remarks if each.kind is not Kind.STOPPED)
        return "; ".join([", ".join(words), *others])

    def headline(self, now: datetime) -> str:
        """One line that begins with the level."""
        said = "; ".join(each.short for each in self.remarks) or self.line(now)
        return f"{self.level.name}: {said}"


_STOPPED = "stopped: "


def judge(facts: Facts, now: datetime) -> Verdict:
    """What is wrong, and how bad that is."""
    remarks = list(_of_faxd(facts, now))
    for account in facts.accounts:
        remarks += _of_account(account, facts, now)
    remarks += about_disks(facts.disks)
    polls = (account.health.last_poll for account in facts.accounts)
    return Verdict(
        accounts=len(facts.accounts),
        last_poll=max((poll for poll in polls if poll is not None), default=None),
        jobs=sum(sum(account.jobs.values()) for account in facts.accounts),
        remarks=tuple(sorted(remarks, key=lambda each: -each.level.weight)),
    )


def _of_faxd(facts: Facts, now: datetime) -> Iterator[Remark]:
    if facts.pid is None:
        text = "faxd does not run; systemctl start faxd, and see journalctl -u faxd"
        yield Remark(level=Level.CRITICAL, kind=Kind.NOT_RUNNING, text=text)
    if facts.unread is not None:
        yield Remark(level=facts.unread_level, kind=Kind.LEDGER, text=facts.unread)
    if facts.rescued is not None and now - facts.rescued[0] < _REMEMBERED:
        text = (
            f"the ledger was damaged on {facts.rescued[0]:%Y-%m-%d}, and a new one was begun; what"
            f" was on its way lies in failed with a report, and the old one is kept as"
            f" {facts.rescued[1]}"
        )
        yield Remark(level=Level.WARNING, kind=Kind.LEDGER, text=text)
    for account, what in facts.stuck:
        text = f"{what} hangs"
        yield Remark(level=Level.CRITICAL, kind=Kind.HANGS, account=account, text=text)
    for account, path in facts.silent:
        text = f"{path} does not answer; see to its disk or server"
        yield Remark(level=Level.CRITICAL, kind=Kind.HANGS, account=account, text=text)


def _of_account(account: AccountFacts, facts: Facts, now: datetime) -> Iterator[Remark]:
    def remark(level: Level, kind: Kind, text: str) -> Remark:
        return Remark(level=level, kind=kind, account=account.name, text=text)

    health, queue = account.health, account.queue
    if health.problem is not None and account.is_stopped(now):
        yield remark(Level.CRITICAL, Kind.STOPPED, f"{_STOPPED}{health.problem}")
    elif health.problem is not None:
        # Not since when it is this problem: it may be another one each time.
        began = health.last_success or health.problem_since
        level = _worse_in_time(began, now, LASTING + account.interval)
        yield remark(level, Kind.RECEIVING, f"receiving: {health.problem}")
    elif facts.pid is not None and _is_overdue(account, facts.since, now):
        text = f"no poll has ended for long, the last one {_ago(health.last_poll, now)}"
        text += "; does its inbox hang?"
        yield remark(Level.CRITICAL, Kind.RECEIVING, text)
    elif facts.pid is not None and health.last_poll is None:
        yield remark(Level.WARNING, Kind.RECEIVING, "not polled yet")
    if queue is not None and queue.problem is not None:
        # Not since when something was sent: that may be days ago.
        level = _worse_in_time(queue.problem_since, now, LASTING)
        level = Level.CRITICAL if queue.is_stopped else level
        yield remark(level, Kind.SENDING, f"sending: {queue.problem.en}")
    if held := account.jobs.get(JobState.HELD, 0):
        text = f"{plural(held, 'job')} held; faxd jobs --state held says why, and so do their slips"
        yield remark(Level.WARNING, Kind.HELD, text)
    if account.failing:
        text = (
            f"of what becomes of received faxes {plural(account.failing, 'action')} cannot be done"
            " yet; faxd received N says why"
        )
        yield remark(Level.WARNING, Kind.ACTIONS, text)
    if account.given_up:
        text = (
            f"of what becomes of received faxes {plural(account.given_up, 'action')} given up"
            " within a day; faxd received N says why"
        )
        yield remark(Level.WARNING, Kind.ACTIONS, text)
    if account.damaged:
        text = (
            f"{plural(account.damaged, 'fax', 'faxes')} came damaged within a day; see the folder"
            " damaged in the inbox"
        )
        yield remark(Level.WARNING, Kind.DAMAGED, text)


def about_disks(disks: Iterable[Disk]) -> Iterator[Remark]:
    """What is to be said of disks; of one that several folders are on, once."""
    told = set[tuple[int, Level]]()
    for disk in disks:
        remark = about_disk(disk)
        if remark is None or (disk.problem is None and (disk.device, remark.level) in told):
            continue
        told.add((disk.device, remark.level))
        yield remark


def about_disk(disk: Disk) -> Remark | None:
    """What is to be said of a disk; None if all is well."""
    where = f"{disk.what} {disk.path}"

    def remark(level: Level, text: str) -> Remark:
        return Remark(level=level, kind=Kind.DISK, account=disk.account, text=text)

    if disk.problem is not None:
        return remark(Level.CRITICAL, f"{where}: {disk.problem}")
    if disk.free < disk.full_below or disk.free == 0 < disk.size:
        needed = f"{size(disk.full_below)} are needed" + (
            " (min_free)" if disk.least is not None else ""
        )
        return remark(
            Level.CRITICAL, f"{where}: disk full, {size(disk.free)} free; {needed}: make room there"
        )
    if disk.files and disk.files_free == 0:
        text = f"{where}: disk full, no more files (inodes) free; remove small files there"
        return remark(Level.CRITICAL, text)
    if disk.free < disk.nearly_full_below:
        text = f"{where}: disk nearly full, {size(disk.free)} of {size(disk.size)} free"
        return remark(Level.WARNING, f"{text}; make room there")
    if disk.files_free < disk.files * _FEW_FILES:
        text = f"{where}: disk nearly full, {disk.files_free} of {disk.files} files (inodes) free"
        return remark(Level.WARNING, f"{text}; remove small files there")
    return None


def _worse_in_time(began: datetime | None, now: datetime, limit: float) -> Level:
    """Trouble may pass by itself, until it has lasted."""
    lasts = began is not None and (now - began).total_seconds() >= limit
    return Level.CRITICAL if lasts else Level.WARNING


def _is_overdue(account: AccountFacts, since: datetime | None, now: datetime) -> bool:
    """Whether no poll has ended for longer than any may take; a start gives it new time."""
    known = [each for each in (account.health.last_poll, since) if each is not None and each <= now]
    return bool(known) and (now - max(known)).total_seconds() > account.patience


def _ago(moment: datetime | None, now: datetime) -> str:
    """``12 s ago``, ``5 min ago``, ``3 h ago``; "never" for None."""
    if moment is None:
        return "never"
    # A clock that was set back makes no poll one of the future.
    seconds = max(0, round((now - moment).total_seconds()))
    if seconds < 120:
        return f"{seconds} s ago"
    if seconds < 7200:
        return f"{seconds // 60} min ago"
    return f"{seconds // 3600} h ago"
