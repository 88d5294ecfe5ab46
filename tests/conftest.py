"""What several folders of tests need."""

import subprocess
import sys
from pathlib import Path

import pytest
from examining import client  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def html() -> Path:
    """The folder of the rendered book, brought up to date; building it with a warning is an error."""
    run = subprocess.run([sys.executable, "book/build.py"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, f"the book does not build:\n{run.stdout[-3000:]}\n{run.stderr[-6000:]}"
    return ROOT / "_build" / "html"
