"""A run of the tests that hangs says where, and ends.

The timeouts of pytest-timeout and of pytest itself both end with the first failure of a test
(they see it as the moment when somebody may begin to debug), so that a teardown which hangs after
a failure would hang for ever; so would a thread that does not let the interpreter end.
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Generator

import pytest

#: seconds that a teardown may take, and the end of the whole run
_TEARDOWN = 120
_END = 60

#: standard error as it is outside of pytest's capturing
_stderr = -1


def pytest_configure(config: pytest.Config) -> None:
    """Remember where to print: nothing is captured yet."""
    global _stderr
    _stderr = os.dup(2)
    config.addinivalue_line(
        "markers", "alone: it measures time or memory, so that nothing may run beside it"
    )


def pytest_exception_interact(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Tell of a failure at once: a run that hangs never comes to its summary."""
    os.write(_stderr, f"\n{report.nodeid}\n{report.longreprtext[-4000:]}\n".encode())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Generator[None]:
    """Print all stacks and end the run if a teardown hangs."""
    faulthandler.dump_traceback_later(_TEARDOWN, exit=True, file=_stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """The same if the interpreter then does not end."""
    faulthandler.dump_traceback_later(_END, exit=True, file=_stderr)


@pytest.fixture(scope="session", autouse=True)
def _folders_that_others_may_enter(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the unprivileged processes and the guests of some tests get to the tests' folders."""
    base = tmp_path_factory.getbasetemp()
    for folder in (base, *base.parents[:2]):
        if folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o755)
