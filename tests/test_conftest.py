"""What `script/test` rests on: there a skipped test has failed unless it is optional, and those are told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

def test_required():
    pytest.skip("no network")

@pytest.mark.optional
@pytest.mark.parametrize("n", [1, 2])
def test_optional(n):
    pytest.skip("no examples")
"""


@pytest.mark.parametrize("strict", [True, False], ids=["script/test", "pytest"])
def test_skipped_tests(strict: bool, tmp_path: Path) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_these.py").write_text(TESTS)
    environment = {name: value for name, value in os.environ.items() if name != "KEAD_NO_SKIP"}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "."],
        cwd=tmp_path,
        env=environment | ({"KEAD_NO_SKIP": "1"} if strict else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("required here, but skipped: " in ran.stdout) is strict, ran.stdout
    assert ("optional tests that were skipped" in ran.stdout) is strict
    assert ("\n2: no examples\n" in ran.stdout) is strict
    assert ("1 failed, 2 skipped" if strict else "3 skipped") in ran.stdout
