"""What tests of commands share: scripts of answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Script = Callable[..., str]


@pytest.fixture
def scripted(home: Path) -> Script:
    """Write a script of answers into the home folder and return what `-m` takes."""

    def write(*answers: object, **manner: object) -> str:
        (home / "script.json").write_text(json.dumps({"answers": answers, **manner}))
        return "scripted:script.json"

    return write


@pytest.fixture
def cart(home: Path) -> str:
    """Put a Python file into the home folder and return its name."""
    samples = Path(__file__).parent.parent / "explain" / "samples"
    shutil.copy(samples / "python.txt", home / "cart.py")
    return "cart.py"
