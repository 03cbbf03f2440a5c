"""The berth of an engine: its socket, lock and log, in a folder that is this user's alone.

Knows nothing of models, nor how an engine is started.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devchat.backends.local.wire import peer_uid
from devchat.errors import EngineError, StorageError

LONGEST = 103
"""Bytes of a socket's path: 103 on macOS, 107 on Linux (`sun_path` in unix(7))."""
NAME_SIZE = len("/engine-0123456789abcdef.sock")
LOCK_SECONDS = 10.0
KNOCK_SECONDS = 10.0
"""Seconds to wait where more clients stand in line than the kernel keeps."""
RUNTIME = "environment variable `DEVCHAT_RUNTIME_DIR`"


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

    def mark(self) -> tuple[int, int, int] | None:
        """Give what tells the socket from a later one of its name; `None` where there is none."""
        try:
            found = self.sock.lstat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns

    def started(self) -> int | None:
        """Give the process id of the engine that was started last, whether or not it still runs."""
        try:
            return int(self.lock.read_text())
        except (OSError, ValueError):
            return None

    def pid(self) -> int | None:
        """Give the process id of the engine that was started last, if it still runs."""
        number = self.started()
        return number if number is not None and runs_engine(number, self.stem) else None


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


def dial(path: Path, patience: float = KNOCK_SECONDS) -> socket.socket | None:
    """Connect to a socket; `None` if nobody listens.

    Raises `EngineError` if a stranger does, or if whoever listens lets nobody in; `OSError`.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The one limit that the kernel minds in a blocking `connect`, see socket(7).
    limit = struct.pack("ll", int(patience), 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except BlockingIOError as error:
        connection.close()
        raise EngineError(
            f"the engine at `{path}` lets nobody in for {patience:g} seconds",
            "end it with `devchat models stop --all`",
        ) from error
    except BaseException:
        connection.close()
        raise
    if peer_uid(connection) != os.geteuid():
        connection.close()
        raise EngineError(
            f"another user listens at `{path}`", f"remove it, or set another folder: {RUNTIME}"
        )
    return connection


def discard(berth: Berth, mark: tuple[int, int, int] | None) -> None:
    """Unlink the socket of an engine that is of no use; it notices and leaves.

    Not that of another engine, which has taken its place meanwhile: its mark is another one.
    """
    with storage(berth.folder), locked(berth):
        if berth.mark() == mark:
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


def _try_lock(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def storage(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"the runtime folder `{folder}` can't be used: {error.strerror or error}",
            f"make room or set another folder: {RUNTIME}",
        ) from error
