"""A new file for what was said: whole, or not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FULL = """
import resource, sys
from pathlib import Path
from devchat.cli.new_file import write_new
from devchat.errors import StorageError

hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
try:
    write_new(Path(sys.argv[1]), "word " * 1000)
except StorageError as error:
    print(error.message)
"""


def test_no_half_of_it_is_left_on_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "talk.md"
    root = Path(__file__).parent.parent.parent
    line = [sys.executable, "-c", FULL, str(path)]
    done = subprocess.run(line, capture_output=True, cwd=root, text=True, check=True)
    assert done.stdout == f"`{path}` can't be written: file too large\n"
    assert list(tmp_path.iterdir()) == []
