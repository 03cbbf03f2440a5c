"""What tests of commands share: scripts of answers, questions, and what was kept of them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from devchat.history import Turn, open_history
from tests.conftest import Devchat

Script = Callable[..., str]
Ask = Callable[..., "subprocess.CompletedProcess[str]"]


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


@pytest.fixture
def ask(devchat: Devchat, home: Path) -> Ask:
    """Ask a model that answers as told."""

    def run(
        answer: object, *args: str, env: dict[str, str] | None = None, **manner: object
    ) -> subprocess.CompletedProcess[str]:
        (home / "script.json").write_text(json.dumps({"answers": [answer], **manner}))
        return devchat("ask", "-m", "scripted:script.json", *args, env=env)

    return run


def kept(home: Path) -> list[Turn]:
    """All turns of the latest conversation."""
    with open_history(home / "data" / "history.db") as history:
        latest = history.latest()
        assert latest is not None and latest.head is not None
        return list(history.thread(latest.head))
