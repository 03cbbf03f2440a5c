"""What tests of commands share: scripts of answers."""

from __future__ import annotations

import json
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
