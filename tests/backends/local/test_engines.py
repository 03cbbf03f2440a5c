"""How long engines live, what they say of themselves, and their end."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from devchat.backends.local import open_local
from devchat.backends.local.berth import dial
from devchat.backends.local.build import check_installed, describe_build
from devchat.backends.local.control import engines, stop_engines
from devchat.errors import BackendError, EngineError
from devchat.models import LocalModel
from devchat.settings import Settings
from tests.backends.local.conftest import Gguf, Open, ask, finish, with_local
from tests.backends.local.test_faults import LONG, begun, only, until


def test_an_engine_says_how_it_is(open_model: Open, runtime: Path, embedded: LocalModel) -> None:
    backend = open_model()
    finish(backend, ask("Hello", max_tokens=2))
    state = only(runtime)
    assert (state.model, state.path) == (embedded.name, str(embedded.path.resolve()))
    assert (state.clients, state.window, state.threads, state.gpu_layers) == (1, 512, 1, 0)
    assert state.responds
    assert state.resident > 50 << 20
    backend.close()
    until(lambda: only(runtime).clients == 0)


def test_no_folder_no_engines(home: Path) -> None:
    assert engines(home / "nothing") == []
    assert stop_engines(home / "nothing") == []


def test_engines_are_shared_and_outlive_their_clients(open_model: Open, runtime: Path) -> None:
    open_model().count("x")
    first = only(runtime).pid
    open_model().count("x")
    assert only(runtime).pid == first
    assert only(runtime).clients == 2


def test_with_keep_alive_0_an_engine_leaves_with_its_last_client(
    open_model: Open, runtime: Path
) -> None:
    one, other = open_model(keep_alive=0), open_model(keep_alive=0)
    one.count("x")
    one.close()
    assert other.count("hello world") == 2
    pid = only(runtime).pid
    other.close()
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert engines(runtime) == []


@pytest.mark.measured
def test_an_idle_engine_leaves_and_the_next_request_starts_another(
    open_model: Open, runtime: Path
) -> None:
    backend = open_model(keep_alive=0.2)
    backend.count("x")
    until(lambda: not engines(runtime))
    assert backend.count("hello world") == 2


@pytest.mark.parametrize("by", ["pid", "model", "path", "all"])
def test_an_engine_is_stopped_even_while_it_answers(
    open_model: Open, runtime: Path, by: str
) -> None:
    backend = open_model()
    _, stream = begun(backend)
    state = only(runtime)
    names: dict[str, int | str | None] = {"pid": state.pid, "model": state.model}
    which = (names | {"path": state.path, "all": None})[by]
    assert stop_engines(runtime, "another model") == []
    assert [stopped.pid for stopped in stop_engines(runtime, which)] == [state.pid]
    assert engines(runtime) == []
    with pytest.raises(EngineError, match="the engine was stopped"):
        list(stream)
    assert backend.count("hello world") == 2


def test_a_frozen_engine_is_listed_and_stopped(open_model: Open, runtime: Path) -> None:
    open_model().count("x")
    pid = only(runtime).pid
    os.kill(pid, signal.SIGSTOP)
    state = only(runtime)
    assert (state.pid, state.responds) == (pid, False)
    stop_engines(runtime, pid)
    assert engines(runtime) == []


def test_a_frozen_engine_with_a_full_line_before_it_hangs_nobody(
    open_model: Open, runtime: Path
) -> None:
    open_model().count("x")
    state = only(runtime)
    os.kill(state.pid, signal.SIGSTOP)
    until(lambda: ") T " in Path(f"/proc/{state.pid}/stat").read_text())
    with ExitStack() as line:
        with suppress(BlockingIOError):
            while True:
                waiting = line.enter_context(socket.socket(socket.AF_UNIX))
                waiting.setblocking(False)
                waiting.connect(str(state.sock))
        with pytest.raises(EngineError, match="lets nobody in for 1 seconds"):
            dial(state.sock, 1)
        (listed,) = engines(runtime)
        assert (listed.pid, listed.responds) == (state.pid, False)
        stop_engines(runtime, state.pid)
        assert engines(runtime) == []


@pytest.mark.measured
def test_a_request_in_the_queue_is_stopped_too(open_model: Open, runtime: Path) -> None:
    backend = open_model()
    _, stream = begun(backend)
    waiting = backend.stream(LONG)
    next(waiting)
    stop_engines(runtime)
    for requests in (stream, waiting):
        with pytest.raises(EngineError, match="was stopped"):
            list(requests)


@pytest.mark.measured
def test_a_client_that_died_at_once_leaves_an_engine_that_serves_the_next(
    open_model: Open, runtime: Path, gguf: Gguf, settings: Settings, home: Path
) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from devchat.backends.local import open_local\n"
        "from devchat.models import LocalModel\n"
        "from devchat.settings import Local, Paths, Settings\n"
        "home = Path(sys.argv[1])\n"
        "paths = Paths(home, home, home, home, home / 'run', home, home / 'cache')\n"
        "model = LocalModel('m', Path(sys.argv[2]), 'tiny', 8192)\n"
        "open_local(model, Settings(paths, local=Local(threads=1)))\n"
        "os._exit(0)\n"
    )
    path = gguf.write(gguf.head)
    done = subprocess.run([sys.executable, "-c", code, str(home), str(path)], check=False)
    assert done.returncode == 0
    backend = open_model(path)
    assert backend.count("hello world") == 2
    assert len(engines(runtime)) == 1


def test_the_engine_gets_no_secrets(
    open_model: Open, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("SOME_PASSWORD", "sk-secret")
    open_model().count("x")
    environ = Path(f"/proc/{only(runtime).pid}/environ")
    if environ.exists():
        assert b"sk-secret" not in environ.read_bytes()
    folder = only(runtime).sock.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_a_long_runtime_path_gets_a_short_one(settings: Settings, embedded: LocalModel) -> None:
    runtime = settings.paths.runtime / ("x" * 120)
    paths = dataclasses.replace(settings.paths, runtime=runtime)
    backend = open_local(embedded, with_local(dataclasses.replace(settings, paths=paths)))
    assert backend.count("hello world") == 2
    (stopped,) = stop_engines(runtime)
    assert str(stopped.sock).startswith("/tmp/devchat-")
    assert not runtime.exists()
    for file in stopped.sock.parent.iterdir():
        file.unlink()
    stopped.sock.parent.rmdir()
    backend.close()


def test_the_build_is_described() -> None:
    build = describe_build()
    assert build.llama_cpp_python.startswith("0.3.")
    assert build.llguidance.startswith("1.")
    assert "CPU" in build.system
    assert build.gpu_offload in (True, False)


def test_who_describes_the_build_does_not_import_it() -> None:
    # Another test of this process may have.
    program = (
        "import sys\n"
        "from devchat.backends.local.build import describe_build\n"
        "print(describe_build().gpu_offload, 'llama_cpp' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[1:] == ["False"]


def without(code: str, home: Path, *missing: str) -> str:
    """Run code where some packages can't be imported; give the error it prints."""
    bare = home / "bare"
    bare.mkdir()
    program = (
        "import sys\n"
        f"missing = {missing!r}\n"
        "from importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        "PathFinder.find_spec = classmethod(\n"
        "    lambda cls, name, path=None, target=None:\n"
        "        None if name in missing else find(name, path, target))\n"
        "from devchat.errors import DevchatError\n"
        f"try:\n    {code}\n"
        "except DevchatError as error: print(type(error).__name__, error.message, error.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.measured
def test_without_llama_cpp_the_hint_says_how_to_get_it(home: Path) -> None:
    check_installed()
    said = without(
        "from devchat.backends.local.build import describe_build; describe_build()",
        home,
        "llama_cpp",
    )
    assert said.startswith("BackendError models on this machine need llama-cpp-python")
    assert "pip install 'devchat-cli[local]'" in said


@pytest.mark.measured
def test_a_broken_llama_cpp_is_said_to_be_broken(
    home: Path, open_model: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(home))
    with pytest.raises(BackendError, match="llama.cpp can't be loaded"):
        describe_build()
    with pytest.raises(BackendError, match="llama.cpp can't be loaded"):
        finish(open_model(), ask("Hello"))
