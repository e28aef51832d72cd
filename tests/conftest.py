"""For all tests: in `script/test` (KEAD_NO_SKIP) a required test that is skipped has failed.

A test that may be skipped there says so with the mark `optional`, and what was skipped is told at the end.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator

import pytest

# What holds tests for others to import, whose assertions shall tell as much as theirs
pytest.register_assert_rewrite("tests.server_contract", "tests.commands_contract")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if (
        report.skipped
        and os.environ.get("KEAD_NO_SKIP")
        and not hasattr(report, "wasxfail")
        and item.get_closest_marker("optional") is None
    ):
        report.outcome = "failed"
        report.longrepr = f"required here, but skipped: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests were skipped, by reason: in script/test those are the optional ones."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for report in terminalreporter.stats.get("skipped", ())
    )
    if reasons and os.environ.get("KEAD_NO_SKIP"):
        terminalreporter.section("optional tests that were skipped")
        for reason, number in reasons.items():
            terminalreporter.write_line(f"{number}: {reason}")
