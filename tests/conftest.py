"""For all tests: in `script/test` (KEAD_NO_SKIP) a required test that is skipped has failed.

A test that may be skipped there says so with the mark `optional`.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest


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
