"""What a pool holds, keeps and takes back: each case is a program of its own, in `keeping.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.local import keeping
from tests.backends.local.network import write_talker

CASES = [
    name
    for name, value in vars(keeping).items()
    if getattr(value, "__module__", "") == keeping.__name__
    and not isinstance(value, type)
    and not name.startswith("_")
]


@pytest.mark.measured
@pytest.mark.engine
@pytest.mark.parametrize("name", CASES)
def test_keeping(home: Path, name: str) -> None:
    model = write_talker(home / "talker.gguf", 1 << 14)
    program = [sys.executable, "-m", keeping.__name__, name, str(model), str(home / "cache")]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
