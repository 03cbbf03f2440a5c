"""What can go wrong with an engine, each time with a real process."""

from __future__ import annotations

import dataclasses
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from devchat import __version__
from devchat.backends import Backend
from devchat.backends.local import open_local
from devchat.backends.local.berth import Berth
from devchat.backends.local.call import Call
from devchat.backends.local.control import EngineState, engines, stop_engines
from devchat.backends.local.wire import PROTOCOL, encode, receive
from devchat.errors import EngineError, ModelError, StorageError
from devchat.models import LocalModel
from devchat.settings import Settings
from devchat.types import Chunk, Completion
from tests.backends.local.conftest import Gguf, Open, ask, finish, with_local

LONG = ask("Count from 1 to 900.", max_tokens=3000)


def only(runtime: Path) -> EngineState:
    (state,) = engines(runtime)
    return state


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def begun(backend: Backend) -> tuple[str, Iterator[Chunk | Completion]]:
    stream = backend.stream(LONG)
    first = next(stream)
    assert isinstance(first, Chunk)
    return first.text, stream


@pytest.mark.parametrize(
    ("number", "said"),
    [(signal.SIGKILL, "signal 9"), (signal.SIGSEGV, "signal 11"), (signal.SIGTERM, "signal 15")],
)
def test_an_engine_killed_while_it_answers(
    open_model: Open, runtime: Path, number: int, said: str
) -> None:
    backend = open_model()
    text, stream = begun(backend)
    assert text
    os.kill(only(runtime).pid, number)
    with pytest.raises(EngineError, match=said) as caught:
        list(stream)
    assert caught.value.hint
    assert finish(backend, ask("Hello")).text


def test_an_engine_that_crashes_while_others_wait_has_no_damaged_model(
    open_model: Open, runtime: Path
) -> None:
    backend = open_model()
    streams = [backend.stream(ask("Count to 9999.", max_tokens=7000)) for _ in range(3)]
    *_, last = [next(stream) for stream in streams]
    assert isinstance(last, Chunk) and last.text.startswith("the model is busy")
    os.kill(only(runtime).pid, signal.SIGSEGV)
    for stream in streams:
        with pytest.raises(EngineError, match="signal 11"):
            list(stream)


def test_the_engine_of_another_process_killed_while_it_answers(
    open_model: Open, runtime: Path
) -> None:
    open_model().count("starts it")
    state = only(runtime)
    backend = open_model()
    _, stream = begun(backend)
    os.kill(state.pid, signal.SIGKILL)
    with pytest.raises(EngineError, match="the engine ended before its answer did"):
        list(stream)


def test_no_zombie_is_left(open_model: Open, runtime: Path) -> None:
    backend = open_model()
    for _ in range(2):
        backend.count("x")
        pid = only(runtime).pid
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: not Path(f"/proc/{pid}").exists())  # type: ignore[misc]


def test_a_model_that_aborts_llama_cpp(open_model: Open, gguf: Gguf) -> None:
    place = gguf.head.index(b"llama.block_count") + len("llama.block_count") + 4
    backend = open_model(gguf.with_bytes({place + 1: 0xFF}))
    with pytest.raises(ModelError, match="crashed while it loaded the model .signal 6") as caught:
        finish(backend, ask("Hello"))
    assert "GGML_ASSERT" in caught.value.message
    assert "damaged" in caught.value.hint
    with pytest.raises(ModelError, match="signal 6"):
        backend.count("the next request starts another, and survives it too")


def foreign(gguf: Gguf) -> bytes:
    return gguf.head.replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0lxxxa", 1)


DAMAGED = {
    "unknown architecture": lambda gguf: gguf.write(foreign(gguf)),
    "truncated in its weights": lambda gguf: gguf.write(gguf.head, 9 << 20),
    "truncated in its head": lambda gguf: gguf.write(gguf.head[:5000], 5000),
    "magic alone": lambda gguf: gguf.write(b"GGUF", 4),
    "noise": lambda gguf: gguf.write(b"GGUF" + bytes(range(256)) * 9, 2308),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_model(open_model: Open, gguf: Gguf, kind: str) -> None:
    backend = open_model(DAMAGED[kind](gguf))
    for _ in range(2):
        with pytest.raises(ModelError, match="llama.cpp can't load `SmolLM2") as caught:
            finish(backend, ask("Hello"))
        assert "\n" not in caught.value.message
        assert caught.value.hint
    with pytest.raises(ModelError, match="can't load"):
        backend.count("Hello")


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "no GGUF"), (b"PK\3\4", "no GGUF"), (None, "can't be read")]
)
def test_a_file_that_is_no_model(
    open_model: Open, home: Path, content: bytes | None, said: str
) -> None:
    path = home / "x.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=said):
        open_model(path)


