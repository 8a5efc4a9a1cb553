"""What is said of a job at a terminal: a line that moves, and words at the end."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, TextIO

from faxd.text import local_time, plural, printable

if TYPE_CHECKING:
    from datetime import tzinfo

    from faxd.job import Job


class ProgressLine:
    """What a job is at, on one line of a terminal; nothing where there is none."""

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen if screen.isatty() else None
        self._began = time.monotonic()
        self._shown = False

    def show(self, job: Job, zone: tzinfo | None) -> None:
        """Replace the line."""
        seconds = int(time.monotonic() - self._began)
        self._line(f"job {job.id}: {doing(job, zone)} ({seconds} s)")

    def clear(self) -> None:
        """Take it away, so that something else can be printed."""
        if self._shown:
            self._line("")

    def _line(self, text: str) -> None:
        if self._screen is not None:
            # Cut: a line that is broken in two could not be taken back.
            print(f"\r\x1b[K{printable(text)[: _width()]}", end="", file=self._screen, flush=True)
            self._shown = bool(text)


def doing(job: Job, zone: tzinfo | None) -> str:
    """What a job is at."""
    from faxd.clock import utc_now
    from faxd.job import Hold, JobState

    due = local_time(job.due_at, zone) if job.due_at and job.due_at > utc_now() else None
    if job.state is JobState.ACCEPTED:
        text = f"FAX.de has it as job {job.job_id}"
        if job.at is not None and job.at > utc_now():
            return f"{text}, planned for {local_time(job.at, zone)}"
        return f"{text}, asked again at {due}" if due else text
    if job.state is JobState.SENDING:
        return f"is being handed over, try {job.tries}"
    if job.state is JobState.HELD:
        return "waits for an answer" if job.hold is Hold.SAME else "held by the guard against cost"
    text = "not clear whether FAX.de has it" if job.state is JobState.UNCERTAIN else job.state.value
    return f"{text}, next try at {due}" if due else text


def result_of(job: Job) -> str:
    """What became of a job, in one or a few sentences."""
    from faxd.job import JobState
    from faxd.outbound.office.outcome import ending_of

    problem = f": {job.problem.en}" if job.problem is not None else ""
    if job.state.is_end:
        words = ending_of(job).value.en.lower()
        results = _results(job)
        return f"job {job.id}: {words}{f' ({results})' if results else ''}{problem}"
    if job.state is JobState.ACCEPTED:
        pages = f", {plural(job.pages, 'page')}" if job.pages else ""
        return f"job {job.id}: accepted by FAX.de as job {job.job_id}{pages}"
    return f"job {job.id}: {doing(job, None)}{problem}"


def _results(job: Job) -> str:
    """``2 OK, 1 Busy``; the word alone for one recipient."""
    counts: dict[str, int] = {}
    for one in job.recipients:
        if one.result is not None:
            counts[one.result] = counts.get(one.result, 0) + 1
    if len(job.recipients) == 1:
        return next(iter(counts), "")
    return ", ".join(f"{count} {result}" for result, count in counts.items())


def _width() -> int:
    return max(20, shutil.get_terminal_size().columns - 1)
