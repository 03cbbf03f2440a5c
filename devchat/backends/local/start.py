"""Where engines listen, and how one is started.

Started like a service on a socket: the client binds and listens, gives the socket to the new
process and connects at once, and the kernel holds it until the engine accepts. Nobody polls.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event, Thread

from devchat import __version__
from devchat.backends.local.berth import Berth, dial, locked, make_private, socket_folder, storage
from devchat.backends.local.shape import Wishes, wishes_of
from devchat.backends.local.wire import PROTOCOL
from devchat.errors import EngineError, ModelError
from devchat.models import LocalModel
from devchat.sanitize import harmless
from devchat.settings import KvType, Settings, Switch

LISTENER = 3
"""The file descriptor at which an engine finds its socket."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What an engine is told at its start; it travels as JSON."""

    name: str
    path: str
    gpu_layers: int
    threads: int
    context_tokens: int
    version: str
    sock: str
    batch_tokens: int = 0
    flash_attention: Switch = "auto"
    kv_type: KvType = "f16"
    mmap: Switch = "auto"
    lookup: bool = True
    cache: str = ""
    cache_bytes: int = 0
    projector: str = ""
    device: int = 0
    inode: int = 0

    @property
    def wishes(self) -> Wishes:
        """What the user set of how the model is run."""
        return Wishes(
            self.threads, self.batch_tokens, self.flash_attention, self.kv_type, self.mmap
        )


class Child:
    """An engine that this process started: reaped as soon as it ends, its status kept."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None
        self._ended = Event()
        Thread(target=self._wait, daemon=True).start()

    def exit_code(self, patience: float = 2.0) -> int | None:
        """Give the exit status, negative for a signal; `None` if it has not ended by then."""
        self._ended.wait(patience)
        return self._status

    def _wait(self) -> None:
        with suppress(ChildProcessError):
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self._ended.set()


def orders(model: LocalModel, settings: Settings) -> tuple[Orders, Berth]:
    """Work out which engine serves a model, and where it listens.

    Raises `ModelError` where the file can't be used, `SettingsError` where settings contradict.
    """
    path, state = _model_file(model)
    local = settings.local
    wishes_of(local)
    order = Orders(
        model.name,
        path,
        local.gpu_layers,
        local.threads,
        local.context_tokens,
        __version__,
        "",
        local.batch_tokens,
        local.flash_attention,
        local.kv_type,
        local.mmap,
        local.lookup,
        str(settings.paths.cache),
        local.cache_bytes,
        "" if model.projector is None else str(model.projector),
    )
    folder = socket_folder(settings.paths.runtime)
    berth = Berth(folder, f"engine-{_digest(order, state)}")
    return replace(order, sock=str(berth.sock)), berth


def connect(order: Orders, berth: Berth) -> tuple[socket.socket, Child | None]:
    """Connect to an engine, starting it if nobody listens.

    Gives the engine too if it was started. Raises `StorageError`, `EngineError`.
    """
    with storage(berth.folder):
        make_private(berth.folder)
        if found := dial(berth.sock):
            return found, None
        with locked(berth):
            if found := dial(berth.sock):
                return found, None
            child = _start(order, berth)
            if started := dial(berth.sock):
                return started, child
    raise EngineError("the engine's socket vanished while it started", "ask again")


def _model_file(model: LocalModel) -> tuple[str, os.stat_result]:
    path = Path(os.path.realpath(model.path))
    try:
        with path.open("rb") as file:
            magic, state = file.read(4), os.fstat(file.fileno())
    except OSError as error:
        raise ModelError(
            f"the model file `{model.path}` can't be read: {error.strerror}",
            "`devchat models list` shows what is here",
        ) from error
    if magic != b"GGUF":
        raise ModelError(
            f"`{model.path}` is no GGUF file",
            "llama.cpp reads GGUF only; look for a GGUF version of the model",
        )
    return str(path), state


def _digest(order: Orders, state: os.stat_result) -> str:
    # Whatever an engine is told makes it another one, but for the name it goes by.
    import hashlib

    told = asdict(replace(order, name="")).values()
    parts = (*told, state.st_size, state.st_mtime_ns, PROTOCOL)
    text = "\0".join(map(str, parts)).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _start(order: Orders, berth: Berth) -> Child:
    # Written first: a full disk is found out before there is a process.
    berth.log.unlink(missing_ok=True)
    berth.log.touch(0o600)
    berth.log.write_text(f"devchat {__version__}: engine for {order.path!a}\n")
    berth.sock.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        before = os.umask(0o177)
        try:
            listener.bind(str(berth.sock))
        finally:
            os.umask(before)
        listener.listen(128)
        state = berth.sock.stat()
        told = replace(order, device=state.st_dev, inode=state.st_ino)
        pid = _spawn(told, listener, berth.log)
    child = Child(pid)
    berth.lock.write_text(str(pid))
    return child


def _spawn(order: Orders, listener: socket.socket, log: Path) -> int:
    import json

    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-P", "-m", "devchat.backends.local.engine", json.dumps(asdict(order))],
        _environment(),
        file_actions=(
            (os.POSIX_SPAWN_DUP2, listener.fileno(), LISTENER),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_APPEND, 0),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ),
        setsid=True,
    )


def _environment() -> dict[str, str]:
    # By itself, GNU's OpenMP has threads spin for milliseconds while they wait for one whose core
    # is taken by something else. So many rounds were measured to be as quick on a quiet machine,
    # and quicker on a busy one.
    spin = {"GOMP_SPINCOUNT": "5000"}
    # An abort of llama.cpp would otherwise call a debugger to print where it happened.
    return spin | harmless(os.environ) | {"GGML_NO_BACKTRACE": "1"}
