"""Who is refused where memory has run out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.local import refusing


@pytest.mark.engine
def test_who_needed_the_memory_is_refused_not_who_was_passed_over(embedded_path: Path) -> None:
    program = [sys.executable, "-m", refusing.__name__, str(embedded_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    lost = "memory ran out while the pool of the model was made larger"
    assert done.stdout.strip() == str([lost, "done", "no memory"])