def test_an_engine_that_freezes_is_ended(open_model: Open, runtime: Path) -> None:
    backend = open_model(stall_seconds=4.0)
    _, stream = begun(backend)
    pid = only(runtime).pid
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(EngineError, match="no sign of life for 4 seconds"):
        list(stream)
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert backend.count("hello world") == 2


def test_a_frozen_engine_does_not_hold_up_a_new_client(open_model: Open, runtime: Path) -> None:
    backend = open_model(stall_seconds=3.0)
    backend.count("x")
    os.kill(only(runtime).pid, signal.SIGSTOP)
    with pytest.raises(EngineError, match="no sign of life"):
        backend.count("hello world")
    assert backend.count("hello world") == 2


class Fake:
    """A process that listens where an engine should, and says what it likes."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self.asked = 0
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        kept = []
        while True:
            connection, _ = self._listener.accept()
            kept.append(connection)
            self.asked += 1
            connection.sendall(self._answer)


def hello(version: str, protocol: int, pid: int = 1) -> bytes:
    return encode({"hello": {"version": version, "protocol": protocol, "pid": pid}})


@pytest.mark.parametrize(
    "answer",
    [
        hello("0.0.0", PROTOCOL),
        hello(__version__, 0),
        b"\0\0\0\2hi",
        b"\xff\xff\xff\xff",
        b"\0\0\0\1[",
    ],
    ids=["version", "protocol", "noise", "huge", "cut"],
)
def test_what_is_no_engine_of_ours_is_put_aside(
    open_model: Open, runtime: Path, answer: bytes
) -> None:
    open_model(keep_alive=0).close()
    sock = next(runtime.glob("*.log")).with_suffix(".sock")
    until(lambda: not sock.exists())
    fake = Fake(sock, answer)
    backend = open_model(keep_alive=0, stall_seconds=5.0)
    assert backend.count("hello world") == 2
    assert fake.asked


def test_a_stuck_engine_makes_no_progress_and_is_ended(open_model: Open, runtime: Path) -> None:
    open_model(keep_alive=0).close()
    sock = next(runtime.glob("*.log")).with_suffix(".sock")
    until(lambda: not sock.exists())
    beats = b"".join(encode({"alive": 5, "at": float(second)}) for second in range(9))
    Fake(sock, hello(__version__, PROTOCOL) + beats)
    backend = open_model(keep_alive=0, stall_seconds=4.0)
    with pytest.raises(EngineError, match="no progress for 4 seconds"):
        finish(backend, ask("Hello"))
    assert backend.count("hello world") == 2


@pytest.mark.parametrize("greets", [False, True], ids=["frozen", "hung"])
def test_who_gives_an_engine_up_harms_none_that_was_started_since(
    open_model: Open, runtime: Path, greets: bool
) -> None:
    backend = open_model()
    backend.count("x")
    first = only(runtime)
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with theirs, Call(ours, Berth(first.sock.parent, first.sock.stem), None, 0.5) as call:
        stop_engines(runtime)
        backend.count("x")
        later = only(runtime)
        assert later.pid != first.pid
        if greets:
            theirs.sendall(hello(__version__, PROTOCOL, first.pid))
            for second in range(3):
                theirs.sendall(encode({"alive": 5, "at": float(second)}))
        with pytest.raises(EngineError, match="no progress" if greets else "no sign of life"):
            list(call.frames() if call.greet(b"a request") else ())
    assert later.sock.exists()
    assert backend.count("hello world") == 2
    assert only(runtime).pid == later.pid


def test_a_stale_socket_is_replaced(open_model: Open, runtime: Path) -> None:
    backend = open_model()
    backend.count("x")
    os.kill(only(runtime).pid, signal.SIGKILL)
    sock = next(runtime.glob("*.sock"))
    until(lambda: not engines(runtime))
    sock.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(sock))
    assert backend.count("hello world") == 2


def test_an_engine_whose_socket_is_gone_leaves(open_model: Open, runtime: Path) -> None:
    backend = open_model()
    backend.count("x")
    first = only(runtime)
    first.sock.unlink()
    until(lambda: not Path(f"/proc/{first.pid}").exists())
    assert backend.count("hello world") == 2


def test_a_client_killed_with_its_request(open_model: Open, runtime: Path, home: Path) -> None:
    backend = open_model()
    backend.count("x")
    state = only(runtime)
    request = encode(
        {"protocol": PROTOCOL, "version": __version__, "op": "stream", "max_tokens": 7000}
        | {"turns": [["user", "Count to 9999.", []]], "temperature": 0, "seed": 1, "stop": []}
        | {"schema": None}
    )
    code = (
        "import socket, sys, time\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "s.sendall(bytes.fromhex(sys.argv[2])); print(s.recv(9), flush=True); time.sleep(99)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(state.sock), request.hex()], stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        client.stdout.readline()
        until(lambda: only(runtime).queued == 1)
        client.kill()
    until(lambda: only(runtime).queued == 0)
    assert only(runtime).pid == state.pid


@pytest.mark.parametrize(
    "sent",
    [b"\xff\xff\xff\xff", b"\0\0\0\2[]", b"\0\0\0\4nope", b"\0\0", encode({"op": "stream"})]
    + [
        encode({"protocol": PROTOCOL, "version": __version__} | more)
        for more in ({"op": "stream"}, {"op": "count"}, {"op": "unknown"}, {"keep_alive": "x"})
    ],
    ids=str,
)
def test_a_client_that_talks_nonsense_hurts_only_itself(
    shared: Backend, shared_runtime: Path, sent: bytes
) -> None:
    shared.count("x")
    before = only(shared_runtime)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(before.sock))
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        while receive(client) is not None:
            pass
    assert shared.count("hello world") == 2
    assert only(shared_runtime).pid == before.pid


def test_no_memory_for_a_window_is_an_error_that_the_engine_survives(
    open_model: Open, runtime: Path
) -> None:
    backend = open_model()
    assert finish(backend, ask("Hello", max_tokens=2)).text
    pid = only(runtime).pid
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + (40 << 20)
    resource.prlimit(pid, resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))
    with pytest.raises(EngineError, match="could not make a window"):
        finish(backend, ask("Hello", max_tokens=8000))
    endless = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_AS, endless)
    assert finish(backend, ask("Hello", max_tokens=2)).text
    assert only(runtime).pid == pid


def test_a_reader_too_slow_holds_up_nobody(open_model: Open, runtime: Path) -> None:
    backend = open_model()
    _, slow = begun(backend)
    assert finish(backend, ask("Hello", max_tokens=2)).text
    slow.close()  # type: ignore[attr-defined]


def test_two_models_are_two_engines(open_model: Open, gguf: Gguf, runtime: Path) -> None:
    one, other = open_model(), open_model(gguf.write(gguf.head))
    one.count("x")
    other.count("x")
    assert len({state.pid for state in engines(runtime)}) == 2


def test_no_room_in_the_runtime_folder(
    settings: Settings, embedded: LocalModel, full_disk: Path
) -> None:
    paths = dataclasses.replace(settings.paths, runtime=full_disk)
    with pytest.raises(StorageError, match="can't be used") as caught:
        open_local(embedded, with_local(dataclasses.replace(settings, paths=paths)))
    assert "DEVCHAT_RUNTIME_DIR" in caught.value.hint


def test_a_runtime_folder_open_to_others_is_refused(
    open_model: Open, settings: Settings, home: Path
) -> None:
    settings.paths.runtime.mkdir()
    settings.paths.runtime.chmod(0o777)
    with pytest.raises(StorageError, match="is not yours alone"):
        open_model()
    settings.paths.runtime.rmdir()
    settings.paths.runtime.symlink_to(home)
    with pytest.raises(StorageError, match="is not yours alone"):
        open_model()
    settings.paths.runtime.unlink()


def test_no_socket_but_unix_ones_is_ever_made(
    settings: Settings, embedded: LocalModel, home: Path, runtime: Path
) -> None:
    hooks = home / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(
        "import sys\n"
        "def refuse(event, args):\n"
        "    if event == 'socket.__new__' and args[1] != 1:\n"
        "        raise PermissionError('only Unix sockets here')\n"
        "sys.addaudithook(refuse)\n"
    )
    code = (
        "import socket, sys, dataclasses\n"
        "from pathlib import Path\n"
        "from devchat.backends.local import open_local\n"
        "from devchat.models import LocalModel\n"
        "from devchat.settings import Local, Paths, Settings\n"
        "from devchat.types import *\n"
        "home = Path(sys.argv[1])\n"
        "try: socket.socket()\n"
        "except PermissionError: print('refused')\n"
        "paths = Paths(home, home, home, home, home / 'run', home, home / 'cache')\n"
        "model = LocalModel('m', Path(sys.argv[2]), 'tiny', 8192)\n"
        "backend = open_local(model, Settings(paths, local=Local(threads=1)))\n"
        "*_, last = backend.stream(Request((Message.of('user', 'Hi'),), Options(max_tokens=3)))\n"
        "print(last.usage.completion_tokens)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home), str(embedded.path)],
        env=os.environ | {"PYTHONPATH": str(hooks)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["refused", "3"], "")
