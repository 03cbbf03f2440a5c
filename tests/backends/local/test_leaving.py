"""An engine that leaves while prompts are still written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devchat.backends import Backend
from devchat.backends.local.control import engines, stop_engines
from devchat.backends.local.shelf import FOLDER
from devchat.settings import Settings
from tests.backends.local.conftest import Open, finish
from tests.backends.local.test_faults import only, until
from tests.backends.local.test_kept_prompts import QUESTIONS

# A disk that takes no byte before it is told to: who writes stands back first.
SLOW = """
import os, time
from pathlib import Path

home = Path(__file__).parent

def wait(*_):
    (home / "waits").touch()
    while not (home / "goes").exists():
        time.sleep(0.01)

os.setpriority = wait
"""


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def hooks(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have every engine's disk be so slow."""
    folder = home / "hooks"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SLOW)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def asked(open_model: Open, hooks: Path) -> Backend:
    """Ask what is to be kept, until somebody is about to write it."""
    backend = open_model(keep_alive=0)
    for question in QUESTIONS[:2]:
        finish(backend, question)
    until((hooks / "waits").exists)
    return backend


@pytest.mark.engine
def test_what_is_still_written_keeps_no_model_in_memory(
    open_model: Open, runtime: Path, settings: Settings, hooks: Path
) -> None:
    backend = asked(open_model, hooks)
    pid = only(runtime).pid
    before = resident(pid)
    backend.close()
    until(lambda: not engines(runtime))
    until(lambda: resident(pid) < before - (80 << 20))
    (hooks / "goes").touch()
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert list((settings.paths.cache / FOLDER).glob("*.kv"))


@pytest.mark.engine
def test_an_engine_that_leaves_is_stopped_too_and_writes_nothing_more(
    open_model: Open, runtime: Path, settings: Settings, hooks: Path
) -> None:
    backend = asked(open_model, hooks)
    pid = only(runtime).pid
    backend.close()
    until(lambda: not engines(runtime))
    assert stop_engines(runtime, "another model") == []
    assert [state.pid for state in stop_engines(runtime)] == [pid]
    (hooks / "goes").touch()
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert not (settings.paths.cache / FOLDER).exists()
    assert stop_engines(runtime) == []
