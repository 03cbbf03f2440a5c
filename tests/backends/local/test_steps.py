"""Who waits hears that the engine works, also while llama.cpp is in one call for long."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.local import stepping
from tests.backends.local.network import WIDTH, write_decoder, write_talker
from tests.backends.local.projector import Projector

CASES = [
    name
    for name, value in vars(stepping).items()
    if getattr(value, "__module__", "") == stepping.__name__ and name.startswith("a_")
]


@pytest.mark.parametrize("name", CASES)
def test_a_single_call_tells_of_progress(home: Path, name: str) -> None:
    write = write_decoder if "embed" in name else write_talker
    files = write(home / "it.gguf"), Projector(WIDTH).write(home / "mmproj.gguf")
    program = [sys.executable, "-m", stepping.__name__, name, *map(str, files)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 9
