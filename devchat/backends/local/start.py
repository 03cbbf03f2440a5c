"""Where engines listen, and how one is started.

Started like a service on a socket: the client binds and listens, gives the socket to the new
process and connects at once, and the kernel holds it until the engine accepts. Nobody polls.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event, Thread

from devchat import __version__
from devchat.backends.local.wire import PROTOCOL, peer_uid
from devchat.errors import EngineError, ModelError, StorageError
from devchat.models import LocalModel
from devchat.settings import Settings

LISTENER = 3
"""The file descriptor at which an engine finds its socket."""
LONGEST = 103
"""Bytes of a socket's path: 103 on macOS, 107 on Linux (`sun_path` in unix(7))."""
NAME_SIZE = len("/engine-0123456789abcdef.sock")
LOCK_SECONDS = 10.0
RUNTIME = "environment variable `DEVCHAT_RUNTIME_DIR`"
SECRET = re.compile("key|token|secret|passw|credential|auth", re.IGNORECASE)


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
    device: int = 0
    inode: int = 0


@dataclass(frozen=True, slots=True)
class Berth:
    """The files of one engine; `stem` names the model's file, how it is loaded, and our version."""

    folder: Path
    stem: str

    @property
    def sock(self) -> Path:
        """Where it listens."""
        return self.folder / f"{self.stem}.sock"

    @property
    def lock(self) -> Path:
        """Held while an engine is started; holds its process id."""
        return self.folder / f"{self.stem}.lock"

    @property
    def log(self) -> Path:
        """What it wrote to its standard output and error."""
        return self.folder / f"{self.stem}.log"

    def last_words(self) -> str:
        """Give the last line of the log, "" where there is none."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 4096))
                lines = log.read().decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines[1:]) if line.strip()), "")

    def pid(self) -> int | None:
        """Give the process id of the engine that was started last, if it still runs."""
        try:
            number = int(self.lock.read_text())
        except (OSError, ValueError):
            return None
        return number if runs_engine(number, self.stem) else None


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

    Raises `ModelError` where the file can't be used, `StorageError` where the folder can't.
    """
    path, state = _model_file(model)
    folder = socket_folder(settings.paths.runtime)
    local = settings.local
    berth = Berth(folder, f"engine-{_digest(path, state, settings)}")
    return (
        Orders(
            model.name,
            path,
            local.gpu_layers,
            local.threads,
            local.context_tokens,
            __version__,
            str(berth.sock),
        ),
        berth,
    )


def socket_folder(runtime: Path) -> Path:
    """Give the folder in which the engines of a runtime folder listen; it need not exist.

    It is the runtime folder itself, or a short one of this user's under /tmp where the path of a
    socket would be longer than the system allows.
    """
    if len(os.fsencode(runtime)) + NAME_SIZE <= LONGEST:
        return runtime
    import hashlib

    digest = hashlib.blake2b(os.fsencode(runtime), digest_size=4).hexdigest()
    return Path(f"/tmp/devchat-{os.geteuid()}-{digest}")


def connect(order: Orders, berth: Berth) -> tuple[socket.socket, Child | None]:
    """Connect to an engine, starting it if nobody listens.

    Gives the engine too if it was started. Raises `StorageError`, `EngineError`.
    """
    with _storage(berth.folder):
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


def dial(path: Path) -> socket.socket | None:
    """Connect to a socket; `None` if nobody listens. Raises `EngineError` if a stranger does."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    if peer_uid(connection) != os.geteuid():
        connection.close()
        raise EngineError(
            f"another user listens at `{path}`", f"remove it, or set another folder: {RUNTIME}"
        )
    return connection


def discard(berth: Berth) -> None:
    """Unlink a socket whose engine is of no use; that engine notices and leaves."""
    with _storage(berth.folder), locked(berth):
        berth.sock.unlink(missing_ok=True)


@contextmanager
def locked(berth: Berth) -> Iterator[int]:
    """Keep other starters out. Raises `EngineError` where one of them is stuck, `OSError`."""
    number = os.open(berth.lock, os.O_RDWR | os.O_CREAT, 0o600)
    end = time.monotonic() + LOCK_SECONDS
    try:
        while not _try_lock(number):
            if time.monotonic() > end:
                raise EngineError(
                    "another devchat has been starting this engine for too long",
                    f"end that process; it holds `{berth.lock}`",
                )
            time.sleep(0.01)
        yield number
    finally:
        os.close(number)


def make_private(folder: Path) -> None:
    """Make a folder that is ours alone. Raises `StorageError` if it can't be, `OSError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = folder.lstat()
    ours = stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid()
    if not ours or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StorageError(
            f"the runtime folder `{folder}` is not yours alone",
            f"make it so (chmod 700), or set another one: {RUNTIME}",
        )


def runs_engine(pid: int, stem: str) -> bool:
    """Tell whether a process of ours is the engine of that name, and no later one of its number."""
    if sys.platform == "darwin":
        import subprocess

        done = subprocess.run(
            ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
        )
        return stem.encode() in done.stdout
    process = Path(f"/proc/{pid}")
    try:
        words = (process / "cmdline").read_bytes()
        return process.stat().st_uid == os.geteuid() and stem.encode() in words
    except OSError:
        return False


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


def _digest(path: str, state: os.stat_result, settings: Settings) -> str:
    import hashlib

    local = settings.local
    parts = (
        path,
        state.st_size,
        state.st_mtime_ns,
        local.gpu_layers,
        local.threads,
        local.context_tokens,
        __version__,
        PROTOCOL,
    )
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
    # An abort of llama.cpp would otherwise call a debugger to print where it happened.
    kept = {name: value for name, value in os.environ.items() if not SECRET.search(name)}
    return kept | {"GGML_NO_BACKTRACE": "1"}


def _try_lock(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _storage(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"the runtime folder `{folder}` can't be used: {error.strerror or error}",
            f"make room or set another folder: {RUNTIME}",
        ) from error
