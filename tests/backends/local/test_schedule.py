"""Many requests in one pool: each case is a program of its own, in `scheduling.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.local import scheduling

CASES = [
    name
    for name, value in vars(scheduling).items()
    if getattr(value, "__module__", "") == scheduling.__name__ and name != "talker"
]


@pytest.mark.engine
@pytest.mark.parametrize("name", CASES)
def test_scheduling(embedded_path: Path, name: str) -> None:
    program = [sys.executable, "-m", scheduling.__name__, name, str(embedded_path)]
    # One heap: where memory is short, malloc sets aside 64 MB of addresses for another one.
    env = os.environ | {"MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
