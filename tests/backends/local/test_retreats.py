"""Weights that go while somebody counts by them, or waits for an answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from devchat.backends import Backend
from devchat.errors import DevchatError, ModelError
from tests.backends.local.conftest import Open, ask, finish
from tests.backends.local.network import write_talker
from tests.backends.local.test_faults import only, until

COUNTING = """
import sys
from threading import Thread
from devchat.backends.local.library import Library
from devchat.backends.local.weights import Weights

weights = Weights(Library(), sys.argv[1].encode(), 0, lambda: None)
assert weights.count("a b c") == 3
begun, counts = [], []

def count():
    while (found := weights.count(("a b " * 4000).strip())) is not None:
        begun.append(found)
    counts.append(found)

threads = [Thread(target=count) for _ in range(4)]
for thread in threads:
    thread.start()
while len(begun) < 9:
    pass
weights.free()
for thread in threads:
    thread.join()
print(set(begun), counts)
"""


def test_who_counts_by_weights_that_go_is_told_so(home: Path) -> None:
    model = write_talker(home / "it.gguf")
    program = [sys.executable, "-c", COUNTING, str(model)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{8000} [None, None, None, None]"


# llama.cpp as on a GPU whose memory another program takes: no pool can be made, and no weights
# loaded again. It waits before it says so.
STARVED = """
import sys, time
from importlib.machinery import PathFinder
from pathlib import Path

class Starving:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "llama_cpp.llama_cpp":
            return None
        spec = PathFinder.find_spec(name, path)
        run, home = spec.loader.exec_module, Path(__file__).parent
        def starve(module):
            run(module)
            load, loaded = module.llama_model_load_from_file, []
            def once(*given):
                if loaded:
                    (home / "waits").touch()
                    while not (home / "goes").exists():
                        time.sleep(0.01)
                    return None
                loaded.append(load(*given))
                return loaded[0]
            module.llama_model_load_from_file = once
            module.llama_supports_gpu_offload = lambda: True
            module.llama_init_from_model = lambda *_: None
        spec.loader.exec_module = starve
        return spec

sys.meta_path.insert(0, Starving)
"""


def test_who_asks_while_the_last_weights_go_hears_why(
    home: Path, open_model: Open, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = home / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(STARVED)
    monkeypatch.setenv("PYTHONPATH", str(hooks))
    backend = open_model(write_talker(home / "it.gguf"))
    failures: list[DevchatError] = []

    def hear(backend: Backend) -> None:
        with pytest.raises(DevchatError) as caught:
            finish(backend, ask("hello"))
        failures.append(caught.value)

    threads = [Thread(target=hear, args=[backend]) for _ in range(3)]
    threads[0].start()
    until((hooks / "waits").exists)
    for thread in threads[1:]:
        thread.start()
    until(lambda: only(runtime).queued == 3)
    pid = only(runtime).pid
    (hooks / "goes").touch()
    for thread in threads:
        thread.join()
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert [type(failure) for failure in failures] == [ModelError] * 3
    assert all("llama.cpp can't load" in failure.message for failure in failures)
